#!/usr/bin/env python3
"""Versions of an API: what differs between two, back to the one before in one step, and another name that keeps everything."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions

kApi = "Query User by User ID"
kCall = "/v1/user/info?user_id=10001"
kId = {"name": "user_id", "column": "user_id", "type": "LONG", "sample": 10001}
kAge = {"name": "age", "type": "LONG", "required": False, "sample": 25}


def new_draft(p, **change):
    p.apply([users_definitions(**change)[-1]])
    p.loader.must("api", "test", kApi)


def diff(t, p):
    new_draft(p, request_parameters=[kId, kAge], response_parameters=[{"name": "user_id", "column": "user_id"}, {"name": "age"}], timeout_ms=2000)
    value = p.loader.json("api", "diff", kApi, "1", "draft")
    t.is_(list(value), ["name", "from", "to", "changes", "sql", "breaking"], "-o json of diff")
    t.is_((value["from"], value["to"]), (1, "draft"), "what is compared")
    changes = {change["field"]: (change["from"], change["to"]) for change in value["changes"]}
    t.is_(changes, {"/request_parameters/age": (None, kAge), "/response_parameters/user_name": ({"name": "user_name", "column": "user_name"}, None),
                    "/response_parameters/age": (None, {"name": "age"}), "/timeout_ms": (None, 2000)}, "field by field")
    t.is_(value["sql"], {"from": 'SELECT "user_id", "user_name" FROM "mirror"."user_info" WHERE "user_id" = $1 LIMIT 1',
                         "to": 'SELECT "user_id", "age" FROM "mirror"."user_info" WHERE "user_id" = $1 AND "age" = $2 LIMIT 1'}, "the SQL")
    t.is_(value["breaking"], ["response field user_name was removed"], "what breaks callers")
    said = p.loader.must("api", "diff", kApi, "1", "draft").stdout
    t.ok("+ /timeout_ms: 2000\n" in said and '- SQL: SELECT "user_id", "user_name"' in said and "breaking: response field user_name" in said, "for people", said)
    t.ok(said.index("breaking: ") < said.index("- SQL: "), "what breaks is before the long statements", said)
    p.loader.must("api", "commit", kApi, "--breaking", "-m", "second")
    same = p.loader.json("api", "diff", kApi, "2", "draft")
    t.is_((same["changes"], same["sql"], same["breaking"]), ([], None, []), "the draft is version 2")
    t.is_(p.loader.must("api", "diff", kApi, "2", "2").stdout, "no difference\n", "no difference")
    t.is_(p.loader("api", "diff", kApi, "1", "7").rc, 1, "a version that is not there")
    for word in ("0", "one", "1x", "-1"):
        t.is_(p.loader("api", "diff", kApi, "1", word).rc, 2, f"no version: {word}")


def serves(t, p, member, name):
    p.sync_and_reload()
    answer = p.get(kCall)
    t.ok(answer.status == 200 and member in answer.json["data"], name, answer)


def rollback(t, p):
    result = p.loader("api", "rollback", kApi)
    t.ok(result.rc == 1 and "no other version" in result.stderr, "nothing was there before version 1", result)
    p.loader.must("api", "publish", kApi, "--breaking")
    serves(t, p, "age", "version 2 is served")
    result = p.loader("api", "rollback", kApi, "-o", "json")
    t.is_(list(result.json.items()), [("name", kApi), ("version", 1), ("gateway", "dataservice-prod"), ("publication", 3)], "-o json as publish")
    t.like(result.stderr, "callers lose what version 2 .* had: parameter age was removed", "what callers lose")
    t.like(result.stderr, "response field age was removed", "all of it")
    serves(t, p, "user_name", "version 1 is served again, in one step")
    t.is_([one["published_on"] for one in p.loader.json("api", "versions", kApi)], [["dataservice-prod"], []], "no new version")
    t.is_(p.loader.json("api", "rollback", kApi)["version"], 2, "rollback again: what was there before that")
    t.is_(p.loader.json("api", "rollback", kApi, "--version", "1")["version"], 1, "rollback --version")
    t.is_(p.loader.must("api", "rollback", kApi, "--version", "1").stdout.split(":")[1].split()[0], "unchanged", "what is there already: unchanged")
    new_draft(p, description="third")
    p.loader.must("api", "commit", kApi, "--breaking")
    result = p.loader("api", "rollback", kApi, "--version", "3")
    t.ok(result.rc == 1 and "never on" in result.stderr, "a version that was never published here", result)
    p.loader.must("api", "unpublish", kApi)
    t.is_(p.loader.json("api", "rollback", kApi)["version"], 1, "an API that was taken off comes back")
    p.loader.must("apply", "-f", "-", input='{"kind": "GatewayInstance", "name": "other"}')
    result = p.loader("api", "rollback", kApi, "--gateway", "other")
    t.ok(result.rc == 1 and "other served no other version" in result.stderr, "each gateway has its own history", result)
    p.loader.must("delete", "gatewayinstance", "other")


def rename(t, p):
    before = p.loader.json("api", "versions", kApi)
    p.loader.must("consumer", "create", "partner")
    p.loader.must("consumer", "authorize", "partner", "--api", kApi)
    for name, word in (("x", "4"), ("a/b/c/d", "")):
        result = p.loader("api", "rename", kApi, name)
        t.ok(result.rc == 1 and word in result.stderr, f"no name: {name}", result)
    p.apply([{**users_definitions()[-1], "name": "Another API", "path": "/other"}])
    t.is_(p.loader("api", "rename", kApi, "Another API").rc, 1, "another API's name")
    t.is_(p.loader.json("api", "rename", kApi, kApi), {"name": kApi, "action": "unchanged"}, "its own name: unchanged")
    t.is_(p.loader.json("api", "rename", kApi, "User by ID"), {"name": "User by ID", "action": "renamed"}, "renamed")
    t.is_(p.loader("api", "versions", kApi).rc, 1, "the old name is gone")
    t.is_(p.loader.json("api", "versions", "User by ID"), before, "versions and publications stay")
    t.is_(p.loader.json("get", "api", "User by ID")["name"], "User by ID", "the draft's definition has the new name")
    t.is_([(one["changed"], one["tested"]) for one in p.loader.json("api", "list") if one["name"] == "User by ID"], [(False, True)], "no new draft")
    t.like(p.loader.must("api", "commit", "User by ID").stdout, "unchanged", "commit: unchanged")
    t.is_(p.loader.json("consumer", "show", "partner")["authorizations"], [{"api": "User by ID"}], "authorisations stay")
    p.sync_and_reload()
    t.is_(p.get(kCall).status, 200, "it is served as before")
    with open(p.gateway.manifest, encoding="utf-8") as file:
        t.like(file.read(), '"name":"User by ID"', "gateways tell the new name")
    p.loader.must("api", "rename", "User by ID", "User by Number")
    t.is_([one["changed"] for one in p.loader.json("api", "list") if one["name"] == "User by Number"], [False], "a second new name")


def test(t):
    p = t.project().serve()
    diff(t, p)
    rollback(t, p)
    rename(t, p)


run_test(test)
