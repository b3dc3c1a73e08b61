#!/usr/bin/env python3
"""The audit: every change, manual SQL included; who, what, when; never a secret; never changed."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kUsersCsv, run_test, users_definitions

kApi = "Query User by User ID"
kForm = ["at", "user", "as", "action", "kind", "name", "workspace", "details"]


def entries(p, *options):
    return p.loader.json("audit", "-n", "100000", *options)


def steps(p, *options):
    return [(one["kind"], one["name"], one["action"]) for one in entries(p, *options)]


class New:
    """New entries since the last call."""

    def __init__(self, p):
        self.p, self.seen = p, 0

    def __call__(self):
        found = entries(self.p)
        new, self.seen = found[self.seen:], len(found)
        return [(one["kind"], one["name"], one["action"], one["details"]) for one in new]


def lives(t, p, new):
    t.is_(new(), [("Workspace", "demo", "created", {"approval": False}), ("Consumer", "demo", "created", {}), ("Setting", "master_key_fingerprint", "created", {}), ("Setting", "cursor key", "created", {}), ("Setting", "mask key", "created", {})], "init")
    p.apply(users_definitions())
    t.is_(sorted((kind, name, action) for kind, name, action, _ in new()),
          [("Api", kApi, "created"), ("BusinessProcess", "User Query Service", "created"), ("DataSource", "odps_demo", "created"),
           ("GatewayInstance", "dataservice-prod", "created"), ("RestApi", "dataservice-user-api", "created"), ("Table", "user_info", "created")], "apply: an entry an object")
    p.apply(users_definitions())
    t.is_(new(), [], "apply of what is there: none")
    p.load("user_info", kUsersCsv)
    got = new()
    t.is_([one[:3] for one in got], [("Table", "user_info", "load started"), ("Table", "user_info", "swapped"), ("Table", "user_info", "loaded")], "load")
    t.is_({(one[3]["generation"], one[3]["rows"]) for one in got[1:]}, {(1, 2)}, "load: generation and rows")
    p.loader("table", "load", "user_info", "--header", "--from", f"csv:{p.file('bad.csv', 'user_id,user_name,age' + chr(10) + 'x,y,z' + chr(10))}")
    t.is_([one[2] for one in new()], ["load started", "load failed"], "a load that fails")
    p.load("user_info", kUsersCsv)
    p.loader.must("table", "rollback", "user_info")
    t.is_([one[2] for one in new()], ["load started", "swapped", "loaded", "swapped", "rolled back"], "table rollback")
    p.loader("api", "test", kApi, "--param", "user_id=abc")
    p.loader.must("api", "test", kApi)
    p.loader("api", "test", kApi, "--param", "user_id=abc")
    t.is_([(one[2], one[3]) for one in new()], [("tested", {"passed": passed, "status": 200 if passed else 400}) for passed in (False, True, False)], "test, each of them")
    p.loader.must("api", "commit", kApi, "-m", "first")
    t.is_(new(), [("Api", kApi, "committed", {"version": 1, "status": "Publishable", "message": "first"})], "commit, and a test that failed later did not take the pass back")
    p.apply([{"kind": "Domain", "name": "api.example"}, users_definitions(tags=["a"], description="x")[-1]])
    t.is_(new(), [("Domain", "api.example", "created", {}), ("Api", kApi, "changed", {"fields": ["description", "tags"]})], "what of a definition changed")
    p.loader.must("api", "publish", kApi, "--domain", "api.example")
    where = {"gateway": "dataservice-prod", "version": 1, "service": "default"}
    t.is_(new(), [("RestApi", "dataservice-user-api", "domain added", {"gateway": "dataservice-prod", "domain": "api.example"}), ("Api", kApi, "published", where)], "publish")
    p.loader.must("api", "test", kApi)
    p.loader.must("api", "commit", kApi)
    p.loader.must("api", "publish", kApi, "--no-domain")
    p.loader.must("api", "rollback", kApi)
    p.loader.must("api", "unpublish", kApi)
    t.is_([one[2] for one in new()], ["tested", "committed", "domain removed", "published", "rolled back", "unpublished"], "rollback and unpublish")
    p.loader.must("api", "rename", kApi, "Renamed API")
    t.is_(new(), [("Api", "Renamed API", "renamed", {"from": kApi})], "rename")
    p.loader.must("delete", "domain", "api.example")
    p.loader.must("delete", "api", "Renamed API")
    t.is_([one[:3] for one in new()], [("Domain", "api.example", "deleted"), ("Api", "Renamed API", "deleted")], "delete")
    p.loader.must("workspace", "create", "reports")
    p.loader.must("workspace", "set", "reports", "--approval", "on")
    t.is_([one[:3] for one in new()], [("Workspace", "reports", "created"), ("Consumer", "reports", "created"), ("Workspace", "reports", "changed")], "workspaces")


def callers(t, p, new):
    p.loader.env["TABLEGATE_WORKSPACE"] = "demo"
    new()
    p.loader.must("consumer", "create", "partner")
    key = p.loader.json("consumer", "add-key", "partner", "--label", "2027")
    pair = p.loader.json("consumer", "add-key", "partner", "--type", "hmac")
    p.loader.must("consumer", "set-jwt", "partner", "--secret-file", p.file("secret", "s" * 40), "--alg", "HS256", "--issuer", "me")
    p.loader.must("consumer", "authorize", "partner", "--rest-api", "dataservice-user-api")
    p.loader.must("consumer", "disable", "partner")
    p.loader.must("consumer", "enable", "partner")
    p.loader.must("consumer", "revoke-key", "partner", key["id"], "--at", "2035-01-01T00:00:00Z")
    p.loader.must("consumer", "revoke-key", "partner", pair["id"])
    p.loader.must("init", "--rotate-master-key")
    p.loader.must("consumer", "unset-jwt", "partner")
    p.loader.must("consumer", "deauthorize", "partner", "--rest-api", "dataservice-user-api")
    p.loader.must("consumer", "delete", "partner")
    got = new()
    t.is_([one[2] for one in got if one[0] == "Consumer"], ["created", "key added", "key added", "jwt set", "authorized", "disabled", "enabled", "key changed", "key revoked",
                                                           "sealed anew", "jwt unset", "deauthorized", "deleted"], "each step of a consumer, nothing twice")
    t.is_([one[:3] for one in got if one[0] == "Setting"], [("Setting", "master_key_fingerprint", "changed")], "the master key's rotation")
    t.is_((got[1][3], got[4][3]), ({"id": key["id"], "type": "api_key", "label": "2027"}, {"rest_api": "dataservice-user-api"}), "which key, which REST API")
    whole = p.postgres.psql("SELECT string_agg(a::text, ' ') FROM tablegate.audit a")
    digests = [key["api_key"], pair["secret"], pair["access_key"], "s" * 40, "sealed_secret", "digest\"", "\\x"]
    t.is_([word for word in digests if word in whole], [], "no secret and no digest")


def by_hand(t, p, new):
    p.postgres.add_person("hand", "tablegate_operator", "tablegate_developer")
    p.postgres.psql("INSERT INTO tablegate.consumer (name) VALUES ('sneaky'); UPDATE tablegate.consumer SET enabled = false WHERE name = 'sneaky'; "
                    "SELECT tablegate.delete_as_operator('consumer', '[{\"name\": \"sneaky\"}]')", user="hand")
    p.postgres.psql("UPDATE tablegate.rest_api SET base_path = '/v9'", user="hand")
    got = entries(p)[-4:]
    t.is_([(one["user"], one["name"], one["action"]) for one in got], [("hand", "sneaky", action) for action in ("created", "disabled", "deleted")] +
          [("hand", "dataservice-user-api", "changed")], "hand-written SQL")
    t.is_(got[3]["details"], {"fields": ["base_path", "url_base"]}, "a column without the definition")
    new()
    p.postgres.psql("UPDATE tablegate.rest_api SET updated_at = now()")
    t.is_(new(), [], "what says nothing is not kept")
    for sql in ("UPDATE tablegate.audit SET user_name = 'x'", "DELETE FROM tablegate.audit", "TRUNCATE tablegate.audit"):
        for prefix in ("", "SET ROLE tablegate_owner; "):
            try:
                p.postgres.psql(prefix + sql)
                t.ok(False, f"refused: {prefix}{sql}")
            except RuntimeError as error:
                t.like(str(error), "never changes", f"refused: {prefix}{sql}")
    p.postgres.psql("SET ROLE tablegate_owner; INSERT INTO tablegate.audit (kind, name, action, user_name, at) VALUES ('Api', 'x', 'y', 'somebody', '1999-01-01')")
    last = entries(p)[-1]
    t.ok(last["user"] == "postgres" and last["at"] > "2020", "nobody writes in another name or at another time", last)
    p.postgres.psql("SET ROLE tablegate_owner; BEGIN; TRUNCATE tablegate.api_key; COMMIT")
    t.is_(entries(p)[-1]["action"], "emptied", "an emptied table is recorded")


def questions(t, p):
    t.is_(list(entries(p)[0]), kForm, "-o json")
    every = entries(p)
    t.is_(p.loader.json("audit", "-n", "3"), every[-3:], "-n: the latest, the last of all last")
    t.is_([one["at"] for one in every], sorted(one["at"] for one in every), "the oldest first")
    t.is_({one["name"] for one in entries(p, "--kind", "Consumers")}, {"demo", "reports", "partner", "sneaky"}, "--kind")
    t.is_({one["user"] for one in entries(p, "--user", "hand")}, {"hand"}, "--user")
    found = steps(p, "--api", "Renamed API")
    t.ok(("Api", kApi, "committed") in found and ("Api", "Renamed API", "renamed") in found, "--api: a renamed API's whole history", found)
    t.is_(entries(p, "--since", "1h"), every, "--since 1h")
    t.is_(entries(p, "--since", "2999-01-01"), [], "--since a time")
    for word in ("yesterday", "h", "-1h", "1w", "1.5h"):
        t.is_(p.loader("audit", "--since", word).rc, 2, f"--since {word}: exit 2")
    t.is_({one["workspace"] for one in entries(p, "--workspace", "reports")} - {None}, {"reports"}, "--workspace")
    said = p.loader.must("audit", "--kind", "workspace").stdout
    t.like(said, r"^AT +USER +ACTION +KIND +NAME +DETAILS\n20.* postgres +created +Workspace +demo +approval false\n", "for people")
    p.postgres.add_person("nodes", "tablegate_node")
    t.is_(p.loader("audit", env={"TABLEGATE_CATALOG": p.postgres.dsn("nodes")}).rc, 1, "nodes do not read it")
    t.is_(p.loader("audit", env={"TABLEGATE_CATALOG": p.postgres.dsn("hand")}).rc, 0, "people do")


def pruning(t, p):
    every = entries(p)
    p.postgres.psql("SET session_replication_role = replica; UPDATE tablegate.audit SET at = at - interval '500 days' WHERE audit_id <= "
                    "(SELECT audit_id FROM tablegate.audit ORDER BY audit_id OFFSET 9 LIMIT 1)")
    t.is_(p.loader.json("audit", "--prune", "600d"), {"removed": 0}, "nothing is that old")
    t.is_(len(entries(p)), len(every), "and no entry comes of it")
    for word in ("29d", "400", "400h", "-1d", "d", "1.5d", "99999d"):
        t.is_(p.loader("audit", "--prune", word).rc, 2, f"--prune {word}: exit 2")
    t.is_(p.loader("audit", "--prune", "400d", "--user", "x").rc, 2, "no question beside it")
    p.postgres.add_person("developer", "tablegate_developer", "tablegate_approver")
    refused = p.loader("audit", "--prune", "400d", env={"TABLEGATE_CATALOG": p.postgres.dsn("developer")})
    t.ok(refused.rc == 1 and "permission denied" in refused.stderr, "developers and approvers may not", refused)
    said = p.loader("audit", "--prune", "400d", env={"TABLEGATE_CATALOG": p.postgres.dsn("hand")})
    t.ok(said.rc == 0 and said.stdout == "entries older than 400 days: 10 removed\n", "an operator may", said)
    left = entries(p)
    t.is_(left[:-1], every[10:], "the others are there")
    t.is_([left[-1][name] for name in ("user", "action", "kind", "name")], ["hand", "pruned", "Setting", "audit"], "the audit records it")
    t.is_((left[-1]["details"]["entries"], sorted(left[-1]["details"])), (10, ["entries", "newest", "oldest"]), "how many, and of when")
    for sql in ("DELETE FROM tablegate.audit", "SET tablegate.pruning = 'on'; DELETE FROM tablegate.audit", "SELECT tablegate.prune_audit(0)", "SELECT tablegate.prune_audit(NULL)"):
        try:
            p.postgres.psql("SET ROLE tablegate_owner; " + sql)
            t.ok(False, f"rejected: {sql}")
        except RuntimeError as error:
            t.like(str(error), "never changes|at least 30 days", f"rejected: {sql}")
    t.is_(entries(p), left, "what is younger than 30 days stays, whoever deletes")


def test(t):
    p = t.project()
    p.init()
    new = New(p)
    lives(t, p, new)
    callers(t, p, new)
    by_hand(t, p, new)
    del p.loader.env["TABLEGATE_WORKSPACE"]
    questions(t, p)
    pruning(t, p)


run_test(test)
