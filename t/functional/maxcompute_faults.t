#!/usr/bin/env python3
"""MaxCompute in trouble: busy, failing, slow, cut off, damaged, changed, expired. What can be read is loaded, each row once; what cannot is rejected
and the generation before serves on."""
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, run_test, wait_for
from tg_maxcompute import MaxCompute
from tg_maxcompute_faults import Matches, change_byte, cut, data, description, hang_up, refuse, replace, session, stall
from tg_record_stream import encode_stream, parse_type
from tg_mirror import project, table
from tg_settings import kLoader

kCount = 3000
kRows = [(number, f"name {number}" if number % 7 else None) for number in range(kCount)]
kSize = len(encode_stream([parse_type("bigint"), parse_type("string")], kRows))


def load(p, *options, **env):
    return p.loader("table", "load", "many", "-o", "json", *options, env=env)


def sum_of(p):
    return p.postgres.psql("SELECT count(*), sum(a), count(b) FROM mirror.many")


kWhole = f"{kCount}|{sum(range(kCount))}|{sum(1 for row in kRows if row[1])}"


def survived(t, p, service, name, least=2):
    """The fault set before is overcome, and every row is there once."""
    before = len(service.asked(data("many")))
    result = load(p)
    t.ok(result.rc == 0 and sum_of(p) == kWhole, f"survived: {name}", result, sum_of(p))
    asked = service.asked(data("many"))[before:]
    t.ok(len(asked) >= least, f"  after {len(asked)} downloads", asked)
    service.faults.clear()
    return asked


def refused(t, p, service, name, *words, rc=1, **env):
    generation = p.postgres.psql("SELECT max(generation) FROM tablegate.generation WHERE status = 'current'")
    result = load(p, **env)
    t.ok(result.rc == rc and all(word in result.stderr for word in words), f"refused: {name}", result)
    t.is_((p.postgres.psql("SELECT max(generation) FROM tablegate.generation WHERE status = 'current'"), sum_of(p)), (generation, kWhole), "  the generation before serves on")
    t.is_(p.postgres.psql("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'mirror' AND relkind = 'r' AND relname LIKE 'many__g%'"
                          " AND obj_description(c.oid) IS NULL"), "0", "  and nothing half-done lies about")
    service.faults.clear()
    return result


def answers(t, p, service):
    """Statuses."""
    many = data("many")
    service.fail(many, refuse(429, "FlowExceeded", HoldClientMillis="5"), 12)
    survived(t, p, service, "429, twelve times: there is no last attempt", 13)
    for status in (500, 502, 503, 504):
        service.fail(many, refuse(status, "InternalServerError"), 6)
        survived(t, p, service, f"{status}, six times", 7)
    t.ok(len(service.asked(Matches("GET", "/tables/many", "downloadid"))) > 12, "after 502 and 504 the session is looked at")
    service.fail(description("many"), refuse(503, "ServiceUnavailable"), 3)
    service.fail(session("many"), refuse(500, "InternalError"), 3)
    survived(t, p, service, "5xx of the description and the session", 1)
    service.fail(many, refuse(500, "InternalError", "out of order"), 99)
    refused(t, p, service, "5xx for ever", "7 times", "out of order", rc=3)
    for status, code in ((403, "NoPermission"), (404, "NoSuchPartition"), (400, "InvalidRowRange")):
        service.fail(many, refuse(status, code, "not you"), 1)
        result = refused(t, p, service, f"{status} is not tried again", code, "not you", "req1")
        t.unlike(result.stderr, service.access[1], "  without a secret in it")
    # The service repeats a secret, where its words are cut as well, and sends more than words.
    for before in (0, 480, 490, 499):
        service.fail(session("many"), refuse(403, "NoPermission", "x" * before + service.access[1] + "\x1b[2J\nand"), 1)
        result = refused(t, p, service, f"a message with the secret at {before}", "NoPermission")
        t.ok(service.access[1][:4] not in result.stderr and "\x1b" not in result.stderr and result.stderr.count("\n") <= 2, "  nothing of it, no control character", result)
    service.fail(session("many"), refuse(403, "AccessDenied"), 1)
    refused(t, p, service, "no right to download", "AccessDenied")


