#!/usr/bin/env python3
"""A host of a DSN that does not resolve is left out with a warning, and tried again at each reload; without any other host nginx does not start."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions

kCall = "/v1/user/info?user_id=10001"
kSaid = r"\[warn\] .*dsn of tablegate_service \w+: host not found: {}; it is left out until the next reload"


def dsn(p, *hosts):
    return f"host={','.join(hosts)} port={','.join('5432' for _ in hosts)} dbname=tablegate user=tablegate_reader"


def test(t):
    p = t.project().serve(users_definitions(authentication=[]))
    known = p.postgres.socket
    for hosts in (("gone.invalid", known), (known, "gone.invalid"), ("gone.invalid", "too.invalid", known)):
        p.gateway.set(dsn=dsn(p, *hosts))
        good, said = p.gateway.check()
        t.ok(good, f"{len(hosts)} hosts: nginx -t passes", said)
        for host in (host for host in hosts if host != known):
            t.like(said, kSaid.format(host), f"and warns of {host}")
        seen = p.gateway.log_size()
        p.gateway.reload()
        t.is_(p.get(kCall).status, 200, "the other host serves")
        t.like(p.gateway.log(seen), kSaid.format("gone.invalid"), "the log names the host")
        seen = p.gateway.log_size()
        p.gateway.reload()
        t.like(p.gateway.log(seen), kSaid.format("gone.invalid"), "a reload tries it again")
    t.allow(r"\[emerg\].*host not found")
    p.gateway.set(dsn=dsn(p, "gone.invalid", "too.invalid"))
    good, said = p.gateway.check()
    t.ok(not good and "dsn: host not found: gone.invalid" in said, "none is left: nginx -t fails", said)


run_test(test)
