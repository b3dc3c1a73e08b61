#!/usr/bin/env python3
"""sync --watch on one node: it follows, coalesces, outlives the catalog, a full disk, a wrong key and a failing check, and ends cleanly."""
import fcntl
import json
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, kAsan, kSlow, request, run, run_test, users_definitions, wait_for
from tg_faults import kSlowUsersCsv, slow_users, wait_sleeping
from tg_process import kRoot
from tg_watch import Watch, nodes, wait_node

kCall = "/v1/user/info?user_id=10001"
kApi = "Query User by User ID"
kName = "one"
kCatalogPatience = 10  # seconds that a silent catalog is waited for (loader/cli/cli.hpp)


def reloads(p, since=0):
    return p.gateway.log(since).count("(SIGHUP) received")


def status(p):
    return request(p.gateway.port, kCall, headers=bearer(p.key)).status


def toggle(p, what):
    return p.loader.must("consumer", what, "demo")


def follows(t, p, watch):
    wait_node(p, kName, status="serving", watching=True)
    seen = len(watch.log())
    toggle(p, "disable")
    line = watch.wait_log(r"^(\S+) gateway dataservice-prod: publication 1 \(revision \d+\), 1 API, 1 consumer: served after \d+\.\d\d s$", since=seen)
    t.like(line.group(1), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", "one line a publication, with its time")
    wait_for(lambda: status(p) == 401, 10 * kSlow, "it counts")
    toggle(p, "enable")
    wait_for(lambda: status(p) == 200, 10 * kSlow, "and back")
    served = json.loads(open(p.gateway.manifest + ".served", encoding="utf-8").read())
    header = json.loads(open(p.gateway.manifest, encoding="utf-8").readline())
    t.is_({name: served[name] for name in ("gateway", "publication", "sha256")}, {name: header[name] for name in ("gateway", "publication", "sha256")},
          "nginx tells what it serves")
    t.is_(served["credentials_sha256"], json.loads(open(p.gateway.credentials, encoding="utf-8").readline())["sha256"], "and which credentials")
    t.is_(served["master_pid"], p.gateway.pid, "and who its master is")
    t.is_(os.stat(p.gateway.manifest + ".served").st_mode & 0o777, 0o644, "readable by all")
    before = os.stat(p.gateway.manifest + ".served")
    p.gateway.check()
    t.is_(os.stat(p.gateway.manifest + ".served").st_ino, before.st_ino, "nginx -t writes nothing")


def coalesces(t, p):
    watch = Watch(p, interval="3s", node=kName)
    wait_node(p, kName, status="serving", watching=True)
    seen, begun = p.gateway.log_size(), time.monotonic()
    for _ in range(6):
        toggle(p, "disable")
        toggle(p, "enable")
    p.loader.must("consumer", "create", "last", "--wait", "--timeout", f"{30 * kSlow}s")
    took = time.monotonic() - begun
    t.ok(1 <= reloads(p, seen) <= 1 + took / 3, f"13 changes in {took:.1f} s, 3 s between reloads: {reloads(p, seen)} reloads")
    p.loader.must("consumer", "delete", "last")
    t.is_(watch.end(signal.SIGINT), 0, "SIGINT: 0")
    t.is_(nodes(p)[kName]["watching"], False, "it told that it follows no longer")


def lost_catalog(t, p, watch):
    seen = len(watch.log())
    p.postgres.stop()
    watch.wait_log("the catalog is lost, nginx continues", since=seen)
    time.sleep(1.5)  # several attempts to connect
    t.is_(watch.log()[seen:].count("the catalog"), 1, "one line at the loss") or t.diag(watch.log()[seen:])
    p.postgres.start()
    toggle(p, "disable")  # may come before the watcher is back: it looks then
    watch.wait_log(r"the catalog is back after \d+ s$", timeout=60, since=seen)
    wait_for(lambda: status(p) == 401, 20 * kSlow, "what changed meanwhile is there")
    t.is_(watch.log()[seen:].count("the catalog"), 2, "one line at the return")
    p.loader.must("consumer", "enable", "demo", "--wait")
    seen = len(watch.log())
    p.postgres.signal_all(signal.SIGSTOP)
    try:
        watch.wait_log(f"the catalog is lost.*did not answer within {kCatalogPatience * 1000} ms", timeout=kCatalogPatience * 3, since=seen)
        t.ok(watch.process.poll() is None, "a catalog that is silent counts as lost")
    finally:
        p.postgres.signal_all(signal.SIGCONT)
    watch.wait_log("the catalog is back", timeout=60, since=seen)
    p.loader.must("consumer", "create", "after", "--wait")
    t.is_(status(p), 200, "it follows again")
    p.loader.must("consumer", "delete", "after", "--wait")


def lost_in_the_middle(t, p, watch):
    """The sync under way waits for the folder's lock when the catalog goes: what it was for is not forgotten."""
    wait_node(p, kName, status="serving", watching=True)
    seen = len(watch.log())
    with open(os.path.join(p.gateway.out, ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        toggle(p, "disable")
        watch.wait_log("waiting for another sync", since=seen)
        p.postgres.restart()
    watch.wait_log("the catalog is back", timeout=60, since=seen)
    wait_for(lambda: status(p) == 401, 20 * kSlow, "a change whose sync lost the catalog is there")
    p.loader.must("consumer", "enable", "demo", "--wait")
    t.is_(status(p), 200, "and the next one")


def failing_check(t, p):
    count = os.path.join(p.folder, "checks")
    watch = Watch(p, None, "--check", f"echo x >>'{count}'; echo the check says no; exit 1", node=kName, check=False)
    seen = len(watch.log())
    before = open(p.gateway.manifest, encoding="utf-8").read()
    p.loader.must("consumer", "create", "refused")
    watch.wait_log("the check says no", since=seen)
    wait_for(lambda: "says no" in nodes(p)[kName]["last_error"], 10 * kSlow, "the node's last error tells")
    ran = os.path.getsize(count) // 2
    time.sleep(4.5)  # more than four polls
    # Once more is allowed: nginx may tell of its last reload only now, and then what failed is tried again.
    t.ok(os.path.getsize(count) // 2 - ran <= 1, "a check that failed is not run again at every poll", os.path.getsize(count))
    t.is_(open(p.gateway.manifest, encoding="utf-8").read(), before, "the file before is back")
    p.loader.must("consumer", "delete", "refused")
    t.is_(watch.end(), 0, "TERM: 0")


def wrong_key(t, p):
    p.loader.must("consumer", "create", "signer")
    p.loader.must("consumer", "add-key", "signer", "--type", "hmac")
    key = os.path.join(p.folder, "master.key")
    other = p.file("other.key", "00" * 32 + "\n")
    os.chmod(other, 0o600)
    watch = Watch(p, node=kName, env={"TABLEGATE_MASTER_KEY_FILE": other})
    wait_for(lambda: nodes(p)[kName]["watching"] and "other.key" in nodes(p)[kName]["last_error"], 20 * kSlow, "the wrong key is reported")
    t.ok(True, "a wrong master key is the node's last error")
    os.replace(key, key + ".kept")
    os.replace(key + ".kept", other)  # the right one comes
    p.loader.must("consumer", "disable", "signer", env={"TABLEGATE_MASTER_KEY_FILE": other})
    wait_node(p, kName, status="serving", last_error="")
    t.ok(True, "with the right one it continues")
    os.replace(other, key)
    t.is_(watch.end(), 0, "TERM: 0")
    p.loader.must("consumer", "delete", "signer")


def ends_at_once(t, p):
    """Also while it waits for the folder's lock, while it connects and while the reload runs."""
    with open(os.path.join(p.gateway.out, ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        seen = os.path.getsize(os.path.join(p.gateway.folder, "watch.log"))
        watch = Watch(p, node=kName)
        watch.wait_log("waiting for another sync", since=seen)
        begun = time.monotonic()
        t.is_(watch.end(), 0, "TERM while it waits for the lock: 0")
        t.ok(time.monotonic() - begun < 3 * kSlow, "at once")
    p.postgres.signal_all(signal.SIGSTOP)
    try:
        watch = Watch(p, node=kName)
        wait_for(lambda: any(os.readlink(f"/proc/{watch.pid}/fd/{fd}").startswith("socket:") for fd in os.listdir(f"/proc/{watch.pid}/fd")),
                 10 * kSlow, "it connects")
        begun = time.monotonic()
        t.is_(watch.end(), 0, "TERM while it connects: 0")
        t.ok(time.monotonic() - begun < 3 * kSlow, "at once")
    finally:
        p.postgres.signal_all(signal.SIGCONT)
    # in the reload: the command runs to its end, the files are whole
    p.sync("--node", kName, "--reload", p.gateway.reload_command())  # so that only what comes now is a reload
    mark = os.path.join(p.folder, "reloading")
    watch = Watch(p, reload=f"touch '{mark}'; sleep 1; {p.gateway.reload_command()}", node=kName)
    p.loader.must("consumer", "create", "late")
    wait_for(lambda: os.path.exists(mark), 20 * kSlow, "the reload runs")
    t.is_(watch.end(timeout=30), 0, "TERM during the reload: 0")
    t.ok(not os.path.exists(os.path.join(p.gateway.out, ".pending")), "nothing is left half-way")
    t.is_(p.sync("--node", kName).stdout.count("unchanged"), 1, "the files are the catalog's")
    p.loader.must("consumer", "delete", "late")
    watch = Watch(p, node=kName)
    wait_node(p, kName, watching=True)
    watch.end(signal.SIGKILL)
    p.loader.must("consumer", "create", "late")
    watch = Watch(p, node=kName)
    wait_node(p, kName, status="serving", watching=True)
    t.is_(watch.end(), 0, "kill -9 and a new one: it continues")


def full_disk(t, p):
    if not kRoot or run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0755", "tmpfs", p.gateway.out]).returncode:
        t.note("SKIP a full disk: mounting a tmpfs requires root and the right to mount")
        return
    try:
        p.sync("--node", kName, "--reload", p.gateway.reload_command())
        watch = Watch(p, node=kName)
        wait_node(p, kName, status="serving", watching=True)
        seen = len(watch.log())
        before = open(p.gateway.manifest, encoding="utf-8").read()
        filler = os.open(os.path.join(p.gateway.out, "filler"), os.O_WRONLY | os.O_CREAT)
        try:
            while True:
                os.write(filler, b"x" * 4096)
        except OSError:
            os.close(filler)
        toggle(p, "disable")
        watch.wait_log("No space left", since=seen)
        t.is_(open(p.gateway.manifest, encoding="utf-8").read(), before, "a full disk: the files stay")
        t.is_(status(p), 200, "nginx serves")
        wait_for(lambda: "No space left" in nodes(p)[kName]["last_error"], 10 * kSlow, "the node's last error tells")
        os.remove(os.path.join(p.gateway.out, "filler"))
        wait_for(lambda: status(p) == 401, 40 * kSlow, "room again: tried again by itself")
        p.loader.must("consumer", "enable", "demo", "--wait")
        t.is_(watch.end(), 0, "TERM: 0")
    finally:
        run(["umount", "-l", p.gateway.out])
    p.sync("--node", kName, "--reload", p.gateway.reload_command())


def leaving_workers(t, p):
    """Two generations still leave: no third reload."""
    watch = Watch(p, node=kName)
    wait_node(p, kName, status="serving", watching=True)
    later = []
    for number in range(2):
        thread = threading.Thread(target=request, args=(p.gateway.port, "/v1/user/info?user_id=80000"),
                                  kwargs={"headers": bearer(p.key), "timeout": 120}, daemon=True)
        thread.start()
        later.append(thread)
        wait_sleeping(p, number + 1)
        p.loader.must("consumer", "create", f"c{number}", "--wait")
    t.ok(len(p.gateway.workers(leaving=True)) >= 2, "two generations leave", p.gateway.workers(leaving=True))
    seen, begun = len(watch.log()), time.monotonic()
    at = p.gateway.log_size()
    p.loader.must("consumer", "create", "c2")
    watch.wait_log("2 older generations of workers are still shutting down", since=seen)
    t.is_(reloads(p, at), 0, "no third reload meanwhile")
    p.postgres.psql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    t.like(watch.wait_log(r"\(revision \d+\).*served after", timeout=30, since=seen).group(0), "served", "it comes when they are gone")
    t.note(f"after {time.monotonic() - begun:.1f} s")
    t.is_(watch.log()[seen:].count("still shutting down"), 1, "said once")
    for thread in later:
        thread.join(30 * kSlow)
    t.is_(watch.end(), 0, "TERM: 0")


def test(t):
    p = t.project()
    p.serve(users_definitions(timeout_ms=90000), {"user_info": kSlowUsersCsv}, connections=4)
    slow_users(p)
    p.loader.must("gateway", "forget", "dataservice-prod", next(iter(nodes(p))))  # of Project.serve()'s own sync
    p.sync("--node", kName)
    wrong = p.loader("sync", "--output", p.gateway.out, "--watch", "--min-interval", "1ms")
    t.ok(wrong.rc == 2 and "200ms" in wrong.stderr, "reloads are at least 200 ms apart", wrong)
    t.is_(p.loader("sync", "--output", p.gateway.out, "--watch", "--gateway", "nope").rc, 1, "no such gateway: told at once")
    watch = Watch(p, node=kName)
    follows(t, p, watch)
    lost_catalog(t, p, watch)
    lost_in_the_middle(t, p, watch)
    t.is_(watch.end(), 0, "TERM: 0")
    coalesces(t, p)
    failing_check(t, p)
    wrong_key(t, p)
    ends_at_once(t, p)
    full_disk(t, p)
    leaving_workers(t, p)
    if not kAsan:
        t.note(f"log of the watcher:\n{watch.log()[-1500:]}")


run_test(test)
