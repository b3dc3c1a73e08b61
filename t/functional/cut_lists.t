#!/usr/bin/env python3
"""A list with more rows than max_records says so: in a header, in api test, in the status; OpenAPI knows the header."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import request, run_test, users_definitions

kName = "Users by Age"
kHeader = "x-tablegate-truncated"
kServer = "location = /status { tablegate_status; }"
kCsv = "user_id,user_name,age\n" + "".join(f"{i},U{i},{20 + i % 2 if i < 7 else 30}\n" for i in range(1, 10))


def lists(**fields):
    parameters = [{"name": "age", "type": "LONG", "sample": 20}, {"name": "user_id", "type": "LONG", "required": False}]
    return users_definitions(name=kName, path="/user/age", result="list", max_records=3, request_parameters=parameters, **fields)


def status(p):
    api = next(one for one in request(p.gateway.port, "/status").json["apis"] if one["name"] == kName)
    return api["requests"], api["cut_lists"], api["errors"]


def test(t):
    p = t.project()
    p.serve(lists(authentication=[]), {"user_info": kCsv}, server=kServer)
    for age, extra, rows, cut in ((20, "", 3, None), (30, "", 3, None), (21, "", 3, None), (99, "", 0, None), (21, "&user_id=3", 1, None)):
        answer = p.get(f"/v1/user/age?age={age}{extra}")
        t.is_((answer.status, len(answer.json["data"]), answer.headers.get(kHeader)), (200, rows, cut), f"age {age}{extra}: all rows, no header")
    t.is_(status(p), (5, 0, {}), "none was cut")
    p.load("user_info", kCsv + "11,U11,21\n12,U12,30\n")
    answer = p.get("/v1/user/age?age=21")
    t.is_((answer.status, answer.headers.get(kHeader), len(answer.json["data"])), (200, "max_records=3", 3), "one row more than max_records is reported, and is not in the answer")
    answer = p.get("/v1/user/age?age=21", "HEAD")
    t.is_((answer.status, answer.headers.get(kHeader)), (200, None), "HEAD runs no query, so it cannot know")
    t.is_(p.get("/v1/user/age?age=20").headers.get(kHeader), None, "exactly max_records: nothing is missing")
    t.is_(status(p), (8, 1, {}), "it is counted")
    metrics = request(p.gateway.port, "/status", headers={"Accept": "text/plain"}).text
    t.like(metrics, r'tablegate_cut_lists_total\{workspace="demo",api="Users by Age",version="1"\} 1\n', "for Prometheus, too")
    t.like(request(p.gateway.port, "/status", headers={"Accept": "text/html"}).text, "lists cut at max_records 1", "and on the page")
    tested = p.loader("api", "test", kName, "--param", "age=30")
    t.ok(tested.rc == 0 and "more rows matched than max_records 3" in tested.stderr, "api test warns", tested)
    t.is_(p.loader.json("api", "test", kName, "--param", "age=30").get("truncated"), True, "and says so in JSON")
    t.is_(p.loader.json("api", "test", kName).get("truncated"), None, "a whole list is not")
    document = p.loader.json("openapi")
    t.ok("X-Tablegate-Truncated" in document["paths"]["/v1/user/age"]["get"]["responses"]["200"]["headers"], "OpenAPI has the header")


run_test(test)
