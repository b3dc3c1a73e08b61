#!/usr/bin/env python3
"""tablegate_server_timing: where the time of an answer went, in milliseconds; off by default; never for callers that were not let in."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Held, bearer, request, run_test, users_definitions

kCall = "/v1/user/info?user_id=10001"
kNames = ["auth", "queue", "db", "format", "total"]


def stages(answer):
    """{stage: milliseconds}, in their order; None: no header."""
    text = answer.headers.get("server-timing")
    if text is None:
        return None
    found = {}
    for part in text.split(", "):
        name, value = re.fullmatch(r"([a-z]+);dur=(\d+(?:\.\d{3})?)", part).groups()
        found[name] = float(value)
    return found


def test(t):
    p = t.project()
    objects = users_definitions(timeout_ms=600)
    objects.append({**objects[-1], "name": "Open to All", "path": "/open", "authentication": []})
    p.serve(objects, server="location /v1/user/ { tablegate on; tablegate_server_timing on; location /v1/user/off/ { tablegate_server_timing off; } }"
                            " location = /v1/open { tablegate on; tablegate_server_timing on; }")
    port = p.gateway.port
    got = stages(p.get(kCall))
    t.is_(list(got or []), kNames, "rows: every stage, in this order")
    t.ok(got["total"] >= max(got["auth"], got["format"]) and got["auth"] > 0 and got["format"] > 0, "the total is at least each of them", got)
    t.is_(list(stages(request(port, "/v1/open?user_id=10001"))), kNames, "an open API")
    t.is_(list(stages(request(port, kCall, "HEAD", bearer(p.key)))), ["auth", "total"], "HEAD: no query ran")
    t.is_(list(stages(p.get("/v1/user/info?user_id=x"))), ["auth", "total"], "an error before the query")
    for key in ("", "x" * 43):
        answer = p.get(kCall, key=key)
        t.is_((answer.status, stages(answer)), (401, None), "a caller that is not let in learns no times")
    t.is_(stages(p.get("/v1/user/off/none")), None, "off: no header")
    t.is_(stages(p.get("/v1/user/none")), None, "no API: no header")
    lock = Held(p, "LOCK TABLE mirror.user_info IN ACCESS EXCLUSIVE MODE")
    answer = p.get(kCall)
    lock.release()
    got = stages(answer)
    t.ok(answer.status == 504 and list(got or []) == ["auth", "queue", "db", "total"], "a query that takes too long", answer)
    t.ok(got["db"] >= 500 and got["total"] >= got["db"] - 5, "the time of the database is its part of the total", got)
    p.gateway.set(server="")
    p.gateway.reload()
    t.is_(stages(p.get(kCall)), None, "by default it is off")


run_test(test)
