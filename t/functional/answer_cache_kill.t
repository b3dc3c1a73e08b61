#!/usr/bin/env python3
"""Workers are killed again and again while they keep answers and give kept ones: no answer is wrong, the memory stays usable, and what is kept
survives."""
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, Client, kSlow, run_test, users_definitions, wait_for

kSeconds = float(os.environ.get("TABLEGATE_EXACT_SECONDS", "4"))
kUsers = 4000


def definitions():
    objects = users_definitions()
    least = {"name": "least", "column": "user_id", "type": "LONG", "operator": ">=", "sample": 10001}
    objects.append({**objects[5], "name": "Users From", "path": "/user/from", "result": "list", "request_parameters": [least], "order_by": [{"column": "user_id"}], "max_records": 300})
    return objects


class Caller(threading.Thread):
    def __init__(self, p, seed):
        super().__init__()
        self.p, self.random, self.over = p, random.Random(seed), False
        self.answers, self.lost, self.wrong = 0, 0, []

    def run(self):
        client = None
        while not self.over:
            first = 10001 + self.random.randrange(kUsers - 300)
            target, names = f"/v1/user/info?user_id={first}", [f"User{first}"]
            if self.random.random() < 0.3:
                target, names = f"/v1/user/from?least={first}", [f"User{number}" for number in range(first, first + 300)]
            try:
                client = client or Client(self.p.gateway.port, timeout=20 * kSlow)
                answer = client.request(target, headers=bearer(self.p.key))
            except OSError:  # its worker was killed
                client, self.lost = None, self.lost + 1
                continue
            self.answers += 1
            data = answer.json["data"]
            if answer.status != 200 or [row["user_name"] for row in (data if isinstance(data, list) else [data])] != names:
                self.wrong.append((target, answer))


def cache(p):
    return p.get("/status", Accept="application/json").json["cache"]


def test(t):
    p = t.project()
    p.serve(definitions(), {"user_info": "user_id,user_name,age\n" + "".join(f"{n},User{n},{n % 90}\n" for n in range(10001, 10001 + kUsers))},
            http="tablegate_cache_zone 4m;", server="location = /status { tablegate_status; }", access_log="access_log off;")
    callers = [Caller(p, seed) for seed in range(3)]
    for caller in callers:
        caller.start()
    kills, end = 0, time.monotonic() + kSeconds * kSlow
    chance = random.Random(1)
    while time.monotonic() < end:
        time.sleep(chance.random() * 0.08)
        workers = p.gateway.workers()
        if not workers:
            continue
        try:
            os.kill(chance.choice(workers), signal.SIGKILL)
            kills += 1
        except ProcessLookupError:
            continue
    for caller in callers:
        caller.over = True
    for caller in callers:
        caller.join()
    answers = sum(caller.answers for caller in callers)
    t.is_([one for caller in callers for one in caller.wrong][:3], [], f"{kills} workers killed: {answers} answers, none of them wrong")
    t.ok(kills > 10 and answers > 200, "there were kills and answers", kills, answers)
    wait_for(lambda: len(p.gateway.workers()) == 2, 10 * kSlow, "workers are there again")
    numbers = cache(p)
    t.ok(numbers["hits"] > 0 and 0 < numbers["bytes"] <= numbers["size"], "what was kept is still there", numbers)
    # All of it can still be written to: answers of 6 KiB fill it, and the last ones are hits.
    for least in range(10001, 10001 + 1200, 2):
        p.get(f"/v1/user/from?least={least}")
    numbers = cache(p)
    t.ok(numbers["bytes"] > numbers["size"] * 7 / 10 and numbers["evictions"] > 0, "all of the memory is in use", numbers)
    for least in range(11001, 11201, 2):
        p.get(f"/v1/user/from?least={least}")
    t.ok(cache(p)["hits"] - numbers["hits"] > 90, "and gives what was kept last", numbers, cache(p))
    t.allow("exited on signal 9")


run_test(test)
