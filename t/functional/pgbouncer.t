#!/usr/bin/env python3
"""A real pgbouncer in transaction mode between nginx and PostgreSQL: `prepare off` serves through it; with `prepare on` a statement that
is lost with its server session (26000) is prepared once more and callers see 200."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import shutil

from tablegate_test import Load, bearer, kSlow, run_test, users_definitions, wait_for
from tg_faults import serve_slow, sleeping
from tg_process import die_with_parent, kRoot, user_arguments

kCall = "/v1/user/info?user_id=10001"
kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
kList = b'{"data":[{"user_id":10001,"user_name":"Alice"}],"success":true}'
kProgram = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
# Startup parameters that pgbouncer rejects: libpq sends none of them, but a DSN may.
kConf = """[databases]
tablegate = host={server} port=5432 dbname=tablegate user=tablegate_reader
[pgbouncer]
pool_mode = transaction
default_pool_size = {pool}
listen_addr =
unix_socket_dir = {folder}
listen_port = 6432
auth_type = any
logfile = {folder}/log
pidfile = {folder}/pid
server_login_retry = 1
"""


class Pooler:
    """One pgbouncer in FOLDER/pooler, before a project's PostgreSQL."""

    def __init__(self, project, pool):
        self.folder = os.path.join(project.folder, "pooler")
        os.mkdir(self.folder)
        self.conf = os.path.join(self.folder, "pgbouncer.ini")
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(kConf.format(server=project.postgres.socket, folder=self.folder, pool=pool))
        os.chmod(self.folder, 0o755)
        if kRoot:  # it does not run as root
            shutil.chown(self.folder, "postgres", "postgres")
            project.postgres.allow("postgres", "tablegate_reader")
            project.postgres.reload()
        self.process = None

    def start(self):
        self.process = subprocess.Popen([kProgram, "-q", self.conf], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=die_with_parent(signal.SIGKILL), **user_arguments("postgres"))
        wait_for(lambda: os.path.exists(os.path.join(self.folder, ".s.PGSQL.6432")), 20 * kSlow, "pgbouncer listens")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)

    def dsn(self, options=""):
        return f"host={self.folder} port=6432 dbname=tablegate user=tablegate_reader {options}"


def server_log(p, seen=0):
    with open(p.postgres.log, encoding="utf-8", errors="replace") as file:
        file.seek(seen)
        return file.read()


def change_server(p):
    """Ends the pooler's sessions while they are idle; nginx's own, to the pooler, stay."""
    ended = int(p.postgres.psql("SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE usename = 'tablegate_reader'", database="postgres"))
    return ended


def lost_statement(t, p, pooler):
    """One session of nginx, one of the pooler: the statement is lost exactly when that of the pooler changes."""
    p.gateway.set(dsn=pooler.dsn(), workers=1, connections=1, service="")
    p.gateway.reload()
    t.is_([p.get(kCall).body for _ in range(3)], [kAlice] * 3, "prepare on, over one and the same server session: rows")
    for target, row in ((kCall, kAlice), ("/v1/user/list?age=25", kList)):
        t.is_(p.get(target).body, row, f"{target}: prepared")
        seen, said = os.path.getsize(p.postgres.log), p.gateway.log_size()
        t.ok(change_server(p), f"{target}: the session behind the pooler is another one now")
        t.is_([p.get(target).body for _ in range(4)], [row] * 4, f"{target}: every call is answered")
        t.like(server_log(p, seen), r'prepared statement "tg_\d+" does not exist', f"{target}: PostgreSQL had lost the statement (26000)")
        t.unlike(p.gateway.log(said), "query_failed|connection lost", f"{target}: no failure, and nginx's session was kept")
    with Load(p.gateway.port, kCall, bearer(p.key), threads=4, seconds=60 * kSlow, check=lambda answer: answer.body == kAlice) as load:
        for _ in range(5):
            before = load.answered
            change_server(p)
            wait_for(lambda: load.answered > before + 30, 20 * kSlow, "load continues")
    # A statement that runs when its session ends loses the pooler's client, too: sent once more, as without a pooler.
    t.is_((load.failures, load.wrong), ([], []), "sessions changed under load: every answer is the row")


def prepare_off(t, p, pooler):
    """More sessions of nginx than of the pooler: statements come to whichever is free."""
    seen = os.path.getsize(p.postgres.log)
    p.gateway.set(dsn=pooler.dsn(), workers=2, connections=4, service="prepare off;")
    p.gateway.reload()
    for target, row in (("/v1/user/list?age=25", kList), (kCall, kAlice)):
        with Load(p.gateway.port, target, bearer(p.key), threads=8, count=400, seconds=60 * kSlow, check=lambda answer, row=row: answer.body == row) as load:
            load.join()
        t.is_((dict(load.statuses), load.failures, load.wrong), ({200: 400}, [], []), f"prepare off: {target} through pgbouncer, 400 rows")
    sessions = int(p.postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'tablegate_reader'", database="postgres"))
    t.ok(0 < sessions <= 2, "over the pooler's two sessions", sessions)
    t.is_(p.postgres.psql("SELECT pg_catalog.count(*) FROM pg_prepared_statements", user="tablegate_reader"), "0", "nothing stays prepared")
    t.unlike(server_log(p, seen), "ERROR|does not exist|already exists", "PostgreSQL complains of nothing")
    t.is_(p.get("/v1/user/info?user_id=23000").status, 504, "a statement that sleeps longer than timeout_ms: 504")
    wait_for(lambda: sleeping(p) == 0, 4 * kSlow, "PostgreSQL ends it by the statement_timeout that came with it")
    t.is_(p.get("/v1/user/info?user_id=x").status, 400, "a bad parameter")
    t.is_([p.get(kCall).body for _ in range(8)], [kAlice] * 8, "and rows again")


def pooler_restarted(t, p, pooler):
    pooler.stop()
    answer = p.get(kCall)
    t.is_((answer.status, answer.json["error"]), (503, "database_unavailable"), "no pooler: 503")
    pooler.start()
    wait_for(lambda: all(p.get(kCall).body == kAlice for _ in range(8)), 20 * kSlow, "rows again")
    t.ok(True, "the pooler is back: rows again")


def test(t):
    if kProgram is None:
        t.ok(False, "pgbouncer is there: t/lib/deps.sh test installs it")
        return
    objects = users_definitions(timeout_ms=2000)
    objects.append({**objects[-1], "name": "Users by Age", "path": "/user/list", "result": "list",
                    "request_parameters": [{"name": "age", "column": "age", "type": "LONG", "sample": 25}]})
    p = serve_slow(t.project(), objects)
    one, two = None, None
    try:
        one = Pooler(p, 1)
        one.start()
        lost_statement(t, p, one)
        one.stop()
        shutil.rmtree(one.folder)
        two = Pooler(p, 2)
        two.start()
        prepare_off(t, p, two)
        pooler_restarted(t, p, two)
    finally:
        p.gateway.stop()
        for pooler in (one, two):
            if pooler:
                pooler.stop()


run_test(test)
