#!/usr/bin/env python3
"""SOURCE=maxcompute make quickstart: the tutorial's MaxCompute path, from the stand-in's table to the call; repeated, and back to the file."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import free_port, kAsan, kCheckout, kSlow, run, run_test
from tg_maxcompute import kAccess

kAnswer = re.escape('{"data":{"user_id":10001,"user_name":"Alice"},"success":true}')


def test(t):
    if kAsan:
        t.skip_all("the quickstart runs what is installed, without sanitizers")
    state = os.path.join(t.folder, "quickstart")
    env = {**os.environ, "QUICKSTART_DIR": state, "PORT": str(free_port()), "SOURCE": "maxcompute"}

    def quickstart(**more):
        return run([os.path.join(kCheckout, "t/lib/quickstart.sh")], env={**env, **more}, timeout=300 * kSlow)

    try:
        done = quickstart()
        t.is_(done.returncode, 0, "quickstart") or t.diag(done.stdout[-2000:] + done.stderr[-2000:])
        t.like(done.stdout, r"table load user_info, MaxCompute .*generation 1, 2 rows", "user_info comes from MaxCompute")
        t.like(done.stdout, kAnswer, "and the tutorial's call answers")
        t.is_(os.stat(os.path.join(state, "odps_config.ini")).st_mode & 0o777, 0o600, "credentials are for their owner only")
        again = quickstart()
        t.ok(again.returncode == 0 and re.search(r"MaxCompute .*kept: user_info", again.stdout), "again: what is there is kept", again.stdout, again.stderr)
        back = quickstart(SOURCE="csv")
        t.ok(back.returncode == 0 and re.search(r"load user_info  .*generation 2, 2 rows", back.stdout), "SOURCE=csv: from the file", back.stdout, back.stderr)
        wrong = quickstart(SOURCE="oracle")
        t.ok(wrong.returncode != 0 and "csv or maxcompute" in wrong.stderr, "another source is refused", wrong.stderr)
        with open(os.path.join(state, "log", "quickstart.log"), encoding="utf-8") as log:
            t.unlike(log.read(), kAccess[1], "no secret in its log")
    finally:
        done = run([os.path.join(kCheckout, "t/lib/stop.sh")], env=env, timeout=60 * kSlow)
        t.ok(done.returncode == 0 and "stand-in for MaxCompute ended" in done.stdout, "make stop ends it", done.stdout, done.stderr)


run_test(test)
