#!/usr/bin/env python3
"""Key sets as issuers publish them: keys for something else are ignored by name, broken keys of a kind that is used are rejected."""
import base64
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run, run_test, users_definitions


def rsa(kid, **more):
    pem = run(["openssl", "genrsa", "2048"]).stdout
    modulus = run(["openssl", "rsa", "-noout", "-modulus"], input=pem).stdout.strip().split("=")[1]
    text = base64.urlsafe_b64encode(bytes.fromhex(modulus)).rstrip(b"=").decode()
    return {"kty": "RSA", "kid": kid, "n": text, "e": "AQAB", **more}


def test(t):
    p = t.project()
    p.init()
    p.apply(users_definitions())
    signing = rsa("sign-1", use="sig", alg="RS256")
    others = [rsa("enc-1", use="enc", alg="RSA-OAEP"), {"kty": "AKP", "kid": "pq-1", "alg": "ML-DSA-65", "pub": "AAAA"},
              {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}]
    path = os.path.join(p.folder, "jwks.json")

    def set_jwt(keys):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"keys": keys}, file)
        return p.loader("consumer", "set-jwt", "keycloak", "--jwks", path, "--issuer", "https://issuer.example")

    p.loader.must("consumer", "create", "keycloak")
    result = set_jwt([others[0], signing, *others[1:]])
    t.is_(result.rc, 0, "a set with keys for something else is taken") or t.diag(result.stderr)
    for words in ('key 1 (kid "enc-1") is ignored: its use is "enc"', 'key 3 (kid "pq-1") is ignored: its kty "AKP"', 'key 4 is ignored: its crv "secp256k1"'):
        t.ok(words in result.stderr, f"named: {words}", result.stderr)
    definition = json.loads(p.loader.must("get", "consumer", "keycloak", "-o", "json").stdout)
    t.is_([key["kid"] for key in definition["jwt"]["keys"]], ["sign-1"], "the catalog has the usable key only")
    result = set_jwt(others)
    t.ok(result.rc == 1 and "no key that tokens are verified with" in result.stderr, "none is usable: rejected", result)
    for broken, reason in (({**signing, "kid": "b", "n": "AQAB"}, "2048 bits"), ({**signing, "kid": "b", "alg": "HS256"}, "alg"), ({**others[0], "d": "AQAB"}, "private key")):
        result = set_jwt([signing, broken])
        t.ok(result.rc == 1 and reason in result.stderr, f"a broken key of a kind that is used: rejected ({reason})", result)
    # The same in a definition.
    consumer = {"kind": "Consumer", "name": "keycloak", "jwt": {"issuer": "https://issuer.example", "keys": [others[0], signing]}}
    result = p.loader("apply", "-f", p.definitions([consumer], "consumer.json"), "-o", "json")
    t.is_([one["action"] for one in result.json], ["unchanged"], "a Consumer with the same usable key: unchanged") or t.diag(result.stderr)
    t.ok('warning: Consumer "keycloak": key 1 (kid "enc-1") is ignored' in result.stderr, "and what is ignored is named", result.stderr)


run_test(test)
