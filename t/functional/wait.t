#!/usr/bin/env python3
"""--wait and the line without it: every change of publications, consumers, keys, authorisations, domains counts; who lags is named."""
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, kSlow, request, run_test, users_definitions
from tg_postgres import Held
from tg_watch import Watch, nodes, wait_node

kCall = "/v1/user/info?user_id=10001"
kApi = "Query User by User ID"
kGateway = "dataservice-prod"
kNext = f"next, on node one: tablegate sync --output DIR --gateway {kGateway} --check 'nginx -t' --reload 'nginx -s reload'\n"


def revision(p):
    return int(p.postgres.psql("SELECT revision FROM tablegate.catalog_revision"))


def lines(t, p):
    """Without --wait: how many nodes serve it."""
    p.init()
    p.apply(users_definitions())
    p.load("user_info", "user_id,user_name,age\n10001,Alice,25\n")
    for verb in ("test", "commit"):
        p.loader.must("api", verb, kApi)
    none = p.loader.must("api", "publish", kApi, "--no-domain").stdout.splitlines()
    t.is_(none[-1], f"no node has synced {kGateway}: run tablegate sync --output DIR --gateway {kGateway}", "publish: no node")
    start = time.monotonic()
    refused = p.loader("api", "publish", kApi, "--wait", "--timeout", "300ms")
    t.ok(refused.rc == 1 and kGateway in refused.stderr and "sync" in refused.stderr.splitlines()[-1], "--wait without a node: exit 1", refused)
    t.like(refused.stderr, r"try: tablegate sync --output DIR --check 'nginx -t' --reload 'nginx -s reload' --watch", "the command that follows a gateway reloads nginx")
    t.ok(time.monotonic() - start < 30 * kSlow, "--timeout counts")
    p.key = p.add_key()
    p.sync("--node", "one")
    p.gateway.write()
    p.gateway.start()
    t.like(p.loader.must("consumer", "create", "partner").stdout, rf"\nserved by 0 of 1 nodes of {kGateway}\n{kNext}\Z", "a consumer: 0 of 1, and the next command")
    p.sync("--node", "one", "--reload", p.gateway.reload_command())
    t.is_(nodes(p)["one"]["status"], "serving", "sync saw nginx take it over before it returned")
    again = p.loader.must("api", "publish", kApi, "--no-domain").stdout
    t.like(again, rf"unchanged.*\nserved by 1 of 1 nodes of {kGateway}\n\Z", "nothing new: 1 of 1")
    for name, command, text in (("a consumer of a file", ("apply", "-f", "-"), '{"kind":"Consumer","name":"file"}'),
                                ("changed", ("apply", "-f", "-"), '{"kind":"Consumer","name":"file","disabled":true}'),
                                ("deployed", ("deploy", "-f", "-"), '{"kind":"Consumer","name":"file"}'),
                                ("deleted", ("delete", "consumer", "file"), None), ("an API's name", ("api", "rename", kApi, "Other"), None),
                                ("and back", ("api", "rename", "Other", kApi), None)):
        t.like(p.loader.must(*command, input=text).stdout, rf"\nserved by 0 of 1 nodes of {kGateway}(; on the others its keys still work)?\n{kNext}\Z", f"{name}: 0 of 1")
    key = p.loader.json("consumer", "add-key", "demo", "--type", "api_key")
    t.like(p.loader.must("consumer", "revoke-key", "demo", key["id"]).stdout, rf"\nserved by 0 of 1 nodes of {kGateway}; on the others the key still works\n{kNext}\Z",
           "a revoked key: it still works until then")
    t.unlike(p.loader.must("apply", "-f", "-", input=json.dumps(users_definitions()[-1])).stdout, "served by", "a draft: nobody waits for it")
    p.sync("--node", "one", "--reload", p.gateway.reload_command())
    for command in (("consumer", "create", "partner"), ("api", "publish", kApi)):
        as_json = p.loader.must(*command, "-o", "json")
        t.ok(isinstance(as_json.json, dict) and "served" not in as_json.stderr, f"-o json is JSON alone: {command[:2]}", as_json)
        t.is_(p.loader.must("-q", *command).stdout, "", f"-q says nothing: {command[:2]}")
    lagging = p.loader("consumer", "disable", "partner", "--wait", "--timeout", "300ms")
    t.ok(lagging.rc == 1 and "node one of dataservice-prod serves publication 1" in lagging.stderr and "no sync --watch" in lagging.stderr,
         "--wait: the node that lags is named, and that nobody follows there", lagging)
    t.is_(p.loader.must("consumer", "show", "partner", "-o", "json").json["enabled"], False, "what was saved stays saved")
    held = Held(p, "LOCK TABLE tablegate.node")  # a catalog that falls silent while the nodes are waited for
    start = time.monotonic()
    try:
        silent = p.loader("consumer", "enable", "partner", "--wait", "--timeout", "1s")
    finally:
        held.release()
    t.ok(silent.rc == 3 and "saved, but it is not known whether the nodes serve it" in silent.stderr and "gateway status" in silent.stderr,
         "--timeout bounds a silent catalog, too", silent)
    t.ok(time.monotonic() - start < 30 * kSlow, "it did")
    t.is_(p.loader.must("consumer", "show", "partner", "-o", "json").json["enabled"], True, "saved it is")


