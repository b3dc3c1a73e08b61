#!/usr/bin/env python3
"""POST: parameters in a form or a JSON object, each read once and strictly; bodies that are large, in pieces, missing, too large or of
another kind; nginx's own errors with our body (tablegate_errors)."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Client, bearer, raw, request, run, run_test, users_definitions

kPath = "/v1/user/posted"
kForm, kJson = "application/x-www-form-urlencoded", "application/json"
kDdl = ("CREATE TABLE things (id BIGINT, name STRING, ratio DOUBLE, price DECIMAL(38,18), good BOOLEAN, day DATE, seen DATETIME);")
kCsv = ('id,name,ratio,price,good,day,seen\n'
        '1,plain,0.5,12345678901234567890.123456789012345678,true,2025-01-31,2025-01-31 08:00:00\n'
        '2,"a ""quoted"" + & = % 你好 😀",-1e300,0.000000000000000001,false,1970-01-01,1999-12-31 23:59:59.5\n'
        '9223372036854775807,max,0,0,true,2025-01-01,2025-01-01 00:00:00\n')


def definitions():
    objects = users_definitions(method="POST", path="/user/posted", authentication=["api_key"])
    columns = ("id", "name", "ratio", "price", "good", "day", "seen")
    types = ("LONG", "STRING", "DOUBLE", "DECIMAL", "BOOLEAN", "DATE", "DATETIME")
    api = {**objects[-1], "table": "things", "result": "list", "response_parameters": [{"name": name} for name in columns]}
    objects += [
        {"kind": "Table", "name": "things", "data_source": "odps_demo", "primary_key": ["id"], "ddl": kDdl},
        {**api, "name": "Find Things", "path": "/things",
         "request_parameters": [{"name": name, "type": kind, "required": False, "sample": sample}
                                for name, kind, sample in zip(columns, types, ("1", "plain", "0.5", "0", "true", "2025-01-31", "2025-01-31T08:00:00"))]},
        {**api, "name": "Mixed Places", "path": "/mixed/{id}",
         "request_parameters": [{"name": "id", "type": "LONG", "in": "path", "sample": 1}, {"name": "name", "type": "STRING", "in": "query", "sample": "plain"},
                                {"name": "X-Good", "column": "good", "type": "BOOLEAN", "in": "header", "sample": "true"},
                                {"name": "day", "type": "DATE", "required": False, "sample": "2025-01-31"}]},
        {**api, "name": "No Body", "path": "/nobody", "request_parameters": [{"name": "id", "type": "LONG", "in": "query", "sample": 1}]},
    ]
    return objects


def test(t):
    p = t.project()
    p.serve(definitions(), {"user_info": "user_id,user_name,age\n10001,Alice,25\n10002,Bob,30\n", "things": kCsv},
            server="client_max_body_size 300k; location = /limited { tablegate_errors on; limit_except GET { deny all; } root /nowhere; }"
                   " location /plain/ { root /nowhere; }"
                   " location /errors/ { tablegate_errors on; root /nowhere; }"
                   " location /v1/strict/ { tablegate on; tablegate_errors on; client_max_body_size 10; }"
                   " location /page/ { tablegate_errors on; error_page 404 = @page; root /nowhere; }"
                   " location @page { return 404 'a page of your own'; }")
    port = p.gateway.port

    def post(body, kind=kForm, path=kPath, **headers):
        if isinstance(body, str):
            body = body.encode()
        return request(port, path, "POST", {**bearer(p.key), **({"Content-Type": kind} if kind else {}), **headers}, body)

    def said(got):
        return got.status, (got.json["errMsg"] if got.status >= 400 else got.json["data"] and got.json["data"]["user_name"])

    # --- forms
    t.is_(said(post("user_id=10001")), (200, "Alice"), "a form")
    t.is_(said(post("user_id=10001", "Application/X-WWW-form-URLencoded; charset=UTF-8")), (200, "Alice"), "its type in any case, with parameters")
    t.is_(said(post("x=1&&user%5Fid=1000%32&")), (200, "Bob"), "encoded names and values, empty pairs")
    t.is_(said(post("user_id=10001&user_id=10001")), (400, "parameter user_id is given more than once"), "a parameter twice")
    t.is_(said(post("user_id=1000%zz")), (400, "parameter user_id is not correctly percent-encoded"), "bad encoding")
    t.is_(said(post("other=1")), (400, "parameter user_id is required"), "without it")
    t.is_(said(request(port, kPath + "?user_id=10001", "POST", {**bearer(p.key), "Content-Type": kForm}, b"a=1")), (400, "parameter user_id is required"),
          "what is declared for the body is not read from the query")
    # --- JSON
    t.is_(said(post('{"user_id":10001}', kJson)), (200, "Alice"), "JSON")
    t.is_(said(post('{"user_id":"10002","more":[{"deep":{}}]}', kJson + "; charset=utf-8")), (200, "Bob"), "a number in a string; unknown members are ignored")
    for body, message in (('{"user_id":10001.0}', "parameter user_id must be a whole number from -9223372036854775808 to 9223372036854775807"),
                          ('{"user_id":1e4}', "parameter user_id must be a whole number from -9223372036854775808 to 9223372036854775807"),
                          ('{"user_id":9223372036854775808}', "parameter user_id must be a whole number from -9223372036854775808 to 9223372036854775807"),
                          ('{"user_id":true}', "parameter user_id must be a JSON number"), ('{"user_id":[10001]}', "parameter user_id must be one value"),
                          ('{"user_id":{}}', "parameter user_id must be one value"), ('{"user_id":null}', "parameter user_id is required"),
                          ("{}", "parameter user_id is required")):
        t.is_(said(post(body, kJson)), (400, message), f"JSON {body}")
    strict = "the body must be one JSON object (RFC 8259) and nothing else"
    for name, body, message in (("no JSON", "user_id=1", strict), ("a list", "[1]", strict), ("cut", '{"user_id":1', strict), ("more behind it", "{} {}", strict),
                                ("a comment", "{/**/}", strict), ("NUL", b'{"user_id":10001}\0', strict), ("bad UTF-8", b'{"user_id":"\xff"}', strict),
                                ("a lone surrogate", '{"user_id":"\\ud800"}', strict), ("a byte order mark", b"\xef\xbb\xbf{}", strict),
                                ("a member twice", '{"user_id":1,"user_\\u0069d":2}', "the body has a member twice"),
                                ("a member twice below", '{"user_id":1,"x":{"a":1,"a":1}}', "the body has a member twice"),
                                ("17 levels", '{"a":' + "[" * 16 + "]" * 16 + "}", "the body is nested too deeply"),
                                ("100,000 levels", '{"a":' + "[" * 100000, "the body is nested too deeply")):
        got = post(body, kJson)
        t.is_((said(got), got.json["error"], got.json["errCode"]), ((400, message), "invalid_body", 400), f"refused: {name}")
    # --- every type, exactly
    def things(body, kind=kJson):
        got = post(body if isinstance(body, str) else json.dumps(body), kind, "/v1/things")
        return [row["id"] for row in json.loads(got.body)["data"]] if got.status == 200 else got.json["errMsg"]

    for body, wanted in (({"id": 9223372036854775807}, [9223372036854775807]), ({"name": 'a "quoted" + & = % 你好 😀'}, [2]),
                         ('{"price":12345678901234567890.123456789012345678}', [1]), ('{"price":12345678901234567890.123456789012345679}', []),
                         ('{"price":0.000000000000000001}', [2]), ('{"ratio":-1e300}', [2]), ('{"ratio":0.5,"good":true}', [1]),
                         ({"good": False}, [2]), ({"good": 0}, [2]), ({"good": "true", "id": 1}, [1]), ({"day": "2025-01-31"}, [1]), ({"seen": "1999-12-31T23:59:59.5"}, [2]),
                         ({"name": 5}, "parameter name must be a JSON string"), ({"day": 20250131}, "parameter day must be a JSON string"),
                         ('{"price":1e2}', "parameter price must be a decimal number such as 12.50"), ({"name": None, "id": 1}, [1])):
        t.is_(things(body), wanted, f"{body}")
    t.is_(things("name=a+%22quoted%22+%2B+%26+%3D+%25+%E4%BD%A0%E5%A5%BD+%F0%9F%98%80", kForm), [2], "the same text in a form")
    t.is_(things("price=12345678901234567890.123456789012345678&good=1", kForm), [1], "a decimal of 38 digits in a form")
    got = post('{"day":"2025-01-31"}', kJson, "/v1/mixed/1?name=plain", **{"X-Good": "true"})
    t.is_((got.status, [row["id"] for row in got.json["data"]]), (200, [1]), "path, query, header and body in one request")
    # --- no body, another kind
    t.is_(said(request(port, kPath, "POST", bearer(p.key))), (400, "parameter user_id is required"), "no body: required parameters are missing")
    t.is_(post("", kJson, "/v1/things").status, 200, "no body: optional ones are absent")
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/jsonx", ""):
        got = post("user_id=10001", kind)
        t.is_((got.status, got.json["error"]), (415, "unsupported_media_type"), f"415 for {kind or 'no type'}")
    got = post("whatever", "text/plain", "/v1/nobody?id=1")
    t.is_(got.status, 200, "any type where nothing is read from the body")
    t.is_(request(port, kPath, headers=bearer(p.key)).headers.get("allow"), "POST", "GET is 405 with Allow")
    t.is_(request(port, kPath, "POST", {"Content-Type": kJson}, b"{").status, 401, "401 comes before the body is looked at")
    # --- how bodies arrive
    padding = "x" * 200000
    t.is_(said(post(f"pad={padding}&user_id=10002")), (200, "Bob"), "a form in a temporary file")
    t.is_(said(post(json.dumps({"pad": padding, "user_id": 10002}), kJson)), (200, "Bob"), "JSON in a temporary file")
    head = f"POST {kPath} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {p.key}\r\nContent-Type: {kForm}\r\n"
    chunked = head + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    t.like(raw(port, (chunked + "5\r\nuser_\r\n8\r\nid=10001\r\n0\r\n\r\n").encode()).decode(), '(?s)^HTTP/1.1 200 .*Alice', "chunked")
    data = (head + "Content-Length: 13\r\n\r\nuser_id=10001" + head + "Content-Length: 13\r\nConnection: close\r\n\r\nuser_id=10002").encode()
    t.like(raw(port, data).decode(), "(?s)Alice.*Bob", "two in one write")
    with Client(port) as client:
        wanted = []
        for turn in range(8):
            body, kind = (f"pad={padding}&user_id=10001", kForm) if turn % 2 else ('{"user_id":10002}', kJson)
            answer = client.request(kPath, "POST", {**bearer(p.key), "Content-Type": kind}, body.encode())
            wanted.append(answer.json["data"]["user_name"] == ("Alice" if turn % 2 else "Bob"))
        t.ok(all(wanted), "eight on one connection, small and large in turns")
    got = run(["curl", "-sS", "-H", f"Authorization: Bearer {p.key}", "-H", "Expect: 100-continue", "-d", "user_id=10001", f"http://127.0.0.1:{port}{kPath}"])
    t.like(got.stdout, "Alice", "Expect: 100-continue")
    # --- too large
    got = post("a=" + "x" * 400000)
    t.is_(got.status, 413, "413 by Content-Length")
    got = raw(port, (chunked + "61a80\r\n" + "x" * 400000 + "\r\n0\r\n\r\n").encode()).decode()
    t.like(got, r'(?s)^HTTP/1.1 413 .*X-Ca-Request-Id: [0-9a-f]{32}.*"errCode":413,"error":"body_too_large"', "413 of a chunked body has our body")
    got = request(port, "/v1/strict/x", "POST", {**bearer(p.key), "Content-Type": kForm}, b"user_id=10001")
    t.is_((got.status, got.json["error"], got.headers["content-type"]), (413, "body_too_large", "application/json; charset=utf-8"), "tablegate_errors: 413 by Content-Length too")
    # --- numbers
    for body, wanted in (('{"user_id":10001,"more":1e400}', "1e308"), ('{"user_id":1e999}', "1e308")):
        got = post(body, kJson)
        t.ok(got.status == 400 and got.json["error"] == "invalid_body" and wanted in got.json["errMsg"], f"a number that no double holds is named: {body}", got)
    # --- tablegate_errors
    got = request(port, "/errors/nothing")
    t.is_((got.status, got.json["error"], got.json["requestId"]), (404, "api_not_found", got.headers["x-ca-request-id"]), "tablegate_errors: nginx's own 404")
    t.is_(got.headers["content-length"], str(len(got.body)), "with its length")
    headed = request(port, "/errors/nothing", "HEAD")
    t.is_((headed.status, headed.body, headed.headers["content-length"]), (404, b"", str(len(got.body))), "HEAD of it")
    t.is_(request(port, "/limited", "DELETE").json["error"], "forbidden", "403")
    t.like(request(port, "/plain/nothing").body.decode(), "<html>", "off: nginx's page")
    t.is_(request(port, "/page/nothing").body, b"a page of your own", "a page of error_page stays")
    t.is_(request(port, "/v1/none", headers=bearer(p.key)).json["error"], "api_not_found", "our own answers as ever")


run_test(test)
