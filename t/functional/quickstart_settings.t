#!/usr/bin/env python3
"""Settings of `make quickstart` that cannot be used are rejected by name, before anything is started."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kCheckout, run, run_test


def test(t):
    for name, default in (("PORT", 8080), ("HTTPS_PORT", 8443)):
        for value in ("99999", "0", "65536", "http", "-1", "80 80"):
            done = run(["bash", os.path.join(kCheckout, "t", "lib", "quickstart.sh")],
                       env={**os.environ, name: value, "QUICKSTART_DIR": os.path.join(t.folder, "quickstart")}, timeout=60)
            t.is_((done.returncode, done.stdout, done.stderr),
                  (1, "", f"quickstart: FAILED: {name}={value} is not a port: it must be a number from 1 to 65535, for example {name}={default}\n"), f"{name}={value}")


run_test(test)
