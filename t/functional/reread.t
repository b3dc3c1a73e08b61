#!/usr/bin/env python3
"""Requests that wait for the generations to be read once more wait for that read only, however many come during it."""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Held, bearer, kAsan, kSlow, request, run_test, users_definitions, wait_for
from tg_faults import kSlowUsersCsv, slow_users

kTimeout = 2000 * kSlow  # ms
kRead = 0.2 * kSlow  # s: one read; another request comes five times during each
kCall = "/v1/user/info?user_id=10001"


def statuses(p):
    """Of requests that come one after another, no matter how the others fare."""
    got, threads = [], []
    end = time.monotonic() + 1.5 * kTimeout / 1000
    while time.monotonic() < end:
        threads.append(threading.Thread(target=lambda: got.append(request(p.gateway.port, kCall, headers=bearer(p.key), timeout=60 * kSlow).status)))
        threads[-1].start()
        time.sleep(kRead / 5)  # the rate, nothing is waited for
    for thread in threads:
        thread.join()
    return got


def idle_group(t):
    """The pool of another resource group is full of slow queries: who has to read the row reads it by a connection of its own."""
    objects = users_definitions(timeout_ms=60000, coalesce=False)
    objects[0]["services"] = {"default": ["default", "fast"]}
    table, api = objects[4], objects[5]
    objects.append({**table, "name": "other_info", "ddl": table["ddl"].replace("user_info", "other_info"), "swap": "pointer"})
    objects.append({**api, "name": "Other API", "path": "/user/other", "table": "other_info", "timeout_ms": 3000, "resource_group": "fast"})
    project = t.project()
    project.gateway.set(workers=1, connections=2, service="resource_group fast connections=2 queue=100; pipeline off; prepare off;")
    p = slow_users(project.serve(objects, {"user_info": kSlowUsersCsv, "other_info": "user_id,user_name,age\n10001,Alice,25\n"}))
    slow = [threading.Thread(target=lambda: request(p.gateway.port, "/v1/user/info?user_id=20000", headers=bearer(p.key), timeout=60 * kSlow)) for _ in range(2)]
    held = Held(p, "LOCK TABLE mirror.user_info IN ACCESS EXCLUSIVE MODE")
    for thread in slow:
        thread.start()
    wait_for(lambda: p.postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'tablegate_reader'") == "2", 20 * kSlow, "both wait")
    got = []
    end = time.monotonic() + 8  # what is known is fresh for 5 s
    while time.monotonic() < end:
        got.append(p.get("/v1/user/other?user_id=10001").status)
        time.sleep(0.2)  # the rate
    t.is_(set(got), {200}, f"{len(got)} requests of a group that is idle: rows, while another group's connections are all busy")
    held.release()
    for thread in slow:
        thread.join()


def test(t):
    idle_group(t)
    objects = users_definitions(timeout_ms=kTimeout, coalesce=False)
    objects[4]["swap"] = "pointer"
    p = t.project().serve(objects, workers=1)
    t.is_(p.get(kCall).status, 200, "served")
    p.postgres.psql("ALTER TABLE mirror.tablegate_tables RENAME TO real_tables;"
                    f" CREATE VIEW mirror.tablegate_tables AS SELECT r.* FROM mirror.real_tables r, (SELECT pg_sleep({kRead})) s;"
                    " GRANT SELECT ON mirror.tablegate_tables TO tablegate_reader; ALTER TABLE mirror.user_info__g1 RENAME TO away")
    t.allow(r"\[error\].*42P01")
    got = statuses(p)
    # A sanitized worker is slow: what it could not answer in time it does not begin (429).
    t.ok(500 in got and set(got) <= ({500, 429} if kAsan else {500}), f"{len(got)} requests for a relation that is gone: 500 each, none waits past its deadline", got)


run_test(test)
