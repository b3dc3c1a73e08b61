#!/usr/bin/env python3
"""APIs in mode script without tags, from the definition to the answer and through every command: each answer has the rows that the same
SELECT has in psql."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import request, run_test, users_definitions

kUsers = "user_id,user_name,age\n" + "".join(f"{i},{name},{age}\n" for i, name, age in (
    (1, "Ann", 30), (2, "Bo", ""), (3, "爱丽丝", 20), (4, "Dee", 30), (5, "O'Neil", 41)))
kOrders = "order_id,user_id,amount,day,at\n" + "".join(f"{i},{i % 4 + 1},{i * 10.25},2026-01-{i % 9 + 1:02},2026-01-{i % 9 + 1:02}T0{i % 10}:00:00+00:00\n" for i in range(1, 31))

kScripts = {
    # name: (path, sql, parameters, values, sql for psql)
    "Joined": ("/joined", "SELECT o.order_id, u.user_name, o.amount, o.day\nFROM orders o JOIN user_info u ON u.user_id = o.user_id\n"
               "WHERE o.amount >= ${least} AND u.user_name <> #{not_name,jdbcType=VARCHAR}\nORDER BY o.order_id;",
               [("least", "DECIMAL", "100.5"), ("not_name", "STRING", "Bo")]),
    "Aggregate": ("/aggregate", "SELECT u.user_name AS name, count(*) AS orders, sum(o.amount) AS total, max(o.at) AS last\n"
                  "FROM orders o JOIN user_info u ON u.user_id = o.user_id WHERE o.day >= ${day}\nGROUP BY u.user_name ORDER BY total DESC",
                  [("day", "DATE", "2026-01-03")]),
    "With Cte": ("/cte", "WITH cte AS (SELECT user_id, sum(amount) AS total FROM orders GROUP BY user_id) SELECT u.user_id, cte.total AS total\n"
            "FROM user_info u LEFT JOIN cte ON cte.user_id = u.user_id WHERE u.user_id > ${id} ORDER BY u.user_id", [("id", "LONG", "1")]),
    "Window": ("/window", "SELECT order_id, row_number() OVER (PARTITION BY user_id ORDER BY amount DESC) AS place, amount::double precision AS real_amount\n"
               "FROM orders WHERE user_id = ${id} ORDER BY order_id", [("id", "INT", "2")]),
    "Lists": ("/lists", "SELECT user_id, user_name, age\nFROM user_info WHERE user_id = ANY (${ids}) ORDER BY user_id", [("ids", "LONG_LIST", "1,3,3,99")]),
    "Types": ("/types", "SELECT 1::smallint AS small, user_id::integer AS whole, 1.50::numeric AS exact, 0.1::real AS single, true AS yes, "
              "NULL::text AS nothing, user_name::varchar AS name, '2026-02-01'::date AS day, '{\"a\": [1]}'::jsonb AS doc\nFROM user_info WHERE user_id = ${id}",
              [("id", "LONG", "3")]),
    "Maybe": ("/maybe", "SELECT user_id\nFROM user_info WHERE (${age} IS NULL OR age = ${age}) ORDER BY user_id LIMIT 3", [("age", "LONG", None)]),
}


def orders_table(**fields):
    return {"kind": "Table", "name": "orders", "data_source": "odps_demo", "primary_key": ["order_id"],
            "ddl": "CREATE TABLE orders (order_id BIGINT, user_id BIGINT, amount DECIMAL(10,2), day DATE, at TIMESTAMP);", **fields}


def script(name, path, sql, parameters, **fields):
    listed = [{"name": parameter, "type": kind, **({"sample": sample} if sample is not None else {"required": False})} for parameter, kind, sample in parameters]
    return {"kind": "Api", "name": name, "business_process": "User Query Service", "path": path, "mode": "script", "data_source": "odps_demo",
            "sql": sql, "authentication": [], "request_parameters": listed, **fields}


def definitions():
    return users_definitions()[:-1] + [orders_table()] + [script(name, path, sql, parameters) for name, (path, sql, parameters) in kScripts.items()]


def in_psql(p, sql, parameters):
    """The rows of the script in psql, each value as PostgreSQL's JSON has it."""
    for name, kind, sample in parameters:
        value = "NULL::bigint" if sample is None else f"'{sample}'"
        value = f"'{{{sample}}}'" if kind.endswith("_LIST") else value
        for written in (f"${{{name}}}", f"#{{{name},jdbcType=VARCHAR}}"):
            sql = sql.replace(written, value)
    text = p.postgres.psql(f"SET search_path = mirror; SET timezone = 'UTC'; SELECT coalesce(json_agg(row_to_json(q)), '[]') FROM ({sql.rstrip(';')}) q")
    return json.loads(text, parse_float=str)


