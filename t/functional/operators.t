#!/usr/bin/env python3
"""Every operator on every type of column, in every place: each answer has the rows that the same SELECT has in psql, for the boundary values of
the type, NULL, lists that are empty, have one item or duplicates, and ranges of several parameters on one column."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Client, path_with, raw, request, run_test, users_definitions
from tg_hmac import signed_headers

kDigits = "12345678901234567890.123456789012345678"
# column: (type in the DDL, of the parameter, in SQL, values: some are in rows, some are not)
kColumns = {
    "tiny": ("TINYINT", "INT", "int2", ["-128", "0", "127", "32767"]),
    "small": ("SMALLINT", "INT", "int2", ["-32768", "-1", "32767"]),
    "normal": ("INT", "INT", "int4", ["-2147483648", "5", "2147483647"]),
    "big": ("BIGINT", "LONG", "int8", ["-9223372036854775808", "9007199254740993", "9223372036854775807"]),
    "f": ("FLOAT", "FLOAT", "float4", ["-0", "0.1", "3.4028235e38"]),
    "d": ("DOUBLE", "DOUBLE", "float8", ["-1e-300", "0.1", "1.7976931348623157e308"]),
    "dec": ("DECIMAL(38,18)", "DECIMAL", "numeric", ["-" + kDigits, "1.50", kDigits]),
    "whole": ("DECIMAL(20,0)", "LONG", "numeric", ["0", "9223372036854775807"]),
    "b": ("BOOLEAN", "BOOLEAN", "bool", ["true", "0"]),
    "s": ("STRING", "STRING", "text", ["", "a", "B", "爱'\"\\", "50%"]),
    "day": ("DATE", "DATE", "date", ["0001-01-01", "2024-02-29", "9999-12-31", "0044-03-15 BC"]),
    "at": ("DATETIME", "DATETIME", "timestamptz", ["1970-01-01T00:00:00", "2024-02-29T23:59:59.5+02:00", "infinity"]),
    "ntz": ("TIMESTAMP_NTZ", "DATETIME", "timestamp", ["2025-01-31T08:00:00.123456", "0044-03-15 12:00:00 BC"]),
}
kOperators = {"eq": "=", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "in": "IN", "out": "NOT IN", "like": "LIKE", "unlike": "NOT LIKE"}
kPatterns = ["%", "_", "a%", "%\\%", "%'%", "%\\\\", "", "b"]
kGroups = (list(kColumns)[:6], list(kColumns)[6:])


def rows():
    """Row 0 has NULL everywhere, row N the value N of each column (the last one again where there are fewer), row 9 the first ones again."""
    made = {0: {}}
    for number in range(1, 6):
        made[number] = {name: values[min(number, len(values)) - 1] for name, (_, _, _, values) in kColumns.items()}
    made[9] = dict(made[1])
    return made


def fill(p):
    """Not from a file: a CSV has no form for a time BC."""
    sql = "SET timezone = 'Asia/Shanghai';\n"
    for number, row in rows().items():
        sql += f"INSERT INTO mirror.everything (id{''.join(', ' + name for name in row)}) VALUES ({number}{''.join(', ' + literal(row[name]) for name in row)});\n"
    p.postgres.psql(sql + "DELETE FROM mirror.everything WHERE id = 100;")


def literal(value):
    return "'" + value.replace("'", "''") + "'"


def operators_of(column):
    return [name for name in kOperators if column == "s" or "like" not in name]


def parameter(column, name, **more):
    return {"name": f"{column}_{name}", "column": column, "type": kColumns[column][1], "operator": kOperators[name], "required": False, **more}


def definitions():
    objects = users_definitions(authentication=[], result="list", table="everything", response_parameters=[{"name": "id"}])
    api = objects.pop()
    ddl = "CREATE TABLE everything (id BIGINT NOT NULL, " + ", ".join(f"{name} {column[0]}" for name, column in kColumns.items()) + ");"
    objects.append({"kind": "Table", "name": "everything", "data_source": "odps_demo", "ddl": ddl, "primary_key": ["id"], "time_zone": "Asia/Shanghai"})
    for number, group in enumerate(kGroups):
        parameters = [parameter(column, name) for column in group for name in operators_of(column)]
        objects.append({**api, "name": f"Every Operator {number}", "path": f"/every{number}", "request_parameters": parameters})
        objects.append({**api, "name": f"Every Operator by POST {number}", "method": "POST", "path": f"/every{number}", "request_parameters": parameters})
    ids = {"name": "ids", "column": "id", "type": "LONG", "operator": "IN", "sample": "1,2"}
    words = {"name": "words", "column": "s", "type": "STRING", "operator": "NOT IN", "required": False}
    objects += [
        {**api, "name": "Lists in a Path", "path": "/of/{ids}", "request_parameters": [{**ids, "in": "path"}]},
        {**api, "name": "Lists in a Header", "path": "/header", "request_parameters": [{**ids, "name": "X-Ids", "in": "header"}]},
        {**api, "name": "Lists of a Body", "method": "POST", "path": "/posted", "request_parameters": [ids, words]},
        {**api, "name": "Signed List", "path": "/signed", "authentication": ["hmac"], "request_parameters": [ids]},
        {**api, "name": "Default of a List", "path": "/default", "unknown_parameters": "reject",
         "request_parameters": [{**ids, "required": False, "default": [1, 9]}, {**ids, "name": "not", "operator": "NOT IN", "required": False, "sample": 9}]},
    ]
    return objects


def condition(column, name, values):
    """The condition in SQL as a person writes it, with literals. The session's zone is the table's."""
    literals = [f"{literal(value)}::{kColumns[column][2]}" for value in values]
    if name not in ("in", "out"):
        return f"{column} {kOperators[name]} {literals[0]}"
    if not literals:
        return "false" if name == "in" else f"{column} IS NOT NULL"
    return f"{column} {kOperators[name]} ({', '.join(literals)})"


def cases():
    """(column, operator, values)"""
    for column, (_, _, _, values) in kColumns.items():
        for name in operators_of(column):
            if "like" in name:
                yield from ((column, name, [pattern]) for pattern in kPatterns)
            elif name in ("in", "out"):
                yield from ((column, name, some) for some in ([], values[:1], values[:2], [values[0], values[-1], values[0]], values))
            else:
                yield from ((column, name, [value]) for value in values)


def expected(p, conditions):
    """The ids, sorted, for each condition."""
    sql = "".join(f"SELECT coalesce(json_agg(id ORDER BY id), '[]'::json) FROM mirror.everything WHERE {one};\n" for one in conditions)
    return [json.loads(line) for line in p.postgres.psql("SET timezone = 'Asia/Shanghai';\n" + sql).splitlines()]


def ids_of(answer):
    return sorted(row["id"] for row in answer.json["data"]) if answer.status == 200 else (answer.status, answer.text)


def matrix(t, p, client):
    every = list(cases())
    wanted = expected(p, [condition(*case) for case in every])
    t.ok(len({str(ids) for ids in wanted}) > 10, "the cases have many answers")
    bad = {"query": [], "JSON": []}
    for (column, name, values), ids in zip(every, wanted):
        number = 0 if column in kGroups[0] else 1
        case = f"{column} {kOperators[name]} {values}"
        if values:  # a query cannot say an empty list
            got = ids_of(client.request(path_with(f"/v1/every{number}", **{f"{column}_{name}": values})))
            bad["query"] += [f"{case}: {got}, psql {ids}"] if got != ids else []
        body = json.dumps({f"{column}_{name}": values if name in ("in", "out") else values[0]}).encode()
        got = ids_of(client.request(f"/v1/every{number}", "POST", {"Content-Type": "application/json"}, body))
        bad["JSON"] += [f"{case}: {got}, psql {ids}"] if got != ids else []
    for place, faults in bad.items():
        t.ok(not faults, f"{place}: {len(every)} cases answer as psql does", *faults[:10])


def ranges(t, p, client):
    pairs = [("big", {"big_ge": "-5", "big_lt": "9223372036854775807"}, "big >= -5 AND big < 9223372036854775807"),
             ("s", {"s_gt": "a", "s_out": "B,50%"}, "s > 'a' AND s NOT IN ('B', '50%')"),
             ("day", {"day_gt": "0044-03-15 BC", "day_le": "2024-02-29", "day_ne": "0001-01-01"}, "day > '0044-03-15 BC' AND day <= '2024-02-29' AND day <> '0001-01-01'"),
             ("tiny", {"tiny_eq": "127", "tiny_in": "0,127", "big_ne": "0"}, "tiny = 127 AND tiny IN (0, 127) AND big <> 0")]
    for (column, sent, _), ids in zip(pairs, expected(p, [one for _, _, one in pairs])):
        t.is_(ids_of(client.request(path_with(f"/v1/every{0 if column in kGroups[0] else 1}", **sent))), ids, f"several parameters on one column: {sent}")


def places(t, p, client):
    kForm, kJson = {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": "application/json"}
    for path, ids in (("/v1/of/1,2,9", [1, 2, 9]), ("/v1/of/1%2C1", [1]), ("/v1/of/7", []), ("/v1/default", [1, 9]), ("/v1/default?ids=2", [2]),
                      ("/v1/default?ids=2&ids=3,1&not=3&not=4", [1, 2]), ("/v1/default?not=1", [9])):
        t.is_(ids_of(client.request(path)), ids, path)
    t.is_(ids_of(client.request("/v1/header", headers={"X-Ids": "1 , 2,9"})), [1, 2, 9], "a list in a header")
    answer = raw(p.gateway.port, b"GET /v1/header HTTP/1.1\r\nHost: x\r\nX-Ids: 1\r\nx-ids: 2,9\r\nConnection: close\r\n\r\n")
    t.ok(all(b'{"id":%d}' % number in answer for number in (1, 2, 9)), "a header that is repeated", answer)
    for body, kind, ids in (("ids=1&ids=2,3", kForm, [1, 2, 3]), ("ids=1&words=a&words=B", kForm, [1]), ('{"ids":[1,"2",3]}', kJson, [1, 2, 3]),
                            ('{"ids":"1,2"}', kJson, [1, 2]), ('{"ids":1}', kJson, [1]), ('{"ids":[]}', kJson, []), ('{"ids":[1,0,2],"words":[]}', kJson, [1, 2]),
                            ('{"ids":[1,0,2],"words":null}', kJson, [0, 1, 2]), ('{"ids":[1,2],"words":["a,b",""]}', kJson, [2])):
        t.is_(ids_of(client.request("/v1/posted", "POST", kind, body.encode())), ids, f"body {body}")
    for path, body, wanted in (("/v1/every1", f'{{"dec_in":[{kDigits}]}}', f"dec = {kDigits}"), ("/v1/every1", f'{{"dec_lt":{kDigits}}}', f"dec < {kDigits}"),
                               ("/v1/every0", '{"big_in":[9007199254740993,-9223372036854775808]}', "big IN (9007199254740993, -9223372036854775808)")):
        t.is_(ids_of(client.request(path, "POST", kJson, body.encode())), expected(p, [wanted])[0], f"exact in JSON: {body}")
    for path, message in (("/v1/of/1,x", "whole number"), ("/v1/default?ids=", "whole number"), ("/v1/default?ids=1&other=2", "unknown"),
                          ("/v1/default?ids=" + ",".join("1" * 1001), "at most 1000 items")):
        got = client.request(path)
        t.ok(got.status == 400 and message in got.json["errMsg"], f"400: {path[:40]}", got)
    for body, message in (('{"ids":[1,null]}', "null"), ('{"ids":[true]}', "JSON numbers"), ('{"ids":[[1]]}', "single values"), ('{"ids":{"a":1}}', "single values"),
                          ('{"ids":null}', "required"), ('{"ids":[1],"words":[1]}', "JSON strings")):
        got = client.request("/v1/posted", "POST", kJson, body.encode())
        t.ok(got.status == 400 and message in got.json["errMsg"], f"400: {body}", got)
    # Longer than nginx keeps in memory: it comes in a temporary file.
    for kind, body in ((kJson, '{"filler":"' + "x" * (8 << 20) + '","ids":[1,2],"words":["nothing"]}'), (kForm, "filler=" + "x" * (8 << 20) + "&ids=1&ids=2")):
        t.is_(ids_of(client.request("/v1/posted", "POST", kind, body.encode())), [1, 2], f"{len(body)} bytes of {kind['Content-Type']}")


def signed(t, p):
    """A signature covers one value of a name: a list is one value with commas."""
    pair = p.loader.json("consumer", "add-key", "demo", "--type", "hmac")
    p.secrets.append(pair["secret"])
    p.sync_and_reload()
    got = {}
    for target in ("/v1/signed?ids=1%2C9", "/v1/signed?ids=1&ids=9"):
        answer = request(p.gateway.port, target, headers=signed_headers(pair, "GET", target))
        got[target] = ids_of(answer) if answer.status == 200 else answer.status
    t.is_(list(got.values()), [[1, 9], 400], "HMAC: commas are signed, a repeated name is 400")
    called = p.loader.json("api", "call", "Signed List", "--consumer", "demo", "--gateway-url", f"http://127.0.0.1:{p.gateway.port}", "--param", "ids=1", "--param", "ids=9")
    t.is_([row["id"] for row in called["response"]["data"]], [1, 9], "api call signs a list")


def described(t, p):
    """OpenAPI has lists as arrays."""
    paths = p.loader.json("openapi")["paths"]
    query = {one["name"]: one for one in paths["/v1/default"]["get"]["parameters"]}
    t.is_((query["ids"]["style"], query["ids"]["explode"], query["ids"]["example"]), ("form", True, [1, 2]), "OpenAPI: a list of a query")
    t.is_(query["ids"]["schema"], {"type": "array", "maxItems": 1000, "items": {"type": "integer", "format": "int64"}, "default": [1, 9]}, "OpenAPI: an array")
    body = paths["/v1/posted"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    t.is_((body["words"]["type"], body["words"]["items"], body["ids"]["examples"]), ("array", {"type": "string"}, [[1, 2]]), "OpenAPI: a list of a body")


def tools(t, p):
    tested = p.loader.json("api", "test", "Lists of a Body", "--param", "ids=1,2", "--param", "ids=9")
    t.is_([row["id"] for row in tested["response"]["data"]], [1, 2, 9], "api test: --param repeated and with commas")
    url = f"http://127.0.0.1:{p.gateway.port}"
    for name in ("Lists of a Body", "Lists in a Path", "Lists in a Header"):
        key = "X-Ids" if "Header" in name else "ids"
        called = p.loader.json("api", "call", name, "--gateway-url", url, "--param", f"{key}=1", "--param", f"{key}=9")
        t.is_([row["id"] for row in called["response"]["data"]], [1, 9], f"api call: {name}")
    called = p.loader.json("api", "call", "Default of a List", "--gateway-url", url)
    t.is_([row["id"] for row in called["response"]["data"]], [1, 2], "api call: the sample of a list")
    shown = p.loader.must("api", "show", "Lists of a Body").stdout
    t.ok("NOT IN" in shown and "ids=1%2C2" in shown, "api show names the operator and sends the sample", shown)


def test(t):
    p = t.project()
    p.serve(definitions(), {"everything": f"id,{','.join(kColumns)}\n100{',' * len(kColumns)}\n"}, server="client_max_body_size 9m; large_client_header_buffers 4 16k;")
    fill(p)
    with Client(p.gateway.port, timeout=60) as client:
        matrix(t, p, client)
        ranges(t, p, client)
        places(t, p, client)
    tools(t, p)
    described(t, p)
    signed(t, p)


run_test(test)
