#!/usr/bin/env python3
"""Tables from MaxCompute: the tutorial's path, every type, partitions, views, three-level projects, signatures, credentials; against a
stand-in that encodes and verifies by itself."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test
from tg_maxcompute import MaxCompute
from tg_maxcompute_faults import data, description, session
from tg_mirror import credentials_file, definitions, environment, kUserColumns, kUsers, project, rows, source, table

kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
kTypes = [("t", "tinyint"), ("s", "smallint"), ("i", "int"), ("b", "bigint"), ("f", "float"), ("d", "double"), ("n", "decimal(38,18)"), ("z", "boolean"),
          ("x", "string"), ("v", "varchar(10)"), ("c", "char(5)"), ("y", "binary"), ("day", "date"), ("dt", "datetime"), ("ts", "timestamp"),
          ("tn", "timestamp_ntz"), ("j", "json"), ("a", "array<string>"), ("m", "map<string,array<bigint>>"),
          ("st", "struct<a:int,b:decimal(10,2),c:array<date>>"), ("it", "interval_day_time"), ("iy", "interval_year_month")]
kTypeRows = [
    (-128, 32767, -2147483648, 9223372036854775807, 1.5, -0.1, "12345678901234567890.123456789012345678", True, "a\tb\\N\n'ü", "vär", "ab   ", b"\0\xff\\",
     17481, 1510329600123, (1510329600, 123456789), (-1, 999999999), '{"k": [1, null]}', ["x", None, ""], [("k", [1, None]), ("l", None)],
     (11, "1.50", [0, None]), (90061, 500000000), 14),
    (None,) * 22,
    (127, -32768, 2147483647, -9223372036854775807, float("-inf"), float("nan"), "-0.5", False, "", "", "", b"", -1, -1, (0, 0), (0, 0), "null", [], [], (None, None, None),
     (-2, 500000000), -14),
]
kTypeJson = [
    {"t": -128, "s": 32767, "i": -2147483648, "b": 9223372036854775807, "f": 1.5, "d": -0.1, "n": 12345678901234567890.123456789012345678, "z": True,
     "x": "a\tb\\N\n'ü", "v": "vär", "c": "ab", "y": "\\x00ff5c", "day": "2017-11-11", "dt": "2017-11-10T16:00:00.123+00:00",
     "ts": "2017-11-10T16:00:00.123456+00:00", "tn": "1969-12-31T23:59:59.999999", "j": {"k": [1, None]}, "a": ["x", None, ""], "m": {"k": [1, None], "l": None},
     "st": {"a": 11, "b": 1.50, "c": ["1970-01-01", None]}, "it": "25:01:01.5", "iy": "1 year 2 mons"},
    {name: None for name, _ in kTypes},
    {"t": 127, "s": -32768, "i": 2147483647, "b": -9223372036854775807, "f": "-Infinity", "d": "NaN", "n": -0.5, "z": False, "x": "", "v": "", "c": "", "y": "\\x",
     "day": "1969-12-31", "dt": "1969-12-31T23:59:59.999+00:00", "ts": "1970-01-01T00:00:00+00:00", "tn": "1970-01-01T00:00:00", "j": None, "a": [], "m": {},
     "st": {"a": None, "b": None, "c": None}, "it": "-00:00:01.5", "iy": "-1 years -2 mons"},
]


def load(p, name="user_info", *options, **more):
    return p.loader("table", "load", name, "-o", "json", *options, **more)


def tutorial(t, p, service):
    result = load(p)
    t.ok(result.rc == 0 and result.json == {"name": "user_info", "generation": 1, "rows": 2}, "the tutorial's table loads from its data source", result)
    p.publish("Query User by User ID")
    p.key = p.add_key()
    p.sync()
    p.gateway.set()
    p.gateway.start()
    t.is_(p.get("/v1/user/info?user_id=10001").body, kAlice, "and the tutorial's call answers")
    t.is_(p.postgres.psql("SELECT source FROM tablegate.generation WHERE generation = 1"), "maxcompute:demo.user_info", "the generation tells where from")
    for matches in (description("user_info"), session("user_info"), data("user_info")):
        t.ok(service.asked(matches), f"asked for: {service.asked(matches)[:1]}")
    result = load(p, "user_info", "--from", "maxcompute:", "--compression", "none")
    t.ok(result.rc == 0 and "accept-encoding" not in service.asked(data())[-1].headers, "--from maxcompute: --compression none", result)
    for name, header in (("zlib", "deflate"), ("zstd", "zstd")):
        result = load(p, "user_info", "--compression", name)
        t.ok(result.rc == 0 and service.asked(data())[-1].headers["accept-encoding"] == header, f"--compression {name}", result)


def types(t, p, service):
    service.table("every_type", kTypes, kTypeRows)
    result = load(p, "every_type")
    t.ok(result.rc == 0 and result.json["rows"] == 3, "every type loads", result)
    found = rows(p, "every_type", "z DESC NULLS LAST")
    found = [json.loads(found[0]), json.loads(found[2]), json.loads(found[1])]
    for row, wanted, name in zip(found, kTypeJson, ("values", "nulls", "edges")):
        t.is_(row, wanted, f"every type: {name}")
    t.is_(p.postgres.psql("SELECT n FROM mirror.every_type WHERE t = -128"), "12345678901234567890.123456789012345678", "all digits of a decimal")
    t.is_(p.postgres.psql("SELECT time_zone FROM tablegate.mirror_table WHERE name = 'every_type'"), "Asia/Shanghai", "times are shown in MaxCompute's usual zone")
    t.is_(service.asked(data("every_type"))[-1].query[-1], ("curr_project", "demo"), "all columns: none is named")


def columns(t, p, service):
    service.table("wide", "a:bigint,secret:string,c:int,other:geography", [(1, "s", 2, b"")])
    p.apply([table("wide", "CREATE TABLE wide (c BIGINT, a BIGINT)")])
    result = load(p, "wide")
    t.ok(result.rc == 0 and rows(p, "wide") == ['{"c":2,"a":1}'], "only the columns of the ddl, wider where it says so", result)
    t.is_(dict(service.asked(data("wide"))[-1].query)["columns"], "a,c", "asked for by name, in the source's order")
    for ddl, words in (("CREATE TABLE wide (a INT)", ('column "a" is bigint in the source', "integer")), ("CREATE TABLE wide (a STRING)", ('"a"', "text")),
                       ("CREATE TABLE wide (nope STRING)", ('no column "nope"',)), ("CREATE TABLE wide (other STRING)", ('"other"', "geography is not supported yet"))):
        p.apply([table("wide", ddl)])
        result = load(p, "wide")
        t.ok(result.rc == 1 and all(word in result.stderr for word in words), f"refused by column: {ddl}", result)
    service.table("bad_text", "a:bigint,b:string", [(1, "fine"), (2, b"\xff")])
    p.apply([table("bad_text", "CREATE TABLE bad_text (a BIGINT, b STRING)")])
    result = load(p, "bad_text")
    t.ok(result.rc == 1 and 'bad_text, record 2, column "b": is not UTF-8' in result.stderr, "a text that is none is refused by record and column", result)
    service.table("user_info", kUserColumns, [(1, "a", 1), (1, "b", 2)])
    result = load(p)
    t.ok(result.rc == 1 and "not unique" in result.stderr and "keeps serving" in result.stderr, "a key that comes twice", result)
    service.table("user_info", kUserColumns, [(None, "a", 1)])
    result = load(p)
    t.ok(result.rc == 1 and 'column "user_id"' in result.stderr and "NOT NULL" in result.stderr, "NULL in the key", result)
    service.table("user_info", kUserColumns, [])
    result = load(p)
    t.ok(result.rc == 1 and "0 rows arrived" in result.stderr, "nothing where there were rows", result)
    service.table("user_info", kUserColumns, kUsers)


def partitions(t, p, service):
    service.table("days", "a:bigint", keys="ds:string,hh:tinyint",
                  partitions={"ds=20260101,hh=1": [(1,), (2,)], "ds=20260101,hh=2": [], "ds=2026 01+02&x,hh=1": [(3,)], "ds=20260103,hh=1": [(4,)]})
    p.apply([table("days", "CREATE TABLE days (a BIGINT) PARTITIONED BY (ds STRING, hh TINYINT)", primary_key=["ds", "hh", "a"])])

    def loaded(*options):
        result = load(p, "days", *options)
        return sorted((json.loads(row)["a"], json.loads(row)["ds"], json.loads(row)["hh"]) for row in rows(p, "days")) if result.rc == 0 else result

    whole = [(1, "20260101", 1), (2, "20260101", 1), (3, "2026 01+02&x", 1), (4, "20260103", 1)]
    t.is_(loaded("--all-partitions"), whole, "--all-partitions: values of the keys come last, any characters in them")
    t.is_(loaded("--full", "--partition", "ds=20260101,hh=1"), whole[:2], "--partition with all keys (--full: and no others)")
    t.is_(loaded("--full", "--partition", "ds='20260101'"), whole[:2], "with the first ones: all below")
    t.is_(loaded("--full", "--partition", "ds=20260101/hh=1", "--partition", "ds=20260103", "--partition", "ds=20260103,hh=1"), whole[:2] + whole[3:], "several, none twice")
    for options, words in (((), ("partitioned by ds, hh", "--all-partitions")), (("--partition", "hh=1"), ("order",)), (("--partition", "ds"), ("NAME=VALUE",)),
                           (("--partition", "ds=1,hh=1,x=2"), ('no partition key "x"',)), (("--partition", "ds=nope"), ("no partition ds=nope",)),
                           (("--partition", "ds=nope,hh=1"), ("NoSuchPartition",))):
        result = load(p, "days", *options)
        t.ok(result.rc == 1 and all(word in result.stderr for word in words), f"refused: {' '.join(options) or 'no partition named'}", result)
    t.is_(load(p, "days", "--all-partitions", "--partition", "ds=1").rc, 2, "--all-partitions and --partition exclude each other")
    result = load(p, "user_info", "--all-partitions")
    t.ok(result.rc == 1 and "has no partitions" in result.stderr, "a table without partitions", result)


def views(t, p, service):
    service.table("adults", kUserColumns, kUsers, kind="VIRTUAL_VIEW")
    p.apply([table("adults", "CREATE TABLE adults (age BIGINT, user_id BIGINT)")])
    result = load(p, "adults")
    t.ok(result.rc == 0 and rows(p, "adults") == ['{"age":25,"user_id":10001}', '{"age":30,"user_id":10002}'], "a view is read by a query", result)
    t.is_([instance["sql"] for instance in service.instances.values()], ["SELECT `user_id`, `age` FROM `demo`.`adults`;"], "of its columns")
    service.tables["adults"]["query"] = "fails"
    result = load(p, "adults")
    t.ok(result.rc == 1 and "ODPS-0130131" in result.stderr, "a query that fails: the service's words", result)


def ranges(t, p, service):
    """Enough rows for several ranges at once."""
    service.table("many", "a:bigint", [(number,) for number in range(45000)])
    p.apply([table("many", "CREATE TABLE many (a BIGINT)", primary_key=["a"])])
    service.metrics, service.initiating = True, 3
    result = load(p, "many", "--jobs", "3")
    service.metrics, service.initiating = False, 0
    t.ok(result.rc == 0 and p.postgres.psql("SELECT count(*), sum(a) FROM mirror.many") == "45000|1012477500", "45000 rows in ranges, each once", result)
    asked = sorted(dict(request.query)["rowrange"] for request in service.asked(data("many")))
    t.is_(asked, ["(0,10000)", "(10000,10000)", "(20000,10000)", "(30000,10000)", "(40000,5000)"], "the ranges")
    t.ok(2 <= service.most_active <= 3, f"at most --jobs at the same time ({service.most_active})")


def signing(t, p, service):
    for region, knows, name in (("cn-shanghai", True, "V4"), ("cn-shanghai", False, "V2 where V4 is not known")):
        service.region, service.knows_v4 = region, knows
        p.apply(definitions(service, region=region))
        result = load(p)
        t.is_(result.rc, 0, f"a region: signed with {name}") or t.diag(result)
        t.is_("aliyun_v4_request" in service.requests[-1].headers["authorization"], knows, "as the header says")
    service.region, service.knows_v4 = None, True
    p.apply([source(service, tunnel_endpoint=f"http://{service.tunnel_host}", quota="q1")])
    before = len(service.requests)
    result = load(p)
    t.ok(result.rc == 0 and not [x for x in service.requests[before:] if x.path.endswith("/tunnel")], "a tunnel_endpoint: nobody is asked for it", result)
    t.is_(dict(service.requests[-1].query).get("quotaName"), "q1", "the quota is named")
    p.apply([source(service, schema="sch")])
    result = load(p)
    t.ok(result.rc == 0 and service.requests[-1].path == "/projects/demo/schemas/sch/tables/user_info", "a schema: three-level paths of the tunnel", result)
    meta = [dict(request.query) for request in service.asked(description("user_info")) if "downloadid" not in dict(request.query)]
    t.is_(meta[-1].get("curr_schema"), "sch", "and a schema beside the table's name")
    p.apply([source(service)])


def credentials(t, p, service):
    none = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ""}
    result = load(p, env=none)
    t.ok(result.rc == 1 and "ALIBABA_CLOUD_ACCESS_KEY_ID" in result.stderr, "no credentials: told which", result)
    t.is_(load(p, "user_info", "--credentials", credentials_file(p, service.access), env=none).rc, 0, "--credentials FILE of odpscmd's form")
    result = load(p, "user_info", "--credentials", credentials_file(p, service.access, "open.ini", 0o640))
    t.ok(result.rc == 1 and "chmod 600" in result.stderr, "a file that others can read", result)
    t.is_(load(p, "user_info", "--credentials", "/nonexistent").rc, 3, "a file that is not there: exit 3")
    result = load(p, env={"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "wrong-one-of-mine"})
    t.ok(result.rc == 1 and "Unauthorized" in result.stderr and "req1" in result.stderr, "a wrong secret: the service's words and its request id", result)
    t.ok("wrong-one-of-mine" not in result.stderr + result.stdout, "which hold no secret of ours")
    service.access = (service.access[0], "wrong-one-of-mine")  # what it says when it refuses names its own secret
    result = load(p, env={"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "wrong-one-of-mine"})
    t.is_(result.rc, 0, "(the other one)")
    service.token = "sts-token-1"
    result = load(p, env={"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "wrong-one-of-mine", "ALIBABA_CLOUD_SECURITY_TOKEN": "sts-token-1"})
    t.is_(result.rc, 0, "temporary credentials: with their token") or t.diag(result)
    path = credentials_file(p, service.access, "sts.ini", token="sts-token-0")

    def renew(_reply):
        credentials_file(p, service.access, "sts.ini", token="sts-token-1")
    service.token = "sts-token-0"
    service.fail(session("user_info"), lambda reply: (renew(reply), setattr(service, "token", "sts-token-1")))
    result = load(p, "user_info", "--credentials", path)
    t.is_(result.rc, 0, "renewed while a load runs: the file is read again") or t.diag(result)
    refreshes(t, p, service)
    service.token, service.access = None, (service.access[0], p.secrets[0])


def refreshes(t, p, service):
    """Loads of `table watch` read the credentials file anew; the variable that tells them of it is everybody's."""
    none = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ""}
    path = credentials_file(p, service.access, "renewed.ini", token="sts-token-1")
    by_variable = {**none, "TABLEGATE_MAXCOMPUTE_CREDENTIALS": path}
    result = load(p, env=none)
    t.like(result.stderr, "try: .*TABLEGATE_MAXCOMPUTE_CREDENTIALS=FILE", "no credentials: the advice is good for every command")
    t.is_(load(p, env=by_variable).rc, 0, "TABLEGATE_MAXCOMPUTE_CREDENTIALS names a file for table load")
    p.loader.must("apply", "-f", "-", input=json.dumps({"kind": "Table", "name": "user_info", "data_source": "odps_demo", "primary_key": ["user_id"], "refresh": "1h"}),
                  env=by_variable)
    t.ok(True, "and for apply, which asks for the columns")
    for token in ("sts-token-1", "sts-token-2"):
        service.token = token
        credentials_file(p, service.access, "renewed.ini", token=token)
        p.postgres.psql("UPDATE tablegate.generation SET started_at = started_at - interval '2 hours', checked_at = NULL WHERE table_name = 'user_info'")
        result = p.loader("table", "watch", "--once", "--credentials", path, "--allow-source", f"maxcompute:{service.endpoint}", env=none)
        t.ok(result.rc == 0 and "exit status 0" in result.stdout, f"table watch --credentials: {token}", result)
    result = p.loader("table", "watch", "--once", "--credentials", "/nonexistent")
    t.ok(result.rc == 3 and "/nonexistent" in result.stderr, "a file that is not there: told at once", result)
    p.apply(definitions(service))


