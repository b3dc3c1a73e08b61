#!/usr/bin/env python3
"""Signatures where nginx leaves the plain path: subrequests (auth_request, SSI), satisfy any, internal redirects, error_page, rewrite,
keep-alive with another consumer a request. Nothing opens an API but our own proof."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Client, request, run_test, users_definitions
from tg_hmac import content_md5, signed_headers

kGet, kPost = "/v1/user/info?user_id=10001", "/v1/user/posted"
kForm, kJson = {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": "application/json"}
kServer = """
    location = /guarded { auth_request /check; root {folder}/www; }
    location = /open-to-all-addresses { rewrite ^ /v1/user/posted break; satisfy any; allow all; tablegate on; }
    location = /old { rewrite ^ /v1/user/info last; }
    location = /fallback { error_page 404 = /v1/user/info?$args; root /nowhere; }
    location = /check { internal; rewrite ^ /v1/user/info?user_id=10001 break; tablegate on; }
    location = /inside/ { auth_request /check; index index.html; root {folder}/www; }
    location = /inside/index.html { auth_request /check; root {folder}/www; }
    location /tried/ { auth_request /check; try_files $uri /inside/index.html; root {folder}/www; }
    location = /page.shtml { ssi on; default_type text/html; root {folder}/www; }
"""


def definitions():
    objects = users_definitions(authentication=["hmac"])
    objects.append({**objects[-1], "name": "Posted API", "path": "/user/posted", "method": "POST"})
    return objects


def test(t):
    p = t.project()
    www = os.path.join(p.folder, "www")
    os.makedirs(os.path.join(www, "inside"))
    include = '<!--# include virtual="/v1/user/info?user_id=10001" -->'
    for name, text in (("guarded", "inside"), ("inside/index.html", "index"), ("page.shtml", f"{include}-{include}")):
        with open(os.path.join(www, name), "w", encoding="utf-8") as file:
            file.write(text)
    p.serve(definitions(), server=kServer.replace("{folder}", p.folder))
    keys = {}
    for consumer in ("demo", "partner"):
        if consumer != "demo":
            p.loader.must("consumer", "create", consumer)
            p.loader.must("consumer", "authorize", consumer, "--rest-api", "dataservice-user-api")
        keys[consumer] = p.loader.json("consumer", "add-key", consumer, "--type", "hmac")
        p.secrets.append(keys[consumer]["secret"])
    p.sync_and_reload()
    port, key = p.gateway.port, keys["demo"]

    def call(target, method="GET", headers=None, body=b"", sent=None, **more):
        made = signed_headers({**key, **more}, method, target, headers, body)
        got = request(port, target, method, made, (body if sent is None else sent) or None)
        return got.status, got.body.decode()

    # --- auth_request: the signature covers the wire's request, which is proved for the subrequest
    t.is_(call("/guarded?user_id=10001"), (200, "inside"), "auth_request: a signed request opens what is guarded")
    t.is_(call("/guarded?user_id=10001", secret="x" * 40)[0], 401, "a wrong signature does not")
    t.is_(request(port, "/guarded?user_id=10001").status, 401, "nor does none")
    # The phases run again for the file: the client's one signature, its nonce included, is good for all of its request
    for target in ("/inside/", "/tried/nothing"):
        t.is_(call(target + "?user_id=10001"), (200, "index"), f"auth_request twice in one request: {target}")
    headers = signed_headers(key, "GET", "/inside/?user_id=10001")
    t.is_([request(port, "/inside/?user_id=10001", headers=headers).status for _ in range(2)], [200, 401], "the same nonce in another request is a replay")
    # A subrequest cannot read the body that the signature covers: nobody is let in.
    body = b'{"a":1}'
    for name, sent in (("whole", body), ("another", b'{"a":2}')):
        status, _ = call("/guarded?user_id=10001", "GET", kJson, body, sent)
        t.ok(status == 500, f"auth_request with a signed body ({name}): refused", status)
    # --- SSI: a subrequest in the content phase
    t.like(call("/page.shtml?user_id=10001")[1], '(?s)^[^-]*Alice[^-]*-[^-]*Alice[^-]*$', "SSI: both parts are proved by the one signature")
    t.like(request(port, "/page.shtml").body.decode(), "missing_credential", "SSI without a signature: refused")
    # --- satisfy any: an allowed address does not replace a signature
    target, form = "/open-to-all-addresses", b"user_id=10001"
    t.is_(call(target, "POST", kForm, form)[0], 200, "satisfy any: a signed form, its body read in the content phase")
    t.is_(call(target, "POST", kForm, form, b"user_id=10002")[0], 401, "satisfy any: a changed form")
    t.is_(request(port, target, "POST", kForm, form).status, 401, "satisfy any: an allowed address alone")
    large = b"pad=" + b"x" * 100000 + b"&user_id=10002"
    t.like(call(target, "POST", kForm, large)[1], "Bob", "satisfy any: a form in a temporary file")
    # --- redirects inside
    for name in ("/old?user_id=10001", "/fallback?user_id=10001"):
        t.like(call(name)[1], "Alice", f"{name}: signed as it came over the wire")
        headers = signed_headers(key, "GET", kGet)
        t.is_(request(port, name, headers=headers).status, 401, f"{name}: signed as it is rewritten to")
    # --- one connection, callers in turns
    with Client(port) as client:
        got = []
        for turn in range(12):
            who = keys["demo" if turn % 2 else "partner"]
            secret = who["secret"] if turn % 3 else "x" * 40
            form = b"user_id=1000%d" % (1 + turn % 2)
            headers = signed_headers({**who, "secret": secret}, "POST", kPost, kForm, form)
            answer = client.request(kPost, "POST", headers, form)
            got.append((answer.status == 200) == bool(turn % 3) and (answer.status != 200 or answer.json["data"]["user_id"] == 10001 + turn % 2))
        t.ok(all(got), "keep-alive: good and bad signatures of two consumers in turns", got)
    t.is_(call(kPost, "POST", {**kJson, "Content-MD5": content_md5(b"x")}, b'{"user_id":10001}')[0], 401, "a digest of another body")


run_test(test)
