#!/usr/bin/env python3
"""A query whose caller has left, or has got 504, ends in PostgreSQL at once: nothing runs for nobody, and its connection serves the next
caller. The cancel request goes over TLS where the session does."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import socket
import time

from tablegate_test import kSlow, run_test, users_definitions, wait_for
from tg_faults import serve_slow, sleeping, wait_sleeping
from tg_process import kRoot
from tg_tls import Authority
from tg_tls_front import TlsFront

kCall = "/v1/user/info?user_id=10001"
kMinute = "/v1/user/info?user_id=80000"  # its statement sleeps 60 s


def send(p, target=kMinute):
    link = socket.create_connection(("127.0.0.1", p.gateway.port), timeout=15 * kSlow)
    link.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {p.key}\r\n\r\n".encode())
    return link


def many(t, p):
    """1,000 callers who leave, 250 at a time."""
    begun = time.monotonic()
    for _ in range(4):
        links = [send(p) for _ in range(250)]
        wait_sleeping(p, 2)
        for link in links:
            link.close()
        left = time.monotonic()
        wait_for(lambda: sleeping(p) == 0, 10 * kSlow, "no statement runs")
        t.ok(time.monotonic() - left < 1.0 * kSlow, "250 callers have left: no statement of theirs runs after a second", time.monotonic() - left)
    t.is_([p.get(kCall).status for _ in range(20)], [200] * 20, "the next callers are answered")
    t.ok(time.monotonic() - begun < 30 * kSlow, "not after the minute that the statements would have taken")
    t.unlike(p.gateway.log(), "connection lost", "no connection was given up")


def one_by_one(t, p):
    """The only connection is free again at once."""
    p.gateway.set(workers=1, connections=1)
    p.gateway.reload()
    waited = []
    for _ in range(5):
        link = send(p)
        wait_sleeping(p, 1)
        link.close()
        begun = time.monotonic()
        t.is_(p.get(kCall).status, 200, "the caller after one who left is answered")
        waited.append(time.monotonic() - begun)
    t.ok(sorted(waited)[2] < 0.3 * kSlow, "the connection is free at once", waited)


def deadline(t, p):
    """statement_timeout is made to fail us: only the cancel ends the statement."""
    begun = time.monotonic()
    t.is_(p.get("/v1/hurried/info?user_id=80000").status, 504, "timeout_ms has passed: 504")
    wait_for(lambda: sleeping(p) == 0, 10 * kSlow, "the statement ends")
    t.ok(time.monotonic() - begun < 0.5 + 1.0 * kSlow, "PostgreSQL ends the statement then", time.monotonic() - begun)


def over_tls(t, p):
    certificate, key = Authority(os.path.join(p.folder, "tls")).issue("database", ["db.example.com"])
    front = TlsFront(p.postgres.socket, certificate, key)
    try:
        p.gateway.set(dsn=f"host=127.0.0.1 port={front.port} dbname=tablegate user=tablegate_reader sslmode=require", workers=1, connections=1)
        p.gateway.reload()
        for _ in range(3):
            link = send(p)
            wait_sleeping(p, 1)
            link.close()
            wait_for(lambda: sleeping(p) == 0, 5 * kSlow, "no statement runs")
        t.is_(p.get(kCall).status, 200, "over TLS: the next caller is answered")
        t.is_((front.sessions, front.clear), (1, 0), "over TLS: one session, and nothing in clear")
        t.ok(front.cancels >= 3, "over TLS: so did the cancel requests come", front.cancels)
    finally:
        p.gateway.set(dsn=p.postgres.dsn("tablegate_reader"))
        p.gateway.reload()
        front.stop()


def test(t):
    objects = users_definitions(timeout_ms=60000, coalesce=False)
    api = next(x for x in objects if x["kind"] == "Api")
    objects.append({**api, "name": "Hurried Users", "path": "/hurried/info", "timeout_ms": 500})
    project = t.project()
    if kRoot:  # the front runs as root
        project.postgres.allow("root", "tablegate_reader")
    p = serve_slow(project, objects, workers=2, connections=4)
    many(t, p)
    one_by_one(t, p)
    deadline(t, p)
    over_tls(t, p)
    send(p).close()  # nginx ends now, and no session is left: every test asserts that


run_test(test)
