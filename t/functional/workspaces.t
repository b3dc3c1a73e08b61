#!/usr/bin/env python3
"""Workspaces and consumers as users manage them: create, list, set; delete of a consumer ends its calls."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, kUsersCsv, run_test, users_definitions, wait_for

kApi = "Query User by User ID"
kCall = "/v1/user/info?user_id=10001"


def workspaces(t, p):
    create = lambda *words: p.loader.json("workspace", "create", *words)  # noqa: E731
    listed = lambda: p.loader.json("workspace", "list")  # noqa: E731
    t.is_(listed(), [{"name": "demo", "approval": False, "members": None, "apis": 1}], "list -o json")
    t.is_(create("reports"), {"name": "reports", "action": "created"}, "create -o json")
    t.is_(create("reports"), {"name": "reports", "action": "unchanged"}, "create again: unchanged")
    t.is_(p.loader.must("workspace", "create", "reports").stdout, "unchanged\n", "in words")
    t.is_([(item["name"], item["apis"]) for item in listed()], [("demo", 1), ("reports", 0)], "both are listed, with their APIs")
    t.is_(p.loader.must("workspace", "list").stdout, "NAME     APPROVAL  MEMBERS   APIS\ndemo     off       everyone  1\nreports  off       everyone  0\n", "list for people")
    t.is_(p.loader.json("consumer", "show", "reports")["workspace"], "reports", "its consumer is there, bound to it")
    for name in ("a b", "", "x" * 65, "a/b", "ü"):
        result = p.loader("workspace", "create", name)
        t.ok(result.rc in (1, 2) and result.stderr, f"no name of a workspace: {name[:9]!r}", result)
    p.loader.must("consumer", "create", "taken")
    result = p.loader("workspace", "create", "taken")
    t.ok(result.rc == 1 and "tablegate consumer show taken" in result.stderr, "a consumer has that name: refused", result)
    t.is_([item["name"] for item in listed()], ["demo", "reports"], "and nothing of it is left")

    # Commands of one workspace ask which one, and see that one's alone.
    result = p.loader("api", "list")
    t.ok(result.rc == 1 and "demo" in result.stderr and "reports" in result.stderr and "--workspace" in result.stderr, "several workspaces: one must be named", result)
    t.is_([item["name"] for item in p.loader.json("api", "list", "--workspace", "demo")], [kApi], "--workspace")
    t.is_(p.loader("api", "list", "-o", "json", env={"TABLEGATE_WORKSPACE": "reports"}).json, [], "TABLEGATE_WORKSPACE")
    result = p.loader("api", "list", "--workspace", "nobody")
    t.ok(result.rc == 1 and "tablegate api list --workspace NAME" in result.stderr, "a workspace that is not there", result)

    t.is_(p.loader.must("workspace", "set", "reports", "--approval", "off").stdout, "unchanged\n", "set --approval off: unchanged")
    t.is_(p.loader.json("workspace", "set", "reports", "--approval", "off"), {"name": "reports", "action": "unchanged"}, "set -o json")
    t.is_([item["approval"] for item in listed()], [False, False], "nothing came of that")
    t.is_(p.loader.json("workspace", "set", "reports", "--approval", "on"), {"name": "reports", "action": "changed"}, "set --approval on")
    t.is_([(item["name"], item["approval"]) for item in listed()], [("demo", False), ("reports", True)], "of this workspace alone")
    t.is_(p.loader.must("workspace", "set", "reports", "--approval", "off").stdout, "workspace reports: approval off\n", "and off again")
    t.is_(p.loader("workspace", "set", "nobody", "--approval", "off").rc, 1, "set of a workspace that is not there")
    t.is_(p.loader("workspace", "set", "reports").rc, 2, "set of nothing: exit 2")
    t.is_(p.loader("workspace", "set", "reports", "--approval", "maybe").rc, 2, "neither on nor off: exit 2")


def consumers(t, p):
    p.loader.env["TABLEGATE_WORKSPACE"] = "demo"

    def after_sync(wanted, name):
        p.sync("--reload", p.gateway.reload_command())
        wait_for(lambda: all(p.get(kCall, key=key).status == wanted for _ in range(6)), 20 * kSlow, name)
        t.is_(p.get(kCall, key=key).status, wanted, name)

    t.is_(p.loader.json("consumer", "create", "partner"), {"name": "partner", "action": "created"}, "consumer create")
    t.is_(p.loader.json("consumer", "create", "partner")["action"], "unchanged", "again: unchanged")
    made = p.loader.json("consumer", "add-key", "partner", "--label", "first")
    t.is_(sorted(made), ["api_key", "id", "type"], "add-key -o json")
    key = made["api_key"]
    t.is_(p.loader.json("consumer", "authorize", "partner", "--api", kApi)["action"], f"authorized for API {kApi}", "consumer authorize")
    t.is_(p.loader.json("consumer", "authorize", "partner", "--api", kApi)["action"], "unchanged", "again: unchanged")
    shown = p.loader.json("consumer", "show", "partner")
    t.is_((shown["enabled"], shown["workspace"], shown["authorizations"]), (True, None, [{"api": kApi}]), "consumer show: what it may call")
    t.is_([(item["id"], item["type"], item["label"], item["state"]) for item in shown["keys"]], [(made["id"], "api_key", "first", "valid")], "and its keys")
    after_sync(200, "it calls")
    t.is_(p.loader.json("consumer", "delete", "partner"), {"name": "partner", "action": "deleted"}, "consumer delete")
    after_sync(401, "a deleted consumer's key opens nothing")
    t.is_(p.get(kCall, key=key).json["error"], "invalid_credential", "as one that never was")
    t.unlike(p.loader.must("consumer", "list").stdout, "partner", "it is not listed")
    t.is_(p.postgres.psql("SELECT count(*) FROM tablegate.api_key WHERE key_id = '" + made["id"] + "'"), "0", "its keys are gone")
    t.is_(p.postgres.psql("SELECT count(*) FROM tablegate.authorization"), "0", "its authorisations too")
    for words in (("delete", "partner"), ("show", "partner"), ("disable", "partner"), ("authorize", "partner", "--api", kApi)):
        result = p.loader("consumer", *words)
        t.ok(result.rc == 1 and 'no consumer "partner"' in result.stderr, f"consumer {words[0]} of one that is not there", result)
    result = p.loader("consumer", "delete", "demo")
    t.ok(result.rc == 1 and "cannot be deleted" in result.stderr and "only disabled" in result.stderr, "a workspace's own consumer is not deleted", result)
    p.loader.must("consumer", "create", "partner")
    after_sync(401, "a new one of the same name has none of the old one's keys")


def shared_domains(t, p):
    """Domains are a REST API's, APIs a workspace's: one of the same name in another workspace moves with them."""
    p.apply([dict(one, shared=True) for one in users_definitions() if one["kind"] == "RestApi"])
    rest = [one for one in users_definitions() if one["kind"] in ("BusinessProcess", "DataSource")]
    api = dict(users_definitions()[-1], path="/user/other", table="user_info_reports")
    table = dict([one for one in users_definitions() if one["kind"] == "Table"][0], name="user_info_reports")
    p.loader.must("apply", "--workspace", "reports", "-f", p.definitions([*rest, table, api, {"kind": "Domain", "name": "moved.example", "shared": True}]))
    p.load("user_info_reports", kUsersCsv)
    for words in (("test",), ("commit",), ("publish", "--no-domain")):
        p.loader.must("api", words[0], "--workspace", "reports", kApi, *words[1:])
    result = p.loader("api", "publish", kApi, "--domain", "moved.example")
    t.ok(result.rc == 1 and f'"{kApi}" of workspace reports would move from any host to "moved.example"' in result.stderr and "--yes" in result.stderr,
         "an API of another workspace would move with the domain: it is named", result)
    p.loader.must("api", "unpublish", "--workspace", "reports", kApi, "--yes")
    result = p.loader("api", "publish", kApi, "--domain", "moved.example")
    t.ok(result.rc == 1 and "reports" not in result.stderr and "would no longer answer on any host" in result.stderr, "alone on its REST API: only its own hosts are named", result)
    p.loader.must("api", "publish", kApi, "--domain", "moved.example", "--yes")
    p.loader.must("api", "publish", kApi, "--no-domain")


def waiting(t, p):
    """--wait [--timeout 30s] are known on every verb that changes what is served (wait.t shows what they do)."""
    for words in (("api", "publish", kApi), ("api", "unpublish", kApi), ("api", "rename", kApi, "x"), ("delete", "consumer", "partner"), ("consumer", "create", "other"), ("consumer", "enable", "demo"),
                  ("consumer", "disable", "demo"), ("consumer", "delete", "partner"), ("consumer", "authorize", "partner", "--api", kApi),
                  ("consumer", "deauthorize", "partner", "--api", kApi), ("consumer", "add-key", "demo"), ("consumer", "revoke-key", "demo", "ak_0"),
                  ("consumer", "set-jwt", "demo", "--jwks", "/nonexistent"), ("consumer", "unset-jwt", "demo")):
        for time in ("soon", "-1s", "30x", "99h"):
            result = p.loader(*words, "--wait", "--timeout", time)
            t.ok(result.rc == 2 and "--timeout" in result.stderr, f"{' '.join(words[:2])} --wait --timeout {time}: wrong usage", result)
    t.is_(p.loader("consumer", "list", "--wait").rc, 2, "consumer list changes nothing: an unknown option")


def test(t):
    p = t.project().serve(users_definitions(), {"user_info": kUsersCsv})
    workspaces(t, p)
    consumers(t, p)
    shared_domains(t, p)
    waiting(t, p)
    t.is_(p.get(kCall).status, 200, "nothing of what was refused was done")


run_test(test)
