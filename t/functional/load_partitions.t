#!/usr/bin/env python3
"""Loads by partition: what changed in the source is fetched, the rest is taken over from the generation that serves, what is gone leaves;
never a mix for readers, and a rollback goes back to a whole table."""
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Held, kLoader, kSlow, run_test, wait_for
from tg_maxcompute_faults import data, session
from tg_mirror import project, rows, table
from tg_process import die_with_parent

kDdl = "CREATE TABLE days (a BIGINT, b STRING) PARTITIONED BY (ds STRING, hh TINYINT)"
kDays = {"ds=20260101,hh=1": [(1, "one"), (2, "two")], "ds=20260101,hh=02": [(3, "three")], "ds=it's \"2\",hh=1": [(4, "four")]}


class Days:
    """The table of the source, and what the mirror has of it."""

    def __init__(self, t, p, service):
        self.t, self.p, self.service = t, p, service

    def load(self, *options):
        self.asked = len(self.service.requests)
        return self.p.loader("table", "load", "days", "-o", "json", *options)

    def fetched(self):
        """Partitions whose sessions the last load opened."""
        return sorted(dict(request.query)["partition"] for request in self.service.requests[self.asked:] if session("days")(request))

    def has(self):
        return sorted((row["a"], row["b"], row["ds"], row["hh"]) for row in map(json.loads, rows(self.p, "days")))

    def source(self):
        found = []
        for name, part in self.service.tables["days"]["rows"].items():
            ds, hh = name.split(",")
            found += [(*row, ds[3:], int(hh[3:])) for row in part]
        return sorted(found)

    def same(self, result, name, fetched, **members):
        """The load worked, the mirror is as the source, and these were fetched."""
        self.t.ok(result.rc == 0 and all(result.json.get(key) == value for key, value in members.items()), name, result)
        self.t.is_((self.has(), self.fetched()), (self.source(), sorted(fetched)), f"{name}: as the source; fetched: {len(fetched)}")


def markers(t, p, service, days):
    """A list of partitions that begins anew says nothing of what is gone."""
    page, service.page = service.page, 1
    listed = lambda request: "partitions" in dict(request.query)  # noqa: E731
    service.fail(listed, lambda reply: setattr(reply, "body", re.sub(rb"<Marker>\d+", b"<Marker>1", reply.body)), 99)
    result = days.load("--all-partitions")
    t.ok(result.rc == 3 and "a list of partitions that repeats its marker" in result.stderr, "a marker that comes again: refused", result)
    t.is_(days.has(), days.source(), "and every partition stays")
    service.faults.clear()
    service.page = page


def whole(t, p, service, days):
    names = list(kDays)
    days.same(days.load("--all-partitions"), "a first load", names, generation=1, rows=4, carried=None)
    result = days.load("--all-partitions")
    days.same(result, "nothing changed: no new generation", [], generation=1, rows=4, unchanged=True)
    t.ok(not service.asked(lambda request: request in service.requests[days.asked:] and data()(request)), "and nothing is fetched")
    t.isnt(p.loader.json("table", "status", "days")[0]["checked_at"], None, "table status tells when that was")
    t.like(p.loader.must("table", "load", "days", "--all-partitions").stdout, "days: unchanged, generation 1, 4 rows", "for people")
    service.change_partition("days", names[0], [(1, "uno"), (5, "five")], 2)
    days.same(days.load("--all-partitions"), "one changed", names[:1], generation=2, rows=4, carried=2)
    t.is_(p.loader.json("table", "status", "days")[0]["source_time"], "1970-01-01T00:00:02Z", "its time is the newest of its partitions")
    service.change_partition("days", names[1], None, 2)
    days.same(days.load("--all-partitions"), "one is gone: it leaves", [], generation=3, rows=3, carried=3)
    service.change_partition("days", "ds=20260102,hh=1", [(6, "six")], 3)
    days.same(days.load("--all-partitions"), "one is new", ["ds=20260102,hh=1"], generation=4, rows=4, carried=3)
    p.loader.must("table", "rollback", "days")
    days.same(days.load("--all-partitions"), "after a rollback: what that one lacks", ["ds=20260102,hh=1"], generation=5, carried=3)
    service.change_partition("days", "ds=20260102,hh=1", [(6, "six!")], 0)
    days.same(days.load("--all-partitions"), "a time that is not told: fetched", ["ds=20260102,hh=1"], carried=3)
    days.same(days.load("--all-partitions"), "each time", ["ds=20260102,hh=1"], carried=3)
    service.change_partition("days", "ds=20260102,hh=1", [(6, "six!")], 4)
    days.same(days.load("--all-partitions"), "(told again)", ["ds=20260102,hh=1"])
    days.same(days.load("--all-partitions", "--full"), "--full: all of them", list(service.tables["days"]["rows"]), carried=None)


