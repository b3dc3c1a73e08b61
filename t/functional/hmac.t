#!/usr/bin/env python3
"""HMAC signatures through a real nginx: what they cover, bodies however they arrive, times, nonces over workers and reloads,
diagnostics, and that a known and an unknown access key are told apart by nothing."""
import collections
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, Client, raw, request, run, run_test, users_definitions, wait_for
from tg_hmac import content_md5, signature, signed_headers, string_to_sign

kGet, kPost = "/v1/user/signed?user_id=10001", "/v1/user/posted"
kForm, kJson = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, {"Content-Type": "application/json"}
kAlice = {"data": {"user_id": 10001, "user_name": "Alice"}, "success": True}
kBob = {"data": {"user_id": 10002, "user_name": "Bob"}, "success": True}


def definitions():
    objects = users_definitions()
    base = objects[-1]

    def api(name, path, **more):
        objects.append({**base, "name": name, "path": path, "authentication": ["hmac"], **more})

    by_id = base["request_parameters"][0]
    api("Signed API", "/user/signed")
    api("Posted API", "/user/posted", method="POST")
    api("Nonce API", "/user/nonce", hmac={"require_nonce": True})
    api("Old Hash API", "/user/sha1", hmac={"methods": ["HmacSHA256", "HmacSHA1"], "require_content_md5": False}, method="POST")
    api("Header API", "/user/header", request_parameters=[{**by_id, "in": "header", "name": "X-User"}])
    api("Empty Name API", "/user/name", request_parameters=[{"name": "user_name", "type": "STRING", "sample": "Alice"}])
    return objects


def answer_of(got):
    """(status, slug or data)."""
    return got.status, (got.json.get("error") or got.json["data"])


def gets(t, p, key):
    port = p.gateway.port

    def call(target, headers=None, method="GET", **more):
        return request(port, target, method, signed_headers(key, method, target, headers, **more))

    got = call(kGet)
    t.is_((got.status, got.json), (200, kAlice), "a signed GET")
    t.is_(call(kGet, method="HEAD").status, 200, "HEAD is signed as HEAD")
    for name, more in (("no list", {"signed": ()}), ("names as written", {"signed": ("X-Ca-Timestamp", "ACCEPT", "Date")}),
                       ("an absent header in the list", {"signed": ("X-Not-There", "X-Ca-Key")}), ("Date alone", {"timestamp": False}),
                       ("the timestamp alone", {"date": False}), ("lower-cased names", {"lower": True})):
        t.is_(call(kGet, **more).status, 200, f"signed with {name}")
    for target in ("/v1/user/name?user_name=&z=1", "/v1/user/name?user_name&z=1"):
        for empty in ("", "="):
            t.is_(answer_of(call(target, empty=empty)), (200, None), f"{target}, an empty value spelled 'k{empty}'")
    for value in ("a%20b", "a+b", "%E4%BD%A0%E5%A5%BD", "%2B%2F%3D", "x%26y"):
        t.is_(call(f"/v1/user/name?b=2&a=1&user_name={value}").status, 200, f"value {value}")
    t.is_(answer_of(call("/v1/user/signed?user_id=10001&user_id=10001")), (400, "invalid_parameter"), "a repeated key")
    t.is_(answer_of(call("/v1/user/signed?user_id=10001#2")), (400, "invalid_parameter"), "a '#', where nginx would end the query")
    t.is_(call("/v1/%75ser/signed?user_id=10001").status, 200, "the path as it came over the wire")
    t.is_(answer_of(call(kGet, hash_method="HmacSHA1")), (401, "invalid_signature"), "HmacSHA1 where the API does not allow it")
    headers = signed_headers(key, "GET", kGet)
    headers.pop("X-Ca-Signature-Method")
    headers["X-Ca-Signature-Headers"] = "X-Ca-Key"
    headers["X-Ca-Signature"] = signature(key["secret"], string_to_sign("GET", kGet, headers, ("X-Ca-Key",)))
    t.is_(request(port, kGet, headers=headers).status, 200, "without a method it is HmacSHA256")
    target = "/v1/user/header"
    t.is_(call(target, {"X-User": "10002"}, signed=("X-User",)).json, kBob, "a header parameter, signed")
    t.is_(answer_of(call(target, {"X-User": "10002"})), (401, "invalid_signature"), "not signed")


