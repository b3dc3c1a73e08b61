#!/usr/bin/env python3
"""Sessions that PostgreSQL ends, refuses or changes under us: our SELECT is sent once more and callers see 200."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import threading

from tablegate_test import Load, bearer, kSlow, run_test, users_definitions, wait_for
from tg_faults import serve_slow

kCall = "/v1/user/info?user_id=10001"
kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
kOurs = "FROM pg_stat_activity WHERE application_name = 'tablegate'"


def terminate(p, where=""):
    return int(p.postgres.psql(f"SELECT count(pg_terminate_backend(pid, 5000)) {kOurs} {where}", database="postgres"))


def before_and_after(t, p):
    for turn in range(3):
        t.is_(p.get(kCall).body, kAlice, f"terminated, round {turn}: answered before")
        t.ok(terminate(p), f"terminated, round {turn}: idle sessions are ended")
        t.is_([p.get(kCall).body for _ in range(8)], [kAlice] * 8, f"terminated, round {turn}: every call after it is answered")


def during(t, p):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(p.get("/v1/user/info?user_id=20700"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_for(lambda: terminate(p, "AND wait_event = 'PgSleep'"), 10 * kSlow, "a running statement is ended")
    for thread in threads:
        thread.join(20 * kSlow)
    t.is_([answer.status for answer in answers], [200] * 3, "terminated while running: sent once more, 200")
    t.ok(all(answer.json["data"]["user_id"] == 20700 for answer in answers), "with the right row", answers)
    t.like(p.gateway.log(), r"\[warn\].*connection lost: .*57P01", "the log says what happened")

    answer = []
    thread = threading.Thread(target=lambda: answer.append(p.get("/v1/user/info?user_id=21500")))
    thread.start()
    for _ in range(2):
        wait_for(lambda: terminate(p, "AND wait_event = 'PgSleep'"), 10 * kSlow, "the statement is ended")
    thread.join(20 * kSlow)
    t.is_(answer[0].status, 503, "terminated twice: 503, no third attempt")
    t.is_((answer[0].json["error"], answer[0].headers.get("retry-after") is not None), ("database_unavailable", True), "with Retry-After")


def under_load(t, p):
    with Load(p.gateway.port, kCall, bearer(p.key), threads=4, seconds=60 * kSlow, check=lambda answer: answer.body == kAlice) as load:
        for _ in range(8):
            before = load.answered
            terminate(p)
            wait_for(lambda: load.answered > before + 50, 20 * kSlow, "load continues")
    t.is_(load.failures, [], "terminated again and again under load: every request is answered")
    t.ok(not load.wrong, "with its row, all of them 200", load)
    t.note(f"terminated under load: {load}")


def no_room(t, p):
    """The role may have one session less than the workers want."""
    terminate(p)
    p.postgres.psql("ALTER ROLE tablegate_reader CONNECTION LIMIT 2")
    with Load(p.gateway.port, "/v1/user/list?age=25", bearer(p.key), threads=8, count=200, seconds=60 * kSlow) as load:
        load.join()
    t.ok(load.statuses[200] and set(load.statuses) <= {200, 503} and not load.failures, "no room for more sessions: rows, or 503 of a worker that has none", load)
    t.note(f"connection limit: {load}")
    p.gateway.set(workers=1)
    p.gateway.reload()
    wait_for(lambda: not p.gateway.workers(leaving=True), 20 * kSlow, "old workers are gone")
    wait_for(lambda: p.get(kCall).status == 200, 20 * kSlow, "the worker has a session")
    for target in ("/v1/user/list?age=25", kCall):
        with Load(p.gateway.port, target, bearer(p.key), threads=8, count=200, seconds=60 * kSlow) as load:
            load.join()
        t.is_((dict(load.statuses), load.failures), ({200: 200}, []), f"one worker answers {target} over the sessions it has")
    t.like(p.gateway.log(), "too many connections for role", "the log says that there is no room")
    p.postgres.psql("ALTER ROLE tablegate_reader CONNECTION LIMIT -1")


def max_connections(t, p):
    """Others take all the sessions that there are."""
    terminate(p)
    t.is_(p.get(kCall).status, 200, "one session is open")
    p.postgres.psql("ALTER SYSTEM SET max_connections = 12", database="postgres")
    p.postgres.restart()
    wait_for(lambda: p.get(kCall).status == 200, 20 * kSlow, "rows after the restart")
    held = [p.postgres.hold() for _ in range(12)]  # more than there is room for
    try:
        wait_for(lambda: room(p) <= 3, 20 * kSlow, "max_connections is reached")
        with Load(p.gateway.port, "/v1/user/list?age=25", bearer(p.key), threads=6, count=120, seconds=60 * kSlow) as load:
            load.join()
        t.is_((dict(load.statuses), load.failures), ({200: 120}, []), "max_connections reached: answers over the session that is open")
    finally:
        for one in held:
            one.kill()
            one.wait()
    wait_for(lambda: p.get("/v1/user/list?age=25").status == 200, 20 * kSlow, "rows")


def room(p):
    return 12 - int(p.postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"))


def changed_type(t, p):
    """A prepared statement's result type changes: 0A000, prepared anew."""
    p.postgres.psql("DROP VIEW mirror.user_info; ALTER TABLE mirror.user_info_rows RENAME TO user_info; GRANT SELECT ON mirror.user_info TO tablegate_reader")
    seen = p.gateway.log_size()
    for kind, row in (("varchar(80)", kAlice), ("text", kAlice)):
        t.is_([p.get(kCall).body for _ in range(4)], [row] * 4, "prepared")
        p.postgres.psql(f"ALTER TABLE mirror.user_info ALTER user_name TYPE {kind}")
        answers = [p.get(kCall) for _ in range(8)]
        t.ok(all(answer.status == 200 and answer.body == row for answer in answers), f"a column becomes {kind}: every call is answered", answers)
    t.unlike(p.gateway.log(seen), "0A000|query_failed|connection lost", "no failure, no lost connection")


def test(t):
    objects = users_definitions(timeout_ms=15000, coalesce=False)
    api = next(x for x in objects if x["kind"] == "Api")
    objects.append({**api, "name": "Users by Age", "path": "/user/list", "result": "list",
                    "request_parameters": [{"name": "age", "column": "age", "type": "LONG", "sample": 25}]})
    p = serve_slow(t.project(), objects)
    before_and_after(t, p)
    during(t, p)
    under_load(t, p)
    no_room(t, p)
    max_connections(t, p)
    changed_type(t, p)


run_test(test)
