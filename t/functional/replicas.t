#!/usr/bin/env python3
"""A primary and a real streaming replica in one DSN: what is loaded on the primary serves from either, a primary that dies is replaced
by the replica without a wrong answer, target_session_attrs picks, and swaps replay under the replica's readers without one failure."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import signal

from tablegate_test import Load, bearer, kAsan, kSlow, run_test, wait_for
from tg_postgres import Standby

kCall = "/v1/user/info?user_id=10001"
kSwaps = 5 if kAsan else 20


def row(name):
    return b'{"data":{"user_id":10001,"user_name":"%s"},"success":true}' % name.encode()


def dsn(*servers, options=""):
    """Several hosts, tried in this order."""
    sockets = ",".join(server.socket for server in servers)
    ports = ",".join("5432" for _ in servers)
    return f"host={sockets} port={ports} dbname=tablegate user=tablegate_reader {options}"


def users(name):
    return f"user_id,user_name,age\n10001,{name},25\n10002,Bob,30\n"


def sessions(server):
    return server.backends()


def connect_to(p, *servers, options=""):
    p.gateway.set(dsn=dsn(*servers, options=options))
    p.gateway.reload()
    wait_for(lambda: not p.gateway.workers(leaving=True), 30 * kSlow, "old workers are gone")


def picked(t, p, primary, standby):
    """Which of the two the sessions are on."""
    for options, servers, wanted in (("", (primary, standby), "primary"), ("", (standby, primary), "standby"),
                                     ("target_session_attrs=primary", (standby, primary), "primary"),
                                     ("target_session_attrs=standby", (primary, standby), "standby")):
        connect_to(p, *servers, options=options)
        t.is_([p.get(kCall).body for _ in range(6)], [row("Alice")] * 6, f"{options or 'first host'}: rows")
        found = {"primary": sessions(primary) > 0, "standby": sessions(standby) > 0}
        t.is_(found, {"primary": wanted == "primary", "standby": wanted == "standby"}, f"{options or 'first host'}: sessions are on the {wanted} only")
    # As the README tells: the reader's sessions are read-only on the primary, too.
    seen = p.gateway.log_size()
    connect_to(p, standby, primary, options="target_session_attrs=read-write")
    t.is_(p.get(kCall).status, 503, "read-write: no session of tablegate_reader is")
    t.like(p.gateway.log(seen), "session is read-only", "and the log says so")


def swaps(t, p, standby):
    """Generations replay on the replica while it is read: the lock of a swap, and the drop of what is old."""
    names = {row(f"Alice{number}") for number in range(kSwaps)} | {row("Alice")}
    with Load(p.gateway.port, kCall, bearer(p.key), threads=4, seconds=120 * kSlow, check=lambda answer: answer.body in names) as load:
        for number in range(kSwaps):
            p.load("user_info", users(f"Alice{number}"))
            wait_for(lambda number=number: p.get(kCall).body == row(f"Alice{number}"), 20 * kSlow, "the replica serves the new generation")
    t.is_((load.failures, load.wrong), ([], []), f"{kSwaps} swaps replayed: {load.answered} answers, each a row")
    t.is_(set(load.statuses), {200}, "all of them 200")
    t.ok(sessions(standby) > 0, "from the replica")


def failover(t, p, primary, standby):
    """The primary is killed: 503 at most for a moment, then rows from the replica; promoted, it takes loads, too."""
    connect_to(p, primary, standby)
    last = row(f"Alice{kSwaps - 1}")
    t.is_(p.get(kCall).body, last, "from the primary")
    wait_for(standby.caught_up, 20 * kSlow, "the replica has caught up")
    load = Load(p.gateway.port, kCall, bearer(p.key), threads=4, seconds=120 * kSlow,
                check=lambda answer: answer.body == last if answer.status == 200 else answer.status == 503)
    with load:
        wait_for(lambda: load.answered > 50, 20 * kSlow, "load runs")
        primary.signal_all(signal.SIGKILL)
        good = load.statuses[200]
        wait_for(lambda: load.statuses[200] > good + 200, 30 * kSlow, "rows come again")
    t.is_((load.failures, load.wrong), ([], []), f"the primary is killed: rows or 503, nothing else ({dict(load.statuses)})")
    t.ok(load.statuses[200] > load.statuses[503], "mostly rows", load.statuses)
    wait_for(lambda: all(p.get(kCall).body == last for _ in range(20)), 20 * kSlow, "all workers have moved")
    t.ok(sessions(standby) > 0, "the replica serves")

    standby.promote()
    wait_for(lambda: standby.psql("SELECT pg_is_in_recovery()") == "f", 30 * kSlow, "promoted")
    p.loader.must("table", "load", "user_info", "--from", f"csv:{p.file('after.csv', users('Anna'))}", "--header",
                  "--catalog", standby.dsn())
    wait_for(lambda: p.get(kCall).body == row("Anna"), 20 * kSlow, "what is loaded on the new primary serves")
    connect_to(p, primary, standby, options="target_session_attrs=primary")
    t.is_(p.get(kCall).body, row("Anna"), "primary: the promoted one, though the first host is dead")


def test(t):
    p = t.project().serve()
    standby = Standby(os.path.join(p.folder, "standby"), p.postgres)
    try:
        standby.start()
        wait_for(standby.caught_up, 60 * kSlow, "the replica follows")
        picked(t, p, p.postgres, standby)
        connect_to(p, standby, p.postgres)
        swaps(t, p, standby)
        failover(t, p, p.postgres, standby)
    finally:
        p.gateway.stop()
        standby.stop("fast")


run_test(test)
