#!/usr/bin/env python3
"""A command that a message names, typed as it stands, does what was asked: all arguments are kept, what was missing is added, nothing else changes."""
import os
import shlex
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions
from tg_hints import fault_of, hints_of

kUsers = "Query User by User ID"
kOther = "Other Users - List"
kDomains = [{"kind": "Domain", "name": "old.example"}, {"kind": "Domain", "name": "new.example"}]


def api(name, path, **fields):
    return {**users_definitions()[-1], "name": name, "path": path, **fields}


def commit(p, *definitions):
    p.apply(list(definitions))
    for definition in definitions:
        p.loader.must("api", "test", definition["name"])
    return p.loader("api", "commit", *[definition["name"] for definition in definitions], "-m", "it's $5")


def typed(p, result):
    """Runs the command that the message named, as a shell would."""
    words = shlex.split(hints_of(result)[-1])
    assert words[0] == "tablegate", words
    return p.loader(*words[1:])


def published(p, name):
    return next(one["published"] for one in p.loader.json("api", "list") if one["name"] == name)


def canary(t, p):
    narrow = {"response_parameters": [{"name": "user_id"}]}
    result = commit(p, api(kUsers, "/user/info", **narrow), api(kOther, "/user/other", **narrow))
    t.ok(result.rc == 1 and result.stderr.count("user_name was removed") == 2, "commit of several: all that break are named before the first version is made", result)
    t.is_([len(p.loader.json("api", "versions", name)) for name in (kUsers, kOther)], [1, 1], "and nothing was committed")
    again = typed(p, result)
    t.ok(again.rc == 0 and [one["message"] for one in p.loader.json("api", "versions", kOther)] == ["", "it's $5"], "the hint keeps names and message", again)
    result = p.loader("--workspace", "demo", "api", "publish", kUsers, "--version", "2", "--weight=10")
    t.ok(result.rc == 1 and hints_of(result) == [f"tablegate --workspace demo api publish '{kUsers}' --version 2 --weight=10 --breaking"],
         "a canary that breaks callers: version, weight and workspace are kept", result)
    again = typed(p, result)
    t.is_([(one["version"], one["canary"]) for one in published(p, kUsers)], [(1, {"version": 2, "weight": 10})], "typed as it stands, 10 % get it and no more")
    result = p.loader("api", "rollback", kUsers)
    t.ok(result.rc == 1 and "version 2 is a canary for 10 % of consumers" in result.stderr and hints_of(result) == [f"tablegate api unpublish '{kUsers}' --version 2"],
         "rollback beside a canary names how the canary ends", result)
    result = p.loader("api", "publish", kOther, kUsers)
    t.ok(result.rc == 1 and f'"{kOther}": version 2' in result.stderr and f'"{kUsers}": version 2' in result.stderr, "publish names all of a command that break", result)


def domains(t, p):
    p.apply(kDomains)
    result = p.loader("api", "publish", kUsers, kOther, "--version", "1", "--domain", "old.example")
    t.ok(result.rc == 1 and result.stderr.count("would no longer answer on any host, only on \"old.example\"; it was not called") == 2
         and published(p, kUsers)[0]["canary"], "from any host to one domain: asked, as it takes hosts from callers", result)
    again = typed(p, result)
    t.is_((again.rc, published(p, kUsers)[0]["canary"]), (0, None), "typed as it stands, version and domain are the ones asked for")
    p.postgres.psql("INSERT INTO tablegate.usage (gateway, api_id, consumer, hour, requests, last_call) SELECT 'dataservice-prod', api_id, 'partner', "
                    f"date_trunc('hour', now()), 7, now() FROM tablegate.api WHERE name = '{kUsers}'")
    moved = p.loader("api", "publish", kUsers, "--domain", "new.example")
    t.ok(moved.rc == 1 and 'would no longer answer on "old.example", only on "new.example"; it was called on dataservice-prod in the last 7 days by partner (7 times' in moved.stderr
         and "as well" in moved.stderr, "another domain names who called there, and the APIs that move along", moved)
    t.is_(p.loader("api", "publish", kUsers, kOther, "--version", "1", "--domain", "old.example", "--domain", "new.example").rc, 0, "one more domain takes nothing: not asked")
    t.is_(p.loader("api", "publish", kUsers, kOther, "--version", "1", "--no-domain").rc, 0, "nor does any host")
    result = p.loader("api", "unpublish", kOther, kUsers)
    t.ok(result.rc == 1 and "partner (7 times" in result.stderr and kOther not in result.stderr.split("try:")[0], "unpublish of several names those that are called", result)
    p.loader.must("api", "publish", kOther, "--version", "1")
    gone = p.loader("delete", "api", kOther)
    t.is_((gone.rc, hints_of(gone)), (1, [f"tablegate api unpublish '{kOther}' --gateway dataservice-prod"]), "delete of a published API names what comes before it")
    t.is_((typed(p, result).rc, published(p, kUsers), published(p, kOther)), (0, [], []), "typed as it stands, both are off")