def streams(t, p, service):
    many = data("many")
    for size in (0, 1, kSize // 3, kSize - 1):
        service.fail(many, cut(size))
        survived(t, p, service, f"cut off after {size} bytes of {kSize}")
        service.fail(many, cut(size, clean=True))
        asked = survived(t, p, service, f"ended after {size} bytes as if that were all")
        start, count = map(int, re.fullmatch(r"\((\d+),(\d+)\)", dict(asked[-1].query)["rowrange"]).groups())
        t.ok(start + count == kCount and (start > 900) == (size > 1), f"  continues at {start}, behind the last whole record")
    t.is_(start, kCount - 1, "without its trailer all records are none: the last one is asked for again")
    for size in range(kSize // 2, kSize // 2 + 24, 2):  # any place within a record, its end too
        service.fail(many, cut(size, clean=True))
        result = load(p)
        if result.rc or sum_of(p) != kWhole:
            t.ok(False, f"cut off after {size}", result, sum_of(p))
    t.ok(True, "cuts at a dozen places of a record")
    service.faults.clear()
    service.fail(many, hang_up)
    survived(t, p, service, "no answer at all")
    service.fail(many, change_byte(kSize // 2))
    survived(t, p, service, "a changed byte")
    service.fail(many, change_byte(-2))
    survived(t, p, service, "a changed checksum over all records")
    service.fail(many, replace(lambda body: body + b"\0"))
    survived(t, p, service, "bytes after the trailer")
    kinds = [parse_type("bigint"), parse_type("string")]
    service.fail(many, replace(lambda body: encode_stream(kinds, kRows + kRows[:1])))
    survived(t, p, service, "more records than were asked for: all anew")
    service.fail(many, replace(lambda body: encode_stream(kinds, kRows, lie=-1)))
    survived(t, p, service, "a trailer that counts others: all anew")
    service.fail(many, replace(lambda body: encode_stream(kinds, kRows[:-1])))
    survived(t, p, service, "fewer records than were asked for")
    service.fail(many, replace(lambda body: encode_stream(kinds, kRows[:-1])), 99)
    refused(t, p, service, "other records than were asked for, for ever", "cannot be kept", "more records than the 1")
    service.fail(many, replace(lambda body: encode_stream(kinds, [])), 99)
    refused(t, p, service, "no records for ever", "5 times", "the stream ends", rc=3)
    service.fail(many, change_byte(-2), 99)
    refused(t, p, service, "a wrong checksum over all records for ever", "cannot be kept", "checksum over all records")
    service.fail(many, replace(lambda body: body[:len(body) // 2] + bytes([body[len(body) // 2] ^ 1]) + body[len(body) // 2 + 1:]), 999)
    survived(t, p, service, "damaged in its middle for ever: each time further")
    service.fail(many, replace(lambda body: body[:len(body) // 2]), 5)
    survived(t, p, service, "cut in half five times: each time further", 6)
    service.fail(many, stall(3600), 1)
    before = len(service.asked(many))
    result = load(p, TABLEGATE_MAXCOMPUTE_IDLE_MS="500")
    t.ok(result.rc == 0 and sum_of(p) == kWhole and len(service.asked(many)) == before + 2, "no byte for too long: another attempt", result)
    service.fail(many, stall(0.6), 1)
    survived(t, p, service, "slow", 1)
    service.chunk = 7
    survived(t, p, service, "bytes in sevens", 1)
    service.chunk = 4096


def changes(t, p, service):
    many = data("many")
    for code in ("TableModified", "DataVersionConflict", "StatusConflict"):
        service.fail(many, refuse(409, code), 1)
        survived(t, p, service, f"{code}: begins anew with a session of its own")
    service.fail(many, refuse(409, "TableModified"), 99)
    refused(t, p, service, "changed each time", "the table changed while it was read")

    service.fail(many, lambda reply: ([opened.update(status="expired") for opened in service.sessions.values()], cut(50)(reply)), 1)
    survived(t, p, service, "the session expired and the stream broke")
    service.fail(session("many"), lambda reply: setattr(reply, "body", reply.body.replace(b'"normal"', b'"expired"')), 1)
    survived(t, p, service, "a session that is expired at once", 1)
    service.fail(session("many"), lambda reply: setattr(reply, "body", b"<html>busy</html>"), 99)
    refused(t, p, service, "no JSON", "cannot be read", rc=3)
    for count in (b"18446744073709551615", b"100000000001"):
        service.fail(session("many"), lambda reply, count=count: setattr(reply, "body", reply.body.replace(b'"RecordCount": 3000', b'"RecordCount": ' + count)), 1)
        refused(t, p, service, f"a session of {count} records", "counts", rc=3)
    before = len(service.asked(description("many")))
    service.fail(description("many"), lambda reply: setattr(reply, "body", b" " * (65 << 20)), 99)
    refused(t, p, service, "an answer without end", "longer than 64 MiB", rc=3)
    t.is_(len(service.asked(description("many"))) - before, 1, "  which is not asked for again and again")
    service.fail(session("many"), lambda reply: setattr(reply, "body", reply.body.replace(b'"RecordCount": 3000', b'"RecordCount": 2999')), 1)
    result = load(p)
    t.ok(result.rc == 0 and result.json["rows"] == 2999, "(a session counts what is loaded)", result)
    service.faults.clear()
    t.is_(load(p).rc, 0, "(and all again)")


def queries(t, p, service):
    """The state of a view's query is polled, but not for ever if the answer cannot be read."""
    p.apply([table("seen", "CREATE TABLE seen (a BIGINT, b STRING)", primary_key=["a"])])
    state = lambda request: request.method == "GET" and re.search("/instances/[^/]+$", request.path) and not {"taskstatus", "result"} & set(dict(request.query))  # noqa: E731
    for body in (b"<html>busy</html>", b"<Instance/>", b"<Instance><Status>Strange</Status></Instance>"):
        service.fail(state, lambda reply, body=body: setattr(reply, "body", body), 99)
        result = p.loader("table", "load", "seen")
        t.ok(result.rc == 3 and "a query's state" in result.stderr, f"a view, {body}: refused at once", result)
        service.faults.clear()
    t.is_(p.loader("table", "load", "seen").rc, 0, "and loaded when it tells again")


def unreachable(t, p, service):
    endpoint = service.endpoint
    with open(os.path.join(p.folder, "away.json"), "w", encoding="utf-8") as file:
        file.write('{"kind":"DataSource","name":"odps_demo","type":"maxcompute","endpoint":"http://127.0.0.1:1/api","project":"demo"}')
    p.loader.must("apply", "-f", file.name)
    refused(t, p, service, "nobody listens", "cannot be read", "5 times", rc=3)
    p.apply([{"kind": "DataSource", "name": "odps_demo", "type": "maxcompute", "endpoint": endpoint, "project": "demo"}])


def interrupted(t, p, service):
    """Ctrl-C while it downloads."""
    service.fail(data("many"), stall(3600), 99)
    process = subprocess.Popen([kLoader, "table", "load", "many"], env=p.loader.env, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    before = len(service.asked(data("many")))
    wait_for(lambda: len(service.asked(data("many"))) > before - 1 and service.asked(data("many")), 20 * kSlow, "a download")
    process.send_signal(signal.SIGINT)
    process.wait(20 * kSlow)
    service.faults.clear()
    t.is_(sum_of(p), kWhole, "Ctrl-C: the generation before serves on")
    t.is_(load(p).rc, 0, "and the next load goes through")


def test(t):
    service = MaxCompute()
    service.table("many", "a:bigint,b:string", kRows)
    service.table("seen", "a:bigint,b:string", kRows, kind="VIRTUAL_VIEW")
    p, service = project(t, service, table("many", "CREATE TABLE many (a BIGINT, b STRING)", primary_key=["a"]))
    result = load(p)
    t.ok(result.rc == 0 and sum_of(p) == kWhole, "without trouble", result)
    answers(t, p, service)
    streams(t, p, service)
    changes(t, p, service)
    queries(t, p, service)
    unreachable(t, p, service)
    interrupted(t, p, service)


run_test(test)
