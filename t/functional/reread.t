#!/usr/bin/env python3
"""Requests that wait for the generations to be read once more wait for that read only, however many come during it."""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, kSlow, request, run_test, users_definitions

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


def test(t):
    objects = users_definitions(timeout_ms=kTimeout)
    objects[4]["swap"] = "pointer"
    p = t.project().serve(objects, workers=1)
    t.is_(p.get(kCall).status, 200, "served")
    p.postgres.psql("ALTER TABLE mirror.tablegate_tables RENAME TO real_tables;"
                    f" CREATE VIEW mirror.tablegate_tables AS SELECT r.* FROM mirror.real_tables r, (SELECT pg_sleep({kRead})) s;"
                    " GRANT SELECT ON mirror.tablegate_tables TO tablegate_reader; ALTER TABLE mirror.user_info__g1 RENAME TO away")
    t.allow(r"\[error\].*42P01")
    got = statuses(p)
    t.is_(set(got), {500}, f"{len(got)} requests for a relation that is gone: 500 each, none waits past its deadline")


run_test(test)
