"""A private PostgreSQL cluster: Unix socket only, users identified by the kernel (peer), fast and not durable."""
import fcntl
import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile

from tg_process import children, die_with_parent, is_alive, kRoot, processes_in, run, user_arguments, wait_for
from tg_settings import kCheckout, kSlow


def find_bin():
    """Folder of the newest PostgreSQL programs."""
    def version(path):
        return [int(x) for x in re.findall(r"\d+", path)]
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=version)
    return found[-1] if found else os.path.dirname(shutil.which("initdb") or "/usr/bin/initdb")


# What a template has over initdb's cluster: the database of all tests, not created at each start. template0 is dropped: 300 files less
# to copy.
_kTemplateSql = """\
CREATE DATABASE tablegate
ALTER DATABASE template0 WITH IS_TEMPLATE false
DROP DATABASE template0
"""


def copy_template(programs, user, data):
    """Fills data with a cluster that has the database tablegate: a copy of build/template-*, made by the first test that needs it
    (0.06 s instead of the 0.5 of initdb)."""
    version = re.sub(r"[^0-9.]+", "-", run([f"{programs}/postgres", "--version"]).stdout).strip("-")
    template = os.path.join(kCheckout, "build", f"template-{version}-{os.geteuid()}")
    os.makedirs(os.path.dirname(template), exist_ok=True)
    with open(f"{template}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(template):
            # Made where the database's user has access; a checkout may be below a folder of mode 0700.
            with tempfile.TemporaryDirectory(prefix="tablegate-cluster-", dir="/tmp") as folder:
                os.chmod(folder, 0o777)
                done = run([f"{programs}/initdb", "-D", f"{folder}/data", "-U", "postgres", "--auth=peer", "--no-sync", "--encoding=UTF8",
                            "--locale=C.UTF-8", "--no-instructions"], user=user)
                if done.returncode:
                    raise RuntimeError(f"initdb: {done.stdout}{done.stderr}")
                done = run([f"{programs}/postgres", "--single", "-F", "-D", f"{folder}/data", "postgres"], user=user, input=_kTemplateSql)
                if done.returncode or "ERROR" in done.stderr:
                    raise RuntimeError(f"postgres --single: {done.stdout}{done.stderr}")
                shutil.rmtree(f"{template}.new", ignore_errors=True)
                run(["cp", "-a", f"{folder}/data", f"{template}.new"])
                os.rename(f"{template}.new", template)
    done = run(["cp", "-a", "--reflink=auto", f"{template}/.", data])
    if done.returncode:
        raise RuntimeError(f"cp: {done.stderr}")


class Postgres:
    """One cluster in FOLDER/pg with its socket in FOLDER/run; database tablegate exists after start()."""

    def __init__(self, folder):
        self.bin = find_bin()
        self.user = "postgres" if kRoot else None
        self.data = os.path.join(folder, "pg")
        self.socket = os.path.join(folder, "run")
        self.log = os.path.join(folder, "postgres.log")
        self._process = None
        for path, mode in ((self.data, 0o700), (self.socket, 0o755)):
            os.mkdir(path)
            os.chmod(path, mode)
            if kRoot:
                shutil.chown(path, "postgres", "postgres")
        self._make()
        self._write("postgresql.conf", f"unix_socket_directories = '{self.socket}'\n")

    def _make(self):
        copy_template(self.bin, self.user, self.data)
        self._write("pg_hba.conf", "local all all peer map=test\nlocal replication all peer map=test\n")
        self._write("pg_ident.conf", "")
        me = "root" if kRoot else run(["id", "-un"]).stdout.strip()
        for role in ("postgres", "tablegate_reader"):
            self.allow(me, role)
        self.allow("postgres", "postgres")
        self.allow("www-data", "tablegate_reader")
        self._write("postgresql.conf", "\n".join((
            "listen_addresses = ''", "port = 5432", "max_connections = 60",
            "fsync = off", "synchronous_commit = off", "full_page_writes = off", "shared_buffers = 32MB", "wal_level = minimal",
            "max_wal_senders = 0", "log_line_prefix = '%m [%p] %q%u@%d %a '", "")))

    def _run(self, program, *arguments):
        done = run([f"{self.bin}/{program}", *arguments], user=self.user)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")

    def _write(self, name, text):
        with open(os.path.join(self.data, name), "a" if name == "postgresql.conf" else "w", encoding="utf-8") as file:
            file.write(text)

    def allow(self, system_user, role):
        """Lets a user of the machine in as role; reload() activates it on a running cluster."""
        with open(os.path.join(self.data, "pg_ident.conf"), "a", encoding="utf-8") as file:
            file.write(f"test {system_user} {role}\n")

    def add_person(self, role, *groups):
        """A login role that is a member of these roles; the user who runs the test signs in as it."""
        grants = "".join(f"; GRANT {group} TO {role}" for group in groups)
        self.psql(f"CREATE ROLE {role} LOGIN{grants}")
        self.allow("root" if kRoot else run(["id", "-un"]).stdout.strip(), role)
        self.reload()
        wait_for(lambda: self.psql("SELECT 1", user=role, check=False) == "1", 10, f"{role} can sign in")

    def set(self, name, value):
        """A setting of postgresql.conf; takes effect after restart() or reload()."""
        self._write("postgresql.conf", f"{name} = '{value}'\n")

    def dsn(self, user="postgres", database="tablegate"):
        return f"host={self.socket} port=5432 dbname={database} user={user}"

    # --- life
    def start(self):
        with open(self.log, "a", encoding="utf-8") as log:
            self._process = subprocess.Popen([f"{self.bin}/postgres", "-D", self.data], stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=log, cwd=self.data if not kRoot else "/", preexec_fn=die_with_parent(signal.SIGQUIT),
                                             **user_arguments(self.user))
        wait_for(self._ready, 60, "PostgreSQL answers")

    def _ready(self):
        if self._process.poll() is not None:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                raise RuntimeError(f"PostgreSQL ended: {log.read()[-2000:]}")
        return run([f"{self.bin}/pg_isready", "-q", "-h", self.socket]).returncode == 0

    @property
    def pid(self):
        return self._process.pid if self._process else None

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    def stop(self, mode="fast", timeout=30):
        """mode: smart, fast (sessions are ended), immediate (as a crash)."""
        if not self.running:
            return
        self.signal(signal.SIGCONT)
        self.signal({"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode])
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGQUIT)
            self._process.wait(timeout)

    def restart(self, mode="fast"):
        self.stop(mode)
        self.start()

    def reload(self):
        self.signal(signal.SIGHUP)

    def signal(self, number):
        """To the postmaster alone."""
        os.kill(self._process.pid, number)

    def signal_all(self, number):
        """To the postmaster and all its processes: SIGSTOP makes a black hole, SIGCONT ends it, SIGKILL is a crash."""
        os.kill(self._process.pid, signal.SIGSTOP)  # so that it forks no other one meanwhile
        pids = [*children(self._process.pid), self._process.pid]
        for pid in pids:
            if is_alive(pid):
                os.kill(pid, number)
        if number != signal.SIGSTOP:
            os.kill(self._process.pid, signal.SIGCONT)
        if number == signal.SIGKILL:
            self._process.wait(10)
            # A cluster does not start while a process of the old one lives.
            wait_for(lambda: not processes_in(self.data), 10, "PostgreSQL's processes are gone")

    # --- questions
    def psql(self, sql, database="tablegate", user="postgres", check=True):
        """Runs sql, returns its unaligned output without the last newline."""
        done = run([f"{self.bin}/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.dsn(user, database), "-f", "-"], input=sql)
        if check and done.returncode:
            raise RuntimeError(f"psql: {sql}: {done.stderr}")
        return done.stdout.rstrip("\n")

    def hold(self, user="tablegate_reader"):
        """A session of someone else, open until its process (returned) is killed."""
        return subprocess.Popen([f"{self.bin}/psql", "-Xq", "-d", self.dsn(user), "-c", "SELECT pg_sleep(600)"], cwd="/", stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent(signal.SIGKILL))

    def backends(self, application="tablegate"):
        """How many sessions of the module there are."""
        return int(self.psql(f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{application}'", database="postgres"))


class Standby(Postgres):
    """A streaming replica of a running cluster in a folder of its own: start(), and it follows. Its databases are the primary's."""

    def __init__(self, folder, primary):
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        self._primary = primary
        primary.set("wal_level", "replica")
        primary.set("max_wal_senders", "4")
        primary.restart()
        super().__init__(folder)

    def _make(self):
        self._run("pg_basebackup", "-h", self._primary.socket, "-U", "postgres", "-D", self.data, "-R", "--checkpoint=fast", "--no-sync")

    def caught_up(self):
        """True when it has replayed all that the primary has written."""
        written = self._primary.psql("SELECT pg_current_wal_lsn()")
        return self.psql(f"SELECT pg_last_wal_replay_lsn() >= '{written}'") == "t"

    def promote(self):
        self.psql("SELECT pg_promote()")


class Held:
    """A session that has run sql and stays in its transaction until release()."""

    def __init__(self, p, sql):
        self.process = subprocess.Popen([f"{p.postgres.bin}/psql", "-XAtq", "-d", p.postgres.dsn()], cwd="/", stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=die_with_parent(signal.SIGKILL))
        self.process.stdin.write(f"BEGIN; {sql};\n\\echo held\n")
        self.process.stdin.flush()
        while self.process.stdout.readline() not in ("held\n", ""):
            pass

    def release(self):
        self.process.stdin.close()
        self.process.wait(10 * kSlow)
        self.process.stdout.close()
