#!/usr/bin/env python3
"""What the loader rejects, no role can do by SQL: domains, authorizations, paths, business processes, gateways and versions of what is published."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kUsersCsv, run_test, users_definitions

kApi = "Query User by User ID"
kHost = "api.example.com"


def domain(p, **fields):
    whole = {"kind": "Domain", "name": kHost, "protocol": "HTTPS", "certificate": "/etc/tls/api.crt", "certificate_key": "/etc/tls/api.key", "force_https": True, **fields}
    if whole["protocol"] == "HTTP":
        for name in ("certificate", "certificate_key", "force_https"):
            del whole[name]
    return p.definitions([whole], "domain.json")


class Rules:
    def __init__(self, t, p):
        self.t, self.p = t, p

    def sql(self, who, sql, pattern=None):
        """pattern: what it fails with; None: it works."""
        try:
            self.p.postgres.psql(sql, user=who)
        except RuntimeError as error:
            return self.t.ok(False, f"{who}: {sql}", str(error)) if pattern is None else self.t.like(str(error), pattern, f"{who}: {sql}")
        return self.t.ok(pattern is None, f"{who}: {sql}")

    def run(self, who, *arguments):
        return self.p.loader(*arguments, env={"TABLEGATE_CATALOG": self.p.postgres.dsn(who)})


def published(t, p, rules):
    """While APIs are published."""
    for sql in ("DELETE FROM tablegate.rest_api_domain", "DELETE FROM tablegate.authorization", "UPDATE tablegate.rest_api SET name = 'other'",
                "UPDATE tablegate.gateway_instance SET publication = 99", "UPDATE tablegate.domain SET name = 'other.example.com'",
                "UPDATE tablegate.business_process SET rest_api_id = 2", "UPDATE tablegate.mirror_table SET name = 'other'"):
        rules.sql("dev", sql, "permission denied")
    rules.sql("dev", "SELECT tablegate.delete_as_developer('domain', (SELECT json_agg(json_build_object('name', name)) FROM tablegate.domain))", "published APIs")
    for sql in ("SET base_path = '/other'", """SET definition = jsonb_set(definition::jsonb, '{versioning}', '{"scheme": "path"}')::json"""):
        rules.sql("dev", f"UPDATE tablegate.rest_api {sql} WHERE name = 'dataservice-user-api'", "while APIs of it are published")
        rules.sql("dev", f"BEGIN; UPDATE tablegate.rest_api {sql} WHERE name = 'unused'; ROLLBACK")
    move = "UPDATE tablegate.api SET business_process_id = (SELECT business_process_id FROM tablegate.business_process WHERE name = '{}')"
    rules.sql("dev", move.format("Other Process"), "stays with its REST API")
    rules.sql("dev", "BEGIN; " + move.format("User Query Service 2") + "; ROLLBACK")
    rules.sql("dev", "UPDATE tablegate.api SET deleted_at = now(), business_process_id = NULL, table_name = NULL", "is published")
    rules.sql("dev", "BEGIN; UPDATE tablegate.api SET table_name = 'spare'; SELECT tablegate.delete_as_developer('mirror_table', '[{\"name\": \"user_info\"}]')", "read by a published version")
    services = """UPDATE tablegate.gateway_instance SET definition = jsonb_set(definition::jsonb, '{services}', '{"default": ["GROUP"]}')::json"""
    rules.sql("dev", services.replace("GROUP", "other"), "keeps the services")
    rules.sql("dev", f"BEGIN; {services.replace('GROUP', 'default')}; ROLLBACK")


def in_clear(t, p, rules):
    """A published domain is opened to calls in clear by operators only."""
    listed = {"cors": {"origins": ["https://app.example", "https://b.example"]}}
    t.is_(rules.run("op", "apply", "-f", domain(p, **listed)).rc, 0, "an operator lets pages of two origins in")
    t.is_(rules.run("dev", "apply", "-f", domain(p, cors={"origins": ["https://b.example"]})).rc, 0, "a developer leaves one out")
    for fields, pointer in (({"protocol": "HTTP"}, "/protocol"), ({"force_https": False}, "/force_https"), (listed, "/cors"), ({"cors": {"origins": ["*"]}}, "/cors")):
        done = rules.run("dev", "apply", "-f", domain(p, **fields))
        t.is_(done.rc, 1, f"a developer applies {fields}: exit 1") or t.diag(done)
        t.like(done.stderr, f"{pointer}.*tablegate_operator", "who may is named")
    change = "UPDATE tablegate.domain SET definition = {}"
    for definition in ("(definition::jsonb || '{\"protocol\": \"HTTP\"}')::json", "(definition::jsonb - 'force_https')::json", "(definition::jsonb - 'protocol')::json",
                       "jsonb_set(definition::jsonb, '{cors,origins}', '[\"*\"]')::json", "jsonb_set(definition::jsonb, '{cors,origins,1}', '\"https://c.example\"')::json"):
        rules.sql("dev", change.format(definition), "only members of tablegate_operator")
        rules.sql("postgres", f"SET ROLE tablegate_developer; {change.format(definition)}", "only members of tablegate_operator")
    rules.sql("dev", change.format("('{\"protocol\": \"HTTP\", ' || ltrim(definition::text, '{'))::json"), "repeats a member")
    rules.sql("dev", change.format("replace(definition::text, '{\"origins\"', '{\"origins\": [\"*\"], \"origins\"')::json"), "repeats a member")
    rules.sql("dev", change.format("(definition::jsonb || '{\"description\": \"new\"}')::json"))
    t.is_(rules.run("op", "apply", "-f", domain(p, force_https=False, cors={"origins": ["*"]})).rc, 0, "an operator switches force_https off, and lets all origins in")
    t.is_(rules.run("dev", "apply", "-f", domain(p, force_https=False, **listed)).rc, 0, "of all origins, a developer names some")
    t.is_(rules.run("dev", "apply", "-f", domain(p, force_https=False)).rc, 0, "and none")
    t.is_(rules.run("dev", "apply", "-f", domain(p)).rc, 0, "a developer switches it on again")


def strict_tables(t, p, rules):
    """A workspace without approval makes no Publishable version over the table of one that has it."""
    p.loader.must("init", "--workspace", "lax")
    objects = [{"kind": "RestApi", "name": "lax-api", "base_path": "/lax"}, {"kind": "BusinessProcess", "name": "Lax Process", "rest_api": "lax-api"},
               {"kind": "DataSource", "name": "lax_source", "type": "csv", "path": "x"},
               {"kind": "Table", "name": "lax_table", "data_source": "lax_source", "ddl": "CREATE TABLE lax_table (user_id BIGINT, user_name STRING);"},
               {**users_definitions()[-1], "name": "Lax API", "business_process": "Lax Process", "table": "lax_table"}]
    p.loader.must("apply", "-f", p.definitions(objects, "lax.json"), "--workspace", "lax")
    p.loader.must("workspace", "set", "demo", "--approval", "on")
    copy = ("INSERT INTO tablegate.api_version (api_id, version, status, definition, source, draft_digest, message)"
            " SELECT (SELECT api_id FROM tablegate.api WHERE name = 'Lax API'), 1, '{}', {}, {}, draft_digest, ''"
            " FROM tablegate.api_version WHERE version = 1")
    lax = "(source::jsonb || '{\"table\": \"lax_table\"}')::json"
    lax_definition = "(definition::jsonb || '{\"table\": \"lax_table\"}')::json"
    for definition, source in (("definition", "source"), ("definition", lax), (lax_definition, "source")):
        rules.sql("dev", copy.format("Publishable", definition, source), "cannot be Publishable")
    read = "; INSERT INTO tablegate.api_version_read (api_id, version, table_name) SELECT api_id, 1, '{}' FROM tablegate.api WHERE name = 'Lax API'"
    clean = copy.format("Publishable", lax_definition, lax)
    rules.sql("dev", f"BEGIN; {clean}{read.format('user_info')}; COMMIT", "requires approval")
    rules.sql("dev", f"BEGIN; {clean}{read.format('lax_table')}; ROLLBACK")
    rules.sql("dev", copy.format("Pending for Application", "definition", "source"), "belongs to another workspace and is not shared")
    for column in ("method", "path", "resource_group"):
        rules.sql("dev", copy.replace("message)", f"message, {column})").replace("''\"", "").format("Publishable", lax_definition, lax).replace(
            "draft_digest, '' FROM", f"draft_digest, '', {column} FROM"), f"permission denied|cannot insert a non-DEFAULT value into column \"{column}\"")
    rules.sql("dev", "UPDATE tablegate.mirror_table SET data_source_id = (SELECT data_source_id FROM tablegate.data_source WHERE name = 'lax_source')"
                     " WHERE name = 'user_info'", "belongs to another workspace")
    rules.sql("dev", "UPDATE tablegate.data_source SET workspace_id = 2", "permission denied")
    rules.sql("postgres", "UPDATE tablegate.data_source SET workspace_id = 2 WHERE name = 'odps_demo'", "never changes")
    p.loader.must("workspace", "set", "demo", "--approval", "off")


def unpublished(t, p, rules):
    """What a developer deletes takes along what refers to it, and is in the audit."""
    p.loader.must("api", "unpublish", kApi, "--yes")
    t.is_(rules.run("dev", "delete", "domain", kHost).rc, 0, "a developer deletes a domain without published APIs")
    t.is_(p.postgres.psql("SELECT count(*) FROM tablegate.rest_api_domain"), "0", "with its place at the REST API")
    t.is_(p.postgres.psql("SELECT count(*) FROM tablegate.audit WHERE action = 'domain removed' AND user_name = 'dev'"), "1", "the audit says who")
    p.loader.must("consumer", "authorize", "partner", "--rest-api", "unused")
    t.is_(rules.run("dev", "delete", "api", kApi).rc, 0, "a developer deletes an API with versions")
    t.is_(p.postgres.psql("SELECT count(*) FROM tablegate.authorization WHERE api_id IS NOT NULL"), "0", "with its authorizations")
    rules.sql("dev", "UPDATE tablegate.api SET deleted_at = NULL, table_name = 'user_info', business_process_id = 1 WHERE deleted_at IS NOT NULL", "was deleted")
    t.is_(rules.run("dev", "delete", "gatewayinstance", "dataservice-prod").rc, 0, "a developer deletes a gateway")
    numbers = "SELECT coalesce((SELECT publication FROM tablegate.gateway_instance), (SELECT max(publication) FROM tablegate.publication))"
    before = p.postgres.psql(numbers)
    rules.sql("dev", "INSERT INTO tablegate.gateway_instance (name, definition, publication, workspace_id) SELECT 'dataservice-prod',"
                     """ '{"kind": "GatewayInstance", "name": "dataservice-prod"}', 0, workspace_id FROM tablegate.workspace WHERE name = 'demo'""")
    t.is_(p.postgres.psql(numbers), before, "a gateway of its name continues the numbers")


def test(t):
    p = t.project()
    p.init()
    objects = users_definitions()
    p.apply([*objects, {"kind": "RestApi", "name": "unused", "base_path": "/unused"}, {"kind": "BusinessProcess", "name": "Other Process", "rest_api": "unused"},
             {"kind": "BusinessProcess", "name": "User Query Service 2", "rest_api": "dataservice-user-api"},
             {**objects[4], "name": "spare", "ddl": "CREATE TABLE spare (user_id BIGINT);"}])
    p.loader.must("apply", "-f", domain(p))
    p.load("user_info", kUsersCsv)
    p.loader.must("api", "test", kApi)
    p.loader.must("api", "commit", kApi)
    p.loader.must("api", "publish", kApi, "--domain", kHost)
    p.loader.must("consumer", "create", "partner")
    p.loader.must("consumer", "authorize", "partner", "--api", kApi)
    p.postgres.add_person("dev", "tablegate_developer")
    p.postgres.add_person("op", "tablegate_operator")
    p.loader.env["TABLEGATE_WORKSPACE"] = "demo"
    rules = Rules(t, p)
    published(t, p, rules)
    in_clear(t, p, rules)
    strict_tables(t, p, rules)
    unpublished(t, p, rules)


run_test(test)
