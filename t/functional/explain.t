#!/usr/bin/env python3
"""`tablegate explain` shows the fields of every kind, and a misspelt word is answered with the one that was meant: verbs, options, kinds, fields, columns,
names of objects, --workspace and --gateway."""
import glob
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kCheckout, run_test, users_definitions
from tg_hints import hints_of

kUsers = "Query User by User ID"


def explained(t, p):
    kinds = p.loader.json("explain")
    t.is_(len(kinds), len(glob.glob(os.path.join(kCheckout, "schema", "definitions", "*.schema.json"))), "explain lists every kind")
    for kind in kinds:
        with open(next(path for path in glob.glob(os.path.join(kCheckout, "schema", "definitions", "*")) if f'"title": "{kind["name"]}"' in open(path).read())) as file:
            schema = json.load(file)
        shown = p.loader.json("explain", kind["name"])
        t.is_([(one["name"], one["required"], one.get("default")) for one in shown["fields"]],
              [(name, name in schema["required"], field.get("default")) for name, field in schema["properties"].items() if name != "$schema"],
              f"explain {kind['name']} has the fields of the schema")
    text = p.loader.must("explain", "api").stdout
    for line in ("  name: string, required\n", "  method: GET or POST, default: GET\n", "  timeout_ms: integer, 1 to 90000, default: 3000\n",
                 "  tags: list of strings, at most 5 items, no item twice\n", "tablegate explain Api.hmac\n"):
        t.ok(line in text, f"explain Api: {line.strip()}", text)
    t.is_(p.loader.must("explain", "Api.request_parameters[].in").stdout,
          "Api.request_parameters.in: The part of the request that contains it. body requires method POST.\n"
          "  query, path, header, body, default: body for a POST, otherwise query\n", "a field of a list's items")
    t.like(p.loader.must("explain", "consumers").stdout, "not supported yet: description\n", "what is not supported yet")
    t.is_(p.loader.json("explain", "Api.timeout_ms"), {"name": "Api.timeout_ms", "description": "The time limit of a call in milliseconds: until its answer, or the first part of a long one.", "type": "integer",
                                                       "required": False, "default": 3000, "minimum": 1, "maximum": 90000}, "-o json of a field")
    for words, said, hint in ((("explain", "Apii.method"), 'unknown kind "Apii" (did you mean "Api"?)', "tablegate explain api.method"),
                              (("explain", "Api.metod"), 'Api has no field "metod" (did you mean "method"?)', "tablegate explain Api.method"),
                              (("explain", "Api.hmac.colour"), 'Api.hmac has no field "colour"', "tablegate explain Api.hmac"),
                              (("explain", "Api.name.x"), "Api.name has no fields", "tablegate explain Api.name")):
        misspelt(t, p, words, said, hint, 2)


def misspelt(t, p, words, said, hint, rc=1, **options):
    result = p.loader(*words, **options)
    t.ok(result.rc == rc and said in result.stderr and hints_of(result) == [hint], f"{' '.join(words)}: {said}", result)


