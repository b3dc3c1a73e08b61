#!/usr/bin/env python3
"""Verbs on APIs take one name, several, or --business-process P: what they print, the JSON of each form, and all of a command or none."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kUsersCsv, run_test, users_definitions

kOne, kTwo, kOther = "Query User by User ID", "Users of an Age", "Names of Users"
kProcess = ("--business-process", "User Query Service")
kVersion = ["allow_scan", "author", "committed_at", "message", "published_on", "status", "version"]
kShown = ["authentication", "canary", "curl", "curls", "definition", "deprecated", "gateway", "method", "name", "path", "urls", "version"]


def definitions():
    objects = users_definitions()
    api = objects[-1]
    age = [{"name": "age", "type": "LONG", "sample": 25}]
    return objects + [
        {**api, "name": kTwo, "path": "/user/age", "result": "list", "request_parameters": age},
        {"kind": "BusinessProcess", "name": "Other Service", "rest_api": "dataservice-user-api"},
        {**api, "name": kOther, "path": "/user/names", "result": "list", "request_parameters": age, "business_process": "Other Service"},
    ]


def forms(t, p, verb, fields, *options):
    """One name: an object. Several, or a business process: an array, also when one API is all of it."""
    one = p.loader.json("api", verb, kOne, *options)
    t.is_((one["name"], sorted(one)), (kOne, fields), f"{verb}: one name gives one object")
    t.is_([(item["name"], sorted(item)) for item in p.loader.json("api", verb, kTwo, kOne, *options)], [(kTwo, fields), (kOne, fields)],
          f"{verb}: several names give an array, in their order")
    t.is_([item["name"] for item in p.loader.json("api", verb, *kProcess, *options)], [kOne, kTwo], f"{verb}: a business process gives its APIs, by name")
    t.is_([item["name"] for item in p.loader.json("api", verb, "--business-process", "Other Service", *options)], [kOther], f"{verb}: an array, though it has one")
    said = p.loader.must("api", verb, kTwo, kOne, *options).stdout
    t.ok(kOne in said and kTwo in said, f"{verb}: for people", said)


def choosing(t, p):
    for verb in ("test", "commit", "versions", "show", "publish", "unpublish"):
        for words in ((), (kOne, *kProcess)):
            result = p.loader("api", verb, *words)
            t.ok(result.rc == 2 and "--business-process" in result.stderr, f"{verb} {words}: names or a business process, exit 2", result)
        for words, said in (((kOne, "Nothing at All"), "Nothing at All"), (("--business-process", "No Service"), "No Service")):
            result = p.loader("api", verb, *words)
            t.ok(result.rc == 1 and said in result.stderr and not result.stdout, f"{verb} {words}: refused", result)


def versions(t, p):
    one = p.loader.json("api", "versions", kOne)
    t.is_([sorted(item) for item in one], [kVersion], "versions: one name gives the array of the contract")
    wanted = [{"name": kTwo, "versions": p.loader.json("api", "versions", kTwo)}, {"name": kOne, "versions": one}]
    t.is_(p.loader.json("api", "versions", kTwo, kOne), wanted, "versions: several names give name and versions of each")
    t.is_(p.loader.json("api", "versions", *kProcess), wanted[::-1], "versions: a business process, too")
    said = p.loader.must("api", "versions", *kProcess).stdout
    t.like(said, rf"^{kOne}\nVERSION.*\n1 .*\n\n{kTwo}\nVERSION.*\n1 ", "versions: a table each, under its name")
    t.unlike(p.loader.must("api", "versions", kOne).stdout, kOne, "versions: of one, the table alone")


def test(t):
    p = t.project()
    p.init()
    p.apply(definitions())
    p.load("user_info", kUsersCsv)
    t.is_(p.loader.json("api", "versions", kOne), [], "no version yet: an empty array")
    t.is_(p.loader.json("api", "versions", kOne, kTwo), [{"name": kOne, "versions": []}, {"name": kTwo, "versions": []}], "of several, each an empty one")
    forms(t, p, "test", ["duration_ms", "name", "passed", "response", "status"])
    result = p.loader("api", "publish", kOne, kTwo, "--no-domain")
    t.ok(result.rc == 1 and p.loader.json("api", "list")[0]["published"] == [], "one that has no version: none is published", result)
    forms(t, p, "commit", ["name", "status", "version"])
    versions(t, p)
    forms(t, p, "show", kShown)
    choosing(t, p)
    before = p.loader.json("api", "list")
    t.is_(p.loader("api", "publish", kOne, kTwo, "--no-domain", "--version", "2").rc, 1, "a version that neither has")
    t.is_(p.loader.json("api", "list"), before, "nothing was published")
    forms(t, p, "publish", ["gateway", "name", "publication", "version"], "--no-domain")
    shown = p.loader.json("api", "show", kOne)
    t.is_((shown["version"], shown["gateway"], shown["urls"]), (1, "dataservice-prod", ["http://127.0.0.1:8080/v1/user/info"]), "show: where it is published")
    t.is_(shown["curl"], "curl -H 'Authorization: Bearer <API_KEY>' 'http://127.0.0.1:8080/v1/user/info?user_id=10001'", "show: the ready curl")
    forms(t, p, "unpublish", ["gateway", "name", "publication", "version"])
    t.is_([item["published"] for item in p.loader.json("api", "list")], [[]] * 3, "all of them are offline")


run_test(test)
