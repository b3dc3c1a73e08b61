#!/usr/bin/env python3
"""What each role may do and what it may not: people who are members of one role only, nginx's reader, and a mirror of its own."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kUsersCsv, run, run_test, users_definitions, wait_for
from tg_process import kRoot

kApi = "Query User by User ID"
kDenied = "permission denied|must be owner|must have the"
kMoreUsers = kUsersCsv + "10003,Carol,41\n"


def acting(p, role, database="tablegate"):
    """The loader, run as role."""
    settings = {"TABLEGATE_CATALOG": p.postgres.dsn(role)}
    if database != "tablegate":
        settings["TABLEGATE_MIRROR"] = p.postgres.dsn(role, database)
    return lambda *arguments: p.loader(*arguments, env=settings)


def done(t, result, name):
    return t.is_(result.rc, 0, name) or t.diag(result)


def not_allowed(t, result, name):
    t.is_(result.rc, 1, f"{name}: exit 1") or t.diag(result)
    t.like(result.stderr, "permission denied|not let|GRANT tablegate_|tablegate_owner", f"{name}: says which right is missing")


def denied(t, p, role, sql, pattern=kDenied, database="tablegate"):
    try:
        said = p.postgres.psql(sql, user=role, database=database)
    except RuntimeError as error:
        t.like(str(error), pattern, f"{role} is refused: {sql}")
    else:
        t.ok(False, f"{role} is refused: {sql}", f"it said {said!r}")


def load(p, who, csv):
    return who("table", "load", "user_info", "--from", f"csv:{p.file('user_info.csv', csv)}", "--header")


def mirror_state(p, database="tablegate"):
    return p.postgres.psql("SELECT c.relname, r.rolname, c.relacl FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
                           " WHERE relnamespace = 'mirror'::regnamespace AND relkind = 'r' AND c.relname <> 'tablegate_change' ORDER BY c.relname <> 'tablegate_tables', 1", database=database)


def tables_of(p, database="tablegate"):
    names = [line.split("|")[0] for line in mirror_state(p, database).splitlines()]
    assert names[0] == "tablegate_tables"  # which generation of each serves
    return names[1:]


def developer_works(t, p):
    dev = acting(p, "dev")
    done(t, dev("apply", "-f", p.definitions(users_definitions())), "a developer applies")
    done(t, load(p, dev, kUsersCsv), "a developer loads")
    done(t, load(p, dev, kMoreUsers), "a developer loads again")
    t.is_(p.postgres.psql("SELECT count(*) FROM mirror.user_info"), "3", "the second generation serves")
    rights = r"\|tablegate_owner\|{tablegate_owner=[a-zA-Z]+/tablegate_owner(,tablegate_(reader|tester)=r/tablegate_owner){2}}"
    t.like(mirror_state(p), f"^tablegate_tables{rights}\nuser_info{rights}\nuser_info__g1{rights}$", "tables belong to the owner, the reader and the tester read, nobody else may anything")
    done(t, load(p, dev, kMoreUsers), "a developer loads a third time")
    t.is_(tables_of(p), ["user_info", "user_info__g2"], "older generations are dropped")
    again = load(p, dev, "user_id,user_name,age\n1,Alice,25\n1,Bob,30\n3,Carol,1\n")
    t.is_(again.rc, 1, "a key that is not unique is refused")
    t.like(again.stderr, r"primary_key \(user_id\) is not unique in the data: Key \(user_id\)=\(1\).*generation 3 keeps serving", "with the key")
    t.is_(tables_of(p), ["user_info", "user_info__g2"], "a refused load leaves nothing")
    done(t, dev("api", "generate", "Users By Age", "--business-process", "User Query Service", "--table", "user_info",
                "--path", "/user/age", "--by", "age"), "a developer generates")
    done(t, dev("api", "test", kApi), "a developer tests")
    done(t, dev("api", "commit", kApi), "a developer commits")
    done(t, dev("api", "list"), "a developer lists")


def developer_is_bounded(t, p):
    dev = acting(p, "dev")
    not_allowed(t, dev("api", "publish", kApi, "--no-domain"), "a developer publishes")
    not_allowed(t, dev("consumer", "create", "mobile"), "a developer makes a consumer")
    not_allowed(t, dev("consumer", "add-key", "demo", "--type", "api_key"), "a developer makes a key")
    denied(t, p, "dev", "SELECT digest FROM tablegate.api_key")
    denied(t, p, "dev", "UPDATE tablegate.api_version SET status = 'Rejected'")
    denied(t, p, "dev", "INSERT INTO tablegate.api_version (api_id, version, status, definition, source, draft_digest, author)"
                        " SELECT api_id, 9, 'Publishable', definition, source, draft_digest, 'boss' FROM tablegate.api_version")
    denied(t, p, "dev", "SET ROLE tablegate_owner")
    for table in ("user_info", "user_info__g2"):
        denied(t, p, "dev", f"INSERT INTO mirror.{table} VALUES (1, 'Eve', 1)")
        denied(t, p, "dev", f"UPDATE mirror.{table} SET age = 1")
        denied(t, p, "dev", f"DELETE FROM mirror.{table}")
        denied(t, p, "dev", f"TRUNCATE mirror.{table}")
        denied(t, p, "dev", f"ALTER TABLE mirror.{table} RENAME TO other")
        denied(t, p, "dev", f"ALTER TABLE mirror.{table} ADD COLUMN extra text")
        denied(t, p, "dev", f"DROP TABLE mirror.{table}")
        denied(t, p, "dev", f"COMMENT ON TABLE mirror.{table} IS 'tablegate generation 9, 1 rows'")
        denied(t, p, "dev", f"CREATE INDEX ON mirror.{table} (age)")
        denied(t, p, "dev", f"BEGIN; LOCK TABLE mirror.{table} IN ACCESS EXCLUSIVE MODE")
    denied(t, p, "dev", "CREATE TABLE mirror.mine (a int)")
    t.like(p.postgres.psql("SELECT relacl FROM pg_class WHERE oid = 'mirror.tablegate_change'::regclass"),
           "^{tablegate_owner=[a-zA-Z]+/tablegate_owner(,tablegate_(reader|tester)=r/tablegate_owner){2}}$", "so is the stamp of the tables")
    for sql in ("UPDATE mirror.tablegate_change SET stamp = 1", "UPDATE mirror.tablegate_tables SET generation = 9", "DELETE FROM mirror.tablegate_tables", "INSERT INTO mirror.tablegate_tables VALUES ('x', 'x', 1, 1, NULL, now())"):
        denied(t, p, "dev", sql)
    denied(t, p, "dev", "CREATE TABLE mirror_load.mine (a int)")
    denied(t, p, "dev", "CREATE TEMP TABLE mine (a int)")
    denied(t, p, "dev", "CREATE TABLE public.mine (a int)")
    denied(t, p, "dev", "INSERT INTO mirror_load.migration VALUES (9, 'mine')")


def functions_are_bounded(t, p):
    """By hand, the loader's functions do no more than a load does."""
    def call(name, arguments, pattern):
        denied(t, p, "dev", f"SELECT mirror_load.{name}({arguments})", pattern)

    columns = """'[{"name": "a", "sql_type": "integer"}]'"""
    call("claim", "'user_info', 1", "permission denied")
    call("create_generation", f"'user_info\"; DROP', 9, {columns}", "no mirrored table")
    call("create_generation", f"'user_info__g2', 9, {columns}", "no mirrored table")
    call("create_generation", f"'user_info', -1, {columns}", "no generation has")
    call("create_generation", f"'user_info', 2, {columns}", "is there already")
    call("create_generation", """'user_info', 9, '[{"name": "a", "sql_type": "integer DEFAULT 1"}]'""", "cannot be of type")
    call("create_generation", """'user_info', 9, '[{"name": "a", "sql_type": "public.evil"}]'""", "cannot be of type")
    call("seal_generation", "'user_info', 2, 1, '[]', '[]'", "is finished already")
    call("swap_generation", "'user_info', 9", "no finished generation")
    call("drop_table", "'user_info'", "still defined or published")
    # What is not sealed can be written to, does not serve, and cannot be made to.
    p.postgres.psql(f"SELECT mirror_load.create_generation('user_info', 4, {columns}); INSERT INTO mirror.user_info__g4 VALUES (1)", user="dev")
    call("swap_generation", "'user_info', 4", "no finished generation")
    denied(t, p, "dev", "ALTER TABLE mirror.user_info__g4 ADD COLUMN extra text")
    denied(t, p, "dev", "CREATE TABLE mirror_load.child () INHERITS (mirror.user_info__g4)")
    p.postgres.psql("SELECT mirror_load.seal_generation('user_info', 4, 1, '[\"a\"]', '[[\"a\"]]')", user="dev")
    denied(t, p, "dev", "INSERT INTO mirror.user_info__g4 VALUES (2)")
    p.postgres.psql("SELECT mirror_load.drop_generation('user_info', 4)", user="dev")
    p.postgres.psql(f"SELECT mirror_load.create_generation('user_info', 5, {columns})", user="dev")  # is in the next load's way
    t.is_(p.postgres.psql("SELECT count(*) FROM mirror.user_info"), "3", "what serves is what was loaded")
    done(t, load(p, acting(p, "dev"), kMoreUsers), "a load gets along with what was left by hand")
    for role in ("op", "node", "tablegate_reader"):
        denied(t, p, role, "SELECT mirror_load.drop_generation('user_info', 1)")