def just_changed(t, p, service, days):
    """Times are whole seconds: what changed a moment ago may have changed again since."""
    service.change_partition("days", "ds=20260102,hh=1", [(6, "now")], int(time.time()))
    days.same(days.load("--all-partitions"), "changed just now", ["ds=20260102,hh=1"])
    days.same(days.load("--all-partitions"), "fetched once more, at the same time", ["ds=20260102,hh=1"])
    service.change_partition("days", "ds=20260102,hh=1", [(6, "now")], int(time.time()) - 3600)
    days.same(days.load("--all-partitions"), "an hour ago", ["ds=20260102,hh=1"])
    t.is_(days.load("--all-partitions").json.get("unchanged"), True, "is remembered")


def killed(t, p, service, days):
    """A loader that dies right after the swap has left the partitions' times behind."""
    service.change_partition("days", "ds=20260102,hh=1", [(6, "killed")], 100)
    held = Held(p, "SELECT FROM tablegate.generation WHERE table_name = 'days' AND status = 'current' FOR UPDATE")
    process = subprocess.Popen([kLoader, "table", "load", "days", "--all-partitions"], cwd="/", env=p.loader.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, preexec_fn=die_with_parent(signal.SIGKILL))
    wait_for(lambda: days.has() == days.source(), 20 * kSlow, "the new generation serves", 0.05)
    process.kill()
    process.wait(10 * kSlow)
    held.release()
    wait_for(lambda: days.load("--all-partitions").json.get("unchanged"), 20 * kSlow, "the next load")
    t.is_((days.has(), days.fetched()), (days.source(), []), "killed right after the swap: the next load knows that nothing changed")


def some(t, p, service, days):
    names = list(service.tables["days"]["rows"])
    service.change_partition("days", names[0], [(1, "eins")], 5)
    service.change_partition("days", "ds=20260102,hh=1", [(6, "sechs"), (7, "sieben")], 5)
    before = days.has()
    days.load("--partition", "ds=20260102")
    t.is_(days.has(), sorted([row for row in before if row[2] != "20260102"] + [(6, "sechs", "20260102", 1), (7, "sieben", "20260102", 1)]),
          "--partition: these are replaced, others stay, changed or not")
    days.same(days.load("--all-partitions"), "which --all-partitions then knows", names[:1])
    t.is_(days.load("--all-partitions").json.get("unchanged"), True, "and all is as it is there")
    service.change_partition("days", "ds=20260103,hh=9", [(9, "nine")], 6)
    days.same(days.load("--partition", "ds=20260103,hh=9"), "--partition of a new one adds it", ["ds=20260103,hh=9"], carried=5 - 1)
    # The first key names all of its partitions, those as well that the source has no more, wherever their rows are from
    service.change_partition("days", "ds=20260103,hh=10", [(11, "eleven")], 6)
    days.same(days.load("--partition", "ds=20260103", "--partition", "ds=20260103,hh=10"), "two of a day", ["ds=20260103,hh=9", "ds=20260103,hh=10"])
    service.change_partition("days", "ds=20260103,hh=10", None, 6)
    days.same(days.load("--partition", "ds=20260103"), "--partition of a day: what is gone of it leaves", ["ds=20260103,hh=9"])
    result = days.load("--partition", "ds=20260103", "--partition", "ds=20260102,hh=1")
    t.ok(result.rc == 1 and "number of keys" in result.stderr, "by one key and by two: refused", result)
    path = p.file("days.csv", "a,b,ds,hh\n100,file,20260101,1\n101,file,20991231,1\n102,file,,\n")
    p.loader.must("table", "load", "days", "--from", f"csv:{path}")
    days.load("--partition", "ds=20260101,hh=1")
    t.is_([row for row in map(json.loads, rows(p, "days", "a"))],
          [{"a": 1, "b": "eins", "ds": "20260101", "hh": 1}, {"a": 101, "b": "file", "ds": "20991231", "hh": 1}, {"a": 102, "b": "file", "ds": None, "hh": None}],
          "rows from a file are told apart by the values of their keys")
    days.same(days.load("--all-partitions"), "and leave with a load of all", [name for name in service.tables["days"]["rows"] if name != "ds=20260101,hh=1"])