def missing(t, p):
    p.loader.must("workspace", "create", "other")
    result = p.loader("api", "list", "-o", "json")
    t.is_(hints_of(result), ["tablegate api list -o json --workspace NAME"], "several workspaces: a word in upper case where people choose")
    p.loader.env["TABLEGATE_WORKSPACE"] = "demo"
    sampled = api("No Sample Here", "/user/nosample", request_parameters=[{"name": "user_id", "type": "LONG"}, {"name": "age", "type": "LONG"}])
    p.apply([sampled])
    result = p.loader("api", "test", sampled["name"], "-o", "json")
    t.ok(result.rc == 1 and hints_of(result) == ["tablegate api test 'No Sample Here' -o json --param user_id=VALUE --param age=VALUE"], "a test without samples", result)
    result = p.loader("api", "test", kUsers, "--param", "user_ids=1")
    t.ok(result.rc == 1 and 'no request parameter "user_ids" (did you mean "user_id"?)' in result.stderr, "an unknown parameter is named with the nearest", result)
    result = p.loader("api", "test", kUsers, "--param", "user_id=abc")
    t.ok('value of parameter "user_id" is not valid' in result.stderr and hints_of(result) == [f"tablegate api test '{kUsers}' --param user_id=VALUE"],
         "a value that is not valid: the same call, with another one", result)
    result = p.loader("get", "tabel", "-o", "json")
    t.is_((result.rc, hints_of(result)), (2, ["tablegate get table -o json"]), "a misspelt kind")
    result = p.loader("audit", "--since", "yesterday", "-n", "5")
    t.is_((result.rc, hints_of(result)), (2, ["tablegate audit --since 24h -n 5"]), "a wrong value is replaced, the rest stays")
    p.loader.must("workspace", "set", "demo", "--approval", "on")
    p.apply([api(kUsers, "/user/info", description="with approval")])
    p.loader.must("api", "test", kUsers)
    number = p.loader.json("api", "commit", kUsers)["version"]
    result = p.loader("api", "publish", kUsers, "--version", number)
    t.is_((result.rc, hints_of(result)), (1, [f"tablegate api submit '{kUsers}' --version {number}"]), "a version that nobody submitted")
    t.is_(typed(p, result).rc, 0, "typed as it stands, it is submitted")
    t.like(p.loader("api", "publish", kUsers, "--version", number).stderr, "other than the submitter must approve", "and then waits for somebody else")


def installation(t, p):
    catalog = p.postgres.dsn(database="nowhere")
    result = p.loader("api", "list", env={"TABLEGATE_CATALOG": catalog})
    t.ok(result.rc == 3 and hints_of(result)[0].startswith(f"createdb -h {p.postgres.socket} ") and hints_of(result)[0].endswith(" nowhere"), "no such database: createdb", result)
    result = p.loader("get", "tabel", "--catalog", "host=/x dbname=y password=secret")
    t.is_((hints_of(result), "secret" in result.stderr), (['tablegate get table --catalog "${TABLEGATE_CATALOG:?}"'], False), "a password is not repeated")
    result = p.loader("doctor")
    first = [line for line in result.stdout.splitlines() if line.startswith("FAIL")][0]
    t.ok(result.rc == 1 and first.split(":")[0][5:].strip() in result.stderr and hints_of(result)[-1] in hints_of(result)[:-1], "doctor ends with what helps first", result)


def checker(t, p):
    """What the end of every test looks for is found."""
    asked = ["api", "publish", "X", "--version", "2", "--weight", "10", "--workspace", "demo"]
    for hint, word in (('tablegate api publish X --breaking', "loses"), ("tablegate api list", "loses"), ("tablegate api publish X --version 2 --nonsense", "parsed"),
                       ("the same command again", "begin"), ("tablegate api test X, and tablegate api list --workspace demo", "alone"), ("tablegate api 'x", "shell")):
        t.ok(word in (fault_of(asked, hint, p.loader.env) or ""), f"no good hint: {hint}", fault_of(asked, hint, p.loader.env))
    t.is_(fault_of(asked, f"tablegate {' '.join(asked)} --breaking", p.loader.env), None, "a good one")


def test(t):
    p = t.project()
    p.init()
    p.apply([*users_definitions(), api(kOther, "/user/other")])
    p.load("user_info", "user_id,user_name,age\n10001,Alice,25\n")
    p.publish(kUsers, kOther)
    canary(t, p)
    domains(t, p)
    missing(t, p)
    installation(t, p)
    checker(t, p)


run_test(test)
