#!/usr/bin/env python3
"""sync checks certificates on the node: a domain that fails keeps its previous block and is reported, everything else is served."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions
from tg_tls import DomainProject, openssl
from tg_watch import nodes

kApi = "Query User by User ID"
kCall = "/v1/user/info?user_id=10001"
kAlice = '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'


def block(conf, name):
    begin, end = f"# begin domain {name}\n", f"# end domain {name}\n"
    return conf[conf.index(begin):conf.index(end) + len(end)] if begin in conf else None


def copied(d, name):
    """The domain's block as it is kept: it names the copy of the last good certificate and key."""
    before, stem = block(d.conf(), name), os.path.join(d.authority.folder, name)
    for suffix in (".crt", ".key"):
        before = before.replace(stem + suffix, copy_of(d, name))
    return before


def copy_of(d, name):
    return os.path.join(d.p.gateway.out, "certificates", f"{name}.pem")


def keeps(t, d, name, said, what):
    """The domain fails, and the rest of a change is served."""
    wanted = copied(d, name)
    old, seen = set(d.p.gateway.workers()), d.p.gateway.log_size()
    consumer = f"partner-{what.replace(' ', '-')}"
    d.p.loader.must("consumer", "create", consumer)
    result = d.sync()
    t.ok(result.rc == 1 and f'domain "{name}": ' in result.stderr and said in result.stderr, f"{what}: exit 1, with domain and reason", result)
    t.like(result.stderr, "keeps the server block it had", f"{what}: and what became of it")
    t.is_(block(d.conf(), name), wanted, f"{what}: its block is what it was, byte for byte, with the copy of its last good certificate")
    with open(d.p.gateway.credentials, encoding="utf-8") as file:
        t.ok(consumer in file.read(), f"{what}: the credentials went through")
    d.p.gateway.wait_new_workers(old, seen)
    t.is_(d.https_ask(name, kCall).text, kAlice, f"{what}: new workers serve it with that")
    t.is_(d.ask("plain.example.com", kCall).text, kAlice, f"{what}: and the other domains")
    again = d.sync()
    t.ok(again.rc == 1 and said in again.stderr and "unchanged" in again.stdout, f"{what}: said again by the next sync, with nothing to reload", again)


def still_serving(t, d):
    """Faults that nginx itself does not mind: the check passes."""
    issue, name = d.authority.issue, "secure.example.com"
    issue(name, [name], begin="20200101000000Z", end="20210101000000Z")
    keeps(t, d, name, "expired at 2021-01-01T00:00:00Z", "expired")
    issue(name, [name], begin="20900101000000Z", end="20910101000000Z")
    keeps(t, d, name, "is not valid before 2090-01-01T00:00:00Z", "not yet valid")
    issue(name, [name])
    key = os.path.join(d.authority.folder, f"{name}.key")
    with open(key, encoding="ascii") as file:
        good = file.read()
    result = d.sync()
    t.ok(result.rc == 0 and result.stderr == "", "a renewed certificate: nothing to say", result)
    old, seen = set(d.p.gateway.workers()), d.p.gateway.log_size()
    issue(name, [name], days=200)
    result = d.sync()
    t.ok(result.rc == 0 and "unchanged" not in result.stdout, "renewed in place: the file changes, so that nginx reads it", result)
    d.p.gateway.wait_new_workers(old, seen)
    t.is_(d.https_ask(name, kCall).text, kAlice, "and serves it")
    return key, good


