#!/usr/bin/env python3
"""The tutorial from the command line, with t/tutorial's own files: define, load, test, commit, publish, sync, call; and every
refusal of the life cycle."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import copy
import json

from tablegate_test import bearer, free_port, kCheckout, kTutorial, request, run, run_test, wait_for
from tg_tls import curl

kApi = "Query User by User ID"
kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
kAliceAge = b'{"data":{"user_id":10001,"user_name":"Alice","age":25},"success":true}'


def refused(t, result, pattern, name):
    """Exit 1, and a reason on stderr that a person can use."""
    t.is_(result.rc, 1, f"{name}: exit 1") or t.diag(result)
    t.like(result.stderr, pattern, f"{name}: says why")


def versions(loader):
    return [(item["version"], item["status"]) for item in sorted(loader.json("api", "versions", kApi), key=lambda x: x["version"])]


def first(answer):
    return answer[0] if isinstance(answer, list) else answer


def define_and_load(t, p):
    t.is_(p.loader("init", "--workspace", "demo").rc, 0, "init")
    t.is_(p.loader("init", "--workspace", "demo").rc, 0, "init again")
    done = p.loader.json("apply", "-f", kTutorial)
    t.ok(done and all(x["action"] == "created" for x in done), "apply: everything is created", done)
    t.ok({"kind": "Api", "name": kApi, "action": "created"} in done, "apply: names kind, name and action", done)
    done = p.loader.json("apply", "-f", kTutorial)
    t.ok(done and all(x["action"] == "unchanged" for x in done), "apply again: everything is unchanged", done)

    refused(t, p.loader("api", "test", kApi), "load", "test before a load")
    refused(t, p.loader("api", "commit", kApi), "test", "commit without a test")
    refused(t, p.loader("api", "publish", kApi, "--no-domain"), "version|commit", "publish without a version")
    loaded = p.loader("table", "load", "user_info", "--from", f"csv:{kTutorial}/user_info.csv", "--header")
    t.is_(loaded.rc, 0, "table load") or t.diag(loaded)
    refused(t, p.loader("api", "commit", kApi), "test", "commit without a test, after the load")


def first_version(t, p):
    tested = first(p.loader.json("api", "test", kApi))
    t.is_((tested["name"], tested["passed"], tested["status"]), (kApi, True, 200), "the test passes with the samples")
    response = tested["response"]
    if isinstance(response, str):
        response = json.loads(response)
    t.is_(response, json.loads(kAlice), "the test shows the answer")
    committed = first(p.loader.json("api", "commit", kApi, "-m", "first"))
    t.is_((committed["name"], committed["version"], committed["status"]), (kApi, 1, "Publishable"), "commit makes version 1")
    again = p.loader("api", "commit", kApi)
    t.is_(again.rc, 0, "commit again: exit 0") or t.diag(again)
    t.like(again.stdout + again.stderr, "unchanged", "commit again: unchanged")
    t.is_(versions(p.loader), [(1, "Publishable")], "there is still one version")
    refused(t, p.loader("api", "publish", kApi, "--version", "7", "--no-domain"), "7", "publish of an unknown version")
    published = first(p.loader.json("api", "publish", kApi, "--no-domain"))
    t.is_((published["name"], published["version"], published["gateway"]), (kApi, 1, "dataservice-prod"), "publish")


def call(p):
    return request(p.gateway.port, "/v1/user/info?user_id=10001", headers=bearer(p.key))


def sync_and_call(t, p):
    t.ok("demo" in p.loader.must("consumer", "list").stdout, "the workspace's consumer is there by itself")
    p.key = p.add_key()
    synced = p.loader("sync", "--output", p.gateway.out)
    t.is_(synced.rc, 0, "sync") or t.diag(synced)
    t.is_(os.stat(p.gateway.manifest).st_mode & 0o777, 0o600, "the manifest is for its owner only")
    t.ok(p.key not in open(p.gateway.credentials, encoding="utf-8").read(), "the credentials have no key in them")
    head = json.loads(open(p.gateway.manifest, encoding="utf-8").readline())
    t.is_((head["format"], head["gateway"]), (2, "dataservice-prod"), "the manifest's first line")
    p.gateway.write()
    passed, said = p.gateway.check()
    t.ok(passed, "nginx -t", said)
    p.gateway.start()
    answer = call(p)
    t.is_((answer.status, answer.body), (200, kAlice), "the tutorial's call") or t.diag(answer)
    t.is_(answer.headers.get("content-type"), "application/json; charset=utf-8", "content type")
    t.like(answer.headers.get("x-ca-request-id"), "^[0-9a-f]{32}$", "X-Ca-Request-Id")


def sync_reloads_only_changes(t, p):
    marker = os.path.join(p.folder, "reloads")
    options = ("--check", p.gateway.check_command(), "--reload", f"{p.gateway.reload_command()} && echo x >>{marker}")
    p.sync(*options)
    t.ok(not os.path.exists(marker), "a sync without a change reloads nothing")
    return marker, options


def second_version(t, p):
    marker, options = sync_reloads_only_changes(t, p)
    with open(os.path.join(kTutorial, "user-api.json"), encoding="utf-8") as file:
        objects = copy.deepcopy(json.load(file))
    api = next(x for x in objects if x["kind"] == "Api")
    api["response_parameters"].append({"name": "age", "column": "age"})
    path = p.definitions(objects)
    done = p.loader.json("apply", "-f", path)
    t.is_([x["action"] for x in done if x["kind"] == "Api"], ["changed"], "apply of another draft: changed")
    refused(t, p.loader("api", "commit", kApi), "test", "commit of a draft that was not tested")
    p.sync(*options)
    t.is_(call(p).body, kAlice, "callers do not see a draft")
    t.ok(not os.path.exists(marker), "a draft is nothing to sync")

    p.loader.must("api", "test", kApi)
    t.is_(first(p.loader.json("api", "commit", kApi))["version"], 2, "commit makes version 2")
    t.is_(versions(p.loader), [(1, "Publishable"), (2, "Publishable")], "both versions are there")
    p.sync(*options)
    t.is_(call(p).body, kAlice, "callers do not see a version that is not published")
    p.loader.must("api", "publish", kApi)
    p.sync(*options)
    wait_for(lambda: call(p).body == kAliceAge, 10, "version 2 answers")
    t.ok(True, "version 2 answers once it is published")
    t.is_(open(marker, encoding="utf-8").read(), "x\n", "with one reload")

    t.like(p.loader.must("api", "rollback", kApi).stderr, "callers lose .* age", "rollback says what callers lose")
    p.sync(*options)
    wait_for(lambda: call(p).body == kAlice, 10, "version 1 answers")
    t.ok(True, "version 1, published again, is what it was")
    p.loader.must("api", "unpublish", kApi)
    p.sync(*options)
    wait_for(lambda: call(p).status == 404, 10, "404")
    t.is_(call(p).json["error"], "api_not_found", "an unpublished API is gone")


def https_url(t, p):
    """The tutorial's own URL, https://api.example.com/v1/user/info, with a certificate made as make quickstart makes its own."""
    made = run([os.path.join(kCheckout, "t/lib/certificate.sh"), f"{p.folder}/tls", "api.example.com"])
    t.is_(made.returncode, 0, "a certificate of our own authority") or t.diag(made.stdout + made.stderr)
    plain, port = free_port(), free_port()
    p.apply([{"kind": "GatewayInstance", "name": "dataservice-prod", "address": "http://127.0.0.1:8080",
              "http_listen": [f"127.0.0.1:{plain}"], "https_listen": [f"127.0.0.1:{port}"]},
             {"kind": "Domain", "name": "api.example.com", "protocol": "HTTPS", "certificate": f"{p.folder}/tls/api.example.com.crt",
              "certificate_key": f"{p.folder}/tls/api.example.com.key", "force_https": True, "http2": True}])
    p.loader.must("api", "publish", kApi, "--version", "1", "--domain", "api.example.com", "--yes")
    p.gateway.set(http=f"include {p.gateway.out}/domains.conf;")
    p.sync_and_reload("--check", p.gateway.check_command())
    for options, version in ((["--http2"], "2"), (["--http1.1"], "1.1")):
        code, out, said = curl(f"https://api.example.com:{port}/v1/user/info?user_id=10001", "--cacert", f"{p.folder}/tls/ca.crt", "--resolve",
                               f"api.example.com:{port}:127.0.0.1", "-w", " %{http_version}", *options, headers=bearer(p.key))
        t.is_((code, out), (0, f"{kAlice.decode()} {version}"), f"the tutorial's HTTPS URL by curl, HTTP/{version}") or t.diag(said)
    called = p.loader("api", "call", kApi, "--credential", "-", "--cacert", f"{p.folder}/tls/ca.crt", "--connect-to", f"127.0.0.1:{port}", input=p.key)
    t.is_((called.rc, called.stdout), (0, kAlice.decode() + "\n"), "and by api call, at the URL itself") or t.diag(called)
    t.like(called.stderr, rf"^https://api\.example\.com:{port}/v1/user/info\?user_id=10001 200 ", "which it says")
    called = p.loader("api", "call", kApi, "--credential", "-", "--connect-to", f"127.0.0.1:{port}", input=p.key)
    t.is_(called.rc, 3, "without --cacert the certificate is not trusted")
    code, out, said = curl(f"http://api.example.com:{plain}/v1/user/info?user_id=10001", "--resolve", f"api.example.com:{plain}:127.0.0.1", "-w", "%{http_code} %{redirect_url}",
                           "-o", "/dev/null")
    t.is_(out, f"308 https://api.example.com:{port}/v1/user/info?user_id=10001", "in clear: sent there")
    t.is_(run([os.path.join(kCheckout, "t/lib/certificate.sh"), f"{p.folder}/tls", "api.example.com"]).stdout, "kept: certificate of api.example.com\n",
          "made again, a good certificate is kept")


def broken_reference(t, p):
    before = p.loader.must("get", "api", "-o", "json").stdout
    path = p.definitions([
        {"kind": "RestApi", "name": "never-saved", "base_path": "/v9"},
        {"kind": "BusinessProcess", "name": "Nobody at All", "rest_api": "does-not-exist"},
    ], "broken.json")
    refused(t, p.loader("apply", "-f", path), r"broken\.json.*does-not-exist", "a broken reference")
    t.ok("never-saved" not in p.loader("get", "restapi").stdout, "nothing of a refused apply is saved")
    path = p.definitions([{"kind": "RestApi", "name": "never-saved", "base_path": "/v9", "colour": "red"}], "unknown.json")
    refused(t, p.loader("apply", "-f", path), r"unknown\.json.*colour", "an unknown field")
    t.is_(p.loader.must("get", "api", "-o", "json").stdout, before, "the APIs are what they were")
    t.is_(p.loader("api", "juggle", kApi).rc, 2, "an unknown verb: exit 2")


def test(t):
    p = t.project()
    define_and_load(t, p)
    first_version(t, p)
    sync_and_call(t, p)
    second_version(t, p)
    https_url(t, p)
    broken_reference(t, p)


run_test(test)
