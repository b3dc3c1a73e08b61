#!/usr/bin/env python3
"""init and doctor reject a database whose encoding is not UTF8, as catalog and as mirror."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test


def test(t):
    p = t.project()
    for name, encoding in (("latin", "LATIN1"), ("ascii", "SQL_ASCII")):
        # The test's cluster has no template0, from which such a database is made.
        p.postgres.psql(f"CREATE DATABASE {name}", database="postgres")
        p.postgres.psql(f"UPDATE pg_database SET encoding = pg_char_to_encoding('{encoding}') WHERE datname = '{name}'", database="postgres")
        dsn = p.postgres.dsn(database=name)
        result = p.loader("init", "--workspace", "demo", env={"TABLEGATE_CATALOG": dsn})
        t.ok(result.rc == 1 and f'database "{name}" has the encoding {encoding}' in result.stderr and "try: createdb" in result.stderr, f"{encoding}: init", result)
        t.is_(p.postgres.psql("SELECT count(*) FROM pg_namespace WHERE nspname IN ('tablegate', 'mirror')", database=name), "0", f"{encoding}: nothing was made")
        found = p.loader("doctor", "-o", "json", env={"TABLEGATE_CATALOG": dsn})
        checks = {item["check"]: (item["ok"], item["detail"]) for item in found.json}
        t.is_(checks["catalog's encoding"], (False, f"{encoding}, and UTF8 is required"), f"{encoding}: doctor")
        result = p.loader("--mirror", dsn, "init", "--workspace", "demo")
        t.ok(result.rc == 1 and f'"{name}" has the encoding {encoding}' in result.stderr, f"{encoding}: as the mirror", result)
    p.init()
    checks = {item["check"]: item["ok"] for item in p.loader("--mirror", p.postgres.dsn(database="latin"), "doctor", "-o", "json").json}
    t.is_((checks["catalog's encoding"], checks["mirror's encoding"]), (True, False), "a mirror of another encoding: doctor")
    t.is_({item["check"]: item["ok"] for item in p.loader("doctor", "-o", "json").json}["catalog's encoding"], True, "UTF8 is accepted")


run_test(test)
