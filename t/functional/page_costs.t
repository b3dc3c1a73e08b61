#!/usr/bin/env python3
"""Page 10,001 by cursor reads the rows that page 1 reads, with plans of any kind; a known total is not counted again."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions
from tg_explain import Explain

kRows = 135233
kPage = 10
kAsked = 8  # PostgreSQL considers a generic plan from the sixth time on


def csv():
    return "user_id,user_name,age\n" + "".join(f"{i * 7919 % kRows},U{i},{'' if i % 100 == 0 else i * 31 % 500}\n" for i in range(kRows))


def api(name, order):
    return {"kind": "Api", "name": f"Users by {name}", "business_process": "User Query Service", "path": f"/by/{name}", "table": "user_info", "authentication": [],
            "request_parameters": [], "response_parameters": [{"name": "user_id"}, {"name": "age"}], "order_by": order, "pagination": {"default_size": kPage}}


def test(t):
    p = t.project()
    table = {**users_definitions()[4], "indexes": [["age", "user_id"]]}
    orders = {"key": [{"column": "user_id"}], "age": [{"column": "age"}], "last": [{"column": "age", "direction": "desc"}]}
    p.serve(users_definitions()[:4] + [table, *[api(name, order) for name, order in orders.items()]], {"user_info": csv()})
    p.gateway.stop()
    explain = Explain(p)
    p.gateway.start()

    def read(path, query):
        with explain.statements() as found:
            answer = p.get(f"{path}?{query}", key="")
        visited = [one.visited.get("user_info", 0) for one in found if "LEFT JOIN" in one.text]
        return answer.json["data"], visited

    for name in orders:
        path = f"/v1/by/{name}"
        deep, _ = read(path, f"pageNum=10000&pageSize={kPage}")
        cursor = deep["nextCursor"]
        for _ in range(kAsked):
            first, of_first = read(path, "returnTotalNum=false")
        for _ in range(kAsked):
            after, of_after = read(path, f"returnTotalNum=false&cursor={cursor}")
        t.is_((len(first["rows"]), len(after["rows"])), (kPage, kPage), f"by {name}: whole pages")
        t.ok(len(of_first) == len(of_after) == 1 and 0 < of_after[0] <= 1.2 * of_first[0], f"by {name}: page 10,001 reads what page 1 reads",
             f"page 1: {of_first} rows, page 10,001: {of_after} rows")
    path = "/v1/by/key"
    (data, first), (again, second) = read(path, "pageSize=11"), read(path, "pageSize=12&pageNum=3")
    t.is_((data["totalNum"], again["totalNum"]), (kRows, kRows), "both have the total")
    t.ok(second and second[0] <= 50, "which is counted once, whatever page is asked for", first, second)


run_test(test)