def operator(t, p):
    op = acting(p, "op")
    done(t, op("api", "publish", kApi, "--no-domain"), "an operator publishes")
    done(t, op("consumer", "create", "mobile"), "an operator makes a consumer")
    done(t, op("consumer", "add-key", "mobile", "--type", "api_key"), "an operator makes a key")
    done(t, op("consumer", "authorize", "mobile", "--api", kApi), "an operator authorises")
    done(t, op("consumer", "list"), "an operator lists consumers")
    not_allowed(t, op("apply", "-f", p.definitions([{"kind": "RestApi", "name": "mine", "base_path": "/mine"}], "mine.json")), "an operator applies")
    not_allowed(t, load(p, op, kUsersCsv), "an operator loads")
    denied(t, p, "op", "INSERT INTO tablegate.api_version (api_id, version, status, definition, source, draft_digest)"
                       " SELECT api_id, 9, 'Publishable', definition, source, draft_digest FROM tablegate.api_version")
    denied(t, p, "op", "UPDATE tablegate.api_version SET status = 'Publishable'")
    # A draft that was tested but not committed.
    objects = users_definitions(description="another draft")
    p.apply(objects)
    p.loader.must("api", "test", kApi)
    not_allowed(t, op("api", "commit", kApi), "an operator commits")
    done(t, acting(p, "dev")("api", "commit", kApi), "the developer commits it")


