#!/usr/bin/env python3
"""Parts of a script that are constant, such as factorial(30000), are computed while PostgreSQL plans the statement. How long that may take is bounded at
commit, and by timeout_ms in a call."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, run_test, users_definitions, wait_for

kWords = "; what has neither placeholders nor columns, such as factorial(30000), is computed while the statement is planned: write its value"


def script(name, path, value, **fields):
    return {"kind": "Api", "name": name, "business_process": "User Query Service", "path": path, "mode": "script", "data_source": "odps_demo",
            "sql": f"SELECT user_id FROM user_info WHERE user_id > ${{id}} <if test=\"slow != null\">AND user_id &lt; {value} + ${{slow}}</if> ORDER BY user_id",
            "request_parameters": [{"name": "id", "type": "LONG", "sample": 1}, {"name": "slow", "type": "LONG", "required": False}], "authentication": [], **fields}


def seconds(run):
    begin = time.monotonic()
    result = run()
    return result, time.monotonic() - begin


def at_commit(t, p):
    p.apply([script("Large Number", "/large", "factorial(32000) + factorial(31999) + factorial(31998) + factorial(31997)")])
    p.loader.must("api", "test", "Large Number")
    result, took = seconds(lambda: p.loader("api", "commit", "Large Number"))
    t.is_(result.rc, 1, "a script whose plan takes longer than a call may take is rejected") or t.diag(result)
    t.ok(f'API "Large Number" cannot be committed: PostgreSQL takes longer than 3000 ms to plan the statement of a call with "slow"{kWords}\ntry: tablegate api test ' in result.stderr, "... with the call and what to write", result)
    t.ok(3 <= took < 3 + 10 * kSlow, "... after timeout_ms", took)
    t.is_(p.loader.json("api", "versions", "Large Number"), [], "... and nothing was committed")
    t.is_(p.postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%EXPLAIN%' AND pid <> pg_backend_pid()").strip(), "0", "no session continues to plan")


def in_calls(t, p):
    """Planning takes about half a second: commit accepts it, a call of 200 ms has no time for it."""
    _, one = seconds(lambda: p.postgres.psql("EXPLAIN SELECT 1 WHERE factorial(12000) > 0"))
    p.apply([script("Slow Plan", "/slow", f"factorial({int(12000 * min(2.0, max(1.0, (0.5 / one) ** 0.5)))})", timeout_ms=200)])
    p.publish("Slow Plan")
    p.sync_and_reload()
    t.is_(p.get("/v1/slow?id=10001", key="").status, 200, "a call without it")
    for _ in range(2):
        answer, took = seconds(lambda: p.get("/v1/slow?id=10001&slow=1", key=""))
        t.is_((answer.status, answer.json["error"]), (504, "query_timeout"), "a call whose statement takes longer to plan than timeout_ms")
        t.ok(took < 0.2 + 2 * kSlow, "... is answered then", took)
    wait_for(lambda: p.postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND usename = 'tablegate_reader'").strip() == "0", 5 * kSlow, "PostgreSQL ends it")
    t.is_(p.get("/v1/slow?id=10001", key="").status, 200, "other calls continue")


def test(t):
    p = t.project().serve(users_definitions())
    at_commit(t, p)
    in_calls(t, p)


run_test(test)
