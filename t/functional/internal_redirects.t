#!/usr/bin/env python3
"""An API reached by error_page, named location, rewrite, try_files and X-Accel-Redirect: the credential is still needed, and nothing
of the location before is left."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Client, bearer, free_port, run_test

kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
kBob = b'{"data":{"user_id":10002,"user_name":"Bob"},"success":true}'
kServer = """
    root {folder}/www;
    location /error/ {{ tablegate off; error_page 404 = /v1/user/info?user_id=10001; }}
    location /error-kept/ {{ tablegate off; error_page 404 /v1/user/info?user_id=10001; }}
    location /named/ {{ tablegate off; error_page 404 = @named; }}
    location @named {{ rewrite ^ /v1/user/info?user_id=10001 break; tablegate on; }}
    location /rewrite/ {{ rewrite ^/rewrite/(\\d+)$ /v1/user/info?user_id=$1 last; }}
    location /break/ {{ rewrite ^/break/(\\d+)$ /v1/user/info?user_id=$1 break; tablegate on; }}
    location /try/ {{ tablegate off; try_files $uri /v1/user/info?user_id=10001; }}
    location /accel/ {{ proxy_pass http://127.0.0.1:{port}; }}
    location /from-api/ {{ tablegate on; error_page 401 404 = @other; }}
    location @other {{ tablegate off; return 200 "other\\n"; }}
    location /to-api/ {{ tablegate on; error_page 404 = /v1/user/info?user_id=10002; }}
    tablegate on;
    set $first $tablegate_consumer;
    set $first_error $tablegate_error;
    rewrite ^/early/(\\d+)$ /v1/user/info?user_id=$1;
    location /v1/ {{ tablegate on; add_header X-First "[$first][$first_error]" always; add_header X-Now "[$tablegate_consumer][$tablegate_error]" always; }}
"""
kHttp = """
    server {{ listen 127.0.0.1:{port}; location / {{ add_header X-Accel-Redirect /v1/user/info?user_id=10001; return 200 "upstream\\n"; }} }}
"""


def both(t, p, target, row, name, status=200):
    """With the key the row, without it 401."""
    answer = p.get(target)
    t.is_((answer.status, answer.body), (status, row), f"{name}: the row") or t.diag(answer)
    t.is_(answer.headers.get("content-type"), "application/json; charset=utf-8", f"{name}: content type")
    for key, what in (("", "missing_credential"), ("x" * 43, "invalid_credential")):
        answer = p.get(target, key=key)
        t.is_(answer.status, 401 if status == 200 else status, f"{name}: {what}")
        t.ok(answer.json["error"] == what and answer.json["data"] is None, f"{name}: {what}, our body", answer)
    return answer


def not_left_over(t, p):
    answer = p.get("/from-api/x")
    t.is_((answer.status, answer.body[:8]), (404, b'{"data":'), "error_page does not replace our own answers")
    answer = p.get("/to-api/x")
    t.is_(answer.status, 404, "nor leads to another API")
    answer = p.get("/early/10002")
    t.is_((answer.status, answer.body), (200, kBob), "a variable read before a rewrite does not fix the API") or t.diag(answer)
    t.is_(answer.headers.get("x-first"), "[][api_not_found]", "what it was then")
    t.is_(answer.headers.get("x-now"), "[demo][]", "what it is after the rewrite")
    with Client(p.gateway.port) as client:
        got = [client.request(target, headers=headers) for target, headers in (
            ("/error/x", bearer(p.key)), ("/error/x", {}), ("/rewrite/10002", bearer(p.key)), ("/rewrite/10002", {}), ("/nothing", bearer(p.key)), ("/named/x", bearer(p.key)))]
    t.is_([answer.status for answer in got], [200, 401, 200, 401, 404, 200], "one connection, one redirect after the other")
    t.is_([got[0].body, got[2].body, got[5].body], [kAlice, kBob, kAlice], "each with its own row")


def test(t):
    project, port = t.project(), free_port()
    os.mkdir(os.path.join(project.folder, "www"))
    p = project.serve(server=kServer.format(folder=project.folder, port=port), http=kHttp.format(port=port))
    both(t, p, "/error/x", kAlice, "error_page 404 = URI")
    both(t, p, "/error-kept/x", kAlice, "error_page 404 URI, which keeps the status", 404)
    both(t, p, "/named/x", kAlice, "a named location")
    both(t, p, "/rewrite/10002", kBob, "rewrite ... last")
    both(t, p, "/break/10002", kBob, "rewrite ... break")
    both(t, p, "/early/10002", kBob, "rewrite of the server")
    both(t, p, "/try/x", kAlice, "try_files")
    both(t, p, "/accel/x", kAlice, "X-Accel-Redirect")
    not_left_over(t, p)
    t.is_(p.get("/error/x", "POST").status, 200, "error_page makes a GET of it, as nginx does")


run_test(test)
