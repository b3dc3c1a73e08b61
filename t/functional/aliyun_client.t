#!/usr/bin/env python3
"""Alibaba's own client, npm aliyun-api-gateway, unmodified, against a real gateway: what it signs is what we read, and each value is the
one that it was given."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import json

from tablegate_test import kSlow, request, run_test, users_definitions, wait_for
from tg_hmac import signed_headers
from tg_node import need_node, node

kForm = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
# The row that answers shows which text arrived.
kNames = {1: "Alice", 2: "a b", 3: "\u4f60\u597d", 4: "+/=", 5: "x&y=z%20", 6: "2,1", 7: "\U0001f600 \u00e9", 8: "a+b", 9: "'()*!~", 10: "#?;:@$[]"}
kUsers = "user_id,user_name,age\n" + "".join(f'{number},"{name}",30\n' for number, name in kNames.items())


def definitions():
    base = users_definitions()
    name = {"name": "user_name", "type": "STRING", "sample": "Alice"}
    api = {**base[-1], "authentication": ["hmac"], "request_parameters": [name]}
    return base[:-1] + [
        {**api, "name": "Name in Query", "path": "/user/get", "hmac": {"require_nonce": True}},
        {**api, "name": "Name in Path", "path": "/user/path/{user_name}", "request_parameters": [{**name, "in": "path"}]},
        {**api, "name": "Name in Header", "path": "/user/header", "request_parameters": [{**name, "name": "X-Name", "column": "user_name", "in": "header"}]},
        {**api, "name": "Name in Body", "path": "/user/post", "method": "POST"},
        {**api, "name": "Name in both", "path": "/user/both", "method": "POST", "request_parameters": [name, {"name": "age", "type": "LONG", "in": "query", "sample": 30}]},
    ]


def found(number):
    return {"data": {"user_id": number, "user_name": kNames[number]} if number else None, "success": True}


class Calls:
    """Calls that one process makes one after the other, and what is expected of each."""

    def __init__(self, t, p, key):
        self.t, self.p, self.key, self.calls, self.checks = t, p, key, [], []

    def add(self, method, target, name, want, **options):
        """want: what the client returns, or (status, slug) of a refusal."""
        self.calls.append({"method": method, "target": target, "options": options})
        self.checks.append((name, want))

    def run(self, **env):
        answers, said = node("aliyun_client.js", {"address": f"http://127.0.0.1:{self.p.gateway.port}", "key": self.key["access_key"],
                                                  "secret": self.key["secret"], "calls": self.calls}, **env)
        for (name, want), got in zip(self.checks, answers):
            have = got["result"] if "result" in got else (got["status"], json.loads(got["body"])["error"])
            self.t.is_(have, want, name) or self.t.diag(got)
        self.t.is_(len(answers), len(self.checks), "every call was made")
        return answers, said


def gets(t, p, key):
    calls = Calls(t, p, key)
    for number, name in kNames.items():
        calls.add("get", "/v1/user/get", f"GET, {ascii(name)}", found(number), query={"user_name": name})
    calls.add("get", "/v1/user/get", "GET, unsorted", found(1), query={"z": 1, "user_name": "Alice", "B": "b", "a": "2", "10": "x", "9": "y", "_": "-"})
    calls.add("get", "/v1/user/get?z=1&user_name=Alice&B=b&a=2", "GET, unsorted as written", found(1))
    calls.add("get", "/v1/user/get", "GET, empty values", found(1), query={"user_name": "Alice", "empty": "", "null": None, "b": ""})
    calls.add("get", "/v1/user/get?b=&user_name=Alice&a&c=", "GET, empty values as written", found(1))
    calls.add("get", "/v1/user/get", "GET, the parameter itself is empty", found(0), query={"user_name": ""})
    calls.add("get", "/v1/user/get", "GET, names that want encoding", found(1), query={"user_name": "Alice", "\u952e": "1", "a b": "2", "x=y&": "3", "a%20": "4", "+": "5"})
    calls.add("get", "/v1/user/get?user_name=a%20b&x=%2B", "GET, encoded as written, %20", found(2))
    calls.add("get", "/v1/user/get?user_name=a+b", "GET, encoded as written, +", found(2))
    calls.add("get", "/v1/user/get?user_name=%e4%bd%a0%e5%a5%bd", "GET, encoded as written, small letters", found(3))
    calls.add("get", "/v1/user/get?x=%E4%BD%A0", "GET, query of the URL beside an object", found(1), query={"user_name": "Alice"})
    calls.add("get", "/v1/user/get", "GET, numbers and truth", found(1), data={"user_name": "Alice", "n": 1.5, "zero": 0, "yes": True, "no": False})
    calls.add("get", "/v1/user/path/Alice", "GET, a path parameter", found(1))
    calls.add("get", "/v1/user/path/a%20b", "GET, an encoded path parameter", found(2))
    calls.add("get", "/v1/user/header", "GET, a header parameter among the signed ones", found(1), signHeaders={"X-Name": "Alice"})
    calls.add("get", "/v1/user/header", "GET, a header parameter that is not signed", (401, "invalid_signature"), headers={"X-Name": "Alice"})
    calls.add("get", "/v1/user/get", "GET, other headers and Date", found(1), query={"user_name": "Alice"},
              headers={"Accept": "text/plain, */*", "Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()), "X-Ca-Other": "1"}, signHeaders={"X-Mine": ""})
    # It signs repeated values as one, `a=2,1`: a signature for two requests.
    calls.add("get", "/v1/user/get", "GET, a value twice: refused", (400, "invalid_parameter"), query={"user_name": ["2", "1"]})
    calls.add("get", "/v1/user/get?a=2&a=1&user_name=Alice", "GET, twice as written: refused", (400, "invalid_parameter"))
    # It sorts names by UTF-16 units, we by bytes as documented: different only for characters above U+FFFF. Such calls are rejected.
    calls.add("get", "/v1/user/get", "GET, names that UTF-16 sorts in another way: refused", (401, "invalid_signature"), query={"user_name": "Alice", "\uff21": "1", "\U0001f600": "2"})
    calls.add("get", "/v1/user/none", "GET, no such API", (404, "api_not_found"))
    calls.add("delete", "/v1/user/get", "DELETE", (405, "method_not_allowed"), query={"user_name": "Alice"})
    answers, _ = calls.run()
    sent = answers[0]["sent"]
    t.ok("x-ca-signature-method" not in sent and sent["x-ca-signature-headers"] == "x-ca-key,x-ca-nonce,x-ca-stage,x-ca-timestamp", "it signs as this test believes", sent)
    t.like(answers[1]["target"], "user_name=a%20b$", "and writes blanks as %20")
    t.is_(len({answer["sent"]["x-ca-nonce"] for answer in answers}), len(answers), "each call with a nonce of its own")


def posts(t, p, key):
    calls = Calls(t, p, key)
    for number, name in kNames.items():
        calls.add("post", "/v1/user/post", f"POST form, {ascii(name)}", found(number), headers=kForm, data={"user_name": name})
        calls.add("post", "/v1/user/post", f"POST JSON, {ascii(name)}", found(number), data={"user_name": name})
    form = {"z": 1, "user_name": "Alice", "empty": "", "\u952e": "\u503c", "a b": "x y", "null": None, "yes": True}
    calls.add("post", "/v1/user/post", "POST form, unsorted, empty and encoded", found(1), headers=kForm, data=form)
    calls.add("post", "/v1/user/post?q=1&a=%20", "POST form beside a query", found(1), headers=kForm, data=form, query={"\u952e2": "", "b": "+"})
    calls.add("post", "/v1/user/post?z=2", "POST form, a name in both: refused", (400, "invalid_parameter"), headers=kForm, data=form)
    calls.add("post", "/v1/user/post", "POST form, a value twice: refused", (400, "invalid_parameter"), headers=kForm, data={"user_name": ["2", "1"]})
    calls.add("post", "/v1/user/post", "POST form, nothing in it", (400, "missing_parameter"), headers=kForm, data={})
    calls.add("post", "/v1/user/post", "POST form in a temporary file", found(3), headers=kForm, data={"user_name": kNames[3], "pad": "\u4f60 " * 40000})
    calls.add("post", "/v1/user/both", "POST form, parameters of the API in query and body", found(5), headers=kForm, data={"user_name": kNames[5]}, query={"age": 30})
    calls.add("post", "/v1/user/both", "POST JSON, in query and body", found(5), data={"user_name": kNames[5]}, query={"age": 30})
    calls.add("post", "/v1/user/post?b=%20&a", "POST JSON beside a query", found(1), data={"user_name": "Alice"}, query={"z": "", "\u952e": "1"})
    calls.add("post", "/v1/user/post", "POST JSON, with a charset", found(2), data={"user_name": "a b"}, headers={"Content-Type": "application/json; charset=UTF-8"})
    calls.add("post", "/v1/user/post", "POST JSON in a temporary file", found(7), data={"pad": "x" * 100000, "user_name": kNames[7]})
    calls.add("post", "/v1/user/post", "POST JSON, no object", (400, "invalid_body"), data=[1])
    calls.add("post", "/v1/user/post", "POST of another type", (415, "unsupported_media_type"), data="user_name=Alice", headers={"Content-Type": "text/plain"})
    answers, _ = calls.run()
    t.ok(answers[1]["sent"].get("content-md5") and "content-md5" not in answers[0]["sent"], "it sends Content-MD5 of JSON, none of a form", answers[0]["sent"])


def refused(t, p, key):
    """Wrong secret and unknown key; then with diagnostics: the server's string is the string that the client signed."""
    wrong, nobody = {**key, "secret": "x" * 40}, {"access_key": "nobody-has-this-key", "secret": "x" * 40}
    messages = []
    for who in (wrong, nobody):
        calls = Calls(t, p, who)
        calls.add("get", "/v1/user/get", f"{who['access_key'][:6]}: 401", (401, "invalid_signature"), query={"user_name": "Alice"})
        (got,), _ = calls.run()
        t.like(got["headers"]["www-authenticate"], 'realm="dataservice-user-api"', "with a challenge")
        body = json.loads(got["body"])
        t.like(got["error"], r"code\(401\)\. request id: " + body.pop("requestId"), "the client shows the request's id")
        messages.append(body)
    t.is_(messages[0], messages[1], "both alike")
    t.like(p.gateway.log(), r"(?s)\(signature_mismatch\).*\(unknown_access_key\)", "the log knows the reason")
    p.gateway.set(location="tablegate_hmac_diagnostics on;")
    p.gateway.reload()
    for who in (wrong, nobody):
        calls = Calls(t, p, who)
        query = {"user_name": kNames[7], "b": "", "a": "1 2"}
        calls.add("get", "/v1/user/get", "GET, diagnostics on", (401, "invalid_signature"), query=query)
        calls.add("post", "/v1/user/post", "POST form", (401, "invalid_signature"), query={"q": "+"}, data=query, headers=kForm)
        calls.add("post", "/v1/user/post", "POST JSON", (401, "invalid_signature"), data=query)
        answers, said = calls.run(DEBUG="api-gateway", DEBUG_COLORS="no")
        signed = [line.split("client: ", 1)[1] for line in said.splitlines() if "client: " in line]
        theirs = [got["headers"]["x-ca-error-message"].encode("latin-1").decode() for got in answers]
        t.is_(theirs, [f"Server StringToSign:`{text}`" for text in signed], "the server's string is what the client signed")
        t.ok(len(signed) == 3 and all(got["headers"]["x-ca-error-message"] in got["error"] for got in answers), "and the client's error shows it", answers)


def test(t):
    need_node(t)
    p = t.project().serve(definitions(), {"user_info": kUsers})
    key = p.loader.json("consumer", "add-key", "demo", "--type", "hmac")
    p.secrets.append(key["secret"])
    p.sync_and_reload()
    target = "/v1/user/get?user_name=Alice"
    wait_for(lambda: request(p.gateway.port, target, headers=signed_headers(key, "GET", target)).status == 200, 20 * kSlow, "signatures are taken")
    for part in (gets, posts, refused):
        part(t, p, key)


run_test(test)
