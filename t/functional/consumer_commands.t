#!/usr/bin/env python3
"""The consumer commands: every verb, its output for people and for scripts, and its errors. That callers see it is api_keys.t,
hmac and jwt tests' part."""
import base64
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run, run_test, users_definitions

kApi = "Query User by User ID"
kSecret = "s" * 40
kSymmetric = base64.urlsafe_b64encode(b"0123456789abcdef0123456789abcdef").decode().rstrip("=")


def refused(t, result, pattern, name, rc=1):
    t.is_(result.rc, rc, f"refused, exit {rc}: {name}") or t.diag(result)
    t.like(result.stderr, pattern, f"says why: {name}")


def action(p, *command):
    return p.loader.json("consumer", *command)["action"]


def life(t, p):
    t.is_(action(p, "create", "partner"), "created", "create")
    t.is_(action(p, "create", "partner"), "unchanged", "create again: unchanged")
    for name in ("a b", "", "x" * 65, "-x"):
        t.isnt(p.loader("consumer", "create", "--", name).rc, 0, f"no consumer's name: {name!r}")
    t.is_((action(p, "disable", "partner"), action(p, "disable", "partner")), ("disabled", "unchanged"), "disable, and again")
    t.is_((action(p, "enable", "partner"), action(p, "enable", "partner")), ("enabled", "unchanged"), "enable, and again")
    t.is_((action(p, "authorize", "partner", "--api", kApi), action(p, "authorize", "partner", "--api", kApi)),
          (f"authorized for API {kApi}", "unchanged"), "authorize, and again")
    t.is_(action(p, "authorize", "partner", "--rest-api", "dataservice-user-api"), "authorized for REST API dataservice-user-api", "for a REST API")
    t.is_(p.loader.json("consumer", "show", "partner")["authorizations"], [{"api": kApi}, {"rest_api": "dataservice-user-api"}], "show lists both")
    t.is_((action(p, "deauthorize", "partner", "--api", kApi), action(p, "deauthorize", "partner", "--api", kApi)),
          (f"no longer authorized for API {kApi}", "unchanged"), "deauthorize, and again")
    refused(t, p.loader("consumer", "authorize", "partner"), "--api|--rest-api", "authorize without a target", 2)
    refused(t, p.loader("consumer", "authorize", "partner", "--api", "Nothing Here"), "Nothing Here", "authorize for an API that is not there")
    for verb in ("show", "enable", "disable", "delete", "add-key", "unset-jwt"):
        refused(t, p.loader("consumer", verb, "nobody"), 'no consumer "nobody".*try: tablegate consumer list', f"{verb} of nobody")
    refused(t, p.loader("consumer", "delete", "demo"), "belongs to workspace demo", "delete of a workspace's own")


def hmac_keys(t, p):
    made = p.loader.json("consumer", "add-key", "partner", "--type", "hmac", "--label", "2027", "--expires", "2099-01-01")
    t.is_(sorted(made), ["access_key", "id", "secret", "type"], "-o json of an HMAC pair")
    t.ok(made["type"] == "hmac" and made["id"].startswith("hk_") and len(made["secret"]) >= 43, "an id of its own and 256 random bits", made)
    people = p.loader.must("consumer", "add-key", "partner", "--type", "hmac", "--profile", "raw-query", "--not-before", "2098-01-01")
    t.like(people.stdout, r"(?m)^id +hk_\w+\naccess_key +\S+\nsecret +\S+$", "for people")
    t.like(people.stderr, "shown only now.*sealed", "with the note that it is shown once")
    quiet = p.loader.must("-q", "consumer", "add-key", "partner", "--type", "hmac")
    t.like(quiet.stdout, r"^\S+:\S+\n$", "-q: access_key:secret")
    t.is_(quiet.stderr, "", "and nothing else")
    shown = p.loader.json("consumer", "show", "partner")["keys"]
    t.is_([(key["type"], key["label"], key["profile"], key["state"]) for key in shown],
          [("hmac", "2027", "classic", "valid"), ("hmac", "", "raw-query", "not yet valid"), ("hmac", "", "classic", "valid")], "show lists them")
    t.is_(sorted(shown[0]), sorted(["access_key", "created_at", "expires", "id", "label", "not_before", "profile", "state", "type"]), "with these members")
    text = p.loader.must("consumer", "show", "partner").stdout
    t.ok(made["access_key"] in text and "raw-query" in text and made["secret"] not in text, "for people too, without secrets", text)

    def add(text, *options):
        return p.loader("consumer", "add-key", "partner", "--type", "hmac", "--from-file", "-", *options, input=text)

    imported = add(f"203753385:{kSecret}\r\n", "-o", "json")
    t.is_((imported.json["access_key"], imported.json["secret"]), ("203753385", kSecret), "an imported pair")
    again = add(f"203753385:{kSecret}x\n")
    refused(t, again, "203753385.*a consumer already", "an access key that is there")
    t.unlike(again.stderr, kSecret, "without telling its secret")
    for text, pattern, name in (("203753386:123456", "24 to 256", "a demo secret of Alibaba's"), ("abc:" + kSecret, "4 to 128", "a short access key"),
                                ("a" * 129 + ":" + kSecret, "4 to 128", "a long access key"), ("key1:" + "s" * 257, "24 to 256", "a long secret"),
                                ("justone" * 5, "access_key:secret", "no pair"), (f"key 1:{kSecret}", "4 to 128", "a blank"),
                                (f"key1:{kSecret}\nkey2:{kSecret}", "24 to 256", "two lines"), ("", "access_key:secret", "an empty file")):
        result = add(text)
        refused(t, result, pattern, name)
        t.ok(len(text) < 8 or text not in result.stderr, f"and does not repeat it: {name}")
    refused(t, p.loader("consumer", "add-key", "partner", "--profile", "classic"), "--profile applies to HMAC", "--profile of an API key", 2)
    t.is_(p.loader("consumer", "add-key", "partner", "--type", "hmac", "--profile", "other").rc, 2, "an unknown profile: exit 2")
    refused(t, p.loader("consumer", "add-key", "partner", "--type", "hmac", "--not-before", "2030-01-01", "--expires", "2029-01-01"),
            "--not-before must be earlier than --expires", "times in the wrong order")
    refused(t, p.loader("consumer", "add-key", "partner", "--type", "hmac", "--expires", "tomorrow"), "ISO 8601", "a time in words", 2)

    t.like(action(p, "revoke-key", "partner", made["id"], "--at", "2090-01-01"), "expires 2090", "revoke-key --at")
    t.is_(action(p, "revoke-key", "partner", made["id"], "--at", "2091-01-01"), "unchanged", "a later time changes nothing")
    t.is_(action(p, "revoke-key", "partner", made["id"]), f"key {made['id']} revoked", "revoke-key")
    refused(t, p.loader("consumer", "revoke-key", "partner", made["id"]), "has no key", "revoke-key again")
    refused(t, p.loader("consumer", "revoke-key", "demo", imported.json["id"]), "has no key", "another consumer's key")


