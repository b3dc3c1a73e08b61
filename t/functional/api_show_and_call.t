#!/usr/bin/env python3
"""`api show` prints commands that work as they stand, and `api call` makes calls that the gateway takes: each type of authentication, GET and
POST, parameters in query, path, header and body."""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tg_hints import hints_of
from tablegate_test import run, run_test, users_definitions

kAlice = {"data": {"user_id": 10001, "user_name": "Alice"}, "success": True}
kNames = "user_id,user_name,age\n10001,Alice,25\n10002,\"Zo\u00eb o'Neill & +50% \"\"x\"\"\",30\n10003,,31\n"


def definitions(address):
    base = users_definitions()
    base[0]["address"] = address
    api = base[-1]
    number = {"name": "user_id", "type": "LONG", "sample": 10001}
    name = {"name": "user_name", "type": "STRING", "sample": "Alice"}
    return base[:-1] + [
        {**api, "authentication": ["api_key", "jwt", "hmac"]},
        {**api, "name": "User by Query Key", "path": "/user/key", "api_key_source": {"in": "query", "name": "key"}},
        {**api, "name": "User in the Open", "path": "/user/open", "authentication": []},
        {**api, "name": "User by Signature", "path": "/user/signed/{user_id}", "authentication": ["hmac"], "hmac": {"require_nonce": True},
         "request_parameters": [{**number, "in": "path"}, {**name, "in": "header", "name": "X-Name", "column": "user_name"},
                                {"name": "age", "type": "LONG", "sample": 25}]},
        {**api, "name": "User by Old Signature", "path": "/user/sha1", "authentication": ["hmac"], "hmac": {"methods": ["HmacSHA1"]}},
        {**api, "name": "User by Post", "method": "POST", "path": "/user/post", "authentication": ["hmac", "api_key"],
         "request_parameters": [number, {**name, "required": False}, {"name": "age", "type": "LONG", "in": "query", "required": False}]},
        {**api, "name": "User by Token", "path": "/user/token", "authentication": ["jwt"]},
        {**api, "name": "User by Open Post", "method": "POST", "path": "/user/post/open", "authentication": [], "request_parameters": [number]},
    ]


def shell(command, **placeholders):
    for name, value in placeholders.items():
        command = command.replace(f"<{name}>", value)
    done = run(["sh", "-c", command.replace("curl", "curl -s --noproxy '*'", 1) if command.startswith("curl") else
                command.replace("\ncurl", "\ncurl -s --noproxy '*'")])
    try:
        return json.loads(done.stdout)
    except ValueError:
        return done.stdout + done.stderr


def shown(t, p, pair):
    if not shutil.which("curl"):
        return t.note("no curl here: the commands are not run")
    kinds = {}
    for name, types in (("Query User by User ID", ["api_key", "jwt", "hmac"]), ("User by Query Key", ["api_key"]), ("User in the Open", ["open"]),
                        ("User by Signature", ["hmac"]), ("User by Old Signature", ["hmac"]), ("User by Post", ["hmac", "api_key"]),
                        ("User by Open Post", ["open"])):
        json_form = p.loader.json("api", "show", name)
        t.is_(list(json_form["curls"]), types, f"{name}: a command for each type")
        t.is_(json_form["curl"], json_form["curls"][types[0]], f"{name}: the first is `curl`")
        text = p.loader.must("api", "show", name).stdout
        for kind, command in json_form["curls"].items():
            t.ok(command in text, f"{name}: people see that of {kind}", text)
            kinds.setdefault(kind, []).append((name, command))
    for kind in ("open", "api_key", "hmac"):
        for name, command in kinds[kind]:
            t.is_(shell(command, API_KEY=p.key, ACCESS_KEY=pair["access_key"], SECRET=pair["secret"]), kAlice, f"{name}: the command of {kind} works")
    wrong = shell(kinds["hmac"][0][1], ACCESS_KEY=pair["access_key"], SECRET=pair["secret"] + "x")
    t.is_(wrong.get("error"), "invalid_signature", "with another secret it does not")
    t.like(p.loader.must("api", "show", "Query User by User ID").stdout, "authentication: API key or JWT or HMAC", "the types in words")


