#!/usr/bin/env python3
"""Several types of authentication on one API: each alone, two at once, which one a bearer value is; disabled consumers, keys out of date,
and authorisation, which is asked for only after the proof."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, kSlow, raw, request, run, run_test, users_definitions, wait_for
from tg_hmac import signed_headers
from tg_jwt import b64url, claims, hs256, key_set

kAll, kOwn, kOther, kKeyOnly, kSecond = "/v1/user/info", "/v1/user/own", "/v1/user/other", "/v1/user/key", "/v2/user"
kTypes = ["api_key", "jwt", "hmac"]
kQuery = "?user_id=10001"
kAlice = {"data": {"user_id": 10001, "user_name": "Alice"}, "success": True}


def definitions(address):
    base = users_definitions(authentication=kTypes)
    base[0]["address"] = address
    api = base[-1]
    return base + [
        {**api, "name": "Own Header", "path": "/user/own", "api_key_source": {"in": "header", "name": "X-API-Key"}},
        {**api, "name": "Other API", "path": "/user/other"}, {**api, "name": "Key Only", "path": "/user/key", "authentication": ["api_key"]},
        {"kind": "RestApi", "name": "second-api", "base_path": "/v2"}, {"kind": "BusinessProcess", "name": "Second Service", "rest_api": "second-api"},
        {**api, "name": "Second API", "business_process": "Second Service", "path": "/user"}]


class Caller:
    """A consumer with a credential of each type. wrong(): the same with other secrets."""

    def __init__(self, p, name, *authorize, create=True):
        self.p, self.name = p, name
        self.secret = f"the shared secret of {name}, of more than 32 bytes"
        if create:
            p.loader.must("consumer", "create", name)
        if authorize:
            p.loader.must("consumer", "authorize", name, *authorize)
        self.key = self.add("api_key")["api_key"]
        self.pair = self.add("hmac")
        p.loader.must("consumer", "set-jwt", name, "--jwks", "-", input=key_set(**{name: self.secret.encode()}))
        p.secrets.extend((self.key, self.pair["secret"], self.secret))

    def add(self, kind, *options):
        return self.p.loader.json("consumer", "add-key", self.name, "--type", kind, *options)

    def wrong(self):
        other = object.__new__(Caller)
        other.__dict__.update(self.__dict__, key="tg_" + "x" * 43, pair={**self.pair, "secret": "x" * 43}, secret="x" * 32)
        return other

    def token(self, **changes):
        return hs256(self.secret, claims(**changes), kid=self.name)

    def headers(self, kind, path=kAll):
        if kind == "hmac":
            return signed_headers(self.pair, "GET", path + kQuery)
        if kind == "jwt":
            return bearer(self.token())
        return {"X-API-Key": self.key} if path == kOwn else bearer(self.key)

    def ask(self, kind, path=kAll):
        return ask(self.p, self.headers(kind, path), path)

    def all(self, path=kAll):
        return {kind: self.ask(kind, path) for kind in kTypes}


def ask(p, headers, path=kAll):
    """(200, "consumer/type"), or (status, slug)."""
    got = request(p.gateway.port, path + kQuery, headers=headers)
    return (200, got.headers["x-who"]) if got.status == 200 else (got.status, got.json["error"])


def refused(*slugs, status=401):
    """What Caller.all() gives where every type is refused: one slug for all, or one for each."""
    return {kind: (status, slugs[i % len(slugs)]) for i, kind in enumerate(kTypes)}


def good(name):
    return {kind: (200, f"{name}/{kind}") for kind in kTypes}


def alone_and_together(t, p, caller):
    for path in (kAll, kOwn):
        t.is_(caller.all(path), good("caller"), f"{path}: each alone")
        t.is_(caller.wrong().all(path), refused("invalid_credential", "invalid_credential", "invalid_signature"), f"{path}: each with another secret")
    t.is_(ask(p, {}), (401, "missing_credential"), "none")
    got = request(p.gateway.port, kAll + kQuery)
    t.is_(got.headers["www-authenticate"], 'Bearer realm="dataservice-user-api", X-Ca-Signature realm="dataservice-user-api"', "every type has its challenge")

    several, signed = (401, "invalid_credential"), caller.headers("hmac")
    for name, headers in (("API key and HMAC", {**signed, **bearer(caller.key)}), ("token and HMAC", {**signed, **bearer(caller.token())}), ("a wrong key and HMAC", {**signed, **bearer("x" * 40)}),
                          ("API key and a bare X-Ca-Key", {**bearer(caller.key), "X-Ca-Key": "x"}), ("API key and a token in a cookie", {**bearer(caller.key), "Cookie": "token=a.b.c"})):
        t.is_(ask(p, headers), several, f"two kinds: {name}")
    key, own = {"X-API-Key": caller.key}, caller.headers("hmac", kOwn)
    for name, headers in (("key in its header and a token", {**key, **bearer(caller.token())}), ("key in its header and HMAC", {**key, **own}), ("all three", {**key, **own, **bearer(caller.token())}),
                          ("key in its header and a bearer value that is none", {**key, **bearer("x")})):
        t.is_(ask(p, headers, kOwn), several, f"two kinds, the key in a header: {name}")
    t.is_(ask(p, bearer(caller.key), kOwn), several, "a key where a token stands")
    t.is_(ask(p, {**key, "Authorization": "Basic YTpi"}, kOwn), (200, "caller/api_key"), "another scheme is no credential")
    t.is_(ask(p, {**signed, "X-API-Key": caller.key}), (200, "caller/hmac"), "a header that is no API's is none either")
    lines = f"Authorization: Bearer {caller.key}\r\nAuthorization: Bearer {caller.token()}\r\n"
    got = raw(p.gateway.port, f"GET {kAll}{kQuery} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{lines}\r\n".encode())
    t.like(got.decode(), "^HTTP/1.1 40[01] ", "two Authorization lines")  # nginx itself may refuse them
    t.is_(ask(p, {"Cookie": "token=" + caller.token()}), several, "a token at another consumer's place proves nobody")


def dotted(t, p, caller, keys):
    """Bearer values with two dots: a token only when the first part is an object."""
    for name, (key, is_token) in keys.items():
        seen = p.gateway.log_size()
        t.is_(ask(p, bearer(key)), (401, "invalid_credential") if is_token else (200, "caller/api_key"), f"{name}: {'a token' if is_token else 'an API key'}")
        t.is_("(alg_missing)" in p.gateway.log(seen), is_token, f"{name}: looked at as such")
        t.is_(ask(p, bearer(key), kKeyOnly), (200, "caller/api_key"), f"{name}: an API key where that alone is taken")
    seen = p.gateway.log_size()
    t.is_(ask(p, bearer("not.a.token-and-no-key-of-anybody")), (401, "invalid_credential"), "unknown, with two dots")
    t.like(p.gateway.log(seen), r"\(unknown_key\)", "was looked for among the keys")
    t.is_(ask(p, bearer(caller.token()), kKeyOnly), (401, "invalid_credential"), "a token where API keys alone are taken")
    t.is_(ask(p, caller.headers("hmac", kKeyOnly), kKeyOnly), (401, "missing_credential"), "a signature there is none")


def authorisation(t, p, callers):
    no = refused("consumer_not_authorized", status=403)
    for name, wanted in (("caller", {kAll: True, kOwn: True, kOther: True, kSecond: False}), ("by-api", {kAll: True, kOwn: False, kOther: False, kSecond: False}),
                         ("nobody", dict.fromkeys((kAll, kOwn, kOther, kSecond), False)), ("second", dict.fromkeys((kAll, kOwn, kOther, kSecond), False)),
                         ("demo", dict.fromkeys((kAll, kOwn, kOther, kSecond), True))):
        for path, may in wanted.items():
            t.is_(callers[name].all(path), good(name) if may else no, f"{name} {'may' if may else 'may not'} call {path}")
    wrong = refused("invalid_credential", "invalid_credential", "invalid_signature")
    t.is_(callers["nobody"].wrong().all(), wrong, "403 only after the proof: with another secret 401")
    t.is_(ask(p, bearer(callers["nobody"].token(exp=1))), (401, "expired_credential"), "and expired 401")
    t.is_(ask(p, {**callers["nobody"].headers("api_key"), "X-Ca-Key": "x"}), (401, "invalid_credential"), "and two kinds 401")
    got = request(p.gateway.port, kAll + kQuery, headers=callers["nobody"].headers("api_key"))
    t.ok("www-authenticate" not in got.headers and got.json["data"] is None, "403 asks for no other credential", got)


def out_of_date(t, p, caller, early, late):
    """early, late: keys that are not valid yet and not any more."""
    def both(keys):
        return ask(p, bearer(keys["api_key"]["api_key"])), ask(p, signed_headers(keys["hmac"], "GET", kAll + kQuery))

    t.is_(both(early), ((401, "invalid_credential"),) * 2, "API key, HMAC: not yet valid")
    t.is_(ask(p, bearer(caller.token(nbf=int(time.time()) + 3600))), (401, "invalid_credential"), "JWT: not yet valid")
    t.is_(both(late), ((401, "expired_credential"),) * 2, "API key, HMAC: expired")
    t.is_(ask(p, bearer(caller.token(exp=int(time.time()) - 61))), (401, "expired_credential"), "JWT: expired")
    wrong = {**late["hmac"], "secret": "x" * 43}
    t.is_(ask(p, signed_headers(wrong, "GET", kAll + kQuery)), (401, "invalid_signature"), "told only after the proof")
    t.is_(caller.all(), good("caller"), "its other credentials go on")


def changes(t, p, callers):
    """Enable, disable, authorisations: each counts from the next sync."""
    p.loader.must("consumer", "disable", "caller")
    p.loader.must("consumer", "deauthorize", "by-api", "--api", "Query User by User ID")
    p.loader.must("consumer", "authorize", "nobody", "--rest-api", "second-api")
    t.is_(callers["caller"].all(), good("caller"), "before sync nothing changes")
    p.sync_and_reload()
    t.is_(callers["caller"].all(), refused("invalid_credential"), "a disabled consumer, each type")
    t.is_(callers["caller"].all(kSecond), refused("invalid_credential"), "401 where it would have been 403")
    t.is_(callers["by-api"].all(), refused("consumer_not_authorized", status=403), "an authorisation taken away")
    t.is_((callers["nobody"].all(kSecond), callers["nobody"].all()), (good("nobody"), refused("consumer_not_authorized", status=403)), "one for another REST API")
    p.loader.must("consumer", "enable", "caller")
    p.loader.must("consumer", "delete", "nobody")
    p.loader.must("consumer", "authorize", "by-api", "--api", "Query User by User ID")
    p.loader.must("consumer", "revoke-key", "by-api", callers["by-api"].pair["id"])
    p.loader.must("consumer", "unset-jwt", "by-api")
    p.sync_and_reload()
    t.is_(callers["by-api"].all(), {"api_key": (200, "by-api/api_key"), "jwt": (401, "invalid_credential"), "hmac": (401, "invalid_signature")},
          "a pair revoked, the JWT setting taken away: the API key remains valid")
    t.is_(callers["caller"].all(), good("caller"), "enabled again")
    t.is_(callers["nobody"].all(kSecond), refused("invalid_credential", "invalid_credential", "invalid_signature"), "a deleted one is unknown")


def shown(t, p, caller):
    for name, path in (("Query User by User ID", kAll), ("Own Header", kOwn)):
        text, curls = p.loader.must("api", "show", name).stdout, p.loader.json("api", "show", name)["curls"]
        t.is_(list(curls), kTypes, f"{name}: api show has a command for each type")
        t.ok("authentication: API key or JWT or HMAC" in text and all(command in text for command in curls.values()), "people see them too", text)
        for kind, command in curls.items():
            for place, value in (("API_KEY", caller.key), ("JWT", caller.token()), ("ACCESS_KEY", caller.pair["access_key"]), ("SECRET", caller.pair["secret"])):
                command = command.replace(f"<{place}>", value)
            done = run(["sh", "-c", f"curl() {{ command curl -s --noproxy '*' \"$@\"; }}\n{command}"])
            t.is_(done.stdout, json.dumps(kAlice, separators=(",", ":")), f"{path}: the command of {kind} works") or t.diag(command + done.stderr)


def test(t):
    p = t.project()
    p.serve(definitions(f"http://127.0.0.1:{p.gateway.port}"), server='add_header X-Who "$tablegate_consumer/$tablegate_auth" always;')
    p.loader.must("workspace", "create", "second")
    p.loader.env["TABLEGATE_WORKSPACE"] = "demo"
    callers = {name: Caller(p, name, *authorize, create=name not in ("demo", "second")) for name, authorize in (
        ("caller", ("--rest-api", "dataservice-user-api")), ("by-api", ("--api", "Query User by User ID")), ("nobody", ()), ("demo", ()), ("second", ()))}
    caller = callers["caller"]
    p.loader.must("consumer", "create", "cookies")
    p.loader.must("consumer", "set-jwt", "cookies", "--jwks", "-", "--source", "cookie:token", input=key_set(cookies=b"c" * 32))
    keys = {"no base64": ("first.second.third-of-a-key", False), "a list": (f"{b64url('[]')}.e30.third-of-a-key-x", False), "text": (f"{b64url('plain {}')}.e30.third-of-a-key-y", False),
            "an object": (f"{b64url('{}')}.e30.third-of-a-key-z", True), "an object behind blanks": (f"{b64url('  {}')}.e30.third-of-a-key", True)}
    for what, (key, looks) in keys.items():
        added = p.loader.must("consumer", "add-key", "caller", "--type", "api_key", "--from-file", "-", input=key)
        t.is_("looks like a token" in added.stderr, looks, f"an imported key that looks like a token is reported: {what}")
    early = {kind: caller.add(kind, "--not-before", "2099-01-01") for kind in ("api_key", "hmac")}
    late = {kind: caller.add(kind, "--expires", "2098-01-01") for kind in ("api_key", "hmac")}
    for table in ("api_key", "hmac_key"):
        p.postgres.psql(f"UPDATE tablegate.{table} SET expires = '2020-01-01' WHERE expires = '2098-01-01Z'")
    p.sync_and_reload()
    wait_for(lambda: caller.ask("hmac")[0] == 200, 20 * kSlow, "signatures are taken")
    alone_and_together(t, p, caller)
    dotted(t, p, caller, keys)
    authorisation(t, p, callers)
    out_of_date(t, p, caller, early, late)
    shown(t, p, caller)
    changes(t, p, callers)


run_test(test)
