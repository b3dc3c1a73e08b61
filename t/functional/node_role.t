#!/usr/bin/env python3
"""What a member of tablegate_node can report: its own nodes, at most 100, with states and counts that can be."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test

kGateway = "dataservice-prod"
kApi = "Query User by User ID"


class Node:
    def __init__(self, t, p, role):
        self.t, self.p, self.role = t, p, role
        p.postgres.add_person(role, "tablegate_node")

    def sql(self, sql, pattern, name):
        """pattern: what it fails with; None: it works."""
        try:
            self.p.postgres.psql(sql, user=self.role)
        except RuntimeError as error:
            return self.t.ok(False, name, str(error)) if pattern is None else self.t.like(str(error), pattern, name)
        return self.t.ok(pattern is None, name)

    def report(self, node, state, pattern=None):
        self.sql(f"SELECT tablegate.report_node('{kGateway}', '{node}', '{json.dumps(state)}')", pattern, f"{self.role} reports {node}: {state}")

    def usage(self, node, requests, pattern=None, epoch="e1", last_call=1.8e9, consumer="demo"):
        api = self.p.postgres.psql(f"SELECT api_id FROM tablegate.api WHERE name = '{kApi}'")
        one = {"api_id": int(api), "consumer": consumer, "requests": requests, "last_call": last_call, "instance": 1}
        text = json.dumps({"gateway": kGateway, "epoch": epoch, "usage": [one]})
        self.sql(f"SELECT tablegate.record_usage('{kGateway}', '{node}', '{text}')", pattern, f"{self.role} reports {requests} calls of {node}")


def states(t, p, web, other):
    web.report("a", {"watching": True, "poll": "10 s"})
    for state in ({"served_revision": 999999999}, {"last_error": "lies"}, {}):
        other.report("a", state, "is reported by web1, not by web2")
    for state in ({"served_revision": 999999999}, {"served_revision": -1}, {"written_revision": 999999999}, {"poll": "1000 years"}, {"poll": "0 s"}, {"poll": "-1 day"},
                  {"written_publication": 999999999}, {"written_publication": -1}, {"served_publication": -1}, {"served_publication": 999999999}, {"master_pid": -5}):
        web.report("a", state, "a state that cannot be")
    web.report("a", {"poll": "1 day", "served_revision": 1, "written_revision": 1, "written_publication": 1})
    found = p.postgres.psql("SELECT poll, served_revision, last_error, reported_by FROM tablegate.node WHERE name = 'a'")
    t.is_(found, "1 day|1||web1", "what can be is kept")
    waited = p.loader("consumer", "create", "partner", "--wait", "--timeout", "1s")
    t.is_(waited.rc, 1, "--wait is not lied to")
    t.like(waited.stderr, "a", "it names the node that lags")
    p.postgres.psql(f"SELECT tablegate.report_node('{kGateway}', 'a', '{{}}')")
    web.report("a", {})  # a report of an administrator does not take the name away
    t.is_(p.loader("gateway", "forget", kGateway, "a").rc, 0, "an operator forgets it")
    other.report("a", {})


def numbers(t, p, web, other):
    web.sql(f"SELECT tablegate.report_node('{kGateway}', 'n' || i, '{{}}') FROM generate_series(1, 100) i", None, "100 nodes of a role")
    web.report("n101", {}, "reports 100 nodes already")
    web.report("n100", {})
    other.report("b", {})
    done = p.loader("sync", "--output", p.gateway.out, "--node", "n102", env={"TABLEGATE_CATALOG": p.postgres.dsn("web1")})
    t.ok(done.rc == 0 and "could not be reported" in done.stderr and "gateway forget" in done.stderr, "sync writes all the same, and says what to do", done)


def counts(t, p, web, other):
    web.usage("n1", 5)
    for requests in (2**63 - 1, 10**15):
        web.usage("n1", requests, "more than there can be")
    web.usage("n1", 10**12, "more than there can be", epoch="another")
    web.usage("n2", 7, consumer="invented")
    for requests in (-5, None):
        web.usage("n1", requests, "calls that cannot be")
    web.usage("n1", 2**63, "out of range")
    for last_call in (-1, 1e300):
        web.usage("n1", 6, "calls that cannot be", last_call=last_call)
    web.usage("n1", 6, "calls that cannot be", consumer="x" * 300)
    other.usage("n1", 7, "is reported by web1")
    web.usage("n1", 9)
    t.is_(p.postgres.psql("SELECT sum(requests) FROM tablegate.usage"), "9", "only what can be is counted")
    t.is_(p.postgres.psql("SELECT count(*) FROM tablegate.usage_seen"), "1", "nothing is kept of consumers that do not exist")
    p.postgres.psql("INSERT INTO tablegate.consumer (name) VALUES ('leaving')")
    web.usage("n1", 3, consumer="leaving")
    p.postgres.psql("DELETE FROM tablegate.consumer WHERE name = 'leaving'")
    web.usage("n1", 4, consumer="leaving")
    t.is_(p.postgres.psql("SELECT sum(requests) FROM tablegate.usage WHERE consumer = 'leaving'"), "4", "the last calls of a deleted one are")
    for epoch in range(103):
        p.postgres.psql(f"INSERT INTO tablegate.usage_zone (gateway, node, epoch, reported_at, reported_by) VALUES ('{kGateway}', 'n1', 'old{epoch}', now() - interval '1 day', 'web1')")
    web.usage("n1", 9)
    t.is_(p.postgres.psql("SELECT count(*) FROM tablegate.usage_zone WHERE node = 'n1'"), "100", "the memories of 100 starts of nginx are kept")
    web.sql(f"""SELECT tablegate.record_usage('{kGateway}', 'm' || i, '{{"gateway": "{kGateway}", "epoch": "e", "usage": []}}') FROM generate_series(1, 200) i""",
            "calls of 100 nodes already", "calls of more nodes than one role can have")


def test(t):
    p = t.project()
    p.serve()
    web, other = Node(t, p, "web1"), Node(t, p, "web2")
    p.postgres.psql("DELETE FROM tablegate.node")
    states(t, p, web, other)
    numbers(t, p, web, other)
    counts(t, p, web, other)


run_test(test)
