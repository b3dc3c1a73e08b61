#!/usr/bin/env python3
"""What sync writes and keeps: whole files, those before put back, no other gateway's folder, names looked at again."""
import json
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, kSlow, request, run_test
from tg_postgres import Held
from tg_watch import nodes

kCall = "/v1/user/info?user_id=10001"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def silent_catalog(t, p):
    """One statement of the snapshot is not answered: others wait for the folder's lock meanwhile."""
    held = Held(p, "LOCK TABLE tablegate.published_api")
    begun = time.monotonic()
    try:
        lost = p.loader("sync", "--output", p.gateway.out)
    finally:
        held.release()
    t.ok(lost.rc == 3 and "did not answer within 10000 ms" in lost.stderr, "a catalog that falls silent: exit 3", lost)
    t.like(lost.stderr, r'waited for the lock of tablegate.published_api, which process \d+, user postgres, application "psql" holds', "who holds it up")
    t.ok(time.monotonic() - begun < 30 * kSlow, "after 10 s")
    t.is_(p.sync().rc, 0, "and once more when it answers")


def exchangeable(t, p):
    """Folders that another user could exchange after the check: every ancestor counts."""
    parent = os.path.join(p.folder, "parent")
    out = os.path.join(parent, "a", "out")
    os.makedirs(out)
    for mode in (0o777, 0o775):
        os.chmod(parent, mode)
        refused = p.loader("sync", "--output", out)
        t.ok(refused.rc == 1 and f"{parent}: others can write" in refused.stderr, f"below a folder of mode {mode:o}: rejected", refused)
        t.is_(os.listdir(out), [], "and nothing is written")
    os.chmod(parent, 0o1777)
    t.is_(p.loader("sync", "--output", out).rc, 0, "below a sticky folder: accepted")
    lines = os.path.join(out, "domains.d")
    os.mkdir(lines)
    with open(os.path.join(lines, "a.example.conf"), "w", encoding="ascii") as file:
        file.write("# own lines\n")
    t.is_(p.loader("sync", "--output", out).rc, 0, "own lines for domains")
    for path in (lines, os.path.join(lines, "a.example.conf")):
        before = os.stat(path).st_mode & 0o7777
        os.chmod(path, 0o777)
        refused = p.loader("sync", "--output", out)
        t.ok(refused.rc == 1 and f"{path}: others can write" in refused.stderr, f"that others can write to: rejected ({os.path.basename(path)})", refused)
        os.chmod(path, before)
    if os.geteuid() == 0:
        os.chown(os.path.join(parent, "a"), 65534, -1)
        refused = p.loader("sync", "--output", out)
        t.ok(refused.rc == 1 and f"{parent}/a: belongs to user 65534" in refused.stderr, "below a folder of another user: rejected", refused)
    os.chmod(parent, 0o777)
    refused = p.loader("consumer", "add-key", "demo", "--type", "hmac", env={"TABLEGATE_MASTER_KEY_FILE": os.path.join(out, "master.key")})
    t.ok(refused.rc == 1 and "is missing" in refused.stderr, "no master key there", refused)
    shutil.copy(p.loader.env["TABLEGATE_MASTER_KEY_FILE"], os.path.join(out, "master.key"))
    refused = p.loader("consumer", "add-key", "demo", "--type", "hmac", env={"TABLEGATE_MASTER_KEY_FILE": os.path.join(out, "master.key")})
    t.ok(refused.rc == 1 and f"{parent}: others can write" in refused.stderr, "a master key in such a folder: rejected", refused)