def node(t, p):
    works = acting(p, "node")
    done(t, works("sync", "--output", p.gateway.out), "a node syncs")
    t.ok(os.path.getsize(p.gateway.manifest) > 100, "the manifest is written")
    not_allowed(t, works("apply", "-f", p.definitions([{"kind": "RestApi", "name": "mine", "base_path": "/mine"}], "mine.json")), "a node applies")
    not_allowed(t, works("api", "publish", kApi, "--no-domain"), "a node publishes")
    not_allowed(t, works("consumer", "create", "more"), "a node makes a consumer")
    not_allowed(t, load(p, works, kUsersCsv), "a node loads")
    for table in ("setting", "api", "api_version", "published_api", "api_key", "consumer", "generation", "migration"):
        denied(t, p, "node", f"DELETE FROM tablegate.{table}")


def reader(t, p, database="tablegate"):
    def refused(sql, pattern=kDenied):  # as someone who has switched the reader's own guard off
        denied(t, p, "tablegate_reader", f"SET default_transaction_read_only = off; {sql}", pattern, database)

    t.is_(p.postgres.psql("SELECT count(*) FROM mirror.user_info", user="tablegate_reader", database=database), "3", "the reader reads the mirror")
    denied(t, p, "tablegate_reader", "INSERT INTO mirror.user_info VALUES (1, 'Eve', 1)", "read-only transaction", database)
    refused("INSERT INTO mirror.user_info VALUES (1, 'Eve', 1)")
    refused("UPDATE mirror.user_info SET age = 1")
    refused("DELETE FROM mirror.user_info")
    refused("CREATE TEMP TABLE mine (a int)")
    refused("CREATE TABLE mirror.mine (a int)")
    refused("CREATE TABLE public.mine (a int)")
    refused("CREATE SCHEMA mine")
    refused("SET ROLE tablegate_developer")
    if database == "tablegate":
        refused("SELECT * FROM tablegate.api_key", "permission denied for schema tablegate")


