#!/usr/bin/env python3
"""ETags under loads: one after the other, with both kinds of swap, while clients ask for what they have. Each tag belongs to one body, and
neither a 304 nor rows are older than a second."""
import http.client
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, kSlow, run_test, users_definitions, wait_for

kTargets = ("/v1/user/info?user_id=10001", "/v1/user/list", "/v1/user/pages?pageSize=3")
kSeconds = 3
kBound = 1.0  # s: how long a worker goes by what it knows
kTolerance = 0.5 * kSlow


def users(generation):
    return "user_id,user_name,age\n" + "".join(f"{10001 + i},gen{generation},{generation}\n" for i in range(20))


def definitions(swap):
    objects = users_definitions()
    objects[4]["swap"] = swap
    one = {"name": "age", "column": "age", "type": "LONG", "required": False, "sample": 1}
    objects.append({**objects[5], "name": "All Users", "path": "/user/list", "result": "list", "request_parameters": [one]})
    objects.append({**objects[5], "name": "User Pages", "path": "/user/pages", "result": "page", "request_parameters": [one], "order_by": [{"column": "user_id"}],
                    "pagination": {"enabled": True, "default_size": 10, "max_size": 50}})
    return objects


def generation_of(body):
    data = json.loads(body)["data"]
    rows = data if isinstance(data, list) else data.get("rows", [data])
    names = {row["user_name"] for row in rows}
    return int(names.pop()[3:]) if len(names) == 1 else None


class Clients:
    """One for each target and thread, with a connection and what it has."""

    def __init__(self, p, conditional=True):
        self.conditional = conditional
        self.p, self.over, self.wrong = p, False, []
        self.bodies = {}       # by target and tag
        self.replaced_at = {}  # generation -> when the load that replaced it had ended
        self.counts = {200: 0, 304: 0, "untagged": 0}
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.ask, args=(target,)) for target in kTargets for _ in range(2)]

    def ask(self, target):
        link = http.client.HTTPConnection("127.0.0.1", self.p.gateway.port, timeout=20 * kSlow)
        tag, kept = None, None
        while not self.over:
            headers = {**bearer(self.p.key), **({"If-None-Match": tag} if tag and self.conditional else {})}
            begin = time.monotonic()
            link.request("GET", target, headers=headers)
            answer = link.getresponse()
            body, got = answer.read(), answer.headers.get("ETag")
            with self.lock:
                if answer.status not in (200, 304) or (answer.status == 304 and got != tag):
                    self.wrong.append((target, answer.status, body, got, tag))
                    continue
                self.counts[answer.status] += 1
                if answer.status == 200:
                    generation = generation_of(body)
                    if generation is None:
                        self.wrong.append((target, "mixed", body))
                    if got is None:
                        self.counts["untagged"] += 1
                    elif self.bodies.setdefault((target, got), body) != body:
                        self.wrong.append((target, "two bodies", got, body, self.bodies[target, got]))
                    tag, kept = got, generation
                replaced = self.replaced_at.get(kept)
                if replaced is not None and begin - replaced > kBound + kTolerance:
                    self.wrong.append((target, answer.status, f"generation {kept} was replaced {begin - replaced:.2f} s before"))

    def run(self, load):
        for thread in self.threads:
            thread.start()
        load(self)
        self.over = True
        for thread in self.threads:
            thread.join()


def test(t):
    for swap in ("rename", "pointer"):
        p = t.project().serve(definitions(swap), {"user_info": users(1)})
        clients = Clients(p)
        loads = []

        def load(running):
            end = time.monotonic() + kSeconds * kSlow
            generation = 1
            while time.monotonic() < end or generation < 5:
                generation += 1
                p.load("user_info", users(generation))
                running.replaced_at[generation - 1] = time.monotonic()
                loads.append(generation)
            wait_for(lambda: generation_of(p.get(kTargets[0]).body) == generation, 10 * kSlow, "the last generation")
            for target in kTargets:
                wait_for(lambda target=target: p.get(target).headers.get("etag"), 10 * kSlow, "its tag")

        clients.run(load)
        counts = clients.counts
        t.is_(clients.wrong[:5], [], f"{swap}: {len(loads)} loads, {counts[200]} times rows, {counts[304]} times 304")
        t.ok(counts[304] > 100 and counts[200] > len(loads), f"{swap}: clients were answered both", counts)
        t.ok(len({tag for _, tag in clients.bodies}) >= 3 * 3, f"{swap}: tags of many generations", len(clients.bodies))
        swaps_only(t, p, swap)
        p.stop()


def swaps_only(t, p, swap):
    """Two generations change places faster than loads can, while all clients read rows. Each time counts as another load."""
    first, second = (int(x) for x in p.postgres.psql("SELECT min(generation), max(generation) FROM tablegate.generation WHERE status IN ('current', 'previous')").split("|"))
    clients = Clients(p, conditional=False)
    clients.run(lambda _: p.postgres.psql(f"DO $$ BEGIN FOR i IN 1..80 LOOP PERFORM mirror_load.swap_generation('user_info', CASE i % 2 WHEN 0 THEN {second} ELSE {first} END);"
                                          " COMMIT; PERFORM pg_sleep(0.02 + random() * 0.03); END LOOP; END $$"))
    counts = clients.counts
    t.is_(clients.wrong[:5], [], f"{swap}: 80 swaps, {counts[200]} times rows, {counts['untagged']} without a tag")
    t.ok(counts[200] > 200 and len(clients.bodies) > 60, f"{swap}: {len(clients.bodies)} tags", counts)


run_test(test)
