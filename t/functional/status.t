#!/usr/bin/env python3
"""tablegate_status: JSON, Prometheus and a page by Accept; requests and errors by version, over workers and reloads; pools, workers, nonces; any name."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, Load, request, run_test, users_definitions, wait_for
from tg_manifest import read_file, write_files

kApi = "Query User by User ID"
kCall = "/v1/user/info?user_id=10001"
kStatus = "location = /status { tablegate_status; }"
kSample = re.compile(r'^([a-z_]+)(?:\{((?:[a-z_][a-z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? ([0-9.e+-]+)$')
kLabel = re.compile(r'([a-z_][a-z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"')


def parse(t, text):
    """Prometheus' text format 0.0.4, strictly: {(name, labels): value}."""
    samples, types, families, current = {}, {}, [], None
    t.ok(text.endswith("\n") and "\r" not in text, "prometheus: lines end in LF")
    bad = []
    for line in text.splitlines():
        if line.startswith("# HELP "):
            current = line.split(" ")[2]
            if current in families:
                bad.append(f"family twice: {line}")
            families.append(current)
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if name != current or kind not in ("counter", "gauge", "summary"):
                bad.append(line)
            types[name] = kind
            continue
        found = kSample.match(line)
        if not found:
            bad.append(line)
            continue
        name, labels, value = found.groups()
        base = re.sub(r"_(sum|count)$", "", name) if types.get(current) == "summary" else name
        if base != current or (types[current] == "counter") != name.endswith("_total"):
            bad.append(line)
        unescape = lambda text: re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), text)  # noqa: E731
        pairs = tuple(sorted((key, unescape(text)) for key, text in kLabel.findall(labels or "")))
        if (name, pairs) in samples:
            bad.append(f"sample twice: {line}")
        samples[name, pairs] = float(value)
    t.ok(not bad and set(types) == set(families), "prometheus: valid, one family together", bad[:5], set(types) ^ set(families))
    return samples


def status(p, **headers):
    return request(p.gateway.port, "/status", headers=headers)


def api(p, name=kApi, version=1):
    return next(one for one in status(p).json["apis"] if one["name"] == name and one["version"] == version)


def forms(t, p):
    answer = status(p)
    t.is_((answer.status, answer.headers["content-type"], answer.headers["cache-control"]), (200, "application/json; charset=utf-8", "no-store"), "JSON by default")
    t.is_(list(answer.json), ["gateway", "publication", "sha256", "credentials_sha256", "loaded_at", "generation", "nginx", "module", "workers", "pools", "tables", "zone", "cache", "apis"], "its members")
    for accept, wanted in (("*/*", "application/json"), ("text/plain", "text/plain"), ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
                           ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1", "text/plain"),
                           ("image/png", "application/json"), ("text/html;q=0, text/plain;q=0.2", "text/plain"), ("text/*;q=0.9, application/json", "application/json")):
        t.like(status(p, Accept=accept).headers["content-type"], "^" + wanted, f"Accept: {accept}")
    head = request(p.gateway.port, "/status", "HEAD")
    t.ok(head.status == 200 and head.body == b"" and int(head.headers["content-length"]) > 100, "HEAD", head)
    post = request(p.gateway.port, "/status", "POST", body=b"x")
    t.is_((post.status, post.headers.get("allow")), (405, "GET, HEAD"), "POST: 405")


