#!/usr/bin/env python3
"""Pages of scripts: each page, the total and the walk by cursor against psql; the generation of one table and of several; what is rejected."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions

kUsers = "user_id,user_name,age\n" + "".join(f"{i},{'Bo' if i % 2 else 'Ann'},{'' if i == 3 else 20 + i}\n" for i in range(1, 6))
kOrders = "order_id,user_id,amount,at\n" + "".join(f"{i},{'' if i % 7 == 0 else i % 4 + 1},{i * 10.25},2026-01-{i % 9 + 1:02}T0{i % 10}:00:00+00:00\n" for i in range(1, 32))

kKeyed = """SELECT o.order_id AS "id", o.user_id AS who, o.amount, o.at FROM orders o
<where>
  <if test="least != null">and o.amount &gt;= ${least}</if>
  <if test="ids != null and ids.size() > 0">and o.order_id IN <foreach collection="ids" item="one" open="(" separator="," close=")">${one}</foreach></if>
</where>
ORDER BY who DESC, id LIMIT 4;"""
kJoined = """WITH u AS (SELECT user_id, user_name FROM user_info)
SELECT u.user_name, o.order_id, o.amount FROM orders o JOIN u ON u.user_id = o.user_id WHERE o.amount >= ${least}
ORDER BY <choose><when test="by == 'amount'">o.amount DESC, o.order_id</when><otherwise>u.user_name, o.order_id</otherwise></choose>"""
kGrouped = "SELECT user_id, count(*) AS orders, sum(amount) AS total FROM orders GROUP BY user_id ORDER BY total DESC, user_id"
kSame = "SELECT order_id FROM orders WHERE at &lt; '2030-01-01' ORDER BY order_id"
kChanging = "SELECT order_id FROM orders WHERE at &lt; now() ORDER BY order_id"
kNever = "SELECT order_id FROM orders <where><if test=\"a != null\">order_id = ${a}</if><if test=\"b != null\">order_id > ${b}</if></where> ORDER BY order_id"


def api(name, path, sql, parameters, **fields):
    return {"kind": "Api", "name": name, "business_process": "User Query Service", "path": path, "mode": "script", "data_source": "odps_demo", "sql": sql,
            "authentication": [], "request_parameters": parameters, "pagination": {"enabled": True, "default_size": 4, "max_size": 20}, **fields}


def optional(name, kind):
    return {"name": name, "type": kind, "required": False}


def definitions():
    orders = {"kind": "Table", "name": "orders", "data_source": "odps_demo", "primary_key": ["order_id"],
              "ddl": "CREATE TABLE orders (order_id BIGINT, user_id BIGINT, amount DECIMAL(10,2), at TIMESTAMP);"}
    return users_definitions()[:-1] + [orders,
        api("Keyed Pages", "/keyed", kKeyed, [optional("least", "DECIMAL"), optional("ids", "LONG_LIST")]),
        api("Joined Pages", "/joined", kJoined, [{"name": "least", "type": "DECIMAL", "sample": 50}, optional("by", "STRING")]),
        api("Grouped Pages", "/grouped", kGrouped, [], pagination={"enabled": True, "default_size": 4, "max_size": 20, "total": False}),
        api("Same Pages", "/same", kSame, []),
        api("Changing Pages", "/changing", kChanging, []),
        api("Broken Pages", "/broken", kNever, [optional("a", "LONG"), optional("b", "LONG")])]


def in_psql(p, sql):
    return json.loads(p.postgres.psql(f"SET search_path = mirror; SET timezone = 'UTC'; SELECT coalesce(json_agg(q), '[]') FROM ({sql}) q"), parse_float=str)


def page(p, path, query=""):
    answer = p.get(f"/v1{path}?{query}", key="")
    return json.loads(answer.text, parse_float=str)["data"] if answer.status == 200 else answer.text


def by_number(t, p, path, query, sql, size, total=True):
    """All pages, and the one past the end, against the rows of psql."""
    rows = in_psql(p, sql)
    t.ok(len(rows) > size, f"{path}: more rows than a page")
    for number in range(1, len(rows) // size + 3):
        data = page(p, path, f"{query}&pageSize={size}&pageNum={number}")
        if not t.is_([data["rows"], data.get("totalNum"), data["pageNum"]], [rows[(number - 1) * size:number * size], len(rows) if total else None, number], f"{path}?{query}: page {number} by {size}"):
            t.diag(data)


def cursors(t, p):
    sql = "SELECT order_id AS id, user_id AS who, amount, at FROM orders WHERE true {} ORDER BY who DESC, id"
    for query, condition in (("", ""), ("least=100", "AND amount >= 100"), ("ids=1,7,14,9,30,2,3,21", "AND order_id IN (1,7,14,9,30,2,3,21)")):
        rows, size, found, cursor, steps = in_psql(p, sql.format(condition)), 3, [], "", 0
        while cursor is not None and steps < 30:
            data = page(p, "/keyed", f"{query}&pageSize={size}{cursor and '&cursor=' + cursor}")
            steps += 1
            found += data["rows"]
            t.ok(data["totalNum"] == len(rows) and data["generation"] == 1 and ("pageNum" in data) == (steps == 1), f"/keyed?{query}: step {steps}", data) if steps < 3 else None
            cursor = data["nextCursor"]
        t.is_(found, rows, f"/keyed?{query}: the walk by cursor has each row once, in order, {steps} pages")
    first = page(p, "/keyed", "least=100")["nextCursor"]
    t.is_(p.get(f"/v1/keyed?least=200&cursor={first}", key="").json["error"], "invalid_parameter", "a cursor belongs to its conditions")
    t.ok("AS t" in p.loader.must("api", "test", "Keyed Pages", "--explain").stdout, "api test --explain: the statement of a page")


def several_tables(t, p):
    data = page(p, "/joined", "least=0")
    t.is_(list(data), ["totalNum", "pageSize", "rows", "pageNum", "generation"], "no cursor where the order is not one over a table's key")
    t.is_(data["generation"], {"orders": 1, "user_info": 1}, "the generation of each table, by name")
    p.load("user_info", kUsers.replace("Ann", "Zoe"))
    again = page(p, "/joined", "least=0&pageSize=20")
    t.is_((again["generation"], again["rows"][0]["user_name"], again["totalNum"]), ({"orders": 1, "user_info": 2}, "Bo", data["totalNum"]), "after a swap of one of them")
    p.load("orders", "\n".join(kOrders.split("\n")[:10]))
    for _ in range(3):
        again = page(p, "/joined", "least=0&pageSize=20")
        t.is_((again["generation"], again["totalNum"]), ({"orders": 2, "user_info": 2}, len(again["rows"])), "the total is counted again after a swap of the other one")
    p.load("orders", kOrders)
    schema = p.loader.json("openapi")["paths"]["/v1/joined"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    t.ok('"orders"' in json.dumps(schema) and '"user_info"' in json.dumps(schema), "OpenAPI: generation is an object", schema)
    t.is_(p.get("/v1/keyed?cursor=x", key="").json["error"], "invalid_parameter", "a forged cursor")


def totals(t, p):
    """A row appears without a load: what was counted for the generation is wrong then, and only a statement that may change by itself is counted again."""
    p.gateway.set(workers=1)  # each remembers its own totals
    p.gateway.reload()
    count = page(p, "/same")["totalNum"]
    t.is_(page(p, "/changing")["totalNum"], count, "now(): the total")
    for more in (1, 2):
        p.postgres.psql(f"INSERT INTO mirror.orders (order_id, user_id, amount, at) VALUES ({1000 + more}, 1, 1, '2026-01-01')")
        t.is_(page(p, "/changing")["totalNum"], count + more, f"now(): it is counted again at each call, {more}")
        t.is_(page(p, "/same")["totalNum"], count, "... and that of the generation's rows alone is not")
    p.load("orders", kOrders)


def cursor_notes(t, p):
    note = "its pages have no cursors, only pageNum continues them: "
    filters = [optional("least", "DECIMAL"), optional("ids", "LONG_LIST")]
    for name, sql, parameters, reason in (("Noted Keyed", kKeyed, filters, None), ("Noted Grouped", kGrouped, [], "each column of ORDER BY"),
                                          ("Noted Joined", kJoined, [{"name": "least", "type": "DECIMAL", "sample": 50}, optional("by", "STRING")], "the script does not read exactly one table")):
        again = api(name, "/" + name.lower().replace(" ", "-"), sql, parameters)
        p.apply([again])
        shown = p.loader.must("api", "show", again["name"]).stdout
        t.ok("; whether there are cursors is known after `api test`" in shown and "no cursors" not in shown, f"{name}: api show of a draft that was not tested", shown)
        p.loader.must("api", "test", again["name"])
        said = p.loader.must("api", "commit", again["name"]).stderr
        t.ok(note + reason in said if reason else note not in said, f"{name}: commit says whether there are cursors", said)
        shown = p.loader.must("api", "show", again["name"]).stdout
        t.is_("; no cursors: only pageNum continues them" in shown, reason is not None, "... and so does api show") or t.diag(shown)


def rejections(t, p):
    result = p.loader("apply", "-f", p.definitions([api("Limited", "/limited", kKeyed, [optional("least", "DECIMAL"), optional("ids", "LONG_LIST")])], "limited.json"))
    t.ok(result.rc == 0 and "LIMIT" in result.stdout + result.stderr, "a LIMIT counts for nothing, with a warning", result)
    result = p.loader("apply", "-f", p.definitions([api("Unsorted", "/unsorted", "SELECT order_id FROM orders", [])], "unsorted.json"))
    t.ok(result.rc == 1 and "ORDER BY" in result.stderr, "pages require ORDER BY", result)
    result = p.loader("apply", "-f", p.definitions([api("One Object", "/one", "SELECT order_id FROM orders ORDER BY order_id", [], result="object")], "object.json"))
    t.ok(result.rc == 1 and "/result" in result.stderr, "no pages of an object", result)
    answer = p.get("/v1/broken?a=1&b=2", key="")
    t.ok(answer.status == 400 and "parameters a, b must have other values: this API has no statement for these" in answer.json["errMsg"], "a call without a statement is 400 and names the parameters", answer.text)
    t.is_([row["order_id"] for row in page(p, "/broken", "b=28")["rows"]], [29, 30, 31], "... the others have pages")


def test(t):
    p = t.project()
    p.serve(definitions(), {"user_info": kUsers, "orders": kOrders})
    by_number(t, p, "/keyed", "", "SELECT order_id AS id, user_id AS who, amount, at FROM orders ORDER BY who DESC, id", 5)
    by_number(t, p, "/joined", "least=50", "SELECT user_name, order_id, amount FROM orders JOIN user_info USING (user_id) WHERE amount >= 50 ORDER BY user_name, order_id", 9)
    by_number(t, p, "/joined", "least=0&by=amount", "SELECT user_name, order_id, amount FROM orders JOIN user_info USING (user_id) ORDER BY amount DESC, order_id", 10)
    by_number(t, p, "/grouped", "", kGrouped, 2, total=False)
    cursors(t, p)
    several_tables(t, p)
    totals(t, p)
    cursor_notes(t, p)
    rejections(t, p)
    t.unlike(p.gateway.log(), r"\[error\]", "no error in the log")


run_test(test)
