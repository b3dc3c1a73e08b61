#!/usr/bin/env python3
"""-o json of every verb: the members of each form in their order, which scripts may rely on."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kUsersCsv, run_test, users_definitions

kApi = "Query User by User ID"


def form(value):
    """An object as its members' names, an array as the form of its items (all alike) in a list."""
    if isinstance(value, list):
        forms = [form(item) for item in value]
        return forms[:1] if all(one == forms[0] for one in forms) else forms
    return " ".join(value) if isinstance(value, dict) else type(value).__name__


def test(t):
    p = t.project()

    def is_form(wanted, *command, **options):
        value = p.loader.json(*command, **options)
        t.is_(form(value), wanted, f"{' '.join(command[:2])}: {wanted}")
        return value

    is_form("workspace version migrations owners master_key_file changed", "init", "--workspace", "demo")
    t.is_(is_form("workspace version migrations owners master_key_file changed", "init", "--workspace", "demo")["changed"], False, "init again")
    is_form(["name approval members apis"], "workspace", "list")
    is_form("name action", "workspace", "set", "demo", "--approval", "off")
    is_form(["kind name action"], "apply", "-f", p.definitions(users_definitions()))
    is_form(["kind name action changes"], "diff", "-f", p.definitions(users_definitions()))
    is_form(["kind name file"], "export", f"{p.folder}/exported")
    t.is_(is_form([], "table", "status"), [], "nothing is loaded yet")
    is_form("name generation rows", "table", "load", "user_info", "--header", "--from", f"csv:{p.file('users.csv', kUsersCsv)}")
    is_form(["table generation status rows source loaded_by started_at finished_at source_time checked_at age_seconds"], "table", "status")
    is_form(["name type sql_type not_null primary_key parameter_type"], "table", "columns", "user_info")
    for kind in ("Table", "DataSource", "RestApi", "BusinessProcess", "GatewayInstance", "Api", "Consumer"):
        for word in (kind, kind.lower(), kind.upper() + ("es" if kind.endswith("s") else "s")):
            value = p.loader.json("get", word)
            t.ok(value and all(item["kind"] == kind for item in value), f"get {word}: definitions", value)
        one = p.loader.json("get", kind, value[0]["name"])
        t.is_(one, value[0], f"get {kind} NAME: one object")
    is_form("name passed status duration_ms response", "api", "test", kApi)
    is_form("name version status", "api", "commit", kApi, "-m", "first")
    published = is_form("name version gateway publication", "api", "publish", kApi, "--no-domain")
    t.is_(published, {"name": kApi, "version": 1, "gateway": "dataservice-prod", "publication": 1}, "publish: its values")
    listed = is_form(["name business_process method url changed tested version status published"], "api", "list")
    t.is_(listed[0]["published"], [{"gateway": "dataservice-prod", "version": 1, "canary": None, "deprecated": None}], "list: where which version is published")
    versions = is_form(["version status message author committed_at published_on allow_scan"], "api", "versions", kApi)
    t.is_((versions[0]["message"], versions[0]["published_on"]), ("first", ["dataservice-prod"]), "versions: its values")
    is_form("name version gateway canary deprecated method path urls authentication curl curls definition", "api", "show", kApi)
    is_form("name version gateway publication", "api", "deprecate", kApi, "--sunset", "2098-01-01")
    is_form([], "usage")
    is_form("name from to changes sql breaking", "api", "diff", kApi, "1", "draft")
    is_form("name action", "api", "rename", kApi, kApi)
    is_form(["at user as action kind name workspace details"], "audit", "--kind", "api")
    deployed = is_form("gateway applied apis", "deploy", "-f", p.definitions(users_definitions()))
    t.is_((form(deployed["applied"]), form(deployed["apis"])), (["kind name action"], ["name action version status publication"]), "deploy: its lists")
    is_form("openapi info servers tags paths components", "openapi")
    is_form("name action", "consumer", "create", "partner")
    is_form("name action", "consumer", "authorize", "partner", "--api", kApi)
    key = is_form("id type api_key", "consumer", "add-key", "partner")
    is_form(["name enabled workspace keys jwt authorizations"], "consumer", "list")
    shown = is_form("name enabled workspace keys jwt authorizations", "consumer", "show", "partner")
    t.is_((form(shown["keys"]), form(shown["authorizations"])), (["id type label not_before expires created_at state"], ["api"]), "show: keys and authorisations")
    for verb in (("disable", "partner"), ("enable", "partner"), ("revoke-key", "partner", key["id"]), ("deauthorize", "partner", "--api", kApi), ("delete", "partner")):
        is_form("name action", "consumer", *verb)
    p.key = p.add_key()
    synced = is_form("gateway publication apis consumers manifest changed warning", "sync", "--output", p.gateway.out)
    t.is_((synced["apis"], synced["consumers"], synced["changed"]), (1, 1, True), "sync: its values")
    node = "node status watching served_publication written_publication served_revision lag serves_latest sha256 master_pid last_seen age_seconds last_error loader_version"
    gateway = is_form("gateway publication revision served_by nodes", "gateway", "status", "dataservice-prod")
    t.is_(form(gateway["nodes"]), [node], "gateway status: a node")
    is_form(["gateway publication revision served_by nodes"], "gateway", "status")
    is_form("name action", "gateway", "forget", "dataservice-prod", gateway["nodes"][0]["node"])
    is_form(["check ok detail try"], "doctor")
    p.gateway.set()
    p.gateway.start()
    called = is_form("name status duration_ms response", "api", "call", kApi, "--credential", "-", "--gateway-url", f"http://127.0.0.1:{p.gateway.port}", input=p.key)
    t.is_(called["response"]["data"], {"user_id": 10001, "user_name": "Alice"}, "call: the answer as JSON")
    is_form("name version gateway publication", "api", "unpublish", kApi)
    is_form("kind name action", "delete", "api", kApi)


run_test(test)
