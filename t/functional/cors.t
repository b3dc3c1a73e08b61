#!/usr/bin/env python3
"""Web pages of the origins that a Domain lists may call its APIs and read every answer: preflights, errors, HTTP/2; and no other page may."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, request, run, run_test, users_definitions
from tg_tls import DomainProject

kApi = "Query User by User ID"
kCall = "/v1/user/info?user_id=10001"
kApp, kLocal, kHost = "https://app.example", "http://localhost:3000", "api.example.com"
kPreflight = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization,x-ca-key"}
kAllow = {"access-control-allow-methods": "GET, HEAD, POST, QUERY", "access-control-allow-headers": "Authorization, *", "access-control-max-age": "7200"}


class Browser:
    """Calls to a domain by curl, over TLS: (status, headers in lower case, all values of a name in one list)."""

    def __init__(self, d, host=kHost, plain=False):
        self.d, self.host, self.plain = d, host, plain

    def __call__(self, target=kCall, *options, origin=kApp, version="--http1.1", headers=None):
        port = self.d.http if self.plain else self.d.https
        words = [f"Origin: {one}" for one in ([origin] if isinstance(origin, str) else origin or [])]
        words += [f"{name}: {value}" for name, value in (headers or {}).items()]
        done = run(["curl", "-sS", "-i", "--noproxy", "*", "--max-time", "30", version, "--cacert", self.d.authority.ca, "--resolve", f"{self.host}:{port}:127.0.0.1",
                    *[word for line in words for word in ("-H", line)], *options, f"http{'' if self.plain else 's'}://{self.host}:{port}{target}"], timeout=60)
        first, *lines = done.stdout.split("\n\n")[0].split("\n")
        found = {}
        for line in lines:
            name, _, value = line.partition(": ")
            found.setdefault(name.lower(), []).append(value)
        return int(first.split(" ")[1]), found

    def preflight(self, target=kCall, *options, **how):
        return self(target, "-X", "OPTIONS", *options, **{**how, "headers": {**kPreflight, **how.get("headers", {})}})


def cors(found):
    return {name: values for name, values in found.items() if name.startswith("access-control-")}


def read_by(origin, expose=True):
    return {"access-control-allow-origin": [origin], **({"access-control-expose-headers": ["*"]} if expose else {})}


def listed(t, d):
    ask, key = Browser(d), bearer(d.p.key)
    long = d.p.file("long", "x" * 2000000)
    for version in ("--http1.1", "--http2"):
        for origin in (kApp, kLocal):
            status, found = ask.preflight(version=version, origin=origin)
            t.is_((status, cors(found), found["vary"]), (204, {**read_by(origin), **{name: [value] for name, value in kAllow.items()}}, ["Origin"]), f"{version}: a preflight of {origin} without a credential")
            t.ok("content-length" not in found and "www-authenticate" not in found and len(found["x-ca-request-id"]) == 1, "it has no body, and the request's id")
        for name, target, options, headers, wanted in (
                ("rows", kCall, (), key, 200), ("HEAD", kCall, ("-I",), key, 200), ("no credential", kCall, (), {}, 401), ("a wrong one", kCall, (), bearer("tg_wrong"), 401),
                ("a bad parameter", "/v1/user/info?user_id=x", (), key, 400), ("no API", "/nothing", (), key, 404), ("another method", kCall, ("-X", "DELETE"), key, 405),
                ("nginx's own 405", kCall, ("-X", "TRACE"), {}, 405), ("a body that is too long", kCall, ("--data-binary", f"@{long}"), {}, 413)):
            status, found = ask(target, *options, version=version, headers=headers)
            t.is_((status, cors(found), sorted(found["vary"])), (wanted, read_by(kApp), [*(["Accept"] if wanted >= 400 else []), "Origin"]), f"{version}: {name}")
    t.is_(ask.preflight("/v1/user/info", "--data", "x" * 5000)[0], 204, "a preflight with a body")
    forced = Browser(d, plain=True)(kCall)
    t.is_((forced[0], cors(forced[1])), (308, read_by(kApp)), "the redirect to HTTPS")
    def counted():
        status = request(d.p.gateway.port, "/status").json
        return [one["requests"] for one in status["apis"]], status["zone"]["unmatched"]
    before = counted()
    ask.preflight()
    t.is_(counted(), before, "a preflight is counted nowhere")


def others(t, d):
    ask, key = Browser(d), bearer(d.p.key)
    for origin in ("https://other.example", "null", "https://app.example.evil", "https://app.exampl", "HTTPS://app.example", "https://app.example/", "https://app.example:443", "*", [kApp, kApp], None):
        status, found = ask(origin=origin, headers=key)
        t.is_((status, cors(found), found["vary"]), (200, {}, ["Origin"]), f"origin {origin}: the answer without a header, and caches know why")
        status, found = ask.preflight(origin=origin)
        t.is_((status, cors(found)), (405, {}), f"origin {origin}: its preflight is a request like any other")
    status, found = ask(kCall, "-X", "OPTIONS")
    t.is_((status, "access-control-allow-methods" in found), (405, False), "OPTIONS that is no preflight")
    status, found = Browser(d, "none.example.com").preflight()
    t.is_((status, cors(found), found["vary"]), (405, {}, ["Accept"]), "a domain without cors")
    status, found = Browser(d, "none.example.com")(headers=key)
    t.is_((status, cors(found), "vary" in found), (200, {}, False), "and its rows")
    every = Browser(d, "every.example.com")
    for origin in (kApp, "null", None):
        status, found = every(origin=origin, headers=key)
        t.is_((status, cors(found), "vary" in found), (200, read_by("*"), False), f"a domain for all origins: {origin}")
    t.is_(every.preflight(origin="https://any.example")[0], 204, "and its preflight")


def own_block(t, p):
    """The recipe for a server block of the user's own."""
    preflight = {"Origin": kApp, **kPreflight}
    t.is_(request(p.gateway.port, "/own" + kCall, "OPTIONS", headers=preflight).status, 204, "before auth_basic")
    denied = request(p.gateway.port, "/own" + kCall, headers={"Origin": kApp})
    t.is_((denied.status, denied.headers.get("access-control-allow-origin")), (401, kApp), "whose 401 a page can read")
    t.is_(request(p.gateway.port, "/own/off/x", headers={"Origin": kApp}).headers.get("access-control-allow-origin"), None, "off in a location within")
    t.allow(r"\[emerg\].*tablegate_cors")
    for value, fault in (("https://app.example/", "must be an origin"), ("app.example", "must be an origin"), ("null", "must be an origin"), ("https://App.example", "must be an origin"),
                         ("* https://app.example", "must be alone"), ("off https://app.example", "must be an origin"), ("https://a.example https://a.example", "listed twice"),
                         ("https://a.example:443", "leave it out"), ("'https://a\\r\\nX: y'", "must be an origin"), ("'https://$host'", "must be an origin"),
                         (" ".join(f"https://a{i}.example" for i in range(101)), "at most 100"), ("*; tablegate_cors off", "is duplicate")):
        p.gateway.set(location=f"tablegate_cors {value};")
        passed, said = p.gateway.check()
        t.ok(not passed and fault in said, f"nginx -t names {value[:50]}", said)
    p.gateway.set(location="")