def make_pem(p, name, *options):
    private, public = os.path.join(p.folder, name + ".key"), os.path.join(p.folder, name + ".pem")
    run(["openssl", "genpkey", "-out", private, *options])
    run(["openssl", "pkey", "-in", private, "-pubout", "-out", public])
    return private, public


def settings(t, p):
    private, public = make_pem(p, "rsa", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")

    def set_jwt(*options, **more):
        return p.loader("consumer", "set-jwt", "partner", *options, **more)

    t.is_(set_jwt("--pem", public, "--alg", "RS256", "--kid", "k1", "--issuer", "https://issuer", "--audience", "api", "--claim", "partner-a").rc, 0,
          "set-jwt by a public key")
    t.is_(set_jwt("--pem", public, "--alg", "RS256", "--kid", "k1", "--issuer", "https://issuer", "--audience", "api", "--claim", "uid=partner-a",
                  "-o", "json").json["action"], "unchanged", "the same again: unchanged; VALUE is uid=VALUE")
    shown = p.loader.json("consumer", "show", "partner")["jwt"]
    t.is_(shown, {"source": {"in": "header", "name": "Authorization", "prefix": "Bearer"}, "issuer": "https://issuer", "audience": "api",
                  "claim": {"name": "uid", "value": "partner-a"}, "leeway": 60, "require_exp": False,
                  "keys": [{"kid": "k1", "kty": "RSA", "alg": "RS256"}]}, "show tells the setting")
    t.is_({one["name"]: one["jwt"] for one in p.loader.json("consumer", "list")}, {"demo": False, "partner": True}, "list tells who has one")
    jwks = json.dumps({"keys": [{"kty": "oct", "kid": "a", "alg": "HS256", "k": kSymmetric}]})
    t.is_(set_jwt("--jwks", "-", "--source", "cookie:token", "--leeway", "0", "--require-exp", input=jwks).rc, 0, "by a key set")
    shown = p.loader.json("consumer", "show", "partner")["jwt"]
    t.is_((shown["issuer"], shown["claim"], shown["leeway"], shown["require_exp"], shown["source"]["in"], shown["keys"]),
          (None, None, 0, True, "cookie", [{"kid": "a", "kty": "oct", "alg": "HS256"}]), "the whole setting is replaced, the secret is not told")
    t.is_(set_jwt("--jwks", "-", "--source", "cookie:token", "--leeway", "0", "--require-exp", "-o", "json", input=jwks).json["action"], "unchanged",
          "a symmetric one again: unchanged")
    text = p.loader.must("consumer", "show", "partner").stdout
    t.ok("cookie token" in text and "oct" in text and kSymmetric not in text, "show for people", text)

    other = json.dumps({"keys": [{"kty": "oct", "kid": "b", "alg": "HS256", "k": kSymmetric[::-1].replace("=", "A")}]})
    twice = json.dumps({"keys": [json.loads(jwks)["keys"][0]] * 2})
    for options, text, pattern, rc, name in (
            ((), None, "one of --jwks", 2, "no key"), (("--jwks", "-", "--pem", public), jwks, "one of --jwks", 2, "two kinds of keys"),
            (("--pem", public), None, "--alg is missing", 2, "a PEM without --alg"), (("--pem", public, "--alg", "none"), None, "none", 2, "none"),
            (("--pem", public, "--alg", "ES256"), None, "rsa.pem", 1, "an algorithm of another type"),
            (("--pem", private, "--alg", "RS256"), None, "private", 1, "a private key"),
            (("--secret-file", public, "--alg", "HS256"), None, "rsa.pem", 1, "a public key as a secret"),
            (("--jwks", "-", "--alg", "HS256"), jwks, "--alg and --kid apply to", 2, "--alg beside --jwks"),
            (("--jwks", "-"), "{", "", 1, "cut JSON"), (("--jwks", "-"), "{}", "", 1, "no keys"), (("--jwks", "-"), '{"keys":[]}', "", 1, "an empty set"),
            (("--jwks", "-"), twice, "keys/1", 1, "one kid twice"), (("--jwks", "/nonexistent"), None, "/nonexistent", 3, "no such file"),
            (("--jwks", "-", "--source", "body:x"), jwks, "header:NAME", 2, "an unknown source"),
            (("--jwks", "-", "--source", "header:a b"), jwks, "--source: the name", 1, "no header's name"),
            (("--jwks", "-", "--claim", "=x"), jwks, "--claim", 2, "a claim without a name"),
            (("--jwks", "-", "--leeway", "-1"), jwks, "leeway", 2, "a negative leeway")):
        result = set_jwt(*options, input=text) if text is not None else set_jwt(*options)
        refused(t, result, pattern, name, rc)
        t.unlike(result.stderr, kSymmetric, f"tells no key: {name}")
    t.is_(p.loader.json("consumer", "show", "partner")["jwt"], shown, "none of these changed the setting")

    p.loader.must("consumer", "create", "rival")
    rival = ("consumer", "set-jwt", "rival", "--jwks", "-", "--source", "cookie:token")
    refused(t, p.loader(*rival, input=jwks), '"partner" could accept', "a setting that a token of another consumer satisfies")
    t.is_(p.loader(*rival, input=other).rc, 0, "another key: accepted")
    t.is_(p.loader(*rival[:-1], "query:token", input=jwks).rc, 0, "the same key at another source: accepted")
    t.is_((action(p, "unset-jwt", "partner"), action(p, "unset-jwt", "partner")), ("JWT setting removed", "unchanged"), "unset-jwt, and again")
    t.is_(p.loader.json("consumer", "show", "partner")["jwt"], None, "then there is none")


def roles(t, p):
    """Developers see what show prints, not what is sealed."""
    p.loader.must("consumer", "set-jwt", "partner", "--jwks", "-", "--issuer", "i", input=json.dumps(
        {"keys": [{"kty": "oct", "kid": "z", "alg": "HS256", "k": kSymmetric}]}))
    for role in ("developer", "approver"):
        for column, table in (("sealed_secret", "hmac_key"), ("sealed_keys", "jwt_setting")):
            t.is_(p.postgres.psql(f"SELECT has_column_privilege('tablegate_{role}', 'tablegate.{table}', '{column}', 'SELECT')"), "f",
                  f"tablegate_{role} does not read {table}.{column}")
    said = p.postgres.psql("SET ROLE tablegate_developer; SELECT access_key FROM tablegate.hmac_key; SELECT keys FROM tablegate.jwt_setting")
    t.ok(kSymmetric not in said and "203753385" in said, "but what show tells", said)
    for table in ("hmac_key", "jwt_setting"):
        for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE"):
            t.is_(p.postgres.psql(f"SELECT has_table_privilege('tablegate_node', 'tablegate.{table}', '{right}')"
                                  f" OR has_table_privilege('tablegate_developer', 'tablegate.{table}', '{right}')"), "f", f"only operators {right} {table}")
        t.is_(p.postgres.psql(f"SELECT has_table_privilege('tablegate_node', 'tablegate.{table}', 'SELECT')"), "t", f"nodes read {table}")


def test(t):
    p = t.project()
    p.init()
    p.apply(users_definitions())
    life(t, p)
    hmac_keys(t, p)
    settings(t, p)
    roles(t, p)
    t.is_(action(p, "delete", "partner"), "deleted", "delete")
    t.is_(p.postgres.psql("SELECT (SELECT count(*) FROM tablegate.hmac_key), (SELECT count(*) FROM tablegate.jwt_setting WHERE issuer = 'i')"), "0|0",
          "with its keys and its JWT setting")


run_test(test)
