#!/usr/bin/env python3
"""Definitions in YAML do what the same ones in JSON do: apply, diff and deploy of files, folders and standard input; several documents in a file; faults have
line and column; `export --yaml` writes what apply finds unchanged and what other YAML readers read alike."""
import json
import os
import sys

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kUsersCsv, run_test, users_definitions

kApi = "Query User by User ID"
kShared = """\
# The gateway and what all teams share
kind: GatewayInstance
name: dataservice-prod
address: http://127.0.0.1:8080
---
- kind: RestApi
  name: dataservice-user-api
  base_path: /v1
- kind: BusinessProcess
  name: User Query Service
  rest_api: dataservice-user-api
---
kind: DataSource
name: odps_demo
type: csv
path: /srv/user_info.csv
"""
kTable = """\
kind: Table
name: user_info
data_source: odps_demo
primary_key: [user_id]
ddl: |-
  CREATE TABLE user_info (user_id BIGINT, user_name STRING, age BIGINT);
"""
kApiText = """\
kind: Api
name: Query User by User ID
business_process: User Query Service
path: /user/info
mode: wizard
table: user_info
result: object
authentication: [api_key]
request_parameters:
  - &id {name: user_id, column: user_id, type: LONG, sample: 10001}
response_parameters:
  - name: user_id
    column: user_id
  - {name: user_name, column: user_name}
"""


def as_objects():
    objects = users_definitions()
    objects[3]["path"] = "/srv/user_info.csv"
    return objects


def reading(t, p):
    folder = os.path.join(p.folder, "definitions")
    os.makedirs(os.path.join(folder, "apis"))
    for name, text in (("shared.yaml", kShared), ("table.yml", kTable), ("apis/api.yaml", kApiText)):
        p.file(os.path.join("definitions", name), text)
    t.is_({one["action"] for one in p.loader.json("apply", "-f", folder)}, {"created"}, "a folder of *.yaml and *.yml")
    path = p.definitions(as_objects())
    t.is_({one["action"] for one in p.loader.json("apply", "-f", path)}, {"unchanged"}, "they are what JSON says")
    done = p.loader.json("apply", "-f", "-", input=kShared + "---\n" + kTable + "---\n" + kApiText)
    t.is_([one["action"] for one in done], ["unchanged"] * 6, "YAML on standard input, several documents")
    done = p.loader.json("apply", "-f", "-", input=" \n" + json.dumps(as_objects()))
    t.is_([one["action"] for one in done], ["unchanged"] * 6, "JSON on standard input")
    done = p.loader.json("diff", "-f", p.file("changed.yaml", kApiText + "timeout_ms: 0x7D0\ndescription: no\n"))
    t.is_([(change["field"], change["after"]) for change in done[0]["changes"]], [("/timeout_ms", 2000), ("/description", "no")],
          "diff: `no` is a text, numbers are numbers")
    p.load("user_info", kUsersCsv)
    done = p.loader.json("deploy", "-f", folder, "--no-domain")
    t.ok(done, "deploy of the folder")
    t.is_(p.loader.json("api", "list")[0]["name"], kApi, "the API is there")


def faults(t, p):
    for name, text, message in (
            ("syntax.yaml", "kind: Api\nname: [x\npath: /x\n", r"syntax\.yaml:3:5: not YAML: "),
            ("tag.yml", "kind: Api\nname: !!str x\n", r"tag\.yml:2:7: tags such as !!str are not supported"),
            ("merge.yaml", "a: &a {b: 1}\nc:\n  <<: *a\n", r"merge\.yaml:3:3: merge keys"),
            ("twice.yaml", "kind: Domain\nname: a.example.com\nname: b.example.com\n", r"twice\.yaml:3:1 /name: is repeated"),
            ("big.yaml", "kind: Domain\nname: a.example.com\ndescription: 12345678901234567890\n", r"big\.yaml:3:1 /description: must be a string"),
            ("rule.yaml", kTable + "---\n" + kApiText + "timeout_ms: 0\n", r"rule\.yaml:22:1 /1/timeout_ms: must be 1 to 90000"),
            ("unknown.yaml", "- " + kApiText.replace("\n", "\n  ") + "oops: 1\n", r"unknown\.yaml:15:3 /0/oops: unknown field"),
            ("reference.yaml", kApiText.replace("table: user_info", "table: missing"), r"reference\.yaml:6:1 /table: "),
            ("empty.yaml", "# nothing\n", r"empty\.yaml: has no definition"), ("text.yaml", "hello\n", r"text\.yaml:1:1: must be an object"),
            ("syntax.json", '{"kind":\n "Api",}', r"syntax\.json:2:8: not JSON: ")):
        done = p.loader("apply", "-f", p.file(name, text))
        t.is_(done.rc, 1, f"{name} is rejected")
        t.like(done.stderr, message, "with its place")
    done = p.loader("apply", "-f", "-", input="kind: Domain\nname: a.example.com\n---\nkind: Domain\nname: a.example.com\n")
    t.like(done.stderr, r"standard input:5:1 /1/name: .* is defined twice: also in standard input:1:1 /0;", "standard input has lines as well")
    empty = os.path.join(p.folder, "nothing")
    os.mkdir(empty)
    t.like(p.loader("apply", "-f", empty).stderr, r"has no file \*\.json, \*\.yaml or \*\.yml", "a folder without definitions")


def exporting(t, p):
    awkward = "SELECT 'x' -- no\n\n  FROM t\n"
    p.apply([{"kind": "Domain", "name": "*.wild.example.org", "description": awkward}, {"kind": "Domain", "name": "a.example.org", "description": "on"},
             {"kind": "RestApi", "name": "1e3", "base_path": "/", "description": "2026-11-30"}, {"kind": "RestApi", "name": "null", "base_path": "/n", "description": "ends \n"},
             {**users_definitions()[5], "name": "1234", "request_parameters": [{"name": "user_name", "column": "user_name", "type": "STRING", "sample": "0x10"}]}])
    folder = os.path.join(p.folder, "exported")
    written = p.loader.json("export", "--yaml", folder)
    t.ok(all(one["file"].endswith(".yaml") for one in written) and len(written) >= 11, "files *.yaml")
    t.is_({one["action"] for one in p.loader.json("apply", "-f", folder)}, {"unchanged"}, "apply finds all of them unchanged")
    with open(os.path.join(folder, "domains", "_.wild.example.org.yaml"), encoding="utf-8") as file:
        t.is_(file.read(), "kind: Domain\nname: \"*.wild.example.org\"\ndescription: |\n  SELECT 'x' -- no\n\n    FROM t\n", "texts of several lines are blocks")
    piped = p.loader.must("export", "--yaml", "-").stdout
    done = p.loader.json("apply", "-f", "-", input=piped)
    t.is_((len(done), {one["action"] for one in done}), (len(written), {"unchanged"}), "export --yaml -: documents that apply reads")
    t.is_(p.loader("diff", "-f", folder, "--exit-code").rc, 0, "diff too")
    as_json = json.loads(p.loader.must("export", "-").stdout)
    t.is_(list(yaml.safe_load_all(piped)), as_json, "a reader of YAML 1.1 reads what the JSON export has")
    done = p.loader("export", folder)
    t.ok(done.rc == 1 and ".yaml" in done.stderr, "JSON into a folder of YAML would define everything twice: rejected", done)


def test(t):
    p = t.project()
    p.init()
    reading(t, p)
    faults(t, p)
    exporting(t, p)


run_test(test)
