#!/usr/bin/env python3
"""A script that joins two tables reads one generation of each, under loads of both in both ways to swap, and its answer has the time of the older
one."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from email.utils import parsedate_to_datetime

from tablegate_test import Load, kSlow, run_test, users_definitions, wait_for

kRows = 40
kPath = "/v1/pairs?least=0"
kScript = ("SELECT min(u.age) AS first_user, max(u.age) AS last_user, min(p.age) AS first_place, max(p.age) AS last_place, count(*) AS pairs\n"
           "FROM user_info u JOIN places p ON p.place_id = u.user_id WHERE u.user_id >= ${least}")


def rows(key, generation):
    """Each row names its generation."""
    return f"{key},user_name,age\n" + "".join(f"{i},x,{generation}\n" for i in range(kRows))


def definitions(swap):
    objects = users_definitions()[:-1]
    places = {**objects[4], "name": "places", "primary_key": ["place_id"], "ddl": "CREATE TABLE places (place_id BIGINT, user_name STRING, age BIGINT);"}
    objects[4:] = [{**table, "swap": swap} for table in (objects[4], places)]
    return objects + [{"kind": "Api", "name": "Pairs", "business_process": "User Query Service", "path": "/pairs", "mode": "script", "data_source": "odps_demo",
                       "sql": kScript, "authentication": [], "result": "object", "request_parameters": [{"name": "least", "type": "LONG", "sample": 0}]}]


def swaps(t, p, swap, generations):
    p.apply(definitions(swap))
    seen, wrong = set(), []

    def check(answer):
        row = answer.json["data"]
        if row["pairs"] != kRows or row["first_user"] != row["last_user"] or row["first_place"] != row["last_place"]:
            wrong.append(row)
        seen.add((row["first_user"], row["first_place"]))
        return True

    with Load(p.gateway.port, kPath, threads=4, seconds=60 * kSlow, check=check) as load:
        for generation in generations:
            p.load("user_info", rows("user_id", generation))
            wait_for(lambda g=generation: (g, g - 1) in seen or (g, g) in seen, 20 * kSlow, "the first table's rows are seen")
            p.load("places", rows("place_id", generation))
            wait_for(lambda g=generation: (g, g) in seen, 20 * kSlow, "both tables' rows are seen")
    t.is_((wrong, load.failures, set(load.statuses)), ([], [], {200}), f"{swap}: {load.answered} answers, each of one generation of each table")
    t.ok((generations[0], generations[0] - 1) in seen, f"{swap}: a swap of one of them is seen by the next statement", seen)
    t.unlike(p.gateway.log(), r"\[error\]", f"{swap}: no error in the log")


def modified(t, p):
    def times():
        return dict(line.split("|") for line in p.postgres.psql("SELECT table_name, floor(extract(epoch FROM coalesce(source_time, loaded_at)))::bigint FROM mirror.tablegate_tables").splitlines())

    p.postgres.psql("UPDATE mirror.tablegate_tables SET source_time = '2026-01-31 08:00:00+00' WHERE table_name = 'places'")
    wait_for(lambda: p.get(kPath, key="").headers.get("last-modified") == "Sat, 31 Jan 2026 08:00:00 GMT", 20 * kSlow, "the older table's time")
    t.ok(int(times()["user_info"]) > int(times()["places"]), "Last-Modified is that of the older table", times())
    stamps = {p.get(kPath, key="").headers.get("last-modified") for _ in range(10)}
    wait_for(lambda: {p.get(kPath, key="").headers.get("last-modified") for _ in range(10)} == {"Sat, 31 Jan 2026 08:00:00 GMT"}, 20 * kSlow, "on both workers")
    t.ok(all(parsedate_to_datetime(stamp).timestamp() <= int(times()["user_info"]) for stamp in stamps if stamp), "and never that of the newer one", stamps)


def test(t):
    p = t.project()
    p.serve(definitions("rename"), {"user_info": rows("user_id", 1), "places": rows("place_id", 1)})
    swaps(t, p, "rename", (2, 3))
    swaps(t, p, "pointer", (4, 5))
    modified(t, p)


run_test(test)
