#!/usr/bin/env python3
"""An API in mode script has the life of a wizard's: API keys, tokens and signatures, approval of its versions, a canary, rollback, QUERY and usage."""
import base64
import hashlib
import hmac
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, request, run_test, users_definitions
from tg_hmac import signed_headers

kName, kPath = "Users by Script", "/v1/script"
kSecret = b"0123456789abcdef0123456789abcdef"
kSql = ("SELECT user_id, user_name\nFROM user_info\n<where>\n<if test=\"least != null\">age >= ${least}</if>\n"
        "<if test=\"ids != null and ids.size() > 0\">AND user_id IN <foreach collection=\"ids\" item=\"one\" open=\"(\" close=\")\" separator=\",\">${one}</foreach></if>\n"
        "</where>\nORDER BY user_id")


def script(sql=kSql, **fields):
    return {"kind": "Api", "name": kName, "business_process": "User Query Service", "path": "/script", "mode": "script", "data_source": "odps_demo", "sql": sql,
            "authentication": ["api_key", "jwt", "hmac"], "query_method": True,
            "request_parameters": [{"name": "least", "type": "LONG", "required": False, "sample": 20}, {"name": "ids", "type": "LONG_LIST", "required": False}], **fields}


def token(secret=kSecret, **claims):
    def part(value):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(data).decode().rstrip("=")
    text = part({"alg": "HS256", "typ": "JWT", "kid": "k1"}) + "." + part({"exp": int(time.time()) + 300, **claims})
    return text + "." + part(hmac.new(secret, text.encode(), hashlib.sha256).digest())


def said(answer):
    return answer.status, ([row["user_id"] for row in answer.json["data"]] if answer.status == 200 else answer.json["error"])


def credentials(t, p):
    pair = p.loader.json("consumer", "add-key", "demo", "--type", "hmac")
    jwk = {"kty": "oct", "kid": "k1", "alg": "HS256", "k": base64.urlsafe_b64encode(kSecret).decode().rstrip("=")}
    p.loader.must("consumer", "set-jwt", "demo", "--jwks", p.file("keys.json", json.dumps({"keys": [jwk]})))
    p.loader.must("consumer", "create", "stranger")
    stranger = p.add_key("stranger")
    p.sync_and_reload()
    target, port = kPath + "?least=30", p.gateway.port

    def signed(target, method="GET", body=b"", kind=None, sent=None):
        headers = signed_headers(pair, method, target, {"Content-Type": kind} if kind else {}, body)
        return said(request(port, sent or target, method, headers, body or None))

    t.is_(said(p.get(target)), (200, [10002]), "an API key")
    t.is_(said(p.get(target, key=token())), (200, [10002]), "a token")
    t.is_(signed(target), (200, [10002]), "a signature")
    t.is_(signed(kPath, "QUERY", b'{"ids":[10001,10002],"least":20}', "application/json"), (200, [10001, 10002]), "a signed QUERY with a list")
    t.is_(signed(kPath, "QUERY", b'{"ids":[]}', "application/json"), (200, [10001, 10002]), "an empty list")
    t.is_(signed(kPath, "QUERY", b"ids=10001&least=20", "application/x-www-form-urlencoded"), (200, [10001]), "and with a form")
    t.is_(said(p.get(target, key="x" * 43)), (401, "invalid_credential"), "a wrong API key")
    t.is_(said(p.get(target, key=token(b"y" * 32))), (401, "invalid_credential"), "a token of another secret")
    t.is_(said(p.get(target, key=token(exp=1000))), (401, "expired_credential"), "an expired token")
    t.is_(signed(target, sent=kPath + "?least=20"), (401, "invalid_signature"), "another parameter than was signed")
    t.is_(said(p.get(target, key="")), (401, "missing_credential"), "no credential")
    t.is_(said(p.get(target, key=stranger)), (403, "consumer_not_authorized"), "a consumer that is not authorized")
    return stranger


