#!/usr/bin/env python3
"""What the life of a script rejects: faults of its text with line and column, tables of other data sources and workspaces, what PostgreSQL does
not accept, columns that differ by path, and tables that go away."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions

kSpaces = [
    {"kind": "RestApi", "name": "other-api", "base_path": "/other"}, {"kind": "BusinessProcess", "name": "Other Process", "rest_api": "other-api"},
    {"kind": "DataSource", "name": "other_source", "type": "csv", "path": "other.csv"},
    {"kind": "Table", "name": "their_table", "data_source": "other_source", "ddl": "CREATE TABLE their_table (user_id BIGINT);"},
]


def script(sql, name="Some Script", parameters=({"name": "id", "type": "LONG", "sample": 1},), **fields):
    return {"kind": "Api", "name": name, "business_process": "User Query Service", "path": "/" + name.lower().replace(" ", "-"), "mode": "script",
            "data_source": "odps_demo", "sql": sql, "authentication": [], "request_parameters": list(parameters), **fields}


def optional(name, sample=1):
    return {"name": name, "type": "LONG", "required": False, "sample": sample}


def rejected(t, result, *words):
    t.ok(result.rc == 1 and all(word in result.stderr for word in words), f"rejected: {words}", result)


def at_apply(t, p):
    def apply(one, *words):
        rejected(t, p.loader("apply", "-f", p.definitions([one], "rejected.json")), *words)

    apply(script("DELETE FROM user_info WHERE user_id = ${id}"), "/sql: line 1, column 1")
    apply(script("SELECT user_id\nFROM user_info\nWHERE 爱 = '爱' AND x = ${idd}"), "/sql: line 3, column 23", "idd")
    apply(script("SELECT user_id FROM user_info WHERE nvl(age, 0) = ${id}"), "line 1, column 37", "coalesce")
    apply(script("SELECT o.id AS id FROM other o WHERE o.id = ${id}"), "/sql: line 1, column 24: ", 'table "other" is of data source "second_source"')
    apply(script("SELECT user_id FROM their_table WHERE user_id = ${id}"), "/sql: line 1, column 21: ", 'table "their_table" belongs to workspace others and is not shared')
    apply(script("SELECT user_id FROM nothing WHERE user_id = ${id}"), "/sql: line 1, column 21: ", '"nothing"')
    apply(script("SELECT 1 AS one WHERE 1 = ${id}"), "/sql", "reads no table")
    apply(script("SELECT user_id FROM user_info WHERE user_id = ${id}", data_source="none"), "/data_source", '"none"')
    apply(script("SELECT user_id FROM user_info WHERE user_id = ${id}", pagination={"enabled": True}), "/sql: line 1, column 47: pages require an ORDER BY")
    paged = {"pagination": {"enabled": True}}
    apply(script("SELECT user_id FROM user_info WHERE user_id = ${id} ORDER BY user_id LIMIT ${pageSize}", **paged), "line 1, column 76", '"pageSize" is a parameter of pages', "remove LIMIT and OFFSET")
    apply(script("SELECT user_id FROM user_info ORDER BY user_id LIMIT ${pageSize}", parameters=[optional("pageSize")], **paged),
          "/request_parameters/0/name", "remove it, and remove LIMIT and OFFSET from the script")
    apply(script("SELECT user_id FROM user_info WHERE user_id = ${id}", parameters=[optional("id"), optional("categroy")]),
          '/request_parameters/1: the script does not read "categroy"')
    apply(script("SELECT user_id FROM user_info WHERE ${id} = ${column}", parameters=[optional("id"), optional("column")]), "/sql: line 1, column 37", "<choose>")
    apply({**users_definitions()[-1], "sql": "SELECT 1"}, "/sql", "mode")
    apply({**users_definitions()[-1], "request_parameters": [{"name": "user_id", "type": "LONG_LIST"}]}, "/request_parameters/0/type", '"operator": "IN"')
    faults = "SELECT user_id, ${a} AS a FROM user_info WHERE ${b} = 1 AND ${c} = 2"
    result = p.loader("apply", "-f", p.definitions([script(faults)], "rejected.json"))
    t.is_(result.stderr.count("/sql: line 1"), 3, "each fault is reported") or t.diag(result.stderr)
    p.file("wrong.sql", "SELECT user_id\nFROM user_info\nWHERE user_id = ${ide}")
    one = {name: value for name, value in script("").items() if name != "sql"}
    apply({**one, "sql_file": "wrong.sql"}, "/sql_file: wrong.sql:3:17")


def byte_order_marks(t, p):
    """Files of editors that write one: definitions, sql_file and ddl_file. Places stay those of the text."""
    mark = "\ufeff"
    one = {name: value for name, value in script("", "Marked Script").items() if name != "sql"}
    p.file("marked.sql", mark + "SELECT user_id FROM user_info WHERE user_id = ${ide}")
    result = p.loader("apply", "-f", p.definitions([{**one, "sql_file": "marked.sql"}], "rejected.json"))
    rejected(t, result, "/sql_file: marked.sql:1:47")
    p.file("marked.sql", mark + "SELECT a FROM marked WHERE a = ${id}")
    p.file("marked_ddl.sql", mark + "CREATE TABLE marked (a BIGINT);")
    objects = [{"kind": "Table", "name": "marked", "data_source": "odps_demo", "ddl_file": "marked_ddl.sql"}, {**one, "sql_file": "marked.sql"}]
    t.is_(p.loader("apply", "-f", p.file("marked.json", mark + json.dumps(objects))).rc, 0, "byte order marks are skipped")


def at_test(t, p):
    def tested(one, *words):
        p.apply([one])
        for verb in ("test", "commit"):
            result = p.loader("api", verb, one["name"])
            if verb == "test":
                rejected(t, result, *words)
            else:
                rejected(t, result, "has not passed a test")

    tested(script("SELECT user_id\nFROM user_info u\nWHERE u.爱 = ${id}"), "line 3, column 7", "column u.爱 does not exist")
    tested(script("SELECT user_id\nFROM user_info\nWHERE user_nam = ${id}::text"), "line 3, column 7", 'column "user_nam" does not exist', "Perhaps you meant")
    tested(script("SELECT user_id\nFROM user_info\nWHERE lower(age) = 'x' AND user_id = ${id}"), "line 3, column 7", "lower")
    tested(script("SELECT user_id FROM user_info WHERE user_name > ${id}"), "line 1, column 47: operator does not exist: text > bigint; parameter id is LONG: set its type to STRING", "try: tablegate api show")
    tested(script("SELECT user_id FROM user_info WHERE user_id = ${id} AND user_name = \"R001\""), "line 1, column 69", "write 'R001' for a text")
    tested(script("SELECT user_id FROM user_info WHERE user_name LIKE '%' + '${id}' + '%'"), "write || to join texts")
    tested(script("SELECT user_name, count(*) AS n FROM user_info WHERE user_id > ${id}"), "line 1, column 8", "GROUP BY", "try: tablegate api show")
    tested(script("SELECT row(user_id, age) AS pair FROM user_info WHERE user_id = ${id}"), 'column "pair" is of type record', "cast it to text")
    tested(script("SELECT array_agg(age) AS ages FROM user_info WHERE user_id > ${id}"), 'column "ages" is of type bigint[]', "array_to_json")
    tested(script("SELECT <if test=\"id == null\">age</if><if test=\"id != null\">user_name</if> AS value FROM user_info", parameters=[optional("id")]),
           'column "value"', "bigint", "text", "cast it to one type")
    tested(script("SELECT user_id FROM user_info <where><if test=\"id != null\">user_id = ${id}</if><if test=\"bad != null\">AND bad = ${bad}</if></where>",
                  parameters=[optional("id"), optional("bad")]), 'column "bad" does not exist')
    tested(script("SELECT user_id, age FROM user_info WHERE user_id = ${id}", response_parameters=[{"name": "user_id", "type": "STRING"}, {"name": "age"}]),
           "/response_parameters/0/type", "STRING does not go with column", "try: tablegate explain Api.response_parameters.type")


def tables(t, p):
    good = script("SELECT u.user_id, s.label\nFROM user_info u JOIN same s ON s.user_id = u.user_id WHERE u.user_id = ${id}", "Two Tables")
    p.apply([good])
    result = p.loader("api", "test", "Two Tables")
    rejected(t, result, 'its table "same" was never loaded')
    p.load("same", "user_id,label\n1,one\n10001,ten\n")
    p.loader.must("api", "test", "Two Tables", "--param", "id=10001")
    p.loader.must("api", "commit", "Two Tables")
    for table in ("same", "user_info"):
        rejected(t, p.loader("delete", "table", table), "is read by API", '"Two Tables"')
    p.loader.must("api", "publish", "Two Tables", "--no-domain")
    same = next(one for one in definitions() if one["name"] == "same")
    changed = {**same, "ddl": "CREATE TABLE same (user_id BIGINT, other STRING);"}
    rejected(t, p.loader("apply", "-f", p.definitions([changed], "changed.json")), "/ddl", 'no longer fits API "Two Tables": its script reads column "label"')
    numbers = p.loader.must("apply", "-f", p.definitions([{**same, "ddl": "CREATE TABLE same (user_id BIGINT, label BIGINT);"}], "changed.json"))
    t.ok('API "Two Tables" reads column "label", which was text and is bigint: test it again' in numbers.stdout + numbers.stderr, "another type is a warning", numbers)
    p.apply([changed, {**good, "sql": good["sql"].replace(", s.label", "")}])
    result = p.loader("table", "load", "same", "--from", f"csv:{p.file('changed.csv', 'user_id,other' + chr(10) + '1,one' + chr(10))}", "--header")
    t.ok(result.rc == 1 and '"Two Tables"' in result.stderr and '"label"' in result.stderr, "a load that takes a column away that a script reads is rejected", result)
    p.apply([same, good])


def workspaces(t, p):
    """The catalog itself holds the boundary: a version that names a table of another workspace is not stored, nor served."""
    copy = ("INSERT INTO tablegate.api_version (api_id, version, status, definition, source, draft_digest)"
            " SELECT api_id, 9, status, {}, {}, '\\x00' FROM tablegate.api_version v JOIN tablegate.api a USING (api_id) WHERE a.name = 'Two Tables' AND version = 1")
    theirs = "replace(v.source::text, '\"table\":\"same\"', '\"table\":\"their_table\"')::json"
    error = p.postgres.psql("DO $$ BEGIN " + copy.format("v.definition", theirs).replace("'", "'") + "; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', SQLERRM; END $$;"
                            "SELECT count(*) FROM tablegate.api_version WHERE version = 9")
    t.is_(error, "0", "a version of a table of another workspace is not stored")
    sql = "replace(v.definition::text, 'JOIN same s', 'JOIN their_table s')::json"
    p.postgres.psql(copy.format(sql, "v.source"))
    p.loader.must("api", "publish", "Two Tables", "--version", "9", "--no-domain")
    result = p.loader("sync", "--output", p.gateway.out)
    t.ok('table "their_table" is not one that this version was made for' in result.stderr, "a version whose SQL reads another table than it says is not served", result)
    p.loader.must("api", "publish", "Two Tables", "--version", "1", "--no-domain")


def definitions():
    return users_definitions()[:-1] + [
        {"kind": "DataSource", "name": "second_source", "type": "csv", "path": "second.csv"},
        {"kind": "Table", "name": "other", "data_source": "second_source", "ddl": "CREATE TABLE other (id BIGINT);"},
        {"kind": "Table", "name": "same", "data_source": "odps_demo", "primary_key": ["user_id"], "ddl": "CREATE TABLE same (user_id BIGINT, label STRING);"}]


def test(t):
    p = t.project()
    p.init()
    p.loader.must("workspace", "create", "others")
    p.loader.env["TABLEGATE_WORKSPACE"] = "demo"
    p.apply(definitions())
    p.loader.must("apply", "-f", p.definitions(kSpaces, "others.json"), "--workspace", "others")
    p.load("user_info", "user_id,user_name,age\n10001,Ann,30\n")
    p.gateway.set()
    at_apply(t, p)
    byte_order_marks(t, p)
    at_test(t, p)
    tables(t, p)
    workspaces(t, p)


run_test(test)
