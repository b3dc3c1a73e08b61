#!/usr/bin/env python3
"""Secrets at rest: sealed in the catalog so that a dump of it opens nothing; the master key file missing, wrong, rotated, and a
rotation that dies at each of its steps."""
import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kLoader, kSlow, run, run_test, users_definitions, wait_for

kSymmetric = "a symmetric key of more than 32 bytes, for HS256"
kOther = "11" * 32


def mode(path):
    return oct(os.stat(path).st_mode & 0o7777)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


class Keys:
    """The master key file and what stands beside it."""

    def __init__(self, p):
        self.file = os.path.join(p.folder, "master.key")
        self.new = self.file + ".new"

    @property
    def beside(self):
        name = os.path.basename(self.file)
        return sorted(one for one in os.listdir(os.path.dirname(self.file)) if one.startswith(name + "."))


def fingerprint(p):
    return p.postgres.psql("SELECT value FROM tablegate.setting WHERE name = 'master_key_fingerprint'")


def sealed(p):
    return p.postgres.psql("SELECT sealed_secret FROM tablegate.hmac_key UNION ALL SELECT sealed_keys::text FROM tablegate.jwt_setting ORDER BY 1")


def written_secrets(p):
    """(HMAC secrets by access key, symmetric keys) of what sync wrote."""
    consumers = [json.loads(line) for line in read(p.gateway.credentials).splitlines()[1:]]
    hmac = {key["access_key"]: key["secret"] for one in consumers for key in one.get("hmac_keys", [])}
    return hmac, [jwk["k"] for one in consumers if "jwt" in one for jwk in one["jwt"]["keys"] if "k" in jwk]


def opens(t, p, pair, name):
    """Whether sync still puts the secrets into the credentials."""
    if os.path.exists(p.gateway.credentials):
        os.unlink(p.gateway.credentials)
    result = p.loader("sync", "--output", p.gateway.out)
    if not t.is_(result.rc, 0, f"{name}: sync opens the secrets"):
        return t.diag(result)
    hmac, symmetric = written_secrets(p)
    t.is_((hmac.get(pair["access_key"]), [base64.urlsafe_b64decode(k + "==").decode() for k in symmetric]), (pair["secret"], [kSymmetric]),
          f"{name}: they are what they were")


def refused(t, result, pattern, name):
    t.is_(result.rc, 1, f"{name}: exit 1") or t.diag(result)
    t.like(result.stderr, pattern, f"{name}: says why")
    t.like(result.stderr, r"(?m)^try: \S", f"{name}: and what helps")


