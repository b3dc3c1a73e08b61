#!/usr/bin/env python3
"""The speed of lists, ranges, sorts, pages and scripts over the tutorial's 135,233 cities, with an API key.

    t/bench/queries.py [--cases REGEX] [--seconds 4] [--rounds 3] [--output FILE.md]

Rows: a page of 100 rows of a range, sorted, beside the same SELECT in pgbench -M prepared; IN of 100 keys beside the same
SELECT; page 1 and page 10,000 by cursor and by pageNum; a city by its key as an API of the wizard and as a script, and with up
to six more conditions, chosen at random, as both. CPU as in bench.py. A row's ratio is that of its CPU in all to the row that it
is compared with. Rounds are interleaved and medians reported: compare ratios of one run, not runs."""
import csv
import gzip
import os
import random
import re
import statistics
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import bench
from benchmark import measure_main
from tablegate_test import kTutorial, users_definitions

kConnections = 16
kItems = 100  # of a list; rows of the page of a range
kSmallPage = 10
kDeepPage = 10_000
kLeast, kMost, kWidth = 1_000, 100_000, 50_000  # of a range of populations
kScripts = 20  # of pgbench, each with a list of its own
kWizard, kWizardOfSix = "city by key, wizard", "six conditions at random, wizard"
# Conditions that hold for every city, so that the same row is found whichever are sent.
kSix = {"least": ("population", "LONG", ">=", 0), "most": ("population", "LONG", "<=", 10**9), "west": ("lon", "DOUBLE", ">=", -180),
        "east": ("lon", "DOUBLE", "<=", 180), "south": ("lat", "DOUBLE", ">=", -90), "north": ("lat", "DOUBLE", "<=", 90)}
kScript, kScriptOfSix = "city by key, script", "six conditions at random, script"
kPage1, kNullablePage1, kKeys, kRange = "page 1", "page 1, the sort may be NULL", f"pgbench, IN of {kItems} keys", f"pgbench, range, sort, {kItems} rows"
kComparedWith = {f"page of {kItems}, range and sort": kRange, f"IN of {kItems} keys": kKeys, f"page {kDeepPage:,} by cursor": kPage1,
                 f"page {kDeepPage:,} by cursor, the sort may be NULL": kNullablePage1, f"page {kDeepPage:,} by pageNum": kPage1,
                 kScript: kWizard, kScriptOfSix: kWizardOfSix}
kColumns = [{"name": name} for name in ("city_id", "name", "country", "population")]


def key_apis(base):
    """A city by its key, with no and with six further conditions, each as the wizard has it and as a script."""
    key = {"name": "id", "column": "city_id", "type": "LONG", "sample": 2960}
    six = [{"name": name, "column": column, "type": kind, "operator": operator, "required": False, "sample": sample} for name, (column, kind, operator, sample) in kSix.items()]
    plain = {**base, "result": "object"}
    script = {name: field for name, field in plain.items() if name not in ("table", "response_parameters")}
    select = f"SELECT {', '.join(column['name'] for column in kColumns)} FROM cities WHERE city_id = ${{id}}"
    ifs = "".join(f'<if test="{name} != null"> AND {column} {operator} ${{{name}}}</if>' for name, (column, _, operator, _) in kSix.items())
    for path, more, tags in (("one", [], ""), ("six", six, ifs)):
        yield {**plain, "name": f"City {path}", "path": f"/{path}/wizard", "request_parameters": [key, *more]}
        bare = [{field: value for field, value in parameter.items() if field not in ("column", "operator")} for parameter in (key, *more)]
        yield {**script, "name": f"City {path} Script", "path": f"/{path}/script", "mode": "script", "data_source": "geonames", "sql": select + tags, "request_parameters": bare}


