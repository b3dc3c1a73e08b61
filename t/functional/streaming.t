#!/usr/bin/env python3
"""Long lists go to the client as they come: up to 64 KiB with Content-Length, beyond in chunks, with the same bytes, over HTTP/1.1, HTTP/1.0 and
HTTP/2, compressed, as a subrequest; when the first part comes, and when the rest does not come in time."""
import gzip
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import free_port, kSlow, raw, request, run, run_test, users_definitions

kServer = """
    location = /status {{ tablegate_status; }}
    location /pages/ {{ root {folder}/www; ssi on; }}
    location /packed/ {{ rewrite ^/packed(.*)$ $1 break; tablegate on; gzip on; gzip_types application/json application/x-ndjson; }}
    location /limited/ {{ rewrite ^/limited(.*)$ $1 break; tablegate on; limit_rate 2m; tablegate_buffer 128k; }}
"""


def definitions():
    age = {"name": "age", "column": "age", "type": "LONG", "sample": 1}
    lists = {"result": "list", "authentication": [], "max_records": 10000, "order_by": [{"column": "user_id"}], "request_parameters": [age]}
    objects = users_definitions(name="Many", path="/many", **lists)
    long_name = {"name": "n" * 60, "column": "user_name"}
    names = [{**long_name, "name": f"{long_name['name']}{i}"} for i in range(5)]
    return objects + [{**objects[-1], "name": "In Formats", "path": "/formats", "formats": ["ndjson", "csv"]},
                      {**objects[-1], "name": "Long Names", "path": "/names", "response_parameters": names},
                      {**objects[-1], "name": "Cut List", "path": "/cut", "max_records": 1500},
                      {**{name: field for name, field in objects[-1].items() if name != "order_by"}, "name": "Hurried", "path": "/hurried", "timeout_ms": 800, "stream_timeout_ms": 1500}]


def rows(p, age, count, size):
    p.postgres.psql(f"INSERT INTO mirror.user_info SELECT {age * 100000} + i, repeat('x', {size}), {age} FROM generate_series(1, {count}) i")


def body_of(age, count, size):
    one = '{{"user_id":{},"user_name":"{}"}}'
    return ('{"data":[' + ",".join(one.format(age * 100000 + i, "x" * size) for i in range(1, count + 1)) + '],"success":true}').encode()


