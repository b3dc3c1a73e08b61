#!/usr/bin/env python3
"""A folder is one node's: a second watcher waits, a second nginx is reported, and a sync by hand whose files nobody reads is not waited for."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test
from tg_gateway import Gateway
from tg_watch import Watch, nodes, wait_node


def watchers(t, p):
    first = Watch(p, node="one")
    wait_node(p, "one", watching=True)
    second = Watch(p, node="two")
    second.wait_log(rf"tablegate: waiting for another sync --watch of {p.gateway.out} \(process {first.pid}\)")
    t.ok("two" not in nodes(p), "a second watcher of a folder says that it waits, and for which process")
    t.is_(p.loader("sync", "--output", p.gateway.out, "--node", "one").rc, 0, "a sync by hand does not")
    t.is_(first.end(), 0, "the first one ends")
    wait_node(p, "two", watching=True)
    t.ok(True, "the second takes over")
    t.is_(second.end(), 0, "and ends")


def abandoned(t, p):
    out = os.path.join(p.folder, "tried")
    p.loader.must("sync", "--output", out, "--node", "tried")
    t.is_(nodes(p)["tried"]["status"], "not serving", "a sync by hand, no nginx yet")
    p.postgres.psql("UPDATE tablegate.node SET last_seen = now() - interval '2 hours' WHERE name = 'tried'")
    t.is_(nodes(p)["tried"]["status"], "abandoned", "an hour later")
    done = p.loader("consumer", "create", "later", "--wait", "--timeout", "1s")
    t.unlike(done.stderr, "tried", "--wait does not wait for it")
    p.postgres.psql("UPDATE tablegate.node SET last_seen = now() - interval '25 hours' WHERE name = 'tried'")
    p.sync_and_reload("--node", "one")
    t.ok("tried" not in nodes(p), "a day later it is forgotten")


def behind(t, p):
    p.loader.must("consumer", "create", "news")
    revision = int(p.postgres.psql("SELECT revision FROM tablegate.catalog_revision"))
    shown = p.loader.must("gateway", "status").stdout
    t.like(shown, rf"^gateway dataservice-prod: publication \d+, revision {revision}, ", "the catalog's revision")
    t.like(shown, rf"(?m)^one +behind .* {revision - 1} of {revision} ", "the revision that is behind")
    t.is_(nodes(p)["one"]["served_revision"], revision - 1, "in JSON too")


def two_nginx(t, p):
    folder = os.path.join(p.folder, "other")
    os.mkdir(folder)
    os.chmod(folder, 0o755)
    os.symlink("../../sanitizer", os.path.join(folder, "sanitizer"))
    other = Gateway(folder, p.gateway.parts["dsn"])
    other.set(manifest=p.gateway.manifest)
    first = p.gateway.pid
    other.start()
    try:
        said = rf"another nginx \(process {first}\) reads \"{p.gateway.manifest}\" too, and a reload reaches only one of both"
        t.like(other.log(), said, "the second nginx warns")
        result = p.loader("sync", "--output", p.gateway.out, "--node", "one")
        t.like(result.stderr, rf"warning: two nginx read {p.gateway.out}/manifest.json \(processes {other.pid} and {first}\)", "sync warns")
        p.gateway.reload()
        result = p.loader("sync", "--output", p.gateway.out, "--node", "one")
        t.like(result.stderr, rf"two nginx read .* \(processes {first} and {other.pid}\), and a reload reaches only one", "whichever was reloaded last")
        t.like(p.loader.must("gateway", "status").stdout, r"(?m)^one .* two nginx read ", "gateway status shows it")
    finally:
        other.stop()
    result = p.loader("sync", "--output", p.gateway.out, "--node", "one")
    t.ok(result.rc == 0 and not result.stderr and nodes(p)["one"]["last_error"] == "", "the second has ended: nothing to report", result)
    seen = p.gateway.log_size()
    p.gateway.reload()
    t.unlike(p.gateway.log(seen), "another nginx", "nor for nginx")


def test(t):
    p = t.project().serve()
    p.sync("--node", "one")
    behind(t, p)
    p.sync_and_reload("--node", "one")
    two_nginx(t, p)
    abandoned(t, p)
    watchers(t, p)


run_test(test)
