#!/usr/bin/env python3
"""Grants and views that people made on a mirrored table: grants are carried to each generation, views are named and can be rebound."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kUsersCsv, run_test, users_definitions


def load(p, name="user_info"):
    path = os.path.join(p.folder, "users.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write(kUsersCsv)
    return p.loader("table", "load", name, "--from", f"csv:{path}", "--header")


def may(p, role, relation, column=None):
    words = f"'{role}', '{relation}', " + (f"'{column}', " if column else "") + "'SELECT'"
    return p.postgres.psql(f"SELECT has_{'column' if column else 'table'}_privilege({words})") == "t"


def grants(t, p):
    p.postgres.psql("CREATE ROLE reports; CREATE ROLE \"odd role\"; CREATE ROLE columns; GRANT SELECT ON mirror.user_info TO reports WITH GRANT OPTION;"
                    " GRANT SELECT ON mirror.user_info TO \"odd role\"; GRANT SELECT (user_id) ON mirror.user_info TO columns; GRANT INSERT ON mirror.user_info TO columns")
    for times in (1, 2):
        load(p)
        t.ok(may(p, "reports", "mirror.user_info") and may(p, "odd role", "mirror.user_info"), f"load {times}: a GRANT stays")
        t.ok(may(p, "columns", "mirror.user_info", "user_id") and not may(p, "columns", "mirror.user_info", "age"), f"load {times}: of a column, for that column")
    t.is_(p.postgres.psql("SELECT has_table_privilege('reports', 'mirror.user_info', 'SELECT WITH GRANT OPTION')"), "t", "with its grant option")
    t.is_(p.postgres.psql("SELECT has_table_privilege('columns', 'mirror.user_info', 'INSERT')"), "f", "but no right to write: only loads write")
    p.postgres.psql("REVOKE SELECT ON mirror.user_info FROM \"odd role\"; GRANT SELECT ON mirror.user_info TO PUBLIC")
    p.loader.must("table", "rollback", "user_info")
    t.ok(p.postgres.psql("SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = 'mirror.user_info'::regclass AND a.grantee = '\"odd role\"'::regrole") == "0",
         "a generation from before a REVOKE comes back without it")
    t.ok(p.postgres.psql("SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = 'mirror.user_info'::regclass AND a.grantee = 0") == "1", "and with what was granted since, PUBLIC too")
    p.postgres.psql("REVOKE SELECT ON mirror.user_info FROM PUBLIC")


def ages(p, view):
    return p.postgres.psql(f"SELECT sum(age) FROM {view}")


def views(t, p):
    p.postgres.psql("CREATE SCHEMA reports; CREATE VIEW reports.users AS SELECT user_id, age, 'mirror.user_info__g1' AS note FROM mirror.user_info WHERE age > 0;"
                    " CREATE VIEW reports.safe WITH (security_barrier = true) AS SELECT u.age FROM mirror.user_info AS u JOIN mirror.user_info v USING (user_id);"
                    " CREATE VIEW reports.\"Odd View\" AS SELECT * FROM reports.users; CREATE MATERIALIZED VIEW reports.stored AS SELECT age FROM mirror.user_info;"
                    " GRANT SELECT ON reports.safe TO reports; ALTER VIEW reports.users OWNER TO reports; GRANT USAGE ON SCHEMA reports TO reports")
    result = load(p)
    t.ok(result.rc == 0 and "warning" not in result.stdout, "a load passes", result)
    for name, way in (("reports.users", "table views user_info --rebind"), ("reports.safe", "table views user_info --rebind"), ("reports.stored", "drop it and make it again")):
        line = next((line for line in result.stderr.splitlines() if f"view {name} still reads generation" in line), "")
        t.ok(way in line, f"{name}: named by the load", result.stderr)
        t.ok(f"view {name} still reads" in p.loader("table", "status").stderr, f"{name}: and by status")
    t.unlike(result.stderr, "Odd View", "a view over a view needs nothing")
    p.postgres.psql("ALTER TABLE mirror.user_info DISABLE TRIGGER USER; UPDATE mirror.user_info SET age = age + 100")
    before = ages(p, "reports.users")
    listed = {one["view"]: (one["current"], one["materialized"]) for one in p.loader.json("table", "views", "user_info")}
    t.is_(listed, {"reports.safe": (False, False), "reports.stored": (False, True), "reports.users": (False, False)}, "table views")
    result = p.loader("table", "views", "user_info", "--rebind")
    t.ok(result.rc == 1 and "reports.users: rebound" in result.stdout and "reports.stored: it is a materialized view" in result.stdout, "--rebind: what it cannot do is named", result)
    t.isnt(ages(p, "reports.users"), before, "a rebound view reads the current generation")
    t.is_(ages(p, "reports.users"), ages(p, "mirror.user_info"), "all of it")
    t.is_(ages(p, "reports.\"Odd View\""), ages(p, "mirror.user_info"), "and a view over it")
    t.is_(p.postgres.psql("SELECT DISTINCT note FROM reports.users"), "mirror.user_info__g1", "a text that looks like a relation stays")
    t.is_(p.postgres.psql("SELECT viewowner FROM pg_views WHERE viewname = 'users'"), "reports", "its owner stays")
    t.is_(p.postgres.psql("SELECT reloptions FROM pg_class WHERE oid = 'reports.safe'::regclass"), "{security_barrier=true}", "options stay")
    t.ok(may(p, "reports", "reports.safe"), "rights stay")
    p.postgres.psql("DROP MATERIALIZED VIEW reports.stored")
    for _ in range(3):
        load(p)
        p.loader.must("table", "views", "user_info", "--rebind")
    result = p.loader("table", "views", "user_info", "--rebind")
    t.ok(result.rc == 0 and result.stdout == "unchanged\n", "again: unchanged", result)
    t.is_(p.postgres.psql("SELECT count(*) FROM pg_class WHERE relname ~ '^user_info__g[0-9]+$' AND relkind = 'r'"), "1", "old generations can be dropped again")


def test(t):
    p = t.project()
    p.init()
    p.apply(users_definitions())
    t.is_(load(p).rc, 0, "loaded")
    grants(t, p)
    views(t, p)


run_test(test)
