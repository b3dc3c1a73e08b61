#!/usr/bin/env python3
"""Answers of rows are kept in tablegate_cache_zone: another caller gets the same bytes and headers without a query, in each format, for HEAD,
pages and conditional requests; never of another call, version or generation. Some answers are not kept. When PostgreSQL is gone they
continue for tablegate_stale."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, kSlow, request, run_test, users_definitions, wait_for

kCall = "/v1/user/info?user_id=10001"
kList = "/v1/user/list"
kPages = "/v1/user/pages"
kUsers = "user_id,user_name,age\n" + "".join(f"{10001 + n},User{n},{20 + n % 50}\n" for n in range(60))
kOther = "user_id,user_name,age\n" + "".join(f"{10001 + n},Other{n},{20 + n % 50}\n" for n in range(60))


def definitions():
    objects = users_definitions()
    api = objects[5]
    age = {"name": "age", "column": "age", "type": "LONG", "required": False, "sample": 30}
    many = {"result": "list", "request_parameters": [age], "order_by": [{"column": "user_id"}]}

    def add(name, path, **changes):
        objects.append({**api, "name": name, "path": path, **changes})
    add("All Users", "/user/list", **many, formats=["json", "csv", "ndjson"])
    add("Cut Users", "/user/cut", **many, max_records=10)
    add("Unkept Users", "/user/unkept", **many, cache=False)
    add("Wrapped User", "/user/wrapped", envelope="dataworks")
    add("Query Users", "/user/query", **many, query_method=True)
    add("Open Users", "/user/open", **{**many, "request_parameters": [{**age, "in": "header", "name": "X-Age"}]}, authentication=[])
    add("User Pages", "/user/pages", result="page", request_parameters=[age], order_by=[{"column": "user_id"}], formats=["json", "csv"],
        pagination={"enabled": True, "default_size": 10, "max_size": 50})
    objects.append({"kind": "Api", "name": "Aged Users", "business_process": api["business_process"], "path": "/user/now", "mode": "script", "data_source": objects[4]["data_source"],
                    "authentication": ["api_key"], "sql": "SELECT user_id, now() AS at FROM user_info ORDER BY user_id", "pagination": {"enabled": True}})
    objects.append({"kind": "Api", "name": "Long Users", "business_process": api["business_process"], "path": "/user/long", "mode": "script", "data_source": objects[4]["data_source"],
                    "authentication": ["api_key"], "sql": "SELECT user_id, CAST(repeat('x', 2000) AS text) AS filler FROM user_info WHERE user_id >= ${least} ORDER BY user_id", "result": "list",
                    "request_parameters": [{"name": "least", "type": "LONG", "sample": 1}]})
    return objects


def statuses(p):
    """What the log says of the cache, line by line."""
    with open(f"{p.folder}/cache.log", encoding="utf-8") as file:
        return file.read().split("\n")[:-1]


def ask(p, target, method="GET", **headers):
    """(status of the cache, answer)."""
    before = len(statuses(p))
    answer = p.get(target, method, **headers)
    wait_for(lambda: len(statuses(p)) > before, 10 * kSlow, "a line of the log")
    return statuses(p)[-1], answer


def hit(p, target, method="GET", **headers):
    """The first answer that is a hit, and the miss before it."""
    first = p.get(target, method, **headers)
    for _ in range(100):
        how, answer = ask(p, target, method, **headers)
        if how == "HIT":
            return first, answer
        first = answer
        time.sleep(0.05 * kSlow)
    raise AssertionError(f"{target} is never a hit: {how}")


def plain(answer):
    """Everything but the request's id and the time."""
    own = ("x-ca-request-id", "date", "x-tablegate-max-records")  # the last one only says that the end was not known yet
    return answer.status, sorted((name, value) for name, value in answer.headers.items() if name not in own), answer.body


def executed(p):
    with open(p.postgres.log, encoding="utf-8") as file:
        return file.read().count('FROM "mirror"."user_info"')


