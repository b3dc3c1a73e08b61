#!/usr/bin/env python3
"""Generations as the gateway reports them: tablegate_status and Last-Modified follow loads and rollbacks, never ahead of the rows; no time
makes a request conditional; a mirror without the table, or without the right to it, serves as before."""
import email.utils
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Load, bearer, kCheckout, kSlow, kUsersCsv, request, run_test, users_definitions, wait_for
from tg_faults import serve_slow, wait_sleeping

kCall = "/v1/user/info?user_id=10001"
kOwner = "SET ROLE tablegate_owner; "
kStatus = "location = /status { tablegate_status; } location /off/ { rewrite ^/off(/.*)$ $1 break; tablegate on; tablegate_last_modified off; }"


def tables(p):
    return request(p.gateway.port, "/status").json["tables"]


def seconds(header):
    return int(email.utils.parsedate_to_datetime(header).timestamp())


def row(p):
    """What the mirror says: generation, rows, loaded_at, source_time."""
    return p.postgres.psql("SELECT generation, rows, floor(extract(epoch FROM loaded_at))::bigint, floor(extract(epoch FROM source_time))::bigint"
                           " FROM mirror.tablegate_tables WHERE table_name = 'user_info'")


def users(name):
    return f"user_id,user_name,age\n10001,{name},25\n10002,Bob,30\n"


def load_text(p, text):
    """From standard input, whose time is unknown."""
    p.loader.must("table", "load", "user_info", "--from", "csv:-", "--header", input=text)


def everywhere(p, check):
    """check() holds many times in a row: both workers know."""
    wait_for(lambda: all(check() for _ in range(20)), 20 * kSlow, "both workers know")


def status(t, p):
    everywhere(p, lambda: [table["generation"] for table in tables(p)] == [2])  # before any call
    one = tables(p)
    generation, rows, loaded, _ = row(p).split("|")
    t.is_([table["name"] for table in one], ["user_info"], "the tables that APIs read, no other")
    one = one[0]
    t.is_((one["service"], one["name"], one["generation"], one["rows"], one["source_time"], one["loaded_at"]),
          ("default", "user_info", int(generation), int(rows), None, int(loaded)), "status: as the mirror has it")
    t.ok(abs(one["age"] - (time.time() - int(loaded))) < 5 * kSlow and one["read_at"] >= int(loaded), "age and when it was read", one)
    text = request(p.gateway.port, "/status", headers={"Accept": "text/plain"}).text
    t.ok(f'tablegate_table_generation{{service="default",table="user_info"}} {generation}\n' in text and "tablegate_table_age_seconds{" in text
         and "tablegate_table_source_timestamp" not in text, "prometheus")
    t.like(request(p.gateway.port, "/status", headers={"Accept": "text/html"}).text, "<h2>Tables</h2>", "the page")