def definitions_and_options(t, p, service):
    for change, pointer, word in (({"endpoint": "ftp://x"}, "/endpoint", "http"), ({"endpoint": "http://user:secret@127.0.0.1"}, "/endpoint", ""),
                                  ({"project": "a/b"}, "/project", "A-Za-z"), ({"path": "x.csv"}, "/path", "csv"), ({"access_key": "x"}, "", "access_key"),
                                  ({"region": ""}, "/region", "A-Za-z")):
        result = p.loader("apply", "-f", p.definitions([{**source(service), **change}]))
        t.ok(result.rc == 1 and pointer in result.stderr and word in result.stderr, f"apply refuses {change}", result)
    result = p.loader("apply", "-f", "-", input='{"kind":"DataSource","name":"x","type":"maxcompute","project":"p"}')
    t.ok(result.rc == 1 and '"endpoint" is missing' in result.stderr, "apply requires an endpoint", result)
    p.apply([{"kind": "DataSource", "name": "files", "type": "csv", "path": "x.csv"}, {**table("of_files", "CREATE TABLE of_files (a BIGINT, b BIGINT)"), "data_source": "files"}])
    result = load(p, "of_files", "--from", "maxcompute:")
    t.ok(result.rc == 1 and "of type csv" in result.stderr, "a table of files is not in MaxCompute", result)
    for options in (("--from", "maxcompute:user_info"), ("--header",), ("--jobs", "0"), ("--jobs", "65"), ("--compression", "lz4")):
        t.is_(load(p, "user_info", *options).rc, 2, f"wrong usage: {' '.join(options)}")
    result = p.loader("table", "load", "user_info", "--from", f"csv:{p.file('users.csv', 'user_id,user_name,age')}", "--jobs", "2")
    t.ok(result.rc == 2 and "--jobs" in result.stderr, "options of maxcompute: are no options of csv:", result)
    result = p.loader("table", "load", "user_info", "--from", f"csv:{p.file('users.csv', '7,Csv,1')}")
    t.is_(result.rc, 0, "a file may stand in for MaxCompute")
    result = load(p, "nowhere") if p.apply([table("nowhere", "CREATE TABLE nowhere (a BIGINT)")]) else None
    t.ok(result.rc == 1 and "NoSuchTable" in result.stderr and "nowhere" in result.stderr, "a table that MaxCompute does not have", result)


