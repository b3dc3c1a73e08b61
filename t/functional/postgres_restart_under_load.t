#!/usr/bin/env python3
"""PostgreSQL restarted, and crashed, while requests come: right answers or 503, nothing else, and right answers again soon."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import signal

from tablegate_test import Load, bearer, kSlow, run_test, wait_for

kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'


def right(answer):
    """200 with the row, or the 503 of section 5 with Retry-After."""
    if answer.status == 200:
        return answer.body == kAlice
    if answer.status != 503:
        return False
    body = answer.json
    return body["error"] == "database_unavailable" and body["errCode"] == 1108110703 and "retry-after" in answer.headers


def through(t, p, name, outage, **options):
    """Load, the outage, and load again until the rows come back."""
    log = p.gateway.log_size()
    load = Load(p.gateway.port, "/v1/user/info?user_id=10001", bearer(p.key), check=right, seconds=90 * kSlow, **options)
    with load:
        wait_for(lambda: load.statuses[200] > 100, 30 * kSlow, "load runs")
        outage()
        good = load.statuses[200]
        wait_for(lambda: load.statuses[200] > good + 200, 30 * kSlow, "rows come again")
    t.is_(load.failures, [], f"{name}: every request got an answer")
    t.ok(not load.wrong, f"{name}: only right rows and 503", load.wrong[:3])
    t.is_(set(load.statuses) - {200, 503}, set(), f"{name}: statuses")
    t.unlike(p.gateway.log(log), "exited on signal", f"{name}: no worker died")
    t.note(f"{name}: {load}")


def down_and_up(p, mode):
    p.postgres.stop(mode)
    wait_for(lambda: p.get("/v1/user/info?user_id=10001").status == 503, 20 * kSlow, "503 while it is down")
    p.postgres.start()


def crash(p):
    p.postgres.signal_all(signal.SIGKILL)
    p.postgres.start()


def test(t):
    p = t.project().serve()
    through(t, p, "fast restart", lambda: p.postgres.restart("fast"), threads=6)
    through(t, p, "fast restart, new connections", lambda: p.postgres.restart("fast"), threads=6, close=True)
    through(t, p, "down for a while", lambda: down_and_up(p, "fast"), threads=4)
    through(t, p, "immediate restart", lambda: p.postgres.restart("immediate"), threads=6)
    through(t, p, "killed", lambda: crash(p), threads=6)
    # Each worker finds out for itself that PostgreSQL is back.
    wait_for(lambda: all(p.get("/v1/user/info?user_id=10001").body == kAlice for _ in range(20)), 20 * kSlow, "all workers have recovered")
    t.ok(True, "all workers have recovered")
    t.ok(p.postgres.backends() <= 2 * 4, "no more sessions than two workers may have", p.postgres.backends())


run_test(test)
