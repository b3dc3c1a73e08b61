#!/usr/bin/env python3
"""What the loader rejects, its messages, and what stays unchanged; exit statuses, help, JSON for scripts."""
import copy
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kTutorial, kUsersCsv, run_test, users_definitions

kApi = 5  # place of the Api in users_definitions()

# What is not supported yet: (the definition, what the message names)
kLater = [
    ({"kind": "Consumer", "name": "described", "description": "A caller"}, "description"),
]
# Plain mistakes: (change, JSON pointer named, word of the reason)
kWrong = [
    ({"colour": "red"}, "/5", "colour"), ({"timeout_ms": "3000"}, "/5/timeout_ms", ""), ({"timeout_ms": 90001}, "/5/timeout_ms", "90000"),
    ({"max_records": 0}, "/5/max_records", ""), ({"name": "abc"}, "/5/name", "4"), ({"path": "user"}, "/5/path", "/"),
    ({"path": "/a b"}, "/5/path", ""), ({"path": "/" + "x" * 200}, "/5/path", "200"), ({"table": "nothing"}, "/5/table", "nothing"),
    ({"business_process": "Nobody Here"}, "/5/business_process", "Nobody Here"), ({"mode": "wizzard"}, "/5/mode", ""),
    ({"request_parameters": []}, "/5", "parameter"),
    ({"request_parameters": [{"name": "user_id", "type": "STRING", "sample": "x"}]}, "/5/request_parameters/0", "STRING"),
    ({"request_parameters": [{"name": "nope", "type": "LONG"}]}, "/5/request_parameters/0", "nope"),
    ({"request_parameters": [{"name": "user_id", "type": "LONG", "sample": "ten"}]}, "/5/request_parameters/0/sample", ""),
    ({"request_parameters": [{"name": "user_id", "type": "LONG", "operator": "like", "sample": 1}]}, "/5/request_parameters/0/operator", "NOT LIKE"),
    ({"request_parameters": [{"name": "user_id", "type": "LONG", "operator": "LIKE", "sample": 1}]}, "/5/request_parameters/0/operator", "STRING"),
    ({"request_parameters": [{"name": "user_id", "type": "LONG", "operator": "=", "sample": [1]}]}, "/5/request_parameters/0/sample", "one value"),
    ({"request_parameters": [{"name": "user_id", "type": "LONG", "operator": "IN", "sample": [1, "x"]}]}, "/5/request_parameters/0/sample/1", "whole number"),
    ({"request_parameters": [{"name": "user_id", "type": "LONG", "operator": "IN", "sample": 1, "default": 1}]}, "/5/request_parameters/0/default", "required"),
    ({"request_parameters": [{"name": "user_id", "type": "LONG_LIST", "sample": 1}]}, "/5/request_parameters/0/type", "LONG"),
    ({"request_parameters": [{"name": "user_id", "type": "LONG"}, {"name": "user_id", "type": "LONG"}]}, "/5/request_parameters/1", ""),
    ({"request_parameters": [{"name": "id", "column": "user_id", "type": "LONG", "in": "path"}]}, "/5/request_parameters/0", "path"),
    ({"response_parameters": [{"name": "nope"}]}, "/5/response_parameters/0", "nope"), ({"response_parameters": []}, "/5/response_parameters", ""),
    ({"tags": ["a", "b", "c", "d", "e", "f"]}, "/5/tags", "5"), ({"authentication": ["api_key", "api_key"]}, "/5/authentication", "repeated"),
    ({"method": "PUT"}, "/5/method", "GET, POST"), ({"hmac": {}}, "/5/hmac", "authentication"), ({"authentication": ["oauth"]}, "/5/authentication/0", "hmac"),
    ({"authentication": ["jwt"], "api_key_source": {"in": "query", "name": "key"}}, "/5/api_key_source", "api_key"),
    *[({"authentication": ["hmac"], "hmac": hmac}, pointer, word) for hmac, pointer, word in (
        ({"methods": []}, "/5/hmac/methods", "at least 1"), ({"methods": ["HmacMD5"]}, "/5/hmac/methods/0", "HmacSHA256"),
        ({"methods": ["HmacSHA1", "HmacSHA1"]}, "/5/hmac/methods/1", "repeated"), ({"require_nonce": 1}, "/5/hmac/require_nonce", "boolean"),
        ({"window": 5}, "/5/hmac/window", "unknown"))],
    *[({"authentication": ["hmac"], "request_parameters": [{"name": name, "column": "user_id", "type": "LONG", "in": "header"}]},
       "/5/request_parameters/0/name", "signature") for name in ("X-Ca-Key", "x-ca-anything", "Accept", "date", "Content-Type", "Content-MD5")],
    ({"request_parameters": [{"name": "Authorization", "column": "user_id", "type": "LONG", "in": "header"}]}, "/5/request_parameters/0/name", "credential"),
    *[({"request_parameters": [{"name": name, "column": "user_id", "type": "LONG", "in": "header"}]}, "/5/request_parameters/0/name", "HTTP itself")
      for name in ("Accept", "accept-encoding", "Content-Type", "Content-Length", "HOST", "Cookie", "If-None-Match", "Transfer-Encoding", "Proxy-X", "Sec-Fetch-Mode")],
    ({"api_key_source": {"in": "header", "name": "Content-Type"}}, "/5/api_key_source/name", "HTTP itself"),
    ({"request_parameters": [{"name": "user_id", "type": "LONG", "in": "body"}]}, "/5/request_parameters/0/in", "POST"),
]