def schemas(t, p, service):
    """A Table without a ddl: apply reads it from the source."""
    service.table("told", [("User Id", "bigint"), ("it's", "map<string,decimal(10,2)>")], keys="ds:string", partitions={"ds=1": [(5, [("k", "1.5")])]})
    plain = {"kind": "Table", "name": "told", "data_source": "odps_demo", "primary_key": ["user id"]}
    result = p.loader("apply", "-f", p.definitions([plain]))
    t.is_(result.rc, 0, "no ddl: apply asks MaxCompute for it") or t.diag(result)
    t.is_(p.loader.json("get", "table", "told")["ddl"], "CREATE TABLE `told` (`user id` bigint, `it's` map<string,decimal(10,2)>) PARTITIONED BY (`ds` string)", "and keeps it")
    t.is_([item["action"] for item in p.loader.json("apply", "-f", p.definitions([plain]))], ["unchanged"], "again: unchanged")
    t.is_([(column["name"], column["type"]) for column in p.loader.json("table", "columns", "told")], [("user id", "int8"), ("it's", "jsonb"), ("ds", "text")], "columns")
    result = load(p, "told", "--all-partitions")
    t.ok(result.rc == 0 and json.loads(rows(p, "told")[0]) == {"user id": 5, "it's": {"k": 1.5}, "ds": "1"}, "and its rows load", result)
    service.tables["told"]["columns"][0] = ("User Id", "vector")
    for objects, words, env in (([plain], ('column "user id"', "vector"), {}), ([{**plain, "name": "missing"}], ("NoSuchTable", "missing"), {}),
                                ([plain], ("ALIBABA_CLOUD_ACCESS_KEY_ID",), {"ALIBABA_CLOUD_ACCESS_KEY_ID": ""}),
                                ([{**plain, "data_source": "files"}], ("csv source has no column types",), {}), ([{**plain, "data_source": "nope"}], ('no data source "nope"',), {})):
        result = p.loader("apply", "-f", p.definitions(objects), env=env)
        t.ok(result.rc == 1 and all(word in result.stderr for word in words), f"refused: {words[0]}", result)


def test(t):
    ddl = "CREATE TABLE every_type (" + ", ".join(f"{name} {kind.upper()}" for name, kind in kTypes) + ")"
    p, service = project(t, MaxCompute(), table("every_type", ddl))
    tutorial(t, p, service)
    types(t, p, service)
    columns(t, p, service)
    partitions(t, p, service)
    views(t, p, service)
    ranges(t, p, service)
    signing(t, p, service)
    credentials(t, p, service)
    definitions_and_options(t, p, service)
    schemas(t, p, service)
    t.unlike(json.dumps([environment(service)["no_proxy"]] + p.postgres.psql("SELECT definition, source FROM tablegate.generation g JOIN tablegate.mirror_table m"
             " ON m.name = g.table_name").splitlines()), service.access[1], "the catalog holds no secret")


run_test(test)
