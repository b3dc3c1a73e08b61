#!/usr/bin/env python3
"""What a version of an API reads is stored with it: for versions of an older catalog by `init`, for any number of tables, and for good."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions
from tg_settings import kCheckout

kApi = "Query User by User ID"
kId = {"name": "user_id", "column": "user_id", "type": "LONG", "sample": 10001}
kAge = {"name": "older", "column": "age", "type": "LONG", "required": False, "sample": 25}
kUsers = "user_id,user_name,age\n10001,Alice,25\n"
kReads = "SELECT version, table_name, column_name, column_type FROM tablegate.api_version_read ORDER BY 1, 2, 3"
kOthers = ("SELECT version, method, path, resource_group FROM tablegate.api_version ORDER BY 1",
           "SELECT name, refresh_schedule, refresh_time_zone FROM tablegate.mirror_table ORDER BY 1")
# The migrations of the catalog before api_version_read, and of the mirror then.
kBefore = {"catalog": ("tablegate", 8), "mirror": ("mirror_load", 3)}


def tables():
    """Two more tables: one on a schedule of its own zone, one in the table's."""
    table = {"kind": "Table", "data_source": "odps_demo", "ddl": "CREATE TABLE other (code BIGINT, label STRING)", "primary_key": ["code"]}
    return [{**table, "name": "other", "refresh": "15m"},
            {**table, "name": "third", "time_zone": "Asia/Shanghai", "refresh": {"schedule": "0 3 * * *", "time_zone": "Europe/Berlin"}}]


def version(p, **change):
    p.apply([users_definitions(**change)[-1]])
    for verb in ("test", "commit"):
        p.loader.must("api", verb, kApi, *(("--breaking",) if verb == "commit" else ()))


def files(folder, newest):
    names = sorted(name for name in os.listdir(os.path.join(kCheckout, "schema", folder)) if name.endswith(".sql"))
    for name in names[:newest]:
        with open(os.path.join(kCheckout, "schema", folder, name), encoding="utf-8") as file:
            yield int(name[:3]), name, file.read()


def older_catalog(p, database):
    """A catalog of before in another database, with the rows of this one."""
    p.postgres.psql(f"CREATE DATABASE {database}", database="postgres")
    for folder, (schema, newest) in kBefore.items():
        p.postgres.psql(f"CREATE SCHEMA {schema} AUTHORIZATION tablegate_owner", database=database)
        if folder == "mirror":
            p.postgres.psql("CREATE SCHEMA mirror AUTHORIZATION tablegate_owner", database=database)
        p.postgres.psql(f"SET ROLE tablegate_owner; CREATE TABLE {schema}.migration (version integer PRIMARY KEY, name text NOT NULL,"
                        " applied_at timestamptz NOT NULL DEFAULT clock_timestamp())", database=database)
        for number, name, text in files(folder, newest):
            p.postgres.psql(f"SET ROLE tablegate_owner;\n{text};\nINSERT INTO {schema}.migration VALUES ({number}, '{name}')", database=database)
        with open(os.path.join(kCheckout, "schema", folder, "functions.sql"), encoding="utf-8") as file:
            # Without the triggers of tables that are not there yet.
            functions = re.sub(r"\('api_version_read', '.*?\)'\),\n", "", file.read(), flags=re.DOTALL)
            functions = functions.replace("('gateway_key', 'audit_other()'), ", "").replace(", 'gateway_key']", "]")
        p.postgres.psql(f"SET ROLE tablegate_owner;\nSET check_function_bodies = off;\n{functions}", database=database)
    columns = p.postgres.psql("SELECT table_name || ' ' || string_agg(column_name, ', ' ORDER BY ordinal_position) FROM information_schema.columns"
                              " JOIN information_schema.tables t USING (table_schema, table_name) WHERE table_schema = 'tablegate'"
                              " AND t.table_type = 'BASE TABLE' AND is_generated = 'NEVER'"
                              " AND table_name NOT IN ('migration', 'catalog_revision', 'audit', 'jwt_setting') GROUP BY table_name", database=database)
    for line in columns.splitlines():
        table, names = line.split(" ", 1)
        rows = p.postgres.psql(f'COPY (SELECT {names} FROM tablegate."{table}") TO STDOUT')
        if rows:
            p.postgres.psql(f'SET session_replication_role = replica;\nCOPY tablegate."{table}" ({names}) FROM STDIN;\n{rows}\n\\.\n', database=database)
    p.postgres.psql("INSERT INTO tablegate.jwt_setting (consumer_id, source, keys, sealed_keys) SELECT consumer_id, '{\"in\":\"cookie\",\"name\":\"token\"}',"
                    " '[]', '[]' FROM tablegate.consumer WHERE name = 'demo'", database=database)