def changed(**change):
    objects = copy.deepcopy(users_definitions())
    objects[kApi].update(change)
    return objects


def has_next(result):
    """Whether the refusal ends with the command that helps."""
    return re.search(r"^try: \S", result.stderr, re.M) is not None


def catalog(p):
    return p.postgres.psql("SELECT (SELECT count(*) FROM tablegate.api), (SELECT count(*) FROM tablegate.rest_api), "
                           "(SELECT count(*) FROM tablegate.mirror_table), (SELECT count(*) FROM tablegate.gateway_instance)")


def applying(t, p):
    for definition, word in kLater:
        result = p.loader("apply", "-f", p.definitions(users_definitions() + [definition]))
        t.ok(result.rc == 1 and word in result.stderr and "not supported yet" in result.stderr and "definitions.json" in result.stderr and has_next(result),
             f"rejected: {word}", result)
    for change, pointer, word in kWrong:
        result = p.loader("apply", "-f", p.definitions(changed(**change)))
        t.ok(result.rc == 1 and pointer in result.stderr and word in result.stderr and "definitions.json" in result.stderr and has_next(result),
             f"refused: {json.dumps(change)[:70]}", result)
    both = changed(timeout_ms=0)
    both[4]["primary_key"] = ["nope"]
    result = p.loader("apply", "-f", p.definitions(both))
    t.ok("/4/primary_key" in result.stderr or "/5/timeout_ms" in result.stderr, "problems are listed with their places", result)
    for place, change, pointer in ((3, {"type": "oracle"}, "/3/type"), (4, {"primary_key": ["nope"]}, "/4/primary_key"), (4, {"time_zone": "Mars/Base"}, "/4/time_zone"),
                                   (4, {"time_zone": "CET"}, "/4/time_zone"), (4, {"time_zone": ""}, "/4/time_zone"), (4, {"time_zone": "asia/shanghai"}, "/4/time_zone"),
                                   (4, {"refresh": {"schedule": "@daily", "time_zone": "EST"}}, "/4/refresh/time_zone"), (4, {"refresh": {"schedule": "@daily", "time_zone": " "}}, "/4/refresh/time_zone"),
                                   (4, {"source_table": " "}, "/4/source_table"), (4, {"data_source": ""}, "/4/data_source"),
                                   (1, {"base_path": "v1"}, "/1/base_path"), (2, {"gateway_type": "none"}, "/2/gateway_type")):
        objects = copy.deepcopy(users_definitions())
        objects[place].update(change)
        result = p.loader("apply", "-f", p.definitions(objects))
        t.ok(result.rc == 1 and pointer in result.stderr and " /5" not in result.stderr,
             f"what others refer to is refused, and they are not: {pointer}", result)
    for zone, city in (("CET", "Europe/Berlin"), ("CST", "Asia/Shanghai (China), or America/Chicago"), ("GMT+8", "Asia/Shanghai"), ("PRC", "Asia/Shanghai"), ("Etc/UTC", "write UTC"), ("US/Pacific", "America/Los_Angeles")):
        objects = copy.deepcopy(users_definitions())
        objects[4]["time_zone"] = zone
        result = p.loader("apply", "-f", p.definitions(objects))
        t.ok(result.rc == 1 and city in result.stderr, f"time zone {zone}: refused with the city that is meant", result)
    for kind in ({"type": "csv", "path": ""}, {"type": "csv", "path": "  "}, {"type": "postgresql", "dsn": " "}, {"type": "postgresql", "dsn": ""}):
        result = p.loader("apply", "-f", "-", input=json.dumps({"kind": "DataSource", "name": "blank", **kind}))
        t.ok(result.rc == 1 and ("/path" in result.stderr or "/dsn" in result.stderr), f"a blank text is no value: {kind}", result)
    for text, what in (("{", "cut JSON"), ("[1]", "no object"), ('[{"kind":"Nothing","name":"x"}]', "unknown kind"), ('[{"name":"x"}]', "no kind"),
                       ('[{"kind":"Domain","name":"a.example","name":"b.example"}]', "a member given twice"), ('{"kind":"Domain","name":"\\u0000"}', "NUL")):
        result = p.loader("apply", "-f", p.file("bad.json", text))
        t.ok(result.rc == 1 and "bad.json" in result.stderr, f"refused: {what}", result)
    for name in ("a b", "a;b", "*", "-a.example", "a..b", "a.example/", "x{}"):
        result = p.loader("apply", "-f", "-", input=json.dumps({"kind": "Domain", "name": name}))
        t.is_(result.rc, 1, f"no host: {name!r}")
    result = p.loader("apply", "-f", "-", input=json.dumps({"kind": "Domain", "name": "a.example", "protocol": "HTTPS",
                                                            "certificate": "/a;b", "certificate_key": "/k"}))
    t.ok(result.rc == 1 and "/certificate" in result.stderr, "a path that could inject configuration", result)
    t.is_(catalog(p), "0|0|0|0", "nothing of all that was saved")


