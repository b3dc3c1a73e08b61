#!/usr/bin/env python3
"""The locks of commands are rows that only their own roles can lock: others hold nothing up, and who does is named."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, kUsersCsv, run_test, users_definitions, wait_for
from tg_postgres import Held
from tg_settings import kLoader

kKey = "hashtextextended('tablegate.load.user_info', 0)"


class Reader:
    """A session of nginx's role that holds advisory locks."""

    def __init__(self, p):
        sql = (f"SELECT pg_advisory_lock(1952539244, 2), pg_advisory_lock({kKey}), pg_advisory_lock(x'74677774'::integer, hashtext('user_info')); SELECT pg_sleep(600)")
        self.process = subprocess.Popen([f"{p.postgres.bin}/psql", "-Xq", "-d", p.postgres.dsn("tablegate_reader"), "-c", "SET statement_timeout = 0", "-c", sql],
                                        cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: p.postgres.psql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted") == "3", 20 * kSlow, "it holds them")

    def end(self):
        self.process.kill()
        self.process.wait()


class Running:
    """A command of the loader that waits."""

    def __init__(self, p, *arguments):
        self.path = os.path.join(p.folder, "waiting")
        with open(self.path, "w", encoding="utf-8") as file:
            self.process = subprocess.Popen([kLoader, *arguments], env=p.loader.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=file)

    def said(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()


def held_session(p):
    return p.postgres.psql("SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction' AND application_name = 'psql'")


def not_ours(t, p):
    reader = Reader(p)
    try:
        done = p.loader("apply", "-f", p.definitions(users_definitions(description="two")))
        t.ok(done.rc == 0 and not done.stderr, "advisory locks of others do not hold up apply", done)
        done = p.loader("table", "load", "user_info", "--from", f"csv:{p.file('user_info.csv', kUsersCsv)}", "--header")
        t.ok(done.rc == 0, "nor a load", done)
        done = p.loader("init", "--workspace", "demo")
        t.ok(done.rc == 0 and not done.stderr, "nor init", done)
        t.is_(p.postgres.psql("SELECT tablegate.watch_table('user_info')"), "t", "nor a watch")
    finally:
        reader.end()
    for role in ("tablegate_reader", "node", "dev"):
        for sql in ("SELECT FROM tablegate.lock FOR UPDATE", "LOCK TABLE tablegate.lock", "SELECT FROM mirror_load.lock FOR UPDATE", "DELETE FROM tablegate.table_watch",
                    "LOCK TABLE tablegate.domain IN ACCESS EXCLUSIVE MODE"):
            t.is_(p.postgres.psql(f"SET default_transaction_read_only = off; {sql}; SELECT 'done'", user=role, check=False), "", f"{role} may not: {sql}")
    for sql in ("SELECT tablegate.take_lock('catalog', true)", "SELECT mirror_load.take_lock('load user_info', true)", "SELECT tablegate.watch_table('user_info')"):
        for role in ("tablegate_reader", "node"):
            said = p.postgres.psql(f"SET default_transaction_read_only = off; {sql}; SELECT 'done'", user=role, check=False)
            t.is_(said, "", f"{role} may not: {sql}")


def waiting(t, p):
    held = Held(p, "SELECT tablegate.take_lock('catalog', true)")
    pid = held_session(p)
    running = Running(p, "apply", "-f", p.definitions(users_definitions(description="three")))
    wait_for(lambda: "waiting" in running.said(), 20 * kSlow, "a wait of more than 2 s is reported")
    t.is_(running.said(), f'tablegate: waiting for the lock of the catalog, which process {pid}, user postgres, application "psql" holds\n', "on whom")
    held.release()
    t.is_(running.process.wait(30 * kSlow), 0, "then it is done")
    held = Held(p, "SELECT tablegate.take_lock('catalog', true)")
    running = Running(p, "apply", "-f", p.definitions(users_definitions(description="four")))
    wait_for(lambda: p.postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'tablegate'") == "1", 20 * kSlow, "it waits")
    held.release()
    t.is_((running.process.wait(30 * kSlow), running.said()), (0, ""), "a short wait is not worth a word")
    t.is_(p.postgres.psql("BEGIN; SET lock_timeout = '33s'; SELECT tablegate.take_lock('catalog', true); SHOW lock_timeout; COMMIT"), "t\n33s", "lock_timeout is as before")


def loads(t, p):
    held = Held(p, "SELECT mirror_load.take_lock('load user_info', false)")
    pid = held_session(p)
    for arguments in (("table", "load", "user_info", "--from", f"csv:{p.file('user_info.csv', kUsersCsv)}", "--header"), ("table", "rollback", "user_info"),
                      ("delete", "table", "user_info")):
        done = p.loader(*arguments)
        t.is_(done.rc, 1, f"{' '.join(arguments[:2])} beside a load: exit 1")
        t.like(done.stderr, f'user_info" is being loaded by process {pid}, user postgres, application "psql"', "names who loads")
    held.release()
    t.is_(p.loader("table", "rollback", "user_info").rc, 0, "then it works")


def watches(t, p):
    """Who watches a table: the first session, until it has ended."""
    held = Held(p, "SELECT tablegate.watch_table('user_info'); COMMIT; BEGIN")
    ask = "SELECT tablegate.watch_table('user_info')"
    t.is_(p.postgres.psql(ask), "f", "another session has it")
    t.is_(p.postgres.psql("UPDATE tablegate.table_watch SET renewed_at = now() - interval '4 minutes'; " + ask), "t", "one that no longer asks loses it")
    held.release()
    t.is_(p.postgres.psql(ask), "t", "one that has ended has it no more")


def rights(t, p):
    """LOCK TABLE in a mode that stops readers requires UPDATE, DELETE or TRUNCATE on the whole table."""
    t.is_(p.postgres.psql("SELECT r.rolname, c.relname FROM pg_roles r CROSS JOIN pg_class c WHERE r.rolname LIKE 'tablegate\\_%'"
                          " AND r.rolname <> 'tablegate_owner' AND c.relnamespace = 'tablegate'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
                          " AND has_table_privilege(r.rolname, c.oid, 'UPDATE, DELETE, TRUNCATE')"), "", "no role can lock a whole table of the catalog")
    for who, sql in (("dev", "delete_as_developer('consumer', '[{\"name\": \"demo\"}]')"), ("op", "delete_as_operator('domain', '[{\"name\": \"x\"}]')"),
                     ("op", "delete_as_developer('domain', '[{\"name\": \"x\"}]')"), ("dev", "delete_rows('domain', '[]', '{domain}')")):
        said = p.postgres.psql(f"SELECT 'done' FROM tablegate.{sql}; SELECT 'done'", user=who, check=False)
        t.is_(said, "", f"{who} may not: {sql}")


def named(t, p):
    """Any statement that waits names who holds the lock."""
    p.publish("Query User by User ID")
    for sql, what, command in (("SELECT FROM tablegate.gateway_instance FOR UPDATE", "a row of tablegate.gateway_instance", ("api", "unpublish", "Query User by User ID", "--yes")),
                               ("SELECT count(*) FROM mirror.user_info", "mirror.user_info",
                                ("table", "load", "user_info", "--from", f"csv:{p.file('user_info.csv', kUsersCsv)}", "--header"))):
        held = Held(p, sql)
        running = Running(p, *command)
        wait_for(lambda: "waiting" in running.said(), 20 * kSlow, f"{command[1]}: a wait is reported")
        t.is_(running.said(), f'tablegate: waiting for the lock of {what}, which process {held_session(p)}, user postgres, application "psql" holds\n', f"{command[1]}: on whom")
        held.release()
        t.is_(running.process.wait(30 * kSlow), 0, "then it is done")


def test(t):
    p = t.project()
    p.init()
    p.apply(users_definitions())
    p.load("user_info", kUsersCsv)
    p.postgres.add_person("dev", "tablegate_developer")
    p.postgres.add_person("op", "tablegate_operator")
    p.postgres.add_person("node", "tablegate_node")
    not_ours(t, p)
    waiting(t, p)
    loads(t, p)
    rights(t, p)
    named(t, p)
    watches(t, p)


run_test(test)