def upgraded(t, p):
    wanted = [p.postgres.psql(sql) for sql in (kReads, *kOthers)]
    older_catalog(p, "older")
    audited = p.postgres.psql("SELECT count(*) FROM tablegate.audit WHERE kind <> 'Setting'", database="older")
    done = p.loader("init", "--workspace", "demo", env={"TABLEGATE_CATALOG": p.postgres.dsn(database="older")})
    t.ok(done.rc == 0 and "migration 009_reads.sql" in done.stdout and "migration 008" not in done.stdout, "init upgrades an older catalog", done)
    for sql, rows in zip((kReads, *kOthers), wanted):
        t.is_(p.postgres.psql(sql, database="older"), rows, f"as compile has it: {sql[:60]}")
    t.is_(p.postgres.psql("SELECT source_in, source_name, source_prefix FROM tablegate.jwt_setting", database="older"), "cookie|token|", "where a token is")
    t.is_(p.postgres.psql("SELECT count(*) FROM tablegate.audit WHERE kind <> 'Setting'", database="older"), audited, "no one did anything to the versions")
    denied = p.postgres.psql("SELECT has_table_privilege('tablegate_reader', 'tablegate.api_version_read', 'SELECT'),"
                             " has_table_privilege('tablegate_developer', 'tablegate.api_version_read', 'UPDATE, DELETE')", database="older")
    t.is_(denied, "f|f", "gateways do not see it, nobody changes it")
    changes = p.loader("api", "diff", kApi, "1", "2", "-o", "json", env={"TABLEGATE_CATALOG": p.postgres.dsn(database="older")})
    t.is_(changes.rc, 0, "versions of before are read")


def several_tables(t, p):
    """A version that reads two tables: none can be made by hand-written definitions yet, so it is put in by hand."""
    p.load("other", "code,label\n1,one\n")
    p.postgres.psql("BEGIN; INSERT INTO tablegate.api_version (api_id, version, status, definition, source, draft_digest)"
                    " SELECT api_id, 3, status, definition, source, '\\x00' FROM tablegate.api_version WHERE version = 2;"
                    "INSERT INTO tablegate.api_version_read SELECT api_id, 3, table_name, column_name, column_type FROM tablegate.api_version_read"
                    " WHERE version = 2 UNION ALL SELECT api_id, 3, 'other', 'code', 'int8' FROM tablegate.api; COMMIT")
    p.loader.must("api", "publish", kApi, "--version", "3")
    result = p.loader("delete", "table", "other")
    t.ok(result.rc == 1 and f'is read by the published version of API "{kApi}"' in result.stderr, "the second table is not deleted", result)
    other = tables()[0]
    p.apply([{**other, "ddl": "CREATE TABLE other (label STRING)", "primary_key": ["label"]}])
    result = p.loader("table", "load", "other", "--from", f"csv:{p.file('other.csv', 'label{}one{}'.format(chr(10), chr(10)))}", "--header")
    t.ok(result.rc == 1 and 'no longer has column "code"' in result.stderr and kApi in result.stderr, "nor loaded without the column", result)
    p.loader.must("api", "publish", kApi, "--version", "2", "--breaking")
    p.load("other", "label\none\n")
    result = p.loader("api", "publish", kApi, "--version", "3", "--breaking")
    t.ok(result.rc == 1 and 'Table "other" has no column "code"' in result.stderr, "a version is not published whose second table cannot answer", result)
    p.loader.must("delete", "table", "other")
    result = p.loader("api", "publish", kApi, "--version", "3", "--breaking")
    t.ok(result.rc == 1 and 'reads Table "other", which was deleted' in result.stderr, "or is gone", result)


def kept(t, p):
    for sql in ("INSERT INTO tablegate.api_version_read SELECT api_id, 1, 'third', 'code', 'int8' FROM tablegate.api",
                "UPDATE tablegate.api_version_read SET column_type = 'text'", "DELETE FROM tablegate.api_version_read",
                "TRUNCATE tablegate.api_version_read", "UPDATE tablegate.api_version SET definition = '{\"path\": \"/other\"}'"):
        said = p.postgres.psql("CREATE TEMP TABLE said (text text); DO $$ BEGIN "
                               f"{sql}; INSERT INTO said VALUES ('done'); EXCEPTION WHEN integrity_constraint_violation THEN INSERT INTO said VALUES (SQLERRM);"
                               " END $$; SELECT text FROM said")
        t.is_(said, "a committed version never changes", f"refused: {sql[:60]}")
    said = p.postgres.psql("CREATE TEMP TABLE said (text text); DO $$ BEGIN UPDATE tablegate.api_version SET path = '/other';"
                           " EXCEPTION WHEN others THEN INSERT INTO said VALUES (SQLERRM); END $$; SELECT text FROM said")
    t.is_(said, 'column "path" can only be updated to DEFAULT', "a column of the definition is the definition's")


def test(t):
    p = t.project()
    p.init()
    p.apply([*users_definitions(), *tables()])
    p.load("user_info", kUsers)
    version(p)
    version(p, method="POST", resource_group="default", request_parameters=[{**kId, "in": "query"}, {**kAge, "in": "body"}],
            response_parameters=[{"name": "id", "column": "user_id"}])
    t.is_(p.postgres.psql(kReads), "1|user_info|user_id|int8\n1|user_info|user_name|text\n2|user_info|age|int8\n2|user_info|user_id|int8", "what two versions read")
    p.loader.must("api", "publish", kApi, "--version", "1", "--no-domain")
    upgraded(t, p)
    p.loader.must("api", "publish", kApi, "--version", "2", "--breaking")
    several_tables(t, p)
    kept(t, p)


run_test(test)