def target(path, parameters):
    return "/v1" + path + "?" + "&".join(f"{name}={sample}" for name, _, sample in parameters if sample is not None)


def answers(t, p):
    for name, (path, sql, parameters) in kScripts.items():
        answer = p.get(target(path, parameters), key="")
        t.is_(answer.status, 200, f"{name}: 200") or t.diag(answer.text)
        t.is_(json.loads(answer.text, parse_float=str)["data"], in_psql(p, sql, parameters), f"{name}: the rows of psql")
    age = kScripts["Maybe"]
    t.is_([row["user_id"] for row in p.get("/v1/maybe?age=30", key="").json["data"]], [1, 4], "an optional parameter that is given")
    t.is_([row["user_id"] for row in p.get("/v1/lists?ids=1&ids=2,5", key="").json["data"]], [1, 2, 5], "a list of several parameters")
    t.is_(p.get("/v1/lists?ids=x", key="").json["error"], "invalid_parameter", "a list of another type")
    t.is_(p.get("/v1/cte", key="").json["error"], "missing_parameter", "a required parameter")
    hostile = "x' OR '1'='1"
    answer = p.get("/v1/joined?least=0&not_name=x%27%20OR%20%271%27=%271", key="")
    t.is_(len(answer.json["data"]), 30, f"a value is never SQL: {hostile}")


def commands(t, p):
    shown = p.loader.must("api", "test", "Joined", "--explain").stdout
    t.ok('FROM "mirror"."orders" o JOIN "mirror"."user_info" u' in shown and "$1 = 100.5 (least)" in shown, "api test --explain: the statement and its values", shown)
    explained = p.loader.json("api", "test", "Joined", "--explain")
    t.is_([one["name"] for one in explained["values"]], ["least", "not_name"], "... as JSON")
    plan = p.loader.json("api", "plan", "Joined")
    t.is_([one["with"] for one in plan["paths"]], [[]], "api plan: one path")
    t.ok("Plan" in plan["paths"][0]["generic"][0], "... with its plan")
    text = p.loader.must("api", "show", "Lists").stdout
    t.ok("LONG_LIST" in text and "ids" in text, "api show has the type of a list", text)
    t.is_(p.loader.json("api", "show", "Lists")["definition"]["sql"], kScripts["Lists"][1], "... and the script as JSON")
    t.is_([one["name"] for one in p.loader.json("api", "list", "--grep", "row_number()")], ["Window"], "api list --grep finds text of scripts")
    t.is_(p.loader.json("api", "list", "--grep", "no such text"), [], "... and nothing else")
    path, sql, parameters = kScripts["With Cte"]
    p.apply([script("With Cte", path, sql.replace("> ${id}", ">= ${id}"), parameters)])
    difference = p.loader.json("api", "diff", "With Cte", "1", "draft")
    t.is_([one["field"] for one in difference["changes"]], ["/sql"], "api diff: the script")
    t.is_(difference["breaking"], [], "another statement breaks no caller")
    text = p.loader.must("api", "diff", "With Cte", "1", "draft").stdout
    t.ok("\n+ " in "\n" + text and ">= ${id}" in text and "WITH cte AS" not in text, "... line by line for people", text)
    p.apply([script("With Cte", path, sql.replace("total AS total", "total AS sum").replace("cte.total", "cte.total::text"), parameters)])
    p.loader.must("api", "test", "With Cte")
    result = p.loader("api", "commit", "With Cte")
    t.ok(result.rc == 1 and "response field total was removed" in result.stderr, "another name of a column breaks callers", result)
    p.apply([script("With Cte", path, sql.replace("cte.total AS", "cte.total::text AS"), parameters)])
    p.loader.must("api", "test", "With Cte")
    result = p.loader("api", "commit", "With Cte")
    t.ok(result.rc == 1 and "response field total: type was numeric and is text" in result.stderr, "another type breaks callers", result)
    p.apply([script("With Cte", path, sql, parameters)])
    t.is_(p.loader.must("api", "commit", "With Cte").stdout, "With Cte: unchanged (version 1, Publishable)\n", "the same draft again")
    readers = p.loader("delete", "table", "orders")
    t.ok(readers.rc == 1 and "is read by API" in readers.stderr and '"Joined"' in readers.stderr, "a table that scripts read is kept", readers)
    p.loader.must("table", "advise", "user_info")


