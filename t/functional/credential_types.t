#!/usr/bin/env python3
"""Several types on one API: the credential that a request carries decides, two kinds at once are refused, and each type obeys
validity, disabling and authorisation alike; 403 only after a proof."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, raw, request, run_test, users_definitions
from tg_hmac import signed_headers
from tg_jwt import b64url, hs256

kPath, kHeader, kNobody, kOther = ("/v1/user/" + name + "?user_id=10001" for name in ("info", "header", "nobody", "other"))
kSecret = "a-shared-secret-of-32-bytes-or-more-for-HS256"
kAll = ["api_key", "jwt", "hmac"]


def definitions():
    objects = users_definitions(authentication=kAll)
    base = objects[-1]
    objects += [{**base, "name": "Header Key API", "path": "/user/header", "api_key_source": {"in": "header", "name": "X-API-Key"}},
                {**base, "name": "Nobodys API", "path": "/user/nobody"},
                {"kind": "RestApi", "name": "other-api", "base_path": "/v1/user/other"},
                {"kind": "BusinessProcess", "name": "Other Service", "rest_api": "other-api"},
                {**base, "name": "Other Group API", "path": "/x", "business_process": "Other Service"}]
    return objects


def test(t):
    p = t.project()
    p.serve(definitions())
    port, loader = p.gateway.port, p.loader
    loader.must("consumer", "create", "partner")
    key = loader.json("consumer", "add-key", "partner", "--type", "api_key")["api_key"]
    pair = loader.json("consumer", "add-key", "partner", "--type", "hmac")
    loader.must("consumer", "set-jwt", "partner", "--secret-file", p.file("secret", kSecret), "--alg", "HS256")
    token = hs256(kSecret, {"exp": int(time.time()) + 600})
    p.secrets += [key, pair["secret"], token, kSecret]

    def said(path=kPath, headers=None):
        got = request(port, path, headers=headers or {})
        return got.status, got.json.get("error")

    def each(path=kPath, **more):
        """What a key, a token and a signature are told."""
        return [said(path, bearer(key)), said(path, bearer(token)), said(path, signed_headers(pair, "GET", path, **more))]

    good, denied = (200, None), (403, "consumer_not_authorized")
    p.sync_and_reload()
    t.is_(each(), [denied] * 3, "authorised for nothing: 403 for each type, after its proof")
    t.is_([said(headers=bearer("tg_x")), said(headers=bearer(token + "x")), said(headers=signed_headers({**pair, "secret": "x" * 40}, "GET", kPath))],
          [(401, "invalid_credential")] * 2 + [(401, "invalid_signature")], "without a proof it is 401")
    loader.must("consumer", "authorize", "partner", "--api", "Query User by User ID")
    p.sync_and_reload()
    t.is_((each(), each(kHeader)[1:]), ([good] * 3, [denied] * 2), "authorised for one API: that one alone")
    loader.must("consumer", "authorize", "partner", "--rest-api", "dataservice-user-api")
    p.sync_and_reload()
    t.is_((each(kNobody), each("/v1/user/other/x?user_id=10001")), ([good] * 3, [denied] * 3), "authorised for a REST API: all of that one, none of another")

    # --- which type a request carries
    signed = signed_headers(pair, "GET", kPath)
    twice = (401, "invalid_credential")
    t.is_(said(headers={**signed, **bearer(key)}), twice, "a signature and an API key")
    t.is_(said(headers={**signed_headers(pair, "GET", kPath), **bearer(token)}), twice, "a signature and a token")
    t.is_(said(kHeader, {"X-API-Key": key, **bearer(token)}), twice, "an API key in its header and a token")
    t.is_([said(kHeader, {"X-API-Key": key}), said(kHeader, bearer(token)), said(kHeader, bearer(key))], [good, good, twice],
          "where the API key has its own header, a bearer value is a token")
    lines = f"GET {kPath} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {key}\r\nAuthorization: Bearer {token}\r\n\r\n"
    t.like(raw(port, lines.encode()).decode(), "^HTTP/1.1 40[01] ", "two Authorization lines")
    imported = "imported.key.with-two-dots-0123456789"
    loader.must("consumer", "add-key", "partner", "--type", "api_key", "--from-file", "-", input=imported + "\n")
    listed = f"{b64url('[1]')}.{b64url('{}')}.{b64url('0123456789')}"
    loader.must("consumer", "add-key", "partner", "--type", "api_key", "--from-file", "-", input=listed + "0000\n")
    p.secrets += [imported, listed]
    p.sync_and_reload()
    t.is_(said(headers=bearer(imported)), good, "two dots, but no JSON object before them: an API key")
    t.is_(said(headers=bearer(listed + "0000")), good, "a JSON list before them: an API key")
    t.is_(said(headers=bearer(f"{b64url('{}')}.x.y")), twice, "a JSON object before them: a token, and a bad one")
    t.is_(said(), (401, "missing_credential"), "none")

    # --- validity
    now = int(time.time())
    t.is_(said(headers=bearer(hs256(kSecret, {"exp": now - 100}))), (401, "expired_credential"), "an expired token")
    old = loader.json("consumer", "add-key", "partner", "--type", "hmac", "--expires", "2020-01-01T00:00:00Z")
    early = loader.json("consumer", "add-key", "partner", "--type", "hmac", "--not-before", "2099-01-01T00:00:00Z")
    p.secrets += [old["secret"], early["secret"]]
    p.sync_and_reload()
    t.is_([said(headers=signed_headers(one, "GET", kPath)) for one in (old, early)], [(401, "expired_credential"), twice], "key pairs: expired, not yet valid")
    t.is_(said(headers=signed_headers({**old, "secret": "x" * 40}, "GET", kPath)), (401, "invalid_signature"), "told only after the proof")
    loader.must("consumer", "disable", "partner")
    p.sync_and_reload()
    t.is_(each(), [twice] * 3, "a disabled consumer: each type is refused")
    loader.must("consumer", "enable", "partner")
    loader.must("consumer", "revoke-key", "partner", pair["id"])
    loader.must("consumer", "unset-jwt", "partner")
    p.sync_and_reload()
    t.is_(each(), [good, twice, (401, "invalid_signature")], "a pair revoked, the JWT setting taken away: the API key goes on")
    shown = loader.must("api", "show", "Query User by User ID").stdout
    for word in ("Authorization: Bearer", "(?i)x-ca-key", "openssl"):
        t.like(shown, word, f"api show prints a call for each type: {word}")


run_test(test)