def definitions():
    base = {"kind": "Api", "business_process": "User Query Service", "table": "cities", "response_parameters": kColumns, "authentication": ["api_key"]}
    order = [{"column": "population", "direction": "desc"}]
    table = {"kind": "Table", "name": "cities", "data_source": "geonames", "primary_key": ["city_id"], "indexes": [["population", "city_id"], ["country", "city_id"]],
             "ddl": "CREATE TABLE cities (city_id BIGINT, name STRING, alt_name STRING, country STRING, feature_code STRING, admin_code STRING, population BIGINT NOT NULL, lon DOUBLE, lat DOUBLE)"}
    return [*users_definitions()[:4], {"kind": "DataSource", "name": "geonames", "type": "csv", "path": kTutorial}, table,
            {**base, "name": "Range of Cities", "path": "/range", "order_by": order, "pagination": {"default_size": kItems}, "request_parameters": [
                {"name": "least", "column": "population", "type": "LONG", "operator": ">=", "sample": kLeast},
                {"name": "most", "column": "population", "type": "LONG", "operator": "<", "sample": kMost}]},
            {**base, "name": "Cities by Key", "path": "/keys", "request_parameters": [{"name": "ids", "column": "city_id", "type": "LONG", "operator": "IN", "sample": [2960]}]},
            {**base, "name": "All Cities", "path": "/all", "order_by": order, "request_parameters": [], "pagination": {"default_size": kSmallPage}},
            {**base, "name": "Cities by Country", "path": "/nullable", "order_by": [{"column": "country", "direction": "desc"}], "request_parameters": [],
             "pagination": {"default_size": kSmallPage}}, *key_apis(base)]


def serve(test):
    project = test.project()
    project.postgres.set("shared_buffers", "128MB")
    project.postgres.set("max_connections", str(kConnections + 40))
    project.postgres.restart()
    project.serve(definitions(), {"cities": os.path.join(kTutorial, "cities.csv.gz")}, access_log="access_log off;", log_level="warn", connections=8,
                  http="keepalive_requests 100000000;", listen="reuseport backlog=4096")
    return project


def lua(project, name, target):
    """A script of wrk. `target`: an expression of Lua for the request's path and query."""
    return project.file(f"{name}.lua", f'wrk.headers["Authorization"] = "Bearer {project.key}"\nmath.randomseed(20261130)\n'
                                       f'request = function() return wrk.format("GET", {target}) end\n')


def http_cases(project, ids, seconds):
    keys = f'local ids = {{{",".join(map(str, ids))}}}\n'
    some = f'(function() local t = {{}}; for i = 1, {kItems} do t[i] = ids[math.random(#ids)] end; return "/v1/keys?ids=" .. table.concat(t, ",") end)()'
    a_range = f'(function() local n = math.random({kLeast}, {kMost}); return "/v1/range?returnTotalNum=false&least=" .. n .. "&most=" .. n + {kWidth} end)()'
    cursor, nullable = (project.get(f"/v1/{path}?pageNum={kDeepPage - 1}").json["data"]["nextCursor"] for path in ("all", "nullable"))
    targets = {f"page of {kItems}, range and sort": ("range", a_range), f"IN of {kItems} keys": ("keys", some), kPage1: ("first", '"/v1/all?returnTotalNum=false"'),
               f"page {kDeepPage:,} by cursor": ("cursor", f'"/v1/all?returnTotalNum=false&cursor={cursor}"'),
               kNullablePage1: ("null_first", '"/v1/nullable?returnTotalNum=false"'),
               f"page {kDeepPage:,} by cursor, the sort may be NULL": ("null_cursor", f'"/v1/nullable?returnTotalNum=false&cursor={nullable}"'),
               f"page {kDeepPage:,} by pageNum": ("number", f'"/v1/all?returnTotalNum=false&pageNum={kDeepPage}"')}
    six = "".join(f' .. (math.random(2) == 1 and "&{name}={sample}" or "")' for name, (_, _, _, sample) in kSix.items())
    for kind, one, many in (("wizard", kWizard, kWizardOfSix), ("script", kScript, kScriptOfSix)):
        targets[one] = (f"ids_one_{kind}", f'"/v1/one/{kind}?id=" .. ids[math.random(#ids)]')
        targets[many] = (f"ids_six_{kind}", f'"/v1/six/{kind}?id=" .. ids[math.random(#ids)]{six}')
    cases = {}
    for case, (name, target) in targets.items():
        script = lua(project, name, target)
        if name == "keys" or name.startswith("ids_"):
            with open(script, encoding="utf-8") as file:
                text = keys + file.read()
            script = project.file(f"{name}.lua", text)
        cases[case] = lambda script=script: bench.measure_http(project, "", kConnections, seconds, script)
    return cases


