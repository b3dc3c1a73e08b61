#!/usr/bin/env python3
"""Clients of HTTP/2 that take little or nothing: a flow control window of one byte, streams that are reset at once, answers that wait because the
connection is full. Others are answered meanwhile, and PostgreSQL runs nothing when they have left."""
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import free_port, kSlow, request, run_test, users_definitions, wait_for

kData, kHeaders, kReset, kSettings, kGoAway, kWindow = 0, 1, 3, 4, 7, 8
kWide = 2**31 - 1
kRows = 2000


def definitions():
    above = {"name": "above", "column": "user_id", "operator": ">", "type": "LONG", "sample": 1}
    lists = {"result": "list", "authentication": [], "max_records": 10000, "order_by": [{"column": "user_id"}], "request_parameters": [above]}
    objects = users_definitions(name="Many", path="/many", **lists)
    ages = [{"name": "age", "column": "age"}]
    return objects + [{**objects[-1], "name": "Ages", "path": "/ages", "response_parameters": ages}]


class Link:
    """A connection of HTTP/2 by prior knowledge, frame by frame (RFC 9113)."""

    def __init__(self, port, window):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(20 * kSlow)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.send(kSettings, 0, struct.pack(">HI", 4, window))
        if window == kWide:
            self.send(kWindow, 0, struct.pack(">I", kWide - 65535))

    def send(self, kind, stream, payload, flags=0):
        self.socket.sendall(struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload)

    def get(self, stream, target):
        """:method GET and :scheme http are of HPACK's static table; the rest is literal, not indexed."""
        text = lambda value: bytes([len(value)]) + value.encode()  # noqa: E731
        self.send(kHeaders, stream, b"\x82\x86" + b"\x04" + text(target) + b"\x01" + text("a"), 5)

    def reset(self, stream):
        self.send(kReset, stream, struct.pack(">I", 8))

    def widen(self, stream, by):
        self.send(kWindow, stream, struct.pack(">I", by))

    def exactly(self, size):
        got = b""
        while len(got) < size:
            part = self.socket.recv(size - len(got))
            if not part:
                raise EOFError
            got += part
        return got

    def frame(self):
        """(kind, flags, stream, payload)"""
        head = self.exactly(9)
        kind, flags, stream = struct.unpack(">BBI", head[3:])
        return kind, flags, stream, self.exactly(int.from_bytes(head[:3], "big"))

    def data(self, stream, size):
        """The next bytes of a stream's body, with a window of one byte for each."""
        got = b""
        while len(got) < size:
            kind, _, of, payload = self.frame()
            if kind == kData and of == stream:
                got += payload
                self.widen(stream, 1)
        return got


def active(p):
    return int(p.postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tablegate' AND state = 'active'"))


def memory(p):
    with open(f"/proc/{p.gateway.workers()[0]}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def tiny_windows(t, p, port):
    body = request(p.gateway.port, "/v1/many?above=0").body
    before = memory(p)
    link = Link(port, 1)
    streams = range(1, 41, 2)
    for stream in streams:
        link.get(stream, "/v1/many?above=0")
    wait_for(lambda: active(p) >= 2, 10 * kSlow, "statements are held")
    begun = time.monotonic()
    t.is_({request(p.gateway.port, "/v1/none").status for _ in range(50)}, {404}, f"20 streams with a window of one byte: others are answered, {(time.monotonic() - begun) * 20:.1f} ms each")
    t.ok(memory(p) - before < 25 or kSlow > 1, "and cost their buffers at most", memory(p) - before)
    t.is_(link.data(1, 300), body[:300], "one that takes a byte at a time gets the bytes of the answer")
    link.socket.close()
    wait_for(lambda: active(p) == 0, 10 * kSlow, "PostgreSQL runs nothing")


def rapid_resets(t, p, port):
    before = memory(p)
    for _ in range(10):
        link = Link(port, 65535)
        for stream in range(1, 201, 2):
            link.get(stream, "/v1/many?above=0")
            link.reset(stream)
        link.socket.close()
    begun = time.monotonic()
    wait_for(lambda: active(p) == 0, 10 * kSlow, "PostgreSQL runs nothing")
    t.ok(time.monotonic() - begun < 2 * kSlow, f"1,000 streams that were reset at once: PostgreSQL runs nothing after {time.monotonic() - begun:.2f} s")
    t.ok(len(request(p.gateway.port, "/v1/many?above=0").json["data"]) == kRows and (memory(p) - before < 10 or kSlow > 1), "the next caller gets its rows", memory(p) - before)


def full_connection(t, p, port):
    """The header of an error in place of a long answer has to wait behind another stream."""
    p.postgres.psql("ALTER TABLE mirror.user_info ALTER COLUMN age TYPE text")
    link = Link(port, kWide)
    link.get(1, "/v1/many?above=0")
    wait_for(lambda: active(p) == 1, 10 * kSlow, "a held statement")
    seen = p.gateway.log_size()
    link.get(3, "/v1/ages?above=0")
    wait_for(lambda: "columns are not those of the manifest" in p.gateway.log(seen), 10 * kSlow, "the error")
    time.sleep(0.3)
    kinds, rows = [], 0
    ended = set()
    while ended != {1, 3}:
        kind, flags, stream, payload = link.frame()
        if stream == 3:
            kinds.append(kind)
        elif kind == kData:
            rows += payload.count(b'"user_id"')
        if kind in (kData, kHeaders) and flags & 1:
            ended.add(stream)
        if kind in (kReset, kGoAway):
            break
    t.is_((kinds, sorted(ended)), ([kHeaders, kData], [1, 3]), "an error that had to wait for a full connection comes, once and whole")
    t.ok(rows >= kRows - 5, "and so do the rows before it", rows)
    t.is_(p.gateway.log(seen).count("columns are not those"), 1, "its line is in the log once")
    link.socket.close()
    t.is_([request(p.gateway.port, "/v1/ages?above=0").status for _ in range(3)], [500] * 3, "without others before it: 500")


def test(t):
    p = t.project()
    port = free_port()
    p.serve(definitions(), {"user_info": "user_id,user_name,age\n1,a,0\n"}, workers=1, connections=8,
            http=f"server {{ listen 127.0.0.1:{port} http2; location / {{ tablegate on; }} }}")
    p.postgres.psql(f"INSERT INTO mirror.user_info SELECT 1000 + i, repeat('x', 10000), 77 FROM generate_series(2, {kRows}) i")
    tiny_windows(t, p, port)
    rapid_resets(t, p, port)
    full_connection(t, p, port)


run_test(test)