def tampering(t, p, key):
    def sent(change, target=kGet, method="GET", headers=None, body=b"", **more):
        made = signed_headers(key, method, target, headers, body, **more)
        call = {"target": target, "method": method, "headers": made, "body": body}
        change(call)
        got = request(p.gateway.port, call["target"], call["method"], call["headers"], call["body"] or None)
        return answer_of(got)

    def set_header(name, value):
        return lambda call: call["headers"].update({name: value})

    def set_call(name, value):
        return lambda call: call.update({name: value})

    bad = (401, "invalid_signature")
    post = {"target": kPost, "method": "POST", "headers": kForm, "body": b"user_id=10001"}
    t.is_(sent(lambda call: None), (200, kAlice["data"]), "untouched")
    for name, change, more in (
            ("query value", set_call("target", "/v1/user/signed?user_id=10002"), {}),
            ("query name", set_call("target", "/v1/user/signed?user_id=10001&x=1"), {}),
            ("path", set_call("target", "/v1/user/../user/signed?user_id=10001"), {}),
            ("Accept", set_header("Accept", "*/*"), {}), ("Date", set_header("Date", "Wed, 01 Jan 2025 00:00:00 GMT"), {}),
            ("Content-Type", set_header("Content-Type", "text/plain"), {}), ("Content-MD5", set_header("Content-MD5", content_md5(b"")), {}),
            ("X-Ca-Timestamp", set_header("X-Ca-Timestamp", str(int(time.time() * 1000) + 5000)), {}),
            ("X-Ca-Nonce", set_header("X-Ca-Nonce", "another"), {}), ("X-Ca-Key", set_header("X-Ca-Key", "another"), {}),
            ("the list", set_header("X-Ca-Signature-Headers", "X-Ca-Key"), {}),
            ("the hash", set_header("X-Ca-Signature-Method", "HmacSHA1"), {}),
            ("the signature", set_header("X-Ca-Signature", "A" * 43 + "="), {}),
            ("the secret", lambda call: call["headers"].update(signed_headers({**key, "secret": "x" * 40}, "GET", kGet)), {}),
            ("form", set_call("body", b"user_id=10002"), post), ("more form", set_call("body", b"user_id=10001&x="), post),
            ("JSON", set_call("body", b'{"user_id":10002}'), {**post, "headers": kJson, "body": b'{"user_id":10001}'})):
        t.is_(sent(change, **more), bad, f"tampered: {name}")
    t.is_(request(p.gateway.port, kGet, "HEAD", signed_headers(key, "GET", kGet)).status, 401, "tampered: method")


def bodies(t, p, key):
    port, json_body, form = p.gateway.port, b'{"user_id":10001}', b"user_id=10001"

    def call(headers, body, target=kPost, sent=None, **more):
        return request(port, target, "POST", {**signed_headers(key, "POST", target, headers, body, **more), **(sent or {})}, body)

    t.is_(call(kForm, form).json, kAlice, "a form")
    t.is_(call(kForm, form + b"&name=%E4%BD%A0+%2B&empty=").json, kAlice, "a form with encoded and empty values")
    t.is_(call(kForm, form, kPost + "?z=1&a=2").json, kAlice, "a form beside a query")
    t.is_(answer_of(call(kForm, form, kPost + "?user_id=1")), (400, "invalid_parameter"), "a key in both")
    t.is_(call(kJson, json_body).json, kAlice, "JSON with Content-MD5")
    t.is_(answer_of(call({**kJson, "Content-MD5": ""}, json_body)), (401, "invalid_signature"), "JSON without: refused")
    t.is_(call({**kJson, "Content-MD5": ""}, json_body, "/v1/user/sha1", hash_method="HmacSHA1").json, kAlice, "unless the API says otherwise; SHA-1")
    t.is_(answer_of(call({**kJson, "Content-MD5": content_md5(b"x")}, json_body, "/v1/user/sha1")), (401, "invalid_signature"), "but what is sent is checked")
    large = b'{"pad":"' + b"x" * 200000 + b'","user_id":10002}'
    t.is_(call(kJson, large).json, kBob, "JSON in a temporary file")
    large_form = b"pad=" + b"y" * 200000 + b"&user_id=10002"
    t.is_(call(kForm, large_form).json, kBob, "a form in a temporary file")
    t.is_(answer_of(call(kForm, b"&".join(b"p%d=1" % i for i in range(2000)))), (400, "invalid_parameter"), "2,000 parameters")

    def over_the_wire(headers, body, pieces):
        lines = "".join(f"{name}: {value}\r\n" for name, value in signed_headers(key, "POST", kPost, headers, body).items())
        return raw(port, f"POST {kPost} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{lines}{pieces[0]}\r\n".encode() + pieces[1])

    for name, headers, body in (("form", kForm, form), ("JSON", kJson, json_body), ("large JSON", kJson, large)):
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[i:i + 9000] for i in range(0, len(body), 9000))) + b"0\r\n\r\n"
        got = over_the_wire(headers, body, ("Transfer-Encoding: chunked\r\n", chunks))
        t.like(got.decode(), r"^HTTP/1.1 200 ", f"chunked {name}")
    target, file = kPost, os.path.join(p.folder, "body")
    with open(file, "wb") as out:
        out.write(json_body)
    for name, options in (("HTTP/2", ["--http2-prior-knowledge"]), ("Expect: 100-continue", ["-H", "Expect: 100-continue"])):
        lines = [part for pair in signed_headers(key, "POST", target, kJson, json_body).items() for part in ("-H", f"{pair[0]}: {pair[1]}")]
        got = run(["curl", "-sS", "-g", *options, *lines, "--data-binary", f"@{file}",
                   f"http://127.0.0.1:{p.gateway.http2_port if options[0].startswith('--http2') else port}{target}"])
        t.is_(got.stdout, json.dumps(kAlice, separators=(",", ":")), f"{name}") or t.diag(got.stderr)
    with Client(port) as client:  # the connection is usable after bodies
        for turn in range(6):
            body = (form, json_body, large)[turn % 3]
            headers = signed_headers(key, "POST", kPost, kForm if turn % 3 == 0 else kJson, body)
            t.is_(client.request(kPost, "POST", headers, body).status, 200, f"keep-alive, body {turn}")