def called(t, p, pair):
    key = p.file("key.txt", p.key + "\n")
    secret = p.file("pair.txt", f"{pair['access_key']}:{pair['secret']}\n")

    def call(name, *options):
        result = p.loader("api", "call", name, "-o", "json", *options)
        return (result.rc, result.json["response"]) if result.stdout else (result.rc, result.stderr)

    for name, options, what in (
            ("Query User by User ID", ("--credential", key), "an API key"), ("Query User by User ID", ("--credential", secret), "a pair"),
            ("Query User by User ID", ("--consumer", "demo"), "the consumer's own pair"), ("User by Query Key", ("--credential", key), "a key in the query"),
            ("User in the Open", (), "no credential"), ("User by Open Post", (), "a form without a credential"),
            ("User by Signature", ("--consumer", "demo"), "path, header and query signed"), ("User by Old Signature", ("--credential", secret), "HmacSHA1"),
            ("User by Post", ("--credential", key), "a form, API key"), ("User by Post", ("--credential", secret), "a form, signed")):
        t.is_(call(name, *options), (0, kAlice), f"{name}: {what}")
    hard = "Zo\u00eb o'Neill & +50% \"x\""
    for name, more in (("User by Post", ("--param", "age=30")), ("User by Post", ())):
        rc, got = call(name, "--consumer", "demo", "--param", "user_id=10002", "--param", f"user_name={hard}", *more)
        t.is_((rc, got["data"]["user_name"] if rc == 0 else got), (0, hard), f"{name}: anything a text holds can be signed, {more}")
    rc, got = call("User by Post", "--consumer", "demo", "--param", "user_id=10003", "--param", "user_name=")
    t.is_((rc, got if rc else got["success"]), (0, True), "an empty value, too")
    t.is_(call("User by Signature", "--consumer", "demo", "--param", "X-Name=")[0], 0, "and an empty header")
    result = p.loader("api", "call", "User in the Open", "--param", "user_id=abc")
    t.ok(result.rc == 1 and "user_id must be a whole number" in result.stdout and hints_of(result) == ["tablegate api show 'User in the Open'"],
         "a wrong value: the hint shows the parameters", result)

    for options, pattern in (((), "requires a credential"), (("--credential", key), "is of|of type api_key, but API .* accepts hmac"),
                             (("--consumer", "nobody"), "no consumer"), (("--consumer", "bare"), "no stored credential"),
                             (("--credential", p.file("token.txt", "eyJhbGciOiJub25lIn0.e30.")), "of type jwt")):
        result = p.loader("api", "call", "User by Signature", *options)
        t.is_(result.rc, 1, f"refused: {pattern}") or t.diag(result)
        t.like(result.stderr, pattern, "says why")
        t.unlike(result.stderr, p.key, "and shows no key")
    wrong = p.file("wrong.txt", f"{pair['access_key']}:{'x' * 40}\n")
    result = p.loader("api", "call", "User by Signature", "--credential", wrong)
    t.ok(result.rc == 1 and "invalid_signature" in result.stdout and "answered 401" in result.stderr, "a wrong secret: 401, exit 1", result)


def make_pem(p, name, *options):
    private, public = os.path.join(p.folder, name + ".key"), os.path.join(p.folder, name + ".pem")
    run(["openssl", "genpkey", "-out", private, *options])
    run(["openssl", "pkey", "-in", private, "-pubout", "-out", public])
    return private, public


