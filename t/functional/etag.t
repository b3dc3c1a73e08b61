#!/usr/bin/env python3
"""Rows have an ETag: the same for each spelling of a call, another one for another call, version or generation. If-None-Match is answered
304, without a query while the tables are known to be as they were. Cache-Control and Vary say who may keep an answer."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, free_port, kSlow, request, run, run_test, users_definitions, wait_for

kCall = "/v1/user/info?user_id=10001"
kList = "/v1/user/list"
kStrong = r'^"[0-9a-f]{32}-[0-9a-f]{16}"$'
kOther = "user_id,user_name,age\n10001,Alicia,26\n10002,Bob,30\n"


def definitions():
    objects = users_definitions()
    api = objects[5]
    def add(name, path, **changes):
        objects.append({**api, "name": name, "path": path, **changes})
    age = {"name": "age", "column": "age", "type": "LONG", "required": False, "sample": 30}
    ids = {"name": "ids", "column": "user_id", "type": "LONG", "operator": "IN", "required": False, "sample": 10001}
    by_name = {"name": "name", "column": "user_name", "type": "STRING", "required": False, "sample": "Bob"}
    many = {"result": "list", "request_parameters": [age, ids, by_name]}
    add("All Users", "/user/list", **many)
    add("Kept Users", "/user/kept", **many, cache={"max_age": 60})
    add("Unkept Users", "/user/unkept", **many, cache=False)
    add("Open Users", "/user/open", **{**many, "request_parameters": [{**age, "in": "header", "name": "X-Age"}]}, authentication=[])
    add("Open Kept Users", "/user/open-kept", **{**many, "cache": {"max_age": 5}}, authentication=[])
    add("Wrapped User", "/user/wrapped", envelope="dataworks")
    add("Post User", "/user/post", method="POST")
    add("User Pages", "/user/pages", result="page", request_parameters=[age], order_by=[{"column": "user_id"}], pagination={"enabled": True, "default_size": 10, "max_size": 50})
    add("Queried Pages", "/user/queried", result="page", request_parameters=[age], order_by=[{"column": "user_id"}], pagination={"enabled": True, "default_size": 10, "max_size": 50},
        formats=["json", "csv"], query_method=True)
    add("Listed Users", "/user/listed", **many, formats=["csv", "ndjson"])
    objects.append({"kind": "Api", "name": "Aged Users", "business_process": api["business_process"], "path": "/user/now", "mode": "script", "data_source": objects[4]["data_source"],
                    "authentication": ["api_key"], "sql": "SELECT user_id, now() AS at FROM user_info ORDER BY user_id", "pagination": {"enabled": True}})
    return objects


def tag(p, target, method="GET", **headers):
    """The ETag, once the worker knows of the tables."""
    return p.get(target, method, **headers).headers.get("etag")


def executed(p):
    """Statements on users that the server has logged."""
    with open(p.postgres.log, encoding="utf-8") as file:
        return file.read().count('FROM "mirror"."user_info"')


def spellings(t, p):
    first = p.get(kCall)
    t.like(first.headers.get("etag"), kStrong, "the first answer of a worker has a strong ETag")
    for target in ("/v1/user/info?user_id=010001", "/v1/user/info?user_id=%31%30001", "/v1/user/info?other=1&user_id=10001"):
        t.is_(tag(p, target), first.headers["etag"], f"{target}: the same")
    seen = {first.headers["etag"]: kCall}
    for target in ("/v1/user/info?user_id=10002", "/v1/user/info?user_id=-10001", "/v1/user/info?user_id=1", kList, f"{kList}?age=30", f"{kList}?age=31", f"{kList}?ids=1",
                   f"{kList}?ids=1,2", f"{kList}?ids=2,1", f"{kList}?name=", f"{kList}?name=1", f"{kList}?name=01", "/v1/user/kept", "/v1/user/pages", "/v1/user/pages?pageNum=2",
                   "/v1/user/pages?pageSize=1", "/v1/user/pages?returnTotalNum=false", "/v1/user/pages?age=30"):
        answer = p.get(target)
        t.ok(answer.status == 200 and re.search(kStrong, answer.headers.get("etag", "")) and answer.headers["etag"] not in seen, f"{target}: another one", answer, seen.get(answer.headers.get("etag")))
        seen[answer.headers.get("etag")] = target
    for one, other in ((f"{kList}?ids=1&ids=2", f"{kList}?ids=1,2"), (f"{kList}?age=30", f"{kList}?age=0030"), ("/v1/user/pages", "/v1/user/pages?pageNum=1&pageSize=010&returnTotalNum=1")):
        t.is_(tag(p, one), tag(p, other), f"{one} = {other}")
    cursor = p.get("/v1/user/pages?pageSize=1").json["data"]["nextCursor"]
    t.ok(tag(p, f"/v1/user/pages?pageSize=1&cursor={cursor}") == tag(p, f"/v1/user/pages?pageSize=1&cursor={cursor}") not in seen, "a page after a cursor has one of its own")
    t.is_((tag(p, kCall, "HEAD"), tag(p, "/v1/user/pages", "HEAD")), (first.headers["etag"], tag(p, "/v1/user/pages")), "HEAD: those of GET")
    t.like(tag(p, "/v1/user/wrapped?user_id=10001"), '^W/"', "a body with the id of the request in it: a weak one")
    t.is_(tag(p, "/v1/user/now"), None, "rows that depend on the time have none")
    t.is_(tag(p, "/v1/user/unkept"), None, "nor have answers that are not kept")
    post = request(p.gateway.port, "/v1/user/post", "POST", {**bearer(p.key), "Content-Type": "application/json", "If-None-Match": "*"}, b'{"user_id":10001}')
    t.is_((post.status, post.headers.get("etag")), (200, None), "nor has a POST")
    t.is_([p.get(target).headers.get("etag") for target in ("/v1/user/info?user_id=x", "/v1/user/info", "/v1/none")], [None] * 3, "nor have errors")


def cache_headers(t, p):
    for target, control, vary in ((kCall, "private, no-cache", None), ("/v1/user/kept", "private, max-age=60", None), ("/v1/user/unkept", "no-store", None),
                                  ("/v1/user/open", "public, no-cache", "X-Age"), ("/v1/user/open-kept", "public, max-age=5", None), ("/v1/user/now", "private, no-cache", None),
                                  ("/v1/user/info?user_id=x", "no-store", "Accept"), ("/v1/none", "no-store", "Accept")):
        answer = p.get(target)
        t.is_((answer.headers.get("cache-control"), answer.headers.get("vary")), (control, vary), f"{target}: Cache-Control and Vary")
    t.is_(p.get(kCall, key="x" * 43).headers.get("cache-control"), "no-store", "401: no-store")
    t.ok(tag(p, "/v1/user/open") != tag(p, "/v1/user/open", **{"X-Age": "30"}) == tag(p, "/v1/user/open", **{"X-Age": "030"}), "a parameter in a header counts")


def conditional(t, p):
    whole = p.get(kCall)
    current = whole.headers["etag"]
    for value in (current, "W/" + current, "*", f'"a", {current}', f'W/"b",{current} ,"c"', f",, {current}"):
        answer = p.get(kCall, **{"If-None-Match": value})
        t.is_((answer.status, answer.body, answer.headers.get("etag")), (304, b"", current), f"If-None-Match: {value}: 304")
        t.is_([answer.headers.get(name) for name in ("cache-control", "last-modified", "content-type", "content-length")],
              ["private, no-cache", whole.headers["last-modified"], None, None], "with the headers of the rows, without a type")
        t.ok(answer.headers.get("x-ca-request-id"), "and the id of the request")
    for value in ('"x"', current[1:-1], current[:-1], f"x, {current}", "", f'"{current}"'):
        t.is_(p.get(kCall, **{"If-None-Match": value}).status, 200, f"If-None-Match: {value}: the row")
    head = p.get(kCall, "HEAD", **{"If-None-Match": current})
    t.is_((head.status, head.headers.get("etag")), (304, current), "HEAD: 304")
    t.is_(p.get(kCall, **{"If-None-Match": current, "If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT", "If-Match": '"x"'}).status, 304, "If-Modified-Since and If-Match change nothing")
    t.is_(p.get("/v1/user/open", **{"If-None-Match": tag(p, "/v1/user/open"), "X-Age": "30"}).headers.get("vary"), "X-Age", "rows of another value of a header")
    for target in ("/v1/user/pages", "/v1/user/open", "/v1/user/wrapped?user_id=10001"):
        answer = p.get(target, **{"If-None-Match": tag(p, target)})
        t.is_((answer.status, answer.headers["etag"], answer.headers.get("vary")), (304, tag(p, target), p.get(target).headers.get("vary")), f"{target}: 304")
    for name, target, key, status in (("a key that is wrong", kCall, "x" * 43, 401), ("a value that is wrong", "/v1/user/info?user_id=x", None, 400), ("no such API", "/v1/none", None, 404)):
        t.is_(p.get(target, key=key, **{"If-None-Match": "*"}).status, status, f"{name}: {status} before 304")
    t.is_([p.get(target, **{"If-None-Match": "*"}).status for target in ("/v1/user/now", "/v1/user/unkept")], [200, 200], "without a tag `*` changes nothing")


def queried(t, p):
    """QUERY, pages, CSV and 304 together: what a 304 has is what the rows have."""
    named = lambda got: {name: [value for one, value in got.pairs if one == name] for name in ("etag", "content-location", "vary", "cache-control")}  # noqa: E731
    for body, accept, wanted in ((b'{"pageSize":1,"format":"csv"}', {}, "format=csv"), (b'{"pageSize":1}', {"Accept": "text/csv"}, "pageSize=1"), (b'{"pageSize":1}', {}, "pageSize=1")):
        def ask(**more):
            return request(p.gateway.port, "/v1/user/queried", "QUERY", {**bearer(p.key), "Content-Type": "application/json", **accept, **more}, body)
        wait_for(lambda: "etag" in ask().headers, 10 * kSlow, "an ETag")
        rows = ask()
        address = rows.headers["content-location"]
        t.ok(wanted in address and rows.headers.get("link"), f"QUERY {body} {accept}: Content-Location and Link", rows)
        get = p.get(address, **accept)
        t.is_((get.body, get.headers["etag"], get.headers["content-type"]), (rows.body, rows.headers["etag"], rows.headers["content-type"]), "GET of it: the same rows and tag")
        same = ask(**{"If-None-Match": rows.headers["etag"]})
        t.is_((same.status, same.body, named(same)), (304, b"", named(rows)), "304: the same headers")
    t.ok("Accept" in named(ask())["vary"], "Vary: Accept where Accept chooses")


def long_lists(t, p):
    """Rows in chunks, whose generations are known with the first ones."""
    p.postgres.psql("INSERT INTO mirror.user_info SELECT 20000 + i, repeat('x', 1000), 77 FROM generate_series(1, 1000) i")
    target = "/v1/user/listed?age=77"
    current = tag(p, target)
    time.sleep(3.2)  # nothing is known any more
    before = executed(p)
    answer = p.get(target, **{"If-None-Match": current})
    t.is_((answer.status, answer.body, answer.headers.get("etag")), (304, b"", current), "a long list: 304 by its first rows")
    t.is_(p.get(target).headers.get("etag"), current, "the next caller gets the rows")
    wait_for(lambda: executed(p) > before, 10 * kSlow, "its query")
    p.postgres.psql("DELETE FROM mirror.user_info WHERE age = 77")


def conditions_of_attackers(t, p):
    current = tag(p, kCall)
    many = ",".join(f'"{number:x}"' for number in range(1000))
    begun = time.monotonic()
    answers = [p.get(kCall, **{"If-None-Match": many}).status for _ in range(50)]
    t.ok(answers == [200] * 50, f"6 KB of tags that are none of it: the row, {(time.monotonic() - begun) * 20:.1f} ms each", answers)
    t.is_(p.get(kCall, **{"If-None-Match": many + "," + current}).status, 304, "the last of 1,000 tags is its own: 304")
    t.is_(p.get(kCall, **{"If-None-Match": '"' + "x" * 7000}).status, 200, "a tag without an end")
    begun = time.monotonic()
    accept = "text/html;q=0.1," * 480
    answers = [p.get("/v1/user/listed", Accept=accept + "application/x-ndjson").headers["content-type"] for _ in range(50)]
    t.ok(set(answers) == {"application/x-ndjson"}, f"7 KB of Accept: the last one chooses, {(time.monotonic() - begun) * 20:.1f} ms each", answers)


def no_query(t, p):
    current = tag(p, kCall)
    before = executed(p)
    answers = [p.get(kCall, **{"If-None-Match": current}) for _ in range(50)]
    t.is_({answer.status for answer in answers}, {304}, "50 times 304")
    t.is_(executed(p) - before, 0, "without a query")
    p.get(kCall)
    wait_for(lambda: executed(p) == before + 1, 10 * kSlow, "the query of the row is in the log")


def generations(t, p):
    before, other = tag(p, kCall), tag(p, "/v1/user/info?user_id=10002")
    p.load("user_info", kOther)
    answer = p.get(kCall, **{"If-None-Match": before})
    t.ok(answer.status == 304 or answer.json["data"]["user_name"] == "Alicia", "at most a second old", answer)
    wait_for(lambda: p.get(kCall, **{"If-None-Match": before}).status == 200, 10 * kSlow, "the new generation")
    wait_for(lambda: tag(p, kCall) not in (None, before), 10 * kSlow, "its ETag")
    after = tag(p, kCall)
    t.ok(after != before and tag(p, "/v1/user/info?user_id=10002") != other, "a load changes all ETags of the table")
    p.loader.must("table", "rollback", "user_info")
    wait_for(lambda: tag(p, kCall) == before, 10 * kSlow, "a rollback brings the ETag back")
    t.is_(p.get(kCall, **{"If-None-Match": before}).status, 304, "for what a client has kept")
    p.loader.must("table", "rollback", "user_info")
    p.load("user_info", kOther)
    wait_for(lambda: tag(p, kCall) not in (None, before, after), 10 * kSlow, "the same rows once more are another generation")


def other_ways(t, p):
    current = tag(p, kCall)
    zipped = request(p.gateway.port, "/zip" + kList, headers={**bearer(p.key), "Accept-Encoding": "gzip"})
    plain = tag(p, kList)
    t.is_((zipped.headers.get("content-encoding"), zipped.headers.get("etag")), ("gzip", "W/" + plain), "gzip: the tag becomes weak")
    again = request(p.gateway.port, "/zip" + kList, headers={**bearer(p.key), "Accept-Encoding": "gzip", "If-None-Match": zipped.headers["etag"]})
    t.is_((again.status, again.body), (304, b""), "and is found")
    ranged = p.get(kCall, Range="bytes=0-3")
    t.is_((ranged.status, ranged.headers.get("accept-ranges")), (200, None), "no ranges")
    answer = request(p.gateway.port, "/sub", headers={**bearer(p.key), "If-None-Match": current})
    t.ok(answer.status == 200 and "Alic" in answer.text, "a subrequest: the rows are a part of another answer", answer)
    t.is_(request(p.gateway.port, "/inner", headers={**bearer(p.key), "If-None-Match": current}).status, 304, "an internal redirect: 304")
    result = run(["curl", "-s", "--http2-prior-knowledge", "-o", "/dev/null", "-D", "-", "-H", f"Authorization: Bearer {p.key}", "-H", f"If-None-Match: {current}",
                  f"http://127.0.0.1:{p.http2}{kCall}"])
    t.like(result.stdout, "^HTTP/2 304", "HTTP/2: 304")
    t.like(result.stdout, f"(?m)^etag: {re.escape(current)}", "with the tag")


def versions(t, p):
    before = tag(p, kList)
    objects = definitions()
    next(x for x in objects if x["name"] == "All Users")["description"] = "another version"
    p.apply(objects)
    p.publish("All Users")
    p.sync_and_reload()
    wait_for(lambda: tag(p, kList) not in (None, before), 10 * kSlow, "another version: another ETag")
    p.loader.must("api", "rollback", "All Users")
    p.sync_and_reload()
    wait_for(lambda: tag(p, kList) == before, 10 * kSlow, "and back")


def test(t):
    project = t.project()
    project.postgres.set("log_statement", "all")
    project.postgres.reload()
    project.http2 = free_port()
    p = project.serve(definitions(), workers=1, server="location /zip/ { rewrite ^/zip(/.*)$ $1 break; gzip on; gzip_types application/json; gzip_min_length 1; gzip_proxied any; tablegate on; }"
                      f" location = /sub {{ ssi on; ssi_types *; default_type text/html; return 200 '<!--#include virtual=\"{kCall}\" -->'; }} location = /inner {{ rewrite ^ {kCall}? last; }}",
                      http=f"server {{ listen 127.0.0.1:{project.http2} http2; location / {{ tablegate on; }} }}")
    spellings(t, p)
    cache_headers(t, p)
    conditional(t, p)
    queried(t, p)
    long_lists(t, p)
    conditions_of_attackers(t, p)
    no_query(t, p)
    generations(t, p)
    other_ways(t, p)
    versions(t, p)


run_test(test)
