#!/usr/bin/env python3
"""Overload: more calls than the database can do. What cannot be done in time is rejected at once with 429, what is begun is worth it, and
no caller takes the places of the others."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import collections
import threading
import time

from tablegate_test import bearer, kSlow, kUsersCsv, request, run_test, users_definitions, wait_for
from tg_faults import slow_users

kTarget = "/v1/user/list?age=1"  # 200 ms: one connection does 5 a second


class Offered:
    """Calls at a fixed rate, whether answered or not: [(status, seconds, headers)]."""

    def __init__(self, p, rate, seconds, key=None):
        self.answers, self.threads = [], []
        begun = time.monotonic()
        for i in range(int(rate * seconds)):
            time.sleep(max(0.0, begun + i / rate - time.monotonic()))
            thread = threading.Thread(target=self._call, args=(p, key or p.key), daemon=True)
            thread.start()
            self.threads.append(thread)
        for thread in self.threads:
            thread.join(20 * kSlow)
        self.seconds = time.monotonic() - begun

    def _call(self, p, key):
        begun = time.monotonic()
        answer = request(p.gateway.port, kTarget, headers=bearer(key))
        self.answers.append((answer.status, time.monotonic() - begun, answer.headers))

    def count(self):
        return dict(collections.Counter(status for status, _, _ in self.answers))

    def good(self):
        return self.count().get(200, 0) / self.seconds

    def took(self, status):
        return sorted(seconds for one, seconds, _ in self.answers if one == status)


class Greedy:
    """Callers who send the next call as soon as they have an answer, until stop()."""

    def __init__(self, p, key, threads):
        self.going = True
        self.answers = collections.Counter()
        self.threads = [threading.Thread(target=self._work, args=(p, key), daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def _work(self, p, key):
        while self.going:
            status = request(p.gateway.port, kTarget, headers=bearer(key)).status
            self.answers[status] += 1
            if status == 429:
                time.sleep(0.02)

    def stop(self):
        self.going = False
        for thread in self.threads:
            thread.join(20 * kSlow)


def goodput(t, p):
    t.is_([p.get(kTarget).status for _ in range(3)], [200] * 3, "how long the statement takes is known")
    best = Offered(p, 4, 2)
    t.is_(best.count(), {200: 8}, "what can be done is done")
    offered = Offered(p, 15, 4)
    t.diag(f"offered 15/s: {offered.good():.2f}/s good, {offered.count()}")
    t.ok(offered.good() >= 0.9 * best.good(), "three times as much as can be done: as many good answers as without", offered.good(), best.good())
    t.ok(offered.count().get(504, 0) <= 1, "nothing is begun that cannot be done", offered.count())
    t.ok(offered.count().get(429, 0) >= 60 - 6 * 4 - 4, "the rest gets 429", offered.count())
    refused = [headers for status, _, headers in offered.answers if status == 429]
    t.ok(all(headers.get("retry-after", "").isdigit() for headers in refused), "429: with Retry-After")
    t.ok(offered.took(429)[len(refused) // 2] < 0.3 * kSlow, "429: at once", offered.took(429))
    good = offered.took(200)
    t.ok(good[len(good) // 2] < 0.9 * kSlow, "who is answered has not waited until the last moment", good)


def shares(t, p, greedy_key):
    """One caller every 0.4 s beside 30 greedy ones, with about 10 calls a second possible."""
    greedy = Greedy(p, greedy_key, 30)
    try:
        wait_for(lambda: greedy.answers[200] > 4, 10 * kSlow, "the greedy ones are answered")
        mine = []
        for _ in range(8):
            begun = time.monotonic()
            mine.append(request(p.gateway.port, kTarget, headers=bearer(p.key)).status)
            time.sleep(max(0.0, 0.4 - (time.monotonic() - begun)))
    finally:
        greedy.stop()
    t.ok(mine.count(200) >= 7, "one caller beside 30 greedy ones is answered", mine, greedy.answers)
    t.ok(greedy.answers[429] > 0 and greedy.answers[504] <= 2, "they get 429", greedy.answers)


def test(t):
    objects = users_definitions(timeout_ms=1000, coalesce=False)
    api = next(x for x in objects if x["kind"] == "Api")
    objects.append({**api, "name": "Users by Age", "path": "/user/list", "result": "list",
                    "request_parameters": [{"name": "age", "column": "age", "type": "LONG", "sample": 25}]})
    # The one row of this age sleeps.
    p = slow_users(t.project().serve(objects, {"user_info": kUsersCsv + "20200,Sleeper,1\n"}, workers=1, connections=1))
    goodput(t, p)
    p.loader.must("consumer", "create", "other")
    p.loader.must("consumer", "authorize", "other", "--api", "Users by Age")
    other = p.add_key("other")
    p.sync()
    p.gateway.set(connections=3)
    p.gateway.reload()
    shares(t, p, other)


run_test(test)