def not_for_nginx(t, d, key):
    """Faults with which nginx -t fails: its block names a copy, so the rest is served."""
    name = "secure.example.com"
    for what, text, said in (("another key", openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"), "is not the key of"),
                             ("a key with a passphrase", openssl("pkey", "-in", key, "-aes256", "-passout", "pass:secret"), "has a passphrase"),
                             ("no key", "nothing", "holds no PEM private key"), ("a missing key", None, "No such file")):
        if text is None:
            os.remove(key)
        else:
            with open(key, "w", encoding="ascii") as file:
                file.write(text)
        keeps(t, d, name, said, what)
    t.is_([os.stat(path).st_mode & 0o777 for path in (copy_of(d, name), os.path.dirname(copy_of(d, name)))], [0o600, 0o700], "the copy is root's alone")
    d.p.loader.must("consumer", "create", "clash")
    failed = d.p.loader("sync", "--output", d.p.gateway.out, "--check", "echo bind failed; exit 1")
    t.ok(failed.rc == 1 and "bind failed" in failed.stderr and name in failed.stderr and "names the same files" not in failed.stderr,
         "a check that fails of something else: the copy is not blamed", failed)


def without_a_copy(t, d, key, good):
    """As after an upgrade from a loader that kept none: domains.conf is put back, and the message says why."""
    t.allow(r"\[emerg\].*cannot load certificate")
    name = "secure.example.com"
    put_right(t, d, key, good)
    os.remove(copy_of(d, name))
    os.remove(key)
    d.p.loader.must("consumer", "create", "waits")
    before = d.conf()
    with open(d.p.gateway.manifest, encoding="utf-8") as file:
        manifest = file.read()
    result = d.sync()
    t.ok(result.rc == 1 and "No such file" in result.stderr and "manifest.json and domains.conf are put back" in result.stderr and "names the same files" in result.stderr,
         "without a copy nginx refuses the kept block, and the message says why", result)
    t.is_(d.conf(), before, "domains.conf is what it was")
    with open(d.p.gateway.manifest, encoding="utf-8") as file:
        t.is_(file.read(), manifest, "and the manifest")
    t.is_((d.https_ask(name, kCall).text, d.ask("plain.example.com", kCall).text), (kAlice, kAlice), "nginx continues with its present files")
    failed = d.p.loader("sync", "--output", d.p.gateway.out, "--check", "echo bind failed; exit 1")
    t.ok(failed.rc == 1 and "names the same files" not in failed.stderr, "a check that fails of something else: the block is not blamed", failed)
    result = d.p.loader("sync", "--output", d.p.gateway.out)
    t.ok(result.rc == 1 and "everything else is served" in result.stderr, "without a check everything else is written", result)
    d.p.loader.must("consumer", "delete", "waits")
    put_right(t, d, key, good)
    t.ok(os.path.exists(copy_of(d, name)), "and there is a copy again")


def put_right(t, d, key, good):
    with open(key, "w", encoding="ascii") as file:
        file.write(good)
    os.chmod(key, 0o600)
    old, seen = set(d.p.gateway.workers()), d.p.gateway.log_size()
    t.is_(d.sync().rc, 0, "put right: nothing to say")
    t.unlike(d.conf(), "/certificates/", "its block names its own files again")
    d.p.gateway.wait_new_workers(old, seen)
    t.is_(d.https_ask("secure.example.com", kCall).text, kAlice, "and serves them")


def first_time(t, d):
    """A domain that never had a block."""
    bad = d.domain("never.example.com", certificate="secure.example.com")
    bad["certificate"] = "/nonexistent/never.crt"
    d.p.apply([bad])
    d.p.loader.must("api", "publish", kApi, "--domain", "secure.example.com", "--domain", "plain.example.com", "--domain", "never.example.com", "--yes")
    old, seen = set(d.p.gateway.workers()), d.p.gateway.log_size()
    result = d.sync()
    t.ok(result.rc == 1 and "/nonexistent/never.crt: No such file" in result.stderr and "gets none" in result.stderr, "a new domain without its certificate", result)
    d.p.gateway.wait_new_workers(old, seen)
    t.is_(block(d.conf(), "never.example.com"), None, "has no block")
    t.is_(d.ask("never.example.com", kCall).json["error"], "api_not_found", "is not served in clear either")
    t.is_((d.https_ask("secure.example.com", kCall).status, d.ask("plain.example.com", kCall).status), (200, 200), "the others are served")
    probes(t, d, bad)
    return bad


def probes(t, d, bad):
    """A developer names files of the node: what they are is in its own log, and nowhere else."""
    secret, name = d.p.file("secret", "root:x:19000"), "never.example.com"
    good = [os.path.join(d.authority.folder, f"secure.example.com{suffix}") for suffix in (".crt", ".key")]
    told, logged = set(), []
    for files in ((secret, secret), ("/nonexistent/x", good[1]), (d.p.folder, good[1]), ("/dev/zero", good[1]), (good[0], good[0]), (good[0], secret),
                  (good[1], good[1]), (good[0], "/nonexistent/y")):
        d.p.apply([{**bad, "certificate": files[0], "certificate_key": files[1]}])
        result = d.sync("--node", "probed")
        t.ok(result.rc == 1 and any(f"{file}: " in result.stderr for file in files), f"{files}: the log says why", result)
        logged.append(result.stderr)
        told.add(nodes(d.p)["probed"]["last_error"])
    t.is_(list(told), [f'domain "{name}": its certificate and certificate_key cannot be used on this node; the log of sync there says why; '
                       "it had no server block before and gets none"], "the catalog hears one text for all of them")
    t.ok(len(set(logged)) > 5, "and the log has the reason of each")
    d.p.apply([bad])


def warnings(t, d, bad):
    d.p.apply([{**bad, **d.domain("never.example.com", days=5)}])
    result = d.sync()
    t.ok(result.rc == 0 and re.search(r"warning: .* in [45] days", result.stderr), "a certificate that ends soon: a warning", result)
    t.is_(d.sync("-q").stderr, "", "none with -q")
    d.authority.issue("never.example.com", ["other.example.com"])
    result = d.sync()
    t.ok(result.rc == 0 and "is not for never.example.com" in result.stderr, "a certificate of another host: a warning", result)
    os.chmod(os.path.join(d.authority.folder, "never.example.com.key"), 0o644)
    t.like(d.sync().stderr, "every user of this node can read it", "a key that everybody can read: a warning")


def doctor(t, d):
    def certificates(*options):
        return {line["check"]: (line["ok"], line["detail"]) for line in d.p.loader("doctor", "-o", "json", *options).json if "certificate" in line["check"]}

    found = certificates()
    t.is_(sorted(found), ["certificate of never.example.com", "certificate of secure.example.com"], "doctor looks at those of HTTPS domains in use")
    ok, detail = found["certificate of secure.example.com"]
    t.ok(ok and re.match(r"valid until \d{4}-\d\d-\d\dT", detail), "until when", detail)
    ok, detail = found["certificate of never.example.com"]
    t.ok(not ok and "is not for never" in detail, "one for another host is a failure", detail)
    keys = [os.path.join(d.authority.folder, f"{name}.example.com.key") for name in ("secure", "never")]
    os.rename(keys[0], keys[0] + ".kept")
    with open(keys[1], "rb") as source, open(keys[0], "wb") as target:
        target.write(source.read())
    ok, detail = certificates()["certificate of secure.example.com"]
    t.ok(not ok and detail.endswith(f"; it is the key of {d.authority.folder}/never.example.com.crt"), "the key of another certificate: that one is named", detail)
    os.rename(keys[0] + ".kept", keys[0])
    folder = d.authority.folder
    os.rename(folder, folder + ".gone")
    t.is_(certificates(), {"certificates": (True, "none of their files is on this machine")}, "on a machine without any of the files: skipped")
    t.is_([ok for ok, _ in certificates("--certificates").values()], [False, False], "--certificates: failures")
    os.rename(folder + ".gone", folder)
    d.authority.issue("never.example.com", ["never.example.com"], begin="20200101000000Z", end="20210101000000Z")
    result = d.p.loader("doctor", "--certificates")
    t.ok(result.rc == 1 and "FAIL  certificate of never.example.com" in result.stdout and "openssl x509" in result.stdout, "a bad one fails, with a command", result)


def test(t):
    d = DomainProject(t, [{"kind": "Domain", "name": "plain.example.com"}], users_definitions(authentication=[]))
    d.p.apply([d.domain("secure.example.com")])
    d.publish(kApi, "secure.example.com", "plain.example.com")
    t.is_(d.https_ask("secure.example.com", kCall).text, kAlice, "a good certificate")
    key, good = still_serving(t, d)
    not_for_nginx(t, d, key)
    without_a_copy(t, d, key, good)
    bad = first_time(t, d)
    warnings(t, d, bad)
    doctor(t, d)


run_test(test)
