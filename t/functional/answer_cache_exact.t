#!/usr/bin/env python3
"""Kept answers under loads, one after the other, with both kinds of swap, rollbacks, a canary, reloads and a standby: no answer is older than
the bound, mixes generations, or is of another call, version or format. TABLEGATE_EXACT_SECONDS=60 runs each part that long."""
import csv
import http.client
import io
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, kSlow, run_test, users_definitions, wait_for
from tg_postgres import Standby

kSeconds = float(os.environ.get("TABLEGATE_EXACT_SECONDS", "2.5"))
kBound = 1.0  # s: how long a worker goes by what it knows
kTolerance = 0.5 * kSlow
kApi = "Query User by User ID"
kPoints = tuple(f"/v1/user/info?user_id={number}" for number in range(10001, 10007))
kTargets = kPoints + ("/v1/user/list?format=json", "/v1/user/list?format=csv", "/v1/user/list?format=ndjson", "/v1/user/pages?pageSize=3", "/v1/user/pages?pageSize=3&pageNum=2")
kRows = 2000  # a list of more than 64 KiB


def users(generation):
    return "user_id,user_name,age\n" + "".join(f"{10001 + i},gen{generation},{generation}\n" for i in range(kRows))


def definitions(swap):
    objects = users_definitions()
    objects[4]["swap"] = swap
    api = objects[5]
    one = {"name": "age", "column": "age", "type": "LONG", "required": False, "sample": 1}
    order = [{"column": "user_id"}]
    objects.append({**api, "name": "All Users", "path": "/user/list", "result": "list", "request_parameters": [one], "order_by": order, "formats": ["json", "csv", "ndjson"]})
    objects.append({**api, "name": "User Pages", "path": "/user/pages", "result": "page", "request_parameters": [one], "order_by": order,
                    "pagination": {"enabled": True, "default_size": 10, "max_size": 50}})
    return objects


def read(target, answer, body):
    """(generation, what is wrong with the answer to `target`)."""
    text = body.decode()
    if "format=csv" in target:
        kind, rows = "text/csv", [{**row, "user_id": int(row["user_id"])} for row in csv.DictReader(io.StringIO(text))]
    elif "format=ndjson" in target:
        kind, rows = "application/x-ndjson", [json.loads(line) for line in text.splitlines()]
    else:
        data = json.loads(text)["data"]
        kind, rows = "application/json", data if isinstance(data, list) else data.get("rows", [data])
    first = 10001
    if "user_id=" in target:
        first = int(target.split("=")[1])
    elif "pageNum=2" in target:
        first = 10004
    count = kRows if "list" in target else 3 if "pages" in target else 1
    names = {row["user_name"] for row in rows}
    faults = []
    if not answer.headers["Content-Type"].startswith(kind):
        faults.append("format")
    if [row["user_id"] for row in rows] != list(range(first, first + count)):
        faults.append("rows")
    if len(names) != 1:
        faults.append(f"mixed: {sorted(names)}")
    if "info" in target and ("age" in rows[0]) != (answer.headers["X-Version"] == "2"):
        faults.append(f"columns of another version than {answer.headers['X-Version']}")
    return int(names.pop()[3:]) if names else None, faults


class Clients:
    def __init__(self, p, keys, count=3):
        self.p, self.over, self.wrong, self.bodies = p, False, [], {}
        self.replaced_at = {}  # generation -> when what replaced it was there
        self.answers = 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.ask, args=(keys[i % len(keys)], i)) for i in range(count)]

    def ask(self, key, place):
        link = None
        while not self.over:
            target = kTargets[place % len(kTargets)]
            place += 1
            begin = time.monotonic()
            try:
                link = link or http.client.HTTPConnection("127.0.0.1", self.p.gateway.port, timeout=20 * kSlow)
                link.request("GET", target, headers=bearer(key))
                answer = link.getresponse()
                body = answer.read()
            except (http.client.HTTPException, OSError):  # a worker of before closed it
                link = None
                continue
            if answer.status != 200:
                self.wrong.append((target, answer.status, body))
                continue
            generation, faults = read(target, answer, body)
            tag = answer.headers["ETag"]
            with self.lock:
                self.answers += 1
                if tag and self.bodies.setdefault((target, tag), hash(body)) != hash(body):
                    faults.append(f"two bodies with the ETag {tag}")
                replaced = self.replaced_at.get(generation)
                if replaced is not None and begin - replaced > kBound + kTolerance:
                    faults.append(f"generation {generation} was replaced {begin - replaced:.2f} s before")
            if faults:
                self.wrong.append((target, faults, dict(answer.headers)))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.over = True
        for thread in self.threads:
            thread.join()

    def now_is(self, generation):
        """Everything else has been replaced, at the latest now."""
        with self.lock:
            self.replaced_at.pop(generation, None)
            for other in range(1, self.newest + 1):
                if other != generation:
                    self.replaced_at.setdefault(other, time.monotonic())

    newest = 1


