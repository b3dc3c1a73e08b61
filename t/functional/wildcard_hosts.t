#!/usr/bin/env python3
"""A domain beneath a wildcard takes its hosts from what answers there: publish asks for --yes, and names whose wildcard it is."""
import os
import shlex
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions
from tg_hints import hints_of

kApi = "Query User by User ID"
kOther = "Other Users by ID"


def other(space):
    return [{"kind": "RestApi", "name": f"{space}-api", "base_path": f"/{space}"}, {"kind": "BusinessProcess", "name": f"{space} process", "rest_api": f"{space}-api"},
            {**users_definitions()[-1], "name": kOther, "business_process": f"{space} process"}]


def ready(p, workspace, objects):
    p.loader.must("apply", "-f", p.definitions(objects), "--workspace", workspace)
    for verb in ("test", "commit"):
        p.loader.must("api", verb, kOther, "--workspace", workspace)


def asked(t, p, workspace, domain, name, *patterns):
    words = ("api", "publish", kOther, "--workspace", workspace, "--domain", domain)
    done = p.loader(*words)
    t.ok(done.rc == 1 and all(one in done.stderr for one in patterns) and hints_of(done) == [f"tablegate api publish '{kOther}' --workspace {workspace} --domain {shlex.quote(domain)} --yes"], name, done)


def test(t):
    p = t.project()
    p.init()
    shared = [{**one, "shared": True} if one["kind"] in ("Table", "DataSource") else one for one in users_definitions()]
    wildcards = [{"kind": "Domain", "name": name} for name in ("*.shop.example", "*.idle.example", "own.shop.example", "*.deep.shop.example")]
    p.apply([*shared, *wildcards])
    p.load("user_info", "user_id,user_name,age\n10001,Alice,25\n")
    p.publish(kApi)
    p.loader.must("api", "publish", kApi, "--domain", "*.shop.example", "--yes")
    ready(p, "demo", other("demo"))
    p.loader.must("init", "--workspace", "reports")
    p.loader.env["TABLEGATE_WORKSPACE"] = "demo"
    ready(p, "reports", [*other("reports"), *[{"kind": "Domain", "name": name} for name in ("a.shop.example", "b.idle.example", "x.y.shop.example", "apart.example")]])
    for domain in ("a.shop.example", "x.y.shop.example"):
        asked(t, p, "reports", domain, f"{domain}: beneath a wildcard of another workspace", f'domain "{domain}" is beneath "*.shop.example" of workspace demo: 1 API published there')
    asked(t, p, "reports", "b.idle.example", "where nothing is published, it is still another workspace's", 'domain "b.idle.example" is beneath "*.idle.example" of workspace demo')
    for domain in ("own.shop.example", "*.deep.shop.example"):
        asked(t, p, "demo", domain, f"{domain}: beneath the workspace's own", f'domain "{domain}" is beneath "*.shop.example": 1 API published there would no longer answer on it')
    t.is_(p.loader("api", "publish", kOther, "--workspace", "reports", "--domain", "apart.example").rc, 0, "a domain beneath none")
    words = ("api", "publish", kOther, "--workspace", "reports", "--domain", "apart.example", "--domain", "a.shop.example")
    t.is_((p.loader(*words).rc, p.loader(*words, "--yes").rc, p.loader(*words).rc), (1, 0, 0), "--yes, and once it is served no one is asked again")
    t.is_(p.loader("api", "publish", kApi, kOther, "--domain", "own.shop.example", "--domain", "*.shop.example").rc, 0, "whose APIs get the domain as well lose nothing")


run_test(test)
