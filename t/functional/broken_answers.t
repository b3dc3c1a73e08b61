#!/usr/bin/env python3
"""An answer that breaks off after its header is never taken for a whole one: HTTP/1.1 has no last chunk, HTTP/1.0 and HTTP/2 a reset. One line in the log
says it, and the status counts it. A break before the header is an error as usual, or not noticed at all. A client that leaves is no break."""
import os
import re
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tg_tls import Authority
from tablegate_test import free_port, kSlow, request, run_test, slow_link, users_definitions, wait_for

kServer = "tablegate_buffer 128k; location = /status { tablegate_status; }"
kTarget = "/v1/many?age=77"
kStreams = "FROM pg_stat_activity WHERE application_name = 'tablegate' AND state = 'active'"


def definitions():
    age = {"name": "age", "column": "age", "type": "LONG", "sample": 77}
    return users_definitions(name="Many", path="/many", result="list", authentication=[], max_records=10000, request_parameters=[age])


def open_stream(p, version):
    link = slow_link(p.gateway.port, kTarget, version=version, timeout=15 * kSlow)
    return link, link.recv(4096)


def rest(link):
    """What comes to the end, and how it ends."""
    last = b""
    try:
        while True:
            part = link.recv(1 << 20)
            if not part:
                return last, "closed"
            last = (last + part)[-20:]
    except ConnectionResetError:
        return last, "reset"
    finally:
        link.close()


def held(p):
    return p.postgres.psql(f"SELECT count(*) {kStreams}") == "1"


def fill(p):
    p.postgres.psql("INSERT INTO mirror.user_info SELECT 1000 + i, repeat('x', 10000), 77 FROM generate_series(1, 1500) i")


def counts(p):
    api = request(p.gateway.port, "/status").json["apis"][0]
    return api["truncated"], api["abandoned"]


def breaks(t, p, how, slug):
    for version, end in (("1.1", "closed"), ("1.0", "reset")):
        seen, before = p.gateway.log_size(), counts(p)[0]
        link, head = open_stream(p, version)
        wait_for(lambda: held(p), 10 * kSlow, "a held statement")
        p.postgres.psql(f"SELECT {how}(pid) {kStreams}")
        last, ended = rest(link)
        t.ok(head.startswith(b"HTTP/1.1 200") and ended == end and not last.endswith(b"0\r\n\r\n") and not last.endswith(b'"success":true}'),
             f"{how}, HTTP/{version}: the answer ends without its end, {end}", ended, last)
        t.is_(counts(p)[0] - before, 1, "counted as truncated")
        request_id = re.search(rb"X-Ca-Request-Id: (\w+)", head)[1].decode()
        lines = [line for line in p.gateway.log(seen).splitlines() if "broke off" in line]
        t.ok(len(lines) == 1 and re.search(rf'API "Many" version 1: the answer broke off after [1-9]\d* rows: {slug}, request {request_id}', lines[0]), "one line in the log", lines)


def breaks_for_curl(t, p, title, options, url, ends):
    """ends: the exit status of curl, and a word of what it says."""
    before = counts(p)[0]
    curl = subprocess.Popen(["curl", "-sS", "--noproxy", "*", *options, "--limit-rate", "2m", "-o", "/dev/null", f"{url}{kTarget}"],
                            stderr=subprocess.PIPE, text=True)
    wait_for(lambda: held(p), 10 * kSlow, "a held statement")
    p.postgres.psql(f"SELECT pg_terminate_backend(pid) {kStreams}")
    # What was sent before is read at the limited rate.
    error = curl.communicate(timeout=60 * kSlow)[1]
    t.ok((curl.returncode, True) in [(status, word in error) for status, word in ends], f"{title}: the client reports an incomplete answer", curl.returncode, error)
    t.is_(counts(p)[0] - before, 1, "counted as truncated")


def leaves(t, p):
    before = counts(p)
    link, _ = open_stream(p, "1.1")
    wait_for(lambda: held(p), 10 * kSlow, "a held statement")
    link.close()
    wait_for(lambda: not held(p), 5 * kSlow, "PostgreSQL has ended the statement")
    t.is_(counts(p), before, "a client that leaves while its answer is sent: the statement ends, nothing is counted")


def swaps(t, p):
    """A load replaces the table while an answer of it is held."""
    link, _ = open_stream(p, "1.1")
    wait_for(lambda: held(p), 10 * kSlow, "a held statement")
    file = p.file("new.csv", "user_id,user_name,age\n2,b,0\n")
    load = threading.Thread(target=lambda: results.append(p.loader("table", "load", "user_info", "--header", "--from", f"csv:{file}")))
    results = []
    load.start()
    wait_for(lambda: p.postgres.psql("SELECT count(*) FROM pg_locks WHERE NOT granted") != "0", 10 * kSlow, "the swap")
    begun = time.monotonic()
    status = p.get("/v1/many?age=0").status
    took = time.monotonic() - begun
    # A swap lets others wait for 4 s at most; timeout_ms is 3 s.
    t.ok(not results and status in (200, 504) and took < 5 * kSlow, f"a load waits for an answer that is being sent, others are answered: {status} after {took:.1f} s", results)
    link.close()
    load.join(30 * kSlow)
    t.ok(results and results[0].rc == 0 and len(p.get("/v1/many?age=0").json["data"]) == 1, "when its client has left the new rows are there", results)
    fill(p)


