#!/usr/bin/env python3
"""`deploy`: apply, test, commit and publish of what differs, in one. Nothing is published that did not pass; what stops it is said, and
run again it continues; run once more it does nothing. A thousand APIs in under a minute."""
import copy
import os
import pty
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kAsan, kLoader, kSlow, kUsersCsv, request, run_test, users_definitions, wait_for

kApi = "Query User by User ID"
kOther = "Query Users by Age"
kMany = 100 if kAsan else 1000
kLimit = 60  # seconds for 1,000 APIs


def definitions():
    objects = users_definitions()
    other = {**copy.deepcopy(objects[5]), "name": kOther, "path": "/user/age", "result": "list",
             "request_parameters": [{"name": "age", "type": "LONG", "sample": 25}]}
    return [*objects, other]


def deploy(p, objects, *options):
    return p.loader("deploy", "-f", p.definitions(objects), *options)


def outcome(result):
    """{API: (action, version)}"""
    return {item["name"]: (item["action"], item["version"]) for item in result.json["apis"]}


def publication(p):
    return p.postgres.psql("SELECT publication FROM tablegate.gateway_instance")


def from_nothing(t, p):
    done = deploy(p, definitions())
    t.ok(done.rc == 1 and "user_info" in done.stderr and "try: tablegate table load user_info" in done.stderr and "remain drafts" in done.stderr,
         "a table that was never loaded: the definitions are applied, and it says how to go on", done)
    t.is_(len(p.loader.json("get", "apis")), 2, "the drafts are there")
    p.load("user_info", kUsersCsv)
    done = deploy(p, definitions(), "-o", "json", "-m", "first")
    t.is_(done.rc, 0, "deploy") or t.diag(done)
    t.is_((list(done.json), list(done.json["apis"][0])), (["gateway", "applied", "apis"], ["name", "action", "version", "status", "publication"]), "the members of its JSON")
    t.is_(outcome(done), {kApi: ("published", 1), kOther: ("published", 1)}, "tested, committed and published")
    t.is_({item["action"] for item in done.json["applied"]}, {"unchanged"}, "of definitions that were there already")
    t.is_(p.loader.json("api", "versions", kApi)[0]["message"], "first", "-m is the message of the versions")
    p.key = p.add_key()
    p.sync()
    p.gateway.set()
    p.gateway.start()
    t.is_([p.get("/v1/user/info?user_id=10001").status, p.get("/v1/user/age?age=25").status], [200, 200], "both answer")


def again(t, p):
    before = publication(p)
    done = deploy(p, definitions(), "-o", "json")
    t.is_((done.rc, outcome(done)), (0, {kApi: ("unchanged", 1), kOther: ("unchanged", 1)}), "again: unchanged")
    t.is_(deploy(p, definitions()).stdout, "7 definitions unchanged\n", "for people")
    t.is_((publication(p), p.postgres.psql("SELECT count(*) FROM tablegate.api_version")), (before, "2"), "no publication, no version")
    objects = definitions()
    objects[6]["response_parameters"].append({"name": "age"})
    done = deploy(p, objects)
    t.like(done.stdout, rf"^Api  {kOther}  version 2 on dataservice-prod, publication 3\n6 definitions unchanged\nserved by 0 of 1 nodes of dataservice-prod\nnext, on node \S+: tablegate sync --output /\S+ --gateway dataservice-prod .*\n$", "a change: that API alone")
    p.loader.must("api", "publish", kOther, "--version", "1", "--breaking")
    done = deploy(p, objects, "-o", "json")
    t.is_(outcome(done)[kOther], ("published", 2), "another version was put on: the files' one comes back")
    p.apply([{**objects[5], "timeout_ms": 1000}])
    done = deploy(p, [objects[6]], "-o", "json")
    t.is_((outcome(done), len(p.loader.json("api", "versions", kApi))), ({kOther: ("unchanged", 2)}, 1), "drafts that are not in the files are left alone")
    t.is_(deploy(p, objects[:5]).rc, 0, "files without an API: applied, nothing to publish")


