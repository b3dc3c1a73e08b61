#!/usr/bin/env python3
"""HTTP/1.0, keep-alive, pipelining, HEAD, bodies on GET, HTTP/2: one API, the same answer each way."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import re
import select
import shutil
import socket

from tablegate_test import Client, bearer, free_port, kSlow, raw, run, run_test
from tg_faults import serve_slow, wait_sleeping

kCall = "/v1/user/info?user_id=10001"
kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
kBob = b'{"data":{"user_id":10002,"user_name":"Bob"},"success":true}'


def lines(*parts):
    return "\r\n".join(parts).encode() + b"\r\n\r\n"


def answers(data, bodies=True):
    """Bytes of one connection as [(status, headers, body)], cut by Content-Length."""
    found = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in rest)}
        size = int(headers["content-length"]) if bodies else 0
        found.append((int(first.split()[1]), headers, data[:size]))
        data = data[size:]
    return found


class Link:
    """One connection that the test reads answer by answer."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=15 * kSlow)
        self.file = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data)

    def answer(self):
        status = int(self.file.readline().split()[1])
        headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        return status, self.file.read(int(headers["content-length"]))


def http10(t, p):
    auth = f"Authorization: Bearer {p.key}"
    for name, host in (("without Host", ()), ("with Host", ("Host: a.example",))):
        data = raw(p.gateway.port, lines(f"GET {kCall} HTTP/1.0", auth, *host))
        (status, headers, body), = answers(data)
        t.is_((status, body), (200, kAlice), f"HTTP/1.0 {name}: the row, and the connection is closed")
        t.is_(headers.get("connection"), "close", f"HTTP/1.0 {name}: Connection: close")
        t.ok("transfer-encoding" not in headers, f"HTTP/1.0 {name}: not chunked")
    (status, _, body), = answers(raw(p.gateway.port, lines(f"GET {kCall} HTTP/1.0")))
    t.is_(status, 401, "HTTP/1.0 without a key: 401")
    link = Link(p.gateway.port)
    for turn in (1, 2):
        link.send(lines(f"GET {kCall} HTTP/1.0", auth, "Connection: keep-alive"))
        t.is_(link.answer(), (200, kAlice), f"HTTP/1.0 keep-alive, request {turn}")
    link.socket.close()
    t.is_(raw(p.gateway.port, lines(f"GET {kCall} HTTP/1.1", auth, "Connection: close"))[:12], b"HTTP/1.1 400", "HTTP/1.1 without Host: 400")


def keep_alive(t, p):
    with Client(p.gateway.port) as client:
        got, ports = [], set()
        for turn in range(50):
            answer = client.request(f"/v1/user/info?user_id={10001 + turn % 2}", headers=bearer(p.key))
            got.append(answer.body == (kBob if turn % 2 else kAlice))
            ports.add(client.local_port())
    t.ok(all(got), "keep-alive: 50 right answers")
    t.is_(len(ports), 1, "keep-alive: on one connection")


def pipelining(t, p):
    one = lambda number, *more: lines(f"GET /v1/user/info?user_id={number} HTTP/1.1", "Host: a", f"Authorization: Bearer {p.key}", *more)
    wanted = [(200, kBob if number == 10002 else kAlice) for number in [10001, 10002] * 20]
    data = b"".join(one(number) for number in [10001, 10002] * 20)
    data = data[:-2] + b"Connection: close\r\n\r\n"
    got = [(status, body) for status, _, body in answers(raw(p.gateway.port, data))]
    t.is_(got, wanted, "40 requests in one write: answered in order")
    data = b"".join((one(10001), one("x"), lines("GET /nothing HTTP/1.1", "Host: a"), lines(f"GET {kCall} HTTP/1.1", "Host: a"),
                     one(10002, "Content-Length: 5") + b"hello", one(10002, "Connection: close")))
    got = [(status, body if status == 200 else None) for status, _, body in answers(raw(p.gateway.port, data))]
    t.is_(got, [(200, kAlice), (400, None), (404, None), (401, None), (200, kBob), (200, kBob)], "rows and errors in turns, in order")
    link = Link(p.gateway.port)
    whole = one(10001) + one(10002)
    for start in range(0, len(whole), 7):
        link.send(whole[start:start + 7])
    t.is_([link.answer(), link.answer()], [(200, kAlice), (200, kBob)], "two requests in pieces of 7 bytes")
    link.socket.close()


def head(t, p):
    with Client(p.gateway.port) as client:
        for target, headers, status in ((kCall, bearer(p.key), 200), (kCall, {}, 401), ("/nothing", {}, 404), ("/v1/user/info", bearer(p.key), 400)):
            got = client.request(target, headers=headers)
            headed = client.request(target, "HEAD", headers)
            t.is_((headed.status, headed.body), (status, b""), f"HEAD {status}: no body")
            unknown = {"content-length"} if status == 200 else set()  # the rows are not read
            t.is_(headed.headers.get("content-length"), None if unknown else str(len(got.body)), f"HEAD {status}: Content-Length")
            t.is_(sorted(headed.headers), sorted(set(got.headers) - unknown), f"HEAD {status}: the headers of GET")
    auth = f"Authorization: Bearer {p.key}"
    data = raw(p.gateway.port, lines(f"HEAD {kCall} HTTP/1.1", "Host: a", auth) + lines(f"HEAD {kCall} HTTP/1.1", "Host: a", auth, "Connection: close"))
    t.is_([status for status, _, _ in answers(data, bodies=False)], [200, 200], "HEAD twice in one write: headers only")


