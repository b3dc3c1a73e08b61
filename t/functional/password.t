#!/usr/bin/env python3
"""nginx signs in with a password: init --reader-password-file, scram-sha-256, password_file read by the master only."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions

kPassword = "correct horse ' \" \\ battery"
kCall = "/v1/user/info?user_id=10001"


def test(t):
    p = t.project()
    secret = p.file("reader.password", kPassword + "\r\n")  # as an editor of Windows ends a line
    os.chmod(secret, 0o600)  # nginx's workers cannot read it
    hba = os.path.join(p.postgres.data, "pg_hba.conf")
    with open(hba, encoding="utf-8") as file:
        rules = file.read()
    with open(hba, "w", encoding="utf-8") as file:
        file.write("local all tablegate_reader scram-sha-256\n" + rules)
    p.postgres.reload()
    p.loader.must("init", "--workspace", "demo", "--reader-password-file", secret)
    p.serve(users_definitions(), service=f"password_file {secret};")
    t.is_(p.get(kCall).text, '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}', "the password opens")
    wrong = p.file("wrong.password", "wrong\n")
    p.gateway.set(service=f"password_file {wrong};")
    p.gateway.reload()
    answer = p.get(kCall)
    t.is_((answer.status, answer.json["error"]), (503, "database_unavailable"), "a wrong one does not")
    log = p.gateway.log()
    t.like(log, "password authentication failed", "and the error log says so")
    t.unlike(log, "correct horse|wrong$", "without the password")
    t.allow("password_file")
    p.gateway.set(service=f"password_file {p.file('empty.password', '')};")
    t.like(p.gateway.check()[1], "password_file .*empty", "an empty file fails nginx -t")
    p.gateway.set(service="password_file /nonexistent/password;")
    t.like(p.gateway.check()[1], "/nonexistent/password.*No such file", "a missing one too")
    with open(p.postgres.log, encoding="utf-8", errors="replace") as file:
        t.unlike(file.read(), "correct horse", "PostgreSQL's log has no password either")


run_test(test)
