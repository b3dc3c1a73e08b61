#!/usr/bin/env python3
"""`diff` tells what `apply` would do, field by field, and does nothing; `export` writes files that `apply` finds unchanged, whatever
the names are; kind Consumer in both: authorisations and JWT settings, symmetric keys never."""
import base64
import copy
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kUsersCsv, run_test, users_definitions

kFields = {"timeout_ms": 2000, "max_records": 500}
kApi = "Query User by User ID"
kSecret = base64.urlsafe_b64encode(b"0123456789abcdef0123456789abcdef").decode().rstrip("=")


def changes(objects, name):
    return next({one["field"]: (one.get("before"), one.get("after")) for one in item["changes"]} for item in objects if item["name"] == name)


def diff(t, p):
    before = p.loader.json("diff", "-f", p.definitions(users_definitions(**kFields)))
    t.is_({item["action"] for item in before}, {"created"}, "diff with an empty catalog: everything would be created")
    t.is_(list(before[0]), ["kind", "name", "action", "changes"], "the members of its JSON")
    t.is_(changes(before, "dataservice-user-api"), {"/base_path": (None, "/v1")}, "every field of what would be created")
    t.is_(p.loader.json("get", "apis"), [], "and nothing was")
    p.apply(users_definitions(**kFields))
    done = p.loader("diff", "-f", p.definitions(users_definitions(**kFields)), "--exit-code")
    t.ok(done.rc == 0 and done.stdout == "6 definitions: no difference\n", "no difference: exit 0", done)
    objects = copy.deepcopy(users_definitions(**kFields))
    api = objects[5]
    api["timeout_ms"] = 1234
    api["tags"] = ["a"]
    del api["max_records"]
    api["response_parameters"].append({"name": "age", "column": "age"})
    objects.append({"kind": "Consumer", "name": "partner", "authorizations": [{"api": kApi}]})
    path = p.definitions(objects)
    found = p.loader.json("diff", "-f", path)
    t.is_(changes(found, kApi), {"/timeout_ms": (2000, 1234), "/tags": (None, ["a"]), "/max_records": (500, None),
                                 "/response_parameters/age": (None, {"name": "age", "column": "age"})}, "field by field")
    t.is_([item["action"] for item in found], ["unchanged"] * 5 + ["changed", "created"], "what apply would say")
    done = p.loader("diff", "-f", path, "--exit-code")
    t.is_((done.rc, done.stderr), (4, ""), "differences: exit 4 with --exit-code")
    t.like(done.stdout, rf'Api "{kApi}": changed\n.*  - /max_records: .*  \+ /tags: \["a"\].*Consumer "partner": created\n  \+ /authorizations', "for people")
    t.is_(p.loader("diff", "-f", path).rc, 0, "and exit 0 without")
    again = p.loader.json("diff", "-f", path)
    t.is_(again, found, "diff changed nothing")
    t.is_([item["name"] for item in p.loader.json("consumer", "list")], ["demo"], "no consumer was made")
    api["table"] = "nothing"
    done = p.loader("diff", "-f", p.definitions(objects), "--exit-code")
    t.ok(done.rc == 1 and "/5/table" in done.stderr, "what apply would refuse, diff refuses", done)


def names_of_all_kinds(t, p):
    """Objects with awkward names, so that files and JSON are tried."""
    p.apply([
        {"kind": "Domain", "name": "*.wild.example.org"}, {"kind": "Domain", "name": "a.example.org", "description": "ümlaut \"quoted\"\n"},
        {"kind": "RestApi", "name": "Other", "base_path": "/"}, {"kind": "RestApi", "name": "other", "base_path": "/o"},
        *({"kind": "RestApi", "name": "versioned", "base_path": "/", "versioning": {"scheme": "header", "name": "X-Version", "version": version}} for version in ("v1", "v2")),
        {"kind": "BusinessProcess", "name": "用户查询服务", "rest_api": "Other"}, {"kind": "BusinessProcess", "name": "User Query-Service", "rest_api": "other"},
        {**users_definitions()[5], "name": "查询 用户 by ID", "business_process": "用户查询服务"},
        {**users_definitions()[5], "name": "Query-User by User ID", "timeout_ms": 1000}, {**users_definitions()[5], "name": "query user by user id"},
    ])