def command_line(t, p):
    t.is_(p.loader.must("version").stdout, p.loader.must("--version").stdout, "tablegate version")
    t.is_(list(p.loader.json("version")), ["version"], "-o json of version")
    misspelt(t, p, ("aply", "-f", "x.json"), 'unknown command "aply" (did you mean "apply"?)', "tablegate apply -f x.json", 2)
    misspelt(t, p, ("aply",), 'unknown command "aply" (did you mean "apply"?)', "tablegate --help", 2)  # -f is missing as well
    misspelt(t, p, ("api", "pubish", "X"), 'unknown command "pubish" (did you mean "publish"?)', "tablegate api publish X", 2)
    misspelt(t, p, ("api", "publish", "X", "--verison=2"), "unknown option --verison=2 (did you mean \"--version\"?)", "tablegate api publish X --version=2", 2)
    misspelt(t, p, ("consumer", "authorize", "demo"), "one of --api and --rest-api is required", "tablegate consumer authorize --help", 2)
    misspelt(t, p, ("consumer", "add-key", "demo", "--type", "apikey"), '--type must be api_key or hmac, not "apikey" (did you mean "api_key"?)', "tablegate consumer add-key --help", 2)
    misspelt(t, p, ("table", "load", "t", "--keep", "1000"), '--keep must be 2 to 100, not "1000"', "tablegate table load --help", 2)
    misspelt(t, p, ("api", "publish", "X", "--domain", "a", "--no-domain"), "--domain and --no-domain cannot be given together", "tablegate api publish --help", 2)
    path = p.file("staff.json", "[]")
    misspelt(t, p, ("apply", path), "--file is required before", f"tablegate apply -f {path}", 2)
    misspelt(t, p, ("apply", "-f", path.replace("staff", "stafff")), '(did you mean "staff.json"?)', f"tablegate apply -f {path}", 3)
    misspelt(t, p, ("api", "diff", "X"), "A (a version, or draft) is required", "tablegate api diff --help", 2)
    misspelt(t, p, ("api", "list", "-o", "csv"), 'not "csv"', "tablegate api list -o json", 2)
    t.is_(p.loader.must("help", "api", "diff").stdout, p.loader.must("api", "diff", "--help").stdout, "tablegate help VERB")
    misspelt(t, p, ("api", "list"), "neither --catalog nor TABLEGATE_CATALOG is set", "tablegate api list --catalog 'host=HOST dbname=NAME'", 3,
             env={"TABLEGATE_CATALOG": "", "PGHOST": p.folder})
    misspelt(t, p, ("api", "test", "X", "--param"), "--param requires a value (K=V)", "tablegate api test --help", 2)


def broken(t, p):
    """Values that are not allowed are repeated, and nothing is said of what follows from them."""
    rest = next(one for one in users_definitions() if one["kind"] == "RestApi")
    process = {**next(one for one in users_definitions() if one["kind"] == "BusinessProcess"), "rest_api": "new-api"}
    table = next(one for one in users_definitions() if one["kind"] == "Table")
    api = {**users_definitions()[-1], "name": "New Users"}
    where = "tablegate explain Api.response_parameters.mask"
    for change, said, hint in (({"response_parameters": [{"name": "age", "mask": None}]}, ', "null", not null: write "null" in quotes', where),
                               ({"response_parameters": [{"name": "age", "mask": "hahs"}]}, ', not "hahs" (did you mean "hash"?)', where),
                               ({"request_parameters": [{"name": "user_id", "type": "LONG", "required": "no"}]}, 'must be a boolean: write true or false, not "no"',
                                "tablegate explain Api.request_parameters.required"),
                               ({"workspace": "demo"}, "the workspace is an option of the command, --workspace NAME", "tablegate explain Api"),
                               ({"request_parameters": []}, 'if the table has no primary key', "tablegate explain Api.request_parameters")):
        misspelt(t, p, ("apply", "-f", p.definitions([{**api, **change}], "changed.json")), said, hint)
    misspelt(t, p, ("apply", "-f", p.definitions([{**table, "name": "days", "ddl": "CREATE TABLE days (d DATTE)"}], "ddl.json")),
             'type datte is not known (did you mean "date"?)', "tablegate explain Table.ddl")
    for what, wrong in (("a field", {**rest, "name": "new-api", "oops": 1}), ("its kind", {**rest, "name": "new-api", "kind": "RestApii"})):
        result = p.loader("apply", "-f", p.definitions([wrong, {**process, "name": "New Process"}, {**api, "business_process": "New Process"}], "follow.json"))
        t.ok(result.rc == 1 and "there is no" not in result.stderr and "problems" not in result.stderr, f"{what} of a RestApi is wrong: nothing of what uses it", result)
    result = p.loader("apply", "-f", p.definitions([{"kind": "Consumer", "name": "fresh"}], "fresh.json"))
    t.ok(result.rc == 0 and "has no key yet: tablegate consumer add-key fresh" in result.stderr, "a new consumer has no key", result)