def hits(t, p):
    for target in (kCall, kList, f"{kList}?format=csv", f"{kList}?format=ndjson", f"{kList}?age=30", f"{kList}?age=7", "/v1/user/cut", kPages, f"{kPages}?pageNum=2&pageSize=7",
                   f"{kPages}?format=csv", f"{kPages}?pageSize=5&returnTotalNum=false", "/v1/user/query?age=30", "/v1/user/info?user_id=1", "/v1/user/long?least=1"):
        miss, answer = hit(p, target)
        t.is_(plain(answer), plain(miss), f"{target}: a hit is the miss")
    cursor = p.get(f"{kPages}?pageSize=1").json["data"]["nextCursor"]
    miss, answer = hit(p, f"{kPages}?pageSize=1&cursor={cursor}")
    t.is_(plain(answer), plain(miss), "and a page after a cursor")
    t.is_(ask(p, "/v1/user/info?other=1&user_id=010001")[0], "HIT", "another spelling of the same call")
    t.is_((hit(p, f"{kList}?format=json")[1].headers.get("vary"), hit(p, kList, Accept="text/csv;q=1")[1].headers.get("vary")), (None, "Accept"), "Vary is that of the request")
    miss, answer = hit(p, "/v1/user/wrapped?user_id=10001")
    t.is_((answer.json["data"], answer.json["requestId"], answer.json["requestId"] != miss.json["requestId"]), (miss.json["data"], answer.headers["x-ca-request-id"], True),
          "dataworks: each answer has the id of its own request")
    before = executed(p)
    t.is_({ask(p, kCall)[0] for _ in range(20)}, {"HIT"}, "20 times")
    t.is_(executed(p), before, "without a query")


def head(t, p):
    for target in (kCall, kPages, f"{kList}?format=csv"):
        get = hit(p, target)[1]
        how, answer = ask(p, target, "HEAD")
        t.is_((how, plain(answer)[:2], answer.body), ("HIT", plain(get)[:2], b""), f"HEAD {target}: the headers of the rows, their length included")
    how, answer = ask(p, f"{kList}?age=44", "HEAD")
    t.is_((how, answer.status, answer.headers.get("content-length")), ("MISS", 200, None), "HEAD of rows that are not kept: no query, no length")


def conditional(t, p):
    rows = hit(p, kCall)[1]
    how, answer = ask(p, kCall, **{"If-None-Match": rows.headers["etag"]})
    t.is_((how, answer.status, answer.headers["etag"]), ("HIT", 304, rows.headers["etag"]), "If-None-Match with its ETag: 304")
    how, answer = ask(p, kCall, **{"If-None-Match": '"x"'})
    t.is_((how, plain(answer)), ("HIT", plain(rows)), "with another one: the rows")
    t.is_(ask(p, "/v1/user/info?user_id=x", **{"If-None-Match": "*"})[0], "-", "an error has no state of the cache")


def others(t, p):
    """Who asks, and by what: nothing of one is another's."""
    miss, answer = hit(p, "/v1/user/open")
    t.is_(plain(answer), plain(miss), "an open API")
    t.ok(hit(p, "/v1/user/open", **{"X-Age": "30"})[1].body != answer.body, "a parameter in a header is a part of the call")
    body = b'{"age":30}'
    query = lambda: request(p.gateway.port, "/v1/user/query", "QUERY", {**bearer(p.key), "Content-Type": "application/json"}, body)
    by_get = hit(p, "/v1/user/query?age=30")[1]
    t.is_((query().body, query().headers["content-location"], statuses(p)[-1]), (by_get.body, "/v1/user/query?age=30", "HIT"), "QUERY: the rows of the GET, with its own headers")
    hit(p, kCall)
    t.is_([request(p.gateway.port, kCall, headers=headers).status for headers in ({}, bearer("x" * 43))], [401, 401], "no credential, or a wrong one: 401, although the rows are kept")
    p.loader.must("consumer", "create", "second")
    second = p.loader.json("consumer", "add-key", "second", "--type", "api_key")["api_key"]
    p.sync_and_reload()
    t.is_(p.get(kCall, key=second).status, 403, "a consumer who may not call it: 403")
    p.loader.must("consumer", "authorize", "second", "--api", "Query User by User ID")
    p.sync_and_reload()
    wait_for(lambda: p.get(kCall, key=second).status == 200, 10 * kSlow, "the grant")
    t.is_(p.get(kCall, key=second).body, p.get(kCall).body, "a consumer who may: the same rows")


def kept_over_a_reload(t, p):
    hit(p, kCall)
    p.gateway.reload()
    p.get("/v1/user/info?user_id=10002")  # the new worker learns of the tables
    wait_for(lambda: ask(p, kCall)[0] == "HIT", 10 * kSlow, "a hit after the reload")
    pages = p.get("/status", Accept="application/json").json["cache"]
    t.ok(pages["hits"] > 20 and pages["misses"] > 5 and pages["bytes"] > 1000, "what is kept survives a reload", pages)
    text = p.get("/status", Accept="text/plain").text
    found = {name: int(value) for name, value in re.findall(r"^tablegate_cache_(\w+) (\d+)$", text, re.M)}
    t.is_((sorted(found), found["hits_total"] >= pages["hits"]), (["bytes", "evictions_total", "hits_total", "misses_total", "size_bytes"], True), "Prometheus")
    t.like(p.get("/status", Accept="text/html").text, "Answer cache", "the page")


