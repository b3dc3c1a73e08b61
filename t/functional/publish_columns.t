#!/usr/bin/env python3
"""A version is published only where the mirror can answer it: publish, a canary and a rollback look at the columns of the generation that
serves and of one that is being loaded, and a load looks at what was published meanwhile."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kLoader, kSlow, run_test, users_definitions, wait_for
from tg_process import die_with_parent

kApi = "Query User by User ID"
kCall = "/v1/user/info?user_id=10001"
kShort = "user_id,user_name\n10001,{}\n"
kDdl = "CREATE TABLE user_info (user_id BIGINT, user_name STRING{})"


def definitions(more="", columns=("user_id", "user_name")):
    """Table with or without more columns, and a draft that reads these."""
    objects = users_definitions(response_parameters=[{"name": name} for name in columns])
    table = next(one for one in objects if one["kind"] == "Table")
    table["ddl"] = kDdl.format(more)
    return [table, objects[-1]]


def refused(t, p, name, *words):
    for command in (("publish", kApi, "--version", "2"), ("publish", kApi, "--version", "2", "--weight", "10"), ("rollback", kApi)):
        result = p.loader("api", *command, *(() if command[0] == "rollback" else ("--breaking",)))
        t.ok(result.rc == 1 and all(word in result.stderr for word in (f'version 2 of API "{kApi}"', *words)), f"{name}: {' '.join(command)}: refused", result)
    t.is_(p.postgres.psql("SELECT version || coalesce(' ' || canary_version, '') FROM tablegate.published_api"), "1", f"{name}: and version 1 stays")
    t.is_(p.get(kCall).status, 200, f"{name}: which answers")


class Loading:
    """A load that copies rows until it may continue."""

    def __init__(self, p, name):
        self.path = os.path.join(p.folder, name)
        os.mkfifo(self.path)
        self.fifo = os.open(self.path, os.O_RDWR)
        self.process = subprocess.Popen([kLoader, "table", "load", "user_info", "--header", "--from", f"csv:{self.path}"], cwd="/", env=p.loader.env, text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=die_with_parent(signal.SIGKILL))
        os.write(self.fifo, kShort.format("Loaded").encode())
        wait_for(lambda: p.postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY %'") == "1", 20 * kSlow, "COPY runs")

    def end(self):
        os.close(self.fifo)
        out, err = self.process.communicate(timeout=30 * kSlow)
        return self.process.returncode, out, err


def test(t):
    p = t.project()
    p.serve([*users_definitions()[:-2], *definitions(", age BIGINT")], {"user_info": "user_id,user_name,age\n10001,Alice,25\n"})
    p.apply(definitions(", age BIGINT", ("user_id", "user_name", "age")))
    for verb in ("test", "commit", "publish"):
        p.loader.must("api", verb, kApi)
    p.loader.must("api", "rollback", kApi)
    # The Table loses a column that version 2 reads. While a load brings that ...
    p.apply(definitions())
    load = Loading(p, "first")
    refused(t, p, "a load without the column runs", "which is being loaded, has no column \"age\"", "try: tablegate table status user_info")
    # ... and where somebody gets round that, the load sees it.
    p.postgres.psql("UPDATE tablegate.published_api SET version = 2")
    code, _, err = load.end()
    t.ok(code == 1 and 'no longer has column "age"' in err and kApi in err, "a version that was published meanwhile: the load is refused", err)
    p.postgres.psql("UPDATE tablegate.published_api SET version = 1")
    t.is_(p.get(kCall).json["data"]["user_name"], "Alice", "and what served serves on")
    p.loader.must("api", "publish", kApi, "--version", "2")
    p.loader.must("api", "rollback", kApi)
    t.ok(True, "while the serving generation has it, version 2 may come and go")
    # The catalog's session idles while rows come: for longer than an idle session may.
    p.postgres.psql("ALTER SYSTEM SET idle_session_timeout = '500ms'", database="postgres")
    p.postgres.psql("SELECT pg_reload_conf()", database="postgres")
    load = Loading(p, "second")
    time.sleep(1.5)
    t.is_(load.end()[0], 0, "a load without it, its catalog session idle meanwhile")
    p.postgres.psql("ALTER SYSTEM RESET idle_session_timeout", database="postgres")
    p.postgres.psql("SELECT pg_reload_conf()", database="postgres")
    refused(t, p, "once it serves", "has no column \"age\"", "table rollback")
    p.apply(definitions(", age STRING"))
    p.load("user_info", "user_id,user_name,age\n10001,Alice,young\n")
    refused(t, p, "of another type", 'has column "age" as text, not int8')
    p.apply(definitions(", age BIGINT"))
    p.load("user_info", "user_id,user_name,age\n10001,Alice,25\n")
    p.loader.must("api", "publish", kApi, "--version", "2")
    p.sync_and_reload()
    t.is_(p.get(kCall).json["data"]["age"], 25, "and when it is there again, version 2 is published")
    # A table that is gone.
    table, api = definitions()
    p.apply([{**table, "name": "other"}, {**api, "table": "other"}])
    p.load("other", kShort.format("Other"))
    for verb in ("test", "commit"):
        p.loader.must("api", verb, kApi, *(("--breaking",) if verb == "commit" else ()))
    p.loader.must("api", "publish", kApi, "--breaking")
    p.loader.must("delete", "table", "user_info")
    result = p.loader("api", "rollback", kApi)
    t.ok(result.rc == 1 and 'reads Table "user_info", which was deleted' in result.stderr, "a table that was deleted: refused", result)
    p.sync_and_reload()
    t.is_(p.get(kCall).json["data"]["user_name"], "Other", "and callers have answers")


run_test(test)
