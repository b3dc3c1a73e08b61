#!/usr/bin/env python3
"""loader/script/functions.txt, the functions that scripts may call, is what make_functions.sh makes of PostgreSQL 15's catalog."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kCheckout, run, run_test

kFolder = os.path.join(kCheckout, "loader", "script")
# Of each group that make_functions.sh leaves out, and what only machinery calls.
kNever = """
pg_sleep pg_read_file pg_ls_dir pg_stat_file current_setting set_config version current_database current_schema pg_backend_pid txid_current
pg_current_xact_id pg_advisory_lock pg_try_advisory_lock lo_get lo_import lo_export query_to_xml table_to_xml cursor_to_xml database_to_xml
ts_stat ts_rewrite has_table_privilege pg_has_role inet_client_addr inet_server_addr nextval currval lastval random setseed clock_timestamp
timeofday gen_random_uuid pg_terminate_backend pg_reload_conf to_regclass format_type pg_get_viewdef col_description obj_description
pg_typeof pg_relation_size pg_column_size xmlparse xpath pg_notify json_populate_record json_to_record pg_export_snapshot pg_show_all_settings
int4in textout int4pl array_in array_agg_transfn
""".split()
kAlways = """
abs age array_agg array_cat array_length array_to_string avg btrim cardinality ceil char_length coalesce concat concat_ws count date_part date_trunc
decode dense_rank encode extract first_value floor format generate_series greatest json_agg json_build_object jsonb_array_elements jsonb_each
jsonb_object_agg lag lead left length lower lpad ltrim make_interval max md5 min mod now ntile overlaps overlay percentile_cont position power
rank regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_substr repeat replace reverse right round row_number
rpad rtrim sha256 split_part starts_with string_agg string_to_array strpos substr substring sum timezone to_char to_date to_json to_number
to_timestamp to_tsquery to_tsvector translate trunc unnest upper width_bucket
""".split()


def test(t):
    p = t.project()
    with open(os.path.join(kFolder, "functions.txt"), encoding="utf-8") as file:
        stored = file.read()
    version = p.postgres.psql("SHOW server_version_num")
    if version.startswith("15"):
        made = run([os.path.join(kFolder, "make_functions.sh")],
                   env={**os.environ, "PGHOST": p.postgres.socket, "PGPORT": "5432", "PGUSER": "postgres", "PGDATABASE": "tablegate"})
        t.is_(made.stderr, "", "make_functions.sh reports nothing")
        t.is_(made.stdout.splitlines(), stored.splitlines(), "functions.txt is what make_functions.sh makes")
    else:
        t.ok(True, f"functions.txt is of PostgreSQL 15, not of {version}")
    allowed = {line.split()[0] for line in stored.splitlines() if not line.endswith(" -")}
    t.is_([name for name in kNever if name in allowed], [], "none that reads the server, or changes something")
    t.is_([name for name in kAlways if name not in allowed and name not in ("coalesce", "greatest")], [], "those of daily use")
    t.is_(p.postgres.psql("SELECT string_agg(oprcode::text, ' ') FROM pg_operator o JOIN pg_proc f ON f.oid = oprcode WHERE provolatile = 'v'"),
          "", "no operator of PostgreSQL calls a volatile function: operators need no list")


run_test(test)
