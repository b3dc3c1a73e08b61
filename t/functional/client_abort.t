#!/usr/bin/env python3
"""Clients that go away while they wait for a connection, while their query runs, while their answer is sent, while the session is being
opened, over HTTP/2; and deadlines. Afterwards the pool works and PostgreSQL has no statement of ours left."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import http.client
import signal
import socket
import struct
import time

from tablegate_test import bearer, free_port, kSlow, request, run, run_test, users_definitions, wait_for
from tg_faults import serve_slow, sleeping, wait_sleeping

kCall = "/v1/user/info?user_id=10001"
kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'


def definitions():
    """The tutorial's API with 5 s, the same with 1 s, and a list of 60 kB a row."""
    objects = users_definitions(timeout_ms=5000, coalesce=False)
    api = next(x for x in objects if x["kind"] == "Api")
    objects.append({**api, "name": "Hurried Users", "path": "/hurried/info", "timeout_ms": 1000})
    objects.append({**api, "name": "All Users", "path": "/user/all", "result": "list",
                    "request_parameters": [{"name": "age", "column": "age", "type": "LONG", "sample": 25}]})
    return objects


def send(p, target, buffer=None):
    """A request on a connection of its own, whose answer nobody reads yet."""
    link = socket.socket()
    if buffer:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    link.settimeout(15 * kSlow)
    link.connect(("127.0.0.1", p.gateway.port))
    link.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {p.key}\r\n\r\n".encode())
    return link


def leave(link, reset):
    """Closes like a client that ends, or (reset) like one that crashes."""
    if reset:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


def logged(p, text, seen):
    wait_for(lambda: text in p.gateway.log(seen), 10 * kSlow, f"'{text}' in the log")


def idle(p):
    return p.postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tablegate' AND state <> 'idle'") == "0"


def while_the_query_runs(t, p, reset):
    seen = p.gateway.log_size()
    link = send(p, "/v1/user/info?user_id=20700")
    wait_sleeping(p, 1)
    leave(link, reset)
    logged(p, "prematurely closed connection" if not reset else "client", seen)
    answer = p.get(kCall)  # there is one connection: it waits for the statement that runs on
    t.is_(answer.body, kAlice, f"client gone while the query runs (reset: {reset}): the next one gets its own answer")
    wait_for(lambda: idle(p), 10 * kSlow, "no statement runs")


def while_it_waits(t, p, reset):
    running = send(p, "/v1/user/info?user_id=21500")
    wait_sleeping(p, 1)
    waiting = [send(p, "/v1/user/info?user_id=28000") for _ in range(3)]
    t.is_([p.get("/x").status for _ in range(2)], [404] * 2, "nginx has read them: it answers a later one")
    for link in waiting:
        leave(link, reset)
    # It would get 504 had one of their statements run before it.
    t.is_(p.get(kCall).body, kAlice, f"clients gone while they wait (reset: {reset}): the next one is answered")
    t.is_(running.recv(100)[:12], b"HTTP/1.1 200", "the one that stayed, too")
    running.close()
    t.is_(sleeping(p), 0, "none of their statements (of 8 s) runs")


def while_the_answer_is_sent(t, p):
    rows = 1500
    p.postgres.psql("INSERT INTO mirror.user_info_rows SELECT 0 - i, repeat('x', 10000), 77 FROM generate_series(1, %d) i" % rows)
    seen = p.gateway.log_size()
    link = send(p, "/v1/user/all?age=77", buffer=4096)
    first = link.recv(4096)
    t.is_(first[:12], b"HTTP/1.1 200", "a large list begins to come")
    answer = p.get(kCall)
    t.is_(answer.body, kAlice, "a slow reader of an answer that fits tablegate_buffer holds no connection to PostgreSQL")
    leave(link, True)
    logged(p, "client", seen)
    t.is_(p.get(kCall).body, kAlice, "client gone while its answer is sent: the next one is answered")
    link = send(p, "/v1/user/all?age=77", buffer=200000)
    answer = http.client.HTTPResponse(link)
    answer.begin()
    body = b"".join(iter(lambda: answer.read(16384), b""))
    link.close()
    t.ok(len(body) > rows * 10000 and body.endswith(b'}],"success":true}'), f"a slow reader gets all {len(body)} bytes")
    t.is_(body.count(b'"user_id":'), rows, "and all rows")


