#!/usr/bin/env python3
"""Equal requests that are made at the same time share one statement: same bytes, one execution. None of them is bound by the deadline of
the first one, ends because its client leaves, or gets older rows than alone."""
import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Held, bearer, kSlow, request, run_test, users_definitions, wait_for
from tg_faults import kSlowUsersCsv, sleeping, slow_users, wait_sleeping


class Calls:
    """Requests that run at the same time; all() waits for their answers, in order."""

    def __init__(self, p):
        self.p, self.threads, self.answers, self.begun = p, [], [], time.monotonic()

    def add(self, *targets, **headers):
        for target in targets:
            place = len(self.answers)
            self.answers.append(None)
            self.threads.append(threading.Thread(target=self._call, args=(place, target, headers), daemon=True))
            self.threads[-1].start()
        return self

    def _call(self, place, target, headers):
        begun = time.monotonic()
        answer = self.p.get(target, **headers)
        answer.seconds = time.monotonic() - begun
        self.answers[place] = answer

    def all(self):
        for thread in self.threads:
            thread.join(30)
        self.seconds = time.monotonic() - self.begun
        return self.answers


def definitions():
    objects = users_definitions(timeout_ms=1000 * kSlow)
    api = objects[-1]
    objects.append({**api, "name": "Each Its Own", "path": "/own", "coalesce": False, "timeout_ms": 9000 * kSlow})
    objects.append({**api, "name": "Patient", "path": "/patient", "timeout_ms": 9000 * kSlow})
    objects.append({**api, "name": "Pages", "path": "/pages", "result": "page", "pagination": {}, "formats": ["json", "csv"], "timeout_ms": 9000 * kSlow})
    objects.append({**api, "name": "Other", "path": "/other", "table": "other"})
    users = next(one for one in objects if one["kind"] == "Table")
    objects.insert(objects.index(users) + 1, {**users, "name": "other"})
    return objects


def equal_calls(t, p):
    calls = Calls(p).add(*["/v1/patient?user_id=20700"] * 12)
    wait_sleeping(p, 1)
    answers = calls.all()
    t.is_({(one.status, one.body) for one in answers}, {(200, answers[0].body)}, "12 equal calls have equal answers")
    t.ok(calls.seconds < 2.1, "one statement ran for all of them", calls.seconds)
    calls = Calls(p).add("/v1/patient?user_id=20300", "/v1/patient?user_id=20700", "/v1/patient?user_id=10001")
    t.is_([one.json["data"]["user_id"] for one in calls.all()], [20300, 20700, 10001], "other values, other answers")
    calls = Calls(p).add(*["/v1/own?user_id=20300"] * 4)
    t.is_({one.status for one in calls.all()}, {200}, "coalesce false: they are answered")
    t.ok(calls.seconds > 1.1, "each of them ran alone, on one connection", calls.seconds)


def pages(t, p):
    first = Calls(p).add(*["/v1/pages?user_id=20700"] * 3).add(*["/v1/pages?user_id=20700&format=csv"] * 3)
    wait_sleeping(p, 1)
    most = sleeping(p)
    answers = first.all()
    t.is_(most, 1, "a page in two formats: one statement runs")
    t.is_({one.status for one in answers}, {200}, "all of them are answered")
    t.is_(len({one.body for one in answers[:3]}), 1, "each in its format: JSON")
    t.is_({one.text for one in answers[3:]}, {"user_id,user_name\r\n20700,Sleeper 700\r\n"}, "each in its format: CSV")


def leaving(t, p):
    with socket.create_connection(("127.0.0.1", p.gateway.port)) as leader:
        leader.sendall(f"GET /v1/patient?user_id=21500 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {p.key}\r\n\r\n".encode())
        wait_sleeping(p, 1)
        calls = Calls(p).add("/v1/patient?user_id=21500", "/v1/patient?user_id=21500")
        time.sleep(0.3)
    answers = calls.all()
    t.is_([one.status for one in answers], [200, 200], "the client of the first one leaves: the others are answered")
    t.ok(calls.seconds < 2.5, "by the statement that ran already", calls.seconds)
    wait_for(lambda: sleeping(p) == 0, 5 * kSlow, "nothing runs any more")


def deadlines(t, p):
    lock = Held(p, "LOCK TABLE mirror.user_info_rows IN ACCESS EXCLUSIVE MODE")
    first = Calls(p).add("/v1/user/info?user_id=10001")
    time.sleep(0.6 * kSlow)
    second = Calls(p).add("/v1/user/info?user_id=10001")
    first.all()
    time.sleep(0.2 * kSlow)
    lock.release()
    second.all()
    t.is_((first.answers[0].status, second.answers[0].status), (504, 200), "the deadline of the first one does not bind those who came later")
    lock = Held(p, "LOCK TABLE mirror.user_info_rows IN ACCESS EXCLUSIVE MODE")
    calls = Calls(p).add("/v1/user/info?user_id=10001")
    time.sleep(0.5 * kSlow)
    answers = calls.add("/v1/user/info?user_id=10001").all()
    lock.release()
    t.is_([one.status for one in answers], [504, 504], "each has its own deadline")
    t.ok(all(0.9 * kSlow < one.seconds < 1.4 * kSlow for one in answers), "after its own time", [one.seconds for one in answers])


def newer_rows(t, p):
    calls = Calls(p).add("/v1/pages?user_id=21500")
    wait_sleeping(p, 1)
    p.load("other", "user_id,user_name,age\n1,New,1\n")
    t.is_(p.get("/v1/other?user_id=1").status, 200, "a table is loaded while the statement runs")
    calls.add("/v1/pages?user_id=21500")
    wait_sleeping(p, 2)
    t.is_({one.status for one in calls.all()}, {200}, "who comes after that does not get what was read before")


def errors(t, p):
    p.postgres.psql("""CREATE OR REPLACE VIEW mirror.user_info AS SELECT * FROM mirror.user_info_rows
        WHERE user_id < 20000 OR (pg_catalog.pg_sleep(0.5) IS NOT NULL AND 1 / (user_id - 20700) < 2)""")
    log = p.gateway.log_size()
    calls = Calls(p).add(*["/v1/patient?user_id=20700"] * 5)
    t.is_({(one.status, one.json["error"]) for one in calls.all()}, {(500, "query_failed")}, "an error is everybody's")
    t.is_(p.gateway.log(log).count("query failed: 22012"), 1, "of one statement")
    t.is_(p.get("/v1/patient?user_id=10001").status, 200, "and of nobody else")


def test(t):
    p = t.project()
    p.serve(definitions(), {"user_info": kSlowUsersCsv, "other": "user_id,user_name,age\n1,Old,1\n"}, workers=1)
    slow_users(p)
    p.get("/v1/patient?user_id=10001")
    t.is_(request(p.gateway.port, "/v1/pages?user_id=10001", headers=bearer(p.key)).status, 200, "the tables are known")
    equal_calls(t, p)
    pages(t, p)
    leaving(t, p)
    deadlines(t, p)
    newer_rows(t, p)
    errors(t, p)


run_test(test)
