#!/usr/bin/env python3
"""A walk by cursor while the table is loaded 20 times sees every row that is in all generations exactly once."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import collections
import threading
import urllib.parse

from tablegate_test import kAsan, run_test, users_definitions

kLoads = 4 if kAsan else 20
kRows = 400


def csv(generation):
    """Rows of all generations, and some that only this one has before, between and after them."""
    stable = [f"{10 * i},S,{(i * 7) % 50 if i % 6 else ''}" for i in range(1, kRows + 1)]
    own = [f"{10 * i + 1 + generation % 8},G{generation},{(i + generation) % 50}" for i in range(0, kRows, 5)]
    return "user_id,user_name,age\n" + "\n".join(stable + own) + "\n"


def api(name, path, **fields):
    return {"kind": "Api", "name": name, "business_process": "User Query Service", "path": path, "table": "user_info", "authentication": [],
            "request_parameters": [], "response_parameters": [{"name": "user_id"}, {"name": "user_name"}, {"name": "age"}],
            "pagination": {"default_size": 10}, **fields}


def walk(p, path):
    seen, generations, cursor = collections.Counter(), set(), {}
    while True:
        answer = p.get(f"{path}?{urllib.parse.urlencode({'pageSize': 7, **cursor})}", key="")
        data = answer.json["data"]
        if answer.status != 200:
            return answer, generations
        own = {row["user_name"] for row in data["rows"] if row["user_name"] != "S"}
        if len(own) > 1 or own - {f"G{data['generation'] - 1}"} or data["totalNum"] != kRows + kRows // 5:
            return answer, generations
        seen.update(row["user_id"] for row in data["rows"] if row["user_name"] == "S")
        generations.add(data["generation"])
        if data["nextCursor"] is None:
            return seen, generations
        cursor = {"cursor": data["nextCursor"]}


def test(t):
    p = t.project()
    table = {**users_definitions()[4], "indexes": [["age", "user_id"]]}
    p.serve(users_definitions()[:4] + [table, api("Users by Key", "/by/key"), api("Users by Age", "/by/age", order_by=[{"column": "age", "direction": "desc"}])], {"user_info": csv(0)})
    done = threading.Event()

    def load():
        for generation in range(1, kLoads + 1):
            p.load("user_info", csv(generation))
        done.set()

    thread = threading.Thread(target=load)
    thread.start()
    walks = met = 0
    wrong = []
    while not done.is_set():
        for path in ("/v1/by/key", "/v1/by/age"):
            seen, generations = walk(p, path)
            walks, met = walks + 1, max(met, len(generations))
            if seen != collections.Counter({10 * i: 1 for i in range(1, kRows + 1)}):
                wrong.append((path, seen))
    thread.join()
    t.ok(not wrong, f"{walks} walks saw each row of all generations once, with the total and the rows of one generation a page", *wrong[:1])
    t.ok(met > 1, f"a walk met up to {met} generations")


run_test(test)