def refusals(t, p, service, days):
    serving = days.has()
    service.change_partition("days", "ds=20260104,hh=1", [(10, "ten"), (10, "again")], 7)
    result = days.load("--all-partitions")
    t.ok(result.rc == 1 and "not unique" in result.stderr and days.has() == serving, "a key twice in what comes", result)
    service.change_partition("days", "ds=20260104,hh=1", None, 7)
    for name in list(service.tables["days"]["rows"])[1:]:
        service.change_partition("days", name, None, 7)
    result = days.load("--all-partitions", "--max-shrink", "10")
    t.ok(result.rc == 1 and "--max-shrink" in result.stderr and days.has() == serving, "--max-shrink counts what is taken over", result)
    p.postgres.psql("DELETE FROM mirror.days WHERE hh = 1 AND a = 1")
    service.change_partition("days", "ds=20260105,hh=1", [(11, "eleven")], 8)
    result = days.load("--all-partitions")
    t.ok(result.rc == 1 and "--full" in result.stderr, "rows that went missing in the mirror are found: --full is suggested", result)
    days.same(days.load("--all-partitions", "--full"), "which fetches them", list(service.tables["days"]["rows"]))
    wider = kDdl.replace("b STRING", "b STRING, c STRING")
    service.tables["days"]["columns"].append(("c", "string"))
    for name, part in list(service.tables["days"]["rows"].items()):
        service.tables["days"]["rows"][name] = [(*row, "new") for row in part]
    p.apply([table("days", wider, primary_key=["ds", "hh", "a"])])
    result = days.load("--partition", "ds=20260105")
    t.ok(result.rc == 1 and "differ from the Table's" in result.stderr and "without that option" in result.stderr, "other columns now: --partition is refused", result)
    result = days.load("--all-partitions")
    t.ok(result.rc == 0 and days.fetched() == sorted(service.tables["days"]["rows"]), "and all are fetched", result)
    p.apply([table("days", wider, primary_key=["ds", "hh", "a"], indexes=[["a"]])])
    result = days.load("--all-partitions")
    t.ok(result.rc == 0 and "unchanged" not in result.json and days.fetched() == [], "another index: built anew from what is there", result)
    t.is_(p.postgres.psql("SELECT count(*) FROM pg_indexes WHERE schemaname = 'mirror' AND tablename = 'days'"), "2", "with that index")
    service.table("hours", "a:bigint", keys="ds:string", partitions={"ds=1": [(1,)], "ds=2": [(2,)]})
    p.apply([table("hours", "CREATE TABLE hours (a BIGINT)")])
    for part in ("ds=1", "ds=2"):
        p.loader.must("table", "load", "hours", "--partition", part)
        t.is_(rows(p, "hours"), [json.dumps({"a": int(part[3:])}, separators=(",", ":"))], "a Table without the keys holds the partitions that are named")


def defined(t, p, service):
    """`partition` of a Table: what a refresh takes."""
    service.table("parts", "a:bigint", keys="region:string,ds:string", partitions={f"region={r},ds={d}": [(i,)] for i, (r, d) in enumerate([("cn", 1), ("cn", 2), ("eu", 1)])})
    ddl = "CREATE TABLE parts (a BIGINT) PARTITIONED BY (region STRING, ds STRING)"

    def refreshed(partition):
        p.apply([table("parts", ddl, partition=partition, refresh="10s")])
        p.postgres.psql("UPDATE tablegate.generation SET started_at = started_at - interval '1 hour', checked_at = NULL WHERE table_name = 'parts'")
        log = p.loader.must("table", "watch", "parts", "--once", "--allow-source", f"maxcompute:{service.endpoint}").stdout
        return "exit status 0" in log, sorted(json.loads(row)["a"] for row in rows(p, "parts"))
    t.is_(refreshed("*"), (True, [0, 1, 2]), '"*": table watch takes all')
    t.is_(refreshed("region=cn"), (True, [0, 1]), "the first keys: those and no others")
    service.change_partition("parts", "region=cn,ds=2", [(20,), (21,)], 9)
    service.change_partition("parts", "region=cn,ds=1", None, 9)
    t.is_(refreshed("region=cn"), (True, [20, 21]), "which follow the source")
    t.is_(refreshed(["region=cn,ds=2", "region=eu"]), (True, [2, 20, 21]), "a list")
    t.is_(p.loader.json("table", "load", "parts").get("unchanged"), True, "table load takes the same")
    p.loader.must("table", "load", "parts", "--all-partitions")
    t.is_(len(rows(p, "parts")), 3, "the command line counts more than the definition")
    for partition, pointer in (("cn", "/partition"), ("region=", "/partition"), (["*", "region=cn"], "/partition/0"), (["=x"], "/partition/0"), ([], "/partition"), (5, "/partition")):
        result = p.loader("apply", "-f", p.definitions([table("parts", ddl, partition=partition)]))
        t.ok(result.rc == 1 and pointer in result.stderr, f"apply refuses {partition!r}", result)
    p.apply([{"kind": "DataSource", "name": "files", "type": "csv", "path": "x.csv"}])
    result = p.loader("apply", "-f", p.definitions([{**table("parts2", ddl, partition="*"), "data_source": "files"}]))
    t.ok(result.rc == 1 and "/partition" in result.stderr and "not of csv" in result.stderr, "and one of a table of files", result)
    p.apply([table("parts", ddl, partition="ds=1")])
    result = p.loader("table", "load", "parts")
    t.ok(result.rc == 1 and '"ds" where region is expected' in result.stderr, "a key that is not the first is refused by the load", result)


