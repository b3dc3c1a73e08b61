#!/usr/bin/env python3
"""A statement that PostgreSQL refuses: 500, the database's text in the error log only, and right answers when the cause is gone."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, run_test, wait_for

kCall = "/v1/user/info?user_id=10001"
kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
kFaults = (
    ("the table is renamed", "ALTER TABLE mirror.user_info RENAME TO away", "ALTER TABLE mirror.away RENAME TO user_info", "42P01 .*does not exist"),
    ("the permission is revoked", "REVOKE SELECT ON mirror.user_info FROM tablegate_reader", "GRANT SELECT ON mirror.user_info TO tablegate_reader",
     "42501 permission denied"),
    ("the schema is closed", "REVOKE USAGE ON SCHEMA mirror FROM tablegate_reader", "GRANT USAGE ON SCHEMA mirror TO tablegate_reader", "42501 permission denied"),
    ("a column is renamed", "ALTER TABLE mirror.user_info RENAME user_name TO other_name", "ALTER TABLE mirror.user_info RENAME other_name TO user_name",
     "42703 column .* does not exist"),
    ("a row makes the statement fail", "ALTER TABLE mirror.user_info RENAME TO rows; CREATE VIEW mirror.user_info AS SELECT user_id / (age - 25) AS user_id, user_name, age "
     "FROM mirror.rows; GRANT SELECT ON mirror.user_info TO tablegate_reader", "DROP VIEW mirror.user_info; ALTER TABLE mirror.rows RENAME TO user_info", "22012 division by zero"),
)


def fault(t, p, name, break_it, mend_it, logged):
    seen = p.gateway.log_size()
    p.postgres.psql(break_it)
    answer = p.get(kCall)
    t.like(answer.text, r'^\{"data":null,"success":false,"errCode":1108110622,"error":"query_failed","errMsg":"the query failed","requestId":"[0-9a-f]{32}"\}$', f"{name}: body")
    t.is_(answer.status, 500, f"{name}: 500")
    t.ok("retry-after" not in answer.headers, f"{name}: no Retry-After")
    t.unlike(str(answer), "user_info|user_name|permission|division|42P01|42501|PostgreSQL", f"{name}: nothing of the database is shown")
    wait_for(lambda: "query_failed" in p.gateway.log(seen), 5 * kSlow, "the log")
    log = p.gateway.log(seen)
    t.like(log, rf"\[error\] .*tablegate: default/default: query failed: {logged}", f"{name}: the log says it")
    t.like(log, rf'\[error\] .*tablegate: API "Query User by User ID" version 1: {logged[:5]} in its statement with user_id', f"{name}: and in which statement")
    t.like(log, r'\[info\] .*tablegate: API "Query User by User ID" version 1: query_failed', f"{name}: and whom it hit")
    t.unlike(log, "10001|" + p.key, f"{name}: no value and no key in the log")
    t.is_([p.get(kCall).status for _ in range(3)], [500] * 3, f"{name}: again and again")
    p.postgres.psql(mend_it)
    answers = [p.get(kCall) for _ in range(6)]
    t.ok(all(answer.body == kAlice for answer in answers), f"{name}: mended, every answer is right at once", answers)


def retyped(t, p):
    """A column whose values stand without quotes gets another type while the manifest is live: no answer of another form."""
    p.postgres.psql("ALTER TABLE mirror.user_info ALTER user_id TYPE numeric")
    answer = p.get(kCall)
    t.is_((answer.status, answer.json["error"]), (500, "query_failed"), "a number's column gets another type")
    wait_for(lambda: "columns are not those of the manifest" in p.gateway.log(), 5 * kSlow, "the log says it")
    p.postgres.psql("ALTER TABLE mirror.user_info ALTER user_id TYPE bigint")
    t.is_(p.get(kCall).body, kAlice, "mended")


def test(t):
    p = t.project().serve(access_log="access_log off;")
    t.is_(p.get(kCall).body, kAlice, "the row")
    sessions = p.postgres.psql("SELECT string_agg(pid::text, ',' ORDER BY pid) FROM pg_stat_activity WHERE application_name = 'tablegate'")
    for case in kFaults:
        fault(t, p, *case)
    retyped(t, p)
    p.gateway.set(service="prepare off; pipeline off;")
    p.gateway.reload()
    for case in kFaults[:2]:
        fault(t, p, "prepare off: " + case[0], *case[1:])
    t.ok(sessions, "the sessions were ours")
    t.unlike(p.gateway.log(), "connection lost", "an error costs no connection")


run_test(test)