def counting(t, p):
    ours = status(p).json
    t.is_((ours["gateway"], len(ours["sha256"]), ours["nginx"].count("."), ours["module"]), ("dataservice-prod", 64, 2, "0.1.0"), "what it serves and runs")
    t.is_((api(p)["requests"], api(p)["errors"]), (0, {}), "nothing yet")
    for _ in range(20):
        p.get(kCall)
    for _ in range(3):
        p.get(kCall, key="x" * 43)
    p.get("/v1/user/info?user_id=x")
    p.get("/nothing/here")
    now = api(p)
    t.is_((now["requests"], now["errors"]), (24, {"invalid_credential": 3, "invalid_parameter": 1}), "requests and errors by slug, of both workers")
    t.is_(status(p).json["zone"]["unmatched"]["errors"], {"api_not_found": 1}, "a request to no API")
    t.ok(now["seconds"] >= 0 and now["canary"] is False, "seconds", now)
    p.gateway.reload()
    t.is_(api(p)["requests"], 24, "kept over a reload")
    os.kill(p.gateway.workers()[0], 9)
    wait_for(lambda: len(p.gateway.workers()) == 2, 10 * kSlow, "the master starts another worker")
    t.is_(api(p)["requests"], 24, "and when a worker is killed")

    def serving():
        return sorted(worker["pid"] for worker in status(p).json["workers"] if not worker["leaving"])

    # A process is there before it has reported itself, and a killed worker's report goes when its successor has the slot.
    wait_for(lambda: serving() == sorted(p.gateway.workers()), 10 * kSlow, "workers: those that live")
    t.is_(serving(), sorted(p.gateway.workers()), "workers: those that live")
    samples = parse(t, status(p, Accept="text/plain").text)
    labels = (("api", kApi), ("version", "1"), ("workspace", "demo"))
    t.is_((samples["tablegate_requests_total", labels], samples["tablegate_request_duration_seconds_count", labels]), (24, 24), "prometheus: requests")
    t.is_(samples["tablegate_errors_total", tuple(sorted((*labels, ("error", "invalid_credential"))))], 3, "prometheus: errors by slug")
    t.is_(samples["tablegate_workers", (("state", "serving"),)], 2, "prometheus: workers")


def pools(t, p):
    for _ in range(20):
        p.get(kCall)

    def at_rest():
        one = status(p).json["pools"][0]
        return one if (one["busy"], one["waiting"]) == (0, 0) else None

    # A lane is free again when PostgreSQL says so, a moment after the answer; the generations are read meanwhile.
    pool = wait_for(at_rest, 10 * kSlow, "no lane is busy, no query waits")
    t.is_((pool["service"], pool["resource_group"], pool["busy"], pool["waiting"], pool["connections"], pool["queue"]), ("default", "default", 0, 0, 4, 1024), "pool")
    wait_for(lambda: status(p).json["pools"][0]["open"] == p.postgres.backends(), 10 * kSlow, "open connections of all workers, as PostgreSQL has them")
    t.ok(True, "open connections of all workers, as PostgreSQL has them")


def names(t, p):
    """Names of APIs hold any letters; what stands around them must stay whole. Quotes and angle brackets are no letters, yet may be in a gateway's data."""
    odd = "Größe 漢字 العربية"
    objects = users_definitions()
    p.apply([{**objects[5], "name": odd, "path": "/odd", "authentication": []}])
    p.publish(odd)
    p.sync_and_reload()
    p.get("/v1/odd?user_id=10001")
    t.is_(api(p, odd)["requests"], 1, "JSON: any letters")
    samples = parse(t, status(p, Accept="text/plain").text)
    t.is_(samples["tablegate_requests_total", (("api", odd), ("version", "1"), ("workspace", "demo"))], 1, "prometheus: any letters")
    page = status(p, Accept="text/html").text
    t.ok("Mean seconds" in page, "the page says that its seconds are a mean")
    t.ok(odd in page and page.endswith("</body></html>\n") and "http" not in re.sub(r"(?s)<td>.*?</td>", "", page), "the page has it and fetches nothing", page[-400:])