def approved(t, p):
    p.loader.must("workspace", "set", "demo", "--approval", "on")
    p.apply([script(kSql.replace("ORDER BY user_id", "ORDER BY user_id DESC"), description="newest first")])
    p.loader.must("api", "test", kName)
    t.is_(p.loader.json("api", "commit", kName)["status"], "Pending for Application", "approval on: a version of a script waits")
    result = p.loader("api", "publish", kName)
    t.ok(result.rc == 1 and "not Publishable" in result.stderr, "it cannot be published", result)
    p.loader.must("api", "submit", kName, "-m", "please", "--as", "dora@example.com")
    result = p.loader("api", "approve", kName, "--as", "dora@example.com")
    t.ok(result.rc == 1 and "submitted it" in result.stderr, "who submitted it does not approve it", result)
    t.is_(p.loader.json("api", "reject", kName, "-m", "no", "--as", "anna@example.com")["status"], "Rejected", "it is rejected")
    p.loader.must("api", "submit", kName, "--as", "dora@example.com")
    t.is_(p.loader.json("api", "approve", kName, "--as", "anna@example.com")["status"], "Publishable", "it is approved")
    t.is_([one["status"] for one in p.loader.json("api", "versions", kName)][:1], ["Publishable"], "its version says so")


def empty_lists(t, p):
    """A QUERY can send one: commit looks at the path that it takes."""
    loop = script("SELECT user_id\nFROM user_info WHERE age >= ${least} <if test=\"ids != null\">AND user_id IN <foreach collection=\"ids\" item=\"one\" open=\"(\" close=\")\" "
                  "separator=\",\">${one}</foreach></if> ORDER BY user_id", name="Loop of a Script", path="/loop", authentication=[])
    for query_method in (False, True):
        p.apply([{**loop, "query_method": query_method}])
        p.loader.must("api", "test", loop["name"], "--param", "ids=10001")
        said = p.loader.must("api", "commit", loop["name"])
        t.ok(("ids may be an empty list" in said.stdout + said.stderr) == query_method, f"query_method {query_method}: an empty list is{'' if query_method else ' not'} a call", said)


def beside(t, p, stranger):
    p.loader.must("consumer", "authorize", "stranger", "--api", kName)
    p.loader.must("api", "publish", kName, "--version", "2", "--weight", "99")
    p.sync_and_reload()
    orders = [said(p.get(kPath, key=key)) for key in (p.key, stranger)]
    t.ok(all(one in ((200, [10001, 10002]), (200, [10002, 10001])) for one in orders) and (200, [10002, 10001]) in orders, "version 2 as a canary of 99 %", orders)
    p.loader.must("api", "publish", kName, "--version", "2")
    p.sync_and_reload()
    t.is_(said(p.get(kPath)), (200, [10002, 10001]), "version 2 for all")
    t.is_(said(p.get(kPath + "?ids=10001&ids=7", key=token())), (200, [10001]), "with a token")
    p.loader.must("api", "rollback", kName)
    p.sync_and_reload()
    t.is_(said(p.get(kPath)), (200, [10001, 10002]), "rollback: version 1 again")


def counted(t, p):
    p.sync("--status", f"http://127.0.0.1:{p.gateway.port}/status")
    usage = {(one["api"], one["consumer"]): one["requests"] for one in p.loader.json("usage")}
    for _ in range(3):
        p.get(kPath)
    p.get(kPath, key=token())
    p.get(kPath, key="")
    request(p.gateway.port, kPath, "QUERY", {**bearer(p.key), "Content-Type": "application/json"}, b'{"least":20}')
    p.sync("--status", f"http://127.0.0.1:{p.gateway.port}/status")
    now = {(one["api"], one["consumer"]): one["requests"] for one in p.loader.json("usage")}
    t.is_(now[kName, "demo"] - usage[kName, "demo"], 5, "usage counts its calls by key, token and QUERY, not those without a credential")
    result = p.loader("api", "unpublish", kName)
    t.ok(result.rc == 1 and "demo (" in result.stderr and "--yes" in result.stderr, "unpublish names who calls it", result)


def test(t):
    p = t.project()
    p.serve(users_definitions()[:-1] + [script()], {"user_info": "user_id,user_name,age\n10001,Alice,25\n10002,Bob,30\n"},
            server="location = /status { tablegate_status; }")
    stranger = credentials(t, p)
    empty_lists(t, p)
    approved(t, p)
    beside(t, p, stranger)
    counted(t, p)


run_test(test)
