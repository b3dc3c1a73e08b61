#!/usr/bin/env python3
"""-q, before or after the verb: verbs that change something print nothing on success; results and errors are still printed."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kUsersCsv, run_test, users_definitions

kApi = "Query User by User ID"
kAlice = '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}\n'


def test(t):
    p = t.project()

    def silent(*command):
        result = p.loader(*command, "-q")
        t.is_((result.rc, result.stdout, result.stderr), (0, "", ""), f"silent: {' '.join(command[:2])}")

    silent("init", "--workspace", "demo")
    silent("init", "--workspace", "demo")
    silent("workspace", "create", "reports")
    silent("workspace", "set", "reports", "--approval", "off")
    p.loader.env["TABLEGATE_WORKSPACE"] = "demo"
    silent("apply", "-f", p.definitions(users_definitions()))
    silent("table", "load", "user_info", "--header", "--from", f"csv:{p.file('users.csv', kUsersCsv)}")
    silent("api", "test", kApi)
    silent("api", "commit", kApi)
    silent("api", "publish", kApi)
    silent("consumer", "create", "partner")
    silent("consumer", "authorize", "partner", "--api", kApi)
    silent("consumer", "deauthorize", "partner", "--api", kApi)
    silent("consumer", "disable", "partner")
    silent("consumer", "enable", "partner")
    key = p.loader("consumer", "add-key", "demo", "--type", "api_key", "-q")
    t.like(key.stdout, r"^tg_[A-Za-z0-9_-]{43}\n$", "add-key prints the key alone")
    t.is_(key.stderr, "", "and nothing beside it")
    other = p.loader.json("consumer", "add-key", "partner")
    silent("consumer", "revoke-key", "partner", other["id"])
    silent("consumer", "delete", "partner")
    silent("sync", "--output", p.gateway.out)
    silent("doctor")
    p.gateway.set()
    p.gateway.start()
    call = ("api", "call", kApi, "--gateway-url", f"http://127.0.0.1:{p.gateway.port}", "--credential", "-")
    called = p.loader("-q", *call, input=key.stdout)
    t.is_((called.rc, called.stdout, called.stderr), (0, kAlice, ""), "api call prints the answer alone")

    before, after = p.loader("-q", "api", "list"), p.loader("api", "list", "-q")
    t.ok(before.rc == after.rc == 0 and before.stdout == after.stdout == p.loader("api", "list").stdout and kApi in before.stdout,
         "what was asked for is printed, -q before or after the verb", before, after)
    as_json = p.loader("-q", "api", "versions", kApi, "-o", "json")
    t.is_([item["version"] for item in as_json.json], [1], "-o json is printed")
    for command, status, word in ((("api", "test", kApi, "--param", "user_id=x"), 1, "did not pass"), (("api", "publish", "Nothing at All"), 1, "Nothing at All"),
                                  (("apply", "-f", "/nonexistent"), 3, "/nonexistent"), (("api", "juggle"), 2, "juggle")):
        result = p.loader("-q", *command)
        t.ok(result.rc == status and not result.stdout and word in result.stderr, f"a failure is reported: {' '.join(command[:2])}", result)
    silent("api", "unpublish", kApi)
    silent("delete", "api", kApi)


run_test(test)
