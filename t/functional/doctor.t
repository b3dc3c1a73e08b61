#!/usr/bin/env python3
"""doctor checks what callers depend on: nginx's connection as nginx makes it, what nginx serves, and the nodes."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, run_test, users_definitions, wait_for
from tg_process import kRoot

kFail = "nginx's connection, tablegate_service default"


def doctor(p, *options):
    """{check: (word, detail)} of the lines for people."""
    result = p.loader("doctor", "--nginx", p.gateway.check_command(), *options)
    lines = [line.split(None, 1) for line in result.stdout.splitlines() if not line.startswith("      try: ")]
    found = {rest.split(": ", 1)[0]: (word, rest.split(": ", 1)[1]) for word, rest in lines}
    return result, found


def not_there(t, p):
    """What does not exist yet is skipped."""
    result, found = doctor(p)
    t.is_(result.rc, 0, "before nginx has started: nothing is wrong") or t.diag(result)
    t.is_(found[f"nginx, {p.gateway.manifest}"], ("skip", "not read by a running nginx yet"), "nginx")
    t.is_(found["node one of dataservice-prod"], ("skip", "its files are written, and no nginx has read them yet"), "the node")
    result = p.loader("doctor", "--nginx", "/nonexistent/nginx -t")
    t.ok(result.rc == 0 and "skip  nginx: is not on this machine" in result.stdout, "no nginx", result)
    result = p.loader("doctor", "--nginx", "true")
    t.ok(result.rc == 0 and "skip  nginx: `true` runs no nginx -t" in result.stdout, "another command", result)


def connection(t, p):
    user = "www-data" if kRoot else None
    result, found = doctor(p)
    t.is_(result.rc, 0, "all is well") or t.diag(result)
    t.like(": ".join(found[kFail]), rf"ok: user {user or '.*'} signs in as tablegate_reader at {p.postgres.socket}", "the connection of nginx's workers")
    t.is_(found[f"nginx, {p.gateway.manifest}"], ("ok", "publication 1 of dataservice-prod is served"), "what nginx serves")
    t.is_(found["node one of dataservice-prod"][0], "ok", "the node")
    hba = p.postgres.psql("SHOW hba_file")
    with open(hba, encoding="utf-8") as file:
        good = file.read()
    try:
        with open(hba, "w", encoding="utf-8") as file:
            file.write("local all tablegate_reader reject\n" + good)
        p.postgres.reload()
        result, found = doctor(p)
        word, detail = found[kFail]
        t.ok(result.rc == 1 and word == "FAIL" and "tablegate_reader" in detail and "cannot sign in" in detail, "a pg_hba.conf that does not let nginx in: a failure", result)
        t.like(result.stdout, r"try: psql -c 'SELECT .* FROM pg_hba_file_rules'", "with what helps")
        t.like(result.stderr, rf"1 check failed, the first is: {kFail}\ntry: psql ", "the last line names it")
    finally:
        with open(hba, "w", encoding="utf-8") as file:
            file.write(good)
        p.postgres.reload()
    good = dict(p.gateway.parts)
    p.gateway.set(dsn=good["dsn"].replace("dbname=tablegate", "dbname=nothing"))
    result, found = doctor(p)
    t.ok(result.rc == 1 and "cannot sign in" in found[kFail][1], "nginx's own dsn is tried, whatever TABLEGATE_CATALOG says", result)
    p.gateway.set(dsn=good["dsn"], service="password_file /nonexistent/password;")
    result, found = doctor(p)
    t.ok(result.rc == 1 and found["nginx"][0] == "FAIL" and "password_file" in found["nginx"][1], "a configuration that nginx rejects", result)
    p.gateway.set(service="")


def nodes(t, p):
    p.loader.must("consumer", "create", "news")
    result, found = doctor(p)
    t.is_(found["node one of dataservice-prod"][0], "FAIL", "a node that nobody syncs")
    t.like(found["node one of dataservice-prod"][1], r"serves revision \d+ of \d+, and no sync --watch runs there", "how far it is behind")
    t.like(result.stdout, r"try: tablegate sync --output DIR --gateway dataservice-prod --check", "and what helps")
    p.sync("--node", "one")
    result, found = doctor(p)
    t.is_(found[f"nginx, {p.gateway.manifest}"], ("FAIL", "nginx serves publication 1, and other files are written"), "files that nginx has not read")
    p.sync_and_reload("--node", "one")
    p.postgres.psql("UPDATE tablegate.node SET watching = true, last_seen = now() - interval '1 hour'")
    t.like(doctor(p)[1]["node one of dataservice-prod"][1], "its sync --watch was not heard from for 36\\d\\d s", "a watcher that died")
    p.sync("--node", "one")
    p.postgres.psql("UPDATE tablegate.node SET last_error = 'something'")
    t.like(": ".join(doctor(p)[1]["node one of dataservice-prod"]), r"FAIL: its last sync, \d+ s ago, reported: something$", "a node's last error")
    p.sync("--node", "one")
    p.gateway.stop()
    wait_for(lambda: doctor(p)[1][f"nginx, {p.gateway.manifest}"] == ("FAIL", "nginx is not running"), 20 * kSlow, "an nginx that has ended is a failure")
    t.ok(True, "an nginx that has ended")


def dead_after_a_cold_start(t, p):
    """Only the pid file names a daemon that was never reloaded, and nginx -t leaves an empty one."""
    p.gateway.start()
    p.sync("--node", "one")
    p.gateway.stop()
    commands = ("--check", p.gateway.check_command(), "--reload", p.gateway.reload_command(), "--node", "one")
    wait_for(lambda: doctor(p)[1][f"nginx, {p.gateway.manifest}"] == ("FAIL", "nginx is not running"), 20 * kSlow, "nginx has ended")
    t.is_(os.path.getsize(os.path.join(p.folder, "nginx.pid")), 0, "nginx -t left an empty pid file")
    t.is_(doctor(p)[1][f"nginx, {p.gateway.manifest}"], ("FAIL", "nginx is not running"), "a failure all the same")
    done = p.sync(*commands)
    t.ok("unchanged" in done.stdout and "warning: nginx is not running, so nothing is served; what starts it: " in done.stderr, "an unchanged sync says so", done)
    t.like(p.loader.json("sync", "--output", p.gateway.out, *commands)["warning"], "nginx is not running", "in its JSON too")
    result, found = doctor(p)
    t.like(": ".join(found["node one of dataservice-prod"]), r"FAIL: its last sync, \d+ s ago, reported: nginx is not running", "the node")
    t.like(result.stdout, r"reported: nginx is not running\n      try: tablegate sync --output \S+ --gateway", "what reports anew")
    p.loader.must("consumer", "create", "later")
    done = p.loader("sync", "--output", p.gateway.out, *commands)
    t.ok(done.rc == 1 and "nginx is not running; the new files stay" in done.stderr, "a reload of a dead nginx", done)
    t.like(done.stderr, rf"\ntry: .*-c '{p.gateway.conf}' -e '{p.gateway.error_log}' -q\n\Z", "and what starts it")
    t.like(": ".join(doctor(p)[1]["node one of dataservice-prod"]), "Its output: nginx: .*PID number", "the node's output is whole, on one line")
    p.gateway.start()
    t.is_(doctor(p)[1][f"nginx, {p.gateway.manifest}"][0], "ok", "started, nginx serves the new files")
    p.sync(*commands)
    t.is_(doctor(p)[0].rc, 0, "and the next sync reports it")


def another_catalog(t, p):
    """A gateway of the same name in another catalog."""
    p.postgres.psql("UPDATE tablegate.node SET served_sha256 = repeat('0', 64)")
    result, found = doctor(p)
    t.like(": ".join(found[f"nginx, {p.gateway.manifest}"]), r"FAIL: publication \d+ of dataservice-prod is served, and no node of this catalog has reported it", "other files of this publication")
    p.postgres.psql("UPDATE tablegate.node SET served_publication = 99, written_publication = 99")
    t.is_(doctor(p)[1][f"nginx, {p.gateway.manifest}"][0], "FAIL", "another publication")
    p.sync("--node", "one")
    t.is_(doctor(p)[0].rc, 0, "this catalog's sync repairs it")


def test(t):
    p = t.project()
    t.allow("password_file")
    p.init()
    p.apply(users_definitions())
    p.load("user_info", "user_id,user_name,age\n10001,Alice,25\n")
    p.publish("Query User by User ID")
    p.sync("--node", "one")
    p.gateway.write()
    not_there(t, p)
    p.gateway.start()
    p.sync("--node", "one")
    connection(t, p)
    nodes(t, p)
    dead_after_a_cold_start(t, p)
    another_catalog(t, p)


run_test(test)