def small_zone(t, p):
    """Room for two workers and a handful of versions: after reloads and publications the newest still have theirs."""
    p.gateway.set(zone="32k")
    p.gateway.reload()
    _, lines = read_file(p.gateway.manifest)
    _, consumers = read_file(p.gateway.credentials)
    ours = next(i for i, line in enumerate(lines) if line.get("name") == kApi)
    small = os.path.join(p.folder, "small", "manifest.json")
    os.mkdir(os.path.dirname(small))
    counted = []
    for version in range(1, 41):
        lines[ours]["version"] = version
        write_files(small, lines, consumers, publication=100 + version)
        p.gateway.set(manifest=small)
        p.gateway.reload()
        for _ in range(3):
            p.get(kCall)
        counted.append(api(p, version=version)["requests"])
    t.is_(counted, [3] * 40, "a zone for few versions: each publication's counts from nothing")
    t.is_(status(p).json["zone"]["other"]["requests"], 0, "and none without a cell of its own")
    zone = status(p).json["zone"]
    t.is_((zone["size"], zone["needed"], zone["callers_lost"]), (32768, 32768, 0), "its size is enough")
    lines += [{**lines[ours], "id": 1000 + n, "path": f"/v1/many{n}", "name": f"many {n}"} for n in range(600)]
    write_files(small, lines, consumers, publication=200)
    p.gateway.set(manifest=small)
    p.gateway.reload()
    for n in range(60):
        p.get(kCall.replace("/user/info", f"/many{n}"))
    zone = status(p).json["zone"]
    t.ok(zone["needed"] == 2 * 1024 * 1024 and zone["other"]["requests"] > 20, "too small for 600 versions: it says which size has room", zone)
    t.like(status(p, Accept="text/html").text, "set tablegate_zone to 2m in nginx.conf", "so does the page")
    wait_for(lambda: sorted(worker["pid"] for worker in status(p).json["workers"]) == sorted(p.gateway.workers()), 10 * kSlow,
             "both workers have taken the places of those before them")
    wait_for(lambda: status(p).json["pools"][0]["open"] > 0, 10 * kSlow, "and tell of their pools")
    t.ok(True, "workers and pools of the newest generation are reported")


def without_zone(t, p):
    text = open(p.gateway.conf, encoding="utf-8").read().replace("tablegate_zone 1m;", "")
    p.gateway.write(text)
    p.gateway.reload()
    p.get(kCall)
    now = status(p).json
    t.is_((now["zone"], "requests" in now["apis"][0], len(now["workers"])), (None, False, 1), "no zone: nothing is counted, and it says so")
    parse(t, status(p, Accept="text/plain").text)
    t.like(status(p, Accept="text/html").text, "no tablegate_zone", "the page says so")
    t.is_(request(p.gateway.port, "/status?usage").json["usage"], [], "nor is use")
    p.gateway.write()


def many(t, p):
    """10,000 API versions: all told, and the worker that reports them still answers others."""
    _, lines = read_file(p.gateway.manifest)
    _, consumers = read_file(p.gateway.credentials)
    first = next(line for line in lines if line.get("name") == kApi)
    apis = [{**first, "id": number, "name": f"API {number}", "path": f"/many/{number}"} for number in range(1, 10001)]
    manifest = os.path.join(p.folder, "many", "manifest.json")
    os.mkdir(os.path.dirname(manifest))
    write_files(manifest, apis, [{**one, "apis": list(range(1, 10001))} for one in consumers], publication=99)
    p.gateway.set(manifest=manifest, zone="32m", workers=1)
    p.gateway.reload()
    for number in range(1, 10001, 100):
        p.get(f"/many/{number}?user_id=10001")
    for form in ("application/json", "text/plain", "text/html"):
        begin = time.monotonic()
        answer = status(p, Accept=form)
        took = time.monotonic() - begin
        t.diag(f"{form}: {len(answer.body)} bytes in {took * 1000:.0f} ms")
        t.ok(answer.status == 200 and took < 1 * kSlow, f"10,000 versions: {form} at once", took)
    found = status(p).json["apis"]
    t.is_((len(found), sum(one["requests"] for one in found)), (10000, 100), "all of them, with what was counted")
    with Load(p.gateway.port, "/status", threads=2, seconds=60) as load:
        slowest = 0
        for _ in range(100):
            begin = time.monotonic()
            p.get("/many/7?user_id=10001")
            slowest = max(slowest, time.monotonic() - begin)
        load.stop()
    t.diag(f"slowest call beside {load.answered} statuses: {slowest * 1000:.0f} ms")
    t.ok(slowest < 1 * kSlow and load.answered > 0, "calls are answered meanwhile, by the same worker", slowest, load)


def test(t):
    p = t.project().serve(server=kStatus)
    t.allow(r"exited on signal 9")
    forms(t, p)
    counting(t, p)
    pools(t, p)
    names(t, p)
    small_zone(t, p)
    p.gateway.set(manifest=p.gateway.manifest, zone="1m")
    without_zone(t, p)
    many(t, p)


run_test(test)
