#!/usr/bin/env python3
"""The envelope of DataWorks around rows and around every error of the API; its form in OpenAPI, `api test`, `api call` and the contract."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Held, bearer, kSlow, request, run_test, users_definitions, wait_for
from tg_manifest import read_file

kObject, kList, kPlain = "Wrapped Object", "Wrapped List", "Plain Object"
kDdl = "CREATE TABLE prices (id BIGINT, price DECIMAL(38,18), label STRING);"
kCsv = "id,price,label\n9223372036854775807,12345678901234567890.123456789012345678,a\n2,NaN,b\n3,,\n"
kForm = "application/x-www-form-urlencoded"


def definitions():
    objects = users_definitions(name=kPlain, path="/plain")
    objects.append({"kind": "Table", "name": "prices", "data_source": "odps_demo", "primary_key": ["id"], "ddl": kDdl})
    rows = {**objects[5], "table": "prices", "envelope": "dataworks", "timeout_ms": 1000, "coalesce": False,
            "response_parameters": [{"name": "id", "as": "string"}, {"name": "price", "as": "string"}, {"name": "label"}]}
    by_id = {"name": "id", "type": "LONG", "sample": 2}
    return objects + [
        {**rows, "name": kObject, "path": "/object", "request_parameters": [by_id]},
        {**rows, "name": kList, "path": "/list", "method": "POST", "result": "list", "max_records": 2,
         "request_parameters": [{**by_id, "required": False}], "unknown_parameters": "reject"},
        # Beside it at the same path: the other method has the other envelope.
        {**rows, "name": "Mixed Post", "path": "/plain", "method": "POST", "request_parameters": [by_id]},
    ]


def success(answer, data):
    return f'{{"data":{data},"errCode":0,"errMsg":"success","requestId":"{answer.headers["x-ca-request-id"]}","apiLog":null}}'


def rows(t, p):
    def is_(answer, data, name):
        t.is_((answer.status, answer.text), (200, success(answer, data)), name)

    row = '{"id":"9223372036854775807","price":"12345678901234567890.123456789012345678","label":"a"}'
    is_(p.get("/v1/object?id=9223372036854775807"), row, "an object, its numbers as strings")
    is_(p.get("/v1/object?id=1"), "null", "no row")
    is_(post(p, "id=2"), '[{"id":"2","price":"NaN","label":"b"}]', "a list")
    is_(post(p, "id=3"), '[{"id":"3","price":null,"label":null}]', "NULL as a string is null")
    is_(post(p, "id=1"), "[]", "an empty list")
    cut = post(p, "")
    t.is_((len(cut.json["data"]), cut.headers.get("x-tablegate-truncated")), (2, "max_records=2"), "a list that is cut")
    headed = p.get("/v1/object?id=2", "HEAD")
    t.is_((headed.status, headed.body), (200, b""), "HEAD")


def post(p, body, kind=kForm, key=None):
    headers = bearer(p.key if key is None else key) if key != "" else {}
    return request(p.gateway.port, "/v1/list", "POST", {**headers, "Content-Type": kind}, body.encode())


def is_wrapped(t, answer, status, code, name):
    """An error in the envelope, its members in order."""
    wanted = r'^\{"data":null,"errCode":%d,"errMsg":"[^"]+","requestId":"%s","apiLog":null\}$' % (code, answer.headers.get("x-ca-request-id"))
    t.like(answer.text, wanted, f"{name}: body") or t.diag(answer)
    t.is_((answer.status, answer.headers.get("content-type")), (status, "application/json; charset=utf-8"), f"{name}: {status}")


def errors(t, p, stranger):
    call = "/v1/object?id=2"
    for name, answer, status, code in (
            ("no key", p.get(call, key=""), 401, 401), ("another key", p.get(call, key="x" * 40), 401, 401),
            ("no authorization", p.get(call, key=stranger), 403, 403), ("no parameter", p.get("/v1/object"), 400, 1108110519),
            ("a wrong value", p.get("/v1/object?id=x"), 400, 400), ("an unknown parameter", post(p, "id=2&x=1"), 400, 400),
            ("a wrong body", post(p, "[", "application/json"), 400, 400), ("another kind of body", post(p, "x", "text/plain"), 415, 415),
            ("another method", p.get(call, "DELETE"), 405, 405), ("another method, no key", p.get(call, "PUT", key=""), 405, 405),
            ("a body too large, from nginx", post(p, "id=" + "0" * 3000), 413, 413),
            ("too many requests, from nginx", p.get("/v1/object?id=2&limited=1"), 429, 1108113002)):
        is_wrapped(t, answer, status, code, name)
    for name, answer, status in (("another method of a path with both", p.get("/v1/plain", "DELETE"), 405), ("no API", p.get("/v1/none"), 404),
                                 ("the API with the other envelope", p.get("/v1/plain"), 400)):
        t.is_((answer.status, answer.json["success"]), (status, False), f"{name}: the usual envelope")
    t.is_(request(p.gateway.port, "/v1/plain", "POST", {**bearer(p.key), "Content-Type": kForm}, b"id=x").json["apiLog"], None, "its other method has its own")


def database_errors(t, p):
    with_lock = Held(p, "LOCK TABLE mirror.prices")
    is_wrapped(t, p.get("/v1/object?id=2"), 504, 1108110583, "a query that takes too long")
    p.gateway.set(queue=0, connections=1, workers=1, service="pipeline off;")
    p.gateway.reload()
    first = threading.Thread(target=p.get, args=("/v1/object?id=2",))
    first.start()
    wait_for(lambda: p.postgres.psql("SELECT count(*) FROM pg_locks WHERE NOT granted") == "1", 10 * kSlow, "a query waits for the table")
    is_wrapped(t, p.get("/v1/object?id=2"), 429, 1108113002, "a queue that is full")
    first.join()
    with_lock.release()
    p.postgres.psql("REVOKE SELECT ON mirror.prices FROM tablegate_reader")
    is_wrapped(t, p.get("/v1/object?id=2"), 500, 1108110622, "a query that fails")
    p.postgres.stop()
    answer = p.get("/v1/object?id=2")
    is_wrapped(t, answer, 503, 1108110703, "no database")
    t.ok("retry-after" in answer.headers, "with Retry-After")
    p.postgres.start()
    p.postgres.psql("GRANT SELECT ON mirror.prices TO tablegate_reader")


def tools(t, p):
    tested = p.loader.json("api", "test", kObject)
    t.is_(tested["response"], {"data": {"id": "2", "price": "NaN", "label": "b"}, "errCode": 0, "errMsg": "success", "requestId": "api-test", "apiLog": None}, "api test")
    failed = p.loader("api", "test", kObject, "--param", "id=x")
    t.ok(failed.rc == 1 and '"apiLog":null' in failed.stdout + failed.stderr, "api test of an error too", failed)
    called = p.loader.must("api", "call", kObject, "--gateway-url", f"http://127.0.0.1:{p.gateway.port}", "--credential", p.file("key", p.key))
    t.like(called.stdout, '"apiLog":null', "api call")
    document = p.loader.json("openapi")
    operation = document["paths"]["/v1/object"]["get"]["responses"]
    t.is_(operation["404"]["$ref"], "#/components/responses/DataWorksError404", "OpenAPI: its errors")
    schema = operation["200"]["content"]["application/json"]["schema"]
    t.is_(schema["required"], ["data", "errCode", "errMsg", "requestId", "apiLog"], "OpenAPI: its rows")
    t.is_(schema["properties"]["data"]["properties"]["price"]["type"], ["string", "null"], "OpenAPI: a decimal as a string")
    schemas = document["components"]["schemas"]
    t.is_(list(schemas["DataWorksError405"]["properties"]), ["data", "errCode", "errMsg", "requestId", "apiLog"], "OpenAPI: the form of an error")
    t.ok("error" in schemas["Error405"]["properties"], "OpenAPI: beside that of other APIs")
    t.like(p.loader.must("api", "show", kObject).stdout, "dataworks", "api show names it")


def contract(t, p):
    objects = definitions()
    objects[7].pop("envelope")
    p.apply(objects)
    p.loader.must("api", "test", kObject)
    refused = p.loader("api", "commit", kObject)
    t.ok(refused.rc == 1 and "envelope was dataworks and is tablegate" in refused.stderr, "another envelope breaks the contract", refused)
    p.loader.must("api", "commit", kObject, "--breaking")
    refused = p.loader("api", "publish", kObject, "--weight", "10", "--breaking")
    t.ok(refused.rc == 1 and "envelope" in refused.stderr, "a canary has the envelope of the version beside it", refused)
    p.loader.must("api", "publish", kObject, "--no-domain", "--breaking")
    p.sync_and_reload()
    t.is_(p.get("/v1/object?id=1").text, '{"data":null,"success":true}', "published, callers get the other one")
    _, lines = read_file(p.gateway.manifest)
    t.is_([line.get("envelope") for line in lines if line.get("name") in (kObject, kList)], [None, "dataworks"], "the manifest has it where it is not the default")


def test(t):
    p = t.project()
    p.serve(definitions(), {"user_info": "user_id,user_name,age\n10001,Alice,25\n", "prices": kCsv},
            http="map $arg_limited $limited { 1 all; } limit_req_zone $limited zone=all:1m rate=1r/m; limit_req_status 429;",
            server="tablegate_errors on; client_max_body_size 2k;", location="limit_req zone=all;")
    p.loader.must("consumer", "create", "stranger")
    stranger = p.add_key("stranger")
    p.sync_and_reload()
    p.get("/v1/object?id=2&limited=1")  # the one that is let through
    rows(t, p)
    errors(t, p, stranger)
    tools(t, p)
    database_errors(t, p)
    contract(t, p)


run_test(test)
