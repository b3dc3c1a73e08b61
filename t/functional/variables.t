#!/usr/bin/env python3
"""$tablegate_* in log_format, map, add_header, limit_req_zone and if: the proved caller, once; unset is '-' in a log; no proof begins there."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import re

from tablegate_test import bearer, free_port, kSlow, request, run_test, wait_for
from tg_faults import serve_slow

kCall = "/v1/user/info?user_id=10001"
kHttp = """
    log_format ours '$uri $status api=[$tablegate_api] version=[$tablegate_version] consumer=[$tablegate_consumer] credential=[$tablegate_credential] auth=[$tablegate_auth] '
                    'error=[$tablegate_error] rows=[$tablegate_rows] queue=[$tablegate_queue_time] query=[$tablegate_query_time]';
    map $tablegate_consumer $kind {{ default other; demo known; "" nobody; }}
    limit_req_zone $tablegate_consumer zone=by_consumer:1m rate=1r/m;
    server {{ listen 127.0.0.1:{asked}; location / {{ tablegate on; if ($tablegate_consumer = demo) {{ return 200 "demo\\n"; }} }} }}
"""
kServer = """
    access_log {folder}/ours.log ours;
    add_header X-Consumer "[$tablegate_consumer]" always;
    add_header X-Api "[$tablegate_api/$tablegate_version/$tablegate_auth]" always;
    add_header X-Error "[$tablegate_error]" always;
    add_header X-Kind "$kind" always;
    location = /openapi.json {{ tablegate_openapi; }}
    location /small/ {{ rewrite ^/small(/.*)$ $1 break; tablegate on; tablegate_errors on; client_max_body_size 10; }}
    location /plain {{ return 200 "plain\\n"; }}
    location /limited/ {{ rewrite ^/limited(/.*)$ $1 break; tablegate on; limit_req zone=by_consumer burst=1 nodelay; limit_req_status 429; }}
"""


class Log:
    """The access log, line by line."""

    def __init__(self, path):
        self.path, self.seen = path, 0

    def next(self):
        def line():
            with open(self.path, encoding="utf-8") as file:
                lines = file.read().split("\n")[:-1]
            return lines[self.seen] if len(lines) > self.seen else None
        found = wait_for(line, 10 * kSlow, "a line in the access log")
        self.seen += 1
        return found


def logged(t, p, log):
    answer = p.get(kCall)
    t.is_([answer.headers.get(name) for name in ("x-consumer", "x-api", "x-error", "x-kind")],
          ["[demo]", "[Query User by User ID/1/api_key]", "[]", "known"], "add_header and map: the caller and the API")
    line = log.next()
    t.like(line, r"^/v1/user/info 200 api=\[Query User by User ID\] version=\[1\] consumer=\[demo\] credential=\[[^\]-][^\]]*\] auth=\[api_key\] "
           r"error=\[-\] rows=\[1\] queue=\[\d+\.\d{3}\] query=\[\d+\.\d{3}\]$", "log: an answer")
    t.unlike(line, re.escape(p.key), "log: no key")
    p.get("/v1/user/info?user_id=20300")
    query = float(re.search(r"query=\[([\d.]+)\]", log.next()).group(1))
    t.ok(0.29 <= query < 3 * kSlow, "log: the time of a query that takes 0.3 s", query)
    p.get("/v1/user/info?user_id=1")
    t.like(log.next(), r"rows=\[0\]", "log: no row")


def refused(t, p, log):
    for name, target, key, wanted in (
            ("no key", kCall, "", "api=[Query User by User ID] version=[1] consumer=[-] credential=[-] auth=[-] error=[missing_credential] rows=[-] queue=[-] query=[-]"),
            ("unknown key", kCall, "x" * 43, "api=[Query User by User ID] version=[1] consumer=[-] credential=[-] auth=[-] error=[invalid_credential] rows=[-] queue=[-] query=[-]"),
            ("no API", "/x", p.key, "api=[-] version=[-] consumer=[-] credential=[-] auth=[-] error=[api_not_found] rows=[-] queue=[-] query=[-]"),
            ("not ours", "/plain", p.key, "api=[-] version=[-] consumer=[-] credential=[-] auth=[-] error=[-] rows=[-] queue=[-] query=[-]")):
        answer = p.get(target, key=key)
        t.is_(log.next().split(" ", 2)[2], wanted, f"log: {name}")
        t.is_(answer.headers.get("x-consumer"), "[]", f"add_header: {name}: no caller")
        t.is_(answer.headers.get("x-kind"), "nobody", f"map: {name}: empty")
    t.is_(p.get("/openapi.json").status, 200, "tablegate_openapi")
    t.like(log.next(), r"^/openapi.json 200 .*error=\[-\]", "log: no error")
    t.is_(request(p.gateway.port, "/small" + kCall, "POST", bearer(p.key), b"x" * 100).status, 413, "nginx's own error with our body")
    t.like(log.next(), r" 413 .*error=\[body_too_large\]", "log: what the caller was told")
    answer = p.get("/v1/user/info?user_id=x")
    t.like(log.next(), r"consumer=\[demo\] .*error=\[invalid_parameter\] rows=\[-\] queue=\[-\]", "log: a bad parameter of a known caller")
    t.is_(answer.headers.get("x-error"), "[invalid_parameter]", "add_header: the error")
    claims = {"X-Tablegate-Consumer": "root", "Tablegate-Consumer": "root", "X-Consumer": "root"}
    p.get(kCall, key="", **claims)
    t.like(log.next(), r"consumer=\[-\]", "what a caller says of itself is no identity")
    # nginx itself refuses these before any phase: the log must not start a proof.
    t.is_(p.get(kCall, **{"X-Long": "y" * 40000}).status, 400, "a header that is too large")
    t.like(log.next(), r" 400 api=\[-\] version=\[-\] consumer=\[-\]", "log: no proof of a request that no phase saw")


def limited(t, p, partner):
    call = "/limited" + kCall
    t.is_([p.get(call).status for _ in range(3)], [200, 200, 429], "limit_req by consumer: the third call is too many")
    t.is_([p.get(call, key=partner).status for _ in range(3)], [200, 200, 429], "another consumer has calls of its own")
    t.is_([p.get(call, key="").status for _ in range(4)], [401] * 4, "who proves nothing is not counted")


def asked(t, p, partner, port):
    t.is_(request(port, kCall, headers=bearer(p.key)).body, b"demo\n", "if: the caller is known in the rewrite phase")
    t.is_(request(port, kCall, headers=bearer(partner)).json["data"]["user_name"], "Alice", "if: another one")
    t.is_(request(port, kCall).status, 401, "if: nobody")


def test(t):
    project, port = t.project(), free_port()
    p = serve_slow(project, http=kHttp.format(asked=port), server=kServer.format(folder=project.folder))
    p.loader.must("consumer", "create", "partner")
    p.loader.must("consumer", "authorize", "partner", "--api", "Query User by User ID")
    partner = p.add_key("partner")
    p.sync()
    p.gateway.reload()
    log = Log(os.path.join(p.folder, "ours.log"))
    logged(t, p, log)
    refused(t, p, log)
    limited(t, p, partner)
    asked(t, p, partner, port)


run_test(test)
