#!/usr/bin/env python3
"""Commit plans every path of an API on the real mirror: a call that would read a whole large table is rejected, naming the index."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import json

from tablegate_test import kTutorial, run_test

kFile = os.path.join(kTutorial, "cities.csv.gz")
kApi = "Cities"


def table(**fields):
    with open(os.path.join(kTutorial, "cities", "city-table.json"), encoding="utf-8") as file:
        found = json.load(file)
    return [{**one, **fields} if one["kind"] == "Table" else one for one in found]


def parameter(name, required=True, sample=None, **more):
    return {"name": name, "type": "STRING", "required": required, **({"sample": sample} if sample else {}), **more}


def api(*parameters, name=kApi, **fields):
    return {"kind": "Api", "name": name, "business_process": "City Query Service", "path": "/" + name.lower().replace(" ", "-"),
            "mode": "wizard", "table": "cities", "authentication": ["api_key"], "request_parameters": list(parameters),
            "response_parameters": [{"name": "city_id"}, {"name": "name"}], **fields}


def tested(p, one):
    p.apply([one])
    p.loader.must("api", "test", one["name"])
    return one["name"]


def rejected(t, p, one, *words):
    result = p.loader("api", "commit", tested(p, one))
    t.ok(result.rc == 1 and all(word in result.stderr for word in words), f"rejected, with {words}", result)
    return result


def accepted(t, p, one, *options):
    result = p.loader("api", "commit", tested(p, one), *options)
    t.ok(result.rc == 0, f"accepted: {one['request_parameters']} {options}", result)
    return result


def equality(t, p):
    country = api(parameter("country", sample="AD"))
    result = rejected(t, p, country, 'every call reads all 135233 rows of table "cities"', "an index on (country)",
                      "--allow-scan")
    t.like(result.stderr, r"\ntry: tablegate table advise cities --create\n", "... and the way out")
    t.is_(p.loader.json("api", "versions", kApi), [], "nothing was committed")

    result = accepted(t, p, country, "--allow-scan")
    t.like(result.stderr, r'warning: API "Cities": every call reads all 135233 rows of table "cities"', "what was allowed is reported")
    t.is_([one["allow_scan"] for one in p.loader.json("api", "versions", kApi)], [["cities"]], "and recorded")
    plan = p.loader.json("api", "plan", kApi)
    t.is_((plan["name"], plan["version"], [one["with"] for one in plan["paths"]]), (kApi, 1, [[]]), "the plan is stored")
    for kind in ("samples", "generic"):
        t.is_(plan["paths"][0][kind][0]["Plan"]["Plans"][0]["Node Type"], "Seq Scan", f"... with {kind}, as PostgreSQL writes it")
    t.like(p.loader.must("api", "plan", kApi, "--version", "1").stdout, r"(?m)^ +->  Seq Scan on cities  \(cost=.*\n +Filter: ", "... and as text")
    audit = p.postgres.psql("SELECT details ->> 'allow_scan' FROM tablegate.audit WHERE action = 'committed'")
    t.is_(audit, '["cities"]', "the audit says it")


def paths(t, p):
    optional = [parameter(name, False, sample) for name, sample in (("country", "AD"), ("admin_code", "05"), ("feature_code", "PPLC"))]
    key = {"name": "city_id", "type": "LONG", "required": False, "sample": 1796236}
    result = rejected(t, p, api(*optional, key, name="Optional"), 'with "country" reads', 'with "admin_code" and "feature_code"')
    t.ok("a call without" not in result.stderr, "a list without a condition ends at its LIMIT", result)
    t.ok('"city_id"' not in result.stderr, "calls with the key are found by it", result)
    accepted(t, p, api(*optional, key, name="Optional"), "--allow-scan")
    t.is_(len(p.loader.json("api", "plan", "Optional")["paths"]), 16, "all combinations of 4 optional parameters are planned")
    only = p.loader.json("api", "plan", "Optional", "--with", "city_id,country")["paths"]
    t.is_([sorted(one["with"]) for one in only], [["city_id", "country"]], "--with chooses one")
    t.is_([one["with"] for one in p.loader.json("api", "plan", "Optional", "--with", "")["paths"]], [[]], "--with '' is the call without them")
    t.is_(p.loader("api", "plan", "Optional", "--with", "county").rc, 1, "--with names a parameter")
    many = [parameter(f"p{i}", False, "x", column="name") for i in range(12)]
    accepted(t, p, api(*many, name="Many of them"), "--allow-scan")
    t.is_(len(p.loader.json("api", "plan", "Many of them")["paths"]), 1 + 12 + 66 + 1, "12 optional parameters: none, each, each two, all")
    t.is_(p.loader("api", "plan", "Many of them", "--with", "p1,p2,p3").rc, 1, "others have no plan")


def explained(t, p):
    p.apply([api(parameter("country", sample="AD"), parameter("name", False), name="Explained")])
    found = p.loader.json("api", "test", "Explained", "--explain", "--param", "name=Encamp")
    t.is_((found["statement"], found["values"]),
          ('SELECT "city_id", "name" FROM "mirror"."cities" WHERE "country" = $1 AND "name" = $2 LIMIT 2001',
           [{"name": "country", "value": "AD"}, {"name": "name", "value": "Encamp"}]), "api test --explain: the path taken and its values")
    shown = p.loader.must("api", "test", "Explained", "--explain").stdout
    t.like(shown, r'(?m)^  SELECT .* WHERE "country" = \$1 LIMIT 2001\n  \$1 = AD \(country\)$', "... and for people")
    t.ok("statement" not in p.loader.json("api", "test", "Explained"), "not without the option")


def samples(t, p):
    rejected(t, p, api(parameter("name", False), name="Unknown"), "an index on (name)")
    accepted(t, p, api({"name": "city_id", "type": "LONG", "required": False}, name="By key"))


def pages(t, p):
    """The statement of a page, its sort, and its total."""
    pagination = {"default_size": 10, "max_size": 100}
    rejected(t, p, api(name="Sorted", pagination=pagination, order_by=[{"column": "population", "direction": "desc"}]),
             "a call without optional parameters reads all", "an index on (population, city_id) would help")
    result = accepted(t, p, api(name="By key in pages", pagination=pagination))
    t.like(result.stderr, r"the total of a call with .*returnTotalNum.* reads all 135233 rows of table \"cities\" \(estimated cost \d+\)",
           "the scan of a total is reported with its cost")
    found = {tuple(one["with"]) for one in p.loader.json("api", "plan", "By key in pages")["paths"]}
    t.is_(found, {(), ("pageNum",), ("returnTotalNum",), ("cursor",), ("pageNum", "returnTotalNum"), ("returnTotalNum", "cursor")},
          "first pages, later ones, and those after a cursor, each with and without the total")
    rejected(t, p, api(parameter("name", sample="Monaco"), name="Filtered pages", pagination=pagination), "an index on (name, city_id)")
    p.apply(table(indexes=[["population", "city_id"], ["name", "city_id"]]))
    p.load("cities", kFile)
    accepted(t, p, api(name="Sorted", pagination=pagination, order_by=[{"column": "population", "direction": "desc"}]))
    accepted(t, p, api(parameter("name", sample="Monaco"), name="Filtered pages", pagination=pagination))
    p.apply(table(indexes=[]))
    p.load("cities", kFile)


def patterns(t, p):
    like = parameter("name", sample="%burg%", operator="LIKE")
    rejected(t, p, api(like, name="Like"), "every call reads all 135233 rows", "only a trigram index on (name) would help", "--allow-scan")
    rejected(t, p, api(parameter("name", sample="a%", operator="NOT LIKE"), name="Not like"), "no index of its columns would help")
    accepted(t, p, api(like, name="Like"), "--allow-scan")
    p.postgres.psql("CREATE SCHEMA more; CREATE EXTENSION pg_trgm SCHEMA more; CREATE INDEX ON mirror.cities USING gin (name more.gin_trgm_ops)")
    result = accepted(t, p, api(like, name="Like again"))
    t.ok("warning" not in result.stderr, "... once it exists, without a warning", result)


def operators(t, p):
    population = {"name": "least", "column": "population", "type": "LONG", "operator": ">=", "sample": 20000000}
    countries = {"name": "countries", "column": "country", "type": "STRING", "operator": "IN", "sample": "AD,MC"}
    rejected(t, p, api(population, name="Range"), "an index on (population)")
    rejected(t, p, api(population, countries, name="Range in a list"), "an index on (country, population)")
    p.apply(table(indexes=[["population"]]))
    p.load("cities", kFile)
    result = accepted(t, p, api(population, name="Range"))
    t.like(result.stderr, r"warning: .* may read all 135233 rows .* not for the samples", "a range that matches few rows in the samples: a warning")
    result = rejected(t, p, api({**population, "sample": 0}, name="All rows"), "its index is not used, because too many rows match")
    t.like(result.stderr, r"\ntry: tablegate api commit .*--allow-scan", "... and no index is proposed that is there already")


def indexed(t, p):
    p.apply(table(indexes=[["country", "name"]]))
    p.load("cities", kFile)
    rejected(t, p, api(parameter("name", sample="%burg%", operator="LIKE"), name="Pattern"), "only a trigram index on (name) would help")
    result = accepted(t, p, api(parameter("country", sample="MC"), parameter("name", sample="Monaco")))
    t.ok("warning" not in result.stderr, "once an index exists, no warning", result)
    t.is_([one["allow_scan"] for one in p.loader.json("api", "versions", kApi)], [["cities"], []], "nothing had to be allowed")
    rejected(t, p, api(parameter("name", sample="Monaco"), name="Other"), "every call reads all 135233 rows", "an index on (name)")
    used = p.postgres.psql("EXPLAIN SELECT city_id FROM mirror.cities WHERE name = 'Monaco'")
    t.like(used, r"Index Cond: \(name = ", "... also where PostgreSQL looks for it in the whole of an index that begins with another column")


def useless_indexes(t, p):
    """No index is proposed, or built, that PostgreSQL would not use."""
    result = rejected(t, p, api(parameter("feature_code", sample="PPL"), name="Most rows"), "an index would not be used, because too many rows match (about ")
    t.ok("--create" not in result.stderr, "... nor a command that builds it", result)
    order = [{"column": "feature_code", "direction": "desc"}, {"column": "country"}]
    mixed = api(name="Mixed order", order_by=order, pagination={"default_size": 10})
    rejected(t, p, mixed, "an index on (feature_code) may help", "because the directions of order_by differ")
    p.loader.must("table", "advise", "cities", "--create")
    result = rejected(t, p, mixed, "its index is not used: the directions of order_by differ, and an index gives the order of (feature_code) only")
    t.ok("sample" not in result.stderr and "--create" not in result.stderr, "... and no sample, which it does not have, is asked for", result)
    optional = [parameter(f"p{i}", False, "x%", column="name", operator="NOT LIKE") for i in range(5)]
    result = accepted(t, p, api(*optional, name="Many warnings"), "--allow-scan")
    lines = [line for line in result.stderr.splitlines() if line.startswith("warning: ")]
    t.ok(len(lines) == 11 and "and 21 more warnings of this kind" in lines[-1] and "api plan 'Many warnings'" in lines[-1], "ten warnings of an API are enough", result)


def explained_pages(t, p):
    p.apply([api(name="Explained pages", pagination={"default_size": 10})])
    shown = p.loader.must("api", "test", "Explained pages", "--explain", "--param", "pageSize=2", "--param", "pageNum=3").stdout
    t.ok(" = 3 (pageSize + 1)" in shown and " = 4 (rows before pageNum)" in shown, "api test --explain: the values of a page", shown)
    accepted(t, p, api(parameter("country", False, "AD"), name="Headings"), "--allow-scan")
    for option in ([], ["--with", ""]):
        shown = p.loader.must("api", "plan", "Headings", *option).stdout
        t.ok("a call without optional parameters:" in shown and "every call:" not in shown, f"api plan {option}: it is not every call", shown)
    t.is_(len(p.loader.json("api", "plan", "Optional", "--with", "country , city_id")["paths"]), 1, "--with: blanks around a name are no part of it")


def unreachable(t, p):
    one = api(parameter("name", sample="b"), name="Apart")
    tested(p, one)
    result = p.loader("--mirror", f"host={p.folder}/nowhere dbname=tablegate", "api", "commit", "Apart")
    t.ok(result.rc == 0 and "its plans were not checked and are not stored" in result.stderr, "without the mirror: a warning", result)
    result = p.loader("api", "plan", "Apart")
    t.ok(result.rc == 1 and "has no plan" in result.stderr, "... and no plan", result)


def deployed(t, p):
    path = p.definitions([api(parameter("name", sample="Monaco"), name="Deployed")], "deploy.json")
    result = p.loader("deploy", "-f", path, "--no-domain")
    t.ok(result.rc == 1 and "an index on (name)" in result.stderr, "deploy rejects it too", result)
    t.is_(p.loader.json("api", "versions", "Deployed"), [], "... before the first commit")
    t.is_(p.loader("deploy", "-f", path, "--no-domain", "--allow-scan").rc, 0, "... unless it is allowed")


def test(t):
    p = t.project()
    p.init()
    p.apply([{"kind": "GatewayInstance", "name": "dataservice-prod"}, {"kind": "RestApi", "name": "cities", "base_path": "/v1"},
             {"kind": "BusinessProcess", "name": "City Query Service", "rest_api": "cities"}, *table(indexes=[])])
    p.load("cities", kFile)
    equality(t, p)
    paths(t, p)
    samples(t, p)
    explained(t, p)
    deployed(t, p)
    pages(t, p)
    patterns(t, p)
    operators(t, p)
    indexed(t, p)
    useless_indexes(t, p)
    explained_pages(t, p)
    unreachable(t, p)
    p.loader.must("table", "load", "cities", "--from", "csv:-", "--header", "--min-rows", "1",
                  input="city_id,name,alt_name,country,feature_code,admin_code,population,lon,lat\n1,a,,AD,PPL,,1,1,1\n")
    accepted(t, p, api(parameter("name", sample="a"), name="Small"))


run_test(test)
