"""The stock nginx with the module under test: configuration, life, log."""
import os
import random
import shutil
import signal
import socket

from tg_process import children, command_line, is_alive, kRoot, run, wait_for
from tg_settings import kModule, kNginx, kSlow, nginx_env

_kTemplate = """\
load_module {module};
{user}
worker_processes {workers};
daemon {daemon};
pid {folder}/nginx.pid;
error_log {folder}/error.log {log_level};
{main}
events {{ worker_connections 1024; {events} }}
http {{
    {access_log}
    client_body_temp_path {folder}/tmp/body;
    proxy_temp_path {folder}/tmp/proxy;
    fastcgi_temp_path {folder}/tmp/fastcgi;
    uwsgi_temp_path {folder}/tmp/uwsgi;
    scgi_temp_path {folder}/tmp/scgi;
    tablegate_zone {zone};
    tablegate_manifest {manifest};
    tablegate_service default {{
        dsn "{dsn}";
        resource_group default connections={connections} queue={queue};
        connect_timeout 1s;
        {service}
    }}
    {http}
    server {{
        listen {address}:{port} {listen};
        {server}
        location / {{ tablegate on; {location} }}
    }}
}}
"""


def free_port():
    """A free port of 127.0.0.1, below those that the kernel gives to clients, of which load tests use thousands."""
    for _ in range(1000):
        port = random.SystemRandom().randrange(10240, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")


class Gateway:
    """nginx in FOLDER. Every part of the configuration can be replaced: gateway.set(server="...", connections=1)."""

    def __init__(self, folder, dsn):
        self.folder = folder
        self.out = os.path.join(folder, "gateway")  # what sync writes
        self.manifest = os.path.join(self.out, "manifest.json")
        self.credentials = os.path.join(self.out, "credentials.json")
        self.error_log = os.path.join(folder, "error.log")
        self.conf = os.path.join(folder, "nginx.conf")
        self.port = free_port()
        os.mkdir(self.out)
        os.chmod(self.out, 0o755)
        os.mkdir(os.path.join(folder, "tmp"))
        if kRoot:
            shutil.chown(os.path.join(folder, "tmp"), "www-data")
        self.parts = {
            "module": kModule, "user": "user www-data;" if kRoot else "", "workers": 2, "folder": folder, "log_level": "info",
            "daemon": "on", "main": "", "events": "", "access_log": f"access_log {folder}/access.log;", "zone": "1m", "manifest": self.manifest,
            "dsn": dsn, "connections": 4, "queue": 1024, "service": "", "http": "", "address": "127.0.0.1", "port": self.port,
            "listen": "", "server": "", "location": "",
        }

    def set(self, **parts):
        """Replaces parts of the configuration and writes it; reload() activates it."""
        unknown = set(parts) - set(self.parts)
        if unknown:
            raise KeyError(f"no such part of nginx.conf: {unknown}")
        self.parts.update(parts)
        self.write()

    def write(self, text=None):
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(text or _kTemplate.format(**self.parts))

    # --- life
    def nginx(self, *arguments):
        """Runs the nginx program on this configuration: rc, stdout, stderr."""
        return run([kNginx, "-p", self.folder, "-c", self.conf, "-e", self.error_log, *arguments],
                   env={**os.environ, **nginx_env(self.folder, brief=bool(arguments))}, timeout=60 * kSlow)

    def check(self):
        """nginx -t: (passed, what it said)."""
        done = self.nginx("-t")
        return done.returncode == 0, done.stderr + done.stdout

    def check_command(self):
        """For sync --check, by sh -c."""
        return self._shell("-t -q")

    def reload_command(self):
        """For sync --reload."""
        return self._shell("-s reload")

    def _shell(self, arguments):
        env = "".join(f"{name}='{value}' " for name, value in nginx_env(self.folder, brief=True).items())
        return f"{env}'{kNginx}' -p '{self.folder}' -c '{self.conf}' -e '{self.error_log}' {arguments}"

    def start(self):
        if not os.path.exists(self.conf):
            self.write()
        done = self.nginx()
        if done.returncode:
            raise RuntimeError(f"nginx does not start: {done.stderr}")
        wait_for(lambda: len(self.workers()) == self.parts["workers"], 10 * kSlow, "workers are there")

    @property
    def pid(self):
        """The master's process id; None when nginx does not run."""
        try:
            with open(os.path.join(self.folder, "nginx.pid"), encoding="ascii") as file:
                pid = int(file.read().strip() or 0)
        except (OSError, ValueError):
            return None
        return pid if pid and is_alive(pid) else None

    def workers(self, leaving=False):
        """Serving workers' process ids; leaving: those that are shutting down."""
        master = self.pid
        if master is None:
            return []
        found = []
        for pid in children(master):
            title = command_line(pid)
            if "worker process" in title and ("shutting down" in title) == leaving:
                found.append(pid)
        return found

    def reload(self, wait=True):
        """HUP; returns when only new workers serve. RuntimeError when the master rejected the new configuration."""
        old = set(self.workers())
        seen = self.log_size()
        os.kill(self.pid, signal.SIGHUP)
        if wait:
            self.wait_new_workers(old, seen)

    def wait_new_workers(self, old, seen=0):
        """Waits until workers other than old serve and the old ones have ended or are shutting down."""
        def changed():
            if "[emerg]" in self.log(seen):
                raise RuntimeError(f"reload was refused: {self.log(seen)}")
            now = set(self.workers())
            return len(now - set(old)) == self.parts["workers"] and not now & set(old)
        wait_for(changed, 20 * kSlow, "new workers serve")

    def stop(self, number=signal.SIGQUIT, timeout=15):
        """Ends nginx gracefully (QUIT) or at once (TERM); TimeoutError, and KILL, if it does not end."""
        master = self.pid
        if master is None:
            return
        pids = [master, *children(master)]
        os.kill(master, number)
        try:
            wait_for(lambda: not any(is_alive(pid) for pid in pids), timeout * kSlow, "nginx ends")
        except TimeoutError:
            for pid in pids:
                if is_alive(pid):
                    os.kill(pid, signal.SIGKILL)
            raise

    # --- log
    def log(self, offset=0):
        """The error log from a byte offset on."""
        try:
            with open(self.error_log, "rb") as file:
                file.seek(offset)
                return file.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def log_size(self):
        try:
            return os.path.getsize(self.error_log)
        except OSError:
            return 0

    def wait_log(self, text, offset=0, timeout=10):
        """Waits until the error log has text after offset."""
        wait_for(lambda: text in self.log(offset), timeout * kSlow, f"'{text}' in the error log")
