#!/usr/bin/env python3
"""Cursors: every row once in every kind of order, what they are bound to, forged ones, new keys, tables whose key changes."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import base64
import json
import urllib.parse

from tablegate_test import run_test

kDdl = "CREATE TABLE things (a BIGINT, b STRING, n BIGINT, d DECIMAL(10,2), at TIMESTAMP, f DOUBLE);"
kOrders = [[("a", "asc")], [("n", "asc")], [("n", "desc")], [("n", "desc"), ("d", "asc")], [("d", "asc"), ("n", "desc")], [("at", "desc"), ("f", "asc")],
           [("f", "asc")], [("b", "desc"), ("n", "asc")], [("n", "asc"), ("d", "asc"), ("at", "asc")]]


def rows():
    for a in range(1, 9):
        for b in "xyz":
            i = a * 3 + ord(b)
            yield (a, f'{b},"é', None if i % 3 == 0 else i % 4, None if i % 5 == 0 else f"{i % 3}.50",
                   None if i % 7 == 0 else f"2024-01-0{1 + i % 3} 10:00:00", None if i % 4 == 0 else i / 7)


def csv():
    def cell(value):
        return "" if value is None else '"' + value.replace('"', '""') + '"' if isinstance(value, str) else repr(value)
    return "a,b,n,d,at,f\n" + "".join(",".join(cell(value) for value in row) + "\n" for row in rows())


def api(number, order, **fields):
    return {"kind": "Api", "name": f"Things {number}", "business_process": "Things", "path": f"/things/{number}", "table": "things", "authentication": [],
            "request_parameters": [{"name": "least", "column": "a", "type": "LONG", "required": False}], "response_parameters": [{"name": "a"}, {"name": "b"}],
            "order_by": [{"column": column, "direction": direction} for column, direction in order], "pagination": {"default_size": 5}, **fields}


def parts(key=("id",), n="BIGINT NOT NULL"):
    ddl = f"CREATE TABLE parts (id BIGINT NOT NULL, part BIGINT NOT NULL, n {n});"
    return {"kind": "Table", "name": "parts", "data_source": "csv", "ddl": ddl, "primary_key": list(key)}


def definitions():
    return [{"kind": "GatewayInstance", "name": "g"}, {"kind": "RestApi", "name": "r", "base_path": "/v1"},
            {"kind": "BusinessProcess", "name": "Things", "rest_api": "r"}, {"kind": "DataSource", "name": "csv", "type": "csv"},
            {"kind": "Table", "name": "things", "data_source": "csv", "ddl": kDdl, "primary_key": ["a", "b"], "indexes": [["n", "a", "b"]]},
            parts(), {**api("parts", [("n", "asc")]), "table": "parts", "request_parameters": [], "response_parameters": [{"name": "id"}]},
            {"kind": "Table", "name": "loose", "data_source": "csv", "ddl": "CREATE TABLE loose (a BIGINT);"},
            *[api(number, order) for number, order in enumerate(kOrders)],
            api("other", kOrders[0]), api("among", kOrders[2], request_parameters=[{"name": "among", "column": "a", "type": "LONG", "operator": "IN", "sample": [1, 2]}]),
            {**api("loose", kOrders[0]), "table": "loose", "response_parameters": [{"name": "a"}]}]


def ask(p, path, **parameters):
    return p.get(f"/v1/things/{path}?{urllib.parse.urlencode(parameters)}", key="")


def walk(p, path, **parameters):
    found, cursor = [], {}
    for _ in range(50):
        answer = ask(p, path, **parameters, **cursor)
        if answer.status != 200:
            return answer
        found += [(row["a"], row["b"]) for row in answer.json["data"]["rows"]]
        if answer.json["data"]["nextCursor"] is None:
            return found
        cursor = {"cursor": answer.json["data"]["nextCursor"]}
    return found


def test_orders(t, p):
    for number, order in enumerate(kOrders):
        last = order[-1][1]
        words = ", ".join(f"{column} {direction}" for column, direction in [*order, *[(key, last) for key in ("a", "b") if key not in [c for c, _ in order]]])
        expected = [tuple(row) for row in json.loads(p.postgres.psql(f"SELECT json_agg(json_build_array(a, b) ORDER BY {words}) FROM mirror.things"))]
        for size in (1, 4, 5, 24):
            t.is_(walk(p, number, pageSize=size, returnTotalNum="false"), expected, f"each row once by {words}, {size} a page")


def test_form(t, p):
    answer = ask(p, 2)
    cursor = answer.json["data"]["nextCursor"]
    t.is_(ask(p, 2).json["data"]["nextCursor"], cursor, "equal pages have equal cursors")
    following = ask(p, 2, cursor=cursor)
    t.is_(list(following.json["data"]), ["totalNum", "pageSize", "rows", "nextCursor", "generation"], "a page after a cursor has no number")
    t.like(following.headers["link"], r'^<\?pageNum=1>; rel="first", <\?cursor=[-_A-Za-z0-9]+>; rel="next"$', "and links by cursor")
    t.is_(ask(p, 2, cursor=cursor, pageSize=3, returnTotalNum="false").status, 200, "size and total may change")
    last = ask(p, 2, pageSize=24)
    t.is_((len(last.json["data"]["rows"]), last.json["data"]["nextCursor"]), (24, None), "a full last page has none")
    loose = ask(p, "loose")
    t.is_(list(loose.json["data"]), ["totalNum", "pageSize", "rows", "pageNum", "generation"], "without a primary key there are none")
    t.is_(ask(p, "loose", cursor=cursor).status, 400, "and none is taken")


def test_bound(t, p):
    cursor = ask(p, 0, least=1, pageSize=1).json["data"]["nextCursor"]
    t.is_(ask(p, 0, least="1", cursor=cursor, pageSize=1).status, 200, "the same condition")
    t.is_(ask(p, 0, least="01", cursor=cursor).status, 200, "written in another way")
    among = ask(p, "among", among="1,2,3", pageSize=2).json["data"]["nextCursor"]
    rest = p.get(f"/v1/things/among?among=1&among=02&among=3&pageSize=2&cursor={among}", key="")
    t.is_((rest.status, len(rest.json["data"]["rows"])), (200, 2), "the same list, sent in another way")
    t.is_([ask(p, "among", among=one, cursor=among).status for one in ("1,2", "1,2,4", "1,23")], [400] * 3, "another list")
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    forged = [base64.urlsafe_b64encode(bytes([*raw[:i], raw[i] ^ 1, *raw[i + 1:]])).decode().rstrip("=") for i in range(len(raw))]
    cut = [cursor[:size] for size in (0, 1, 10, len(cursor) - 1)] + [cursor + "A", cursor + "=", "*" * 40, "A" * 3000]
    for what, answers in (("another condition", [ask(p, 0, least=2, cursor=cursor), ask(p, 0, cursor=cursor)]),
                          ("another API", [ask(p, "other", least=1, cursor=cursor), ask(p, 1, least=1, cursor=cursor)]),
                          ("forged", [ask(p, 0, least=1, cursor=one) for one in forged]), ("cut", [ask(p, 0, least=1, cursor=one) for one in cut])):
        wrong = [answer for answer in answers if (answer.status, answer.json.get("error")) != (400, "invalid_parameter")]
        t.ok(not wrong, f"{what}: 400 invalid_parameter ({len(answers)} cursors)", *wrong[:2])


def test_tables_that_change(t, p):
    """No load makes a table whose rows the sort of published pages does not distinguish."""
    csv_of_parts = "id,part,n\n" + "".join(f"{i},{part},{i}\n" for i in (1, 2) for part in (1, 2, 3))
    load = ("table", "load", "parts", "--from", "csv:-", "--header")
    p.apply([parts(key=("id", "part"))])
    result = p.loader(*load, input=csv_of_parts)
    t.ok(result.rc == 1 and 'published API "Things parts"' in result.stderr and "primary key is (id, part), and the pages are sorted by (n, id)" in result.stderr,
         "a longer key is rejected", result)
    p.apply([parts(n="BIGINT")])
    result = p.loader(*load, input="id,part,n\n1,1,\n2,1,\n3,1,\n")
    t.ok(result.rc == 1 and 'column "n", by which the pages are sorted, may be NULL' in result.stderr, "NULL in a column of the sort is rejected", result)
    p.apply([parts(key=("n",))])
    t.is_(p.loader(*load, input="id,part,n\n1,1,1\n1,1,2\n1,1,3\n").rc, 0, "a key of columns of the sort is accepted")
    p.loader.must("api", "unpublish", "Things parts")
    p.apply([parts(key=("id", "part"))])
    t.is_(p.loader(*load, input=csv_of_parts).rc, 0, "without a published API any key is loaded")
    result = p.loader("api", "publish", "Things parts", "--version", "1", "--no-domain")
    t.ok(result.rc == 1 and "pages by cursor would leave out rows of generation 3" in result.stderr, "which the version cannot be published for", result)
    t.is_(p.loader("table", "rollback", "parts").rc, 0, "the generation before")
    t.is_(p.loader("api", "publish", "Things parts", "--version", "1", "--no-domain").rc, 0, "has rows that it fits")
    result = p.loader("table", "rollback", "parts")
    t.ok(result.rc == 1 and "is (id, part)" in result.stderr, "and no rollback takes it back", result)


def test_keys(t, p):
    cursor = ask(p, 0).json["data"]["nextCursor"]
    result = p.loader("init", "--rotate-master-key")
    t.like(result.stdout, "2 secrets sealed with it", "the master key changes")
    p.sync()
    t.is_(ask(p, 0, cursor=cursor).status, 200, "cursors stay valid")
    t.is_(p.loader("init", "--rotate-master-key", "--rotate-cursor-key").rc, 2, "one at a time")
    t.is_(p.loader("init", "--rotate-cursor-key").rc, 0, "the cursor key changes")
    t.is_(ask(p, 0, cursor=cursor).status, 200, "nothing happens before the sync")
    p.sync_and_reload()
    t.is_(ask(p, 0, cursor=cursor).status, 400, "which ends the cursors")
    t.is_(ask(p, 0, cursor=ask(p, 0).json["data"]["nextCursor"]).status, 200, "new ones are good")
    t.is_(p.loader.must("init", "--workspace", "demo").stdout, "unchanged\n", "init makes no other key")
    sealed = p.postgres.psql("SELECT sealed FROM tablegate.gateway_key")
    with open(os.path.join(p.gateway.out, "credentials.json"), encoding="utf-8") as file:
        key = next(line["key"] for line in map(json.loads, file) if line.get("kind") == "key")
    t.ok(len(key) == 64 and key not in sealed, "the catalog has the key sealed only")
    with open(os.path.join(p.gateway.out, "manifest.json"), encoding="utf-8") as file:
        t.ok(key not in file.read(), "the manifest does not have it")


def test(t):
    p = t.project()
    p.serve(definitions(), {"things": csv(), "loose": "a\n1\n2\n", "parts": "id,part,n\n1,1,1\n2,1,2\n3,1,3\n"})
    test_orders(t, p)
    test_form(t, p)
    test_bound(t, p)
    test_tables_that_change(t, p)
    test_keys(t, p)


run_test(test)