def body_on_get(t, p):
    auth, large = f"Authorization: Bearer {p.key}", 300000
    start = lambda *more: lines(f"GET {kCall} HTTP/1.1", "Host: a", auth, *more)
    refused = lines(f"GET {kCall} HTTP/1.1", "Host: a", f"Content-Length: {large}")
    link = Link(p.gateway.port)
    for name, parts, status in (
            ("body", (start("Content-Length: 5") + b"hello",), 200),
            ("large body", (start(f"Content-Length: {large}"), b"x" * large), 200),
            ("large body on a refused request", (refused, b"x" * large), 401),
            ("chunked body", (start("Transfer-Encoding: chunked") + b"5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\n\r\n",), 200),
            ("chunked body in pieces", (start("Transfer-Encoding: chunked"), b"5\r\nhel", b"lo\r\n", b"0\r\n", b"\r\n"), 200),
            ("a form that names another row", (start("Content-Length: 13", "Content-Type: application/x-www-form-urlencoded") + b"user_id=10002",), 200)):
        for part in parts:
            link.send(part)
        got = link.answer()
        t.is_((got[0], got[1] if status == 200 else kAlice), (status, kAlice), f"GET with a {name}: {status}")
        link.send(start())
        t.is_(link.answer(), (200, kAlice), f"GET with a {name}: the connection stays usable")
    link.send(start(f"Content-Length: {large}"))
    t.is_(link.answer(), (200, kAlice), "the answer does not wait for the body")
    link.send(b"y" * large + start())
    t.is_(link.answer(), (200, kAlice), "which is discarded when it comes after it")
    link.socket.close()
    for target, status in ((kCall, "400 Bad Request"), ("/v1/user/info", "400 Bad Request")):
        got = raw(p.gateway.port, lines(f"GET {target} HTTP/1.1", "Host: a", auth, "Transfer-Encoding: chunked", "Connection: close") + b"zz\r\n").decode()
        t.like(got, rf'(?s)^HTTP/1.1 {status}.*X-Ca-Request-Id: [0-9a-f]{{32}}.*"errCode":400,"error":"invalid_body"', f"GET {target} with a broken chunk: our refusal")
        t.unlike(got, "Alice|no-cache|Last-Modified", "and nothing of rows in it")


def body_while_the_query_runs(t, p):
    """lingering_timeout (300 ms here) is for after the answer; when it runs beside a longer query the connection ends."""
    link = Link(p.gateway.port)
    call = lambda number, *more: lines(f"GET /v1/user/info?user_id={number} HTTP/1.1", "Host: a", f"Authorization: Bearer {p.key}", *more)
    link.send(call(20700, "Content-Length: 300000"))
    wait_sleeping(p, 1)
    link.send(b"x" * 300000)
    t.is_(link.answer()[0], 200, "a body that comes while the query runs: 200")
    readable, _, _ = select.select([link.socket], [], [], 1.0)
    t.ok(not readable, "the connection stays open", readable and link.socket.recv(100))
    link.send(call(10001))
    t.is_(link.answer(), (200, kAlice), "and usable")
    link.socket.close()


def http2(t, p, port):
    url = f"http://127.0.0.1:{port}{kCall}"
    if shutil.which("curl"):
        curl = ["curl", "-sS", "--noproxy", "*", "--max-time", str(15 * kSlow), "--http2-prior-knowledge"]
        auth = ["-H", f"Authorization: Bearer {p.key}"]
        done = run([*curl, *auth, "-w", " %{http_version} %{response_code}", url])
        t.is_(done.stdout, kAlice.decode() + " 2 200", "HTTP/2 by curl") or t.diag(done.stderr)
        done = run([*curl, *auth, "-I", url])
        t.ok(done.stdout.startswith("HTTP/2 200 ") and "content-length" not in done.stdout, "HTTP/2: HEAD", done.stdout)
        done = run([*curl, "-w", " %{http_version} %{response_code}", url])
        t.like(done.stdout, r'"missing_credential".* 2 401$', "HTTP/2 without a key: 401")
    else:
        t.note("curl is not here")
    if shutil.which("nghttp"):  # curl 7.88 stumbles over any nginx that answers before it has read the body
        body = p.file("body", "x" * 60000)
        done = run(["nghttp", "-m", "3", "-H", ":method: GET", "-H", f"authorization: Bearer {p.key}", "-d", body, url], timeout=30 * kSlow)
        t.is_(done.stdout, kAlice.decode() * 3, "HTTP/2: three GETs with a body on one connection") or t.diag(done.stderr)
    else:
        t.note("nghttp is not here")
    if shutil.which("h2load"):
        done = run(["h2load", "-n", "400", "-c", "4", "-m", "16", "-H", f"Authorization: Bearer {p.key}", url], timeout=60 * kSlow)
        t.like(done.stdout, r"400 succeeded, 0 failed, 0 errored", "HTTP/2: 16 streams at once on each of 4 connections")
        t.like(done.stdout, r"status codes: 400 2xx", "HTTP/2: all 200")
    else:
        t.note("h2load is not here")


def test(t):
    port = free_port()
    p = serve_slow(t.project(), server="lingering_timeout 300ms;", http=f"server {{ listen 127.0.0.1:{port} http2; location / {{ tablegate on; }} }}")
    http10(t, p)
    keep_alive(t, p)
    pipelining(t, p)
    head(t, p)
    body_on_get(t, p)
    body_while_the_query_runs(t, p)
    http2(t, p, port)
    t.unlike(p.gateway.log(), re.escape(p.key), "no key in the log")


run_test(test)
