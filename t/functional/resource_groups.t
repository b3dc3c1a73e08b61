#!/usr/bin/env python3
"""Resource groups and services have pools of their own: one whose connections all wait for the database does not slow another. The same
load within one group does."""
import os
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, Load, request, run_test, users_definitions, wait_for
from tg_process import die_with_parent

kFast, kHeavy = "Query User by User ID", "Heavy Report"
kFastCall, kHeavyCall = "/v1/user/info?user_id=10001", "/v1/report?user_id=10001"
kConnections = 2  # of each group, in the only worker; without pipelining a query has one to itself
kTimeout = 4000 * kSlow  # ms: how long a request of the blocked table may take
kHeavyGroup = f"pipeline off; resource_group heavy connections={kConnections} queue=64;"


def definitions(heavy_group):
    objects = users_definitions(authentication=[], timeout_ms=90000, coalesce=False)
    objects[0]["services"] = {"default": ["default", "heavy"], "reports": ["default"]}
    table = {**objects[4], "name": "report"}
    heavy = {**objects[5], "name": kHeavy, "path": "/report", "table": "report", "timeout_ms": kTimeout, "resource_group": heavy_group}
    return objects + [{**table, "ddl": table["ddl"].replace("user_info", "report")}, heavy]


class Blocked:
    """Every query of mirror.report hangs: someone holds the table."""

    def __init__(self, p):
        self.p = p

    def __enter__(self):
        postgres = self.p.postgres
        self.holder = subprocess.Popen([f"{postgres.bin}/psql", "-Xq", "-d", postgres.dsn(), "-c", "SET application_name = 'holder'", "-c",
                                        "BEGIN; LOCK TABLE mirror.report IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)"], cwd="/", stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent(signal.SIGKILL))
        wait_for(lambda: postgres.psql("SELECT count(*) FROM pg_locks WHERE relation = 'mirror.report'::regclass AND mode = 'AccessExclusiveLock' AND granted") == "1",
                 20 * kSlow, "the table is held")
        return self

    def __exit__(self, *_):
        self.p.postgres.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'")
        self.holder.wait(20)

    def waiting(self):
        """Sessions of ours that wait for the table."""
        return int(self.p.postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tablegate' AND wait_event_type = 'Lock'"))


def times(p, count=40):
    """Milliseconds of calls of the fast API, each on a connection of its own; all must be answered."""
    spent = []
    for _ in range(count):
        begin = time.monotonic()
        answer = request(p.gateway.port, kFastCall, timeout=60 * kSlow)
        if answer.status != 200:
            raise RuntimeError(f"the fast API answers {answer}")
        spent.append((time.monotonic() - begin) * 1000)
    return statistics.median(spent), max(spent)


def under_load(p, what, body):
    """body() while all connections of the heavy API's pool hang and more requests wait for one; what its callers got."""
    with Blocked(p) as blocked:
        load = Load(p.gateway.port, kHeavyCall, threads=16, close=True, seconds=60 * kSlow, timeout=60 * kSlow)
        with load:
            wait_for(lambda: blocked.waiting() == kConnections, 20 * kSlow, f"{what}: all connections hang")
            result = body()
            still = blocked.waiting()
            load.stop()
    return result, still, load


def apart(t, p, quiet, what):
    (median, worst), still, load = under_load(p, what, lambda: times(p))
    t.note(f"{what}: quiet median {quiet[0]:.1f} ms, worst {quiet[1]:.1f} ms; beside hanging queries median {median:.1f} ms, worst {worst:.1f} ms")
    t.ok(still > 0, f"{what}: the other queries hung all the time", still)
    t.ok(median < quiet[0] * 3 + 20 * kSlow and worst < kTimeout / 4, f"{what}: the fast API keeps its latency", quiet, median, worst)
    t.ok(set(load.statuses) <= {504, 429} and load.statuses[504] and not load.failures, f"{what}: callers of the hanging one get 504, or 429 from a full queue", load)


def together(t, p):
    """The counter-test: with both in one group the same load does hurt, so what is measured above is the groups' doing."""
    (_, worst), _, _ = under_load(p, "one group", lambda: times(p, 2))
    t.ok(worst > kTimeout / 4, "in one group the fast API waits behind the slow one", worst)


def cancelled(t, p):
    """One group, one shared connection after another: a statement ends with its own API's timeout_ms, not with the longest of the group."""
    objects = definitions("default")
    objects[-1]["timeout_ms"] = 1000
    p.apply(objects)
    p.loader.must("api", "test", kHeavy)
    p.loader.must("api", "commit", kHeavy)
    p.loader.must("api", "publish", kHeavy, "--no-domain")
    p.gateway.set(service="", connections=kConnections)
    p.sync_and_reload()
    for _ in range(20):  # every connection has had a query that may take 90 s
        request(p.gateway.port, kFastCall, timeout=60 * kSlow)
    with Blocked(p) as blocked:
        t.is_(request(p.gateway.port, kHeavyCall, timeout=60 * kSlow).status, 504, "a point query of 1 s on a connection that had one of 90 s: 504")
        wait_for(lambda: blocked.waiting() == 0, 10 * kSlow, "its statement is cancelled in PostgreSQL")
        t.ok(True, "its statement is cancelled in PostgreSQL")
        t.ok(times(p)[1] < 2000 * kSlow, "and stands in front of nobody")


def test(t):
    project = t.project()
    service = f'tablegate_service reports {{ dsn "{project.gateway.parts["dsn"]}"; pipeline off; resource_group default connections={kConnections} queue=64; }}'
    users = "user_id,user_name,age\n10001,Alice,25\n10002,Bob,30\n"
    p = project.serve(definitions("heavy"), tables={"user_info": users, "report": users}, workers=1, connections=kConnections, queue=64, service=kHeavyGroup, http=service, main="worker_shutdown_timeout 30s;")
    for call in (kFastCall, kHeavyCall):
        t.is_(request(p.gateway.port, call).status, 200, f"{call} answers while nobody holds anything")
    quiet = times(p)
    apart(t, p, quiet, "two groups of a service")
    wait_for(lambda: request(p.gateway.port, kHeavyCall).status == 200, 20 * kSlow, "the group serves again")
    t.ok(True, "once the table is free the group serves again")

    p.apply(definitions("default"))
    p.publish(kHeavy)
    p.loader.must("api", "publish", kHeavy, "--service", "reports")
    p.sync_and_reload()
    t.is_(request(p.gateway.port, kHeavyCall).status, 200, "published on another service")
    apart(t, p, quiet, "two services")

    p.loader.must("api", "publish", kHeavy, "--service", "default")
    p.sync_and_reload()
    together(t, p)
    cancelled(t, p)

    # A group that nginx.conf does not have.
    p.apply(definitions("heavy"))
    p.publish(kHeavy)
    t.allow(r'\[emerg\].*requires resource_group "heavy" of tablegate_service "default"')
    p.gateway.set(service="pipeline off;")
    result = p.loader("sync", "--output", p.gateway.out, "--check", p.gateway.check_command())
    t.ok(result.rc == 1 and f'API "{kHeavy}" requires resource_group "heavy" of tablegate_service "default", which nginx.conf does not define' in result.stderr,
         "nginx.conf lacks the group: nginx -t names API, group and service", result)


run_test(test)