def times(t, p, key):
    def at(offset, **more):
        return request(p.gateway.port, kGet, headers=signed_headers(key, "GET", kGet, when=time.time() + offset, **more))

    t.is_(at(880).status, 200, "within 900 s")
    t.is_(answer_of(at(-880)), (401, "stale_request"), "also within, but before this gateway began to remember nonces")
    got = at(-920)
    t.is_(answer_of(got), (401, "stale_request"), "before the window")
    t.like(got.json["errMsg"], r"outside the window of 900 s, server time \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$", "and told the server's time")
    t.is_(answer_of(at(920)), (401, "stale_request"), "after it")
    headers = signed_headers({**key, "secret": "x" * 40}, "GET", kGet, when=time.time() - 5000)
    t.is_(answer_of(request(p.gateway.port, kGet, headers=headers)), (401, "invalid_signature"), "told only after the proof")
    t.is_(answer_of(at(0, date=False, timestamp=False)), (401, "stale_request"), "no time at all")
    t.is_(answer_of(at(0, date=False, signed=("X-Ca-Key",))), (401, "stale_request"), "a timestamp that is not signed")


def nonces(t, p, key):
    port = p.gateway.port
    headers = signed_headers(key, "GET", kGet)
    t.is_(request(port, kGet, headers=headers).status, 200, "a nonce")
    t.is_(answer_of(request(port, kGet, headers=headers)), (401, "replayed_nonce"), "again: refused")
    t.is_(answer_of(request(port, "/v1/user/nonce?user_id=10001", headers=signed_headers(key, "GET", "/v1/user/nonce?user_id=10001", signed=("X-Ca-Key",)))),
          (401, "invalid_signature"), "an API that requires a signed one")
    t.is_(request(port, "/v1/user/nonce?user_id=10001", headers=signed_headers(key, "GET", "/v1/user/nonce?user_id=10001")).status, 200, "and gets it")
    p.gateway.reload()
    t.is_(answer_of(request(port, kGet, headers=headers)), (401, "replayed_nonce"), "after a reload as well")
    # Many at once, over both workers: each nonce lets one in.
    for turn in range(15):
        headers, counts = signed_headers(key, "GET", kGet), collections.Counter()
        barrier = threading.Barrier(6)

        def one():
            barrier.wait()
            counts[answer_of(request(port, kGet, headers=headers))[0]] += 1
        threads = [threading.Thread(target=one) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if counts != {200: 1, 401: 5}:
            break
    t.is_(dict(counts), {200: 1, 401: 5}, "six at once, 15 times: exactly one 200")


def alike(t, p, key):
    port = p.gateway.port
    got = []
    for access_key in (key["access_key"], "nobody-has-this-key"):
        answer = request(port, kGet, headers=signed_headers({"access_key": access_key, "secret": "x" * 40}, "GET", kGet))
        body = {**answer.json, "requestId": ""}
        headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-ca-request-id")}
        got.append((answer.status, body, headers))
    t.is_(got[0], got[1], "unknown key and wrong secret: the same status, body and headers")
    t.like(got[0][2]["www-authenticate"], 'realm="dataservice-user-api"', "with WWW-Authenticate")
    t.is_(answer_of(request(port, kGet)), (401, "missing_credential"), "no credential")
    t.is_(answer_of(request(port, kGet, headers={"X-Ca-Key": key["access_key"]})), (401, "invalid_signature"), "a key without a signature")
    many = signed_headers(key, "GET", kGet)
    lines = "".join(f"{name}: {value}\r\n" for name, value in many.items())
    twice = raw(port, f"GET {kGet} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{lines}X-Ca-Key: {key['access_key']}\r\n\r\n".encode())
    t.like(twice.decode(), "(?s)^HTTP/1.1 401 .*invalid_credential", "a key twice")


def diagnostics(t, p, key):
    wrong = {**key, "secret": "x" * 40}
    t.ok("x-ca-error-message" not in request(p.gateway.port, kGet, headers=signed_headers(wrong, "GET", kGet)).headers, "off by default")
    p.gateway.set(location="tablegate_hmac_diagnostics on;")
    p.gateway.reload()
    for name in ("appKey", key["access_key"]):
        headers = signed_headers({**wrong, "access_key": name}, "GET", kGet)
        text = string_to_sign("GET", kGet, headers, headers["X-Ca-Signature-Headers"].split(","))
        got = request(p.gateway.port, kGet, headers=headers)
        t.is_(got.headers.get("x-ca-error-message"), f"Server StringToSign:`{text}`".replace("\n", "#"), f"on: the server's string, for {name[:6]}")
    t.ok("x-ca-error-message" not in request(p.gateway.port, kGet, headers=signed_headers(key, "GET", kGet)).headers, "not on success")
    t.like(p.gateway.log(), r"\[info\].*tablegate: API \"Signed API\" version 1: invalid_signature \(signature_mismatch\), request [0-9a-f]{32}", "the log has the reason")


def settings(t, p, key):
    gateway = p.gateway
    t.allow(r"requires nonces, which|whose nonces require a")
    gateway.set(location="tablegate_hmac_window 5s;")
    good, text = gateway.check()
    t.ok(good, "another window", text)
    gateway.reload()
    t.is_(answer_of(request(gateway.port, kGet, headers=signed_headers(key, "GET", kGet, when=time.time() - 30))), (401, "stale_request"), "5 s: 30 s ago is stale")
    gateway.set(location="tablegate_hmac_window 0;")
    good, text = gateway.check()
    t.ok(not good, "a window of 0 where an API requires nonces: nginx -t fails")
    t.like(text, r'API "Nonce API" requires nonces, which "tablegate_hmac_window 0" does not remember', "and says why")
    p.loader.must("api", "unpublish", "Nonce API")
    p.sync()
    gateway.reload()
    headers = signed_headers(key, "GET", kGet, when=time.time() - 100000)
    t.is_([request(gateway.port, kGet, headers=headers).status for _ in range(2)], [200, 200], "0: neither times nor nonces count")
    # A larger window than the zone has remembered nonces for: earlier times are rejected, not trusted.
    gateway.set(location="tablegate_hmac_window 3000s;")
    gateway.reload()
    t.is_(answer_of(request(gateway.port, kGet, headers=signed_headers(key, "GET", kGet, when=time.time() - 2000))), (401, "stale_request"),
          "a grown window does not reach back")
    wait_for(lambda: request(gateway.port, kGet, headers=signed_headers(key, "GET", kGet)).status == 200, 10 * kSlow, "new ones pass")
    with open(gateway.conf, encoding="utf-8") as file:
        text = file.read()
    gateway.write(text.replace("    tablegate_zone 1m;\n", ""))
    good, said = gateway.check()
    t.ok(not good, "without a zone: nginx -t fails")
    t.like(said, 'requires? .*"tablegate_zone"', "and says why")
    gateway.write()


def restarted(t, p, key):
    """A start with empty memory: what was signed before it is refused."""
    p.gateway.set(location="")
    p.gateway.stop()
    signed = signed_headers(key, "GET", kGet, when=time.time() - 2)
    p.gateway.start()
    t.is_(answer_of(request(p.gateway.port, kGet, headers=signed)), (401, "stale_request"), "after a start: signed before it")
    wait_for(lambda: request(p.gateway.port, kGet, headers=signed_headers(key, "GET", kGet)).status == 200, 10 * kSlow, "signed after it")
    t.ok(True, "signed after it: served")


def test(t):
    p = t.project()
    from tablegate_test import free_port
    p.gateway.http2_port = free_port()
    p.serve(definitions(), http=f"server {{ listen 127.0.0.1:{p.gateway.http2_port} http2; location / {{ tablegate on; }} }}")
    key = p.loader.json("consumer", "add-key", "demo", "--type", "hmac")
    p.secrets.append(key["secret"])
    p.sync_and_reload()
    wait_for(lambda: request(p.gateway.port, kGet, headers=signed_headers(key, "GET", kGet)).status == 200, 20 * kSlow, "signatures are taken")
    for part in (gets, tampering, bodies, times, nonces, alike, diagnostics, settings, restarted):
        part(t, p, key)


run_test(test)
