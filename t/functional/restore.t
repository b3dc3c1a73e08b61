#!/usr/bin/env python3
"""A dump of the catalog, restored into a new cluster as loader/docs/operations.md says, is an installation; without the roles init says what to do."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kCheckout, kUsersCsv, run, run_test, users_definitions
from tg_postgres import Postgres
from tg_settings import kLoader

kCall = "/v1/user/info?user_id=10001"


def page_script():
    """The commands of the page, from the mark to the end of its block."""
    with open(os.path.join(kCheckout, "loader", "docs", "operations.md"), encoding="utf-8") as file:
        return re.search(r"<!-- test: restore -->\n```sh\n(.*?)```", file.read(), re.S).group(1)


def new_cluster(t):
    folder = os.path.join(t.folder, "new")
    os.mkdir(folder)
    os.chmod(folder, 0o755)
    new = Postgres(folder)
    new.start()
    return new


def without_roles(t, p, new, dump):
    run(["pg_restore", "-d", new.dsn(), dump])
    refused = p.loader("init", "--workspace", "demo", env={"TABLEGATE_CATALOG": new.dsn()})
    t.ok(refused.rc == 1 and "does not belong to tablegate_owner: this database was restored before its roles existed" in refused.stderr
         and "\ntry: tablegate init --roles" in refused.stderr, "restored without the roles: init says what to do", refused)
    new.psql("DROP DATABASE tablegate", database="postgres")


def test(t):
    p = t.project().serve()
    p.loader.must("consumer", "add-key", "demo", "--type", "hmac")
    dump = os.path.join(t.folder, "tablegate.dump")
    t.is_(run(["pg_dump", "-Fc", "-f", dump, p.postgres.dsn()]).returncode, 0, "pg_dump")
    new = new_cluster(t)
    try:
        without_roles(t, p, new, dump)
        env = {**p.loader.env, "PGHOST": new.socket, "PGPORT": "5432", "PGUSER": "postgres", "TABLEGATE_CATALOG": "dbname=tablegate",
               "PATH": f"{os.path.dirname(kLoader)}:{new.bin}:{os.environ['PATH']}"}
        script = page_script().replace("--workspace shop", "--workspace demo")
        done = run(["sh", "-e", "-c", script], env=env, cwd=t.folder, timeout=120)
        t.is_((done.returncode, done.stderr), (0, ""), "the commands of the page, without an error") or t.diag(done.stdout)
        t.like(done.stdout, r"(?m)^the roles are there; restore the dump now", "init --roles")
        t.unlike(done.stdout, "FAIL", "doctor finds nothing wrong")
        env = {"TABLEGATE_CATALOG": new.dsn()}
        again = p.loader("init", "--roles", env=env)
        t.ok(again.rc == 0 and again.stdout == "unchanged\n", "init --roles again", again)
        t.is_(p.loader("init", "--roles", "--approval", env=env).rc, 2, "with another option")
        p.gateway.stop()
        p.gateway.set(dsn=f"host={new.socket} port=5432 dbname=tablegate user=tablegate_reader")
        t.is_(p.loader("sync", "--output", p.gateway.out, env=env).rc, 0, "sync")
        p.gateway.start()
        t.is_(p.get(kCall).json["data"]["user_name"], "Alice", "nginx serves from the new cluster, with the keys of before")
        p.file("new.csv", kUsersCsv.replace("Alice", "Carol"))
        for command in (("table", "load", "user_info", "--from", f"csv:{p.folder}/new.csv", "--header"), ("apply", "-f", p.definitions(users_definitions(timeout_ms=1234))),
                        ("api", "test", "Query User by User ID"), ("api", "commit", "Query User by User ID")):
            done = p.loader(*command, env=env)
            t.is_(done.rc, 0, f"{command[:2]}") or t.diag(done)
        t.is_(p.get(kCall).json["data"]["user_name"], "Carol", "a load swaps as before")
        p.gateway.stop()
    finally:
        new.stop()


run_test(test)