def documents(t, p):
    spec = p.loader.json("openapi")
    operation = spec["paths"]["/v1/lists"]["get"]
    t.is_(operation["parameters"][0]["schema"]["type"], "array", "OpenAPI: a list is an array")
    row = spec["paths"]["/v1/types"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    t.ok('"whole"' in json.dumps(row) and '"int32"' in json.dumps(row), "the fields come from the description", row)
    exported = p.loader.must("get", "api", "Window", "-o", "json").stdout
    t.is_(p.loader.must("apply", "-f", "-", input=exported).stdout.split("\n")[0], 'Api  Window  unchanged', "what was exported applies unchanged")


def deployed(t, p):
    """Another version by deploy, beside the first one as a canary, and back; and a folder of exported definitions."""
    path, sql, parameters = kScripts["Window"]
    folder = os.path.join(p.folder, "exported")
    p.loader.must("export", "--yaml", folder)
    written = open(os.path.join(folder, "apis", "User-Query-Service", "Window.yaml"), encoding="utf-8").read()
    t.ok("sql: |" in written and "FROM orders WHERE user_id = ${id}" in written, "export --yaml writes the script as lines", written)
    t.like(p.loader.must("diff", "-f", folder).stdout, ": no difference\n", "diff of what was exported")
    file = p.definitions([script("Window", path, sql.replace("ORDER BY order_id", "ORDER BY place"), parameters)], "window.json")
    changes = p.loader("diff", "-f", file)
    t.ok("  + /sql:2: " in changes.stdout and "/sql:1" not in changes.stdout, "diff: the line that differs", changes)
    p.loader.must("deploy", "-f", file)
    p.sync_and_reload()
    t.is_([row["place"] for row in p.get(target(path, parameters), key="").json["data"]][:3], [1, 2, 3], "deploy: the other order")
    p.loader.must("api", "rollback", "Window")
    p.loader.must("api", "publish", "Window", "--version", "2", "--weight", "50")
    p.sync_and_reload()
    t.is_(p.get(target(path, parameters), key="").status, 200, "a canary beside it")


def object_result(t, p):
    one = script("One User", "/one", "SELECT u.user_name AS name, u.age\nFROM user_info u WHERE u.user_id = ${user_id}", [("user_id", "LONG", "1")], result="object",
                 response_parameters=[{"name": "name", "type": "STRING", "description": "the user's name"}, {"name": "age", "as": "string"}],
                 envelope="dataworks", method="POST")
    p.apply([one])
    p.publish("One User")
    p.sync_and_reload()
    answer = request(p.gateway.port, "/v1/one", "POST", {"Content-Type": "application/json"}, json.dumps({"user_id": 1}))
    t.is_((answer.status, answer.json["data"]), (200, {"name": "Ann", "age": "30"}), "an object, in the envelope of DataWorks")
    answer = request(p.gateway.port, "/v1/one", "POST", {"Content-Type": "application/json"}, json.dumps({"user_id": 77}))
    t.is_(answer.json["data"], None, "... or null")
    p.loader.must("api", "unpublish", "One User", "--yes")
    wrong = {**one, "name": "Wrong User", "path": "/wrong"}
    for change, words in (({"response_parameters": [{"name": "age"}, {"name": "name"}]}, ("/response_parameters/0/name", 'column 1 of the script is "name"')),
                          ({"response_parameters": [{"name": "name"}]}, ("/response_parameters", "2 columns"))):
        result = p.loader("apply", "-f", p.definitions([{**wrong, **change}], "wrong.json"))
        t.ok(result.rc == 1 and all(word in result.stderr for word in words), f"rejected: {words}", result)


def sql_file(t, p):
    path, sql, parameters = kScripts["Lists"]
    one = {name: value for name, value in script("From File", "/file", "", parameters).items() if name != "sql"}
    p.file("lists.sql", sql)
    p.apply([{**one, "sql_file": "lists.sql"}])
    t.is_(p.loader.json("get", "api", "From File")["sql"], sql, "sql_file: its text is saved")
    t.is_(p.loader.must("apply", "-f", p.definitions([{**one, "sql": sql}], "text.json")).stdout, 'Api  From File  unchanged\n', "... as the same text in sql")
    for name, word in (("../lists.sql", "below the folder"), ("/etc/passwd", "below the folder"), ("none.sql", "none.sql")):
        result = p.loader("apply", "-f", p.definitions([{**one, "sql_file": name}], "wrong.json"))
        t.ok(result.rc != 0 and "/sql_file" in result.stderr and word in result.stderr, f"sql_file {name} is rejected", result)


def test(t):
    p = t.project()
    p.serve(definitions(), {"user_info": kUsers, "orders": kOrders})
    answers(t, p)
    commands(t, p)
    documents(t, p)
    deployed(t, p)
    object_result(t, p)
    sql_file(t, p)


run_test(test)
