#!/usr/bin/env python3
"""--merge: rows replace those of the same key, others stay, from every source; --dry-run: a whole load without its effect; --keep."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test
from tg_mirror import kUserColumns, project, rows, table


def csv(*lines):
    return "user_id,user_name,age\n" + "".join(f"{number},{name},{age}\n" for number, name, age in lines)


def load(p, text, *options):
    return p.loader("table", "load", "user_info", "-o", "json", "--from", "csv:-", *options, input=text)


def users(p):
    return [(row["user_id"], row["user_name"], row["age"]) for row in map(json.loads, rows(p, "user_info"))]


def mirror(p):
    """Everything that a load may change."""
    return p.postgres.psql("SELECT relname FROM pg_class WHERE relnamespace = 'mirror'::regnamespace ORDER BY 1;"
                           "SELECT * FROM tablegate.generation ORDER BY table_name, generation; SELECT * FROM tablegate.generation_partition ORDER BY 1, 2, 3;"
                           "SELECT * FROM mirror.tablegate_tables ORDER BY 1; SELECT count(*) FROM tablegate.audit")


def merging(t, p, service):
    result = load(p, csv((1, "A", 10), (2, "B", 20)), "--merge")
    t.is_((result.json, users(p)), ({"name": "user_info", "generation": 1, "rows": 2}, [(1, "A", 10), (2, "B", 20)]), "a first load: there is nothing to merge with")
    result = load(p, csv((2, "Bee", 21), (3, "C", 30)), "--merge")
    t.is_((result.json, users(p)), ({"name": "user_info", "generation": 2, "rows": 3, "carried": 1}, [(1, "A", 10), (2, "Bee", 21), (3, "C", 30)]),
          "csv: one replaced, one new, one stays")
    t.like(p.loader.must("table", "load", "user_info", "--merge", "--from", f"sql:{p.file('one.sql', 'INSERT INTO user_info VALUES (4, NULL, NULL);')}").stdout,
           r"generation 3, 4 rows \(1 new, 3 taken over\)", "sql: the same, for people")
    service.table("user_info", kUserColumns, [(1, "from MaxCompute", 11)])
    result = p.loader("table", "load", "user_info", "--merge", "-o", "json")
    t.is_((result.json, users(p)), ({"name": "user_info", "generation": 4, "rows": 4, "carried": 3},
                                    [(1, "from MaxCompute", 11), (2, "Bee", 21), (3, "C", 30), (4, None, None)]), "maxcompute: the same")
    result = load(p, csv(), "--merge")
    t.is_((result.json["carried"], users(p)[1]), (4, (2, "Bee", 21)), "nothing comes: all stays")
    p.loader.must("table", "rollback", "user_info")
    p.loader.must("table", "rollback", "user_info")
    before = mirror(p).split("\n")[0], users(p)
    for text, options, words in ((csv((5, "E", 1), (5, "F", 2)), (), ("primary_key (user_id) is not unique", "keeps serving")),
                                 (csv(("", "E", 1)), (), ("user_id", "NOT NULL")), (csv((1, "A", 1)), ("--min-rows", "5"), ("4 rows arrived",))):
        result = load(p, text, "--merge", *options)
        t.ok(result.rc == 1 and all(word in result.stderr for word in words), f"refused: {words[0]}", result)
    t.is_((mirror(p).split("\n")[0], users(p)), before, "and what served serves on")
    t.is_(load(p, csv(), "--merge", "--full").rc, 2, "--merge and --full exclude each other")
    p.apply([table("keyless", "CREATE TABLE keyless (a BIGINT)")])
    result = p.loader("table", "load", "keyless", "--merge", "--from", "csv:-", input="1\n")
    t.ok(result.rc == 1 and "no primary_key" in result.stderr, "a Table without a key", result)
    p.apply([table("pairs", "CREATE TABLE pairs (a STRING, `b\"c` DECIMAL(10,2), v BIGINT)", primary_key=["b\"c", "a"])])
    for text in ("x,1.00,1\ny,1.00,2\n", "x,1.0,3\nx,2,4\n"):
        p.loader.must("table", "load", "pairs", "--merge", "--from", "csv:-", input=text)
    t.is_([row["v"] for row in map(json.loads, rows(p, "pairs", "v"))], [2, 3, 4], "a key of two columns, compared as the types do")
    p.apply([table("pairs", "CREATE TABLE pairs (a STRING, `b\"c` DECIMAL(10,2), v BIGINT, w BIGINT)", primary_key=["b\"c", "a"])])
    result = p.loader("table", "load", "pairs", "--merge", "--from", "csv:-", input="x,1,1,1\n")
    t.ok(result.rc == 1 and "differ from the Table's" in result.stderr and "without that option" in result.stderr, "other columns now: all of it is wanted", result)


def trying(t, p, service):
    load(p, csv((1, "A", 10), (2, "B", 20)))
    before = mirror(p)
    number = p.loader.json("table", "status", "user_info")[0]["generation"]
    result = load(p, csv((3, "C", 30)), "--dry-run")
    t.is_(result.json, {"name": "user_info", "generation": number + 1, "rows": 1, "dry_run": True}, "--dry-run tells what would be loaded")
    result = load(p, csv((3, "C", 30)), "--dry-run", "--merge")
    t.is_(result.json, {"name": "user_info", "generation": number + 1, "rows": 3, "carried": 2, "dry_run": True}, "and with --merge")
    t.like(p.loader.must("table", "load", "user_info", "--dry-run", "--from", "csv:-", input=csv((3, "C", 30))).stdout, "the result would be generation .* nothing was changed", "for people")
    for text, options, words in ((csv((1, "A", "old")), (), ("line 2", "age")), (csv((1, "A", 1), (1, "B", 2)), (), ("not unique",)), (csv(), (), ("0 rows arrived",)),
                                 ("user_id,user_name\n1,A\n", ("--header",), ('does not name "age"',)), (csv((1, "A", 1)), ("--max-shrink", "10"), ("--max-shrink",))):
        result = load(p, text, "--dry-run", *options)
        t.ok(result.rc == 1 and all(word in result.stderr for word in words), f"--dry-run refuses what a load would: {words[0]}", result)
    service.table("user_info", "user_id:bigint,age:bigint", [(1, 1)])
    result = p.loader("table", "load", "user_info", "--dry-run")
    t.ok(result.rc == 1 and 'no column "user_name"' in result.stderr, "and a source that changed", result)
    t.is_(mirror(p), before, "nothing has changed: mirror, generations, partitions, audit")
    t.is_(load(p, csv((3, "C", 30))).json["generation"], number + 1, "no number was used up")
    service.table("days", "a:bigint", keys="ds:string", partitions={"ds=1": [(1,)], "ds=2": [(2,)]})
    p.apply([table("days", "CREATE TABLE days (a BIGINT) PARTITIONED BY (ds STRING)", partition="*")])
    days = lambda *options: p.loader.json("table", "load", "days", *options)
    t.is_(days("--dry-run"), {"name": "days", "generation": 1, "rows": 2, "dry_run": True}, "of a table that was never loaded")
    days()
    service.change_partition("days", "ds=2", [(2,), (3,)], 2)
    before = mirror(p)
    t.is_(days("--dry-run"), {"name": "days", "generation": 2, "rows": 3, "carried": 1, "dry_run": True}, "by partition")
    t.is_(mirror(p), before, "again nothing has changed")
    days()
    before = mirror(p)
    t.is_(days("--dry-run"), {"name": "days", "generation": 2, "rows": 3, "unchanged": True, "dry_run": True}, "unchanged")
    t.is_(mirror(p), before, "nor is it noted that somebody looked")


def keeping(t, p):
    p.apply([table("kept", "CREATE TABLE kept (a BIGINT)")])

    def put(value, *options):
        p.loader.must("table", "load", "kept", *options, "--from", "csv:-", input=f"{value}\n")

    def there():
        tables = p.postgres.psql("SELECT relname FROM pg_class WHERE relnamespace = 'mirror'::regnamespace AND relname LIKE 'kept%' ORDER BY relname").split()
        status = [(item["generation"], item["status"]) for item in p.loader.json("table", "status", "kept") if item["status"] in ("current", "previous")]
        return tables, sorted(status), rows(p, "kept")[0]
    for value in (1, 2, 3):
        put(value)
    t.is_(there(), (["kept", "kept__g2"], [(2, "previous"), (3, "current")], '{"a":3}'), "two are kept: what serves and what served before")
    for value in (4, 5):
        put(value, "--keep", "4")
    t.is_(there(), (["kept", "kept__g2", "kept__g3", "kept__g4"], [(2, "previous"), (3, "previous"), (4, "previous"), (5, "current")], '{"a":5}'), "--keep 4: so many")
    back = lambda *options: p.loader.json("table", "rollback", "kept", *options)["generation"]
    t.is_((back(), back()), (4, 5), "rollback takes the one that served last: twice is as it was")
    t.is_((back("--generation", "2"), there()[2], back()), (2, '{"a":2}', 5), "--generation: any of them")
    result = p.loader("table", "rollback", "kept", "--generation", "1")
    t.ok(result.rc == 1 and "generation 1" in result.stderr and "table status" in result.stderr, "one that is not kept", result)
    put(6)
    t.is_(there(), (["kept", "kept__g5"], [(5, "previous"), (6, "current")], '{"a":6}'), "a load without --keep prunes to two")
    for keep in ("1", "101", "x"):
        t.is_(p.loader("table", "load", "kept", "--keep", keep).rc, 2, f"--keep {keep}: exit 2")


def test(t):
    p, service = project(t)
    merging(t, p, service)
    trying(t, p, service)
    keeping(t, p)


run_test(test)
