#!/usr/bin/env python3
"""functions.sql of schema/catalog and schema/mirror states each function once; init brings those of an older catalog up to date."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kCheckout, kUsersCsv, run_test, users_definitions

kFolders = {"tablegate": "catalog", "mirror_load": "mirror"}
# Everything that init made, as one text a line: functions, who may call them, triggers, columns of tables.
kState = """
SELECT pg_get_functiondef(oid) || coalesce(proacl::text, '') FROM pg_proc WHERE pronamespace::regnamespace::text IN ('tablegate', 'mirror_load')
UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT tgisinternal AND c.relnamespace::regnamespace::text IN ('tablegate', 'mirror')
UNION ALL SELECT attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod) || coalesce(attacl::text, '') FROM pg_attribute
 WHERE attnum > 0 AND NOT attisdropped AND attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('tablegate', 'mirror', 'mirror_load'))
ORDER BY 1
"""


def text_of(*path):
    with open(os.path.join(kCheckout, "schema", *path), encoding="utf-8") as file:
        return file.read()


def bodies(text):
    """(schema.name, body) of all functions that the file creates, sorted."""
    found = re.findall(r"^CREATE OR REPLACE FUNCTION (\w+\.\w+)\(.*?\$\$(.*?)\$\$;", text, re.DOTALL | re.MULTILINE)
    return sorted((name, body.strip()) for name, body in found)


def stated_once(t, p):
    for schema, folder in kFolders.items():
        stated = bodies(text_of(folder, "functions.sql"))
        rows = p.postgres.psql(f"SELECT string_agg(oid::regproc || chr(1) || prosrc, chr(2) ORDER BY oid::regproc::text COLLATE \"C\") FROM pg_proc"
                               f" WHERE pronamespace = '{schema}'::regnamespace")
        present = sorted((name, body.strip()) for name, body in (one.split("\1") for one in rows.split("\2")))
        t.ok(len(stated) > 5 and stated == present, f"{schema}: its functions are those of schema/{folder}/functions.sql",
             [pair for pair in stated + present if (pair in stated) != (pair in present)])
        for path in sorted(glob.glob(os.path.join(kCheckout, "schema", folder, "[0-9]*.sql"))):
            t.unlike(text_of(path), r"(?i)create\s+(or\s+replace\s+)?(function|procedure|(constraint\s+)?trigger)", f"{os.path.basename(path)} creates none")


def names_are_fixed(t, p):
    """No function of ours finds an operator, a function or a table of the caller's: search_path is set by the function itself."""
    loose = p.postgres.psql("SELECT oid::regprocedure FROM pg_proc WHERE pronamespace::regnamespace::text IN ('tablegate', 'mirror', 'mirror_load')"
                            " AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)")
    t.is_(loose, "", "every function has search_path pg_catalog, pg_temp")
    t.is_(p.postgres.psql("SELECT tgname FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
                          " AND c.relnamespace::regnamespace::text IN ('tablegate', 'mirror', 'mirror_load')"
                          " AND f.pronamespace::regnamespace::text NOT IN ('tablegate', 'mirror_load')"), "", "every trigger calls one of them")


def own_operators(t, p):
    """An operator of the catalog with an operator of PostgreSQL of his own: everything is equal to everything."""
    p.apply(users_definitions())
    p.load("user_info", kUsersCsv)
    kApi = "Query User by User ID"
    p.publish(kApi)
    p.loader.must("workspace", "set", "demo", "--approval", "on")
    p.apply(users_definitions(description="two"))
    p.loader.must("api", "test", kApi)
    p.loader.must("api", "commit", kApi)
    p.postgres.add_person("olga", "tablegate_operator")
    p.postgres.psql("CREATE SCHEMA equal AUTHORIZATION olga")
    p.postgres.psql("CREATE FUNCTION equal.same(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
                    "CREATE OPERATOR equal.= (LEFTARG = text, RIGHTARG = text, FUNCTION = equal.same)", user="olga")
    for column in ("version = 2", "canary_version = 2, canary_weight = 99"):
        said = p.postgres.psql(f"SET search_path = equal, pg_catalog; UPDATE tablegate.published_api SET {column} RETURNING 'published'", user="olga", check=False)
        t.is_(said, "", f"a version that waits for approval is not published with an operator of one's own: {column}")
    p.loader.must("workspace", "set", "demo", "--approval", "off")


def changed_by_hand(t, p):
    fresh = p.postgres.psql(kState)
    t.is_(p.init().stdout, "unchanged\n", "init again: unchanged")
    p.postgres.psql("CREATE OR REPLACE FUNCTION tablegate.note_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
                    "CREATE OR REPLACE FUNCTION mirror_load.claim(p_table text, p_generation bigint) RETURNS text LANGUAGE sql AS 'SELECT p_table';"
                    "SET ROLE tablegate_owner; CREATE FUNCTION mirror_load.swap_generation(text, bigint) RETURNS void LANGUAGE sql AS 'SELECT';"
                    "DROP TRIGGER audit ON tablegate.consumer; DROP TRIGGER note_change ON tablegate.api; DROP FUNCTION tablegate.reject_version;"
                    "GRANT EXECUTE ON FUNCTION tablegate.changed(text) TO PUBLIC; REVOKE ALL ON FUNCTION tablegate.report_node FROM tablegate_node")
    t.isnt(p.postgres.psql(kState), fresh, "functions, triggers and grants of an older loader")
    t.is_(p.loader.json("init", "--workspace", "demo")["changed"], True, "init says that it changed something")
    t.is_(p.postgres.psql(kState), fresh, "as in a new catalog")


