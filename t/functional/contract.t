#!/usr/bin/env python3
"""Changes that break callers are rejected by commit and publish, unless --breaking allows them; additions pass."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kUsersCsv, run_test, users_definitions

kApi = "Query User by User ID"
kId = {"name": "user_id", "column": "user_id", "type": "LONG", "sample": 10001}
kBoth = [{"name": "user_id", "column": "user_id"}, {"name": "user_name", "column": "user_name"}]
# (change of the Api, what the refusal names); each against the API as it is defined in users_definitions(max_records=100, hmac beside api_key)
kBreaking = [
    ({"response_parameters": kBoth[:1]}, "response field user_name was removed"),
    ({"response_parameters": [kBoth[0], {"name": "name", "column": "user_name"}]}, "response field user_name was removed"),
    ({"response_parameters": [{**kBoth[0], "as": "string"}, kBoth[1]]}, "response field user_id: as was none and is string"),
    ({"response_parameters": [kBoth[0], {"name": "user_name", "column": "age"}]}, "response field user_name: type was text and is int8"),
    ({"request_parameters": [kId, {"name": "age", "type": "LONG", "sample": 25}]}, "parameter age is new and required"),
    ({"request_parameters": [{**kId, "name": "id"}]}, "parameter user_id was removed"),
    ({"request_parameters": [{**kId, "in": "header", "name": "user-id"}]}, "parameter user-id is new and required"),
    ({"request_parameters": [{**kId, "type": "INT"}]}, "parameter user_id: type was LONG and is INT"),
    ({"result": "list"}, "result was object and is list"), ({"max_records": 99}, "max_records was 100 and is 99"),
    ({"path": "/user/data"}, "path was /user/info and is /user/data"), ({"method": "POST"}, "method was GET and is POST"),
    ({"authentication": ["hmac"]}, "authentication no longer takes api_key"),
    ({"hmac": {"require_nonce": True}}, "hmac: require_nonce was off and is on"),
    ({"hmac": {"methods": ["HmacSHA1"]}}, "hmac: methods no longer has HmacSHA256"),
    ({"api_key_source": {"in": "header", "name": "X-Key"}}, "api_key_source was header Authorization and is header X-Key"),
]
kAdded = [
    {"response_parameters": [*kBoth, {"name": "age"}]}, {"request_parameters": [kId, {"name": "age", "type": "LONG", "required": False, "sample": 25}]},
    {"max_records": 200}, {"authentication": ["api_key", "hmac", "jwt"]}, {"description": "more words"}, {"timeout_ms": 2000},
]
kBase = {"max_records": 100, "authentication": ["api_key", "hmac"]}


def draft(p, **change):
    p.apply([users_definitions(**{**kBase, **change})[-1]])
    p.loader.must("api", "test", kApi)


def at_commit(t, p):
    for change, named in kBreaking:
        draft(p, **change)
        result = p.loader("api", "commit", kApi)
        t.ok(result.rc == 1 and named in result.stderr and "--breaking" in result.stderr, f"commit: {named}", result)
    draft(p, response_parameters=kBoth[:1], max_records=1)
    result = p.loader("api", "commit", kApi)
    t.ok("user_name was removed" in result.stderr and "max_records" in result.stderr, "every break is named at once", result)
    t.is_(len(p.loader.json("api", "versions", kApi)), 1, "no version came of all that")


def never_published(t, p):
    """Nobody calls a version that never was published: what only that one had is a note, not an error."""
    p.loader.must("api", "unpublish", kApi)
    draft(p)
    base = p.loader.json("api", "commit", kApi, "--breaking")["version"]
    p.loader.must("api", "publish", kApi)
    draft(p, max_records=200)
    p.loader.must("api", "commit", kApi)
    draft(p, max_records=150)
    result = p.loader("api", "commit", kApi)
    t.ok(result.rc == 0 and f"note: API \"{kApi}\": the draft would break callers of version {base + 1}, which was never published:\n  max_records was 200 and is 150" in result.stderr
         and f"version {base + 2}" in result.stdout, "less than the version that was never published: a note", result)
    draft(p, max_records=99)
    result = p.loader("api", "commit", kApi)
    t.ok(result.rc == 1 and f"breaks callers of version {base}:" in result.stderr and "max_records was 100 and is 99" in result.stderr and "--breaking" in result.stderr,
         "less than the one that was: rejected, though another was committed since", result)
    p.loader.must("api", "unpublish", kApi)
    result = p.loader("api", "commit", kApi)
    t.ok(result.rc == 1 and f"breaks callers of version {base}:" in result.stderr, "also when it is published no more", result)
    draft(p, max_records=150, description="deployed")
    p.loader.must("api", "publish", kApi, "--version", str(base))
    t.is_(p.loader("-q", "api", "commit", kApi).stderr, "", "no note without a break, or with -q")
    only = {**users_definitions(**kBase, name="Nobody Calls This", path="/nobody")[-1]}
    for cap, note in ((100, ""), (50, "note: API \"Nobody Calls This\": the draft would break callers of version 1, which was never published")):
        p.apply([{**only, "max_records": cap}])
        p.loader.must("api", "test", "Nobody Calls This")
        result = p.loader("api", "commit", "Nobody Calls This")
        t.ok(result.rc == 0 and result.stderr.startswith(note) and bool(result.stderr) == bool(note), f"an API that was never published: {note or 'nothing'}", result)
    p.apply([{**only, "max_records": 20}])
    result = p.loader("deploy", "-f", p.definitions([{**only, "max_records": 20}]))
    t.ok(result.rc == 0 and "note: API" in result.stderr, "deploy: a note, too", result)


def at_publish(t, p):
    draft(p, max_records=50)
    t.is_(p.loader.json("api", "commit", kApi, "--breaking"), {"name": kApi, "version": 2, "status": "Publishable"}, "commit --breaking")
    draft(p, max_records=50, description="x")
    t.is_(p.loader.json("api", "commit", kApi)["version"], 3, "the next one is compared with the latest version")
    for number in ("2", "3"):
        result = p.loader("api", "publish", kApi, "--version", number)
        t.ok(result.rc == 1 and "max_records was 100 and is 50" in result.stderr and "version 1" in result.stderr, f"publish of {number} is compared with what is served", result)
    t.is_(p.loader.json("api", "list")[0]["published"], [{"gateway": "dataservice-prod", "version": 1, "canary": None, "deprecated": None}], "version 1 is still served")
    t.is_(p.loader.json("api", "publish", kApi, "--breaking")["version"], 3, "publish --breaking")
    t.is_(p.loader.json("api", "publish", kApi, "--version", "1")["version"], 1, "a larger cap again breaks nobody")
    p.loader.must("api", "unpublish", kApi)
    t.is_(p.loader.json("api", "publish", kApi, "--version", "2")["version"], 2, "who is not served has no callers to break")


def added(t, p):
    for change in kAdded:
        draft(p)
        base = p.loader.json("api", "commit", kApi, "--breaking")["version"]  # each against the base, not against the one before
        draft(p, **change)
        result = p.loader("api", "commit", kApi, "-o", "json")
        t.ok(result.rc == 0 and result.json["version"] == base + 1, f"added: {next(iter(change))}", result)


def test(t):
    p = t.project()
    p.init()
    p.apply(users_definitions(**kBase))
    p.load("user_info", kUsersCsv)
    p.publish(kApi)
    at_commit(t, p)
    at_publish(t, p)
    added(t, p)
    never_published(t, p)


run_test(test)