def readers_settings(t, p):
    wanted = {"default_transaction_read_only": "on", "statement_timeout": "90s", "idle_in_transaction_session_timeout": "90s",
              "DateStyle": "ISO, YMD", "IntervalStyle": "postgres", "TimeZone": "UTC", "extra_float_digits": "1",
              "bytea_output": "hex", "search_path": '""'}
    # The cluster's own settings are other ones.
    for name, value in (("datestyle", "SQL, DMY"), ("timezone", "Asia/Tokyo"), ("extra_float_digits", "0"), ("bytea_output", "escape"),
                        ("intervalstyle", "iso_8601")):
        p.postgres.set(name, value)
    p.postgres.reload()
    wait_for(lambda: p.postgres.psql("SHOW timezone") == "Asia/Tokyo", 10, "the cluster's settings count")
    for name, value in wanted.items():
        t.is_(p.postgres.psql(f"SHOW {name}", user="tablegate_reader"), value, f"the reader's {name}")


def generation_names(t, p):
    objects = [{"kind": "Table", "name": "users__g1", "data_source": "odps_demo", "ddl": "CREATE TABLE users__g1 (a BIGINT);"}]
    result = acting(p, "dev")("apply", "-f", p.definitions(objects, "generation.json"))
    t.is_(result.rc, 1, "a Table named like a generation: exit 1")
    t.like(result.stderr, r"generation\.json.*__g and a number", "apply says why")


def deleting(t, p):
    """delete table takes what the mirror holds, for developers only when nothing uses it."""
    dev = acting(p, "dev")
    objects = [{"kind": "Table", "name": "unused", "data_source": "odps_demo", "ddl": "CREATE TABLE unused (a BIGINT);"}]
    done(t, dev("apply", "-f", p.definitions(objects, "unused.json")), "a developer applies a table")
    done(t, dev("table", "load", "unused", "--from", f"csv:{p.file('unused.csv', '1' + chr(10))}"), "and loads it")
    t.is_(dev("delete", "table", "user_info").rc, 1, "a table in use is not deleted")
    done(t, dev("delete", "table", "unused"), "an unused one is")
    t.is_(tables_of(p), ["user_info", "user_info__g3"], "with what the mirror held of it")


def upgrade(t, p):
    """A mirror from before the functions, and one whose init was run by a role that is no superuser."""
    p.postgres.psql("DROP SCHEMA mirror_load CASCADE")
    refused = load(p, acting(p, "dev"), kMoreUsers)
    t.is_(refused.rc, 1, "a mirror that was not prepared: exit 1")
    t.like(refused.stderr, "tablegate init", "says what prepares it")
    p.postgres.psql("CREATE ROLE dba LOGIN CREATEROLE; GRANT tablegate_owner TO dba; ALTER DATABASE tablegate OWNER TO dba")
    p.postgres.allow("root" if kRoot else run(["id", "-un"]).stdout.strip(), "dba")
    p.postgres.reload()
    wait_for(lambda: p.postgres.psql("SELECT 1", user="dba", check=False) == "1", 10, "dba can sign in")
    done(t, acting(p, "dba")("init", "--workspace", "demo"), "init prepares it, run by the database's owner")
    done(t, load(p, acting(p, "dev"), kMoreUsers), "a developer loads again")
    done(t, load(p, acting(p, "dba"), kMoreUsers), "a member of tablegate_owner loads")


def tricks(t, p):
    """A statement that continues to write after it has sealed and swapped its table."""
    p.postgres.psql("""SELECT mirror_load.create_generation('user_info', 50, '[{"name": "a", "sql_type": "integer"}]')""", user="dev")
    denied(t, p, "dev", """INSERT INTO mirror.user_info__g50 SELECT i FROM generate_series(1, 3) i, LATERAL (SELECT CASE WHEN i = 2
        THEN mirror_load.seal_generation('user_info', 50, 1, '["a"]', '[]')::text END) AS s""", "being used by active queries")
    p.postgres.psql("SELECT mirror_load.drop_generation('user_info', 50)", user="dev")


