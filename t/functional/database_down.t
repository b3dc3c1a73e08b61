#!/usr/bin/env python3
"""PostgreSQL stopped: 503 with Retry-After at once, rows again when it is back. A black hole (SIGSTOP): 504 or 503 within the deadline."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import signal
import time

from tablegate_test import Load, bearer, kSlow, run_test, users_definitions, wait_for

kCall = "/v1/user/info?user_id=10001"
kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
kTimeout = 1.5


def timed(p):
    begun = time.monotonic()
    answer = p.get(kCall)
    return answer, time.monotonic() - begun


def error(t, answer, status, slug, code, name):
    t.like(answer.text, r'^\{"data":null,"success":false,"errCode":%d,"error":"%s","errMsg":"[^"]+","requestId":"[0-9a-f]{32}"\}$' % (code, slug), f"{name}: {slug}")
    t.is_(answer.status, status, f"{name}: {status}")
    if status == 503:
        t.like(answer.headers.get("retry-after"), r"^\d+$", f"{name}: Retry-After")


def stopped(t, p):
    seen = p.gateway.log_size()
    p.postgres.stop()
    for turn in ("first", "second", "third"):
        answer, seconds = timed(p)
        error(t, answer, 503, "database_unavailable", 1108110703, f"stopped, {turn} call")
        t.ok(seconds < 1.0 * kSlow, f"stopped, {turn} call: at once", seconds)
    t.is_(p.gateway.check()[0], True, "stopped: nginx -t passes, it asks no database")
    t.is_(p.get(kCall, key="").status, 401, "stopped: a call without a key is still refused as such")
    t.is_(p.get("/v1/user/info?user_id=x").status, 400, "stopped: and a bad parameter")
    with Load(p.gateway.port, kCall, bearer(p.key), threads=8, count=400, seconds=30 * kSlow) as load:
        load.join()
    t.is_((dict(load.statuses), load.failures), ({503: 400}, []), "stopped: 400 calls, 400 answers")
    log = p.gateway.log(seen)
    t.like(log, r"\[error\].*tablegate: default/default: connecting to .* failed: ", "stopped: the log says why")
    t.ok(log.count("connecting to") < 40, "stopped: attempts are spaced, not one a call", log.count("connecting to"))
    t.unlike(log, "dbname|tablegate_reader|" + p.key, "stopped: no DSN and no key in the log")
    p.postgres.start()
    wait_for(lambda: p.get(kCall).body == kAlice, 10 * kSlow, "rows come again")
    t.ok(True, "started: rows come again by themselves")


def all_serve(p):
    """Enough calls that every worker has some."""
    with Load(p.gateway.port, kCall, bearer(p.key), threads=8, close=True, count=200, seconds=30 * kSlow) as load:
        load.join()
    return set(load.statuses) == {200} and not load.failures


def black_hole(t, p):
    wait_for(lambda: all_serve(p), 20 * kSlow, "each worker has a connection")  # which one accepts a call is the kernel's choice
    p.postgres.signal_all(signal.SIGSTOP)
    try:
        with Load(p.gateway.port, kCall, bearer(p.key), threads=6, count=6, seconds=30 * kSlow) as load:
            begun = time.monotonic()
            load.join()
            seconds = time.monotonic() - begun
        t.ok(load.answered == 6 and not load.failures and set(load.statuses) <= {503, 504}, "black hole: 503 or 504", load)
        t.ok(load.statuses[504], "black hole: 504 where a connection was open", load)
        t.ok(seconds < kTimeout + 1.5 * kSlow, "black hole: within the deadline", seconds)
        answer, _ = timed(p)
        if answer.status == 504:
            error(t, answer, 504, "query_timeout", 1108110583, "black hole")
        p.gateway.reload()  # new workers have no connection: their connect_timeout (1 s) comes first
        answer, seconds = timed(p)
        error(t, answer, 503, "database_unavailable", 1108110703, "black hole, new workers")
        t.ok(seconds < 1.0 + 1.5 * kSlow, "black hole, new workers: after the connect timeout", seconds)
    finally:
        p.postgres.signal_all(signal.SIGCONT)
    # Each worker ends its own pause, at most 2 s after the others.
    wait_for(lambda: all(p.get(kCall).body == kAlice for _ in range(20)), 15 * kSlow, "every worker has rows again")
    t.ok(True, "black hole over: every worker serves again")


def test(t):
    p = t.project().serve(users_definitions(timeout_ms=int(kTimeout * 1000)))
    stopped(t, p)
    black_hole(t, p)


run_test(test)
