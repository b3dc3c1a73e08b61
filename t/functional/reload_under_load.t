#!/usr/bin/env python3
"""Twelve reloads while new connections keep coming: not one request fails."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Load, bearer, kSlow, run_test, wait_for

kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
kReloads = 12


def reload_under(t, p, name, **options):
    load = Load(p.gateway.port, "/v1/user/info?user_id=10001", bearer(p.key), check=lambda answer: answer.body == kAlice,
                seconds=120 * kSlow, **options)
    with load:
        wait_for(lambda: load.answered > 50, 20, "load runs")
        for _ in range(kReloads):
            before = load.answered
            p.gateway.reload()
            wait_for(lambda: load.answered > before + 20, 20 * kSlow, "requests go on after the reload")
    t.is_(load.failures, [], f"{name}: no request failed")
    t.is_(dict(load.statuses), {200: load.answered}, f"{name}: all answers are 200")
    t.ok(not load.wrong, f"{name}: all answers are right", load.wrong[:3])
    t.note(f"{name}: {load}")


def test(t):
    p = t.project().serve()
    reload_under(t, p, "new connections", threads=8, close=True)
    reload_under(t, p, "kept connections", threads=4)
    wait_for(lambda: not p.gateway.workers(leaving=True), 30 * kSlow, "old workers are gone")
    t.is_(len(p.gateway.workers()), 2, "old workers are gone")
    t.ok(p.postgres.backends() <= 2 * 4, "no more sessions than two workers may have", p.postgres.backends())


run_test(test)