def failing(t, p):
    """One of two changed drafts does not pass."""
    objects = definitions()
    objects[5]["timeout_ms"] = 1500
    del objects[6]["request_parameters"][0]["sample"]
    before = publication(p)
    done = deploy(p, objects)
    t.is_(done.rc, 1, "a draft that does not pass: exit 1")
    t.like(done.stderr, rf'1 API did not pass; the applied definitions remain drafts, nothing was committed or published:\n  "{kOther}": 400 ', "says so, with the answer")
    t.is_((publication(p), len(p.loader.json("api", "versions", kApi))), (before, 1), "nothing was committed or published")
    t.is_({x["name"]: x["draft"] if "draft" in x else x["changed"] for x in p.loader.json("api", "list")}[kApi], True, "the drafts are the new ones")
    objects[6]["request_parameters"][0]["sample"] = 30
    done = deploy(p, objects, "-o", "json", "--breaking")
    t.is_(outcome(done), {kApi: ("published", 2), kOther: ("published", 3)}, "corrected, it continues")
    late(t, p)
    objects[6]["table"] = "nothing"
    done = deploy(p, objects)
    t.ok(done.rc == 1 and "nothing was saved" in done.stderr, "what apply refuses", done)


def late(t, p):
    """What stops it after the first version was made takes that back."""
    versions = "SELECT string_agg(version::text, ',' ORDER BY api_id, version) FROM tablegate.api_version"
    objects = definitions()
    for item in objects[5:]:
        item["timeout_ms"] = 1234
    before = publication(p), p.postgres.psql(versions)
    p.postgres.psql(f"""CREATE FUNCTION public.stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.api_id = (SELECT api_id FROM tablegate.api WHERE name = '{kOther}') THEN RAISE 'it stops here'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER stop BEFORE INSERT ON tablegate.api_version FOR EACH ROW EXECUTE FUNCTION public.stop()""")
    for command in (("deploy", "-f", p.definitions(objects)), ("api", "commit", kApi, kOther)):
        done = p.loader(*command)
        t.ok(done.rc == 3 and "it stops here" in done.stderr and done.stdout == "", f"{command[0]}: the second of two versions fails", done)
        t.is_((publication(p), p.postgres.psql(versions)), before, "the first was not made either")
    p.postgres.psql("DROP FUNCTION public.stop() CASCADE")
    done = deploy(p, objects, "--service", "nope")
    t.ok(done.rc == 1 and "nothing was committed or published" in done.stderr, "a publication that is rejected", done)
    t.is_((publication(p), p.postgres.psql(versions)), before, "leaves no version")


def approval(t, p):
    """With the catalog's own steps: a submitter may not approve."""
    p.loader.must("workspace", "set", "demo", "--approval", "on")
    p.postgres.psql("CREATE ROLE ann LOGIN; GRANT tablegate_approver TO ann")
    objects = definitions()
    objects[5]["timeout_ms"] = 1600
    objects[6]["request_parameters"][0]["sample"] = 30
    before = publication(p)
    done = deploy(p, objects, "-o", "json")
    t.is_((done.rc, outcome(done)), (1, {kApi: ("waiting", 3), kOther: ("committed", 3)}), "a version that waits for an approval: exit 1")
    t.like(done.stderr, rf'nothing was published.*"{kApi} version 3 \(Pending for Application\)".*run again.*\ntry: tablegate deploy .*--submit', "says which, and what then")
    t.is_(publication(p), before, "nothing was published")
    for what in ("--submit", "again: it still waits"):
        done = deploy(p, objects, "-o", "json", "--submit", "-m", "ticket 4711")
        t.is_((done.rc, outcome(done)), (1, {kApi: ("waiting", 3), kOther: ("committed", 3)}), what)
        t.like(done.stderr, rf"Pending for Approval.*tablegate_approver.*must approve.*\ntry: tablegate api approve '{kApi}'", "and says who must approve")
    t.is_(p.loader("api", "approve", kApi).rc, 1, "not who submitted it")
    p.loader.must("api", "reject", kApi, "--as", "ann", "-m", "too short")
    done = deploy(p, objects, "--submit")
    t.like(done.stderr, r"version 3 \(Rejected\).*\ntry: tablegate api versions", "what was rejected is not submitted once more by itself")
    p.loader.must("api", "submit", kApi)
    p.loader.must("api", "approve", kApi, "--as", "ann")
    t.is_(outcome(deploy(p, objects, "-o", "json")), {kApi: ("published", 3), kOther: ("unchanged", 3)}, "once it is approved, deploy continues")
    p.loader.must("workspace", "set", "demo", "--approval", "off")