def jwk():
    return {"kty": "OKP", "crv": "Ed25519", "kid": "2027", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


def consumers(t, p):
    p.loader.must("consumer", "create", "off")
    p.loader.must("consumer", "disable", "off")
    p.loader.must("consumer", "create", "partner")
    p.loader.must("consumer", "authorize", "partner", "--api", kApi)
    p.loader.must("consumer", "authorize", "partner", "--rest-api", "dataservice-user-api")
    p.loader.must("consumer", "authorize", "partner", "--rest-api", "versioned", "--rest-api-version", "v2")
    keys = {"keys": [jwk(), {"kty": "oct", "kid": "s", "alg": "HS256", "k": kSecret}]}
    p.loader.must("consumer", "set-jwt", "partner", "--jwks", p.file("keys.json", json.dumps(keys)), "--issuer", "https://issuer.example.org",
                  "--claim", "partner", "--leeway", "5", "--source", "header:X-Token")
    return [p.loader.json("consumer", "add-key", "partner")["api_key"], p.loader.json("consumer", "add-key", "partner", "--type", "hmac")["secret"], kSecret]


def sealed(p):
    return p.postgres.psql("SELECT sealed_keys::text FROM tablegate.jwt_setting ORDER BY consumer_id")


def export(t, p, secrets):
    folder = os.path.join(p.folder, "exported")
    written = p.loader.json("export", folder)
    files = sorted(os.path.relpath(os.path.join(where, name), folder) for where, _, names in os.walk(folder) for name in names)
    t.is_(sorted(os.path.relpath(item["file"], folder) for item in written), files, "-o json names the files")
    t.ok(all(name in files for name in ("domains/_.wild.example.org.json", "gateways/dataservice-prod.json", "tables/user_info.json", "consumers/partner.json", "rest-apis/versioned-v1.json", "rest-apis/versioned-v2.json",
                                        "apis/用户查询服务/查询-用户-by-ID.json")), "a folder for each kind", files)
    alike = [name for name in files if name.lower().startswith("apis/user-query-service/query-user-by-user-id~")]
    t.is_(len(alike), 3, "names that differ only by case and signs get files of their own")
    t.ok(any(name.lower().startswith("rest-apis/other~") for name in files), "of every kind", files)
    text = "".join(open(os.path.join(folder, name), encoding="utf-8").read() for name in files)
    t.ok(not any(secret in text for secret in secrets) and "hk_" not in text and "ak_" not in text, "no secret and no key in any of them")
    before = sealed(p)
    p.loader.env["TABLEGATE_MASTER_KEY_FILE"] = "/nonexistent"  # not needed for what is unchanged
    done = p.loader.json("apply", "-f", folder)
    p.loader.env["TABLEGATE_MASTER_KEY_FILE"] = os.path.join(p.folder, "master.key")
    t.is_((len(done), {item["action"] for item in done}), (len(files), {"unchanged"}), "apply of the folder: all unchanged")
    t.is_(p.loader("diff", "-f", folder, "--exit-code").rc, 0, "diff too")
    t.is_(sealed(p), before, "the sealed key is what it was")
    piped = p.loader.must("export", "-").stdout
    t.is_(len(json.loads(piped)), len(files), "export -: one list")
    t.is_({item["action"] for item in p.loader.json("apply", "-f", "-", input=piped)}, {"unchanged"}, "which apply takes as well")
    times = {name: os.stat(os.path.join(folder, name)).st_mtime_ns for name in files}
    p.loader.must("export", folder)
    t.is_({name: os.stat(os.path.join(folder, name)).st_mtime_ns for name in files}, times, "export again touches no file")
    for name in (".hidden.json", ".git/config.json", "domains/._d.json"):
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write("{no JSON")
    done = p.loader("apply", "-f", folder)
    t.is_(done.rc, 0, "hidden files and folders are no definitions") or t.diag(done)
    stale = os.path.join(folder, "domains", "gone.json")
    open(stale, "w", encoding="utf-8").close()
    done = p.loader("export", folder)
    t.ok(done.rc == 1 and "domains/gone.json" in done.stderr, "a file that the export would not write is refused", done)
    os.unlink(stale)
    t.is_(p.loader("export", "/proc/x").rc, 3, "a folder that cannot be made: exit 3")
    return folder


def another_catalog(t, p, folder):
    """The files build a catalog from nothing; what is sealed has to be there first."""
    other = t.project()
    other.init()
    done = other.loader("apply", "-f", folder)
    t.ok(done.rc == 1 and "/jwt/keys/1" in done.stderr and "set-jwt partner" in done.stderr, "a symmetric key that the catalog does not hold is refused", done)
    other.loader.must("consumer", "create", "partner")
    other.loader.must("consumer", "set-jwt", "partner", "--jwks", os.path.join(p.folder, "keys.json"))
    done = other.loader.json("apply", "-f", folder)
    t.is_({item["name"]: item["action"] for item in done if item["kind"] == "Consumer"}, {"demo": "unchanged", "off": "created", "partner": "changed"},
          "once it is there, the rest follows")
    shown = other.loader.json("consumer", "show", "partner")
    t.is_((shown["jwt"]["issuer"], shown["jwt"]["leeway"], len(shown["jwt"]["keys"])), ("https://issuer.example.org", 5, 2), "the setting is the file's")
    t.is_({item["action"] for item in other.loader.json("apply", "-f", folder)}, {"unchanged"}, "again: all unchanged")
    other.loader.must("sync", "--output", other.gateway.out)
    with open(other.gateway.credentials, encoding="utf-8") as file:
        t.ok(kSecret in file.read(), "the symmetric key still opens: sync writes it")


def consumer_kind(t, p):
    def apply(**fields):
        return p.loader("apply", "-f", "-", "-o", "json", input=json.dumps({"kind": "Consumer", "name": "partner", **fields}))

    one = p.loader.json("get", "consumer", "partner")
    t.is_(list(one), ["kind", "name", "authorizations", "jwt"], "get consumer NAME -o json")
    t.is_(one["jwt"]["keys"], [jwk(), {"kty": "oct", "kid": "s", "alg": "HS256"}], "its keys without the secret")
    t.ok("off" in p.loader.must("get", "consumers").stdout, "get consumers")
    for fields, pointer, word in (({"jwt": {"keys": [{"kty": "oct", "k": kSecret}]}}, "/jwt/keys/0/k", "secret"),
                                  ({"jwt": {"keys": [{"kty": "oct", "kid": "other"}]}}, "/jwt/keys/0", "set-jwt"),
                                  ({"jwt": {"keys": [{**jwk(), "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}}, "/jwt", "private"),
                                  ({"jwt": {"keys": [{"kty": "RSA"}]}}, "/jwt", ""), ({"jwt": {}}, "/jwt", "keys"),
                                  ({"authorizations": [{"api": "Nothing at All"}]}, "/authorizations", "Nothing at All"),
                                  ({"authorizations": [{"api": kApi, "rest_api": "other"}]}, "/authorizations/0", "one of"),
                                  ({"authorizations": [{"rest_api": "nothing"}]}, "/authorizations", "nothing"), ({"keys": []}, "/keys", "unknown"),
                                  ({"description": "x"}, "/description", "not supported yet"),
                                  ({"jwt": {"source": {"in": "header", "name": "a b"}, "keys": [jwk()]}}, "/jwt/source/name", "")):
        done = apply(**fields)
        t.ok(done.rc == 1 and pointer in done.stderr and word in done.stderr and kSecret not in done.stderr, f"refused: {json.dumps(fields)[:60]}", done)
    t.is_(p.loader.json("get", "consumer", "partner"), one, "nothing of them was saved")
    done = apply(authorizations=one["authorizations"], jwt={**one["jwt"], "issuer": "https://other.example.org"})
    t.is_(done.json[0]["action"], "changed", "another issuer, the symmetric key by its name only")
    p.sync()
    with open(p.gateway.credentials, encoding="utf-8") as file:
        text = file.read()
    t.ok(kSecret in text and "https://other.example.org" in text, "the key kept its secret")
    stolen = {"kind": "Consumer", "name": "thief", "jwt": {**one["jwt"], "issuer": "https://other.example.org", "keys": [jwk()]}}
    done = p.loader("apply", "-f", "-", input=json.dumps(stolen))
    t.ok(done.rc == 1 and "partner" in done.stderr, "a setting that one token could satisfy beside another's", done)
    t.ok("thief" not in p.loader.must("consumer", "list").stdout, "its consumer was not made")
    t.is_(apply(disabled=True).json[0]["action"], "changed", "what a definition leaves out is taken away")
    t.is_(p.loader.json("get", "consumer", "partner"), {"kind": "Consumer", "name": "partner", "disabled": True}, "authorisations and setting are gone")
    t.is_(len(p.loader.json("consumer", "show", "partner")["keys"]), 2, "keys are no part of it and stay")
    t.is_(p.loader("delete", "consumer", "demo").rc, 1, "delete of a workspace's own consumer")
    t.is_(p.loader.json("delete", "consumer", "partner")["action"], "deleted", "delete consumer")
    t.is_(p.loader("get", "consumer", "partner").rc, 1, "it is gone")


def test(t):
    p = t.project()
    p.init()
    diff(t, p)
    p.load("user_info", kUsersCsv)
    names_of_all_kinds(t, p)
    folder = export(t, p, consumers(t, p))
    another_catalog(t, p, folder)
    consumer_kind(t, p)


run_test(test)
