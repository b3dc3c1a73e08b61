#!/usr/bin/env python3
"""What callers get after an error: statuses, the error body, and what it must not reveal."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import re

from tablegate_test import raw, run_test

kPath = "/v1/user/info"
kCall = f"{kPath}?user_id=10001"


def error(t, answer, status, slug, code, name):
    """The error body as promised: members in order, the request id of the header."""
    t.is_(answer.status, status, f"{name}: {status}") or t.diag(answer)
    t.like(answer.text, r'^\{"data":null,"success":false,"errCode":%d,"error":"%s","errMsg":"[^"]+","requestId":"[0-9a-f]{32}"\}$' % (code, slug),
           f"{name}: body")
    t.is_(answer.headers.get("content-type"), "application/json; charset=utf-8", f"{name}: content type")
    try:
        t.is_(answer.json["requestId"], answer.headers.get("x-ca-request-id"), f"{name}: request id")
    except ValueError:
        t.ok(False, f"{name}: is JSON", answer)


def without_id(answer):
    return re.sub(r'"requestId":"[^"]*"', "", answer.text)


def unauthenticated(t, p):
    missing = p.get(kCall, key="")
    error(t, missing, 401, "missing_credential", 401, "no key")
    t.like(missing.headers.get("www-authenticate"), "^Bearer", "no key: WWW-Authenticate")
    wrong_key = p.key[:-1] + ("A" if p.key[-1] != "A" else "B")
    unknown, wrong = p.get(kCall, key="x" * len(p.key)), p.get(kCall, key=wrong_key)
    error(t, unknown, 401, "invalid_credential", 401, "unknown key")
    error(t, wrong, 401, "invalid_credential", 401, "wrong key")
    t.is_(without_id(unknown), without_id(wrong), "unknown and wrong keys get the same body")
    names = [[name for name, _ in answer.pairs] for answer in (unknown, wrong)]
    t.is_(names[0], names[1], "and the same headers")
    t.is_(unknown.headers.get("www-authenticate"), wrong.headers.get("www-authenticate"), "and the same WWW-Authenticate")
    for name, value in (("empty", "Bearer "), ("other scheme", "Basic dXNlcjpwYXNz"), ("no scheme", p.key)):
        t.is_(p.get(kCall, key="", Authorization=value).status, 401, f"Authorization, {name}: 401")
    t.is_(p.get(kPath, key="").status, 401, "without a key nothing is said about parameters")
    long = p.get(kCall, key="k" * 6000)
    t.ok(long.status in (400, 401), "a key of 6000 bytes", long)


def unauthorized(t, p, stranger):
    error(t, p.get(kCall, key=stranger), 403, "consumer_not_authorized", 403, "another consumer")


def routes(t, p):
    for target in ("/", "/v1", "/v1/user", "/v1/user/info/", "/v1/user/infos", "/v1/User/info", "/v2/user/info", "/v1/user/%00info"):
        answer = p.get(target + "?user_id=10001")
        t.ok(answer.status == (400 if "%00" in target else 404), f"{target} is no API", answer)
    error(t, p.get("/v1/user/infos"), 404, "api_not_found", 404, "unknown path")
    error(t, p.get("/v1/user/infos", key=""), 404, "api_not_found", 404, "unknown path without a key")
    for target in ("/v1//user/info", "/v1/./user/info", "/v1/x/../user/info", "/v1/user/%69nfo"):
        t.is_(p.get(target + "?user_id=10001").status, 200, f"{target}: nginx's normalisation counts")
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        answer = p.get(kCall, method)
        error(t, answer, 405, "method_not_allowed", 405, method)
        t.is_(sorted(re.split(r", *", answer.headers.get("allow", ""))), ["GET", "HEAD"], f"{method}: Allow")


def head(t, p):
    got, headed = p.get(kCall), p.get(kCall, "HEAD")
    t.is_((headed.status, headed.body), (200, b""), "HEAD: 200 without a body")
    t.is_(headed.headers.get("content-type"), got.headers.get("content-type"), "HEAD: content type of GET")
    t.ok("content-length" not in headed.headers, "HEAD: no length, because no rows are read", headed.headers)
    answer = raw(p.gateway.port, f"HEAD {kCall} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    t.like(answer.decode(), r"^HTTP/1.1 401 .*\r\n\r\n$", "HEAD of an error: no body either")


def parameters(t, p):
    error(t, p.get(kPath), 400, "missing_parameter", 1108110519, "no parameter")
    t.like(p.get(kPath).json["errMsg"], "user_id", "no parameter: is named")
    for value in ("abc", "", "1.5", "1e3", "0x10", "9223372036854775808", "-9223372036854775809", "+", "1;DROP", "1'--", "1%00", "%ff", "1_0", "%D9%A1"):
        answer = p.get(f"{kPath}?user_id={value}")
        error(t, answer, 400, "invalid_parameter", 400, f"user_id={value}")
        t.like(answer.text, "user_id", f"user_id={value}: the parameter is named")
    for value in ("abcdefghij", "99999999999999999999"):
        t.unlike(p.get(f"{kPath}?user_id={value}").text, value, "the value is not echoed")
    error(t, p.get(f"{kPath}?user_id=1&user_id=2"), 400, "invalid_parameter", 400, "a scalar twice")
    error(t, p.get(f"{kPath}?user_id=1%zz"), 400, "invalid_parameter", 400, "bad percent-encoding")
    for value, why in (("9223372036854775807", "largest"), ("-9223372036854775808", "smallest"), ("0", "zero"), ("10003", "no row")):
        answer = p.get(f"{kPath}?user_id={value}")
        t.is_((answer.status, answer.body), (200, b'{"data":null,"success":true}'), f"{why} id: no row is null")
    t.is_(p.get(f"{kPath}?other=1&user_id=10002&x=%27").body, b'{"data":{"user_id":10002,"user_name":"Bob"},"success":true}',
          "unknown parameters are ignored")
    t.is_(p.get(f"{kPath}?user_id=10%3002").json["data"], {"user_id": 10002, "user_name": "Bob"}, "percent-encoded digits")


def test(t):
    p = t.project().serve()
    p.loader.must("consumer", "create", "stranger")
    stranger = p.add_key("stranger")
    p.sync()
    p.gateway.reload()
    unauthenticated(t, p)
    unauthorized(t, p, stranger)
    routes(t, p)
    head(t, p)
    parameters(t, p)
    t.unlike(p.gateway.log(), re.escape(p.key), "no key in the log")


run_test(test)