def breaking(t, p):
    objects = definitions()
    objects[5]["timeout_ms"] = 1700
    objects[6]["response_parameters"] = objects[6]["response_parameters"][:1]
    before = publication(p)
    done = deploy(p, objects)
    t.is_(done.rc, 1, "a draft that breaks callers: exit 1")
    t.like(done.stderr, r'1 API would break callers.*nothing was committed \(--breaking allows it.*:\n.*"' + kOther + r'".*was removed(.|\n)*try: .*--breaking', "says what of")
    t.is_((publication(p), len(p.loader.json("api", "versions", kApi))), (before, 3), "nothing was committed or published")
    t.is_(outcome(deploy(p, objects, "-o", "json", "--breaking")), {kApi: ("published", 4), kOther: ("published", 4)}, "--breaking")


def canary(t, p):
    objects = definitions()
    objects[6]["response_parameters"] = objects[6]["response_parameters"][:1]
    objects[5]["timeout_ms"] = 1800
    t.is_(outcome(deploy(p, objects, "-o", "json"))[kApi], ("published", 5), "a version")
    p.loader.must("api", "publish", kApi, "--version", "4", "--weight", "10")
    canaries = "SELECT string_agg(coalesce(canary_version::text, '-'), ',' ORDER BY api_id) FROM tablegate.published_api"
    for options in ((), ("--service", "default")):
        done = deploy(p, objects, "-o", "json", *options)
        t.is_((outcome(done), p.postgres.psql(canaries)), ({kApi: ("unchanged", 5), kOther: ("unchanged", 4)}, "4,-"), f"a canary stays {options}")
    # The latest version is the canary: what it is one of ten for stays so.
    p.loader.must("api", "publish", kApi, "--version", "4", "--breaking")
    p.loader.must("api", "publish", kApi, "--version", "5", "--weight", "10")
    domain = {"kind": "Domain", "name": "canary.example.org"}
    for options in ((), ("--service", "default"), ("--domain", "canary.example.org", "--yes"), ("--no-domain", "--yes")):
        done = deploy(p, [domain, *objects], "-o", "json", *options)
        versions = p.postgres.psql(f"SELECT version || ' ' || canary_version || ' ' || canary_weight FROM tablegate.published_api p JOIN tablegate.api USING (api_id) WHERE name = '{kApi}'")
        moved = "published" if "--yes" in options else "unchanged"
        t.is_((done.rc, outcome(done)[kApi][0], versions), (0, moved, "4 5 10"), f"a canary of the latest version stays one {options}") or t.diag(done)
    objects[5]["timeout_ms"] = 1700
    done = deploy(p, objects, "-o", "json")
    t.is_((outcome(done)[kApi], p.postgres.psql(canaries)), (("published", 6), "-,-"), "until there is a new version")


def waiting_for_nodes(t, p):
    objects = definitions()
    objects[6]["response_parameters"] = objects[6]["response_parameters"][:1]
    done = deploy(p, [{**objects[5], "timeout_ms": 1900}], "--wait", "--timeout", "200ms")
    t.ok(done.rc == 1 and "saved, but not served" in done.stderr, "--wait: a node that does not follow is named", done)
    p.sync_and_reload()
    done = deploy(p, [{**objects[5], "timeout_ms": 1900}], "--wait", "--timeout", "10s")
    t.ok(done.rc == 0 and "served by 1 of 1 nodes" in done.stdout, "when it serves that: nothing to wait for", done)


