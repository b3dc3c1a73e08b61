#!/usr/bin/env python3
"""Attacks on tokens, end to end: each is 401 invalid_credential with one and the same body. Invalid keys are rejected by
`set-jwt`, and by `nginx -t` where credentials were edited by hand."""
import base64
import copy
import hashlib
import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, kSlow, request, run, run_test, users_definitions
from tg_jwt import b64url, claims, key_set, kEd25519, kP256, kP384, kP521, kRsa, make_keys, make_tokens, raw_recipe, recipe, unb64url
from tg_manifest import read_file, write_files
from tg_node import need_node

kPath = "/v1/user/info?user_id=10001"
kSecret = bytes(range(64))
kMaxToken = 16 * 1024
kReasons = {"alg_mismatch", "alg_missing", "alg_unknown", "b64", "bad_signature", "crit", "duplicate_member", "encoding", "exp_type", "form", "json", "kid_missing", "kid_type", "kid_unknown",
            "nbf_type", "signature_form", "too_deep", "too_long"}
kOrder = bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")  # of P-256 (SEC 2)


class Attacks:
    """Collects tokens, makes those that require a library in one run, sends them all."""

    def __init__(self, keys):
        self.keys, self.made, self.tokens = keys, [], []

    def add(self, name, made, good=False, change=None):
        """made: what make_tokens() takes. change(token): what is done to it afterwards."""
        self.made.append((name, made, good, change))

    def raw(self, name, header, payload=None, alg="RS256", key="rsa", **more):
        key = self.keys[key] if isinstance(key, str) else key
        der = more.pop("der", False)
        self.add(name, raw_recipe(alg, key, header, claims() if payload is None else payload, der), **more)

    def text(self, name, token):
        self.tokens.append((name, token, False))

    def finish(self):
        for (name, _, good, change), token in zip(self.made, make_tokens([one[1] for one in self.made])):
            self.tokens.append((name, change(token) if change else token, good))
        return self.tokens


def algorithms(a, folder):
    rsa = a.keys["rsa"]
    for library in ("jose", "jsonwebtoken"):
        a.add(f"none, of {library}", recipe(library, "none", None))
    for name in ("none", "None", "NONE", "nOnE", ""):
        for kid in ({}, {"kid": "rsa"}):
            a.text(f"alg {name!r}, {kid}", f"{b64url(json.dumps({'alg': name, **kid}))}.{b64url(json.dumps(claims()))}.")
            a.raw(f"alg {name!r} with a signature of RS256, {kid}", {"alg": name, **kid})
    for name, header in (("small letters", {"alg": "rs256"}), ("a blank", {"alg": "RS256 "}), ("a list", {"alg": ["RS256"]}), ("a number", {"alg": 1}),
                         ("null", {"alg": None}), ("missing", {}), ("of encryption", {"alg": "RSA-OAEP"}), ("of another curve", {"alg": "ES256K"}), ("Ed448", {"alg": "Ed448"})):
        a.raw(f"alg: {name}", {"kid": "rsa", **header})
    spki = base64.b64decode("".join(rsa["public"].splitlines()[1:-1]))
    cert = os.path.join(folder, "cert.pem")
    with open(os.path.join(folder, "rsa.key"), "w", encoding="ascii") as file:
        file.write(rsa["private"])
    run(["openssl", "req", "-x509", "-new", "-key", file.name, "-subj", "/CN=a", "-out", cert])
    with open(cert, "rb") as file:
        pem_cert = file.read()
    for name, secret in (("PEM", rsa["public"].encode()), ("PEM without its last line end", rsa["public"].rstrip().encode()), ("PEM with CRLF", rsa["public"].replace("\n", "\r\n").encode()),
                         ("PEM of PKCS 1", rsa["pkcs1"].encode()), ("certificate", pem_cert), ("DER", spki), ("base64 of DER", base64.b64encode(spki)),
                         ("modulus", unb64url(rsa["jwk"]["n"])), ("n", rsa["jwk"]["n"].encode()), ("JWK", json.dumps(rsa["jwk"], separators=(",", ":")).encode()),
                         ("JWK with blanks", json.dumps(rsa["jwk"]).encode()), ("JWK with kid", json.dumps({**rsa["jwk"], "kid": "rsa"}, separators=(",", ":")).encode()), ("nothing", b"")):
        for alg in ("HS256", "HS384", "HS512"):
            for kid in ({"kid": "rsa"}, {}):
                a.raw(f"RS/HS confusion: {alg} with the {name} as secret, {kid}", {"alg": alg, **kid}, alg=alg, key=secret)
    for alg, kid, key in (("RS256", "oct", "rsa"), ("HS256", "es256", kSecret), ("ES256", "es384", "es256"), ("ES384", "es256", "es384"), ("ES512", "es384", "es512"), ("EdDSA", "es256", "ed"),
                          ("ES256", "ed", "es256"), ("PS256", "oct", "rsa")):
        a.raw(f"{alg} with the kid of {kid}", {"alg": alg, "kid": kid}, alg=alg, key=key)
    a.raw("ES256 said, ES384 done", {"alg": "ES256", "kid": "es384"}, alg="ES384", key="es384")
    a.raw("RS256 said, PS256 done", {"alg": "RS256", "kid": "rsa"}, alg="PS256")
    a.raw("RS256 said, RS512 done", {"alg": "RS256", "kid": "rsa"}, alg="RS512")


