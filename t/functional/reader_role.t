#!/usr/bin/env python3
"""nginx's role has no members and no settings but ours, and its sessions answer the same whatever schemas, operators and settings others make."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions

kApi = "Query User by User ID"
kNobody = "/v1/user/info?user_id=999999999"
# What PostgreSQL's own names mean in a schema that stands before pg_catalog.
kEvil = """
CREATE SCHEMA evil;
CREATE FUNCTION evil.same(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.same);
CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS 'SELECT $2';
CREATE FUNCTION evil.floor(numeric) RETURNS numeric LANGUAGE sql AS 'SELECT 1';
GRANT USAGE ON SCHEMA evil TO PUBLIC;
"""
kSettings = ("search_path = evil, pg_catalog", "lock_timeout = '7s'", "client_encoding = 'LATIN1'", "transform_null_equals = on", "array_nulls = off",
             "standard_conforming_strings = off", "row_security = off", "default_transaction_isolation = 'serializable'", "\"my.own\" = 'x'")
kMembers = "SELECT count(*) FROM pg_auth_members WHERE roleid = 'tablegate_reader'::regrole"


def check(p, name):
    return next(item for item in p.loader("doctor", "-o", "json").json if item["check"] == name)


def no_member(t, p):
    t.is_(p.postgres.psql(kMembers), "0", "nobody is a member of nginx's role")
    t.is_(p.get("/v1/user/info?user_id=10001").json["data"]["user_name"], "Alice", "nginx has a session")
    pid = p.postgres.psql("SELECT min(pid) FROM pg_stat_activity WHERE usename = 'tablegate_reader'")
    for sql in ("SET ROLE tablegate_reader", "ALTER ROLE tablegate_reader PASSWORD 'x'", "ALTER ROLE tablegate_reader SET search_path = x, pg_catalog",
                "ALTER ROLE tablegate_tester SET search_path = x", f"SELECT pg_terminate_backend({pid})", f"SELECT pg_cancel_backend({pid})", "GRANT tablegate_reader TO dev"):
        try:
            t.ok(False, f"a developer: {sql}", p.postgres.psql(sql, user="dev"))
        except RuntimeError as error:
            t.like(str(error), "permission denied|must be|must have", f"a developer: {sql}")
    developer = {"TABLEGATE_CATALOG": p.postgres.dsn("dev")}
    t.is_(p.loader("api", "test", kApi, env=developer).rc, 0, "a developer's test runs")
    for sql in ("CREATE TEMP TABLE mine (a int)", "INSERT INTO mirror.user_info VALUES (1, 'Eve', 1)", "SELECT * FROM tablegate.api_key", "SET ROLE tablegate_developer"):
        said = p.postgres.psql(f"SET SESSION AUTHORIZATION tablegate_tester; {sql}", check=False)
        t.is_(said, "", f"the tester may not: {sql}")
    t.is_(p.postgres.psql("SET SESSION AUTHORIZATION tablegate_tester; SELECT count(*) FROM mirror.user_info"), "2", "the tester reads the mirror")


def answers(t, p, name):
    """With operators and settings of others in the way of each new session."""
    for prepare in ("on", "off"):
        p.gateway.set(service=f"prepare {prepare};")
        p.gateway.reload()
        t.is_(p.get(kNobody).json, {"data": None, "success": True}, f"{name}, prepare {prepare}: a row of no user is not answered")
        t.is_(p.get("/v1/user/info?user_id=10002").json["data"]["user_name"], "Bob", f"{name}, prepare {prepare}: the right row")


def settings(t, p):
    """The settings of the role, of the role in the database, and of the database."""
    p.postgres.psql(kEvil)
    for setting in kSettings:
        p.postgres.psql(f"ALTER ROLE tablegate_reader SET {setting}; ALTER ROLE tablegate_reader IN DATABASE tablegate SET {setting};"
                        f"ALTER DATABASE tablegate SET {setting}; ALTER ROLE dev SET {setting}")
    p.postgres.psql("GRANT tablegate_reader TO tablegate_developer, dev WITH ADMIN OPTION")
    answers(t, p, "settings of others")
    tested = p.loader("api", "test", kApi, "--param", "user_id=999999999", "-o", "json", env={"TABLEGATE_CATALOG": p.postgres.dsn("dev")})
    t.is_(tested.json[0]["response"] if isinstance(tested.json, list) else tested.json["response"], {"data": None, "success": True}, "api test: the same")
    found = check(p, "reader's settings")
    t.ok(not found["ok"] and all(word in found["detail"] for word in ("lock_timeout", "client_encoding", "transform_null_equals", "search_path", "my.own")),
         "doctor names every setting that is not ours", found)
    found = check(p, "reader's grants")
    t.ok(not found["ok"] and "member tablegate_developer" in found["detail"].replace('"', "") and "member dev" in found["detail"], "doctor names the members", found)
    t.is_(p.loader.json("init", "--workspace", "demo")["changed"], True, "init changes it")
    t.is_(p.postgres.psql(kMembers), "0", "init: no members")
    t.is_(p.postgres.psql("SELECT count(*) FROM pg_db_role_setting WHERE setrole = 'tablegate_reader'::regrole AND setdatabase <> 0"), "0", "init: no setting in a database")
    names = p.postgres.psql("SELECT string_agg(split_part(s, '=', 1), ' ') FROM pg_db_role_setting, unnest(setconfig) s WHERE setrole = 'tablegate_reader'::regrole")
    t.unlike(names, "lock_timeout|client_encoding|transform_null|array_nulls|my.own|row_security|isolation", "init: no other setting")
    for name in ("reader's settings", "reader's grants"):
        t.is_(check(p, name)["ok"], True, f"doctor: {name}")
    t.is_(p.init().stdout, "unchanged\n", "init again: unchanged")
    answers(t, p, "the database's settings alone")


def preloaded(t, p):
    """A setting that ends each new session before its first statement."""
    p.postgres.psql("SET default_transaction_read_only = off; ALTER ROLE tablegate_reader SET local_preload_libraries = 'nothere'", user="tablegate_reader")
    p.gateway.reload()
    t.is_(p.get(kNobody).status, 503, "a library that is not there: no new session")
    found = check(p, "reader's settings")
    t.ok(not found["ok"] and "local_preload_libraries" in found["detail"], "doctor names it", found)
    dsn = p.gateway.parts["dsn"]
    p.gateway.set(dsn=f"{dsn} options='-c local_preload_libraries='")
    p.gateway.reload()
    t.is_(p.get(kNobody).json, {"data": None, "success": True}, "options of the dsn come before the role's settings: sessions open")
    t.is_(p.loader("api", "test", kApi, env={"TABLEGATE_CATALOG": p.postgres.dsn("dev")}).rc, 0, "api test has no session of the role")
    p.gateway.set(dsn=dsn)
    t.is_(p.loader.json("init", "--workspace", "demo")["changed"], True, "init removes the setting")
    p.gateway.reload()
    t.is_(p.get(kNobody).json, {"data": None, "success": True}, "sessions open without the option")


def test(t):
    p = t.project().serve(users_definitions())
    p.postgres.add_person("dev", "tablegate_developer")
    no_member(t, p)
    settings(t, p)
    preloaded(t, p)


run_test(test)
