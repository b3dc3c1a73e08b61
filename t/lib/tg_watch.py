"""`tablegate sync --watch` of a project's node as a process of the test; further nodes of its gateway; what the catalog says of them."""
import os
import re
import signal
import subprocess

from tg_gateway import Gateway
from tg_process import die_with_parent, wait_for
from tg_settings import kLoader, kSlow


class Watch:
    """One watcher of a node (a Gateway of the harness). Its stderr is a file, so that it never blocks on us."""

    def __init__(self, project, gateway=None, *options, node=None, interval="200ms", poll="1s", check=True, reload=None, env=None):
        self.project, self.gateway = project, gateway or project.gateway
        self.log_file = os.path.join(self.gateway.folder, "watch.log")
        command = [kLoader, "sync", "--output", self.gateway.out, "--watch", "--min-interval", interval, "--poll", poll,
                   "--reload", reload or self.gateway.reload_command(), *(["--check", self.gateway.check_command()] if check else []),
                   *(["--node", node] if node else []), *options]
        self._log = open(self.log_file, "ab")  # pylint: disable=consider-using-with
        # The working folder is the test's mark: its end finds what is left.
        self.process = subprocess.Popen(command, cwd=self.gateway.folder, env={**project.loader.env, **(env or {})}, stdin=subprocess.DEVNULL,
                                        stdout=self._log, stderr=self._log, preexec_fn=die_with_parent(signal.SIGKILL))

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        with open(self.log_file, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_log(self, pattern, timeout=20, since=0):
        """Until a line of the log matches; the match."""
        return wait_for(lambda: re.search(pattern, self.log()[since:], re.M), timeout * kSlow, f"/{pattern}/ in the watcher's log: {self.log()[-1500:]}")

    def send(self, number):
        os.kill(self.process.pid, number)

    def end(self, number=signal.SIGTERM, timeout=10):
        """Sends the signal; the exit status (minus the number of a signal)."""
        self.send(number)
        code = self.process.wait(timeout * kSlow)
        self._log.close()
        return code


def second_node(project, name):
    """Another nginx of the same gateway in a folder of its own, with its files written; not started."""
    folder = os.path.join(project.folder, name)
    os.mkdir(folder)
    os.chmod(folder, 0o755)
    os.symlink("../../sanitizer", os.path.join(folder, "sanitizer"))
    gateway = Gateway(folder, project.gateway.parts["dsn"])
    project.loader.must("sync", "--output", gateway.out, "--node", name)
    gateway.write()
    return gateway


def nodes(project, gateway="dataservice-prod"):
    """{name: what gateway status -o json says of it}."""
    return {node["node"]: node for node in project.loader.json("gateway", "status", gateway)["nodes"]}


def wait_node(project, name, timeout=20, **wanted):
    """Until the node's status has these values; the whole of it."""
    def there():
        node = nodes(project).get(name)
        return node if node and all(node[key] == value for key, value in wanted.items()) else None
    return wait_for(there, timeout * kSlow, f"{name}: {wanted}, is {nodes(project).get(name)}", interval=0.05)
