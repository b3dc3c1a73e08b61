"""Harness of the functional tests (t/functional/*.t, run by prove): Python's standard library only, TAP out.

    #!/usr/bin/env python3
    import os, sys
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
    from tablegate_test import run_test, ...

    def test(t):                       # t: ok, is_, like, ... and what Test below offers
        p = t.project().serve()        # own PostgreSQL, own nginx, the tutorial's API published
        t.is_(p.get("/v1/user/info?user_id=10001").status, 200, "answers")

    run_test(test)

Every test ends with the same assertions: no alert, crit or emerg in nginx's log (t.allow(pattern) names expected ones), no sanitizer
report, no worker killed by a signal, no session of ours in PostgreSQL once nginx has ended, no process left, and whatever the loader
refused (exit 1) ended with `try: ` and what helps: one command, which can be parsed and keeps the arguments of the one that failed.
Environment: TABLEGATE_MODULE, TABLEGATE_BIN, TABLEGATE_ASAN=1, TABLEGATE_KEEP=1 (keeps and names the folder)."""
import os
import re
import shutil
import signal
import sys
import tempfile

from tg_gateway import Gateway, free_port
from tg_http import Answer, Client, Load, bearer, path_with, raw, request, slow_link
from tg_loader import Loader, Project, kUsersCsv, users_definitions
from tg_postgres import Held, Postgres
from tg_process import Guardian, is_alive, kill_all_in, processes_in, run, wait_for
from tg_settings import kAsan, kCheckout, kKeep, kLoader, kModule, kNginx, kSlow, kTutorial, sanitizer_reports
from tg_tap import SkipAll, Tap

# What tests import from here.
__all__ = [
    "Answer", "bearer", "Client", "free_port", "Gateway", "Guardian", "Held", "is_alive", "kAsan", "kCheckout", "kill_all_in", "kKeep",
    "kLoader", "kModule", "kNginx", "kSlow", "kTutorial", "kUsersCsv", "Load", "Loader", "path_with", "Postgres", "processes_in", "Project",
    "raw", "request", "run", "run_test", "slow_link", "sanitizer_reports", "SkipAll", "Test", "users_definitions", "wait_for",
]


class Test(Tap):
    """A test's checks, its folder and its projects."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.mkdtemp(prefix="tablegate-", dir="/tmp")
        os.chmod(self.folder, 0o755)  # PostgreSQL and nginx's workers come here as their own users
        os.mkdir(os.path.join(self.folder, "sanitizer"))
        os.chmod(os.path.join(self.folder, "sanitizer"), 0o1777)
        self.guardian = Guardian(self.folder, kKeep)
        self.projects = []
        self.allowed = []

    def project(self):
        folder = os.path.join(self.folder, f"p{len(self.projects)}")
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        os.symlink("../sanitizer", os.path.join(folder, "sanitizer"))
        project = Project(folder)
        self.projects.append(project)
        return project

    def allow(self, pattern):
        """Lines of nginx's error log that match may be alert, crit or emerg."""
        self.allowed.append(re.compile(pattern))

    # --- what every test asserts in the end
    def finish(self):
        for project in self.projects:
            self._finish_project(project)
        left = processes_in(self.folder, (os.getpid(), self.guardian.pid))
        self.ok(not left, "no process is left", *(f"{pid}: {_describe(pid)}" for pid in left))
        reports = sanitizer_reports(self.folder)
        self.ok(not reports, "no sanitizer report", *(report[:6000] for report in reports))

    def _finish_project(self, project):
        try:
            project.gateway.stop()
            stopped = "nginx ended by itself"
        except Exception:
            self.exception("nginx ends when told to")
            stopped = None
        if stopped and project.postgres.running:
            try:
                wait_for(lambda: project.postgres.backends() == 0, 10 * kSlow, "no session of ours")
                self.ok(True, "no session of ours is left in PostgreSQL")
            except Exception:
                self.exception("no session of ours is left in PostgreSQL")
        project.postgres.stop()
        log = project.gateway.log()
        bad = [line for line in log.splitlines() if re.search(r"\[(alert|crit|emerg)\]", line) and not any(x.search(line) for x in self.allowed)]
        self.ok(not bad, "no alert, crit or emerg in nginx's log", *bad[:20])
        bad = [line for line in log.splitlines() if re.search(r"Sanitizer|runtime error|exited on signal", line)
               and not any(x.search(line) for x in self.allowed)]
        self.ok(not bad, "no sanitizer report and no signal in nginx's log", *bad[:20])
        bad = [line for line in log.splitlines() if re.search(r"tablegate[: ]", line) and any(secret in line for secret in project.secrets)]
        self.ok(not bad, "no line of ours holds a key, secret or token", *bad[:5])
        self.ok(not project.loader.without_next, "every refusal of the loader ended with the next command", *project.loader.without_next[:5])
        bad = project.loader.bad_hints()
        self.ok(not bad, "every command that a message named can be typed and keeps what was asked", *bad[:10])

    def clean(self):
        kill_all_in(self.folder, (os.getpid(), self.guardian.pid))
        if self.failed:
            for project in self.projects:
                self.diag(f"end of {project.gateway.error_log}:\n{project.gateway.log()[-3000:]}")
        self.guardian.dismiss()
        if kKeep:
            self.diag(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def _describe(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return "ended meanwhile"


def _interrupt(number, _frame):
    raise KeyboardInterrupt(f"signal {number}")


def run_test(body):
    """Runs body(t) and the final assertions; ends the program with prove's exit status."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _interrupt)
    missing = [path for path in (kModule, kLoader, kNginx) if not os.path.exists(path)]
    t = Test()
    try:
        try:
            if missing:
                t.ok(False, "everything that is tested is there", *(f"missing: {path}" for path in missing))
            else:
                body(t)
        except SkipAll as skip:
            print(f"1..0 # SKIP {skip}", flush=True)
            t.clean()
            os._exit(0)
        except BaseException:
            t.exception("the test runs to its end")
        try:
            t.finish()
        except BaseException:
            t.exception("the final assertions run")
    finally:
        t.clean()
    code = t.done()
    sys.stdout.flush()
    os._exit(code)
