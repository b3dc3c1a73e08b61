#!/usr/bin/env python3
"""A manifest or credentials that are damaged, of a newer format, of another time or missing: nginx -t names file and reason, a running nginx keeps the old ones."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import json
import re
import signal

from tablegate_test import run_test

kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'


def damages(good):
    """(name, bytes or None for no file, what the reason must speak of)"""
    first, rest = good.split(b"\n", 1)
    middle = len(first) + 1 + len(rest) // 2
    newer = json.loads(first)
    newer["format"] += 1
    no_digest = json.loads(first)
    del no_digest["sha256"]
    changed = bytearray(good)
    changed[middle] ^= 0x01
    lines = rest.split(b"\n")
    return [
        ("truncated", good[:middle], "sha256|digest|truncated|damaged|incomplete"),
        ("last byte missing", good[:-1], "sha256|digest|truncated|damaged|incomplete"),
        ("a byte changed", bytes(changed), "sha256|digest|damaged|corrupt"),
        ("a line removed", first + b"\n" + b"\n".join(lines[1:]), "sha256|digest|damaged|corrupt"),
        ("newer format", json.dumps(newer).encode() + b"\n" + rest, "format"),
        ("no digest", json.dumps(no_digest).encode() + b"\n" + rest, "sha256|digest"),
        ("first line only", first + b"\n", "sha256|digest|truncated|damaged|incomplete"),
        ("first line is no JSON", b"\x00\xff{" + good, "."),
        ("empty", b"", "."),
        ("missing", None, "No such file"),
    ]


def write(path, data):
    if os.path.exists(path):
        os.unlink(path)
    if data is not None:
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, 0o600)


def each_is_rejected(t, p, path, good, cases):
    """`path`: the manifest or its credentials, which nginx names in its message."""
    gateway = p.gateway
    what = os.path.basename(path)
    workers = set(gateway.workers())
    for name, data, reason in cases:
        name = f"{what}: {name}"
        write(path, data)
        passed, said = gateway.check()
        t.ok(not passed, f"{name}: nginx -t fails", said)
        lines = "\n".join(line for line in said.splitlines() if "[emerg]" in line)
        t.like(lines, re.escape(what), f"{name}: the file is named")
        t.like(lines.replace(gateway.manifest, "").replace(path, ""), f"(?i){reason}", f"{name}: the reason is named")
        seen = gateway.log_size()
        os.kill(gateway.pid, signal.SIGHUP)
        gateway.wait_log("[emerg]", seen)
        answer = p.get("/v1/user/info?user_id=10001")
        t.is_((answer.status, answer.body), (200, kAlice), f"{name}: the running nginx serves on")
        t.is_(set(gateway.workers()), workers, f"{name}: with the same workers")
    write(path, good)


def other_time(t, p, manifest, credentials):
    """Credentials that were written for other manifests: a key that has been revoked since would be valid again."""
    p.loader.must("consumer", "create", "later")
    p.apply([{"kind": "Domain", "name": "plain.example.com"}])
    p.loader.must("api", "publish", "Query User by User ID", "--domain", "plain.example.com", "--yes")
    p.sync()
    with open(p.gateway.credentials, "rb") as file:
        new = file.read()
    write(p.gateway.credentials, credentials)
    each_is_rejected(t, p, p.gateway.credentials, new, [("of another manifest", credentials, "was not written for this manifest")])
    write(p.gateway.manifest, manifest)
    passed, said = p.gateway.check()
    t.ok(passed, "new credentials beside the manifest of before: a sync that died in between", said)
    p.loader.must("api", "publish", "Query User by User ID", "--no-domain", "--yes")
    p.sync()
    p.gateway.reload()


def test(t):
    p = t.project().serve()
    gateway = p.gateway
    t.allow("manifest|credentials")
    files = {}
    for path in (gateway.manifest, gateway.credentials):
        with open(path, "rb") as file:
            files[path] = file.read()
    for path, good in files.items():
        each_is_rejected(t, p, path, good, damages(good))
    passed, said = gateway.check()
    t.ok(passed, "the good files back: nginx -t", said)
    gateway.reload()
    t.is_(p.get("/v1/user/info?user_id=10001").body, kAlice, "the good files back: reload")
    other_time(t, p, files[gateway.manifest], files[gateway.credentials])
    with open(gateway.manifest, "rb") as file:
        good = file.read()

    broken = p.loader("sync", "--output", gateway.out, "--check", "false")
    t.is_(broken.rc, 0, "a check is not run where nothing changed") or t.diag(broken)
    p.loader.must("consumer", "create", "another")
    p.loader.must("consumer", "authorize", "another", "--api", "Query User by User ID")
    p.add_key("another")
    broken = p.loader("sync", "--output", gateway.out, "--check", "echo no good; false")
    t.is_(broken.rc, 1, "a failing check: exit 1")
    t.like(broken.stdout + broken.stderr, "no good", "a failing check: its output is shown")
    with open(gateway.manifest, "rb") as file:
        t.ok(file.read() == good, "a failing check: the manifest is put back")
    broken = p.loader("sync", "--output", gateway.out, "--reload", "echo no reload; false")
    t.is_(broken.rc, 1, "a failing reload: exit 1")
    with open(gateway.manifest, "rb") as file:
        t.ok(file.read() == good, "a failing reload: the manifest is put back")


run_test(test)
