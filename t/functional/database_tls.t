#!/usr/bin/env python3
"""Over TLS the database's answers are the same bytes as in clear: single rows, lists in chunks, values larger than a TLS record, answers whose client takes
them slowly. A session that ends in the middle of an answer is noticed, and the next caller is answered."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import time

from tablegate_test import kSlow, run_test, slow_link, users_definitions, wait_for
from tg_process import kRoot
from tg_tls import Authority
from tg_tls_front import TlsFront

kStreams = "FROM pg_stat_activity WHERE application_name = 'tablegate' AND state = 'active'"
# age: rows, bytes of a name. The last one is more than the buffers of all sockets between the database and the client hold.
kLists = {1: (1, 10), 2: (60, 200), 3: (5000, 100), 4: (3, 500000), 5: (2, 16384), 6: (10, 16383), 7: (1, 3000000), 8: (3500, 10000)}


def definitions():
    age = {"name": "age", "column": "age", "type": "LONG", "sample": 1}
    return users_definitions(name="Many", path="/many", result="list", authentication=[], max_records=10000, order_by=[{"column": "user_id"}], request_parameters=[age])


def answers(p):
    targets = [f"/v1/many?age={age}" for age in kLists] + ["/v1/many?age=99"]
    return [(target, p.get(target).status, p.get(target).body) for target in targets]


def taken_slowly(p, version="1.0"):
    link = slow_link(p.gateway.port, "/v1/many?age=8", version=version, timeout=15 * kSlow)
    answer = link.recv(4096)
    wait_for(lambda: p.postgres.psql(f"SELECT count(*) {kStreams}") == "1", 10 * kSlow, "a held statement")
    time.sleep(0.1)  # nothing is read meanwhile
    return link, answer


def rest(link):
    parts = []
    try:
        while part := link.recv(1 << 18):
            parts.append(part)
    except ConnectionResetError:
        parts.append(b"reset")
    link.close()
    return b"".join(parts)


def test(t):
    project = t.project()
    if kRoot:  # the front runs as root
        project.postgres.allow("root", "tablegate_reader")
    p = project.serve(definitions(), {"user_info": "user_id,user_name,age\n1,a,0\n"}, workers=1, connections=4, server="tablegate_buffer 128k;")
    for age, (count, size) in kLists.items():
        p.postgres.psql(f"INSERT INTO mirror.user_info SELECT {age * 100000} + i, repeat('x', {size}), {age} FROM generate_series(1, {count}) i")
    clear = answers(p)
    certificate, key = Authority(os.path.join(p.folder, "tls")).issue("database", ["db.example.com"])
    front = TlsFront(p.postgres.socket, certificate, key)
    try:
        p.gateway.set(dsn=f"host=127.0.0.1 port={front.port} dbname=tablegate user=tablegate_reader sslmode=require")
        p.gateway.reload()
        for one, other in zip(clear, answers(p)):
            t.ok(one == other and one[1] == 200, f"{one[0]}: {len(one[2]):,} bytes, the same over TLS", one[1], other[1], len(other[2]))
        t.ok(front.sessions >= 1 and front.clear == 0, "nothing in clear", front.sessions, front.clear)
        link, head = taken_slowly(p)
        body = (head + rest(link)).partition(b"\r\n\r\n")[2]
        t.ok(body == next(one[2] for one in clear if one[0].endswith("age=8")), "a client that takes its answer slowly: the same bytes", len(body))
        link, _ = taken_slowly(p)
        p.postgres.psql(f"SELECT pg_terminate_backend(pid) {kStreams}")
        t.ok(rest(link).endswith(b"reset"), "a session that ends in the middle of an answer: it breaks off")
        t.is_(p.get("/v1/many?age=1").status, 200, "the next caller is answered")
    finally:
        p.gateway.set(dsn=p.postgres.dsn("tablegate_reader"))
        p.gateway.reload()
        front.stop()


run_test(test)
