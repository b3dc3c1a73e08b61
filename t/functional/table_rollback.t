#!/usr/bin/env python3
"""`table rollback`: the generation before serves again, to callers at once, and listeners are notified of each change."""
import copy
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Held, kLoader, kSlow, run_test, users_definitions, wait_for


class Listener:
    """A psql session that listens; psql prints what came with its next statement."""

    def __init__(self, p):
        self.process = subprocess.Popen([f"{p.postgres.bin}/psql", "-Xq", "-d", p.postgres.dsn()], cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ask("LISTEN tablegate_generation")

    def ask(self, sql):
        self.process.stdin.write(f"{sql};\n\\echo done\n")
        self.process.stdin.flush()
        lines = []
        while not lines or lines[-1] != "done\n":
            lines.append(self.process.stdout.readline())
        return "".join(lines)

    def next(self):
        found = []
        def came():
            found.append(self.ask("SELECT 1"))
            return "Asynchronous" in found[-1]
        wait_for(came, 10 * kSlow, "a notification")
        return json.loads(found[-1].split('with payload "')[1].split('" received')[0])

    def end(self):
        self.process.stdin.close()
        self.process.wait(10 * kSlow)
        self.process.stdout.close()


def test(t):
    p = t.project()
    p.init()
    objects = users_definitions()
    p.apply(objects)
    result = p.loader("table", "rollback", "user_info")
    t.ok(result.rc == 1 and "no previous generation" in result.stderr, "never loaded", result)
    t.is_(p.loader("table", "rollback", "nothing").rc, 1, "a table that is not defined")
    p.load("user_info", "user_id,user_name,age\n10001,First,25\n")
    result = p.loader("table", "rollback", "user_info")
    t.ok(result.rc == 1 and "no previous generation" in result.stderr, "loaded once", result)
    p.publish("Query User by User ID")
    p.key = p.add_key()
    p.sync()
    p.gateway.set()
    p.gateway.start()
    name = lambda: p.get("/v1/user/info?user_id=10001").json["data"]["user_name"]
    t.is_(name(), "First", "what serves first")
    listener = Listener(p)
    p.load("user_info", "user_id,user_name,age\n10001,Second,25\n10002,Bob,30\n")
    t.is_(listener.next(), {"table": "user_info", "generation": 2}, "a load notifies")
    t.is_(name(), "Second", "then the second")
    t.is_(p.loader.json("table", "rollback", "user_info"), {"name": "user_info", "generation": 1, "rows": 1}, "-o json")
    t.is_(listener.next(), {"table": "user_info", "generation": 1}, "a rollback notifies")
    t.is_(name(), "First", "the first again, without a reload")
    status = lambda: {(item["generation"], item["status"]) for item in p.loader.json("table", "status", "user_info")}
    t.is_(status(), {(1, "current"), (2, "previous")}, "table status says so")
    t.like(p.loader.must("table", "rollback", "user_info").stdout, "generation 2, 2 rows", "once more: forth again")
    t.is_(name(), "Second", "the second")
    p.loader.must("table", "rollback", "user_info")
    p.load("user_info", "user_id,user_name,age\n10001,Third,25\n")
    t.is_(status(), {(1, "previous"), (2, "pruned"), (3, "current")}, "a load after it keeps what served before")
    t.is_(name(), "Third", "the third")

    # --- a column that a published API reads and the old generation does not have
    wider = copy.deepcopy(objects)
    wider[4]["ddl"] = "CREATE TABLE user_info (user_id BIGINT, user_name STRING, age BIGINT, city STRING);"
    wider[5]["response_parameters"].append({"name": "city"})
    p.apply(wider)
    p.load("user_info", "user_id,user_name,age,city\n10001,Fourth,25,Bonn\n")
    t.is_(p.loader("table", "rollback", "user_info").rc, 0, "nothing published reads the new column yet: back")
    p.loader.must("table", "rollback", "user_info")
    p.publish("Query User by User ID")
    result = p.loader("table", "rollback", "user_info")
    t.ok(result.rc == 1 and 'column "city"' in result.stderr and "Query User by User ID" in result.stderr, "a published API reads it: refused, naming both", result)
    t.is_(name(), "Fourth", "and nothing has changed")
    listener.end()
    # --- the catalog goes away between the swap and its own word of it
    held = Held(p, "SELECT FROM tablegate.generation WHERE status = 'current' FOR UPDATE")
    p.loader.must("api", "unpublish", "Query User by User ID")
    process = subprocess.Popen([kLoader, "table", "rollback", "user_info"], env=p.loader.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    waits = "FROM pg_stat_activity WHERE query LIKE 'UPDATE tablegate.generation%' AND wait_event_type = 'Lock'"
    wait_for(lambda: p.postgres.psql(f"SELECT count(*) {waits}") == "1", 20 * kSlow, "it tells the catalog")
    p.postgres.psql(f"SELECT pg_terminate_backend(pid) {waits}")
    _, err = process.communicate(timeout=30 * kSlow)
    held.release()
    t.ok(process.returncode == 3 and "generation 3 serves, but the catalog could not be updated" in err and "table status" in err, "a rollback whose catalog is lost half-way says what serves", err)
    t.is_(p.postgres.psql("SELECT user_name FROM mirror.user_info"), "Third", "it does")
    p.loader.must("table", "rollback", "user_info")
    t.is_(p.postgres.psql("SELECT user_name FROM mirror.user_info"), "Fourth", "and the next rollback knows")


run_test(test)
