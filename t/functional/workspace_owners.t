#!/usr/bin/env python3
"""Workspaces are a boundary: what belongs to one is changed by it alone and used by others only when shared; by commands and by SQL."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kUsersCsv, run_test, users_definitions

kApi = "Query User by User ID"
kRest = "dataservice-user-api"
kOf = "belongs to workspace demo"


def one(kind, **change):
    found = [item for item in users_definitions() if item["kind"] == kind]
    return {**(found[0] if found else {"kind": kind}), **change}


class Acting:
    """The loader as one person in one workspace."""

    def __init__(self, t, p, person, workspace):
        self.t, self.p = t, p
        self.env = {"TABLEGATE_CATALOG": p.postgres.dsn(person), "TABLEGATE_WORKSPACE": workspace}

    def __call__(self, *words):
        return self.p.loader(*words, env=self.env)

    def apply(self, *objects):
        return self("apply", "-f", self.p.definitions(list(objects), "of_workspace.json"))

    def can(self, name, *objects):
        result = self.apply(*objects)
        self.t.ok(result.rc == 0, name, result)

    def cannot(self, name, word, *objects):
        result = self.apply(*objects)
        self.t.ok(result.rc == 1 and word in result.stderr, f"{name}: rejected ({word})", result)


def foreign(t, p, people):
    """What is not shared is neither changed nor used nor deleted by another workspace, whoever applies."""
    domain = {"kind": "Domain", "name": "demo.example"}
    people["demo"].can("demo makes a domain", domain)
    boss = Acting(t, p, "postgres", "reports")
    for who, reports in (("a developer", people["reports"]), ("a superuser", boss)):
        reports.can(f"{who} in reports applies what demo has, unchanged", one("RestApi"), domain, one("GatewayInstance"))
        reports.cannot(f"{who} changes a REST API of demo", f"/0/name: this REST API {kOf}", one("RestApi", description="mine"))
        reports.cannot(f"{who} changes a domain", f"this domain {kOf}", {**domain, "http2": False})
        reports.cannot(f"{who} changes a gateway instance", f"this gateway instance {kOf}", one("GatewayInstance", address="http://10.0.0.1"))
        reports.cannot(f"{who} puts a business process under demo's REST API", f"/0/rest_api: REST API \"{kRest}\" {kOf} and is not shared",
                       one("BusinessProcess", name="Guests Of Demo"))
        reports.cannot(f"{who} takes over a table", f"this table {kOf}", one("DataSource"), one("Table", time_zone="Asia/Shanghai"))
        reports.cannot(f"{who} makes a table of demo's data source", 'data source "odps_demo" ' + kOf, one("Table", name="copied"))
        reports.cannot(f"{who} reads demo's table", 'table "user_info" ' + kOf, {"kind": "RestApi", "name": "reports", "base_path": "/reports"},
                       one("BusinessProcess", name="Reports Process", rest_api="reports"), one("Api", business_process="Reports Process"))
        for kind, name in (("restapi", kRest), ("domain", "demo.example"), ("gatewayinstance", "dataservice-prod"), ("table", "user_info")):
            result = reports("delete", kind, name)
            t.ok(result.rc == 1 and kOf in result.stderr and "--workspace demo" in result.stderr, f"{who} deletes a {kind}: rejected", result)
    made = [{"kind": "RestApi", "name": "reports", "base_path": "/reports"}, one("BusinessProcess", name="Reports Process", rest_api="reports"),
            one("DataSource"), one("Table", name="reports_users"), one("Api", business_process="Reports Process", table="reports_users")]
    people["reports"].can("reports makes its own", *made)
    t.is_(p.loader("table", "load", "reports_users", "--from", f"csv:{p.file('users.csv', kUsersCsv)}", "--header").rc, 0, "and loads its table")
    for words in (("test", kApi), ("commit", kApi)):
        t.is_(people["reports"]("api", *words).rc, 0, f"api {words[0]}")
    operator = Acting(t, p, "op", "reports")
    result = operator("api", "publish", kApi, "--domain", "demo.example")
    t.ok(result.rc == 1 and f'domain "demo.example" {kOf} and is not shared' in result.stderr, "publish on a domain of demo: rejected", result)
    t.is_(operator("api", "publish", kApi, "--no-domain").rc, 0, "on the gateway instance, which every workspace uses")


def by_sql(t, p):
    """The catalog itself enforces it, whatever a developer or operator sends."""
    def fails(who, sql, word):
        try:
            p.postgres.psql(sql, user=who)
        except RuntimeError as error:
            return t.ok(word in str(error), f"{who}: {sql[:120]}", error)
        return t.ok(False, f"{who} must not: {sql}")
    space = "(SELECT workspace_id FROM tablegate.workspace WHERE name = 'reports')"
    rest = f"(SELECT rest_api_id FROM tablegate.rest_api WHERE name = '{kRest}')"
    not_shared = "belongs to another workspace and is not shared"
    fails("dev", f"INSERT INTO tablegate.business_process (workspace_id, name, rest_api_id, definition) VALUES ({space}, 'Guests Of Demo', {rest}, '{{}}')", not_shared)
    fails("dev", f"UPDATE tablegate.api SET table_name = 'user_info' WHERE workspace_id = {space}", not_shared)
    fails("dev", f"UPDATE tablegate.api SET business_process_id = (SELECT business_process_id FROM tablegate.business_process WHERE rest_api_id = {rest})"
                 f" WHERE workspace_id = {space}", "stays with its REST API")
    fails("dev", "UPDATE tablegate.mirror_table SET data_source_id = (SELECT data_source_id FROM tablegate.data_source d JOIN tablegate.workspace w"
                 " USING (workspace_id) WHERE w.name = 'demo' AND d.name = 'odps_demo') WHERE name = 'reports_users'", not_shared)
    fails("op", "INSERT INTO tablegate.rest_api_domain SELECT 'dataservice-prod', rest_api_id, 'demo.example' FROM tablegate.rest_api WHERE name = 'reports'", not_shared)
    # A version reads the table of its definition, which is its workspace's or shared; its workspace decides, whatever the columns say.
    version = (f"INSERT INTO tablegate.api_version (api_id, version, status, definition, source, draft_digest) SELECT api_id, 9, 'Publishable', {{}}, {{}}, '\\x00'"
               f" FROM tablegate.api_version WHERE version = 1 AND api_id IN (SELECT api_id FROM tablegate.api WHERE workspace_id = {space})")
    changed = "({0}::jsonb || '{{\"table\": \"{1}\"}}')::json"
    for definition, source, word in (("user_info", "user_info", not_shared), ("reports_users", "user_info", "is compiled for the table of its definition"),
                                     ("user_info", "reports_users", "is compiled for the table of its definition"), ("nothing", "nothing", not_shared)):
        fails("dev", version.format(changed.format("definition", definition), changed.format("source", source)), word)
    twice = "('{\"table\": \"user_info\",' || substr(" + changed.format("definition", "reports_users") + "::text, 2))::json"
    fails("dev", version.format(twice, "source"), "repeats a member")
    # A script reads the tables of its source, each of which is its workspace's or shared.
    script = "((definition::jsonb - 'table') || '{\"mode\": \"script\", \"sql\": \"SELECT user_id FROM user_info\"}')::json"
    tables = "((source::jsonb - 'table') || '{{\"tables\": [{{{}}}]}}')::json"
    fails("dev", version.format(script, tables.format('"table": "user_info"')), not_shared)
    fails("dev", version.format(script, "source"), "is compiled for the tables of its source")
    twice = "replace(" + tables.format('"table": "reports_users"') + "::text, '{\"table\"', '{\"table\": \"user_info\", \"table\"')::json"
    fails("dev", version.format(script, twice), "repeats a member")
    p.postgres.psql(version.format("definition", "source"), user="dev")
    t.is_(p.postgres.psql("SELECT table_name, column_name IS NULL FROM tablegate.api_version_read WHERE version = 9"), "reports_users|t",
          "the catalog itself records what a version reads")
    p.postgres.psql("BEGIN; ALTER TABLE tablegate.mirror_table DISABLE TRIGGER USER; UPDATE tablegate.mirror_table SET workspace_id ="
                    " (SELECT workspace_id FROM tablegate.workspace WHERE name = 'demo') WHERE name = 'reports_users'; ALTER TABLE tablegate.mirror_table ENABLE TRIGGER USER; COMMIT")
    for column in ("version = 9", "canary_version = 9, canary_weight = 5"):
        fails("op", f"UPDATE tablegate.published_api SET {column}", not_shared)
    p.postgres.psql(f"BEGIN; ALTER TABLE tablegate.mirror_table DISABLE TRIGGER USER; UPDATE tablegate.mirror_table SET workspace_id = {space} WHERE name = 'reports_users';"
                    " ALTER TABLE tablegate.mirror_table ENABLE TRIGGER USER; COMMIT")
    for table in ("rest_api", "domain", "gateway_instance", "mirror_table", "data_source"):
        for who, why in (("dev", "permission denied"), ("postgres", "never changes")):
            fails(who, f"UPDATE tablegate.{table} SET workspace_id = {space} WHERE workspace_id <> {space}", why)
    for table in ("rest_api", "domain", "mirror_table", "data_source"):
        fails("dev", f"UPDATE tablegate.{table} SET shared = true", "only members of tablegate_operator")


def shared(t, p, people):
    """An operator shares; others use it, but change nothing of it; it stays shared while they do."""
    objects = [one("RestApi", shared=True), {"kind": "Domain", "name": "demo.example", "shared": True}, one("DataSource", shared=True), one("Table", shared=True)]
    people["demo"].cannot("a developer shares", "/0/shared: an operator decides what is shared", *objects)
    p.postgres.psql("GRANT tablegate_developer TO op")
    operator = Acting(t, p, "op", "demo")
    operator.can("an operator shares what demo has", *objects)
    people["demo"].can("a file that leaves shared out keeps it", one("RestApi"), one("Table"))
    t.is_(people["demo"]("get", "restapi", kRest, "-o", "json").json["shared"], True, "get shows it")
    t.like(people["reports"]("get", "tables").stdout, r"user_info +odps_demo +3 +demo \(shared\)", "others list what is shared")
    guests = [one("BusinessProcess", name="Guests Of Demo"), one("Table", name="copied", data_source="guest_source"),
              {"kind": "DataSource", "name": "guest_source", "type": "csv"}, one("Api", name="Guest API", business_process="Guests Of Demo", path="/guest")]
    people["reports"].can("reports uses REST API and table", *guests)
    people["reports"].cannot("but changes nothing of it", kOf, one("RestApi", description="mine"))
    reports = people["reports"]
    for words in (("api", "test", "Guest API"), ("api", "commit", "Guest API")):
        t.is_(reports(*words).rc, 0, " ".join(words[:2]))
    t.is_(Acting(t, p, "op", "reports")("api", "publish", "Guest API", "--domain", "demo.example").rc, 0, "and publishes on the shared domain")
    exported = os.path.join(p.folder, "exported")
    t.is_(reports("export", exported).rc, 0, "export of reports")
    result = reports("apply", "-f", exported, "-o", "json")
    t.ok(result.rc == 0 and {item["action"] for item in result.json} == {"unchanged"}, "applied again it is all unchanged", result)
    for item, pointer in ((one("RestApi", shared=False), 'other workspaces use it: "reports"'), (one("Table", shared=False), 'other workspaces use it: "reports"'),
                          ({"kind": "Domain", "name": "demo.example", "shared": False}, 'other workspaces use it: "reports"')):
        operator.cannot(f"an operator ends the sharing of a {item['kind']} in use", pointer, item)
    operator.can("of a data source that nobody uses", one("DataSource", shared=False))
    people["demo"].cannot("a gateway instance is always shared", "must be true", one("GatewayInstance", shared=False))


def strict(t, p, people):
    """A version over a table of a workspace with approval is not released without it."""
    for name in ("demo", "reports"):
        p.loader.must("workspace", "set", name, "--approval", "on")
    people["reports"].can("a draft over a shared table", one("Api", name="Guest API", business_process="Guests Of Demo", path="/guest", description="more"))
    t.is_(people["reports"]("api", "test", "Guest API").rc, 0, "api test")
    t.is_(people["reports"]("api", "commit", "Guest API", "-o", "json").json["status"], "Pending for Application", "committed under approval")
    p.loader.must("workspace", "set", "reports", "--approval", "off")
    operator = Acting(t, p, "op", "reports")
    result = operator("api", "approve", "Guest API", "--version", "2")
    t.ok(result.rc == 1, "the table's workspace still requires approval: an operator cannot release it", result)
    p.postgres.psql("INSERT INTO tablegate.api_version (api_id, version, status, definition, source, draft_digest) SELECT api_id, 3, status, definition, source, '\\x00'"
                    " FROM tablegate.api_version WHERE version = 2 AND api_id = (SELECT api_id FROM tablegate.api WHERE name = 'Guest API')", user="dev")
    said = p.postgres.psql("SELECT tablegate.requires_approval(api_id, 3) FROM tablegate.api WHERE name = 'Guest API'")
    t.is_(said, "t", "nor a version that was inserted without what it reads")
    p.loader.must("workspace", "set", "demo", "--approval", "off")
    t.is_(operator("api", "approve", "Guest API", "--version", "2", "-o", "json").json["status"], "Publishable", "neither does: released")


def members(t, p, people):
    """A workspace that names a role is changed by its members alone, by any means."""
    p.postgres.psql("CREATE ROLE team_reports")
    operator = Acting(t, p, "op", "reports")
    t.is_(operator("workspace", "set", "reports", "--members", "nobody_there").rc, 1, "a role that is not there")
    t.is_(operator("workspace", "set", "reports", "--members", "team_reports").stdout, "workspace reports: members team_reports\n", "workspace set --members")
    t.is_([(item["name"], item["members"]) for item in p.loader.json("workspace", "list")], [("demo", None), ("reports", "team_reports")], "workspace list")
    who = "does not belong to the members of workspace reports"
    people["reports"].cannot("who is no member changes nothing", who, one("Api", name="Guest API", business_process="Guests Of Demo", path="/guest2"))
    for words in (("delete", "table", "copied"), ("api", "test", "Guest API"), ("table", "load", "reports_users", "--from", f"csv:{p.file('u.csv', kUsersCsv)}", "--header")):
        result = people["reports"](*words)
        t.ok(result.rc == 1 and who in result.stderr, f"{' '.join(words[:2])}: rejected", result)
    for sql in ("UPDATE tablegate.rest_api SET definition = '{}' WHERE name = 'reports'", "SELECT tablegate.delete_as_developer('data_source', '[{\"name\": \"guest_source\"}]')",
                "SELECT tablegate.delete_as_developer('api_test', json_agg(json_build_object('api_id', api_id))) FROM tablegate.api_test", "SELECT tablegate.submit_version(api_id, 3, '', NULL) FROM tablegate.api WHERE name = 'Guest API'",
                "INSERT INTO tablegate.generation_partition SELECT table_name, generation, 'ds=1', 0, 0 FROM tablegate.generation WHERE table_name = 'reports_users'",
                """SELECT mirror_load.create_generation('reports_users', 777, '[{"name": "a", "sql_type": "integer"}]')""",
                *(f"SELECT mirror_load.{name}" for name in (
                    "seal_generation('reports_users', 1, 0, '[]', '[]')", "swap_generation('reports_users', 1)", "drop_generation('reports_users', 1)",
                    "drop_table('reports_users')", "carry_over('reports_users', 2, '[]', '[]', true)", "carry_over_other_keys('reports_users', 2, '[]')",
                    "build_index('reports_users', 1, '[\"user_id\"]')", "add_locks('reports_users')", "take_lock('load reports_users', false)",
                    "take_lock('step reports_users', true)")),
                "UPDATE tablegate.generation SET row_count = 0 WHERE table_name = 'reports_users'"):
        try:
            p.postgres.psql(sql, user="dev")
        except RuntimeError as error:
            t.ok(who in str(error), f"dev: {sql}", error)
        else:
            t.ok(False, f"dev must not: {sql}")
    t.is_(p.postgres.psql("SELECT tablegate.watch_table('reports_users'), tablegate.watch_table('user_info')", user="dev"), "f|t", "nor does it refresh its tables")
    p.postgres.psql("UPDATE tablegate.mirror_table SET refresh_schedule = '1h', refresh_time_zone = 'UTC' WHERE name = 'reports_users'")
    result = people["reports"]("table", "watch", "--once", "--allow-source", "csv:/tmp")
    t.ok(result.rc == 0 and "reports_users: not refreshed: your user is no member of its workspace" in result.stdout, "table watch names them", result)
    p.postgres.psql("UPDATE tablegate.mirror_table SET refresh_schedule = NULL, refresh_time_zone = NULL WHERE name = 'reports_users'")
    people["demo"].can("demo is as open as before", one("RestApi", description="new"))
    p.postgres.psql("GRANT team_reports TO dev")
    t.is_(p.postgres.psql("SELECT tablegate.watch_table('reports_users')", user="dev"), "t", "a member refreshes")
    people["reports"].can("a member does", one("Api", name="Guest API", business_process="Guests Of Demo", path="/guest2"))
    t.is_(operator("workspace", "set", "reports", "--members", "everyone").rc, 0, "and everyone again")


def empty(t, p):
    """A workspace that a misspelt init made is deleted, one that holds something is not."""
    p.loader.must("init", "--workspace", "demmo")
    result = p.loader("workspace", "delete", "reports")
    t.ok(result.rc == 1 and "workspace reports is not empty: it has" in result.stderr, "one that is not empty: rejected", result)
    t.is_(Acting(t, p, "dev", "demmo")("workspace", "delete", "demmo").rc, 1, "a developer deletes none")
    key = p.loader.json("consumer", "add-key", "demmo")["id"]
    result = p.loader("workspace", "delete", "demmo")
    t.ok(result.rc == 1 and f'API key "{key}"' in result.stderr, "one whose consumer has a key: rejected", result)
    p.loader.must("consumer", "revoke-key", "demmo", key)
    t.is_(Acting(t, p, "op", "demmo")("workspace", "delete", "demmo", "-o", "json").json, {"name": "demmo", "action": "deleted"}, "an operator deletes an empty one")
    t.is_([item["name"] for item in p.loader.json("workspace", "list")], ["demo", "reports"], "it is gone")
    t.unlike(p.loader.must("consumer", "list").stdout, "demmo", "and its consumer")
    t.is_(p.loader("workspace", "delete", "demmo").rc, 1, "again: there is none")


def upgraded(t, p):
    """A catalog of before: what exists belongs to the only workspace that uses it, else it is shared; init reports it."""
    p.postgres.psql("DROP FUNCTION tablegate.within_workspace, tablegate.uses_own_or_shared, tablegate.shared_by_operator, tablegate.other_users,"
                    " tablegate.acts_in CASCADE;"
                    + "".join(f"DROP TRIGGER stays_in_its_workspace ON tablegate.{table}; ALTER TABLE tablegate.{table} DROP shared;"
                              for table in ("domain", "gateway_instance", "rest_api", "mirror_table", "data_source"))
                    + "".join(f"ALTER TABLE tablegate.{table} DROP workspace_id;" for table in ("domain", "gateway_instance", "rest_api", "mirror_table"))
                    + "".join(f"UPDATE tablegate.{table} SET definition = replace(definition::text, ',\"shared\":true', '')::json;"
                              for table in ("domain", "rest_api", "mirror_table"))
                    + "ALTER TABLE tablegate.workspace DROP members; REVOKE DELETE ON tablegate.workspace FROM tablegate_operator;"
                      "ALTER TABLE tablegate.published_api DROP route; DROP TABLE tablegate.gateway_key; ALTER TABLE tablegate.api_version DROP gateway_keys, DROP allow_scan, DROP plan; ALTER TABLE tablegate.gateway_instance DROP services;"
                    "ALTER TABLE tablegate.api DROP table_names, DROP script_tables, ADD CONSTRAINT api_check CHECK (deleted_at IS NOT NULL OR (business_process_id IS NOT NULL AND table_name IS NOT NULL)); ALTER TABLE tablegate.api_test DROP described;"
                      "SET search_path = tablegate; DROP INDEX business_process_of_rest_api, mirror_table_of_data_source, api_of_workspace,"
                      " api_of_business_process, api_of_table, published_api_of_version, published_api_of_canary, publication_of_api, rest_api_domain_of_rest_api,"
                      " rest_api_domain_of_domain, api_key_of_consumer, hmac_key_of_consumer, authorization_of_api, authorization_of_rest_api;"
                      "DELETE FROM tablegate.migration WHERE version >= 12")
    # Of its own init also makes the two keys that gateways share.
    counted = "SELECT count(*) FILTER (WHERE kind <> 'Setting'), (SELECT revision FROM tablegate.catalog_revision) - count(*) FILTER (WHERE kind = 'Setting') / 2 FROM tablegate.audit"
    audited = p.postgres.psql(counted)
    told = p.loader.must("init", "--workspace", "demo").stdout
    for line in (f'REST API "{kRest}" belongs to workspace demo and is shared: used by workspace reports\n', 'REST API "reports" belongs to workspace reports\n',
                 'domain "demo.example" belongs to workspace demo and is shared: used by workspace reports\n', 'domain "unused.example" belongs to workspace demo and is shared\n',
                 'table "user_info" belongs to workspace demo and is shared: used by workspace reports\n', 'table "reports_users" belongs to workspace reports\n',
                 'gateway instance "dataservice-prod" belongs to workspace'):
        t.ok(line in told, f"init says: {line.strip()}", told)
    t.is_(p.postgres.psql(counted), audited, "no entry in the audit, no new revision")
    people = {name: Acting(t, p, "dev", name) for name in ("demo", "reports")}
    people["demo"].can("what is there is applied by its workspace", one("RestApi", description="new"), {"kind": "Domain", "name": "demo.example"})
    people["reports"].can("and used by the other", one("BusinessProcess", name="Guests Of Demo", description="still here"))
    t.is_(p.loader.must("init", "--workspace", "demo").stdout, "unchanged\n", "init again: unchanged")


def test(t):
    p = t.project()
    p.init()
    p.loader.must("workspace", "create", "reports")
    p.postgres.add_person("dev", "tablegate_developer")
    p.postgres.add_person("op", "tablegate_operator")
    people = {name: Acting(t, p, "dev", name) for name in ("demo", "reports")}
    people["demo"].can("demo makes its own", *users_definitions())
    p.loader.env["TABLEGATE_WORKSPACE"] = "demo"
    p.load("user_info", kUsersCsv)
    foreign(t, p, people)
    by_sql(t, p)
    shared(t, p, people)
    strict(t, p, people)
    members(t, p, people)
    empty(t, p)
    people["demo"].can("a domain that nobody uses", {"kind": "Domain", "name": "unused.example"})
    upgraded(t, p)


run_test(test)
