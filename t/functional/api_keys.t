#!/usr/bin/env python3
"""API keys: their places, several of one consumer, not yet valid, expired, revoked, imported, a consumer switched off."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, kSlow, raw, request, run_test, users_definitions, wait_for

kPath = "/v1/user/info?user_id=10001"


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def definitions():
    base = users_definitions()
    api = base[-1]
    return base + [
        {**api, "name": "User by Header Key", "path": "/user/header", "api_key_source": {"in": "header", "name": "X-API-Key"}},
        {**api, "name": "User by Query Key", "path": "/user/query", "api_key_source": {"in": "query", "name": "key"}},
    ]


def same_but_id(answer):
    body = dict(answer.json)
    body.pop("requestId")
    return answer.status, answer.headers.get("www-authenticate"), body


def test(t):
    p = t.project().serve(definitions())
    port = p.gateway.port

    def status(key, path=kPath):
        answer = request(port, path, headers=bearer(key) if key else {})
        return answer.status, answer.json.get("error")

    def sync(key, wanted, name):
        p.sync_and_reload()
        t.is_(status(key), wanted, name)

    def add(*options, **more):
        return p.loader.must("consumer", "add-key", "demo", "--type", "api_key", *options, "-o", "json", **more).json

    # --- places
    t.is_(status(p.key), (200, None), "Authorization: Bearer")
    for value in (f"bearer {p.key}", f"BEARER   {p.key}", f"Bearer\t{p.key}"):
        t.is_(request(port, kPath, headers={"Authorization": value}).status, 200, f"{value[:9]!r}: any case, one or more blanks")
    for value in (p.key, f"Basic {p.key}", f"Bearer{p.key}", "Bearer ", "Bearer"):
        t.is_(request(port, kPath, headers={"Authorization": value}).status, 401, f"{value[:9]!r}... is no bearer value")
    t.is_(request(port, "/v1/user/header?user_id=10001", headers={"X-API-Key": p.key}).status, 200, "a header of its own")
    t.is_(request(port, "/v1/user/header?user_id=10001", headers=bearer(p.key)).json["error"], "missing_credential", "then not Authorization")
    t.is_(request(port, f"/v1/user/query?user_id=10001&key={p.key}").status, 200, "a query parameter")
    t.is_(request(port, f"/v1/user/query?user_id=10001&key={p.key}&key={p.key}").json["error"], "invalid_credential", "given twice in the query")
    twice = raw(port, (f"GET /v1/user/header?user_id=10001 HTTP/1.1\r\nHost: x\r\nX-API-Key: {p.key}\r\nX-API-Key: {p.key}\r\nConnection: close\r\n\r\n").encode())
    t.like(twice.decode("utf-8", "replace"), "invalid_credential", "given twice in the header")
    t.is_(request(port, "/v1/user/header?user_id=10001&X-API-Key=" + p.key).status, 401, "the query is no header")

    # --- unknown and wrong look the same
    unknown = same_but_id(request(port, kPath, headers=bearer("tg_" + "x" * 43)))
    wrong = same_but_id(request(port, kPath, headers=bearer(p.key[:-1] + ("A" if p.key[-1] != "A" else "B"))))
    t.is_(unknown, wrong, "an unknown key and a wrong one get the same answer")
    t.like(unknown[1], 'Bearer realm="dataservice-user-api", error="invalid_token"', "WWW-Authenticate names the error")
    t.unlike(request(port, kPath).headers.get("www-authenticate", ""), "error", "and none when no credential was sent")

    # --- several keys, times, import
    second = add("--label", "second")
    sync(second["api_key"], (200, None), "a second key counts after sync")
    t.is_(status(p.key), (200, None), "the first still counts")
    later = add("--not-before", iso(3600))
    expired_soon = add("--expires", iso(6 * kSlow))
    sync(expired_soon["api_key"], (200, None), "a key with an end counts until then")
    t.is_(status(later["api_key"]), (401, "invalid_credential"), "not yet valid")
    wait_for(lambda: status(expired_soon["api_key"])[0] == 401, 20 * kSlow, "the key expires")
    t.is_(status(expired_soon["api_key"]), (401, "expired_credential"), "expired")
    imported = "Imported-0123456789-abcdefghij"
    made = add("--from-file", "-", input=imported + "\n")
    sync(imported, (200, None), "an imported key")
    t.is_(p.loader("consumer", "add-key", "demo", "--type", "api_key", "--from-file", "-", input="short\n").rc, 1, "a short key is refused")
    again = p.loader("consumer", "add-key", "demo", "--type", "api_key", "--from-file", "-", input=imported)
    t.is_(again.rc, 1, "the same key twice is refused")
    t.unlike(again.stderr, imported, "and not shown")

    # --- revocation, disabling
    p.loader.must("consumer", "revoke-key", "demo", second["id"])
    sync(second["api_key"], (401, "invalid_credential"), "a revoked key")
    t.is_(status(imported), (200, None), "the others go on")
    p.loader.must("consumer", "disable", "demo")
    sync(imported, (401, "invalid_credential"), "a disabled consumer")
    p.loader.must("consumer", "enable", "demo")
    sync(imported, (200, None), "enabled again")

    # --- other consumers
    p.loader.must("consumer", "create", "partner")
    partner = p.loader.json("consumer", "add-key", "partner", "--type", "api_key")["api_key"]
    sync(partner, (403, "consumer_not_authorized"), "a consumer without authorisation: proved, but without permission")
    p.loader.must("consumer", "authorize", "partner", "--api", "Query User by User ID")
    sync(partner, (200, None), "authorised for the API")
    t.is_(request(port, "/v1/user/header?user_id=10001", headers={"X-API-Key": partner}).status, 403, "and for that one only")
    p.loader.must("consumer", "deauthorize", "partner", "--api", "Query User by User ID")
    p.loader.must("consumer", "authorize", "partner", "--rest-api", "dataservice-user-api")
    p.sync("--reload", p.gateway.reload_command())
    wait_for(lambda: request(port, "/v1/user/header?user_id=10001", headers={"X-API-Key": partner}).status == 200, 20, "REST API")
    t.is_(status(partner), (200, None), "authorised for all of the REST API")

    # --- nothing secret is kept
    keys = [p.key, second["api_key"], later["api_key"], imported, partner]
    with open(p.gateway.manifest, encoding="utf-8") as manifest, open(p.gateway.credentials, encoding="utf-8") as credentials:
        files = manifest.read() + credentials.read()
    dump = p.postgres.psql("SELECT string_agg(k::text, ' ') FROM tablegate.api_key k")
    shown = p.loader.must("consumer", "show", "demo").stdout + p.loader.must("consumer", "list").stdout
    for name, text in (("manifest and credentials", files), ("catalog", dump), ("consumer show", shown), ("error log", p.gateway.log())):
        t.ok(not any(key in text for key in keys), f"no key stands in: {name}")
    t.ok(made["id"] in shown, "the public id is shown")


run_test(test)
