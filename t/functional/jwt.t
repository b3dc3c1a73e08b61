#!/usr/bin/env python3
"""Tokens made by jose and jsonwebtoken through a real nginx: every algorithm, key sets in all forms, places, conditions, times, rotation,
and what the log tells of them."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, kSlow, request, run_test, users_definitions, wait_for
from tg_jwt import claims, key_set, kEd25519, kFamilies, kP256, kP384, kP521, kRsa, make_keys, make_tokens, recipe
from tg_node import need_node

kPath = "/v1/user/info?user_id=10001"
kSecret = bytes(range(64))
kShared = ("--issuer", "https://issuer.example", "--audience", "api")
kSources = {"header": "header:X-Token", "prefix": "header:X-Auth:Token", "query": "query:token", "cookie": "cookie:token"}
kFormat = 'log_format ours "$request_id $status [$tablegate_consumer] [$tablegate_auth] [$tablegate_credential] [$tablegate_error]";'


class Caller:
    """Calls and keeps what the log has to say of each."""

    def __init__(self, t, p):
        self.t, self.p, self.lines = t, p, {}

    def call(self, token=None, headers=None, target=kPath):
        got = request(self.p.gateway.port, target, headers={**(bearer(token) if token else {}), **(headers or {})})
        self.lines[got.headers["x-ca-request-id"]] = None
        return got

    def good(self, consumer, credential, name, **how):
        got = self.call(**how)
        self.lines[got.headers["x-ca-request-id"]] = f"200 [{consumer}] [jwt] [{credential}] [-]"
        return self.t.is_((got.status, got.headers.get("x-consumer")), (200, consumer), name) or self.t.diag(got)

    def bad(self, slug, name, **how):
        got = self.call(**how)
        self.lines[got.headers["x-ca-request-id"]] = f"401 [-] [-] [-] [{slug}]"
        challenge = 'Bearer realm="dataservice-user-api"' + ("" if slug == "missing_credential" else ', error="invalid_token"')
        return self.t.is_((got.status, got.json["error"], got.headers.get("www-authenticate")), (401, slug, challenge), name) or self.t.diag(got)

    def check_log(self):
        def written():
            with open(os.path.join(self.p.folder, "ours.log"), encoding="utf-8") as file:
                lines = dict(line.rstrip("\n").split(" ", 1) for line in file)
            return lines if len(lines) >= len(self.lines) else None
        lines = wait_for(written, 10 * kSlow, "all requests are in the log")
        self.t.is_(lines, self.lines, "the log names consumer, type, kid and error of each")


def set_up(p, keys):
    """Each consumer with its keys: as a JWK Set, as PEM, as a secret, at other places, and two that share keys."""
    def consumer(name, *options, **more):
        p.loader.must("consumer", "create", name)
        p.loader.must("consumer", "authorize", name, "--api", "Query User by User ID")
        p.loader.must("consumer", "set-jwt", name, *options, **more)

    consumer("sets", "--jwks", "-", input=key_set(oct=kSecret, **{name: keys[name] for name in ("rsa", "es256", "es384", "es512", "ed")}))
    consumer("pem", "--pem", p.file("rsa.pem", keys["pem"]["public"]), "--alg", "PS384", "--kid", "by-pem")
    p.file("secret.txt", "a secret in a file, 32 bytes long\n")
    consumer("secret", "--secret-file", os.path.join(p.folder, "secret.txt"), "--alg", "HS256")
    for name, source in kSources.items():
        consumer(f"at-{name}", "--jwks", p.file("source.jwks", key_set(es=keys["es256"])), "--source", source)
    share(p, consumer, keys, "old", "new")


def share(p, setter, keys, *kids):
    """partner-a and partner-b: one key set, one issuer, told apart by a claim."""
    shared = p.file("shared.jwks", key_set(**{kid: keys[kid] for kid in kids}))
    setter("partner-a", "--jwks", shared, *kShared, "--claim", "uid=partner-a")
    setter("partner-b", "--jwks", shared, *kShared, "--claim", "uid=partner-b", "--leeway", "0", "--require-exp")


def algorithms(t, p, keys, caller):
    kids = {"H": "oct", "R": "rsa", "P": "rsa"}
    made = []
    for library in ("jose", "jsonwebtoken"):
        for alg in kFamilies + (("EdDSA",) if library == "jose" else ()):  # jsonwebtoken makes none of EdDSA
            kid = "ed" if alg == "EdDSA" else kids.get(alg[0], alg.lower())
            made.append((f"{library} {alg}", "sets", kid, recipe(library, alg, keys.get(kid, kSecret), kid=kid)))
        made.append((f"{library} PS384, a PEM", "pem", "by-pem", recipe(library, "PS384", keys["pem"], kid="by-pem")))
        made.append((f"{library} HS256, a secret", "secret", "-", recipe(library, "HS256", b"a secret in a file, 32 bytes long")))
    tokens = make_tokens([one[-1] for one in made])
    p.secrets.extend(tokens)
    for (name, consumer, kid, _), token in zip(made, tokens):
        caller.good(consumer, kid, name, token=token)
        caller.good(consumer, kid, f"{name}, again", token=token)
        head, body, signature = token.split(".")
        caller.bad("invalid_credential", f"{name}, another signature", token=f"{head}.{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}")
    pinned = make_tokens([recipe("jose", alg, keys["pem"], kid="by-pem") for alg in ("PS256", "RS384")])
    for token in pinned:
        caller.bad("invalid_credential", "a key of one algorithm verifies no other", token=token)


def sources(t, p, keys, caller):
    token, = make_tokens([recipe("jose", "ES256", keys["es256"], kid="es")])
    p.secrets.append(token)
    ways = {"header": {"headers": {"X-Token": token}}, "prefix": {"headers": {"X-Auth": f"token  {token}"}},
            "query": {"target": f"{kPath}&token={token}"}, "cookie": {"headers": {"Cookie": f"a=b; token={token}; c=d"}}}
    for name, way in ways.items():
        caller.good(f"at-{name}", "es", f"a token at {kSources[name]}", **way)
    caller.bad("invalid_credential", "a bearer token of another place's key", token=token)
    caller.bad("missing_credential", "a header without its prefix", headers={"X-Auth": token})
    caller.bad("missing_credential", "a cookie of another name", headers={"Cookie": f"Token={token}; xtoken={token}"})
    caller.bad("missing_credential", "nothing")
    caller.bad("invalid_credential", "two places at once", headers={**ways["header"]["headers"], **ways["cookie"]["headers"]})
    caller.bad("invalid_credential", "a cookie twice", headers={"Cookie": f"token={token}; token={token}"})
    caller.bad("invalid_credential", "a query parameter twice", target=f"{kPath}&token={token}&token={token}")


def conditions(t, p, keys, caller):
    def call(check, *wanted, alg="ES256", key="old", **changes):
        payload = claims(**{"iss": kShared[1], "aud": "api", "uid": "partner-a", **changes})
        token, = make_tokens([recipe("jsonwebtoken" if len(caller.lines) % 2 else "jose", alg, keys[key], payload, kid=key)])
        check(*wanted, token=token)

    for name in ("partner-a", "partner-b"):
        for key in ("old", "new"):
            call(caller.good, name, key, f"{name} by its claim, signed with {key}", key=key, uid=name)
    call(caller.good, "partner-a", "old", "the audience in a list", aud=["x", "api"])
    for name, changes in (("another claim", {"uid": "partner-c"}), ("no claim", {"uid": None}), ("a list of claims", {"uid": ["partner-a"]}), ("another issuer", {"iss": "https://issuer.example/"}),
                          ("no issuer", {"iss": None}), ("another audience", {"aud": "API"}), ("no audience", {"aud": None}), ("others in a list", {"aud": ["x"]})):
        call(caller.bad, "invalid_credential", name, **changes)
    now = int(time.time())
    call(caller.good, "partner-a", "old", "expired, within the leeway", exp=now - 5)
    call(caller.bad, "expired_credential", "expired, past the leeway", exp=now - 61)
    call(caller.bad, "expired_credential", "expired, no leeway", exp=now - 1, uid="partner-b")
    call(caller.bad, "invalid_credential", "expired, and another audience: not told", exp=now - 3600, aud="x")
    call(caller.good, "partner-a", "old", "no exp", exp=None)
    call(caller.bad, "invalid_credential", "no exp where it is required", exp=None, uid="partner-b")
    call(caller.good, "partner-a", "old", "not yet valid, within the leeway", nbf=now + 30)
    call(caller.bad, "invalid_credential", "not yet valid", nbf=now + 60 * 60)
    call(caller.bad, "invalid_credential", "not yet valid, no leeway", nbf=now + 60 * kSlow, uid="partner-b")
    call(caller.good, "partner-b", "old", "valid from now on", nbf=now, uid="partner-b")


def expiring(t, p, keys, caller):
    """A token that proved its caller stops doing so, remembered or not."""
    end = int(time.time()) + 3 * kSlow
    token, = make_tokens([recipe("jose", "ES256", keys["old"], claims(iss=kShared[1], aud="api", uid="partner-b", exp=end), kid="old")])
    caller.good("partner-b", "old", "a token that ends soon", token=token)
    time.sleep(max(0.0, end - time.time()) + 0.1)
    caller.bad("expired_credential", "and has ended", token=token)


def rotation(t, p, keys, caller):
    old, new = make_tokens([recipe("jose", "ES256", keys[key], claims(iss=kShared[1], aud="api", uid="partner-a"), kid=key) for key in ("old", "new")])
    for token, kid in ((old, "old"), (new, "new")):
        caller.good("partner-a", kid, f"rotation: {kid} counts beside the other", token=token)
    p.loader.must("consumer", "set-jwt", "partner-b", "--jwks", p.file("b.jwks", key_set(new=keys["new"])), *kShared, "--claim", "partner-b")
    p.loader.must("consumer", "set-jwt", "partner-a", "--jwks", p.file("a.jwks", key_set(new=keys["new"])), *kShared, "--claim", "partner-a")
    p.sync_and_reload()
    caller.bad("invalid_credential", "rotation: the old key is out", token=old)
    caller.good("partner-a", "new", "rotation: the new one remains valid", token=new)
    # The same key under another name: the kid decides.
    p.loader.must("consumer", "set-jwt", "partner-a", "--jwks", p.file("a.jwks", key_set(newer=keys["new"])), *kShared, "--claim", "partner-a")
    p.sync_and_reload()
    caller.bad("invalid_credential", "rotation: a kid that is gone, though its key is there", token=new)


def test(t):
    need_node(t)
    p = t.project()
    keys = make_keys(rsa=kRsa, pem=kRsa, es256=kP256, es384=kP384, es512=kP521, ed=kEd25519, old=kP256, new=kP256)
    p.serve(users_definitions(authentication=["jwt"]), http=kFormat,
            server=f'access_log {p.folder}/ours.log ours; add_header X-Consumer "$tablegate_consumer" always;')
    set_up(p, keys)
    p.sync_and_reload()
    caller = Caller(t, p)
    for part in (algorithms, sources, conditions, expiring, rotation):
        part(t, p, keys, caller)
    caller.check_log()


run_test(test)
