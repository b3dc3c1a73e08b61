#!/usr/bin/env python3
"""traceparent (W3C Trace Context): a valid one is $tablegate_trace_id, in our log lines, and in PostgreSQL where tablegate_trace_sql is on; nothing is
made up for another one."""
import os
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Held, kSlow, raw, run_test, users_definitions, wait_for

kCall, kTraced = "/v1/user/info?user_id=10001", "/v1/traced?user_id=10001"
kId = "4bf92f3577b34da6a3ce929d0e0e4736"
kValid = f"00-{kId}-00f067aa0ba902b7-01"
kHttp = "log_format traces '$uri [$tablegate_trace_id]';"
kServer = """access_log {folder}/traces.log traces; add_header X-Trace "[$tablegate_trace_id]" always;
    location = /plain {{ return 200 "plain"; }}
    location /v1/traced {{ tablegate on; tablegate_trace_sql on; }}"""


def variable(t, p):
    for name, value, found in (("valid", kValid, kId), ("not sampled", kValid[:-1] + "0", kId), ("none", None, ""), ("upper case", kValid.upper(), ""),
                               ("zeros", f"00-{'0' * 32}-00f067aa0ba902b7-01", ""), ("too long", kValid + "-x", ""), ("a later version", f"cc{kValid[2:]}-x", kId),
                               ("version ff", f"ff{kValid[2:]}", "")):
        headers = {"traceparent": value} if value else {}
        t.is_(p.get(kCall, **headers).headers["x-trace"], f"[{found}]", f"{name}: rows")
    t.is_(p.get("/plain", traceparent=kValid).headers["x-trace"], f"[{kId}]", "in a location that is not ours")
    t.is_(p.get(kCall, key="", traceparent=kValid).headers["x-trace"], f"[{kId}]", "of a caller that is not let in")
    twice = raw(p.gateway.port, f"GET /plain HTTP/1.1\r\nHost: a\r\ntraceparent: {kValid}\r\nTraceparent: {kValid}\r\nConnection: close\r\n\r\n".encode())
    t.like(twice.decode(), r"X-Trace: \[\]", "two headers are none")
    with open(f"{p.folder}/traces.log", encoding="utf-8") as file:
        t.like(file.read(), rf"/v1/user/info \[{kId}\]\n", "in the access log")


def log_lines(t, p):
    for headers, wanted in (({"traceparent": kValid}, rf", request ID, trace {kId}$"), ({}, ", request ID$"), ({"traceparent": kValid + "x"}, ", request ID$")):
        answer = p.get("/v1/user/info?user_id=x", **headers)
        found = answer.headers["x-ca-request-id"]
        line = wait_for(lambda: next((line for line in p.gateway.log().splitlines() if found in line and "tablegate:" in line), None), 10 * kSlow, "the line")
        t.like(line, "invalid_parameter" + wanted.replace("ID", found, 1), f"our line with {headers or 'no traceparent'}")


def shown(p):
    """The names of sessions of ours that run a query of the table."""
    return p.postgres.psql("SELECT application_name FROM pg_stat_activity WHERE query LIKE '%FROM \"mirror\".\"user_info\"%' AND state = 'active' AND pid <> pg_backend_pid()").split("\n")


def during(p, target, **headers):
    """What PostgreSQL shows while the call runs, and its status."""
    held = Held(p, "LOCK TABLE mirror.user_info IN ACCESS EXCLUSIVE MODE")
    status = []
    caller = threading.Thread(target=lambda: status.append(p.get(target, **headers).status))
    caller.start()
    names = wait_for(lambda: [name for name in shown(p) if name], 10 * kSlow, "the query runs")
    held.release()
    caller.join(20 * kSlow)
    return names, status


def in_postgresql(t, p, words):
    named = f"tablegate trace {kId}"
    t.is_(during(p, kTraced, traceparent=kValid), ([named], [200]), f"{words}: its name while the query runs")
    t.is_(during(p, kTraced), (["tablegate"], [200]), f"{words}: without traceparent the session's own")
    t.is_(during(p, kTraced, traceparent=kValid.upper()), (["tablegate"], [200]), f"{words}: nor with one that is not valid")
    t.is_(during(p, kCall, traceparent=kValid), (["tablegate"], [200]), f"{words}: nothing where it is off")
    answers = [p.get(kTraced, traceparent=f"00-{number:032x}-00f067aa0ba902b7-01").status for number in range(1, 20)]
    t.is_(answers, [200] * 19, f"{words}: many, each with its own")
    t.is_(p.get("/v1/traced?user_id=9", traceparent=kValid).json["data"], None, f"{words}: no row")
    names = p.postgres.psql("SELECT DISTINCT application_name FROM pg_stat_activity WHERE application_name LIKE 'tablegate%'")
    t.is_(names, "tablegate", f"{words}: afterwards no session keeps one")


def test(t):
    p = t.project()
    objects = users_definitions(timeout_ms=15000)
    objects.append({**objects[-1], "name": "Traced Users", "path": "/traced"})
    p.serve(objects, workers=1, http=kHttp, server=kServer.format(folder=p.folder))
    variable(t, p)
    log_lines(t, p)
    in_postgresql(t, p, "prepare on")
    p.gateway.set(service="prepare off; pipeline off;")
    p.gateway.reload()
    in_postgresql(t, p, "prepare off")
    t.ok(re.search(r"\[error\].*tablegate", p.gateway.log()) is None, "no error was logged")


run_test(test)
