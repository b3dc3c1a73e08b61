#!/usr/bin/env python3
"""A load with too few rows does not replace a good one: --min-rows, --max-shrink, and never an empty table by accident."""
import hashlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions


def limits_of_postgres(t, p):
    """SQLSTATE class 54: what PostgreSQL cannot keep is the data's fault, not the database's."""
    p.apply([{"kind": "DataSource", "name": "long_files", "type": "csv"},
             {"kind": "Table", "name": "keyed", "data_source": "long_files", "primary_key": ["id", "code"], "ddl": "CREATE TABLE keyed (id BIGINT, code STRING)"},
             {"kind": "Table", "name": "indexed", "data_source": "long_files", "indexes": [["id"], ["code"]], "ddl": "CREATE TABLE indexed (id BIGINT, code STRING)"},
             {"kind": "Table", "name": "wide", "data_source": "long_files", "ddl": "CREATE TABLE wide (" + ", ".join(f"c{n} STRING" for n in range(1100)) + ")"}])
    random = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(100))
    for table, words in (("keyed", ("primary_key (id, code)",)), ("indexed", ("index (code)",))):
        result = p.loader("table", "load", table, "--from", f"csv:{p.file('long.csv', f'1,{random}')}")
        t.ok(result.rc == 1 and all(word in result.stderr for word in words) and "longer than an index can hold" in result.stderr and "try:" in result.stderr,
             f"{table}: a value that no index can hold: exit 1, with the column", result)
    result = p.loader("table", "load", "wide", "--from", f"csv:{p.file('wide.csv', ','.join('x' * 30 for _ in range(1100)))}")
    t.ok(result.rc == 1 and "row is too big" in result.stderr and "a row of these 1100 columns" in result.stderr and "try: tablegate table columns wide" in result.stderr, "1,100 columns: exit 1", result)


def test(t):
    p = t.project()
    p.init()
    p.apply(users_definitions())

    def load(rows, *options):
        text = "user_id,user_name,age\n" + "".join(f"{number},User {number},30\n" for number in range(rows))
        return p.loader("table", "load", "user_info", "--header", "--from", f"csv:{p.file('users.csv', text)}", "-o", "json", *options)

    def serving():
        return int(p.postgres.psql("SELECT count(*) FROM mirror.user_info"))

    def loaded(result, rows, name):
        t.ok(result.rc == 0 and result.json["rows"] == rows == serving(), f"{name}: loaded", result)

    def refused(result, rows, words, name):
        t.ok(result.rc == 1 and all(word in result.stderr for word in words) and "keeps serving" in result.stderr, f"{name}: refused, with both numbers", result)
        t.is_(serving(), rows, f"{name}: the generation before serves on")

    result = load(3, "--min-rows", "4")
    t.ok(result.rc == 1 and "3 rows arrived, at least 4" in result.stderr, "--min-rows counts for the first load", result)
    loaded(load(0), 0, "a first load may be empty")
    loaded(load(100, "--min-rows", "100"), 100, "--min-rows, exactly so many")
    refused(load(99, "--min-rows", "100"), 100, ("99 rows arrived", "at least 100"), "--min-rows, one too few")
    refused(load(0), 100, ("0 rows arrived", "at least 1", "--min-rows 0"), "nothing where there were rows")

    loaded(load(90, "--max-shrink", "10"), 90, "--max-shrink, exactly that much")
    refused(load(80, "--max-shrink", "10"), 90, ("80 rows arrived where 90 were", "--max-shrink 10"), "--max-shrink, more than that")
    refused(load(89, "--max-shrink", "0"), 90, ("89 rows arrived where 90 were",), "--max-shrink 0: none may be missing")
    loaded(load(90, "--max-shrink", "0"), 90, "--max-shrink 0, as many as before")
    loaded(load(200, "--max-shrink", "1"), 200, "--max-shrink, more than before")
    refused(load(198, "--max-shrink", "0.5"), 200, ("198 rows arrived where 200 were", "0.5"), "--max-shrink takes fractions")
    loaded(load(199, "--max-shrink", "0.5"), 199, "--max-shrink 0.5, within")
    refused(load(150, "--max-shrink", "50", "--min-rows", "180"), 199, ("150 rows arrived", "at least 180"), "both: the number of rows")
    refused(load(180, "--max-shrink", "5", "--min-rows", "180"), 199, ("180 rows arrived where 199 were",), "both: the share")
    loaded(load(0, "--min-rows", "0", "--max-shrink", "100"), 0, "meant to be empty: both allow it")
    for options in (("--min-rows", "-1"), ("--min-rows", "many"), ("--max-shrink", "101"), ("--max-shrink", "-1"), ("--max-shrink", "x")):
        result = load(5, *options)
        t.ok(result.rc == 2 and options[0] in result.stderr, f"{' '.join(options)}: exit 2", result)
    status = p.loader.json("table", "status", "user_info")
    t.is_([(item["status"], item["rows"]) for item in status if item["status"] in ("current", "previous")], [("current", 0), ("previous", 199)],
          "what serves and what served before are the last two that were loaded")
    t.is_({item["rows"] for item in status if item["status"] not in ("current", "previous", "pruned")}, {None}, "a refused load holds no rows")
    limits_of_postgres(t, p)


run_test(test)