def lengths(t, p):
    head = len(body_of(1, 60, 1000))
    for age, count, size, fits in ((1, 60, 1000, True), (2, 5, 10, True), (3, 64, 65536 // 64 - 40, True), (4, 70, 1000, False), (5, 10000, 100, False),
                                   (6, 3, 500000, False), (7, 1, 70000, False)):
        rows(p, age, count, size)
        answer = request(p.gateway.port, f"/v1/many?age={age}")
        wanted = body_of(age, count, size)
        t.ok(answer.status == 200 and answer.body == wanted, f"{count} rows of {size} bytes: the bytes of the answer", len(answer.body), len(wanted))
        has = (answer.headers.get("content-length"), answer.headers.get("transfer-encoding"))
        t.is_(has, (str(len(wanted)), None) if fits else (None, "chunked"), f"{len(wanted)} bytes: {'Content-Length' if fits else 'chunked'}")
    # 400 rows of few bytes for PostgreSQL are long as JSON.
    p.postgres.psql("INSERT INTO mirror.user_info SELECT 900000 + i, NULL, 9 FROM generate_series(1, 400) i")
    for _ in range(3):
        answer = request(p.gateway.port, "/v1/names?age=9")
        t.is_((len(answer.json["data"]), answer.headers.get("content-length")), (400, None), f"{len(answer.body)} bytes of small rows, which come at once: chunked")
    t.ok(head < 65536, "the first is a little shorter than 64 KiB")


def formats(t, p):
    """NDJSON whose last buffer is full, and of no bytes; CSV; HEAD."""
    for age, size in ((11, 65536), (12, 65537), (13, 131072), (14, 16 * 65536)):
        count = size // 1024
        row = len('{"user_id":1100001,"user_name":""}\n')
        rows(p, age, count - 1, 1024 - row)
        p.postgres.psql(f"INSERT INTO mirror.user_info VALUES ({age * 100000 + count}, repeat('x', {size - (count - 1) * 1024 - row}), {age})")
        answer = request(p.gateway.port, f"/v1/formats?age={age}")
        lines = answer.body.split(b"\n")
        t.ok(len(answer.body) == size and lines.pop() == b"" and [json.loads(line)["user_id"] for line in lines] == [age * 100000 + i for i in range(1, count + 1)], f"NDJSON of {size} bytes", len(answer.body))
        t.is_(answer.headers.get("content-length"), str(size) if size <= 65536 else None, "with Content-Length up to 64 KiB")
        t.is_(gzip.decompress(request(p.gateway.port, f"/packed/v1/formats?age={age}", headers={"Accept-Encoding": "gzip"}).body), answer.body, "the same compressed")
    answer = request(p.gateway.port, "/packed/v1/formats?age=999", headers={"Accept-Encoding": "gzip"})
    t.is_((answer.status, gzip.decompress(answer.body) if answer.body else b""), (200, b""), "NDJSON without rows, compressed")
    answer = request(p.gateway.port, "/v1/formats?age=14&format=csv")
    t.ok(answer.headers.get("content-length") is None and answer.body.count(b"\r\n") == 1025 and answer.headers["x-tablegate-max-records"] == "10000", "long CSV", answer.headers)
    named = lambda got: {name: got.headers.get(name) for name in ("content-type", "content-disposition", "etag", "cache-control", "vary")}  # noqa: E731
    head = request(p.gateway.port, "/v1/formats?age=14&format=csv", "HEAD")
    t.is_((head.status, head.body, named(head)), (200, b"", named(answer)), "HEAD: its headers")


def cut(t, p):
    answer = request(p.gateway.port, "/v1/cut?age=5")
    t.is_((len(answer.json["data"]), answer.headers.get("x-tablegate-max-records"), answer.headers.get("x-tablegate-truncated")), (1500, "1500", None),
          "a long list that is cut: its header cannot know it, and says how many rows there are at most")
    status = lambda: next(one for one in request(p.gateway.port, "/status").json["apis"] if one["name"] == "Cut List")  # noqa: E731
    t.is_((status()["cut_lists"], status()["truncated"]), (1, 0), "it is counted as a cut list")
    t.is_(request(p.gateway.port, "/v1/cut?age=1").headers.get("x-tablegate-max-records"), None, "a list of less than 64 KiB has no such header")


def versions(t, p, port):
    wanted = body_of(5, 10000, 100)
    out = os.path.join(p.folder, "out")
    run(["curl", "-sS", "--noproxy", "*", "--http2-prior-knowledge", "-o", out, f"http://127.0.0.1:{port}/v1/many?age=5"])
    with open(out, "rb") as file:
        t.ok(file.read() == wanted, "HTTP/2: the same bytes")
    answer = raw(p.gateway.port, b"GET /v1/many?age=5 HTTP/1.0\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    t.ok(b"chunked" not in head.lower() and body == wanted, "HTTP/1.0: the same bytes, to the end of the connection", head)
    answer = request(p.gateway.port, "/packed/v1/many?age=5", headers={"Accept-Encoding": "gzip"})
    t.ok(answer.headers.get("content-encoding") == "gzip" and gzip.decompress(answer.body) == wanted, "compressed: the same bytes")
    begun = time.monotonic()
    answer = request(p.gateway.port, "/limited/v1/many?age=6")
    t.ok(answer.body == body_of(6, 3, 500000), f"with limit_rate and a small buffer: the same bytes, {time.monotonic() - begun:.1f} s")
    answer = request(p.gateway.port, "/limited/v1/many?age=5")
    t.ok(answer.body == wanted, "and of many rows")
    os.makedirs(os.path.join(p.folder, "www", "pages"))
    with open(os.path.join(p.folder, "www", "pages", "one.html"), "w", encoding="utf-8") as file:
        file.write('<!--# include virtual="/v1/many?age=4" -->')
    t.ok(request(p.gateway.port, "/pages/one.html").body == body_of(4, 70, 1000), "as a subrequest: the same bytes")


def times(t, p):
    """Rows of 10 KB, the last ones late."""
    rows(p, 8, 20, 10000)
    p.postgres.psql("""
        BEGIN; ALTER TABLE mirror.user_info RENAME TO user_info_rows;
        CREATE VIEW mirror.user_info AS SELECT * FROM mirror.user_info_rows WHERE age <> 8 OR user_id < 800015 OR pg_catalog.pg_sleep(0.5) IS NOT NULL;
        ALTER VIEW mirror.user_info OWNER TO tablegate_owner; GRANT SELECT ON mirror.user_info TO tablegate_reader; COMMIT""")
    begun = time.monotonic()
    answer = raw(p.gateway.port, b"GET /v1/hurried?age=8 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    took = time.monotonic() - begun
    t.ok(answer.startswith(b"HTTP/1.1 200") and not answer.endswith(b"0\r\n\r\n"), "timeout_ms counts to the first part; stream_timeout_ms ends the answer, which breaks off", answer[-100:])
    t.ok(1.4 < took < 1.5 + 1.5 * kSlow, "after stream_timeout_ms", took)
    t.is_(request(p.gateway.port, "/v1/many?age=1").status, 200, "others are answered")


def test(t):
    p = t.project()
    port = free_port()
    p.serve(definitions(), {"user_info": "user_id,user_name,age\n1,a,0\n"}, workers=1, server=kServer.format(folder=p.folder),
            http=f"server {{ listen 127.0.0.1:{port} http2; location / {{ tablegate on; }} }}")
    lengths(t, p)
    formats(t, p)
    cut(t, p)
    versions(t, p, port)
    times(t, p)
    t.is_(json.loads(request(p.gateway.port, "/v1/many?age=2").body)["success"], True, "and the worker continues to answer")


run_test(test)