def objects(t, p):
    t.is_(p.loader.must("tables", "status").stdout, p.loader.must("table", "status").stdout, "a noun in the plural is the noun")
    t.is_(p.loader.must("get", "gateways").stdout, p.loader.must("get", "GatewayInstance").stdout, "get gateways")
    for change, said, hint in (({"table": "user_inof"}, '/table: there is no table "user_inof" (did you mean "user_info"?)', "tablegate get tables"),
                               ({"business_process": "User Query Servcie"}, '(did you mean "User Query Service"?)', "tablegate get businessprocesses"),
                               ({"metod": "GET"}, '/metod: unknown field "metod" (did you mean "method"?)', "tablegate explain Api"),
                               ({"response_parameters": [{"name": "user_nmae"}]}, 'has no column "user_nmae" (did you mean "user_name"?)', "tablegate table columns user_info"),
                               ({"order_by": [{"column": "agee"}]}, '/order_by/0/column: table "user_info" has no column "agee" (did you mean "age"?)', "tablegate table columns user_info")):
        path = p.definitions([{**users_definitions()[-1], **change}], "changed.json")
        misspelt(t, p, ("apply", "-f", path), said, hint)
    new = {**next(one for one in users_definitions() if one["kind"] == "Table"), "name": "new_users"}
    path = p.definitions([new, {**users_definitions()[-1], "table": "new_users", "order_by": [{"column": "agee"}]}], "changed.json")
    misspelt(t, p, ("apply", "-f", path), '(did you mean "age"?)', "tablegate explain Api.order_by.column")  # no table to show the columns of
    path = p.file("cut.json", "{")
    misspelt(t, p, ("apply", "-f", path), "cut.json:1:2: ", f"sed -n 1,1p {path}")
    broken(t, p)
    for words, said, hint in ((("api", "show", "Query Usr by User ID"), f'(did you mean "{kUsers}"?)', "tablegate api list"),
                              (("table", "status", "user_inof"), 'there is no table "user_inof" (did you mean "user_info"?)', "tablegate get tables"),
                              (("table", "load", "USER_INFO"), '(did you mean "user_info"?)', "tablegate get tables"),
                              (("consumer", "show", "dmeo"), 'there is no consumer "dmeo" (did you mean "demo"?)', "tablegate consumer list"),
                              (("get", "restapi", "dataservice-user-ap"), '(did you mean "dataservice-user-api"?)', "tablegate get RestApi"),
                              (("delete", "datasource", "odps_dmeo"), '(did you mean "odps_demo"?)', "tablegate get DataSource"),
                              (("workspace", "delete", "dmeo"), '(did you mean "demo"?)', "tablegate workspace list"),
                              (("api", "list", "--workspace", "dmeo"), 'there is no workspace "dmeo" (there is "demo")', "tablegate api list --workspace demo"),
                              (("workspace", "set", "dmeo", "--approval", "on"), '(did you mean "demo"?)', "tablegate workspace list"),
                              (("gateway", "status", "dataservice-prdo"), '(did you mean "dataservice-prod"?)', "tablegate get gateways"),
                              (("gateway", "status", "--gateway", "other"), '(there is "dataservice-prod")', "tablegate gateway status --gateway dataservice-prod"),
                              (("usage", "--api", "Query User by Usr ID"), f'(did you mean "{kUsers}"?)', "tablegate api list")):
        misspelt(t, p, words, said, hint)
    misspelt(t, p, ("api", "list"), 'there is no workspace "other" (there is "demo")', "tablegate api list --workspace demo", env={"TABLEGATE_WORKSPACE": "other"})
    p.load("user_info", "user_id,user_name,age\n10001,Alice,25\n")
    p.publish(kUsers)
    p.apply([{"kind": "Domain", "name": "old.example"}])
    misspelt(t, p, ("api", "publish", kUsers, "--domain", "old.exmaple"), 'there is no domain "old.exmaple" (did you mean "old.example"?)', "tablegate get domains")
    misspelt(t, p, ("api", "publish", kUsers, "--gateway", "dataservice-prdo"), '(there is "dataservice-prod")', f"tablegate api publish '{kUsers}' --gateway dataservice-prod")


def test(t):
    p = t.project()
    explained(t, p)
    command_line(t, p)
    p.init()
    p.apply(users_definitions())
    objects(t, p)


run_test(test)
