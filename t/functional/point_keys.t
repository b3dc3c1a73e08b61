#!/usr/bin/env python3
"""Point queries of one statement that wait for the same connection are sent as one statement over their keys. Each answer has the bytes
that it has alone, for every type and NULL; an error, a deadline or a client that leaves is only its own."""
import os
import re
import socket
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Held, kSlow, run_test, users_definitions, wait_for

kColumns = (("a_int", "INT", "INT"), ("a_bigint", "BIGINT", "LONG"), ("a_double", "DOUBLE", "DOUBLE"), ("a_decimal", "DECIMAL(20,4)", "DECIMAL"),
            ("a_boolean", "BOOLEAN", "BOOLEAN"), ("a_string", "STRING", "STRING"), ("a_date", "DATE", "DATE"), ("a_datetime", "DATETIME", "DATETIME"),
            ("a_timestamp", "TIMESTAMP_NTZ", "DATETIME"))
kRow = ("7", "-9223372036854775808", "1.5e300", "-12345.6789", "true", "x", "2026-01-31", "2026-01-31T08:00:00+08:00", "2026-01-31T08:00:00")
kTexts = ("plain", 'with "quotes"', "back\\slash", "comma, {brace} NULL", "NULL", "日本語", " blanks ", "tab\tline", "'; --")


