#!/usr/bin/env python3
"""`table watch`: refreshes on schedule, made up when missed, retried when they fail, one at a time per table, also if a watcher dies."""
import copy
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions, wait_for, kSlow
from tg_process import children, is_alive
from tg_settings import kLoader

kSource, kTable = 3, 4  # places in users_definitions()


def definitions(p, refresh, **table):
    objects = copy.deepcopy(users_definitions())
    objects[kSource]["path"] = os.path.join(p.folder, "users.csv")
    objects[kTable].update(refresh=refresh, **table)
    return objects


def endless(p, refresh):
    """From a source that does not end."""
    objects = definitions(p, refresh)
    objects[kTable].update(data_source="slow", source_query="SELECT 10001 AS user_id, 'Alice' AS user_name, 25 AS age FROM pg_sleep(600)")
    return [*objects[:kTable], {"kind": "DataSource", "name": "slow", "type": "postgresql", "dsn": p.postgres.dsn()}, *objects[kTable:]]


def every_second(p, objects):
    """More often than a definition may say, so that the test need not wait."""
    p.apply(objects)
    p.postgres.psql("UPDATE tablegate.mirror_table SET refresh_schedule = '1s' WHERE name = 'user_info'")


class Watcher:
    """A `table watch` in the background."""

    def __init__(self, p, *options):
        self.path = os.path.join(p.folder, f"watch{len(os.listdir(p.folder))}.log")
        with open(self.path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([kLoader, "table", "watch", "--jitter", "0", *options], cwd="/", env=p.loader.env, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)

    def log(self):
        with open(self.path, encoding="utf-8") as log:
            return log.read()

    def wait(self, text, count=1):
        wait_for(lambda: self.log().count(text) >= count, 30 * kSlow, f"{count} times {text!r} in the log of table watch")

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(20 * kSlow)


def generations(p):
    return [(item["status"], item["rows"]) for item in p.loader.json("table", "status", "user_info")]


def refusals(t, p):
    for refresh, pointer, word in (("often", "/4/refresh", "interval"), ("0 25 * * *", "/4/refresh", "hour"), ("0 0 31 2 *", "/4/refresh", "never"),
                                   ({"schedule": "1h", "time_zone": "Mars/Base"}, "/4/refresh/time_zone", "Mars"), ({"time_zone": "UTC"}, "/4/refresh", "schedule"),
                                   (5, "/4/refresh", "string"), ("9s", "/4/refresh", "is an interval of 9 s, the shortest is 10s"),
                                   ({"schedule": "1s"}, "/4/refresh/schedule", "the shortest is 10s")):
        result = p.loader("apply", "-f", p.definitions(definitions(p, refresh)))
        t.ok(result.rc == 1 and pointer in result.stderr and word in result.stderr, f"refused: {refresh}", result)
    p.apply(definitions(p, "1h"))
    result = p.loader("table", "watch", "nothing")
    t.ok(result.rc == 1 and "nothing" in result.stderr, "a table that is not defined", result)
    p.loader.must("apply", "-f", "-", input='{"kind":"Table","name":"still","data_source":"odps_demo","ddl":"CREATE TABLE still (a BIGINT);"}')
    result = p.loader("table", "watch", "still")
    t.ok(result.rc == 1 and "no refresh" in result.stderr, "a table without refresh", result)


def once(t, p):
    result = p.loader("table", "watch", "--once")
    t.ok(result.rc == 1 and "user_info: exit status 3" in result.stdout, "--once: the file is not there, exit 1", result)
    p.file("users.csv", "10001,Alice,25\n")
    result = p.loader("table", "watch", "--once")
    t.ok(result.rc == 0 and "user_info: exit status 0" in result.stdout, "due since it was never loaded: loaded", result)
    result = p.loader("table", "watch", "--once")
    t.ok(result.rc == 0 and "load started" not in result.stdout, "not due for an hour", result)
    p.apply(definitions(p, {"schedule": "0 3 * * *", "time_zone": "Asia/Kathmandu"}))
    result = p.loader("table", "watch", "--once")
    t.ok(result.rc == 0 and ":15:00Z" in result.stdout and "load started" not in result.stdout, "a cron expression in its own zone: 03:00 there is 21:15 UTC", result)
    result = p.loader("table", "watch", "--once", env={"TZDIR": "/nonexistent"})
    t.ok(result.rc == 1 and "Asia/Kathmandu, which this host does not know" in result.stdout and "tzdata" in result.stdout and "next at" not in result.stdout,
         "a host that does not know the zone (no tzdata): rejected, it would be UTC", result)


def running(t, p):
    every_second(p, definitions(p, "10s"))
    watcher = Watcher(p, "--retry-pause", "1")
    watcher.wait("exit status 0", 2)
    os.rename(os.path.join(p.folder, "users.csv"), os.path.join(p.folder, "away.csv"))
    watcher.wait("exit status 3", 2)
    t.like(watcher.log(), r"again at \S+Z \(1 of 3\)", "a failure is tried again")
    serving = [status for status, _ in generations(p)].count("current")
    t.is_(serving, 1, "and the generation before serves on")
    p.file("users.csv", "10001,Alice,25\n10002,Bob,30\n")
    before = watcher.log().count("exit status 0")
    watcher.wait("exit status 0", before + 1)
    t.ok(("current", 2) in generations(p), "the new rows came by themselves", generations(p))
    p.postgres.restart()
    watcher.wait("the catalog is not available")
    watcher.wait("the catalog is back")
    before = watcher.log().count("exit status 0")
    watcher.wait("exit status 0", before + 1)
    t.ok(True, "an outage of the catalog is outlived")
    return watcher


def two(t, p, first):
    second = Watcher(p)
    wait_for(lambda: is_alive(second.process.pid), 5 * kSlow, "the second watcher")
    before = first.log().count("exit status 0")
    first.wait("exit status 0", before + 2)
    t.unlike(second.log(), "load started", "a table is one watcher's")
    t.is_(first.end(), 0, "SIGTERM ends a watch: exit 0")
    second.wait("exit status 0")
    t.ok(True, "and the other takes its tables over")
    return second


def ending(t, p, watcher):
    """A watch that ends takes its loads with it; what they leave, the next one clears."""
    watcher.end()
    every_second(p, endless(p, "10s"))
    watcher = Watcher(p)
    watcher.wait("load started")
    loads = wait_for(lambda: children(watcher.process.pid), 10 * kSlow, "the load's process")
    t.is_(watcher.end(), 0, "SIGTERM while a load runs")
    t.ok(not any(is_alive(pid) for pid in loads), "the load is gone", loads)
    t.like(watcher.log(), "user_info: load stopped", "and said so")
    every_second(p, definitions(p, "10s"))
    t.is_(p.loader("table", "watch", "--once").rc, 0, "the next load clears what it left")
    t.is_([status for status, _ in generations(p)].count("loading"), 0, "nothing is loading any more")


def age(p):
    """As if the last load had been the day before yesterday."""
    p.postgres.psql("UPDATE tablegate.generation SET started_at = started_at - interval '2 days', finished_at = finished_at - interval '2 days', checked_at = NULL")


def made_up(t, p):
    """A time whose load died or failed was missed: a day is too long for the next one to hide it."""
    p.apply(endless(p, "@daily"))
    age(p)
    watcher = Watcher(p)
    wait_for(lambda: "loading" in [status for status, _ in generations(p)], 20 * kSlow, "the load runs")
    t.is_(watcher.end(), 0, "a restart while a daily load runs")
    p.apply(definitions(p, "@daily"))
    watcher = Watcher(p)
    watcher.wait("user_info: exit status 0")
    t.is_(watcher.end(), 0, "the watch that comes next makes it up")
    result = p.loader("table", "watch", "--once")
    t.ok(result.rc == 0 and "load started" not in result.stdout, "once", result)
    age(p)
    p.file("users.csv", "10001,Alice,x\n")
    result = p.loader("table", "watch", "--once")
    t.ok(result.rc == 1 and "exit status 1" in result.stdout, "--once by a timer: a bad row", result)
    result = p.loader("table", "watch", "--once")
    t.is_(result.stdout.count("load started"), 1, "it stays due: tried once by each run") or t.diag(result)
    p.file("users.csv", "10001,Alice,25\n")
    result = p.loader("table", "watch", "--once")
    t.ok(result.rc == 0 and "exit status 0" in result.stdout, "repaired: made up by the next run", result)
    result = p.loader("table", "watch", "--once")
    t.ok(result.rc == 0 and "load started" not in result.stdout, "and tomorrow again", result)


def unread_log(t, p):
    """Nobody reads the log any more: the watch may end of it, its load must not live on."""
    every_second(p, endless(p, "10s"))
    with subprocess.Popen([kLoader, "table", "watch", "--jitter", "0"], cwd="/", env=p.loader.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as watch:
        while b"load started" not in watch.stdout.readline():
            pass
        loads = wait_for(lambda: children(watch.pid), 10 * kSlow, "the load's process")
        watch.stdout.close()
        watch.terminate()
        watch.wait(20 * kSlow)
    t.ok(loads and not any(is_alive(pid) for pid in loads), "SIGTERM of a watch whose log nobody reads: its load is gone, too", loads)
    p.apply(definitions(p, "1h"))


def silent_catalog(t, p):
    """A catalog that takes connections and says nothing."""
    p.apply(definitions(p, "1h"))
    watcher = Watcher(p)
    watcher.wait("next at")
    p.postgres.signal_all(signal.SIGSTOP)
    try:
        watcher.wait("did not answer within 10000 ms")
        t.is_(watcher.end(), 0, "a catalog that is silent counts as lost, and SIGTERM ends the watch")
    finally:
        p.postgres.signal_all(signal.SIGCONT)


def kept(t, p):
    p.file("users.csv", "10001,Alice,25\n")
    p.apply(definitions(p, "1h"))
    for _ in range(3):
        age(p)
        result = p.loader("table", "watch", "--once", "--keep", "3")
        t.ok(result.rc == 0 and "exit status 0" in result.stdout, "table watch --keep 3", result)
    t.is_([status for status, _ in generations(p)][:3], ["current", "previous", "previous"], "its loads keep as many generations")


def history(t, p):
    p.postgres.psql("INSERT INTO tablegate.generation (table_name, generation, status, row_count, source, columns, finished_at)"
                    " SELECT 'user_info', n, CASE WHEN n % 2 = 0 THEN 'pruned' ELSE 'failed' END, 1, 'old', '[]', now() FROM generate_series(1000, 2999) n")
    p.load("user_info", "user_id,user_name,age\n10001,Alice,25\n")
    t.is_(p.postgres.psql("SELECT count(*) FILTER (WHERE status IN ('pruned', 'failed')) BETWEEN 200 AND 201, max(generation), count(*) FILTER (WHERE status = 'current')"
                          " FROM tablegate.generation"), "t|3000|1", "of generations that are no more the latest 200 are remembered")


def test(t):
    p = t.project()
    p.init()
    p.file("sources", f"csv:{p.folder}\npostgresql:{p.postgres.socket}\n")
    refusals(t, p)
    once(t, p)
    ending(t, p, two(t, p, running(t, p)))
    made_up(t, p)
    unread_log(t, p)
    silent_catalog(t, p)
    history(t, p)
    kept(t, p)


run_test(test)