def headers(a):
    own = a.keys["own"]
    der = base64.b64encode(base64.b64decode("".join(own["public"].splitlines()[1:-1]))).decode()
    for kid in ({"kid": "rsa"}, {}, {"kid": "own"}):
        for name, more in (("jwk", {"jwk": own["jwk"]}), ("jwk with a kid", {"jwk": {**own["jwk"], "kid": "rsa"}}), ("jku", {"jku": "http://127.0.0.1:1/jwks.json"}),
                           ("x5u", {"x5u": "http://127.0.0.1:1/cert.pem"}), ("x5c", {"x5c": [der]}), ("x5t", {"x5t#S256": b64url(hashlib.sha256(b"x").digest())})):
            a.add(f"an own key by {name}, {kid}", recipe("jose", "RS256", own, None, **more, **kid))
    a.add("such members beside a good signature are not looked at", recipe("jose", "RS256", a.keys["rsa"], None, kid="rsa", jwk=own["jwk"], jku="http://127.0.0.1:1/", x5c=[der]), good=True)
    for kid in ("nobody", "", "RSA", "rsa ", "rsa\0", "../../../etc/passwd", "/dev/null", "' OR '1'='1", "*", "%s%n", "k" * 5000, "\U0001f600", None, 1, ["rsa"], {"rsa": 1}, True):
        a.raw(f"kid {ascii(kid)[:40]}", {"alg": "RS256", "kid": kid})
    a.raw("no kid where the key has one", {"alg": "RS256"})
    a.raw("b64: true is what everybody means", {"alg": "RS256", "kid": "rsa", "b64": True}, good=True)
    for name, more in (("crit", {"crit": ["exp"], "exp": 1}), ("crit that is empty", {"crit": []}), ("crit of b64", {"crit": ["b64"], "b64": True}), ("crit, null", {"crit": None}),
                       ("b64", {"b64": False}), ("b64 with crit", {"crit": ["b64"], "b64": False}), ("b64, text", {"b64": "true"}), ("b64, null", {"b64": None})):
        a.raw(name, {"alg": "RS256", "kid": "rsa", **more})
    a.raw("b64: false, payload as it is", {"alg": "RS256", "kid": "rsa", "b64": False, "crit": ["b64"]}, change=lambda token: ".".join((token.split(".")[0], '{"exp":9999999999}', token.split(".")[2])))
    good = '{"alg":"RS256","kid":"rsa"}'
    for name, text in (("alg twice", '{"alg":"RS256","alg":"RS256","kid":"rsa"}'), ("alg twice, none", '{"alg":"none","alg":"RS256","kid":"rsa"}'), ("kid twice", '{"alg":"RS256","kid":"x","kid":"rsa"}'),
                       ("alg twice, escaped", '{"alg":"RS256","\\u0061lg":"RS256","kid":"rsa"}'), ("two objects", good + good), ("no object", '["RS256"]'), ("cut", good[:-1]), ("NUL behind", good + "\0"),
                       ("comment", "/**/" + good), ("comma", '{"alg":"RS256","kid":"rsa",}'), ("BOM", "\ufeff" + good), ("single quotes", good.replace('"', "'")), ("empty", ""),
                       ("UTF-8 that is none", good.encode()[:-1] + b',"x":"\xff"}'), ("UTF-16", good.encode("utf-16-le"))):
        a.raw(f"header: {name}", text)
    a.raw("header: with blanks", " {\n" + good[1:] + "\t", good=True)