def separate_mirror(t):
    p = t.project()
    p.postgres.psql("CREATE DATABASE warehouse", database="postgres")
    admin = acting(p, "postgres", "warehouse")
    done(t, admin("init", "--workspace", "demo"), "init with a mirror of its own")
    again = admin("init", "--workspace", "demo")
    t.is_((again.rc, again.stdout.strip()), (0, "unchanged"), "init again changes nothing")
    schemas = "SELECT string_agg(nspname::text, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname ~ '^(mirror|tablegate)'"
    t.is_(p.postgres.psql(schemas), "tablegate", "the catalog's database has no mirror")
    t.is_(p.postgres.psql(schemas, database="warehouse"), "mirror mirror_load", "the mirror's has no catalog")
    t.like(p.loader("init", "--workspace", "demo", "--mirror", p.postgres.dsn(database="postgres")).stderr, "shared by all users", "a shared database is refused")
    p.postgres.add_person("dev", "tablegate_developer")
    p.postgres.add_person("op", "tablegate_operator")
    dev = acting(p, "dev", "warehouse")
    done(t, dev("apply", "-f", p.definitions(users_definitions())), "a developer applies")
    done(t, load(p, dev, kUsersCsv), "a developer loads into it")
    done(t, load(p, dev, kMoreUsers), "a developer loads again")
    # Here it is not known whose a table is: the first that loads it, and whom an owner names.
    p.postgres.add_person("dev2", "tablegate_developer")
    for call in ("create_generation('user_info', 777, '[]')", "swap_generation('user_info', 1)", "drop_generation('user_info', 1)", "add_locks('user_info')",
                 "take_lock('load user_info', false)"):
        denied(t, p, "dev2", f"SELECT mirror_load.{call}", 'table "user_info" is loaded by dev, not by dev2', database="warehouse")
    denied(t, p, "dev2", "SELECT mirror_load.take_lock('init', false)", "only members of tablegate_owner", database="warehouse")
    p.postgres.psql("UPDATE mirror_load.loader SET role_name = 'dev2'; SELECT 1", database="warehouse")
    p.postgres.psql("SELECT mirror_load.add_locks('user_info')", user="dev2", database="warehouse")
    p.postgres.psql("UPDATE mirror_load.loader SET role_name = 'dev'", database="warehouse")
    t.is_(tables_of(p, "warehouse"), ["user_info", "user_info__g1"], "both generations stand there")
    done(t, dev("api", "test", kApi), "a developer tests")
    done(t, dev("api", "commit", kApi), "a developer commits")
    not_allowed(t, load(p, acting(p, "op", "warehouse"), kUsersCsv), "an operator loads")
    denied(t, p, "dev", "INSERT INTO mirror.user_info VALUES (1, 'Eve', 1)", database="warehouse")
    denied(t, p, "dev", "CREATE TABLE mirror.mine (a int)", database="warehouse")
    denied(t, p, "dev", "SELECT mirror_load.drop_table('user_info')", "only members of tablegate_owner", database="warehouse")
    reader(t, p, "warehouse")
    done(t, dev("delete", "api", kApi), "a developer deletes the API")
    not_allowed(t, dev("delete", "table", "user_info"), "a developer deletes a loaded table")
    done(t, admin("delete", "table", "user_info"), "an owner does")
    t.is_(tables_of(p, "warehouse"), [], "nothing of it is left")
    doctor = admin("doctor")
    t.like(doctor.stdout, "ok +reader's grants", "doctor finds the reader's grants right")


def test(t):
    p = t.project()
    p.init()
    again = p.init()
    t.is_(again.stdout.strip(), "unchanged", "init again changes nothing")
    for role, member_of in (("dev", "tablegate_developer"), ("op", "tablegate_operator"), ("node", "tablegate_node")):
        p.postgres.add_person(role, member_of)
    developer_works(t, p)
    developer_is_bounded(t, p)
    functions_are_bounded(t, p)
    operator(t, p)
    node(t, p)
    reader(t, p)
    generation_names(t, p)
    deleting(t, p)
    done(t, load(p, p.loader, kMoreUsers), "a superuser loads")
    tricks(t, p)
    upgrade(t, p)
    readers_settings(t, p)
    separate_mirror(t)


run_test(test)