def dump(t, p, pair):
    done = run([f"{p.postgres.bin}/pg_dump", "-d", p.postgres.dsn()])
    t.is_(done.returncode, 0, "the catalog is dumped")
    t.ok(pair["id"] in done.stdout and pair["access_key"] in done.stdout, "the dump has the key's row")
    text = done.stdout
    key = read(os.path.join(p.folder, "master.key")).strip()
    for what, secret in (("HMAC secret", pair["secret"]), ("symmetric key", kSymmetric), ("master key", key)):
        spellings = {secret, secret.encode().hex(), base64.b64encode(secret.encode()).decode().rstrip("="),
                     base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")}
        if what == "master key":
            raw = bytes.fromhex(secret)
            spellings |= {base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("=")}
        t.ok(not any(one in text for one in spellings), f"the dump holds no {what}, in no spelling")


def moved(t, p, first, second):
    """A sealed value in another row does not open."""
    rows = {first["id"]: None, second["id"]: None}
    for key in rows:
        rows[key] = p.postgres.psql(f"SELECT sealed_secret FROM tablegate.hmac_key WHERE key_id = '{key}'")
    p.postgres.psql(f"UPDATE tablegate.hmac_key SET sealed_secret = '{rows[second['id']]}' WHERE key_id = '{first['id']}'")
    refused(t, p.loader("sync", "--output", p.gateway.out), f"hmac_key {first['id']} cannot be opened", "a value swapped between rows")
    p.postgres.psql(f"UPDATE tablegate.hmac_key SET sealed_secret = '{rows[first['id']]}' WHERE key_id = '{first['id']}'")


def wrong_files(t, p, keys, pair):
    right = read(keys.file)
    commands = (("init", "--workspace", "demo"), ("init", "--rotate-master-key"), ("consumer", "add-key", "demo", "--type", "hmac"),
                ("sync", "--output", p.gateway.out))
    before = fingerprint(p), sealed(p)
    write(keys.file, right.strip() + "\r\n")
    t.is_(p.loader("init", "--workspace", "demo").rc, 0, "a file whose line ends with CR LF holds the same key")
    write(keys.file, right.strip())
    t.is_(p.loader("init", "--workspace", "demo").rc, 0, "or has no line end")
    write(keys.file, kOther + "\n")
    for command in commands:
        refused(t, p.loader(*command), f"{keys.file} does not hold this catalog's key", f"another key: {' '.join(command[:2])}")
    os.unlink(keys.file)
    for command in commands:
        refused(t, p.loader(*command), f"{keys.file} is missing", f"no key file: {' '.join(command[:2])}")
    for text, what in (("", "empty"), (kOther[:-2], "short"), (kOther + "00", "long"), ("x" * 64, "no hex")):
        write(keys.file, text)
        refused(t, p.loader(*commands[-1]), f"{keys.file} holds no key", f"a key file that is {what}") if what != "no hex" else \
            t.is_(p.loader(*commands[-1]).rc, 1, "a key file that is no hex")
    write(keys.file, right)
    os.chmod(keys.file, 0o640)
    refused(t, p.loader(*commands[-1]), "can be used by others", "a key file that others read")
    os.chmod(keys.file, 0o600)
    t.is_((fingerprint(p), sealed(p), keys.beside), (*before, []), "none of these changed anything")
    opens(t, p, pair, "the right file again")


def rotation(t, p, keys, pair):
    before, old_key, old_rows = fingerprint(p), read(keys.file), sealed(p)
    said = p.loader.must("init", "--rotate-master-key").stdout
    t.like(said, "5 secrets sealed with it.*copy it to every node", "rotation reports what it did and what to do")
    t.isnt(read(keys.file), old_key, "the file holds a new key")
    t.is_(mode(keys.file), "0o600", "for its owner alone")
    t.isnt(fingerprint(p), before, "the catalog knows it")
    t.ok(not set(old_rows.splitlines()) & set(sealed(p).splitlines()), "every value is sealed anew")
    t.is_(keys.beside, [f"master.key.{before[:16]}"], "the key before is kept, under its fingerprint")
    t.is_(read(keys.file + f".{before[:16]}"), old_key, "it is that key")
    t.is_(mode(keys.file + f".{before[:16]}"), "0o600", "for its owner alone, too")
    opens(t, p, pair, "after a rotation")
    t.like(p.loader.must("init", "--workspace", "demo").stdout, "unchanged", "init has nothing to do afterwards")
    new_key = read(keys.file)
    kept = keys.file + f".{before[:16]}"
    shutil.move(kept, kept + ".away")
    write(keys.file, old_key)
    refused(t, p.loader("sync", "--output", p.gateway.out), "does not hold this catalog's key", "a node that was not given the new file")
    write(keys.file, new_key)
    shutil.move(kept + ".away", kept)
    shape = p.loader.json("init", "--rotate-master-key")
    t.is_((sorted(shape), shape["sealed"]), (["kept_key_file", "master_key_file", "sealed"], 5), "-o json of a rotation")
    opens(t, p, pair, "rotated again")


def start_rotation(p):
    return subprocess.Popen([kLoader, "init", "--rotate-master-key"], env=p.loader.env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def no_backend(p):
    return p.postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE datname = 'tablegate' AND application_name = 'tablegate'") == "0"


def dies_before_the_commit(t, p, keys, pair):
    before, key, beside = fingerprint(p), read(keys.file), keys.beside
    holder = subprocess.Popen([f"{p.postgres.bin}/psql", "-Xq", "-d", p.postgres.dsn(), "-c",
                               "BEGIN; LOCK tablegate.hmac_key IN EXCLUSIVE MODE; SELECT pg_sleep(600)"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: p.postgres.psql("SELECT count(*) FROM pg_locks WHERE mode = 'ExclusiveLock' AND relation = 'tablegate.hmac_key'::regclass") == "1",
             20 * kSlow, "the table is held")
    process = start_rotation(p)
    wait_for(lambda: os.path.exists(keys.new) and len(read(keys.new)) == 65, 20 * kSlow, "FILE.new is made")
    kill(process)
    kill(holder)
    p.postgres.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'tablegate' AND pid <> pg_backend_pid()")
    wait_for(lambda: no_backend(p), 20 * kSlow, "its session ended")
    t.is_((fingerprint(p), read(keys.file)), (before, key), "killed before the commit: file and catalog are as they were")
    opens(t, p, pair, "killed before the commit")
    t.like(p.loader.must("init", "--workspace", "demo").stdout, "unchanged", "init leaves a next key that is not the catalog's")
    next_key = read(keys.new)
    p.loader.must("init", "--rotate-master-key")
    t.is_(read(keys.file), next_key, "the next rotation continues with it")
    t.is_(keys.beside, sorted([*beside, f"master.key.{before[:16]}"]), "and leaves the kept keys only")
    opens(t, p, pair, "rotated after that")


def dies_while_committing(t, p, keys, pair, finish):
    """The server commits, but the loader does not get the answer."""
    before, key = fingerprint(p), read(keys.file)
    p.postgres.psql("""CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(3); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON tablegate.setting DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.slow();
        GRANT USAGE ON SCHEMA public TO tablegate_owner""")
    process = start_rotation(p)
    wait_for(lambda: p.postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'") == "1",
             20 * kSlow, "it commits")
    kill(process)
    wait_for(lambda: fingerprint(p) != before, 20 * kSlow, "the server has committed")
    wait_for(lambda: no_backend(p), 20 * kSlow, "its session ended")
    p.postgres.psql("DROP TRIGGER slow ON tablegate.setting; DROP FUNCTION public.slow()")
    t.is_(read(keys.file), key, "killed while it committed: the file is the old one still")
    next_key = read(keys.new)
    opens(t, p, pair, "killed while it committed")
    made = p.loader("consumer", "add-key", "demo", "--type", "hmac", "-o", "json")
    t.is_(made.rc, 0, "and new secrets are sealed") or t.diag(made)
    p.loader.must("consumer", "revoke-key", "demo", made.json["id"])
    t.like(p.loader("doctor").stdout, "FAIL +master key file.*rotation was not finished", "doctor names it")
    p.loader.must(*finish)
    t.ok(read(keys.file) == next_key if "--workspace" in finish else not os.path.exists(keys.new), f"{' '.join(finish[:2])} finishes it")
    t.ok(not os.path.exists(keys.new), "and nothing is left over")
    t.is_(read(keys.file + f".{before[:16]}"), key, "the key before is kept")
    opens(t, p, pair, "finished")


def dies_while_it_writes_the_file(t, p, keys, pair):
    for text in ("", "0123"):
        write(keys.new, text)
        opens(t, p, pair, f"half-written FILE.new ({len(text)} bytes)")
        p.loader.must("init", "--workspace", "demo")
        t.ok(not os.path.exists(keys.new), "init removes it")
    write(keys.new, "0123")
    p.loader.must("init", "--rotate-master-key")
    opens(t, p, pair, "a rotation over a half-written FILE.new")


def nothing_sealed(t, p, keys):
    """Without sealed values nodes need no key file."""
    shutil.move(keys.file, keys.file + "-away")
    t.is_(p.loader("sync", "--output", p.gateway.out).rc, 0, "sync needs no key file while nothing is sealed")
    shutil.move(keys.file + "-away", keys.file)


def test(t):
    p = t.project()
    p.init()
    p.apply(users_definitions())
    keys = Keys(p)
    t.is_(mode(keys.file), "0o600", "init makes the key file for its owner alone")
    nothing_sealed(t, p, keys)
    pair = p.loader.json("consumer", "add-key", "demo", "--type", "hmac")
    second = p.loader.json("consumer", "add-key", "demo", "--type", "hmac")
    secret = os.path.join(p.folder, "symmetric.txt")
    write(secret, kSymmetric)
    p.loader.must("consumer", "set-jwt", "demo", "--secret-file", secret, "--alg", "HS256")
    opens(t, p, pair, "as made")
    t.is_([mode(p.gateway.manifest), mode(p.gateway.credentials)], ["0o600", "0o600"], "manifest and credentials are for their owner alone")
    dump(t, p, pair)
    moved(t, p, pair, second)
    wrong_files(t, p, keys, pair)
    rotation(t, p, keys, pair)
    dies_before_the_commit(t, p, keys, pair)
    dies_while_committing(t, p, keys, pair, ("init", "--workspace", "demo"))
    dies_while_committing(t, p, keys, pair, ("init", "--rotate-master-key"))
    dies_while_it_writes_the_file(t, p, keys, pair)
    dump(t, p, pair)
    log = read(p.postgres.log)
    t.ok(not re.search(re.escape(pair["secret"]) + "|" + re.escape(kSymmetric), log), "PostgreSQL's log holds no secret")


run_test(test)
