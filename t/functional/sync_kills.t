#!/usr/bin/env python3
"""check and reload have a time limit; a sync that is killed, or whose reload fails, never brings a revoked key back."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, kSlow, request, run_test
from tg_process import wait_for
from tg_settings import kLoader
from tg_watch import nodes

kCall = "/v1/user/info?user_id=10001"
kKill = "kill -9 $PPID"  # the sync whose command this is


def manifest(p):
    with open(p.gateway.manifest, encoding="utf-8") as file:
        return file.read()


def credentials(p):
    with open(p.gateway.credentials, encoding="utf-8") as file:
        return file.read()


def status(p, key):
    return request(p.gateway.port, kCall, headers=bearer(key)).status


def new_key(t, p):
    """One that nginx knows."""
    made = p.loader.json("consumer", "add-key", "demo")
    p.sync_and_reload()
    wait_for(lambda: status(p, made["api_key"]) == 200, 10 * kSlow, "a new key is served")
    t.ok(made["id"] in credentials(p), "a key that is served")
    return made


def revoke(p, made):
    p.loader.must("consumer", "revoke-key", "demo", made["id"])


def next_one_fails(t, p, made, what):
    """Whatever it puts back, and a reload after it, does not know the key."""
    p.loader.must("consumer", "create", f"c{time.monotonic_ns()}")
    failed = p.loader("sync", "--output", p.gateway.out, "--check", "exit 1", "--reload", "false")
    t.ok(failed.rc == 1 and "are put back, credentials.json stays" in failed.stderr, f"{what}: the next sync fails", failed)
    t.ok(made["id"] not in credentials(p), f"{what}: and puts no file back that knows the key")
    p.gateway.reload()
    t.is_(status(p, made["api_key"]), 401, f"{what}: the key stays revoked after a reload by hand")
    p.sync_and_reload()


def killed(t, p):
    reload = p.gateway.reload_command()
    for what, options, by_hand in (("killed after nginx had read the files", ("--reload", f"{reload}; sleep 1; {kKill}"), False),
                                   ("killed in the reload", ("--check", "true", "--reload", kKill), False),
                                   ("killed in the check, then a reload by hand", ("--check", kKill), True)):
        made = new_key(t, p)
        revoke(p, made)
        done = p.loader("sync", "--output", p.gateway.out, *options)
        t.isnt(done.rc, 0, f"{what}: dead")
        if by_hand:
            p.gateway.reload()
        next_one_fails(t, p, made, what)
    made = new_key(t, p)
    before = manifest(p)
    revoke(p, made)
    p.loader.must("api", "deprecate", "Query User by User ID", "--sunset", "2098-01-01")
    p.loader("sync", "--output", p.gateway.out, "--check", kKill)
    t.isnt(manifest(p), before, "killed in the check: another manifest")
    failed = p.loader("sync", "--output", p.gateway.out, "--check", "exit 1")
    t.ok(failed.rc == 1 and "are put back" in failed.stderr, "a manifest that nginx never read is not kept", failed)
    t.is_(manifest(p), before, "the one that it reads is put back")
    t.ok(made["id"] not in credentials(p), "without the revoked key")
    p.gateway.reload()
    t.is_(status(p, made["api_key"]), 401, "a reload by hand between two syncs: the old manifest with the new credentials")
    p.sync_and_reload()
    wait_for(lambda: status(p, made["api_key"]) == 401, 10 * kSlow, "revoked")


def failing_reload(t, p):
    reload = p.gateway.reload_command()
    made = new_key(t, p)
    revoke(p, made)
    failed = p.loader("sync", "--output", p.gateway.out, "--reload", f"{reload}; sleep 1; exit 3")
    t.ok(failed.rc == 1 and "failed (exit status 3)" in failed.stderr and "the new files stay" in failed.stderr,
         "a reload that fails after nginx has read the files: they stay", failed)
    next_one_fails(t, p, made, "a failed reload")


def time_limit(t, p):
    left = os.path.join(p.folder, "left")
    before = manifest(p)
    p.loader.must("api", "deprecate", "Query User by User ID", "--sunset", "2097-01-01")
    begun = time.monotonic()
    failed = p.loader("sync", "--output", p.gateway.out, "--check", f"echo starting; (sleep 5; touch {left}) & wait", "--hook-timeout", "1s", "--node", "limited")
    took = time.monotonic() - begun
    t.ok(failed.rc == 1 and "--check failed (no end within 1 s, it was stopped)" in failed.stderr and "starting" in failed.stderr, "a check beyond its time limit", failed)
    t.ok(took < 4 * kSlow, "ends at once", took)
    t.is_(manifest(p), before, "the manifest is put back")
    t.like(nodes(p)["limited"]["last_error"], "no end within 1 s", "the node's last error")
    failed = p.loader("sync", "--output", p.gateway.out, "--check", "trap '' TERM; sleep 30 & wait; wait; sleep 30", "--hook-timeout", "1s")
    t.ok(failed.rc == 1 and "it was stopped" in failed.stderr, "one that ignores SIGTERM is killed", failed)
    failed = p.loader("sync", "--output", p.gateway.out, "--check", "true", "--reload", "sleep 30", "--hook-timeout", "1s")
    t.ok(failed.rc == 1 and "the new files stay, for they passed --check" in failed.stderr, "a reload beyond its time limit: nginx may read the files yet", failed)
    again = p.loader("sync", "--output", p.gateway.out, "--reload", p.gateway.reload_command())
    t.ok(again.rc == 0 and "unchanged" not in again.stdout, "the next one reloads again", again)
    t.ok(not os.path.exists(left), "nothing of a stopped command continues")
    for value in ("0", "500ms", "x"):
        t.is_(p.loader("sync", "--output", p.gateway.out, "--hook-timeout", value).rc, 2, f"--hook-timeout {value}: exit 2")


def told_who(t, p):
    mark = os.path.join(p.folder, "mark")
    p.loader.must("consumer", "create", "first")
    first = subprocess.Popen([kLoader, "sync", "--output", p.gateway.out, "--check", f"touch {mark}; sleep 2"], env=p.loader.env, stdout=subprocess.DEVNULL)
    wait_for(lambda: os.path.exists(mark), 10 * kSlow, "the first one runs its check")
    second = p.loader("sync", "--output", p.gateway.out)
    t.ok(second.rc == 0 and f"waiting for another sync of {p.gateway.out} (process {first.pid})" in second.stderr, "a sync that waits names the process", second)
    first.wait()


def test(t):
    p = t.project().serve()
    killed(t, p)
    failing_reload(t, p)
    time_limit(t, p)
    told_who(t, p)


run_test(test)
