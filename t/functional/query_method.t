#!/usr/bin/env python3
"""Method QUERY (RFC 10008): the parameters of a GET in a JSON object or a form; bodies and types that are rejected; its headers; HMAC, tokens
of the query, pages, lists, HTTP/2, CORS; and that it is served only where the API says so."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Client, bearer, free_port, raw, request, run, run_test, users_definitions
from tg_hmac import signed_headers

kApi = "Query User by User ID"
kPath = "/v1/user/info"
kForm, kJson = "application/x-www-form-urlencoded", "application/json"
kAccepts = "application/json, application/x-www-form-urlencoded"
kCsv = "user_id,user_name,age\n10001,Alice,25\n10002,Bob,30\n10003,\"a b&c=d,é\",41\n10004,Dee,\n"


def definitions():
    objects = users_definitions(query_method=True)
    base = objects[-1]
    by_name = {"name": "user_name", "type": "STRING", "sample": "Alice"}
    ids = {"name": "ids", "column": "user_id", "type": "LONG", "operator": "IN", "required": False, "sample": "10001"}
    names = {"name": "names", "column": "user_name", "type": "STRING", "operator": "IN", "required": False}

    def api(name, path, **more):
        objects.append({**base, "name": name, "path": path, "result": "list", "authentication": [], "order_by": [{"column": "user_id"}], **more})

    api("By Name", "/user/name", request_parameters=[by_name])
    api("By Lists", "/user/lists", request_parameters=[ids, names])
    api("Pages of Users", "/user/pages", request_parameters=[], pagination={"default_size": 2})
    api("Strict Users", "/user/strict", request_parameters=[{**by_name, "required": False}], unknown_parameters="reject")
    api("Signed Users", "/user/signed", authentication=["hmac"])
    api("Key in Query", "/user/key", authentication=["api_key"], api_key_source={"in": "query", "name": "key"}, request_parameters=[by_name])
    api("Plain Users", "/user/plain", query_method=False)
    api("Posted Users", "/user/posted", query_method=False, method="POST")
    api("Place Users", "/place/{user_id}", request_parameters=[{**base["request_parameters"][0], "in": "path"}, {**by_name, "required": False}])
    return objects


class Caller:
    def __init__(self, p):
        self.p, self.port = p, p.gateway.port

    def __call__(self, body=b"", kind=kJson, target=kPath, headers=None, method="QUERY"):
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        body = body.encode() if isinstance(body, str) else body
        return request(self.port, target, method, {**bearer(self.p.key), **({"Content-Type": kind} if kind else {}), **(headers or {})}, body or None)

    def rows(self, *arguments, **more):
        """Ids of the rows, or the status with the slug and errMsg."""
        got = self(*arguments, **more)
        if got.status != 200:
            return got.status, got.json["error"], got.json["errMsg"]
        data = got.json["data"]
        return [row["user_id"] for row in (data["rows"] if isinstance(data, dict) and "rows" in data else data if isinstance(data, list) else [data])]


def bodies(t, call):
    t.is_(call.rows({"user_id": 10001}), [10001], "a JSON object")
    t.is_(call.rows("user_id=10002", kForm), [10002], "a form")
    t.is_(call.rows("x=1&user%5Fid=1000%32", kForm + "; charset=UTF-8"), [10002], "an encoded form")
    t.is_(call.rows(target=kPath + "?user_id=10001"), [10001], "no body: all is in the URL")
    t.is_(call.rows(kind=None, target=kPath + "?user_id=10001"), [10001], "no body and no type")
    t.is_(call.rows(), (400, "missing_parameter", "parameter user_id is required"), "no body: a required parameter is missing")
    t.is_(call.rows("{}", target="/v1/user/lists"), [10001, 10002, 10003, 10004], "an empty object where none is required")
    t.is_(call.rows({"x": 1}, target=kPath + "?user_id=10001"), [10001], "a body of what is not known, the rest in the URL")
    both = (400, "invalid_parameter", "parameter user_id is in the URL and in the body")
    for body, kind in (('{"user_id":10001}', kJson), ('{"user_id":null}', kJson), ("user_id=10001", kForm)):
        t.is_(call.rows(body, kind, kPath + "?user_id=10001"), both, f"a name in the URL and in {body}")
    t.is_(call.rows("user_id=1&user_id=1", kForm), (400, "invalid_parameter", "parameter user_id is given more than once"), "twice in a form")
    t.is_(call.rows("ids=10001&ids=10002", kForm, "/v1/user/lists"), [10001, 10002], "a list in a form")
    t.is_(call.rows("ids=10001", kForm, "/v1/user/lists?ids=10002")[0], 400, "a list in both")
    t.is_(call.rows({"ids": [10001, 10003], "names": ["a b&c=d,é", "Bob"]}, target="/v1/user/lists"), [10003], "lists as JSON arrays")
    t.is_(call.rows({"user_name": "Alice"}, target="/v1/place/10001"), [10001], "path and body")
    t.is_(call.rows({"user_id": 10001}, target="/v1/place/10002"), [10002], "what is declared for the path is not read from the body")
    t.is_(call.rows({"user_name": "Bob", "more": 1}, target="/v1/user/strict"), (400, "invalid_parameter", "a parameter is unknown: this API has user_name"),
          "unknown_parameters: reject concerns members")
    t.is_(call.rows("user_name=Bob&more", kForm, "/v1/user/strict")[0], 400, "and pairs of a form")
    t.is_(call.rows({"user_name": "Bob"}, target="/v1/user/strict"), [10002], "what is known is answered")
    strict = "the body must be one JSON object (RFC 8259) and nothing else"
    for body in ("[1]", '"x"', "5", "null", "true", " [[{}]] ", "[]"):
        got = call(body)
        t.is_((got.status, got.json["error"], got.json["errCode"], got.json["errMsg"]), (422, "invalid_body", 422, strict), f"{body} is no object: 422")
    for body in ("{", "[1", '{"user_id":1} x', "user_id=1", "[1] 2", b'["\xff"]', "nul", '{"user_id":1,"user_id":1}', '[{"a":1'):
        got = call(body)
        t.is_((got.status, got.json["error"], got.json["errCode"]), (400, "invalid_body", 400), f"{body} is no JSON, or ambiguous: 400")
    t.is_(call.rows({"user_id": 10001}, None), (400, "invalid_body", "the body requires the header Content-Type"), "no Content-Type: 400")
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/sql"):
        got = call("x", kind)
        t.is_((got.status, got.json["error"], got.headers.get("accept-query")), (415, "unsupported_media_type", kAccepts), f"{kind}: 415 with Accept-Query")
    t.is_(call("{", headers={"Authorization": ""}).status, 401, "401 comes before the body is looked at")


def headers(t, p, call):
    got = call({"user_id": 10001})
    t.is_((got.headers.get("accept-query"), got.headers.get("content-location")), (kAccepts, kPath + "?user_id=10001"), "Accept-Query and Content-Location")
    for method in ("GET", "HEAD"):
        answer = call(target=kPath + "?user_id=10001", method=method, kind=None)
        t.is_((answer.status, answer.headers.get("accept-query"), answer.headers.get("content-location")), (200, kAccepts, None), f"{method} says that QUERY is served")
    answer = call(target="/v1/user/plain?user_id=10001", method="GET", kind=None)
    t.is_((answer.status, answer.headers.get("accept-query")), (200, None), "without query_method it does not")
    for name, target, arguments in (("a form", "/v1/user/name", ("user_name=a+b%26c%3Dd%2C%C3%A9", kForm)), ("JSON", "/v1/user/name", ({"user_name": "a b&c=d,é"},)),
                                    ("a list", "/v1/user/lists", ({"ids": [10001, 10002]},)), ("nothing", "/v1/user/lists", ("{}",)),
                                    ("URL and body", "/v1/user/lists?ids=10001,10003&x=1", ("names=Alice&y=%0d%0a&\r\nz: 1", kForm)),
                                    ("path and body", "/v1/place/10001", ({"user_name": "Alice"},))):
        got = call(*arguments, target=target)
        address = got.headers.get("content-location")
        t.ok(got.status == 200 and address is not None, f"{name}: Content-Location", got)
        again = call(method="GET", kind=None, target=address)
        t.is_((again.status, again.body), (200, got.body), f"{name}: the GET of {address} has the same rows")
    t.is_(call({"names": ["a b&c=d,é"]}, target="/v1/user/lists").headers.get("content-location"), None, "an item with a comma has no GET")
    t.is_(call({"ids": []}, target="/v1/user/lists").headers.get("content-location"), None, "nor has a list without items")
    longest = 2000 - len("/v1/user/name?user_name=")
    for size, there in ((longest, True), (longest + 1, False), (100000, False)):
        t.is_("content-location" in call({"user_name": "x" * size}, target="/v1/user/name").headers, there, f"a value of {size} bytes: {'with' if there else 'without'} it")
    key = p.key
    got = request(call.port, f"/v1/user/key?key={key}", "QUERY", {"Content-Type": kJson}, b'{"user_name":"Alice"}')
    t.is_((got.status, got.headers.get("content-location")), (200, "/v1/user/key?user_name=Alice"), "it never holds a key")
    t.ok(all(key not in value for _, value in got.pairs), "nor does another header", got.pairs)
    got = request(call.port, "/v1/user/key", "QUERY", {"Content-Type": kForm}, f"user_name=Alice&key={key}".encode())
    t.is_(got.status, 401, "a key in the body is none")
    for method in ("DELETE", "PUT", "FOO"):
        t.is_(call(method=method).headers.get("allow"), "GET, HEAD, QUERY", f"405 of {method}: Allow lists QUERY")
    for target, allow in (("/v1/user/plain", "GET, HEAD"), ("/v1/user/posted", "POST")):
        got = call({"user_id": 10001}, target=target)
        t.is_((got.status, got.headers.get("allow")), (405, allow), f"QUERY of {target}")


def pages(t, call):
    got = call({"pageSize": 2, "pageNum": 1, "returnTotalNum": True}, target="/v1/user/pages")
    t.is_((got.status, [row["user_id"] for row in got.json["data"]["rows"]], got.json["data"]["totalNum"]), (200, [10001, 10002], 4), "a page")
    links = dict(reversed(link.split("; rel=")) for link in got.headers["link"].split(", "))
    following = call(method="GET", kind=None, target="/v1/user/pages" + links['"next"'].strip("<>"))
    t.is_([row["user_id"] for row in following.json["data"]["rows"]], [10003, 10004], "its Link leads to the next page, by GET")
    got = call({"cursor": got.json["data"]["nextCursor"]}, target="/v1/user/pages")
    t.is_([row["user_id"] for row in got.json["data"]["rows"]], [10003, 10004], "a cursor in the body")
    t.is_(call({"pageSize": 0}, target="/v1/user/pages").status, 400, "its rules are those of GET")


def signed(t, p, call):
    pair = p.loader.json("consumer", "add-key", "demo", "--type", "hmac")
    p.sync_and_reload()
    target = "/v1/user/signed"

    def ask(body, kind, sent=None, **more):
        return request(call.port, target, "QUERY", signed_headers(pair, more.pop("method", "QUERY"), target, {"Content-Type": kind}, body, **more), sent or body)

    for body, kind in ((b'{"user_id":10001}', kJson), (b"user_id=10001", kForm)):
        got = ask(body, kind)
        t.is_((got.status, got.json["data"] and got.json["data"][0]["user_id"]), (200, 10001), f"signed: {kind}")
        t.is_(ask(body, kind, body.replace(b"10001", b"10002")).json["error"], "invalid_signature", f"another body: {kind}")
        t.is_(ask(body, kind, method="GET").json["error"], "invalid_signature", f"signed as GET: {kind}")
    t.is_(ask(b"[1]", kJson).status, 422, "a signed list is 422")


def arrives(t, p, call):
    head = f"QUERY {kPath} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {p.key}\r\nContent-Type: {kJson}\r\n"
    chunked = head + 'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n9\r\n{"user_id\r\n8\r\n":10001}\r\n0\r\n\r\n'
    t.like(raw(call.port, chunked.encode()).decode(), "(?s)^HTTP/1.1 200 .*Alice", "chunked")
    with Client(call.port) as client:
        said = []
        for turn in range(6):
            body = json.dumps({"user_id": 10001 + turn % 2, "pad": "x" * (100000 if turn % 3 == 0 else 1)})
            said.append(client.request(kPath, "QUERY", {**bearer(p.key), "Content-Type": kJson}, body.encode()).json["data"]["user_name"])
        t.is_(said, ["Alice", "Bob"] * 3, "six on one connection, small and large")
    for version in ("--http1.1", "--http2-prior-knowledge"):
        port = call.port if version == "--http1.1" else p.h2
        for options in (("-d", '{"user_id":10001}'), ("-H", "Transfer-Encoding: chunked", "-d", '{"user_id":10001}'), ()):
            target = kPath if options else kPath + "?user_id=10001"
            got = run(["curl", "-sS", "-i", "--max-time", "20", version, "-X", "QUERY", "-H", f"Authorization: Bearer {p.key}", "-H", f"Content-Type: {kJson}", *options,
                       f"http://127.0.0.1:{port}{target}"]).stdout
            t.like(got, "(?si)^HTTP/[12.]+ 200.*accept-query: application/json.*Alice", f"curl {version} {' '.join(options[:2])}")
    with Client(call.port) as client:
        got = client.request("/v1/user/name", "OPTIONS", {"Origin": "https://app.example", "Access-Control-Request-Method": "QUERY", "Access-Control-Request-Headers": "content-type"})
    t.is_((got.status, got.headers["access-control-allow-methods"]), (204, "GET, HEAD, POST, QUERY"), "a preflight")


def definition(t, p):
    document = p.loader.json("openapi")
    t.is_([document["paths"][path]["get"].get("x-tablegate-query-method") for path in (kPath, "/v1/user/plain")], [True, None], "OpenAPI")
    for change, word in (({"method": "POST"}, "/query_method: requires method GET"), ({"query_method": "yes"}, "/query_method")):
        result = p.loader("apply", "-f", "-", input=json.dumps({**users_definitions(query_method=True)[-1], **change}))
        t.ok(result.rc == 1 and word in result.stderr, f"{change} is rejected at apply", result)
    p.apply([users_definitions()[-1]])
    p.loader.must("api", "test", kApi)
    result = p.loader("api", "commit", kApi)
    t.ok(result.rc == 1 and "query_method was true and is false" in result.stderr, "to turn it off breaks callers", result)


def test(t):
    p = t.project()
    p.h2 = free_port()
    p.serve(definitions(), {"user_info": kCsv}, http=f"server {{ listen 127.0.0.1:{p.h2} http2; location / {{ tablegate on; }} }}", location="tablegate_cors https://app.example;")
    call = Caller(p)
    bodies(t, call)
    headers(t, p, call)
    pages(t, call)
    signed(t, p, call)
    arrives(t, p, call)
    definition(t, p)


run_test(test)
