#!/usr/bin/env python3
"""Who called what: counted in the zone, told by tablegate_status, taken into the catalog by sync --status, once each; unpublish asks."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, request, run_test, users_definitions, wait_for

kApi = "Query User by User ID"
kOpen = "Open to All"
kCall = "/v1/user/info?user_id=10001"
kStatus = "location = /status { tablegate_status; }"


def told(p):
    answer = request(p.gateway.port, "/status?usage").json
    return {(one["api"], one["consumer"]): one["requests"] for one in answer["usage"]}


def collect(p):
    p.sync("--status", f"http://127.0.0.1:{p.gateway.port}/status")


def usage(p, *options):
    return {(one["api"], one["consumer"]): one["requests"] for one in p.loader.json("usage", *options)}


def counting(t, p, partner):
    for _ in range(5):
        p.get(kCall)
    p.get(kCall, key=partner)
    p.get("/v1/open?user_id=10001", key="")
    p.get("/v1/user/info?user_id=x")
    for key in ("", "x" * 43):
        p.get(kCall, key=key)
    t.is_(p.get("/v1/open2", key="").status, 404, "no API")
    t.is_(told(p), {(kApi, "demo"): 6, (kApi, "partner"): 1, (kOpen, ""): 1}, "told: who was proved; open APIs without a name")
    t.is_(usage(p), {}, "the catalog knows nothing yet")
    t.like(p.loader.must("usage").stdout, "^no node has reported calls yet: .*--status URL", "and says how it is reported")
    collect(p)
    t.is_(usage(p), told(p), "sync --status: the catalog knows")
    collect(p)
    t.is_(usage(p), told(p), "the same report again adds nothing")
    t.is_(p.loader.must("usage", "--consumer", "nobody").stdout, "no such calls were reported since 24h\n", "nothing in this time is another thing")
    p.get(kCall, key=partner)
    p.gateway.reload()
    p.get(kCall, key=partner)
    collect(p)
    t.is_(usage(p)[kApi, "partner"], 3, "a reload loses nothing")
    os.kill(p.gateway.workers()[0], 9)
    wait_for(lambda: len(p.gateway.workers()) == 2, 10 * kSlow, "the master starts another worker")
    p.get(kCall, key=partner)
    collect(p)
    t.is_(usage(p)[kApi, "partner"], 4, "nor does a worker that is killed")
    p.gateway.set(zone="2m")
    p.gateway.reload()
    t.is_(told(p), {}, "another size: the zone begins anew")
    p.get(kCall, key=partner)
    p.get(kCall, key=partner)
    collect(p)
    collect(p)
    t.is_(usage(p)[kApi, "partner"], 6, "which is added to what was told before")
    p.gateway.stop()
    p.gateway.start()
    p.get(kCall, key=partner)
    collect(p)
    t.is_(usage(p)[kApi, "partner"], 7, "after a restart too")


def asking(t, p):
    t.is_(usage(p, "--api", kOpen), {(kOpen, ""): 1}, "--api")
    t.is_(set(usage(p, "--consumer", "demo")), {(kApi, "demo")}, "--consumer")
    t.is_(usage(p, "--since", "2098-01-01"), {}, "--since a time")
    t.is_(usage(p, "--since", "7d"), usage(p), "--since a duration")
    shape = p.loader.json("usage")[0]
    t.is_(list(shape), ["gateway", "api", "consumer", "requests", "last_call"], "-o json of usage")
    t.like(p.loader.must("usage").stdout, r"(?m)^Open to All +\(open\) +dataservice-prod +1 ", "the table for people")
    t.is_(p.loader("usage", "--since", "soon").rc, 2, "--since something else: 2")
    t.is_(p.loader("usage", "--api", "Nothing").rc, 1, "an API that never was: 1")
    p.postgres.psql("UPDATE tablegate.usage SET hour = hour - interval '2 days', last_call = last_call - interval '2 days' WHERE consumer = ''")
    t.is_(usage(p, "--api", kOpen), {}, "the day before yesterday is no part of the last 24 hours")


def reporting(t, p):
    """Valid and invalid input of the function, and what a node may do."""
    api = p.postgres.psql(f"SELECT api_id FROM tablegate.api WHERE name = '{kApi}'").strip()
    p.postgres.psql("INSERT INTO tablegate.consumer (name) VALUES ('c')")

    def report(calls, instance=1, epoch="e1", gateway="dataservice-prod", api_id=api):
        text = json.dumps({"gateway": gateway, "epoch": epoch, "usage": [
            {"api_id": int(api_id), "consumer": "c", "requests": calls, "last_call": 1750000000, "instance": instance}]})
        return p.postgres.psql(f"BEGIN; SET LOCAL ROLE tablegate_node; SELECT tablegate.record_usage('dataservice-prod', 'n1', '{text}'); COMMIT;").strip()

    t.is_([report(*arguments) for arguments in ((5,), (5,), (9,), (4, 2), (6, 2), (6, 2, "e2"), (7, 2, "e1"))], ["5", "0", "4", "4", "2", "6", "1"],
          "deltas: the same, more, another instance, another epoch, back to the first")
    t.is_(report(3, api_id=4000000), "0", "an API that the catalog does not know is passed over")
    p.postgres.psql("INSERT INTO tablegate.usage SELECT hour - interval '91 days', gateway, api_id, consumer, requests, last_call FROM tablegate.usage LIMIT 1")
    report(8, 2)
    t.is_(p.postgres.psql("SELECT count(*) FROM tablegate.usage WHERE hour < now() - interval '90 days'"), "0", "hours of 90 days ago go")
    for statement in ("SELECT * FROM tablegate.usage", "INSERT INTO tablegate.usage_zone (gateway, node, epoch, reported_at) VALUES ('g','n','e',now())",
                      "DELETE FROM tablegate.usage"):
        t.is_(_denied(p, f"SET ROLE tablegate_node; {statement}"), True, f"a node may not: {statement.split('(')[0]}")
    for role in ("tablegate_operator", "tablegate_developer"):
        t.is_(_denied(p, f"SET ROLE {role}; SELECT tablegate.record_usage('dataservice-prod', 'n1', '{{}}')"), True, f"{role} may not report")


def _denied(p, sql):
    try:
        p.postgres.psql(sql)
    except RuntimeError as error:
        return "permission denied" in str(error)
    return False


def wrong_urls(t, p):
    for url, word in ((f"http://127.0.0.1:{p.gateway.port}/v1/nothing", "404"), ("http://127.0.0.1:1/", "connect"),
                      (f"http://127.0.0.1:{p.gateway.port}/text", "not an answer of tablegate_status")):
        result = p.loader("sync", "--output", p.gateway.out, "--status", url)
        t.ok(result.rc == 0 and "warning: " in result.stderr and url in result.stderr and word in result.stderr, f"sync --status: {word}, a warning", result)


def unpublishing(t, p):
    result = p.loader("api", "unpublish", kApi)
    t.ok(result.rc == 1 and "partner (7 times" in result.stderr and "demo (6 times" in result.stderr and "--yes" in result.stderr, "unpublish says who still calls", result)
    t.is_(p.get(kCall).status, 200, "and takes nothing off")
    t.is_(p.loader.json("api", "unpublish", kApi, "--yes")["version"], None, "--yes")
    p.loader.must("api", "publish", kApi)
    p.postgres.psql("UPDATE tablegate.usage SET hour = hour - interval '8 days', last_call = last_call - interval '8 days'")
    t.is_(p.loader("api", "unpublish", kApi).rc, 0, "nobody called in the last 7 days: no question")


def test(t):
    objects = users_definitions()
    p = t.project().serve([*objects, {**objects[5], "name": kOpen, "path": "/open", "authentication": []}], server=kStatus + ' location = /text { return 200 "text"; }')
    t.allow(r"exited on signal 9")
    p.loader.must("consumer", "create", "partner")
    p.loader.must("consumer", "authorize", "partner", "--api", kApi)
    partner = p.add_key("partner")
    p.sync_and_reload()
    counting(t, p, partner)
    asking(t, p)
    wrong_urls(t, p)
    reporting(t, p)
    unpublishing(t, p)


run_test(test)
