#!/usr/bin/env python3
"""One bad object never stops a sync: it is named, exit 1, and everything else takes effect, revoked keys first. A key alone changes one file alone."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, kSlow, request, run_test, users_definitions, wait_for
from tg_manifest import read_file

kCall = "/v1/user/info?user_id=10001"
kOther = "Another Query"
kOtherCall = "/v1/user/other?user_id=10001"
# As a restore, or a hand with the right to it, could leave rows that no command writes.
kByHand = "SET session_replication_role = replica; "


def status(p, key, path=kCall):
    return request(p.gateway.port, path, headers=bearer(key)).status


def revoked(t, p, key, what):
    wait_for(lambda: status(p, key["api_key"]) == 401, 10 * kSlow, f"{what}: the revoked key is invalid")
    t.ok(True, f"{what}: the revoked key is invalid")


def new_key(p):
    made = p.loader.json("consumer", "add-key", "demo")
    reloaded(p)
    wait_for(lambda: status(p, made["api_key"]) == 200, 10 * kSlow, "a new key is served")
    return made


def reloaded(p, *options):
    return p.loader("sync", "--output", p.gateway.out, "--check", p.gateway.check_command(), "--reload", p.gateway.reload_command(), *options)


def key_alone(t, p):
    """A new key leaves the manifest and the documents as they are."""
    def files():
        return {name: os.stat(os.path.join(p.gateway.out, name)).st_mtime_ns for name in os.listdir(p.gateway.out) if name.startswith(("manifest.json", "documents-", "domains.conf"))
                and not name.endswith(".served")}

    new_key(p)
    before = files()
    with open(p.gateway.credentials, encoding="utf-8") as file:
        credentials = file.read()
    made = new_key(p)
    t.is_(files(), before, "a new key: manifest, documents and domains.conf are the same files")
    with open(p.gateway.credentials, encoding="utf-8") as file:
        t.isnt(file.read(), credentials, "the credentials are others")
    p.loader.must("consumer", "revoke-key", "demo", made["id"])
    done = reloaded(p)
    t.is_(done.rc, 0, "revoked")
    revoked(t, p, made, "a key alone")


def by_sql(t, p):
    """Rows that cannot be used: each is named, the rest is served."""
    pair = p.loader.json("consumer", "add-key", "partner", "--type", "hmac")
    other = p.loader.json("consumer", "add-key", "partner", "--type", "hmac")
    for name in ("ann", "bob"):
        p.loader.must("consumer", "create", name)
        p.loader.must("consumer", "set-jwt", name, "--secret-file", p.file("secret", "s" * 64), "--alg", "HS256", "--issuer", name)
    made = new_key(p)
    new = p.loader.json("consumer", "add-key", "partner", "--type", "hmac")
    done = p.loader("sync", "--output", p.gateway.out, env={"TABLEGATE_MASTER_KEY_FILE": "/nonexistent"})
    t.like(done.stderr, r"(?s)cannot be opened.*\ntry: TABLEGATE_MASTER_KEY_FILE=FILE tablegate sync ", "without the master key: what helps, and not the same command")
    p.loader.must("consumer", "revoke-key", "demo", made["id"])
    p.postgres.psql(
        f"{kByHand} UPDATE tablegate.hmac_key SET sealed_secret = 'damaged' WHERE key_id IN ('{pair['id']}', '{new['id']}');"
        "UPDATE tablegate.jwt_setting SET issuer = 'ann';"
        f"UPDATE tablegate.api_version v SET definition = jsonb_build_object('path', '/user/other') FROM tablegate.api a WHERE a.api_id = v.api_id AND a.name = '{kOther}';"
        "UPDATE tablegate.gateway_instance SET definition = jsonb_set(definition::jsonb, '{http_listen}', '[\"80;injected\", \"8099\"]')")
    done = reloaded(p)
    t.ok(done.rc == 1 and "everything else is served" in done.stderr, "rows that cannot be used: exit 1", done)
    for part in (pair["id"], new["id"], 'consumers "ann" and "bob" could accept the same token', kOther, "a listen address"):
        t.ok(part in done.stderr, f"named: {part}", done.stderr)
    t.ok("injected" not in done.stderr, "without what could be in a row")
    revoked(t, p, made, "rows that cannot be used")
    t.is_(status(p, p.key), 200, "the other API is served")
    t.is_(status(p, p.key, kOtherCall), 404, "the one whose definition is damaged is not")
    _, consumers = read_file(p.gateway.credentials)
    found = {one["name"]: one for one in consumers}
    t.is_({one["id"]: one["secret"] for one in found["partner"]["hmac_keys"]}, {pair["id"]: pair["secret"], other["id"]: other["secret"]},
          "a pair that was served keeps its secret, one that never was is left out")
    t.ok("jwt" not in found["ann"] and "jwt" not in found["bob"], "of two settings for one token neither is served")
    again = reloaded(p)
    t.ok(again.rc == 1 and "unchanged" in again.stdout and pair["id"] in again.stderr, "named again by the next sync, with nothing to reload", again)
    p.loader.must("consumer", "revoke-key", "partner", pair["id"])
    reloaded(p)
    _, consumers = read_file(p.gateway.credentials)
    t.ok(pair["id"] not in json.dumps(consumers), "a pair that is revoked is gone, damaged or not")


def by_check(t, p):
    """nginx rejects the new manifest: the keys take effect with the one before."""
    t.allow("tablegate_service")
    made = new_key(p)
    manifest = read_file(p.gateway.manifest)
    p.loader.must("consumer", "revoke-key", "demo", made["id"])
    p.postgres.psql(f"{kByHand} UPDATE tablegate.published_api SET service = 'elsewhere'")
    done = reloaded(p)
    t.ok(done.rc == 1 and 'tablegate_service "elsewhere"' in done.stderr and "the keys and authorizations take effect" in done.stderr, "nginx rejects the new manifest", done)
    revoked(t, p, made, "nginx rejects the new manifest")
    t.is_(read_file(p.gateway.manifest), manifest, "the manifest before is served")
    t.is_(status(p, p.key), 200, "and answers")
    made = p.loader.json("consumer", "add-key", "demo")
    done = reloaded(p)
    t.is_(done.rc, 1, "a key that is added meanwhile: exit 1 again") or t.diag(done)
    wait_for(lambda: status(p, made["api_key"]) == 200, 10 * kSlow, "a key that is added meanwhile")
    t.ok(True, "and it is served")
    p.postgres.psql(f"{kByHand} UPDATE tablegate.published_api SET service = 'default'")
    t.is_(reloaded(p).rc, 0, "put right: nothing to say")


def test(t):
    p = t.project()
    objects = users_definitions()
    api = next(one for one in objects if one["kind"] == "Api")
    p.serve([*objects, {**api, "name": kOther, "path": "/user/other"}])
    p.publish(kOther)
    p.loader.must("consumer", "create", "partner")
    key_alone(t, p)
    by_check(t, p)
    by_sql(t, p)


run_test(test)