def makes_way(t, p):
    """An answer whose client takes nothing, and a load that waits for it."""
    before, seen = counts(p)[0], p.gateway.log_size()
    link, _ = open_stream(p, "1.1")
    wait_for(lambda: held(p), 10 * kSlow, "a held statement")
    begun = time.monotonic()
    file = p.file("newer.csv", "user_id,user_name,age\n3,c,0\n")
    result = p.loader("table", "load", "user_info", "--header", "--from", f"csv:{file}")
    took = time.monotonic() - begun
    t.ok(result.rc == 0 and took < 9 * kSlow and len(p.get("/v1/many?age=0").json["data"]) == 1, f"a load waits {took:.1f} s for the answer of a client that takes nothing", result)
    t.ok(not rest(link)[0].endswith(b"0\r\n\r\n"), "the answer ends without its end")
    t.is_(counts(p)[0] - before, 1, "counted as truncated")
    lines = [line for line in p.gateway.log(seen).splitlines() if "broke off" in line]
    t.ok(len(lines) == 1 and "rows: query_timeout (a swap of its table waits for it), request" in lines[0], "one line in the log", lines)
    t.is_(p.postgres.psql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0", "no lock is left")
    fill(p)


def slow(t, p):
    """send_timeout bounds a client that takes nothing."""
    p.gateway.set(server="send_timeout 1s; " + kServer)
    p.gateway.write()
    p.gateway.reload()
    link, _ = open_stream(p, "1.1")
    wait_for(lambda: held(p), 10 * kSlow, "a held statement")
    wait_for(lambda: not held(p), 5 * kSlow, "its end")
    t.ok(not rest(link)[0].endswith(b"0\r\n\r\n"), "a client that takes nothing for send_timeout: the statement ends, and so does its answer")


def before_the_header(t, p):
    """40 rows, 40 KB, whose last one is late: the session ends between them."""
    p.postgres.psql("""
        BEGIN; ALTER TABLE mirror.user_info RENAME TO user_info_rows; INSERT INTO mirror.user_info_rows SELECT 50000 + i, repeat('y', 1000), 78 FROM generate_series(1, 40) i;
        CREATE VIEW mirror.user_info AS SELECT * FROM mirror.user_info_rows WHERE age <> 78 OR user_id < 50040 OR pg_catalog.pg_sleep(1) IS NOT NULL;
        ALTER VIEW mirror.user_info OWNER TO tablegate_owner; GRANT SELECT ON mirror.user_info TO tablegate_reader; COMMIT""")
    before = counts(p)
    link = socket.create_connection(("127.0.0.1", p.gateway.port), timeout=15 * kSlow)
    link.sendall(b"GET /v1/many?age=78 HTTP/1.0\r\n\r\n")
    wait_for(lambda: p.postgres.psql(f"SELECT count(*) {kStreams} AND wait_event = 'PgSleep'") == "1", 10 * kSlow, "the last row")
    p.postgres.psql(f"SELECT pg_terminate_backend(pid) {kStreams}")
    answer = b""
    while part := link.recv(65536):
        answer += part
    link.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    t.ok(head.startswith(b"HTTP/1.1 200") and b"Content-Length" in head and body.count(b'"user_id"') == 40 and body.endswith(b'"success":true}'),
         "a session that is lost before the header: all rows, once", head, body[:200])
    t.is_(counts(p), before, "nothing is counted")


def test(t):
    p = t.project()
    port, tls_port = free_port(), free_port()
    certificate, key = Authority(os.path.join(p.folder, "tls")).issue("a", ["a.example.com"])
    p.serve(definitions(), {"user_info": "user_id,user_name,age\n1,a,0\n"}, workers=1, connections=4, server=kServer,
            http=f"server {{ listen 127.0.0.1:{port} http2; listen 127.0.0.1:{tls_port} ssl http2; ssl_certificate {certificate}; ssl_certificate_key {key};"
                 " tablegate_buffer 128k; location / { tablegate on; } }")
    fill(p)
    breaks(t, p, "pg_terminate_backend", "database_unavailable")
    breaks(t, p, "pg_cancel_backend", "query_timeout")
    reset, cut = [(92, "INTERNAL_ERROR")], [(18, "transfer closed"), (56, "")]
    breaks_for_curl(t, p, "HTTP/2", ["--http2-prior-knowledge"], f"http://127.0.0.1:{port}", reset)
    breaks_for_curl(t, p, "HTTP/2 over TLS", ["-k", "--http2"], f"https://127.0.0.1:{tls_port}", reset)
    breaks_for_curl(t, p, "HTTP/1.1 over TLS", ["-k", "--http1.1"], f"https://127.0.0.1:{tls_port}", cut)
    leaves(t, p)
    swaps(t, p)
    makes_way(t, p)
    before_the_header(t, p)
    slow(t, p)


run_test(test)