def defined(t, d):
    p = d.p
    api = "SELECT count(*) FROM tablegate.domain WHERE definition::text LIKE '%bad.example%'"
    for origins, pointer in ((["bad.example"], "/0"), ([kApp, "https://bad.example/"], "/1"), (["https://bad.example;"], "/0"), (["*", "https://bad.example"], "/0"),
                             (["https://bad.example\n"], "/0"), (["https://bad.example}"], "/0"), ([], ""), ("https://bad.example", "")):
        done = p.loader("apply", "-f", "-", input=json.dumps(d.domain(kHost, certificate=kHost, cors={"origins": origins})))
        t.ok(done.rc == 1 and f"/cors/origins{pointer}" in done.stderr, f"apply rejects {origins}", done)
    done = p.loader("apply", "-f", "-", input=json.dumps({"kind": "Domain", "name": "hand.example", "server_block": False, "cors": {"origins": ["https://bad.example"]}}))
    t.ok(done.rc == 1 and "/cors" in done.stderr and "tablegate_cors" in done.stderr, "without a generated block, the directive is named", done)
    t.is_(p.postgres.psql(api), "0", "nothing was saved")
    def block():  # without the lines that name its certificate: it keeps a copy
        return re.sub(r"    ssl_certificate.*\n", "", re.search(rf"(?s)# begin domain {kHost}\n.*# end domain {kHost}\n", d.conf()).group(0))
    good, document = block(), p.loader.must("openapi", "--domain", kHost).stdout
    p.postgres.psql(f"UPDATE tablegate.domain SET definition = jsonb_set(definition::jsonb, '{{cors,origins}}', '[\"https://bad.example;}} server {{\"]')::json WHERE name = '{kHost}'")
    result = d.sync()
    t.ok(result.rc == 1 and f'"{kHost}": item 1 of its cors/origins must be an origin' in result.stderr and "bad.example" not in result.stderr, "sync checks again what apply did not write", result)
    t.is_(block(), good, "and keeps the block it had")
    p.apply([d.domain(kHost, certificate=kHost, force_https=True)])
    d.publish(kApi, kHost, "none.example.com", "every.example.com")
    status, found = Browser(d)(headers=bearer(p.key))
    t.is_((status, cors(found), "vary" in found), (200, {}, False), "without cors again, the answers have nothing of it")
    t.is_(p.loader.must("openapi", "--domain", kHost).stdout, document, "the OpenAPI document is the same")


def test(t):
    users = users_definitions()
    d = DomainProject(t, [], users, server="""location = /status { tablegate_status; }
        location /own/ { auth_basic x; auth_basic_user_file /dev/null; tablegate_cors https://app.example; location /own/off/ { tablegate_cors off; return 404; } }""")
    d.p.apply([d.domain(kHost, force_https=True, cors={"origins": [kApp, kLocal]}), d.domain("none.example.com"), d.domain("every.example.com", cors={"origins": ["*"]})])
    d.publish(kApi, kHost, "none.example.com", "every.example.com")
    t.like(d.conf(), r"(?s)# begin domain api\.example\.com.*tablegate_cors https://app\.example http://localhost:3000;.*tablegate_cors .*# end domain api", "both blocks have the directive")
    listed(t, d)
    others(t, d)
    own_block(t, d.p)
    defined(t, d)


run_test(test)
