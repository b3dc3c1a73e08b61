#!/usr/bin/env python3
"""Tables swapped under load, by loads of the loader and by bare renames: every request is answered, with a row of one generation."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Load, bearer, kSlow, run_test, wait_for

kCall = "/v1/user/info?user_id=10001"


def row(name):
    return b'{"data":{"user_id":10001,"user_name":"%s"},"success":true}' % name.encode()


def test(t):
    p = t.project().serve()
    rows = {row("Alice"), *(row(f"Alice {i}") for i in range(3)), row("Other")}
    with Load(p.gateway.port, kCall, bearer(p.key), threads=6, seconds=60 * kSlow, check=lambda answer: answer.body in rows) as load:
        wait_for(lambda: load.answered > 50, 20 * kSlow, "load runs")
        for i in range(3):
            p.load("user_info", f"user_id,user_name,age\n10001,Alice {i},25\n")
            t.is_(p.get(kCall).body, row(f"Alice {i}"), f"load {i}: its rows, without a sync")
        p.postgres.psql("CREATE TABLE mirror.other AS SELECT 10001::bigint AS user_id, 'Other'::text AS user_name, 1::bigint AS age;"
                        "GRANT SELECT ON mirror.other TO tablegate_reader")
        for _ in range(10):
            before = load.answered
            p.postgres.psql("BEGIN; ALTER TABLE mirror.user_info RENAME TO third; ALTER TABLE mirror.other RENAME TO user_info;"
                            "ALTER TABLE mirror.third RENAME TO other; COMMIT")
            wait_for(lambda: load.answered > before + 20, 20 * kSlow, "load continues")
        seen = load.answered
        p.sync()
        p.gateway.reload()
        wait_for(lambda: load.answered > seen + 20, 20 * kSlow, "load continues after a reload")
    t.is_(load.failures, [], "every request is answered")
    t.is_(dict(load.statuses), {200: load.answered}, "all with 200")
    t.ok(not load.wrong, "and a row of one generation", load.wrong[:3])
    t.is_(p.get(kCall).body, row("Alice 2"), "the last generation in the end")
    t.unlike(p.gateway.log(), "query_failed|connection lost", "no failure, no lost connection")
    t.note(repr(load))


run_test(test)
