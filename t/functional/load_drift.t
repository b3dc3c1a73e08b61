#!/usr/bin/env python3
"""A source whose columns change: what it gained passes; what a published API reads and went, or is of another type, is refused naming the
API, whether the load finds it, the definition, or both; the generation before serves on."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test
from tg_mirror import kUserColumns, kUsers, project, rows

kApi = "Query User by User ID"
kPlain = {"kind": "Table", "name": "user_info", "data_source": "odps_demo", "primary_key": ["user_id"]}


def load(p, *options):
    return p.loader("table", "load", "user_info", "-o", "json", *options)


def refused(t, p, result, words, name):
    t.ok(result.rc == 1 and all(word in result.stderr for word in words), f"{name}: refused", result)
    t.is_(p.get("/v1/user/info?user_id=10001").json["data"], {"user_id": 10001, "user_name": "Alice"}, f"{name}: what served serves on")


def test(t):
    p, service = project(t)
    p.apply([kPlain])  # without a ddl: the columns of the source
    t.is_(p.loader.json("get", "table", "user_info")["ddl"], "CREATE TABLE `user_info` (`user_id` bigint, `user_name` string, `age` bigint)", "the ddl is the source's")
    t.is_(load(p).rc, 0, "a first load")
    p.publish(kApi)
    p.key = p.add_key()
    p.sync()
    p.gateway.set()
    p.gateway.start()

    service.table("user_info", kUserColumns + ",city:string", [(*row, "Bonn") for row in kUsers])
    t.is_(load(p).rc, 0, "the source gained a column: passes")
    t.ok("city" not in rows(p, "user_info")[0], "the mirror has those that were defined")
    p.apply([kPlain])
    t.is_(load(p).rc, 0, "applied again: passes")
    t.ok('"city":"Bonn"' in rows(p, "user_info")[0], "and now it has the new one")
    t.is_(p.get("/v1/user/info?user_id=10001").json["data"], {"user_id": 10001, "user_name": "Alice"}, "callers see no change")

    service.table("user_info", "user_id:bigint,user_name:string,city:string", [(number, name, "Bonn") for number, name, _ in kUsers])
    result = load(p)
    t.ok(result.rc == 1 and 'no column "age"' in result.stderr and kApi not in result.stderr, "a column went that no API reads: refused, because the Table has it", result)
    p.apply([kPlain])
    t.is_(load(p).rc, 0, "applied again: passes")

    for header, named in (("user_id,user_name", False), ("user_id,city", True), ("city", True)):
        result = p.loader("table", "load", "user_info", "--header", "--from", f"csv:{p.file('short.csv', header + chr(10))}")
        t.ok(result.rc == 1 and "the header does not name" in result.stderr and (f'published APIs read it: "{kApi}"' in result.stderr) == named,
             f"a CSV file of {header}: {'the API is named' if named else 'refused, no API reads what it lacks'}", result)
    service.table("user_info", "user_id:bigint,city:string", [(number, "Bonn") for number, _, _ in kUsers])
    refused(t, p, load(p), ('no column "user_name"', f'"{kApi}"', "apply"), "a column went that an API reads")
    service.table("user_info", "user_id:bigint,user_name:bigint,city:string", [(number, 1, "Bonn") for number, _, _ in kUsers])
    refused(t, p, load(p), ('"user_name" is bigint in the source', f'"{kApi}"'), "a column that an API reads is of another type in the source")
    t.is_(p.loader("apply", "-f", p.definitions([kPlain])).rc, 0, "(a definition may follow it: the draft still fits)")
    refused(t, p, load(p), ('column "user_name" is now int8', f'"{kApi}" reads it as text', "api versions"), "and in the definition")
    p.loader.must("api", "unpublish", kApi)
    t.is_(load(p).rc, 0, "once no published API reads it: passes")


run_test(test)
