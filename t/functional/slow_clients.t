#!/usr/bin/env python3
"""Fifty clients that never read what they asked for, 20 MB each: what they cost a worker, and that others are answered meanwhile. Afterwards the memory is
back and PostgreSQL runs nothing. TG_ROWS=10000 makes it 100 MB each."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, Client, kAsan, kSlow, request, run_test, slow_link, users_definitions, wait_for

kRows = int(os.environ.get("TG_ROWS", "2000"))
kClients = 50
kCall = "/v1/user/info?user_id=10001"


def definitions():
    objects = users_definitions()
    age = {"name": "age", "column": "age", "type": "LONG", "sample": 25}
    lists = {"result": "list", "max_records": 10000, "request_parameters": [age]}
    return objects + [{**objects[-1], **lists, "name": "All Users", "path": "/users"}, {**objects[-1], **lists, "name": "Some Users", "path": "/some"}]


def memory(p):
    """MB of all workers."""
    total = 0
    for pid in p.gateway.workers():
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            total += next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    return total / 1024


def send(p, target):
    return slow_link(p.gateway.port, target, bearer(p.key), timeout=15 * kSlow)


def active(p):
    return int(p.postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tablegate' AND state = 'active'"))


def times(p, count):
    """Milliseconds of point queries: their median and 99th percentile."""
    took = []
    with Client(p.gateway.port) as client:
        for _ in range(count):
            begun = time.monotonic()
            answer = client.request(kCall, headers=bearer(p.key))
            took.append((time.monotonic() - begun) * 1000)
            if answer.status != 200:
                raise RuntimeError(repr(answer))
    took.sort()
    return took[count // 2], took[count * 99 // 100]


def test(t):
    p = t.project()
    p.postgres.set("max_connections", 200)
    p.serve(definitions(), workers=1, connections=140)
    p.postgres.psql(f"INSERT INTO mirror.user_info SELECT 0 - i, repeat('x', 10000), 77 FROM generate_series(1, {kRows}) i")
    alone = times(p, 300)
    p.get("/v1/some?age=25")
    idle = memory(p)
    links = [send(p, "/v1/users?age=77") for _ in range(kClients)]
    wait_for(lambda: active(p) >= kClients, 20 * kSlow, "all of them are held")
    time.sleep(0.5)
    beside = times(p, 300)
    held = memory(p) - idle
    t.ok(held < 60 or kAsan, f"{kClients} clients that never read cost {held:.1f} MB", idle)
    t.ok(beside[1] < (alone[1] + 20) * kSlow, "point queries beside them: median and p99 {:.1f} and {:.1f} ms, alone {:.1f} and {:.1f} ms".format(*beside, *alone))
    t.is_(p.get("/v1/some?age=25").status, 200, "another list is answered")
    more = [send(p, "/v1/users?age=77") for _ in range(5)]
    time.sleep(0.3)
    t.ok(active(p) <= 52, "large answers have half of the connections (105, which point queries do not use)", active(p))
    got = links[0].recv(65536)
    t.is_(got[:12], b"HTTP/1.1 200", "the first part is there")
    size = len(got)
    while not got.endswith(b"\r\n0\r\n\r\n"):
        got = links[0].recv(1 << 20)
        size += len(got)
        if not got:
            break
    t.ok(size > kRows * 10000, f"a client that reads after all gets everything: {size} bytes")
    for link in links + more:
        link.close()
    wait_for(lambda: active(p) == 0, 10 * kSlow, "PostgreSQL runs nothing")
    wait_for(lambda: memory(p) - idle < 10 or kAsan, 5 * kSlow, "the memory is back")
    t.ok(True, f"clients gone: {memory(p) - idle:.1f} MB above idle")
    t.is_(request(p.gateway.port, kCall, headers=bearer(p.key)).status, 200, "and it answers")


run_test(test)
