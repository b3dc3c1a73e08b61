#!/usr/bin/env python3
"""order_by of a list and of an object: directions, several columns, NULLs where PostgreSQL has them."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions

kCsv = "user_id,user_name,age\n" + "".join(f"{i},{'ABC'[i % 3]},{'' if i % 4 == 0 else i % 5}\n" for i in range(1, 31))
kOrders = ([("age", "asc")], [("age", "desc")], [("user_name", "desc"), ("age", "asc")], [("age", "desc"), ("user_name", "asc"), ("user_id", "desc")])


def api(number, order, **fields):
    return {"kind": "Api", "name": f"Sorted Users {number}", "business_process": "User Query Service", "path": f"/sorted/{number}", "table": "user_info",
            "authentication": [], "request_parameters": [{"name": "user_id", "type": "LONG", "required": False}],
            "response_parameters": [{"name": "user_id"}, {"name": "id_of_name", "column": "user_name"}, {"name": "user_name", "column": "age"}],
            "order_by": [{"column": column, "direction": direction} for column, direction in order], **fields}


def test(t):
    p = t.project()
    p.serve(users_definitions()[:-1] + [api(i, [*order, ("user_id", "asc")][:4] if i < 3 else order) for i, order in enumerate(kOrders)]
            + [api(9, kOrders[1], result="object")], {"user_info": kCsv})
    for i, order in enumerate(kOrders):
        order = [*order, ("user_id", "asc")] if i < 3 else order
        words = ", ".join(f"{column} {direction}" for column, direction in order)
        expected = [int(line) for line in p.postgres.psql(f"SELECT user_id FROM mirror.user_info ORDER BY {words}").split()]
        answer = p.get(f"/v1/sorted/{i}", key="")
        t.is_([row["user_id"] for row in answer.json["data"]], expected, f"rows by {words}")
    answer = p.get("/v1/sorted/9", key="")
    t.is_(answer.json["data"]["user_name"], None, "an object is the first row of the order: NULL comes first with desc")


run_test(test)