kTypes = {"rsa": ("RS256", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
          "ec": ("ES384", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-pkeyopt", "ec_param_enc:named_curve"),
          "ed": ("EdDSA", "-algorithm", "ED25519")}
kConditions = ("--issuer", "https://issuer", "--audience", "api", "--require-exp", "--claim")


def tokens(t, p):
    """A consumer for each type of key, and two with symmetric ones, at every source; one sync for all."""
    keys = {name: make_pem(p, name, *options[1:]) for name, options in kTypes.items()}
    sources = {"rsa": "header:Authorization:Bearer", "ec": "query:token", "ed": "cookie:token"}
    for name, (_, public) in keys.items():
        p.loader.must("consumer", "create", name)
        p.loader.must("consumer", "authorize", name, "--api", "User by Token")
        p.loader.must("consumer", "set-jwt", name, "--pem", public, "--alg", kTypes[name][0], "--kid", name, "--source", sources[name],
                      *kConditions, name)
    secret = p.file("symmetric.txt", "a symmetric key of more than 32 bytes, for HS256\n")
    p.loader.must("consumer", "create", "symmetric")
    p.loader.must("consumer", "authorize", "symmetric", "--rest-api", "dataservice-user-api")
    p.loader.must("consumer", "set-jwt", "symmetric", "--secret-file", secret, "--alg", "HS256", "--source", "header:X-Token")
    p.sync()
    p.gateway.reload()
    for name, (private, _) in keys.items():
        good = p.loader("api", "call", "User by Token", "--credential", private, "--consumer", name, "-o", "json")
        t.ok(good.rc == 0 and good.json["response"] == kAlice, f"{kTypes[name][0]}: a token made from a private key, {sources[name]}", good)
    bare = p.loader("api", "call", "User by Token", "--credential", keys["rsa"][0], "-o", "json")
    t.is_((bare.rc, bare.json["response"]["error"]), (1, "invalid_credential"), "without --consumer it has none of the claims")
    other = p.loader("api", "call", "User by Token", "--credential", keys["rsa"][0], "--consumer", "ec")
    t.ok(other.rc == 1 and "no key that matches this private key" in other.stderr, "a private key of someone else", other)
    own = p.loader("api", "call", "User by Token", "--consumer", "symmetric", "-o", "json")
    t.ok(own.rc == 0 and own.json["response"] == kAlice, "a symmetric key is opened without --credential", own)
    public = p.loader("api", "call", "User by Token", "--consumer", "rsa")
    t.ok(public.rc == 1 and "only public keys" in public.stderr and "--credential" in public.stderr, "a public key makes no token", public)
    none = p.loader("api", "call", "User by Token", "--consumer", "bare", "--credential", keys["rsa"][0])
    t.ok(none.rc == 1 and "has no JWT setting" in none.stderr, "a consumer without a setting", none)


def ports(t, p):
    """Addresses of domains have the port that the gateway listens on."""
    name = "User in the Open"
    p.apply([{**definitions(f"http://127.0.0.1:{p.gateway.port}")[0], "http_listen": [f"127.0.0.1:{p.gateway.port}"], "https_listen": ["[::1]:8443", "9443"]}, {"kind": "Domain", "name": "localhost"},
             {"kind": "Domain", "name": "tls.example", "protocol": "HTTPS", "certificate": "/c", "certificate_key": "/k"}])
    p.loader.must("api", "publish", name, "--domain", "localhost", "--domain", "tls.example", "--yes")
    path = "/v1/user/open"
    t.is_(p.loader.json("api", "show", name)["urls"], [f"https://tls.example:8443{path}", f"http://localhost:{p.gateway.port}{path}"], "api show has the ports of https_listen and http_listen")
    servers = [one["url"] for one in p.loader.json("openapi", "--domain", "localhost")["servers"]]
    t.is_(servers, [f"http://localhost:{p.gateway.port}", "https://tls.example:8443"], "openapi has them")
    p.apply([{"kind": "Domain", "name": "localhost", "server_block": False, "port": p.gateway.port}])
    t.is_(p.loader.json("openapi", "--domain", "localhost")["servers"][0], {"url": f"http://localhost:{p.gateway.port}"}, "of a server block of the user's own, its port")
    p.loader.must("api", "publish", name, "--domain", "localhost", "--yes")
    p.sync_and_reload()
    t.is_(p.loader.json("api", "call", name)["status"], 200, "api call goes there")


def test(t):
    p = t.project()
    p.serve(definitions(f"http://127.0.0.1:{p.gateway.port}"), {"user_info": kNames})
    pair = p.loader.json("consumer", "add-key", "demo", "--type", "hmac")
    p.loader.must("consumer", "create", "bare")
    p.sync()
    p.gateway.reload()
    shown(t, p, pair)
    called(t, p, pair)
    tokens(t, p)
    answer = p.loader.json("api", "test", "User by Post", "--param", "user_id=10002", "--param", "user_name=nobody")
    t.is_((answer["passed"], answer["response"]["data"]), (True, None), "api test binds the body's parameters")
    failed = p.loader("api", "test", "User by Post", "--param", "user_id=abc", "-o", "json")
    t.is_((failed.rc, failed.json["status"]), (1, 400), "and checks them")
    ports(t, p)


run_test(test)
