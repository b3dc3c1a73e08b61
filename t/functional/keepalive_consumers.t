#!/usr/bin/env python3
"""Several consumers on one kept connection, in turns: each request is independent of the previous one."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Client, bearer, raw, run_test

kCall = "/v1/user/info?user_id=10001"
kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'


def test(t):
    p = t.project().serve()
    p.loader.must("consumer", "create", "partner")
    p.loader.must("consumer", "authorize", "partner", "--api", "Query User by User ID")
    p.loader.must("consumer", "create", "stranger")
    partner, stranger = p.add_key("partner"), p.add_key("stranger")
    p.sync()
    p.gateway.set(workers=1)
    p.gateway.reload()

    wanted = [(bearer(p.key), 200), (bearer(stranger), 403), (bearer(partner), 200), ({}, 401), (bearer("x" * 43), 401)]
    with Client(p.gateway.port) as client:
        ports, got, bodies = set(), [], set()
        for turn in range(100):
            headers, status = wanted[turn % len(wanted)]
            answer = client.request(kCall, headers=headers)
            ports.add(client.local_port())
            got.append((status, answer.status))
            if status == 200:
                bodies.add(answer.body)
            else:
                t.ok(b"Alice" not in answer.body and answer.json["data"] is None, "a refused call gets no row", answer) if turn < 5 else None
    t.is_([pair for pair in got if pair[0] != pair[1]], [], "each call gets its own consumer's answer")
    t.is_(bodies, {kAlice}, "authorised calls get the row")
    t.is_(len(ports), 1, "all on one connection")
    t.ok(None not in ports, "which stays open after each answer")

    pipelined = b"".join(f"GET {kCall} HTTP/1.1\r\nHost: a\r\n{'Connection: close' + chr(13) + chr(10) if last else ''}".encode()
                         + (f"Authorization: Bearer {key}\r\n".encode() if key else b"") + b"\r\n"
                         for key, last in ((p.key, 0), (stranger, 0), (partner, 0), ("", 0), (p.key, 1)))
    statuses = [part[:3] for part in raw(p.gateway.port, pipelined).split(b"HTTP/1.1 ")[1:]]
    t.is_(statuses, [b"200", b"403", b"200", b"401", b"200"], "pipelined, in order")

    p.loader.must("consumer", "deauthorize", "partner", "--api", "Query User by User ID")
    p.sync()
    p.gateway.reload()
    t.is_(p.get(kCall, key=partner).status, 403, "deauthorised: 403 from the next sync")
    t.is_(p.get(kCall).status, 200, "the other consumer is not touched")


run_test(test)
