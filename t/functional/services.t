#!/usr/bin/env python3
"""api publish --service: an API is answered from the pool, and so the database, of the service that it is published to."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, run_test, users_definitions, wait_for

kApi = "Query User by User ID"
kCall = "/v1/user/info?user_id=10001"


def definitions(**api):
    objects = users_definitions(**api)
    objects[0]["services"] = {"default": ["default"], "reports": ["default", "slow"]}
    return objects


def other_database(p):
    """The same table with another row, as a replica or another warehouse would have it."""
    p.postgres.psql("CREATE DATABASE reports", database="postgres")
    p.postgres.psql("CREATE SCHEMA mirror; GRANT USAGE ON SCHEMA mirror TO tablegate_reader; CREATE TABLE mirror.user_info AS SELECT 10001::bigint AS user_id,"
                    " 'Reports'::text AS user_name, 1::bigint AS age; GRANT SELECT ON mirror.user_info TO tablegate_reader", database="reports")


def test(t):
    project = t.project()
    reports = project.gateway.parts["dsn"].replace("dbname=tablegate", "dbname=reports")
    service = f'tablegate_service reports {{ dsn "{reports}"; resource_group default connections=2 queue=10; resource_group slow connections=1 queue=10; }}'
    p = project.serve(definitions(), http=service)
    other_database(p)

    def answers(name, what):
        p.sync("--check", p.gateway.check_command(), "--reload", p.gateway.reload_command())
        wait_for(lambda: all(p.get(kCall).json["data"]["user_name"] == name for _ in range(8)), 20 * kSlow, what)
        t.is_(p.get(kCall).json["data"]["user_name"], name, what)

    answers("Alice", "published without --service: default")
    p.loader.must("api", "publish", kApi, "--service", "reports")
    answers("Reports", "--service reports: that service's database")
    t.is_(p.postgres.psql("SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = 'reports' AND application_name = 'tablegate'"), "t", "over its own sessions")

    for words, said in ((("--service", "nope"), 'has no service "nope"'), (("--service", "REPORTS"), 'has no service "REPORTS"')):
        result = p.loader("api", "publish", kApi, *words)
        t.ok(result.rc == 1 and said in result.stderr and "reports" in result.stderr, f"{words[1]}: refused, with the services there are", result)

    # A version that requires a resource group which only reports has.
    p.apply(definitions(resource_group="slow"))
    p.loader.must("api", "test", kApi)
    p.loader.must("api", "commit", kApi)
    result = p.loader("api", "publish", kApi, "--service", "default")
    t.ok(result.rc == 1 and 'has no resource group "slow"' in result.stderr, "a service without the API's resource group: refused", result)
    answers("Reports", "nothing of what was refused was done")
    p.loader.must("api", "publish", kApi)
    answers("Reports", "--service left out: it stays where it was")
    p.loader.must("api", "publish", kApi, "--version", "1", "--service", "default")
    answers("Alice", "and back")

    # A manifest that requires a service which nginx.conf does not have fails nginx -t, and nginx serves on.
    p.loader.must("api", "publish", kApi, "--service", "reports")
    p.loader.must("api", "unpublish", kApi, "--yes")
    p.loader.must("api", "rollback", kApi)
    t.is_(p.postgres.psql("SELECT service FROM tablegate.published_api"), "reports", "an API that was taken off comes back on the service that it was on")
    t.allow(r"\[emerg\].*reports")
    p.gateway.set(http="")
    result = p.loader("sync", "--output", p.gateway.out, "--check", p.gateway.check_command(), "--reload", p.gateway.reload_command())
    t.ok(result.rc == 1 and "reports" in result.stderr, "nginx.conf lacks the service: sync's check says so", result)
    t.is_(p.get(kCall).json["data"]["user_name"], "Alice", "nginx continues with its present files")


run_test(test)