def header(t, p):
    everywhere(p, lambda: "last-modified" in p.get(kCall).headers)
    loaded = int(row(p).split("|")[2])
    answer = p.get(kCall)
    t.is_((seconds(answer.headers["last-modified"]), answer.headers["cache-control"]), (loaded, "private, no-cache"), "Last-Modified: when it was loaded; caches are to ask")
    stamp = answer.headers["last-modified"]
    head = p.get(kCall, "HEAD")
    t.is_((head.status, head.body, head.headers.get("last-modified")), (200, b"", stamp), "HEAD")
    for name, target, key, wanted in (("400", "/v1/user/info?user_id=x", None, 400), ("401", kCall, "x" * 43, 401), ("404", "/v1/nothing", None, 404)):
        answer = p.get(target, key=key, **{"If-Modified-Since": stamp})
        t.is_((answer.status, answer.headers.get("last-modified"), answer.headers.get("cache-control")), (wanted, None, "no-store"), f"{name}: no Last-Modified, and no cache keeps it")
    for name, since in (("the same time", stamp), ("later", "Fri, 01 Jan 2100 00:00:00 GMT"), ("earlier", "Sat, 01 Jan 2000 00:00:00 GMT"), ("nonsense", "now")):
        answer = p.get(kCall, **{"If-Modified-Since": since})
        t.is_((answer.status, answer.json["data"]["user_name"]), (200, "Alice"), f"If-Modified-Since, {name}: the row")
    for name, headers in (("If-Unmodified-Since", {"If-Unmodified-Since": stamp}), ("a later one", {"If-Unmodified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}),
                          ("If-Match", {"If-Match": '"x"'}), ("If-None-Match", {"If-None-Match": '"x"'})):
        answer = p.get(kCall, **headers)
        t.is_((answer.status, answer.json["data"]["user_name"]), (200, "Alice"), f"{name}: the row")
    post = request(p.gateway.port, "/v1/user/post", "POST", {**bearer(p.key), "If-Modified-Since": stamp, "Content-Type": "application/json"}, b'{"user_id":10001}')
    t.is_((post.status, post.json["data"]["user_id"], post.headers.get("last-modified")), (200, 10001, stamp), "POST: the row, not 304")
    off = p.get("/off" + kCall)
    t.is_((off.status, off.headers.get("last-modified"), off.headers.get("cache-control")), (200, None, "private, no-cache"), "tablegate_last_modified off: without it")


def follows(t, p):
    """A swap under load: a Last-Modified of the new generation comes with its rows only."""
    before = int(row(p).split("|")[2])
    wait_for(lambda: time.time() >= before + 2, 5, "another second")
    wrong, seen = [], set()
    def check(answer):
        stamp = answer.headers.get("last-modified")
        name = answer.json["data"]["user_name"]
        seen.add((name, stamp))
        if stamp and seconds(stamp) > before and name != "Second":
            wrong.append((name, stamp))
        return True
    with Load(p.gateway.port, kCall, bearer(p.key), threads=4, seconds=60 * kSlow, check=check) as load:
        wait_for(lambda: load.answered > 200, 20 * kSlow, "load")
        load_text(p, users("Second"))
        after = int(row(p).split("|")[2])
        wait_for(lambda: any(stamp and seconds(stamp) == after for _, stamp in list(seen)), 20 * kSlow, "the new Last-Modified")
    t.is_((load.failures, wrong), ([], []), "a swap under load: Last-Modified is never ahead of the rows")
    everywhere(p, lambda: tables(p)[0]["generation"] == 3)
    t.ok(after > before, "status: the new generation, without a reload")
    p.loader.must("table", "rollback", "user_info")
    t.is_(row(p), f"2|2|{before}|", "a rollback brings back when it was loaded")
    everywhere(p, lambda: tables(p)[0]["generation"] == 2 and seconds(p.get(kCall).headers.get("last-modified", "Fri, 01 Jan 2100 00:00:00 GMT")) == before)
    t.ok(True, "and both tell that")


def source_time(t, p):
    path = p.file("old.csv", kUsersCsv)
    os.utime(path, (1769846400.9, 1769846400.9))
    p.load("user_info", path)
    everywhere(p, lambda: p.get(kCall).headers.get("last-modified") == "Sat, 31 Jan 2026 08:00:00 GMT")
    t.ok(True, "the source's time, if it is known")
    one = tables(p)[0]
    t.ok(one["source_time"] == 1769846400 and abs(one["age"] - (time.time() - 1769846400)) < 10 * kSlow, "status: it and the age since then", one)
    p.postgres.psql(kOwner + "UPDATE mirror.tablegate_tables SET source_time = '2100-01-01 00:00:00+00'")
    everywhere(p, lambda: p.get(kCall).headers.get("last-modified") != "Sat, 31 Jan 2026 08:00:00 GMT")
    answer = p.get(kCall)
    t.ok(seconds(answer.headers["last-modified"]) <= seconds(answer.headers["date"]), "a source whose clock is ahead: not later than Date", answer.headers)
    load_text(p, kUsersCsv)
    p.loader.must("table", "rollback", "user_info")
    everywhere(p, lambda: p.get(kCall).headers.get("last-modified") == "Sat, 31 Jan 2026 08:00:00 GMT")
    t.ok(True, "a rollback brings back the source's time")
    p.loader.must("table", "rollback", "user_info")


def in_flight(t):
    """A query that was sent before its worker heard of a newer generation."""
    p = serve_slow(t.project(), users_definitions(timeout_ms=60000, result="list"))  # no point query: those share a connection
    old, new = "Sat, 31 Jan 2026 08:00:00 GMT", "Sun, 01 Feb 2026 08:00:00 GMT"
    p.postgres.psql(kOwner + "UPDATE mirror.tablegate_tables SET source_time = '2026-01-31 08:00:00+00'")
    everywhere(p, lambda: p.get(kCall).headers.get("last-modified") == old)
    answers = []
    slow = threading.Thread(target=lambda: answers.append(p.get("/v1/user/info?user_id=28000")))
    slow.start()
    wait_sleeping(p, 1)
    p.postgres.psql(kOwner + "UPDATE mirror.tablegate_tables SET source_time = '2026-02-01 08:00:00+00'")
    everywhere(p, lambda: p.get(kCall).headers.get("last-modified") == new)
    t.ok(not answers, "a query is still in flight")
    slow.join()
    t.is_((answers[0].status, answers[0].headers.get("last-modified")), (200, old), "its rows carry what was known when it was sent")


def costs(t, p):
    """Read on a timer, not by requests."""
    scans = lambda: int(p.postgres.psql("SELECT pg_stat_clear_snapshot(), seq_scan FROM pg_stat_user_tables WHERE relname = 'tablegate_tables'").split("|")[-1])
    wait_for(lambda: scans() > 0, 20 * kSlow, "statistics")
    before, begin = scans(), time.monotonic()
    with Load(p.gateway.port, kCall, bearer(p.key), threads=4, seconds=60 * kSlow) as load:
        wait_for(lambda: time.monotonic() - begin > 5, 60 * kSlow, "five seconds")
    took = time.monotonic() - begin
    wait_for(lambda: scans() > before, 20 * kSlow, "statistics")
    t.ok(scans() - before <= 2 * (took * 1000 / 875 + 4) and load.answered > 100, f"{load.answered} calls, {scans() - before} reads of two workers in {took:.1f} s")


def missing(t, p):
    """An older mirror, and one whose table may not be read."""
    for name, break_it, mend_it, code in (
            ("no table", "ALTER TABLE mirror.tablegate_tables RENAME TO away", "ALTER TABLE mirror.away RENAME TO tablegate_tables", "42P01"),
            ("no right", "REVOKE SELECT ON mirror.tablegate_tables FROM tablegate_reader", "GRANT SELECT ON mirror.tablegate_tables TO tablegate_reader", "42501")):
        p.gateway.reload()
        everywhere(p, lambda: "last-modified" in p.get(kCall).headers)
        seen = p.gateway.log_size()
        p.postgres.psql(kOwner + break_it)
        everywhere(p, lambda: "last-modified" not in p.get(kCall).headers)
        answers = [p.get(kCall) for _ in range(100)]
        t.ok(all(answer.status == 200 for answer in answers), f"{name}: rows as before", answers[-1])
        everywhere(p, lambda: tables(p) == [])
        lines = [line for line in p.gateway.log(seen).splitlines() if "tablegate: " in line]
        t.ok(len(lines) == 2 and all(f"tablegate_tables cannot be read ({code})" in line and "[warn]" in line for line in lines), f"{name}: one line a worker", *lines)
        p.postgres.psql(kOwner + mend_it)
    p.gateway.reload()


def outage(t, p):
    everywhere(p, lambda: "last-modified" in p.get(kCall).headers)
    seen = p.gateway.log_size()
    p.postgres.stop()
    t.is_({p.get(kCall).status for _ in range(20)}, {503}, "the database is down: 503")
    request(p.gateway.port, "/status")
    t.unlike(p.gateway.log(seen), "tablegate_tables", "an outage: not a word of the table")
    p.postgres.start()
    everywhere(p, lambda: "last-modified" in p.get(kCall).headers)
    t.ok(True, "known again afterwards")


def upgrade(t, p):
    """The mirror as the first migration left it: init fills the table."""
    loaded = p.postgres.psql("SELECT floor(extract(epoch FROM finished_at))::bigint FROM tablegate.generation WHERE status = 'current'")
    before = row(p)
    with open(os.path.join(kCheckout, "schema", "mirror", "001_load.sql"), encoding="utf-8") as file:
        first = file.read()
    p.postgres.psql("DROP TABLE mirror.tablegate_tables, mirror.tablegate_change; DROP SCHEMA mirror_load CASCADE; CREATE SCHEMA mirror_load AUTHORIZATION tablegate_owner;"
                    "GRANT USAGE ON SCHEMA mirror_load TO tablegate_developer; SET ROLE tablegate_owner; CREATE TABLE mirror_load.migration"
                    " (version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp());"
                    f"{first}; INSERT INTO mirror_load.migration VALUES (1, '001_load.sql')")
    result = p.loader("table", "load", "user_info", "--from", f"csv:{p.file('user_info.csv', kUsersCsv)}", "--header")
    t.ok(result.rc == 1 and "version 1" in result.stderr, "a mirror of before: loads want init", result)
    t.like(p.init().stdout, "migration 002_tables.sql", "init upgrades it")
    generation, rows, when, source = row(p).split("|")
    t.is_(([generation, rows], when, source), (before.split("|")[:2], loaded, ""), "with what serves, and when it was loaded")
    denied = p.postgres.psql("SELECT has_table_privilege('tablegate_reader', 'mirror.tablegate_tables', 'SELECT'),"
                             " has_table_privilege('tablegate_reader', 'mirror.tablegate_tables', 'INSERT, UPDATE, DELETE'),"
                             " has_table_privilege('tablegate_developer', 'mirror.tablegate_tables', 'INSERT, UPDATE, DELETE')")
    t.is_(denied, "t|f|f", "gateways read it, nobody writes to it by hand")


def gone(t, p):
    p.loader.must("api", "unpublish", "Query User by User ID")
    p.loader.must("api", "unpublish", "Post User")
    for name in ("Query User by User ID", "Post User"):
        p.loader.must("delete", "api", name)
    p.loader.must("delete", "table", "user_info")
    t.is_(p.postgres.psql("SELECT count(*) FROM mirror.tablegate_tables"), "0", "a deleted table leaves no row")


def test(t):
    objects = users_definitions()
    objects.append({**objects[-1], "name": "Post User", "path": "/user/post", "method": "POST",
                    "request_parameters": [{"name": "user_id", "column": "user_id", "type": "LONG", "in": "body", "sample": 10001}]})
    p = t.project().serve(objects, server=kStatus, workers=2)
    load_text(p, kUsersCsv)
    status(t, p)
    header(t, p)
    follows(t, p)
    source_time(t, p)
    costs(t, p)
    missing(t, p)
    outage(t, p)
    upgrade(t, p)
    gone(t, p)
    in_flight(t)


run_test(test)