def payloads(a):
    def payload(name, text, **more):
        a.raw(f"payload: {name}", {"alg": "RS256", "kid": "rsa"}, text, **more)

    end = int(time.time()) + 300
    for name, text in (("exp twice", f'{{"exp":1,"exp":{end}}}'), ("a member twice below", f'{{"exp":{end},"x":{{"y":1,"y":2}}}}'), ("no object", "[]"), ("no JSON", "exp"), ("cut", f'{{"exp":{end}'),
                       ("exp is text", f'{{"exp":"{end}"}}'), ("exp is null", '{"exp":null}'), ("exp is endless", '{"exp":1e999}'), ("exp is true", '{"exp":true}'), ("nbf is text", f'{{"exp":{end},"nbf":"0"}}'),
                       ("nested too deep", f'{{"exp":{end},"x":{"[" * 16}{"]" * 16}}}'), ("nested 4,000 deep", f'{{"exp":{end},"x":{"[" * 4000}{"]" * 4000}}}'), ("open 8,000 deep", '{"x":' + "[" * 8000),
                       ("UTF-8 that is none", b'{"x":"\xc3\x28"}'), ("a lone surrogate", '{"x":"\\ud800"}'), ("NUL behind", f'{{"exp":{end}}}\0'), ("two", "{}{}")):
        payload(name, text)
    payload("nested 16 deep", f'{{"exp":{end},"x":{"[" * 15}{"]" * 15}}}', good=True)
    payload("exp with a fraction", f'{{"exp":{end}.5}}', good=True)