def living(t, p):
    p.apply(users_definitions())
    again = p.loader.json("apply", "-f", p.definitions(users_definitions()))
    t.is_({item["action"] for item in again}, {"unchanged"}, "the same again: unchanged")
    t.is_(sorted(again[0]), ["action", "kind", "name"], "-o json of apply")
    name = "Query User by User ID"
    for command, reason in ((("api", "test", name), "table load user_info"), (("api", "commit", name), "api test"),
                            (("api", "publish", name), "commit"), (("api", "publish", "Nothing at All"), "Nothing at All"),
                            (("table", "load", "nothing"), "nothing"), (("consumer", "add-key", "nobody", "--type", "api_key"), "nobody"),
                            (("get", "Api", "Nothing at All"), "Nothing at All"), (("sync", "--output", "/nonexistent/x/y"), "/nonexistent")):
        result = p.loader(*command)
        t.ok(result.rc in (1, 3) and reason in result.stderr and (result.rc == 3 or has_next(result)), f"{' '.join(command[:2])}: says {reason!r}", result)
    p.load("user_info", kUsersCsv)
    failed = p.loader("api", "test", name, "--param", "user_id=abc")
    t.ok(failed.rc == 1, "a test that is no 200 fails", failed)
    t.is_(p.loader("api", "commit", name).rc, 1, "and allows no commit")
    shape = p.loader.json("api", "test", name)
    t.is_(sorted(shape), ["duration_ms", "name", "passed", "response", "status"], "-o json of api test")
    empty = p.loader("api", "test", name, "--param", "user_id=5")
    t.ok(empty.rc == 0 and "no row" in empty.stdout + empty.stderr, "no row: passed, with a warning", empty)
    t.is_(sorted(p.loader.json("api", "commit", name)), ["name", "status", "version"], "-o json of api commit")
    t.like(p.loader.must("api", "commit", name).stdout, "unchanged", "the same draft again: unchanged")
    t.is_(p.loader("api", "publish", name, "--version", "7").rc, 1, "a version that is not there")
    t.is_(p.loader("api", "publish", name, "--service", "nope").rc, 1, "a service that the gateway does not have")
    t.is_(sorted(p.loader.json("api", "publish", name, "--no-domain")), ["gateway", "name", "publication", "version"], "-o json of api publish")
    versions = p.loader.json("api", "versions", name)
    t.is_(sorted(versions[0]), ["allow_scan", "author", "committed_at", "message", "published_on", "status", "version"], "-o json of api versions")
    for kind, named in (("Table", "user_info"), ("DataSource", "odps_demo"), ("RestApi", "dataservice-user-api"), ("Api", name),
                        ("BusinessProcess", "User Query Service"), ("GatewayInstance", "dataservice-prod")):
        result = p.loader("delete", kind, named)
        t.ok(result.rc == 1 and result.stderr, f"delete {kind}: refused while it is used", result)
    moved = copy.deepcopy(users_definitions())
    moved[1]["base_path"] = "/v2"
    t.is_(p.loader("apply", "-f", p.definitions(moved)).rc, 1, "the base path of a REST API with published APIs")
    rebound = copy.deepcopy(users_definitions())
    rebound.insert(1, {"kind": "RestApi", "name": "other", "base_path": "/o"})
    rebound[3]["rest_api"] = "other"
    t.is_(p.loader("apply", "-f", p.definitions(rebound)).rc, 1, "the REST API of a business process")
    clash = changed(name="Another Query of Users")[kApi]
    p.apply([clash])
    p.loader.must("api", "test", clash["name"])
    p.loader.must("api", "commit", clash["name"])
    result = p.loader("api", "publish", clash["name"], "--no-domain")
    t.ok(result.rc == 1 and name in result.stderr, "two APIs of one path: the other is named", result)
    generated = p.loader.must("api", "generate", "Users by Age", "--business-process", "User Query Service", "--table", "user_info",
                              "--path", "/user/age", "--by", "age").stdout
    t.is_(p.loader("apply", "-f", "-", input=generated).rc, 0, "what api generate prints, apply takes")
    columns = p.loader.json("table", "columns", "user_info")
    t.is_([column["name"] for column in columns], ["user_id", "user_name", "age"], "table columns")
    t.ok(any(item["name"] == name for item in p.loader.json("api", "list")), "api list")


