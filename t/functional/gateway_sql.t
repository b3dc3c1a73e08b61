#!/usr/bin/env python3
"""The SQL of the gateway is what ngx_module/docs/sql.md says, no more and no less: everything nginx says to PostgreSQL is recorded on the wire
while APIs of every kind, type and setting are called, normalised, and compared with the list there."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kCheckout, kSlow, request, run_test, users_definitions, wait_for
from tg_pg_recorder import Recorder
from tg_process import kRoot

kColumns = (("a_tinyint", "TINYINT", "INT", "1"), ("a_smallint", "SMALLINT", "INT", "2"), ("a_int", "INT", "INT", "3"), ("a_bigint", "BIGINT", "LONG", "4"),
            ("a_float", "FLOAT", "FLOAT", "1.5"), ("a_double", "DOUBLE", "DOUBLE", "2.5"), ("a_decimal", "DECIMAL(20,4)", "DECIMAL", "3.1415"),
            ("a_boolean", "BOOLEAN", "BOOLEAN", "true"), ("a_string", "STRING", "STRING", "x"), ("a_date", "DATE", "DATE", "2026-01-31"),
            ("a_datetime", "DATETIME", "DATETIME", "2026-01-31T08:00:00+08:00"), ("a_timestamp", "TIMESTAMP_NTZ", "DATETIME", "2026-01-31T08:00:00"))
kOidNames = {20: "bigint", 21: "smallint", 23: "integer", 16: "boolean", 25: "text", 700: "real", 701: "double precision", 1700: "numeric", 1082: "date",
             1114: "timestamp", 1184: "timestamptz"}
kOidNames.update({array: kOidNames[oid] + "[]" for oid, array in ((20, 1016), (21, 1005), (23, 1007), (16, 1000), (25, 1009), (700, 1021), (701, 1022),
                                                                  (1700, 1231), (1082, 1182), (1114, 1115), (1184, 1185))})
kOidNames[17] = "bytea"
kOperators = ("!=", "<", "<=", ">", ">=", "LIKE", "NOT LIKE", "NOT IN")


def documented():
    """{name: set of texts} of the list in ngx_module/docs/sql.md: | name | `text` `text` | ... |"""
    with open(os.path.join(kCheckout, "ngx_module", "docs", "sql.md"), encoding="utf-8") as file:
        text = file.read()
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) >= 2 and cells[0] not in ("what", "---"):
            found.setdefault(cells[0], set()).update(re.findall(r"`([^`]+)`", cells[1]))
    return found


def definitions():
    objects = users_definitions()
    ddl = "CREATE TABLE everything (id BIGINT NOT NULL, " + ", ".join(f"{name} {kind}" for name, kind, _, _ in kColumns) + ");"
    objects.insert(5, {"kind": "Table", "name": "everything", "data_source": "odps_demo", "ddl": ddl, "primary_key": ["id"], "time_zone": "Asia/Shanghai"})
    api = objects[-1]
    optional = [{"name": name, "column": name, "type": kind, "required": False, "sample": sample} for name, _, kind, sample in kColumns]
    objects.append({**api, "name": "Every Type", "path": "/every", "table": "everything", "result": "list", "request_parameters": optional,
                    "response_parameters": [{"name": name} for name in ("id", *(column[0] for column in kColumns))]})
    compared = [{"name": f"p{place}", "column": "a_string", "type": "STRING", "operator": operator, "sample": "x"} for place, operator in enumerate(kOperators)]
    objects.append({**objects[-1], "name": "Every Operator", "path": "/operators",
                    "request_parameters": compared + [{**one, "operator": "IN", "required": True} for one in optional]})
    objects.append({**api, "name": "Post User", "path": "/post", "method": "POST", "timeout_ms": 5000,
                    "request_parameters": [{"name": "user_id", "column": "user_id", "type": "LONG", "in": "body", "sample": 10001}]})
    objects.append({**api, "name": "Path User", "path": "/path/{user_id}",
                    "request_parameters": [{"name": "user_id", "column": "user_id", "type": "LONG", "in": "path", "sample": 10001}]})
    objects.append({**api, "name": "Masked Texts", "path": "/masked", "table": "everything",
                    "request_parameters": [{"name": "id", "column": "id", "type": "LONG", "sample": 1}],
                    "response_parameters": [{"name": mask, "column": "a_string", "mask": mask} for mask in ("hash", "last4", "email", "null")]})
    objects.append({**api, "name": "Pages of Users", "path": "/pages", "request_parameters": [], "result": "page", "pagination": {},
                    "response_parameters": [{"name": "user_name"}]})
    objects.append({**api, "name": "Users by Age", "path": "/age", "request_parameters": [{"name": "age", "type": "LONG", "sample": 25}], "result": "list", "order_by": [{"column": "age", "direction": "desc"}]})
    return objects


def calls(p):
    """Every API and more combinations of parameters than a connection keeps statements."""
    traced = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    answers = [p.get("/v1/user/info?user_id=10001"), p.get("/v1/user/info?user_id=10001", **traced), p.get("/v1/user/info?user_id=10001", "HEAD"), p.get("/v1/path/10001"), p.get("/v1/masked?id=1"), p.get("/v1/user/info?user_id=x"),
               request(p.gateway.port, "/v1/post", "POST", {"Authorization": f"Bearer {p.key}", "Content-Type": "application/json"}, b'{"user_id":10001}')]
    page = p.get("/v1/pages?pageSize=1")
    answers += [page, p.get("/v1/pages?pageSize=1&pageNum=2"), p.get("/v1/pages?pageSize=1&cursor=" + page.json["data"]["nextCursor"]),
                p.get("/v1/pages?pageNum=2&returnTotalNum=false"), p.get("/v1/pages?returnTotalNum=false"), p.get("/v1/age?age=25")]
    for mask in range(600):
        chosen = [f"{name}={sample}" for bit, (name, _, _, sample) in enumerate(kColumns) if mask >> bit & 1]
        answers.append(p.get("/v1/every?" + "&".join(chosen).replace("+", "%2B")))
    every = "&".join(f"{name}={sample}" for name, _, _, sample in kColumns).replace("+", "%2B")
    answers += [p.get("/v1/operators?" + every + "".join(f"&p{place}=x" for place in range(len(kOperators))))]
    answers += [p.get("/v1/every?" + every) for _ in range(12)]  # without a place at first, but often
    return [answer.status for answer in answers]


def normal(sql):
    """(kind, text) pairs that a statement is made of; names, numbers and how often something is repeated do not count."""
    sql = re.sub(r"\$\d+", "$N", re.sub(r"\btg_\d+\b", "tg_N", sql))
    if sql.startswith("SELECT p.c0"):
        sql = re.sub(r'"mirror"\."(?!tablegate_)[^"]+"', '"mirror"."TABLE"', re.sub(r't\."[^"]+"', 't."COLUMN"', re.sub("LIMIT [0-9]+", "LIMIT N", sql)))
        return {("page", re.sub("SELECT \"[^\"]+\"", 'SELECT "COLUMN"', re.sub("table_name = '[^']*'", "table_name = 'TABLE'", sql)))}
    if sql.startswith("SELECT stamp"):
        sql = re.sub(r'FROM "mirror"\."(?!tablegate_)[^"]+"', 'FROM "mirror"."TABLE"', sql)
    api = re.fullmatch(r'SELECT (.*) FROM "mirror"\."(?!tablegate_)[^"]+"(?: AS t)?((?: WHERE .*?)?)(?: ORDER BY t\."[^"]+" DESC)? LIMIT \d+', sql)
    if not api:
        return {("statement", sql)}
    items = {re.sub(r"AT TIME ZONE '[^']*'", "AT TIME ZONE 'ZONE'", re.sub(r'"[^"]+"', '"COLUMN"', item)) for item in api.group(1).split(", ")}
    conditions = {re.sub(r'"[^"]+"', '"COLUMN"', one) for one in api.group(2).removeprefix(" WHERE ").split(" AND ") if one}
    return {("statement", 'SELECT item, ... FROM "mirror"."TABLE" [WHERE condition AND ...] LIMIT N')} | {("item", one) for one in items} | {("condition", one) for one in conditions}


def compare(t, title, wanted, found):
    t.ok(wanted == found, f"{title}: as the list has it", f"only in the list: {sorted(wanted - found)}", f"only on the wire: {sorted(found - wanted)}")


def test(t):
    p = t.project()
    if kRoot:  # the recorder runs as root
        p.postgres.allow("root", "tablegate_reader")
    p.serve(definitions(), {"user_info": "user_id,user_name,age\n10001,Alice,25\n10002,Bob,30\n",
                            "everything": "id," + ",".join(column[0] for column in kColumns) + "\n1," + ",".join(column[3] for column in kColumns) + "\n"})
    p.postgres.reload()
    listed = documented()
    seen = {"prepare on": Recorder(os.path.join(p.folder, "on"), p.postgres.socket), "prepare off": Recorder(os.path.join(p.folder, "off"), p.postgres.socket),
            "api test": Recorder(os.path.join(p.folder, "test"), p.postgres.socket)}
    try:
        for name in ("prepare on", "prepare off"):
            p.gateway.set(dsn=seen[name].dsn(), workers=1, connections=1, service=name + ";", location="tablegate_trace_sql on;", server="location = /status { tablegate_status; }")
            p.gateway.reload()
            statuses = calls(p)
            t.is_({status: statuses.count(status) for status in set(statuses)}, {200: len(statuses) - 1, 400: 1}, f"{name}: every call is answered")
            wait_for(lambda: request(p.gateway.port, "/status").json["tables"], 20 * kSlow, "generations are read")
        p.loader.must("api", "test", "Every Type", env={"TABLEGATE_MIRROR": seen["api test"].dsn("postgres")})
        p.gateway.stop()
        for name, recorder in seen.items():
            t.ok(not recorder.faults, f"{name}: all of it was understood", recorder.faults)
            parts = set().union(*(normal(sql) for _, sql in recorder.statements))
            compare(t, f"{name}: statements", listed[f"statement, {name}"] if name != "api test" else listed["statement, api test"],
                    {text for kind, text in parts if kind == "statement"})
            if name == "api test":
                continue
            for kind in ("item", "condition", "page"):
                compare(t, f"{name}: {kind}s", listed[kind], {text for one, text in parts if one == kind})
            compare(t, f"{name}: messages", listed[f"message, {name}"], recorder.messages)
            compare(t, f"{name}: startup parameters", listed["startup parameter"], set(recorder.startup))
            t.is_((recorder.startup["client_encoding"], recorder.formats), ("UTF8", {0}), f"{name}: UTF8, everything as text")
            compare(t, f"{name}: types of parameters", listed["type"], {kOidNames.get(oid, f"OID {oid}") for oid in recorder.types} - {"OID 0"})
            named = {re.sub(r"\d+", "N", statement) for statement, _ in recorder.statements if statement}
            t.is_(named, {"tg_N", "tg_stamp_N"} if name == "prepare on" else set(), f"{name}: names of prepared statements")
    finally:
        for recorder in seen.values():
            recorder.stop()


run_test(test)