def rights(t, p, service):
    """A developer loads; the functions take names and values, and work for a load only."""
    p.postgres.add_person("dev", "tablegate_developer")
    env = {"TABLEGATE_CATALOG": p.postgres.dsn("dev")}
    service.change_partition("parts", "region=cn,ds=2", [(30,)], 10)
    for options in (("--all-partitions",), ("--partition", "region=eu"), ("--all-partitions", "--dry-run")):
        result = p.loader("table", "load", "parts", "-o", "json", *options, env=env)
        t.ok(result.rc == 0 and result.json["rows"] == 2, f"a developer loads {' '.join(options)}", result)
    p.postgres.psql("SELECT mirror_load.create_generation('days', 900, '[{\"name\":\"a\",\"sql_type\":\"bigint\"}]')")
    for sql, word in (("SELECT mirror_load.carry_over('days', 900, '[\"nope\"]', '[]', true)", "chosen by columns"),
                      ("SELECT mirror_load.carry_over('days', 900, '[\"a\"]', '{}', true)", "chosen by columns"),
                      ("SELECT mirror_load.carry_over('days', 901, '[\"a\"]', '[]', true)", "being loaded"),
                      ("SELECT mirror_load.carry_over('nothing', 1, '[\"a\"]', '[]', true)", "being loaded"),
                      ("SELECT mirror_load.carry_over('days; DROP', 1, '[\"a\"]', '[]', true)", "can have the name"),
                      ("SELECT mirror_load.carry_over_other_keys('days', 900, '[]')", "primary key"),
                      ("SELECT mirror_load.carry_over_other_keys('days', 900, '[\"a = new.a; --\"]')", "does not exist")):
        try:
            p.postgres.psql(sql)
            t.ok(False, f"refused: {sql}")
        except RuntimeError as error:
            t.ok(word in str(error), f"refused: {word}: {sql}", str(error))
    p.postgres.add_person("nobody")
    t.is_(p.postgres.psql("SELECT has_function_privilege('nobody', 'mirror_load.carry_over(text,bigint,json,json,boolean)', 'EXECUTE')"), "f", "not for everybody")


def test(t):
    p, service = project(t)
    service.table("days", "a:bigint,b:string", keys="ds:string,hh:tinyint", partitions={name: list(part) for name, part in kDays.items()})
    p.apply([table("days", kDdl, primary_key=["a"])])
    days = Days(t, p, service)
    whole(t, p, service, days)
    markers(t, p, service, days)
    for swap, relation in (("pointer", "days__g"), ("rename", "days")):
        p.apply([table("days", kDdl, primary_key=["a"], swap=swap)])
        result = days.load("--all-partitions")
        t.ok(result.rc == 0 and not result.json.get("unchanged"), f"swap {swap} counts from the next load on, whether the source changed or not", result)
        t.like(p.postgres.psql("SELECT relation FROM mirror.tablegate_tables"), f"^{relation}", "and names the relation")
        t.is_(days.load("--all-partitions").json.get("unchanged"), True, "once")
    just_changed(t, p, service, days)
    killed(t, p, service, days)
    p.apply([table("days", kDdl)])
    some(t, p, service, days)
    p.apply([table("days", kDdl, primary_key=["ds", "hh", "a"])])
    t.is_(days.load("--all-partitions").rc, 0, "(a key)")
    refusals(t, p, service, days)
    defined(t, p, service)
    rights(t, p, service)


run_test(test)