def older_version(t, p):
    """The catalog as version 4 left it, the mirror as version 1: with no table, column, function or trigger of what came later."""
    fresh = p.postgres.psql(kState)
    p.postgres.psql("DROP TABLE tablegate.node, tablegate.catalog_revision, tablegate.usage_seen, tablegate.usage_zone, tablegate.usage,"
                    " tablegate.api_deprecation, tablegate.generation_partition, mirror.tablegate_tables, mirror.tablegate_change, tablegate.lock, tablegate.table_watch, mirror_load.lock;"
                    "ALTER TABLE tablegate.published_api DROP canary_version CASCADE, DROP canary_weight, DROP route;"
                    "SET search_path = tablegate; DROP INDEX business_process_of_rest_api, mirror_table_of_data_source, api_of_workspace,"
                    " api_of_business_process, api_of_table, published_api_of_version, publication_of_api, rest_api_domain_of_rest_api,"
                    " rest_api_domain_of_domain, api_key_of_consumer, hmac_key_of_consumer, authorization_of_api, authorization_of_rest_api;"
                    "ALTER TABLE tablegate.publication DROP canary_version, DROP canary_weight, DROP service;"
                    "ALTER TABLE tablegate.generation DROP source_time, DROP checked_at, DROP served_until, DROP origin, DROP keys;"
                    "DROP FUNCTION tablegate.note_change, tablegate.only_publishable_canary, tablegate.domain_is_kept, tablegate.rest_api_is_kept,"
                    " tablegate.api_is_kept, tablegate.table_is_kept, tablegate.gateway_is_kept CASCADE;"
                    "DROP FUNCTION tablegate.changed, tablegate.report_node, tablegate.record_usage, mirror_load.carrying, mirror_load.carry_over,"
                    " mirror_load.carry_over_other_keys, mirror_load.rows_of, mirror_load.build_index, mirror_load.serving_relation, mirror_load.swap_generation, mirror_load.note_change;"
                    "DROP TABLE tablegate.gateway_key; DROP TABLE tablegate.api_version_read; DROP FUNCTION tablegate.api_version_read_is_kept;"
                    "ALTER TABLE tablegate.api_version DROP method, DROP path, DROP resource_group, DROP gateway_keys, DROP allow_scan, DROP plan; ALTER TABLE tablegate.gateway_instance DROP services;"
                    "ALTER TABLE tablegate.api DROP table_names, DROP script_tables, ADD CONSTRAINT api_check CHECK (deleted_at IS NOT NULL OR (business_process_id IS NOT NULL AND table_name IS NOT NULL)); ALTER TABLE tablegate.api_test DROP described;"
                    "ALTER TABLE tablegate.mirror_table DROP refresh_schedule, DROP refresh_time_zone;"
                    "ALTER TABLE tablegate.jwt_setting ADD source json, DROP source_in, DROP source_name, DROP source_prefix;"
                    "DROP FUNCTION tablegate.within_workspace, tablegate.uses_own_or_shared, tablegate.shared_by_operator, tablegate.other_users, tablegate.acts_in CASCADE;"
                    + "".join(f"DROP TRIGGER stays_in_its_workspace ON tablegate.{table}; ALTER TABLE tablegate.{table} DROP shared;"
                              for table in ("domain", "gateway_instance", "rest_api", "mirror_table", "data_source"))
                    + "".join(f"ALTER TABLE tablegate.{table} DROP workspace_id;" for table in ("domain", "gateway_instance", "rest_api", "mirror_table"))
                    + "ALTER TABLE tablegate.workspace DROP members; REVOKE DELETE ON tablegate.workspace FROM tablegate_operator;"
                    "GRANT UPDATE ON tablegate.generation, tablegate.api_test TO tablegate_developer;"
                    "GRANT UPDATE ON tablegate.published_api, tablegate.rest_api_domain, tablegate.consumer, tablegate.api_key, tablegate.authorization,"
                    " tablegate.hmac_key, tablegate.jwt_setting TO tablegate_operator;"
                    "DELETE FROM tablegate.migration WHERE version > 4; DELETE FROM mirror_load.migration WHERE version > 1")
    ran = p.loader.json("init", "--workspace", "demo")["migrations"]
    t.ok("005_nodes.sql" in ran and "002_tables.sql" in ran and "004_life_cycle.sql" not in ran, "init runs the migrations that are missing", ran)
    t.is_(p.postgres.psql(kState).splitlines(), fresh.splitlines(), "as a new catalog")
    t.is_(p.init().stdout, "unchanged\n", "and again: unchanged")


def test(t):
    p = t.project()
    p.init()
    stated_once(t, p)
    names_are_fixed(t, p)
    changed_by_hand(t, p)
    older_version(t, p)
    own_operators(t, p)


run_test(test)
