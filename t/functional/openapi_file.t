#!/usr/bin/env python3
"""OpenAPI documents are a file beside the manifest: of any size, replaced with each publication, and never a reason to reject a configuration."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, request, run_test, wait_for
from tg_manifest import edit, read_file

kCall = "/v1/user/info?user_id=10001"
kLarge = 70 << 20  # more than a manifest could ever carry


def documents(p):
    return sorted(name for name in os.listdir(p.gateway.out) if name.startswith("documents-"))


def get(p, method="GET"):
    return request(p.gateway.port, "/openapi.json", method)


def missing(t, p):
    t.allow("OpenAPI documents")
    path = os.path.join(p.gateway.out, next(line["file"] for line in read_file(p.gateway.manifest)[1] if line["kind"] == "openapi"))
    good = get(p).text
    for what, change, said in (("missing", lambda: os.rename(path, path + ".kept"), "cannot be opened: No such file"), ("too short", lambda: open(path, "w", encoding="ascii").close(), "are shorter than the manifest says"),
                               ("a link", lambda: (os.remove(path), os.symlink(path + ".kept", path)), "cannot be opened")):
        change()
        passed, text = p.gateway.check()
        t.ok(passed and said in text, f"{what}: nginx -t passes with a warning", text)
        p.gateway.reload()
        t.is_((get(p).status, p.get(kCall).status), (500, 200), f"{what}: no document, and every API is served")
    os.remove(path)
    t.is_(p.sync().rc, 0, "the next sync")
    p.gateway.reload()
    t.is_(get(p).text, good, "writes them again")
    os.remove(path + ".kept")


def large(t, p):
    """Sparse, as a document of 57,000 APIs would be in size."""
    def change(lines, _):
        for line in lines:
            if line["kind"] == "openapi":
                line.update(file="documents-large.jsonl", length=kLarge)

    with open(os.path.join(p.gateway.out, "documents-large.jsonl"), "wb") as file:
        file.truncate(kLarge)
    with open(p.gateway.manifest, "rb") as file:
        good = file.read()
    edit(p.gateway.manifest, change)
    p.gateway.reload()
    answer = get(p)
    t.is_((answer.status, len(answer.body), answer.headers["content-length"]), (200, kLarge, str(kLarge)), "a document of 70 MiB is served")
    t.is_((get(p, "HEAD").status, p.get(kCall).status), (200, 200), "and everything else")
    wait_for(lambda: not p.gateway.workers(leaving=True), 20 * kSlow, "old workers are gone")
    with open(f"/proc/{p.gateway.workers()[0]}/status", encoding="ascii") as file:
        size = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    t.ok(size < (kLarge >> 10) * (1 if kSlow == 1 else 8), "no worker holds it in memory", size)
    with open(p.gateway.manifest, "wb") as file:
        file.write(good)


def replaced(t, p):
    before = documents(p)
    t.is_(len(before), 1, "one file")
    p.loader.must("api", "deprecate", "Query User by User ID", "--sunset", "2098-01-01")
    p.sync_and_reload()
    wait_for(lambda: "deprecated" in get(p).text, 10 * kSlow, "the new document")
    p.loader.must("api", "deprecate", "Query User by User ID", "--sunset", "2097-01-01")
    p.sync_and_reload()
    now = documents(p)
    t.ok(before[0] not in now and len(now) <= 2, "another file with each publication; that of the manifest before stays, older ones go", now)
    t.is_({os.stat(os.path.join(p.gateway.out, name)).st_mode & 0o777 for name in now}, {0o600}, "for their owner only")


def test(t):
    p = t.project().serve(server="location = /openapi.json { tablegate_openapi; }")
    replaced(t, p)
    missing(t, p)
    large(t, p)


run_test(test)