def test(t):
    p = t.project().serve()
    out = p.gateway.out
    first = read(p.gateway.manifest)
    header = json.loads(first.split(b"\n", 1)[0])
    t.is_(sorted(header), ["format", "gateway", "publication", "sha256", "source"], "the header's fields")
    t.is_((header["format"], header["gateway"]), (2, "dataservice-prod"), "format and gateway")
    t.is_(os.stat(p.gateway.manifest).st_mode & 0o777, 0o600, "mode 0600")
    again = p.sync("--check", "false", "--reload", "false")
    t.like(again.stdout, "unchanged", "nothing changed: neither check nor reload runs")

    # --- a failing command puts manifest and domains.conf back
    p.loader.must("consumer", "create", "partner")
    p.loader.must("api", "deprecate", "Query User by User ID", "--sunset", "2098-01-01")
    files = lambda: (read(p.gateway.manifest), read(os.path.join(out, "domains.conf")))  # noqa: E731
    before = files()
    for options, said in ((("--check", "echo check said no; exit 3"), "check said no"), (("--reload", "echo reload said no; exit 1"), "reload said no"),
                          (("--check", 'echo "nginx: [warn] conflicting server name \\"x\\", ignored"'), "conflicting server name")):
        failed = p.loader("sync", "--output", out, *options)
        t.ok(failed.rc == 1 and said in failed.stderr, f"{options[0]}: exit 1 with what it said: {said}", failed)
        t.ok("manifest.json and domains.conf are put back" in failed.stderr and files() == before, "manifest and domains.conf are put back", failed)
        t.ok(b'"partner"' in read(p.gateway.credentials), "the credentials stay")
    t.is_(p.sync().rc, 0, "the next sync writes them")
    t.isnt(read(p.gateway.manifest), first, "another manifest")
    t.is_(read(p.gateway.manifest + ".previous"), first, "the one before is kept")
    t.is_([os.stat(path).st_mode & 0o777 for path in (p.gateway.manifest + ".previous", p.gateway.credentials)], [0o600, 0o600], "0600 too, as the credentials")
    t.ok(not os.path.exists(p.gateway.credentials + ".previous"), "there is no older version of the credentials")

    silent_catalog(t, p)

    # --- folders
    for mode in (0o777, 0o775):
        os.chmod(out, mode)
        refused = p.loader("sync", "--output", out)
        t.ok(refused.rc == 1 and out in refused.stderr, f"a folder of mode {mode:o} is refused", refused)
    os.chmod(out, 0o755)
    exchangeable(t, p)
    link = os.path.join(p.folder, "link")
    os.symlink(out, link)
    t.is_(p.loader("sync", "--output", link).rc, 1, "a link instead of a folder is refused")
    t.is_(p.loader("sync", "--output", os.path.join(p.folder, "no", "folder")).rc != 0, True, "a folder without its parent is refused")
    new = os.path.join(p.folder, "new")
    t.is_(p.loader("sync", "--output", new).rc, 0, "a folder that is not there yet is made")
    t.is_(read(os.path.join(new, "manifest.json")), read(p.gateway.manifest), "equal catalogs give equal bytes")

    # --- names that came another way than by apply
    p.loader.must("apply", "-f", "-", input='{"kind":"Domain","name":"good.example"}')
    p.loader.must("api", "publish", "Query User by User ID", "--domain", "good.example", "--yes")
    p.postgres.psql("ALTER TABLE tablegate.rest_api_domain DROP CONSTRAINT rest_api_domain_domain_fkey;"
                    "UPDATE tablegate.domain SET name = E'x\\nlog_format injected \"\";#';"
                    "UPDATE tablegate.rest_api_domain SET domain = (SELECT name FROM tablegate.domain)")
    before = files()
    refused = p.loader("sync", "--output", out)
    t.ok(refused.rc == 1 and "host name" in refused.stderr and "injected" not in refused.stderr, "a domain's name that could inject configuration", refused)
    t.ok("is left out" in refused.stderr and "Query User by User ID" in refused.stderr, "and the API that is bound to it alone are left out", refused)
    t.ok(not any(b"injected" in text for text in (*files(), read(p.gateway.credentials))), "nothing of it was written")
    t.is_(request(p.gateway.port, kCall, headers=bearer(p.key)).status, 200, "the gateway went on serving")

    # --- a gateway with nothing published
    p.loader.must("apply", "-f", "-", input='{"kind":"GatewayInstance","name":"empty","address":"http://127.0.0.1"}')
    nothing = os.path.join(p.folder, "nothing")
    t.is_(p.loader("sync", "--output", nothing, "--gateway", "empty").rc, 0, "nothing published: valid empty files")
    t.is_(p.loader("sync", "--output", nothing).rc, 1, "two gateways: one must be named")
    before = files()
    for more in ((), ("--watch",)):
        refused = p.loader("sync", "--output", out, "--gateway", "empty", "--node", "wrong", *more)
        t.ok(refused.rc == 1 and "holds the files of gateway dataservice-prod, not of empty" in refused.stderr and f"remove {out}/manifest.json" in refused.stderr and "--output DIR --gateway empty" in refused.stderr,
             f"a folder of another gateway is refused {more}", refused)
    t.is_(files(), before, "and left alone")
    t.ok("wrong" not in nodes(p, "empty"), "no node of that gateway comes of it, which --wait would wait for")
    copy = os.path.join(p.folder, "copy")
    shutil.copytree(nothing, copy)
    os.remove(os.path.join(copy, "manifest.json"))
    p.loader.must("apply", "-f", "-", input='{"kind":"GatewayInstance","name":"second","address":"http://127.0.0.1"}')
    t.is_(p.loader("sync", "--output", copy, "--gateway", "second").rc, 0, "without its manifest the folder is anyone's")
    p.gateway.set(manifest=os.path.join(nothing, "manifest.json"))
    t.is_(p.gateway.check()[0], True, "nginx takes them")


run_test(test)