def pgbench_cases(project, ids, seconds):
    select = 'SELECT "city_id", "name", "country", "population" FROM "mirror"."cities" WHERE '
    of_range = project.file("range.sql", f"\\set least random({kLeast}, {kMost})\n\\set most :least + {kWidth}\n{select}\"population\" >= :least AND \"population\" < :most "
                                         f'ORDER BY "population" DESC, "city_id" DESC LIMIT {kItems + 1};\n')
    chosen = random.Random(20261130)
    of_keys = [project.file(f"keys{number}.sql", f"{select}\"city_id\" = ANY('{{{','.join(map(str, chosen.choices(ids, k=kItems)))}}}') LIMIT 2001;\n") for number in range(kScripts)]
    return {kRange: lambda: bench.measure_pgbench(project, kConnections, seconds, of_range), kKeys: lambda: bench.measure_pgbench(project, kConnections, seconds, *of_keys)}


def check(project, ids):
    """Each case answers what it is to measure."""
    some = ",".join(map(str, ids[:kItems]))
    cities = {project.get(f"/v1/{path}?id={ids[0]}").text for path in ("one/wizard", "one/script", "six/wizard", "six/script")}
    if len(cities) != 1 or '"success":true' not in cities.pop():
        raise RuntimeError("wizard and script answer other bytes")
    found = [len(project.get(f"/v1/range?least={kLeast}&most={kMost}").json["data"]["rows"]), len(project.get(f"/v1/keys?ids={some}").json["data"]),
             len(project.get(f"/v1/all?pageNum={kDeepPage}").json["data"]["rows"])]
    if found != [kItems, kItems, kSmallPage]:
        raise RuntimeError(f"answers have {found} rows")


def report(rows, options):
    lines = [f"Medians of {options.rounds} interleaved rounds of {options.seconds} s, {kConnections} connections or clients; {os.cpu_count()} cores, load generator and PostgreSQL on "
             "the same machine. CPU in microseconds per request.", "",
             "| case | requests/s | p50 ms | p99 ms | CPU nginx | CPU PostgreSQL | CPU in all | compared with | ratio of CPU in all | errors |", "|---|--:|--:|--:|--:|--:|--:|---|--:|--:|"]
    for name, row in rows.items():
        other = kComparedWith.get(name)
        ratio = bench.ratio(bench.in_all(row), other and other in rows and bench.in_all(rows[other]))
        lines.append(f"| {name} | {row['rate']:,.0f} | {row['p50']:.2f} | {row['p99']:.2f} | {row['nginx']:.1f} | {row['postgres']:.1f} | {bench.in_all(row):.1f} | "
                     f"{other or '-'} | {ratio} | {row['errors']} |")
    lines += ["", "The column of nginx contains pgbench's own CPU in pgbench's rows."]
    return "\n".join(lines)


def measure_all(test, options):
    project = serve(test)
    with gzip.open(os.path.join(kTutorial, "cities.csv.gz"), "rt", encoding="utf-8", newline="") as file:
        ids = [int(row["city_id"]) for row in csv.DictReader(file)][::13]
    check(project, ids)
    cases = {**http_cases(project, ids, options.seconds), **pgbench_cases(project, ids, options.seconds)}
    cases = {name: measure for name, measure in cases.items() if re.search(options.cases, name)}
    found = {name: [] for name in cases}
    for number in range(options.rounds):
        for name, measure in cases.items():
            found[name].append(measure())
            print(f"round {number + 1}/{options.rounds}: {name}: {found[name][-1]['rate']:,.0f}/s", file=sys.stderr, flush=True)
    rows = {name: {key: statistics.median(row[key] for row in measured) for key in ("rate", "p50", "p99", "nginx", "postgres")} for name, measured in found.items()}
    for name, measured in found.items():
        rows[name]["errors"] = sum(row["errors"] for row in measured)
    return report(rows, options), 1 if any(row["errors"] for row in rows.values()) else 0


if __name__ == "__main__":
    measure_main(__doc__, 4, measure_all, ("--cases", "only the cases in whose names this is found (a regular expression)"))
