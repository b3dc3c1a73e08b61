#!/usr/bin/env python3
"""Queries whose rows nobody gets are not run: HEAD, clients that have left before their request is looked at. An encoded slash is data."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import signal
import socket

from tablegate_test import bearer, kSlow, request, run_test, users_definitions, wait_for

kCall = "/v1/user/info?user_id=10001"


def definitions():
    objects = users_definitions()
    api = next(x for x in objects if x["kind"] == "Api")
    by_name = {"name": "name", "column": "user_name", "type": "STRING", "in": "path", "sample": "Alice"}
    objects.append({**api, "name": "User by Name", "path": "/named/{name}/info", "request_parameters": [by_name]})
    return objects


def logged(p):
    """How many statements on users the server has logged."""
    with open(p.postgres.log, encoding="utf-8") as file:
        return file.read().count('FROM "mirror"."user_info"')


def head(t, p):
    before = logged(p)
    got = p.get(kCall)
    t.is_(logged(p) - before, 1, "GET runs a query")
    before = logged(p)
    for target, status in ((kCall, 200), ("/v1/user/info?user_id=77", 200), ("/v1/user/info?user_id=x", 400), ("/v1/user/info", 400)):
        answer = p.get(target, "HEAD")
        t.is_((answer.status, answer.body), (status, b""), f"HEAD {target}: {status}")
    t.is_(logged(p), before, "HEAD runs none")
    t.is_(p.get(kCall, "HEAD").headers.get("content-type"), got.headers["content-type"], "its headers are those of GET")


def gone_before(t, p):
    """The worker is stopped while the request and the end of its connection arrive."""
    worker = p.gateway.workers()[0]
    before = logged(p)
    os.kill(worker, signal.SIGSTOP)
    try:
        for _ in range(20):
            link = socket.create_connection(("127.0.0.1", p.gateway.port), 10 * kSlow)
            link.sendall(f"GET {kCall} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {p.key}\r\n\r\n".encode())
            link.close()
    finally:
        os.kill(worker, signal.SIGCONT)
    t.is_(p.get("/v1/user/info?user_id=10002").status, 200, "a client that stays is answered")
    t.is_(logged(p) - before, 1, "no query for 20 clients that had left")


def encoded_slash(t, p):
    p.postgres.psql("UPDATE mirror.user_info SET user_name = 'a/b' WHERE user_id = 10002; INSERT INTO mirror.user_info VALUES (10003, '/', 1)")
    for target, user in (("/v1/named/a%2Fb/info", 10002), ("/v1/named/a%2fb/info", 10002), ("/v1/named/%2F/info", 10003), ("/v1//named/%61%2Fb/info?x=1", 10002)):
        answer = p.get(target)
        t.is_(answer.status == 200 and answer.json["data"]["user_id"], user, f"{target}: the slash is part of the value") or t.diag(answer.text)
    for target, status in (("/v1/named/a/b/info", 404), ("/v1%2Fnamed/Alice/info", 404), ("/v1/named/Alice%2Finfo", 404), ("/v1/named/x%2F../Alice/info", 200)):
        t.is_(p.get(target).status, status, f"{target}: {status}")
    # What nginx guards by location stays guarded.
    for target in ("/v1/named/..%2Fguarded/info", "/v1/guarded%2F../named/a%2Fb/info", "/v1/guarded/a%2Fb/info", "/v1/%67uarded%2Fx/info"):
        t.ok(request(p.gateway.port, target, headers=bearer(p.key)).status in (403, 404), f"{target}: not past a location's guard")


def test(t):
    project = t.project()
    project.postgres.set("log_statement", "all")
    project.postgres.reload()
    p = project.serve(definitions(), workers=1, server="location /v1/guarded { deny all; tablegate on; }")
    wait_for(lambda: p.get(kCall).status == 200 and logged(p) > 0, 10 * kSlow, "statements in PostgreSQL's log")
    head(t, p)
    gone_before(t, p)
    encoded_slash(t, p)


run_test(test)
