#!/usr/bin/env python3
"""The age of a table: the time of its source (a file's, MaxCompute's LastModifiedTime) and its age, in `table status`."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kUsersCsv, run_test
from tg_mirror import project

kTime = 1700000000  # 2023-11-14T22:13:20Z
kText = "2023-11-14T22:13:20Z"


def current(p, name="user_info"):
    return next(item for item in p.loader.json("table", "status", name) if item["status"] == "current")


def test(t):
    p, service = project(t)
    service.modified = kTime
    p.loader.must("table", "load", "user_info")
    t.is_((current(p)["source_time"], current(p)["rows"]), (kText, 2), "MaxCompute's LastModifiedTime")
    path = p.file("users.csv", kUsersCsv)
    os.utime(path, (kTime + 3600, kTime + 3600))
    p.loader.must("table", "load", "user_info", "--from", f"csv:{path}")
    t.is_(current(p)["source_time"], "2023-11-14T23:13:20Z", "a CSV file's time")
    p.loader.must("table", "load", "user_info", "--from", "csv:-", input=kUsersCsv)
    t.is_((current(p)["source_time"], current(p)["checked_at"]), (None, None), "standard input has none")
    seed = p.file("users.sql", "INSERT INTO user_info VALUES (1, 'a', 2);")
    os.utime(seed, (kTime, kTime))
    p.loader.must("table", "load", "user_info", "--from", f"sql:{seed}")
    t.is_(current(p)["source_time"], kText, "a seed file's time")
    p.postgres.psql("UPDATE tablegate.generation SET finished_at = finished_at - interval '2 hours' WHERE status = 'current'")
    t.ok(7200 <= current(p)["age_seconds"] < 7200 + 600, "the age counts from the load", current(p))
    lines = p.loader.must("table", "status", "user_info").stdout.splitlines()
    t.ok("SOURCE TIME" in lines[0] and kText in lines[1] and "02:00:" in lines[1], "and all of it in the table for people", *lines)
    p.loader.must("table", "rollback", "user_info")
    t.is_(current(p)["source_time"], None, "after a rollback it is that of the generation which serves")


run_test(test)