def counting(t, p):
    """Every change counts the revision up, drafts do not."""
    def counts(name, *command, by=1, **options):
        before = revision(p)
        p.loader.must(*command, **options)
        more = revision(p) - before
        t.ok(more >= by if by else more == 0, f"{name}: {'counts' if by else 'does not count'}", more)
    counts("consumer create", "consumer", "create", "other")
    counts("again: unchanged", "consumer", "create", "other", by=0)
    before = revision(p)
    key = p.loader.json("consumer", "add-key", "other")["id"]
    hmac = p.loader.json("consumer", "add-key", "other", "--type", "hmac")["id"]
    t.ok(revision(p) - before >= 2, "two keys count")
    counts("revoke at a time", "consumer", "revoke-key", "other", key, "--at", "2040-01-01T00:00:00Z")
    counts("revoke", "consumer", "revoke-key", "other", hmac)
    counts("authorize", "consumer", "authorize", "other", "--api", kApi)
    counts("deauthorize", "consumer", "deauthorize", "other", "--api", kApi)
    secret = p.file("jwt.txt", "0123456789abcdef0123456789abcdef")
    counts("set-jwt", "consumer", "set-jwt", "other", "--secret-file", secret, "--alg", "HS256", "--issuer", "x")
    counts("unset-jwt", "consumer", "unset-jwt", "other")
    counts("disable", "consumer", "disable", "other")
    counts("delete", "consumer", "delete", "other")
    counts("a domain", "apply", "-f", "-", input='{"kind":"Domain","name":"a.example"}')
    counts("the same domain", "apply", "-f", "-", input='{"kind":"Domain","name":"a.example"}', by=0)
    gateway = {"kind": "GatewayInstance", "name": kGateway, "address": "http://127.0.0.1:81"}
    counts("the gateway", "apply", "-f", "-", input=json.dumps(gateway))
    process = [one for one in users_definitions() if one["kind"] == "BusinessProcess"][0]
    counts("a business process's description, which OpenAPI tells", "apply", "-f", "-", input=json.dumps({**process, "description": "Users."}))
    counts("delete a domain", "delete", "domain", "a.example")
    counts("a workspace with its consumer", "workspace", "create", "reports")
    draft = users_definitions(timeout_ms=2000)[-1]
    counts("a draft", "apply", "-f", "-", "--workspace", "demo", input=json.dumps(draft), by=0)
    counts("unpublish", "api", "unpublish", kApi, "--workspace", "demo")
    counts("publish", "api", "publish", kApi, "--workspace", "demo", "--no-domain")


