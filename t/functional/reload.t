#!/usr/bin/env python3
"""Reloads that change the pool or the zone, that meet a running query or a fault; a killed worker; master and workers as they should be."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import re
import shutil
import signal
import threading

from tablegate_test import Load, bearer, is_alive, kAsan, kModule, kNginx, kSlow, run, run_test, users_definitions, wait_for
from tg_faults import serve_slow, wait_sleeping
from tg_process import kRoot

kCall = "/v1/user/info?user_id=10001"
kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'


class Later:
    """A request in a thread of its own."""

    def __init__(self, p, target):
        self.answer = None
        self._thread = threading.Thread(target=self._work, args=(p, target), daemon=True)
        self._thread.start()

    def _work(self, p, target):
        self.answer = p.get(target)

    def status(self):
        self._thread.join(30 * kSlow)
        return self.answer and self.answer.status


def old_gone(p):
    wait_for(lambda: not p.gateway.workers(leaving=True), 30 * kSlow, "old workers are gone")


def running_query(t, p):
    later = [Later(p, "/v1/user/info?user_id=21500") for _ in range(2)]
    wait_sleeping(p, 1)  # two when they came to two workers
    p.gateway.reload()
    t.is_(p.get(kCall).body, kAlice, "new workers answer while the old ones wait for a query")
    t.is_([one.status() for one in later], [200, 200], "a reload waits for running queries")
    t.ok(all(one.answer.json["data"]["user_id"] == 21500 for one in later), "with their rows")
    old_gone(p)
    later = [Later(p, "/v1/user/info?user_id=20700") for _ in range(4)]
    p.gateway.set(connections=1, workers=1)  # one connection: three of the next four wait for it
    p.gateway.reload()
    t.is_([one.status() for one in later], [200] * 4, "queries that ran or waited are answered")
    later = [Later(p, "/v1/user/info?user_id=20300") for _ in range(4)]
    wait_sleeping(p, 1)
    p.gateway.set(connections=4, workers=2)
    p.gateway.reload()
    t.is_([one.status() for one in later], [200] * 4, "a leaving worker serves its queue, too")
    old_gone(p)


def changed_pool(t, p):
    load = Load(p.gateway.port, kCall, bearer(p.key), threads=6, close=True, seconds=60 * kSlow, check=lambda answer: answer.body == kAlice)
    host = f"host={p.postgres.socket} port=5432 dbname=tablegate user=tablegate_reader"
    with load:
        for parts in ({"connections": 2}, {"connections": 8, "queue": 10000}, {"service": "pipeline off;"}, {"service": "prepare off;"},
                      {"service": "", "connections": 1}, {"dsn": host + " application_name=tablegate connect_timeout=3"}, {"dsn": host, "connections": 4}):
            before = load.answered
            p.gateway.set(**parts)
            p.gateway.reload()
            wait_for(lambda: load.answered > before + 30, 20 * kSlow, "load continues")
    t.is_(load.failures, [], "reloads with other pools: no request failed")
    t.ok(not load.wrong, "and every answer is the row", load)
    old_gone(p)
    limit = p.gateway.parts["workers"] * 4
    wait_for(lambda: p.postgres.backends() <= limit, 10 * kSlow, f"not more than {limit} sessions")
    # another database: its rows, from the next request on
    p.postgres.psql("CREATE DATABASE other", database="postgres")
    p.postgres.psql("CREATE SCHEMA mirror; GRANT USAGE ON SCHEMA mirror TO tablegate_reader; CREATE TABLE mirror.user_info AS "
                    "SELECT 10001::bigint AS user_id, 'Other'::text AS user_name, 1::bigint AS age; GRANT SELECT ON mirror.user_info TO tablegate_reader", database="other")
    p.gateway.set(dsn=host.replace("dbname=tablegate", "dbname=other"))
    p.gateway.reload()
    t.is_(p.get(kCall).json["data"]["user_name"], "Other", "a reload with another dsn: the other database's row")
    p.gateway.set(dsn=host)
    p.gateway.reload()
    t.is_(p.get(kCall).body, kAlice, "and back")


def zone(t, p):
    for size in ("2m", "512k", "1m"):
        p.gateway.set(zone=size)
        p.gateway.reload()
        t.is_(p.get(kCall).body, kAlice, f"tablegate_zone {size}: a reload takes it")
    p.gateway.set(zone="8k")
    passed, said = p.gateway.check()
    t.ok(not passed and "at least" in said, "tablegate_zone 8k: nginx -t refuses", said)
    seen = p.gateway.log_size()
    os.kill(p.gateway.pid, signal.SIGHUP)
    p.gateway.wait_log("tablegate_zone requires", seen)
    t.is_(p.get(kCall).body, kAlice, "a reload that is refused: the old configuration serves on")
    p.gateway.set(zone="1m")
    p.gateway.reload()


def killed_worker(t, p):
    for _ in range(3):
        victims = p.gateway.workers()
        os.kill(victims[0], signal.SIGKILL)
        wait_for(lambda: len(p.gateway.workers()) == 2 and victims[0] not in p.gateway.workers(), 10 * kSlow, "the master starts another worker")
        t.is_([p.get(kCall).status for _ in range(6)], [200] * 6, "a worker killed: the next requests are answered")
    wait_for(lambda: p.postgres.backends() <= 2 * 4, 10 * kSlow, "the dead workers' sessions end")


def fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def rss(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


def measure(p):
    """Of the master and of one worker that has answered: descriptors and kB."""
    old_gone(p)
    answers = [p.get(kCall).status for _ in range(8)]
    workers = p.gateway.workers()
    return {"answers": set(answers), "master fds": fds(p.gateway.pid), "worker fds": max(fds(pid) for pid in workers),
            "master kB": rss(p.gateway.pid), "worker kB": max(rss(pid) for pid in workers)}


def flat(t, p):
    for _ in range(5):
        p.gateway.reload()
    first = measure(p)
    for _ in range(50):
        p.gateway.reload()
    last = measure(p)
    t.note(f"before 50 reloads: {first}")
    t.note(f"after: {last}")
    t.is_((first["answers"], last["answers"]), ({200}, {200}), "50 reloads: still answering")
    t.is_(last["master fds"], first["master fds"], "50 reloads: the master has no more files open")
    t.ok(abs(last["worker fds"] - first["worker fds"]) <= 3, "nor has a worker", first, last)  # connections open on demand
    if not kAsan:  # ASan keeps freed memory in quarantine
        for who in ("master kB", "worker kB"):
            t.ok(last[who] <= first[who] * 1.1, f"50 reloads: {who} within 10 %", first, last)


def privileges(t, p):
    if not kRoot:
        t.note("not root: master and workers are one user")
        return
    t.is_((os.stat(p.gateway.manifest).st_uid, os.stat(p.gateway.manifest).st_mode & 0o777), (0, 0o600), "the manifest is root's, 0600")
    owner = [os.stat(f"/proc/{pid}").st_uid for pid in p.gateway.workers()]
    t.ok(0 not in owner, "workers are not root", owner)
    t.ok(run(["cat", p.gateway.manifest], user="www-data").returncode, "their user cannot read it")
    for pid in p.gateway.workers():
        links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        t.ok(not any("manifest" in link for link in links), "and has it not open", links)
    if not kAsan:  # reports of another user would be in the way
        module = shutil.copy(kModule, p.folder)  # the checkout may be out of www-data's reach
        with open(p.gateway.conf, encoding="utf-8") as file:
            conf = p.file("other.conf", file.read().replace(kModule, module))
        done = run([kNginx, "-t", "-p", p.folder, "-c", conf, "-e", "stderr"], user="www-data")
        t.ok(done.returncode, "nginx -t as www-data fails")
        t.like(done.stderr, r'\[emerg\].*tablegate manifest ".*manifest\.json" cannot be opened: Permission denied \(run nginx -t as root\)', "and says why and what to do")


def test(t):
    p = serve_slow(t.project(), users_definitions(timeout_ms=10000))
    t.allow(r"\[alert\].*worker process \d+ exited on signal 9")
    t.allow(r"\[emerg\].*tablegate_zone requires a size")
    running_query(t, p)
    changed_pool(t, p)
    zone(t, p)
    privileges(t, p)
    flat(t, p)
    killed_worker(t, p)
    t.ok(is_alive(p.gateway.pid), "the master is the same")


run_test(test)