def over_http2(t, p, port):
    """curl gives up in the middle of a query and takes its connection with it."""
    seen = p.gateway.log_size()
    done = run(["curl", "-sS", "--noproxy", "*", "--http2-prior-knowledge", "--max-time", "0.3", "-H", f"Authorization: Bearer {p.key}",
                f"http://127.0.0.1:{port}/v1/user/info?user_id=20700"])
    t.is_(done.returncode, 28, "an HTTP/2 client gives up") or t.diag(done.stderr)
    t.is_(p.get(kCall).body, kAlice, "client gone over HTTP/2 while the query runs: the next one gets its own answer")
    wait_for(lambda: idle(p), 10 * kSlow, "no statement runs")
    t.unlike(p.gateway.log(seen), "exited on signal|connection lost", "the worker and its session go on")


def while_it_connects(t, p, reset):
    """New workers have no session yet; the server does not get on with opening one."""
    p.gateway.reload()
    wait_for(lambda: not p.gateway.workers(leaving=True), 20 * kSlow, "old workers are gone")
    p.postgres.signal_all(signal.SIGSTOP)
    try:
        links = [send(p, "/v1/user/info?user_id=28000") for _ in range(3)]
        t.is_(p.get("/x").status, 404, "nginx has read them: it answers a later one")
        for link in links:
            leave(link, reset)
        t.is_(p.get("/x").status, 404, "and that they are gone")
    finally:
        p.postgres.signal_all(signal.SIGCONT)
    wait_for(lambda: p.get(kCall).body == kAlice, 15 * kSlow, "rows")
    t.is_(sleeping(p), 0, f"clients gone while the session is opened (reset: {reset}): none of their statements runs")


def deadlines(t, p):
    seen = p.gateway.log_size()
    begun = time.monotonic()
    answer = p.get("/v1/hurried/info?user_id=28000")
    seconds = time.monotonic() - begun
    t.like(answer.text, r'^\{"data":null,"success":false,"errCode":1108110583,"error":"query_timeout","errMsg":"[^"]+","requestId":"[0-9a-f]{32}"\}$', "504: body")
    t.is_(answer.status, 504, "a statement that sleeps longer than timeout_ms: 504")
    t.ok(0.95 <= seconds < 1.0 + 1.5 * kSlow, "504 comes after timeout_ms", seconds)
    wait_for(lambda: sleeping(p) == 0, 3 * kSlow, "PostgreSQL ends the statement")
    t.ok(time.monotonic() - begun < 8.0 or kSlow > 1, "PostgreSQL has ended the statement, long before its 8 s")
    t.is_(p.get(kCall).body, kAlice, "the connection remains usable")
    t.unlike(p.gateway.log(seen), "connection lost", "it was not lost")
    # Waiting counts: one statement of 3 s holds the only connection, the next has 1 s. A new worker does not know that it takes 3 s.
    p.gateway.reload()
    running = send(p, "/v1/user/info?user_id=23000")
    wait_sleeping(p, 1)
    begun = time.monotonic()
    answer = p.get("/v1/hurried/info?user_id=10001")
    seconds = time.monotonic() - begun
    t.is_(answer.status, 504, "waiting for a connection longer than timeout_ms: 504")
    t.ok(0.95 <= seconds < 1.0 + 1.5 * kSlow, "after timeout_ms", seconds)
    t.is_(running.recv(100)[:12], b"HTTP/1.1 200", "the running statement is answered")
    running.close()
    # Now it knows.
    running = send(p, "/v1/user/info?user_id=23000")
    wait_sleeping(p, 1)
    begun = time.monotonic()
    answer = p.get("/v1/hurried/info?user_id=10001")
    t.is_((answer.status, answer.json["error"]), (429, "queue_full"), "one that could not be answered in time is rejected")
    t.ok(time.monotonic() - begun < 0.5 * kSlow, "at once")
    t.is_(running.recv(100)[:12], b"HTTP/1.1 200", "the running statement is answered")
    running.close()


def test(t):
    project = t.project()
    port = free_port()
    p = serve_slow(project, definitions(), workers=1, connections=1, server="tablegate_buffer 20m;",
                   http=f"server {{ listen 127.0.0.1:{port} http2; location / {{ tablegate on; }} }}")
    for reset in (False, True):
        while_the_query_runs(t, p, reset)
        while_it_waits(t, p, reset)
    while_the_answer_is_sent(t, p)
    over_http2(t, p, port)
    deadlines(t, p)
    wait_for(lambda: idle(p), 10 * kSlow, "no statement runs")
    t.is_(p.postgres.backends(), 1, "one session, idle, as configured")
    t.is_(request(p.gateway.port, kCall, headers=bearer(p.key)).status, 200, "and it answers")
    t.ok(len(p.gateway.workers()) == 1 and "connection lost" not in p.gateway.log(), "all on the first connection")
    for reset in (False, True):
        while_it_connects(t, p, reset)


run_test(test)
