#!/usr/bin/env python3
"""More requests than connections and queue hold: 429 with Retry-After at once, and everything else is answered."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import threading
import time

from tablegate_test import kSlow, run_test, users_definitions, wait_for
from tg_faults import serve_slow, sleeping, wait_sleeping

kCall = "/v1/user/info?user_id=10001"


class Calls:
    """Requests of threads of their own."""

    def __init__(self, p, targets):
        self.answers = [None] * len(targets)
        self.threads = [threading.Thread(target=self._call, args=(p, i, target), daemon=True) for i, target in enumerate(targets)]
        for thread in self.threads:
            thread.start()

    def _call(self, p, i, target):
        self.answers[i] = p.get(target)

    def join(self):
        for thread in self.threads:
            thread.join(30 * kSlow)
        return [answer and answer.status for answer in self.answers]


def full(t, p, name):
    running = Calls(p, ["/v1/user/info?user_id=21500"])
    wait_sleeping(p, 1)
    waiting = Calls(p, [kCall] * 8)
    begun = time.monotonic()
    wait_for(lambda: sum(answer is not None for answer in waiting.answers) == 6, 10 * kSlow, "six are refused")
    t.ok(sleeping(p) == 1 or time.monotonic() - begun > 1.0, f"{name}: refused while the first still runs")
    refused = [answer for answer in waiting.answers if answer]
    t.is_([answer.status for answer in refused], [429] * 6, f"{name}: two wait, six get 429")
    for answer in refused[:1]:
        t.like(answer.text, r'^\{"data":null,"success":false,"errCode":1108113002,"error":"queue_full","errMsg":"[^"]+","requestId":"[0-9a-f]{32}"\}$', f"{name}: body")
    t.ok(all(answer.headers.get("retry-after", "").isdigit() for answer in refused), f"{name}: Retry-After")
    t.is_(running.join(), [200], f"{name}: the running one is answered")
    t.is_(sorted(waiting.join()), [200] * 2 + [429] * 6, f"{name}: those that waited, too")
    t.is_(p.get(kCall).status, 200, f"{name}: and the next")


def test(t):
    p = serve_slow(t.project(), users_definitions(timeout_ms=20000, coalesce=False), workers=1, connections=1, queue=2)
    full(t, p, "prepared")
    p.gateway.set(service="pipeline off; prepare off;")
    p.gateway.reload()
    full(t, p, "prepare and pipeline off")
    p.gateway.set(queue=0, connections=2, service="")
    p.gateway.reload()
    t.is_(p.get(kCall).status, 200, "queue=0: a request may still wait for its connection to open")
    running = Calls(p, ["/v1/user/info?user_id=20700"])
    t.is_(running.join(), [200], "queue=0: on a connection that is there")
    t.like(p.gateway.log(), r'API "Query User by User ID" version 1: queue_full', "the log names the API")


run_test(test)