def domains(t, p):
    objects = [{"kind": "Domain", "name": "api.example.org"}, *definitions()]
    done = deploy(p, objects[:1] + objects[1:7], "--domain", "api.example.org")
    t.ok(done.rc == 1 and kOther in done.stderr and "--yes" in done.stderr, "domains are the REST API's: others that would move are named", done)
    t.is_(deploy(p, objects[:1] + objects[1:7], "--domain", "api.example.org", "--yes").rc, 0, "--yes")
    p.sync_and_reload()
    t.is_(request(p.gateway.port, "/v1/user/age?age=25").status, 404, "both are on the domain now")
    t.is_(outcome(deploy(p, objects, "-o", "json"))[kApi][0], "unchanged", "without --domain they stay there")
    done = deploy(p, objects, "--service", "nope")
    t.ok(done.rc == 1 and "nope" in done.stderr, "a service that the gateway does not have", done)
    done = deploy(p, objects, "--gateway", "nope")
    t.ok(done.rc == 1 and "nope" in done.stderr, "a gateway that is not there", done)


def sessions(p):
    return int(p.postgres.psql("SELECT sum(sessions) FROM pg_stat_database WHERE datname = 'tablegate'"))


def approval_switched_off(t, p):
    """What was committed when approval was on waits for an operator's word; deploy says so and continues."""
    p.loader.must("workspace", "set", "demo", "--approval", "on")
    objects = definitions()
    objects[5]["timeout_ms"] = 2900
    deploy(p, objects, "--breaking")
    p.loader.must("workspace", "set", "demo", "--approval", "off")
    done = deploy(p, objects, "--breaking")
    t.ok(done.rc == 1 and "from when the workspace required approval" in done.stderr, "a version that waits though nothing requires approval", done)
    command = done.stderr.strip().rsplit("try: tablegate api approve ", 1)[1].rsplit(" --version ", 1)
    t.is_(p.loader("api", "approve", command[0].strip("'"), "--version", command[1]).rc, 0, "the hint makes it Publishable")
    t.is_(outcome(deploy(p, objects, "--breaking", "-o", "json"))[kApi][0], "published", "and deploy continues")


def many(t, p):
    base = users_definitions()
    objects = [{**base[5], "name": f"Query {i} of Users", "path": f"/many/{i}"} for i in range(kMany)]
    path = p.definitions(objects, "many.json")
    limit = kLimit * kMany / 1000 * kSlow
    first = sessions(p)
    start = time.monotonic()
    done = p.loader("deploy", "-f", path)
    seconds = time.monotonic() - start
    t.is_(done.rc, 0, f"{kMany} APIs") or t.diag(done)
    wait_for(lambda: sessions(p) > first, 10 * kSlow, "PostgreSQL counted its sessions")
    t.ok(sessions(p) - first <= 6, "over one connection to the mirror and one to the catalog", sessions(p) - first)
    t.ok(seconds < limit, f"deployed in {seconds:.1f} s, of at most {limit:.0f}")
    start = time.monotonic()
    done = p.loader("deploy", "-f", path)
    t.is_((done.rc, done.stdout), (0, f"{kMany} definitions unchanged\n"), f"again: all unchanged ({time.monotonic() - start:.1f} s)")
    for item in objects:
        item["timeout_ms"] = 1000
    ours, theirs = pty.openpty()
    child = subprocess.Popen([kLoader, "deploy", "-f", p.definitions(objects, "many.json")], env=p.loader.env, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        shown += block
    os.close(ours)
    t.is_(child.wait(), 0, "all of them changed")
    t.like(shown.decode(), rf"testing \d+ of {kMany}.*committing \d+ of {kMany}", "on a terminal it says how far it is")
    t.ok(shown.endswith(b"\x1b[K"), "and wipes that in the end", shown[-60:])


def test(t):
    p = t.project()
    p.init()
    from_nothing(t, p)
    again(t, p)
    failing(t, p)
    approval(t, p)
    breaking(t, p)
    canary(t, p)
    waiting_for_nodes(t, p)
    domains(t, p)
    approval_switched_off(t, p)
    many(t, p)


run_test(test)