def sized(a):
    """Signed tokens of exactly 16 KiB, and of one byte more."""
    signature = len(b64url(bytes(256)))
    for size, good in ((kMaxToken, True), (kMaxToken + 1, False)):
        for blanks in range(8):
            header = '{"alg":"RS256",' + " " * blanks + '"kid":"rsa"}'
            room = size - len(b64url(header)) - 2 - signature  # base64url has no text of 4n + 1
            if room % 4 != 1:
                break
        start = f'{{"exp":{int(time.time()) + 300},"pad":"'
        text = start + "x" * (room * 3 // 4 - len(start) - 2) + '"}'

        def check(token, size=size):
            if len(token) != size:
                raise RuntimeError(f"made {len(token)} bytes, not {size}")
            return token
        a.raw(f"a token of {size} bytes", header, text, good=good, change=check)


def encodings(a):
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    def last_bit(token, part):
        parts = token.split(".")
        other = parts[part][:-1] + alphabet[alphabet.index(parts[part][-1]) ^ 1]
        if unb64url(other) != unb64url(parts[part]):
            raise RuntimeError("the last character has no spare bit")
        return ".".join(parts[:part] + [other] + parts[part + 1:])

    def instead(part, change):
        return lambda token: ".".join(change(text) if i == part else text for i, text in enumerate(token.split(".")))

    header = {"alg": "RS256", "kid": "rsa"}
    spare = '{"alg":"RS256","kid":"rsa"} '  # 28 bytes: one more than 27, so that the last character has four bits too many
    for part, name in enumerate(("header", "payload", "signature")):
        text = json.dumps(claims(), separators=(",", ":"))
        text += " " * ((1 - len(text)) % 3)
        a.raw(f"{name}: a spare bit set", spare, text, change=lambda token, part=part: last_bit(token, part))
        for what, change in (("padding", lambda x: x + "=" * (-len(x) % 4 or 4)), ("a blank inside", lambda x: x[:5] + " " + x[5:]), ("a line end", lambda x: x + "%0A"), ("another alphabet", lambda x: x[:-1] + "+"),
                             ("a byte that is no ASCII", lambda x: x[:-1] + "\u00e9"), ("nothing", lambda x: ""), ("one character", lambda x: "A"), ("one less", lambda x: x[:-1]), ("one more", lambda x: x + "A")):
            a.raw(f"{name}: {what}", spare, text, change=instead(part, change))
    a.raw("untouched", spare, good=True)
    a.raw("a dot behind", header, change=lambda token: token + ".")
    a.raw("a dot before", header, change=lambda token: "." + token)
    a.raw("five parts", header, change=lambda token: token + ".AAAA.AAAA")
    a.raw("two parts", header, change=lambda token: token.rsplit(".", 1)[0])
    a.raw("as JSON", header, change=lambda token: json.dumps(dict(zip(("protected", "payload", "signature"), token.split(".")))))
    a.raw("two of them", header, change=lambda token: f"{token}, {token}")
    a.raw("quoted", header, change=lambda token: f'"{token}"')
    for name, text in (("10^5 dots", "." * 100000), ("10^5 dots with letters", "e30." * 100000 + "e30"), ("a header and dots", b64url('{"alg":"RS256"}') + "." * 100000), ("two dots", ".."), ("no dot", "e30")):
        a.text(name, text)


def signatures(a):
    es = {"alg": "ES256", "kid": "es256"}

    def pair(change):
        def changed(token):
            start, _, signature = token.rpartition(".")
            raw = unb64url(signature)
            return f"{start}.{b64url(change(raw[:32], raw[32:]))}"
        return changed

    def low(s):
        return (int.from_bytes(kOrder, "big") - int.from_bytes(s, "big")).to_bytes(32, "big")
    a.raw("ECDSA in DER", es, alg="ES256", key="es256", der=True)
    a.raw("ECDSA, untouched", es, alg="ES256", key="es256", good=True)
    # ECDSA's own: (r, n - s) is a signature too, of the same bytes. It proves the same caller, RFC 7518 does not forbid it.
    a.raw("ECDSA, the other s", es, alg="ES256", key="es256", good=True, change=pair(lambda r, s: r + low(s)))
    zero = bytes(32)
    for name, change in (("r and s are 0", lambda r, s: zero + zero), ("r is 0", lambda r, s: zero + s), ("s is 0", lambda r, s: r + zero), ("r and s are n", lambda r, s: kOrder + kOrder),
                         ("r is n", lambda r, s: kOrder + s), ("s is n", lambda r, s: r + kOrder), ("s + n", lambda r, s: r + ((int.from_bytes(s, "big") + int.from_bytes(kOrder, "big")) % 2**256).to_bytes(32, "big")),
                         ("r and s exchanged", lambda r, s: s + r), ("a byte less", lambda r, s: r + s[:-1]), ("a byte before each", lambda r, s: b"\0" + r + b"\0" + s), ("r alone", lambda r, s: r), ("all ones", lambda r, s: b"\xff" * 64)):
        a.raw(f"ECDSA, {name}", es, alg="ES256", key="es256", change=pair(change))
    a.raw("EdDSA, s + L", {"alg": "EdDSA", "kid": "ed"}, alg="EdDSA", key="ed", change=pair(
        lambda r, s: r + ((int.from_bytes(s, "little") + 2**252 + 27742317777372353535851937790883648493)).to_bytes(32, "little")))
    for kid, alg, key in (("rsa", "RS256", "own"), ("es256", "ES256", "own256"), ("ed", "EdDSA", "own_ed"), ("oct", "HS256", b"x" * 64)):
        a.raw(f"{alg}, a key of another", {"alg": alg, "kid": kid}, alg=alg, key=key)
        a.raw(f"{alg}, an unknown kid", {"alg": alg, "kid": "unknown"}, alg=alg, key=key)
        whole = a.keys.get(kid, kSecret)
        a.raw(f"{alg}, other claims", {"alg": alg, "kid": kid}, alg=alg, key=whole, change=lambda token: ".".join((token.split(".")[0], b64url(json.dumps(claims(uid="root"))), token.split(".")[2])))
        a.raw(f"{alg}, another header", {"alg": alg, "kid": kid}, alg=alg, key=whole, change=lambda token, alg=alg, kid=kid: b64url(json.dumps({"kid": kid, "alg": alg})) + token[token.index("."):])
        a.raw(f"{alg}, untouched", {"alg": alg, "kid": kid}, alg=alg, key=whole, good=True)


def sent(t, p, tokens):
    """What each got: all refusals are one."""
    p.secrets.extend(token for _, token, _ in tokens if len(token) > 60)
    seen, longest = None, 0.0
    for name, token, good in tokens:
        begin = time.monotonic()
        got = request(p.gateway.port, kPath, headers={"Authorization": f"Bearer {token}".encode()})
        longest = max(longest, time.monotonic() - begin)
        if good:
            t.is_(got.status, 200, name)
            continue
        body = got.json
        request_id = body.pop("requestId")
        answer = (got.status, body, {name: value for name, value in got.headers.items() if name not in ("date", "x-ca-request-id")})
        t.is_(request_id, got.headers["x-ca-request-id"], f"{name}: an answer of its own")
        if seen is None:
            seen = answer
            t.is_((got.status, body["error"], got.headers["www-authenticate"]), (401, "invalid_credential", 'Bearer realm="dataservice-user-api", error="invalid_token"'), f"{name}: the challenge")
        t.is_(answer, seen, f"{name}: 401 invalid_credential")
    t.ok(longest < 2 * kSlow, "none took long", longest)
    reasons = set(re.findall(r"invalid_credential \((\w+)\)", p.gateway.log()))
    t.is_(reasons, kReasons, "the log tells them apart, for those who run it")


def setting_refused(t, p, keys):
    small, off, private = keys["small"], dict(keys["es256"]["jwk"]), keys["es256"]["private_jwk"]
    off["y"] = off["x"]
    for name, text, pattern in (("a private key", key_set(good=keys["rsa"], bad=private), r"keys/1: is a private key"), ("a short secret", key_set(bad=b"x" * 31), r"keys/0/k: must have at least 32 bytes"),
                                ("RSA of 1024 bits", key_set(bad=small), r"keys/0: has a modulus of less than 2048 bits"), ("no point of the curve", key_set(bad=off), r"keys/0: is not a point of the curve"),
                                ("use: enc", key_set(bad={**keys["rsa"]["jwk"], "use": "enc"}), r'/keys: has no key that tokens are verified with: of the first, its use is "enc"'), ("PEM as a secret", key_set(bad=keys["rsa"]["public"].encode()), r"keys/0/k: is the text of a key")):
        done = p.loader("consumer", "set-jwt", "callers", "--jwks", p.file("bad.jwks", text))
        t.ok(done.rc == 1 and "bad.jwks" in done.stderr, f"set-jwt refuses {name}", done)
        t.like(done.stderr, pattern, "by its name")
    for name, option, text, alg, pattern in (("a private key", "--pem", keys["rsa"]["private"], "RS256", "bad.pem is a private key"), ("RSA of 1024 bits", "--pem", small["public"], "RS256", "bad.pem .*less than 2048 bits"),
                                             ("a short secret", "--secret-file", "x" * 47, "HS384", "bad.pem .*at least 48 bytes"), ("a public key as a secret", "--secret-file", keys["rsa"]["public"], "HS256", "bad.pem is the text of a key")):
        done = p.loader("consumer", "set-jwt", "callers", option, p.file("bad.pem", text), "--alg", alg)
        t.ok(done.rc == 1, f"set-jwt {option} refuses {name}", done)
        t.like(done.stderr, pattern, "by its name")


def credentials_refused(t, p, keys):
    """A key set edited by hand, the digest made anew: nginx -t names consumer and key."""
    gateway = p.gateway
    header, lines = read_file(gateway.manifest)
    _, good = read_file(gateway.credentials)

    def edit(change):
        consumers = copy.deepcopy(good)
        change(next(one for one in consumers if one["name"] == "callers")["jwt"]["keys"])
        write_files(gateway.manifest, lines, consumers, publication=header["publication"])
        return gateway.check()

    def put(jwk):
        return lambda have: have.__setitem__(1, {**jwk, "kid": "edited"})

    passed, said = edit(lambda have: None)
    t.ok(passed, "written anew with nothing changed: nginx -t passes", said)
    off = {**keys["es256"]["jwk"], "y": keys["es256"]["jwk"]["x"]}
    t.allow("/jwt/keys")
    for name, change, pattern in (("RSA of 1024 bits", put(keys["small"]["jwk"]), "/jwt/keys/1: has a modulus of less than 2048 bits"), ("a private key", put(keys["rsa"]["private_jwk"]), "/jwt/keys/1: is a private key"),
                                  ("a short secret", put({"kty": "oct", "k": b64url(b"x" * 16)}), "/jwt/keys/1/k: must have at least 32 bytes"), ("no point of the curve", put(off), "/jwt/keys/1: is not a point of the curve"),
                                  ("a kid twice", lambda have: have[1].update(kid=have[0]["kid"]), "/jwt/keys/1/kid: is the kid of another key"), ("alg of another type", lambda have: have[0].update(alg="EdDSA"), "/jwt/keys/0/alg: is not an algorithm for"),
                                  ("an even exponent", put({**keys["rsa"]["jwk"], "e": "AQAA"}), "/jwt/keys/1: has an even exponent"), ("no key", lambda have: have.clear(), "/jwt/keys: has no key")):
        passed, said = edit(change)
        t.ok(not passed, f"credentials with {name}: nginx -t fails", said)
        t.like(said, r'(?s)\[emerg\].*manifest\.json.*consumer "callers": ' + pattern, "naming consumer and key")
        t.unlike(said, b64url(kSecret), "and no secret")
    passed, said = edit(lambda have: None)
    t.ok(passed, "the good ones back", said)


def test(t):
    need_node(t)
    p = t.project()
    keys = make_keys(rsa=kRsa, own=kRsa, es256=kP256, es384=kP384, es512=kP521, ed=kEd25519, own256=kP256, own_ed=kEd25519, small={"type": "rsa", "bits": 1024})
    p.serve(users_definitions(authentication=["jwt"]), http="large_client_header_buffers 4 512k;")
    p.secrets.append(b64url(kSecret))
    p.loader.must("consumer", "create", "callers")
    p.loader.must("consumer", "authorize", "callers", "--api", "Query User by User ID")
    p.loader.must("consumer", "set-jwt", "callers", "--jwks", "-", input=key_set(oct=kSecret, **{name: keys[name] for name in ("rsa", "es256", "es384", "es512", "ed")}))
    p.sync_and_reload()
    attacks = Attacks(keys)
    attacks.raw("a wrong key", {"alg": "RS256", "kid": "rsa"}, key="own")
    algorithms(attacks, p.folder)
    for part in (headers, payloads, sized, encodings, signatures):
        part(attacks)
    sent(t, p, attacks.finish())
    good, = make_tokens([recipe("jose", "RS256", keys["rsa"], kid="rsa")])
    t.is_(request(p.gateway.port, kPath, headers=bearer(good)).status, 200, "and afterwards a good one is served")
    setting_refused(t, p, keys)
    credentials_refused(t, p, keys)


run_test(test)