def usage(t, p):
    t.is_(p.loader("frobnicate").rc, 2, "unknown command: 2")
    t.is_(p.loader("apply").rc, 2, "a missing option: 2")
    t.is_(p.loader("get", "Unicorn").rc, 2, "an unknown kind: 2")
    t.is_(p.loader("api", "list", env={"TABLEGATE_CATALOG": "host=/nonexistent dbname=x"}).rc, 3, "no database: 3")
    result = p.loader("api", "list", env={"TABLEGATE_CATALOG": "host=/nonexistent password=topsecret dbname=x"})
    t.unlike(result.stderr + result.stdout, "topsecret", "the DSN is not shown")
    for verb in ("init", "apply", "diff", "export", "deploy", "openapi", "get", "delete", "sync", "doctor", "gateway status", "gateway forget", "workspace create", "workspace list", "workspace set", "workspace delete", "table load", "table status",
                 "table columns", "table rollback", "table watch", "api generate", "api list", "api test", "api commit", "api versions", "api show", "api publish", "api unpublish",
                 "api call", "api deprecate", "usage", "consumer create", "consumer list", "consumer show", "consumer add-key", "consumer revoke-key", "consumer authorize",
                 "consumer deauthorize", "consumer enable", "consumer disable", "consumer delete",
                 "consumer set-jwt", "consumer unset-jwt", "api diff", "api rename", "api submit", "api approve", "api reject", "api rollback", "audit"):
        result = p.loader(*verb.split(), "--help")
        t.ok(result.rc == 0 and re.search(r"^\s*tablegate .*" + verb.split()[-1], result.stdout, re.M), f"--help with an example: {verb}", result)


def calling(t, p):
    """What was published is called as a person would, and the installation checked."""
    p.key = p.add_key()
    p.sync()
    p.gateway.set()
    p.gateway.start()
    url = f"http://127.0.0.1:{p.gateway.port}"
    result = p.loader("api", "call", "Query User by User ID", "--param", "user_id=10002", "--credential", "-", "--gateway-url", url, input=p.key)
    t.ok(result.rc == 0 and '{"data":{"user_id":10002,"user_name":"Bob"},"success":true}' in result.stdout, "api call", result)
    result = p.loader("api", "call", "Query User by User ID", "--credential", "-", "--gateway-url", url, input="tg_" + "x" * 43)
    t.is_(result.rc, 1, "api call with a wrong key fails")
    shown = p.loader.must("api", "show", "Query User by User ID").stdout
    t.like(shown, "curl ", "api show has a curl line")
    result = p.loader("doctor")
    t.is_(result.rc, 0, "doctor finds nothing wrong")
    p.postgres.psql("GRANT INSERT ON mirror.user_info TO tablegate_reader")
    result = p.loader("doctor")
    t.ok(result.rc == 1 and "FAIL" in result.stdout, "doctor finds a reader that may write", result)
    t.is_(p.loader("init", "--workspace", "demo").rc, 0, "init again")
    os.chmod(os.path.join(p.folder, "master.key"), 0o644)
    result = p.loader("init", "--workspace", "demo")
    t.ok(result.rc == 1 and "master.key" in result.stderr, "a master key that others can read", result)


def test(t):
    p = t.project()
    p.init()
    t.ok(os.path.isdir(kTutorial), "the tutorial's files are there")
    applying(t, p)
    living(t, p)
    usage(t, p)
    calling(t, p)


run_test(test)