def waiting(t, p):
    """With a watcher: when the command has returned, the next request meets the change."""
    watch = Watch(p, node="one")
    wait_node(p, "one", status="serving", watching=True)
    status = lambda: request(p.gateway.port, kCall, headers=bearer(p.key)).status  # noqa: E731
    t.is_(status(), 200, "before")
    for command, wanted in ((("consumer", "disable", "demo"), 401), (("consumer", "enable", "demo"), 200),
                            (("api", "unpublish", kApi), 404), (("api", "publish", kApi), 200)):
        result = p.loader(*command, "--wait", "--timeout", f"{20 * kSlow}s", "--workspace", "demo") if command[0] == "api" else p.loader(*command, "--wait", "--timeout", f"{20 * kSlow}s")
        t.ok(result.rc == 0 and result.stdout.endswith(f"served by 1 of 1 nodes of {kGateway}\n"), f"{command[:2]} --wait: served", result)
        t.is_({status() for _ in range(8)}, {wanted}, f"at once every worker answers {wanted}")
    result = p.loader("-o", "json", "consumer", "add-key", "demo", "--wait")
    new = result.json["api_key"]
    p.secrets.append(new)
    t.is_({request(p.gateway.port, kCall, headers=bearer(new)).status for _ in range(8)}, {200}, "add-key --wait -o json: the key counts at once")
    for command, wanted in ((("delete", "consumer", "gone"), 401), (("api", "rename", kApi, "By ID"), 200), (("api", "rename", "By ID", kApi), 200)):
        key = p.key
        if wanted == 401:
            p.loader.must("consumer", "create", "gone")
            p.loader.must("consumer", "authorize", "gone", "--api", kApi, "--workspace", "demo")
            key = p.loader.json("consumer", "add-key", "gone", "--wait")["api_key"]
            p.secrets.append(key)
            t.is_(request(p.gateway.port, kCall, headers=bearer(key)).status, 200, "a consumer that will be deleted")
        result = p.loader(*command, "--workspace", "demo", "--wait", "--timeout", f"{20 * kSlow}s")
        t.ok(result.rc == 0 and result.stdout.endswith(f"served by 1 of 1 nodes of {kGateway}\n"), f"{command[:2]} --wait: served", result)
        t.is_({request(p.gateway.port, kCall, headers=bearer(key)).status for _ in range(8)}, {wanted}, f"at once every worker answers {wanted}")
    done = p.loader("apply", "-f", "-", "--wait", "--workspace", "demo", input='{"kind":"Domain","name":"w.example"}')
    t.ok(done.rc == 0 and done.stdout.endswith("served by 1 of 1 nodes of dataservice-prod\n"), "apply --wait", done)
    # nginx's check fails on this node from now on: --wait names it with the reason
    p.gateway.set(server="nonsense;")
    result = p.loader("consumer", "disable", "demo", "--wait", "--timeout", f"{3 * kSlow}s")
    t.ok(result.rc == 1 and "node one of" in result.stderr and "nonsense" in result.stderr, "a node whose check fails: named, with its last error", result)
    t.is_(status(), 200, "it serves what it had")
    p.gateway.set(server="")
    result = p.loader("consumer", "disable", "demo", "--wait", "--timeout", "1s")
    t.is_(result.rc, 1, "nothing changed in the catalog: the failed check is not tried again and again")
    # a change comes: it is tried at once
    waiter = {}
    thread = threading.Thread(target=lambda: waiter.update(result=p.loader("consumer", "enable", "demo", "--wait", "--timeout", f"{20 * kSlow}s")))
    thread.start()
    thread.join(60 * kSlow)
    t.is_(waiter["result"].rc, 0, "the next change brings it")
    t.is_(nodes(p)["one"]["last_error"], "", "and the error is gone")
    t.is_(watch.end(), 0, "the watcher ends with 0")


def test(t):
    p = t.project()
    t.allow("nonsense")
    lines(t, p)
    counting(t, p)
    waiting(t, p)


run_test(test)
