#!/usr/bin/env python3
"""Columns whose names are no names of parameters: api generate proposes one with `column`, which apply and callers take."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions

kDdl = "CREATE TABLE odd (id BIGINT, `user name` STRING, `user_name` STRING, `\u540d\u79f0` STRING, `1st` STRING, `price (\u20ac)` DECIMAL(10,2))"
# column: what is proposed for it
kNames = {"id": "id", "user name": "user_name_2", "user_name": "user_name", "\u540d\u79f0": "column_4", "1st": "_1st", "price (\u20ac)": "price"}


def test(t):
    p = t.project()
    p.init()
    p.apply([*users_definitions()[:3], {"kind": "DataSource", "name": "files", "type": "csv", "path": p.folder},
             {"kind": "Table", "name": "odd", "data_source": "files", "ddl": kDdl, "primary_key": ["id"]}])
    with open(os.path.join(p.folder, "odd.csv"), "w", encoding="utf-8") as file:
        file.write("1,Alice,A,\u7231,first,2.50\n")
    p.loader.must("table", "load", "odd", "--from", f"csv:{p.folder}/odd.csv")
    generate = ("api", "generate", "Odd Columns", "--business-process", "User Query Service", "--table", "odd", "--path", "/odd/{_1st}")
    result = p.loader(*generate, *[word for column in kNames for word in ("--by", column)])
    t.is_(result.rc, 0, "api generate over all of them") or t.diag(result.stderr)
    definition = json.loads(result.stdout)
    t.is_({one["column"]: one["name"] for one in definition["request_parameters"]}, kNames, "its parameters have names")
    t.is_([one["in"] for one in definition["request_parameters"] if one["name"] == "_1st"], ["path"], "a path names what is proposed")
    t.is_([one["name"] for one in definition["response_parameters"]], list(kNames), "fields of the answer keep the columns' names")
    t.is_(p.loader("apply", "-f", "-", input=result.stdout).rc, 0, "apply takes it")
    tested = p.loader.json("api", "test", "Odd Columns")
    t.is_((tested["passed"], tested["status"]), (True, 200), "api test passes") or t.diag(tested)
    t.ok("\u7231" in json.dumps(tested["response"], ensure_ascii=False), "and finds the row", tested)


run_test(test)