def cache(p):
    return p.get("/status", Accept="application/json").json["cache"]


def run_part(t, p, name, keys, step, count=3):
    """`step(clients, number)` again and again while clients ask."""
    before = cache(p)
    with Clients(p, keys, count) as clients:
        end = time.monotonic() + kSeconds * kSlow
        steps = 0
        while time.monotonic() < end or steps < 3:
            step(clients, steps)
            steps += 1
            time.sleep(0.1)
    now = cache(p)
    t.is_(clients.wrong[:3], [], f"{name}: {steps} times, {clients.answers} answers, {now['hits'] - before['hits']} of them hits")
    t.ok(now["hits"] - before["hits"] > clients.answers // 10 and clients.answers > 100, f"{name}: answers were kept", before, now)


def loads(p, after=lambda: None):
    """Loads one generation after the other; every fourth time the one before comes back."""
    def step(clients, number):
        if number % 4 == 3:
            with clients.lock:
                clients.replaced_at.pop(p.newest - 1, None)
            p.loader.must("table", "rollback", "user_info")
            current = p.newest - 1
        else:
            p.newest += 1
            clients.newest = p.newest
            p.load("user_info", users(p.newest))
            current = p.newest
        after()
        clients.now_is(current)
    return step


def swaps(p):
    """Two generations change places, ten times a second at most."""
    for _ in range(2):
        p.newest += 1
        p.load("user_info", users(p.newest))
    there = (p.newest - 1, p.newest)

    def step(clients, number):
        clients.newest = p.newest
        current = there[number % 2]
        with clients.lock:
            clients.replaced_at.pop(current, None)
        p.postgres.psql(f"SELECT mirror_load.swap_generation('user_info', {current})")
        clients.now_is(current)
    return step


def test(t):
    for swap in ("rename", "pointer"):
        p = t.project()
        p.newest = 1
        p.serve(definitions(swap), {"user_info": users(1)}, http="tablegate_cache_zone 16m;",
                server="location = /status { tablegate_status; } add_header X-Version $tablegate_version always;")
        p.loader.must("consumer", "create", "second")
        second = p.loader.json("consumer", "add-key", "second", "--type", "api_key")["api_key"]
        for name in (kApi, "All Users", "User Pages"):
            p.loader.must("consumer", "authorize", "second", "--api", name)
        p.sync_and_reload()
        keys = (p.key, second)
        run_part(t, p, f"loads, swap {swap}", keys, loads(p))
        run_part(t, p, f"swaps, {swap}", keys, swaps(p))
        if swap == "rename":
            versions(t, p, keys)
            standby(t, p, keys)
        p.stop()


def versions(t, p, keys):
    """A version with another column, for some consumers, then for all, then back; each time two configurations serve for a moment."""
    api = next(x for x in definitions("rename") if x.get("name") == kApi)
    p.apply([{**api, "response_parameters": [*api["response_parameters"], {"name": "age", "column": "age", "type": "LONG", "sample": 1}]}])
    p.loader.must("api", "test", kApi)
    p.loader.must("api", "commit", kApi)
    seen = set()

    def step(clients, number):
        options = (("--version", "2", "--weight", "50"), ("--version", "2"), ("--version", "1", "--breaking"))[number % 3]
        p.loader.must("api", "publish", kApi, *options)
        p.sync_and_reload()
        seen.update(p.get(kPoints[0], key=key).headers["x-version"] for key in keys)
    run_part(t, p, "versions and reloads", keys, step)
    t.is_(seen, {"1", "2"}, "callers got both versions")


def standby(t, p, keys):
    """nginx reads from a standby, which is later than the primary: the bound counts from when it has the load."""
    other = Standby(os.path.join(p.folder, "standby"), p.postgres)
    try:
        other.start()
        wait_for(other.caught_up, 60 * kSlow, "the standby follows")
        sockets = f"{other.socket},{p.postgres.socket}"
        p.gateway.set(dsn=f"host={sockets} port=5432,5432 dbname=tablegate user=tablegate_reader")
        p.gateway.reload()
        wait_for(lambda: not p.gateway.workers(leaving=True), 30 * kSlow, "old workers are gone")
        run_part(t, p, "a standby in front of its primary", keys, loads(p, lambda: wait_for(other.caught_up, 20 * kSlow, "the standby has the load")))
    finally:
        p.gateway.stop()
        other.stop("fast")


run_test(test)