def answers_of(p, targets):
    """Of requests that wait for one connection together, in order; the table is locked until all of them are there."""
    got = [None] * len(targets)

    def call(place):
        got[place] = p.get(targets[place])

    table = p.postgres.psql("SELECT max(relname) FROM pg_class WHERE relname IN ('everything', 'everything_rows') AND relkind = 'r'")
    lock = Held(p, f"LOCK TABLE mirror.{table} IN ACCESS EXCLUSIVE MODE")
    first = threading.Thread(target=p.get, args=("/v1/id?id=1",), daemon=True)
    first.start()
    wait_for(lambda: p.postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tablegate' AND wait_event_type = 'Lock'") == "1", 10 * kSlow, "the connection is busy")
    threads = [threading.Thread(target=call, args=(place,), daemon=True) for place in range(len(targets))]
    for thread in threads:
        thread.start()
    time.sleep(0.4 * kSlow)  # they have come, or more than enough of them
    lock.release()
    for thread in [first, *threads]:
        thread.join(20 * kSlow)
    return got


def together(p):
    """How often a statement for several keys was executed."""
    with open(p.postgres.log, encoding="utf-8", errors="replace") as log:
        return len(re.findall(r"execute tg_\d+: SELECT t\.\*, tablegate_keys\.n", log.read()))


def definitions():
    objects = users_definitions()
    ddl = "CREATE TABLE everything (id BIGINT NOT NULL, " + ", ".join(f"{name} {kind}" for name, kind, _ in kColumns) + ", secret STRING);"
    objects[4] = {"kind": "Table", "name": "everything", "data_source": "odps_demo", "ddl": ddl, "primary_key": ["id"], "time_zone": "Asia/Shanghai"}
    response = [{"name": name} for name in ("id", *(column[0] for column in kColumns))] + [{"name": "masked", "column": "secret", "mask": "hash"}, {"name": "as_text", "column": "a_bigint", "as": "string"}]
    api = {**objects.pop(), "table": "everything", "timeout_ms": 5000 * kSlow, "response_parameters": response}
    key = {"name": "id", "type": "LONG", "sample": 1}
    for coalesce in (True, False):
        path = "" if coalesce else "/alone"
        objects.append({**api, "name": f"By Id {coalesce}", "path": path + "/id", "coalesce": coalesce, "request_parameters": [key]})
        typed = [{"name": name, "type": kind, "sample": sample, "required": False} for (name, _, kind), sample in zip(kColumns, kRow)]
        objects.append({**api, "name": f"By All {coalesce}", "path": path + "/all", "coalesce": coalesce, "request_parameters": [key, *typed]})
    return objects


def csv():
    lines = ["id," + ",".join(column[0] for column in kColumns) + ",secret", "1," + ",".join(kRow) + ",s1", "2" + "," * len(kColumns) + ","]
    for place, text in enumerate(kTexts):
        values = [str(place), str(place * 10**15), str(place / 3), f"{place}.5", "false", '"' + text.replace('"', '""') + '"', "1969-12-31", "1969-12-31T23:59:59.123456+08:00", "0001-01-01T00:00:00", f"s{place}"]
        lines.append(f"{10 + place}," + ",".join(values))
    return "\n".join(lines) + "\n"


def query(**values):
    return urllib.parse.urlencode(values)


def without_id(answer):
    return answer.status, re.sub(rb'"requestId":"[0-9a-f]+"', b"", answer.body), answer.headers.get("etag") is not None


def equal_bytes(t, p):
    ids = [*range(10, 10 + len(kTexts)), 1, 2, 3, 999, -1]
    before = together(p)
    got = answers_of(p, [f"/v1/id?id={one}" for one in ids])
    t.ok(together(p) > before, "one statement for several keys ran", together(p))
    alone = [p.get(f"/v1/alone/id?id={one}") for one in ids]
    t.is_([without_id(one) for one in got], [without_id(one) for one in alone], f"{len(ids)} keys, found or not: the bytes that each has alone")
    t.ok(any(b"null" in one.body for one in got) and {one.status for one in got} == {200}, "NULL and no row among them", [one.status for one in got])
    full = [dict(zip((column[0] for column in kColumns), kRow))] * 8
    calls = [query(id=1, **{**values, **more}) for values, more in zip(full, ({}, {"a_int": 8}, {"a_bigint": 0}, {"a_double": "1.5E300"}, {"a_decimal": "-12345.67890"}, {"a_string": 'a"b\\c,{}'}, {"a_date": "2026-02-01"}, {"a_datetime": "2026-01-31T00:00:00Z"}))]
    before = together(p)
    got = answers_of(p, ["/v1/all?" + one for one in calls])
    t.ok(together(p) > before, "values of every type: one statement", [one and one.status for one in got])
    t.is_([without_id(one) for one in got], [without_id(p.get("/v1/alone/all?" + one)) for one in calls], "the same bytes")
    calls = [query(id=10 + place, a_string=text) for place, text in enumerate(kTexts)]
    got = answers_of(p, ["/v1/all?" + one for one in calls])
    t.is_([without_id(one) for one in got], [without_id(p.get("/v1/alone/all?" + one)) for one in calls], "texts with every special character")
    t.is_([one.json["data"]["a_string"] for one in got], list(kTexts), "are found")


def switched_off(t, p):
    before = together(p)
    answers_of(p, [f"/v1/alone/id?id={one}" for one in range(1, 20)])
    t.is_(together(p), before, "coalesce false: each has its own statement")
    few = answers_of(p, [f"/v1/id?id={one}" for one in range(1, 5)])
    t.is_((together(p), {one.status for one in few}), (before, {200}), "few keys, too")
    for size, joins in ((1025, False), (1024, True)):
        got = answers_of(p, ["/v1/all?" + query(id=one, a_string="x" * size) for one in range(1, 20)])
        t.is_((together(p) > before, {one.status for one in got}), (joins, {200}), f"values of {size} bytes: {'in one statement' if joins else 'each has its own'}")


def errors(t, p):
    p.postgres.psql("""
        BEGIN; ALTER TABLE mirror.everything RENAME TO everything_rows;
        CREATE VIEW mirror.everything AS SELECT * FROM mirror.everything_rows WHERE id <> 12 OR 1 / (id - 12) = 1;
        ALTER VIEW mirror.everything OWNER TO tablegate_owner; GRANT SELECT ON mirror.everything TO tablegate_reader; COMMIT;""")
    p.get("/v1/id?id=1")
    before = together(p)
    got = answers_of(p, [f"/v1/id?id={one}" for one in range(10, 18)])
    t.ok(together(p) >= before, "a key whose row cannot be computed")
    t.is_([one.status for one in got], [200, 200, 500, 200, 200, 200, 200, 200], "fails alone")
    t.is_([one.json["data"]["id"] for one in got if one.status == 200], [10, 11, 13, 14, 15, 16, 17], "the others have their rows")


def leaving(t, p):
    lock = Held(p, "LOCK TABLE mirror.everything_rows IN ACCESS EXCLUSIVE MODE")
    clients = []
    for one in range(20, 40):
        clients.append(socket.create_connection(("127.0.0.1", p.gateway.port)))
        clients[-1].sendall(f"GET /v1/id?id={one} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {p.key}\r\n\r\n".encode())
    time.sleep(0.3 * kSlow)
    for client in clients[::2]:
        client.close()
    time.sleep(0.2 * kSlow)
    lock.release()
    got = []
    for client in clients[1::2]:
        client.settimeout(10 * kSlow)
        got.append(client.recv(4096)[:12])
        client.close()
    t.is_(set(got), {b"HTTP/1.1 200"}, "every second client leaves: the others are answered")
    p.postgres.psql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'tablegate'")
    t.is_({one.status for one in answers_of(p, [f"/v1/id?id={one}" for one in range(50, 70)])}, {200}, "after a lost connection")
    lock = Held(p, "LOCK TABLE mirror.everything_rows IN ACCESS EXCLUSIVE MODE")
    got = []
    threads = [threading.Thread(target=lambda one=one: got.append(p.get(f"/v1/id?id={one}").status), daemon=True) for one in range(70, 90)]
    for thread in threads:
        thread.start()
    time.sleep(0.3 * kSlow)
    p.postgres.psql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'tablegate'")
    lock.release()
    for thread in threads:
        thread.join(20 * kSlow)
    t.is_(set(got), {200}, "a connection that is lost while they wait: they are sent once more")


def test(t):
    p = t.project()
    p.serve(definitions(), {"everything": csv()}, workers=1)
    p.postgres.set("log_min_duration_statement", "0")
    p.postgres.reload()
    p.get("/v1/id?id=1")
    equal_bytes(t, p)
    switched_off(t, p)
    errors(t, p)
    leaving(t, p)


run_test(test)