def not_kept(t, p):
    for target, why in (("/v1/user/unkept", "cache: false"), ("/v1/user/now", "now()"), (f"/off{kList}", "tablegate_cache off")):
        t.is_({ask(p, target)[0] for _ in range(3)}, {"BYPASS"}, f"{why}: BYPASS")
    long = f"{kList}?other={'x' * 10}&age=" + "0" * 3000 + "30"
    t.is_(ask(p, long)[1].status, 200, "a long spelling")
    t.is_(request(p.gateway.port, "/sub", headers=bearer(p.key)).body, b"<" + p.get(kCall).body + b">", "a subrequest gets the rows too")


def generations(t, p):
    before = hit(p, kCall)[1]
    p.load("user_info", kOther)
    end = time.monotonic() + 1 + 0.5 * kSlow
    wait_for(lambda: p.get(kCall).json["data"]["user_name"] == "Other0", 10 * kSlow, "the new generation")
    t.ok(time.monotonic() < end, "after a load the rows of before are not given for longer than a second")
    t.is_(hit(p, kCall)[1].json["data"]["user_name"], "Other0", "then the new ones are kept")
    p.loader.must("table", "rollback", "user_info")
    wait_for(lambda: p.get(kCall).headers.get("etag") == before.headers["etag"], 10 * kSlow, "the rollback")
    t.is_(hit(p, kCall)[1].body, before.body, "a rollback brings the old rows back")


def stale(t, p):
    rows, cut = hit(p, kCall)[1], hit(p, kPages)[1]
    p.postgres.stop()
    def is_stale(target):
        how, answer = ask(p, target)
        return how == "STALE" and answer
    answer = wait_for(lambda: is_stale(kCall), 20 * kSlow, "a stale answer")
    headers = answer.headers
    t.is_((answer.body, headers["etag"], headers["age"] == headers["x-tablegate-stale"], headers["age"].isdigit()), (rows.body, rows.headers["etag"], True, True),
          "PostgreSQL is gone: the rows continue, with Age and X-Tablegate-Stale")
    t.is_(is_stale(kPages).body, cut.body, "and pages")
    how, answer = ask(p, kCall, "HEAD")
    t.is_((how, answer.status, answer.headers.get("content-length")), ("STALE", 200, rows.headers["content-length"]), "and HEAD")
    how, answer = ask(p, kCall, **{"If-None-Match": rows.headers["etag"]})
    t.is_((how, answer.status, "x-tablegate-stale" in answer.headers), ("STALE", 304, True), "and 304")
    t.is_([p.get(target).status for target in ("/v1/user/info?user_id=77", "/v1/user/unkept", f"/never{kCall}")], [503] * 3,
          "rows that are not kept, and where tablegate_stale is 0: 503")
    t.is_(p.get(kCall, key="x" * 43).status, 401, "a wrong credential: 401")
    wait_for(lambda: p.get(f"/short{kCall}").status == 503, 20 * kSlow, "the end of tablegate_stale 3s")
    t.ok(int(p.get(kCall).headers["age"]) >= 3, "Age grows")
    p.postgres.start()
    wait_for(lambda: "x-tablegate-stale" not in p.get(kCall).headers, 20 * kSlow, "PostgreSQL is back")
    t.is_(hit(p, kCall)[1].body, rows.body, "then hits are as before")


def test(t):
    project = t.project()
    project.postgres.set("log_statement", "all")
    project.postgres.reload()
    rewrite = "rewrite ^/\\w+(/.*)$ $1 break; tablegate on;"
    p = project.serve(definitions(), {"user_info": kUsers}, workers=1,
                      http=f"log_format cache $tablegate_cache_status; access_log {project.folder}/cache.log cache if=$is_call; tablegate_cache_zone 4m; tablegate_stale 10m;"
                      " map $uri $is_call { default 1; ~status 0; }",
                      access_log="",
                      server=f"location = /status {{ tablegate_status; }} location /off/ {{ {rewrite} tablegate_cache off; }} location /never/ {{ {rewrite} tablegate_stale 0; }}"
                      f" location /short/ {{ {rewrite} tablegate_stale 3s; }}"
                      f" location = /sub {{ ssi on; ssi_types *; default_type text/html; return 200 '<<!--#include virtual=\"{kCall}\" -->>'; }}")
    hits(t, p)
    head(t, p)
    conditional(t, p)
    not_kept(t, p)
    generations(t, p)
    others(t, p)
    kept_over_a_reload(t, p)
    stale(t, p)


run_test(test)
