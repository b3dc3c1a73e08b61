#!/usr/bin/env python3
"""tablegate_manifest FILE optional: a damaged manifest or DSN keeps no other site from starting; the APIs answer 503, and the log says why."""
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import request, run_test, users_definitions

kCall = "/v1/user/info?user_id=10001"
kSite = "location = /site { return 200 site; } location = /status { tablegate_status; } location = /openapi { tablegate_openapi; }"
kNone = r"\[error\].* tablegate: no API is served, each call is answered with 503 until this is corrected and nginx is reloaded: "


def starts_without(t, p, what, reason, **parts):
    gateway, good = p.gateway, dict(p.gateway.parts)
    gateway.set(**parts)
    passed, said = gateway.check()
    t.ok(passed and re.search(kNone + reason, said), f"{what}: nginx -t passes and says why no API is served", said)
    seen = gateway.log_size()
    gateway.start()
    t.like(gateway.log(seen), kNone + reason, f"{what}: nginx starts, and its log says why")
    t.is_(request(gateway.port, "/site").text, "site", f"{what}: the other sites are served")
    answer = p.get(kCall)
    t.is_((answer.status, answer.json["error"]), (503, "service_unavailable"), f"{what}: an API answers 503")
    t.is_([request(gateway.port, path).status for path in ("/status", "/openapi")], [503, 503], f"{what}: status page and document too")
    t.ok(not os.path.exists(gateway.manifest + ".served"), f"{what}: nothing is reported as served")
    gateway.stop()
    gateway.set(**good)


def test(t):
    p = t.project().serve(users_definitions(), server=kSite)
    gateway = p.gateway
    gateway.stop()
    t.allow("tablegate")
    with open(gateway.manifest, "rb") as file:
        good = file.read()
    optional = f"{gateway.manifest} optional"
    for name, data, reason in (("damaged", good[:-20], "is damaged or was edited"), ("missing", None, "cannot be opened: No such file")):
        os.unlink(gateway.manifest)
        if data is not None:
            p.file("gateway/manifest.json", data.decode())
            os.chmod(gateway.manifest, 0o600)
        gateway.set(manifest=gateway.manifest)
        passed, said = gateway.check()
        t.ok(not passed, f"{name}: nginx -t fails without `optional`", said)
        t.like(said, rf"\[emerg\] tablegate manifest \"{gateway.manifest}\".*{reason}.*; try: tablegate sync --output {gateway.out} in ", f"{name}: with the command that helps")
        starts_without(t, p, name, f"tablegate manifest .*{reason}.*; try: tablegate sync --output {gateway.out} in .*nginx.conf:\\d+", manifest=optional)
        with open(gateway.manifest, "wb") as file:
            file.write(good)
        os.chmod(gateway.manifest, 0o600)
    dsn = gateway.parts["dsn"]
    for name, parts, reason in (("a host that is not found", {"dsn": "host=gone.invalid dbname=x"}, "tablegate_service default: dsn: host not found: gone.invalid in .*:"),
                                ("a DSN that is none", {"dsn": "host=x nonsense"}, "tablegate_service default: dsn: "),
                                ("no password file", {"service": "password_file /nonexistent/password;"}, 'tablegate_service default: password_file "/nonexistent/password" cannot be opened'),
                                ("a service that is not there", {"service": "resource_group other;", "connections": 1}, "")):
        if reason:
            starts_without(t, p, name, reason, manifest=optional, **parts)
            gateway.set(**parts)
            t.like(gateway.check()[1], rf"\[emerg\] {reason}", f"{name}: without `optional` nginx -t fails")
            gateway.set(dsn=dsn, service="", connections=4)

    # A reload does not end what is served.
    gateway.set(manifest=optional)
    gateway.start()
    t.is_(p.get(kCall).status, 200, "with a good manifest: as without `optional`")
    workers, seen = set(gateway.workers()), gateway.log_size()
    with open(gateway.manifest, "wb") as file:
        file.write(good[:-20])
    os.kill(gateway.pid, signal.SIGHUP)
    gateway.wait_log("[emerg]", seen)
    t.is_((p.get(kCall).status, set(gateway.workers())), (200, workers), "a reload with a damaged one is rejected, the old one is served")
    gateway.stop()
    gateway.start()
    t.is_(p.get(kCall).status, 503, "a start with it")
    os.chmod(gateway.credentials, 0o644)
    with open(gateway.manifest, "wb") as file:
        file.write(good)
    gateway.reload()
    t.is_(p.get(kCall).status, 200, "the good one and a reload: served again")
    t.like(gateway.check()[1], rf"\[warn\] tablegate credentials .* hold secrets, and others than their owner can read them; try: chmod 600 {gateway.credentials}", "credentials that others can read: nginx -t warns")
    os.chmod(gateway.credentials, 0o600)
    t.unlike(gateway.check()[1], "warn", "mode 0600: no warning")

    # sync does not take a configuration that serves nothing for a good one.
    p.loader.must("consumer", "create", "another")
    gateway.set(dsn="host=gone.invalid dbname=x")
    result = p.loader("sync", "--output", gateway.out, "--check", gateway.check_command(), "--reload", gateway.reload_command())
    t.ok(result.rc == 1 and "--check reports that no API would be served: manifest.json and domains.conf are put back" in result.stderr, "sync: the check counts as failed", result)
    gateway.set(dsn=dsn, manifest=f"{gateway.manifest} always")
    t.like(gateway.check()[1], r'tablegate_manifest: unknown parameter "always", only "optional" is known', "another parameter")


run_test(test)
