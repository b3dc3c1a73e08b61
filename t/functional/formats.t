#!/usr/bin/env python3
"""Rows as JSON, CSV and NDJSON: the same values, read back by COPY, Python and jq; Accept, format, 406, problem+json, pages, HEAD, POST."""
import csv
import io
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import free_port, path_with, request, run, run_test, users_definitions

kDdl = """CREATE TABLE things (id BIGINT, name STRING, amount DECIMAL(20,6), ratio DOUBLE, ok BOOLEAN, day DATE, at DATETIME, ntz TIMESTAMP_NTZ,
 bin BINARY, doc JSON)"""
kColumns = ["id", "name", "amount", "ratio", "ok", "day", "at", "ntz", "bin", "doc"]
kTexts = ["plain", "", None, "007", " blanks ", 'a "quoted" one', "a,b", "line\nend", "cr\rlf\r\nend", '"', "\\.", "\\N", "NULL", "=1+1", "+1", "-2.5e3", "-x", "@x", "\t=x",
          "\r=x", "漢字\U0001F600", "'", "x" * 70000 + '",\n' + '"' * 300, ";", "a\tb"]
kInstant = "2025-01-31 08:00:00.5"
kTypes = {"csv": "text/csv; charset=utf-8; header=present", "ndjson": "application/x-ndjson", "json": "application/json; charset=utf-8",
          "problem": "application/problem+json"}


def table_csv():
    """The load's file, as COPY reads it: what is not quoted and empty is NULL."""
    def cell(value):
        return "" if value is None else '"' + value.replace('"', '""') + '"'
    lines = [",".join(kColumns)]
    for number, text in enumerate(kTexts, 1):
        rest = [None] * 8 if text is None else [f"{number}.50", "1e-300", "true", "2025-01-31", kInstant, kInstant, "\\x00fb10", '{"a": [1, "b, c \\" d"],\n "e": null}']
        lines.append(",".join(cell(value) for value in (str(number), text, *rest)))
    return "\n".join(lines) + "\n"


def api(name, path, **fields):
    return {"kind": "Api", "name": name, "business_process": "User Query Service", "path": path, "table": "things", "authentication": [],
            "request_parameters": [{"name": "id", "type": "LONG", "operator": ">=", "required": False, "sample": 1}], "order_by": [{"column": "id"}],
            "response_parameters": [{"name": name} for name in kColumns], **fields}


kAll = ["json", "csv", "ndjson"]
kParameters = [{"name": "id", "type": "LONG", "operator": ">=", "sample": 1}]
kApis = [
    api("All Things 1", "/things", formats=kAll),
    api("Only CSV", "/csv", formats=["csv"]),
    api("Only JSON", "/json"),
    api("First NDJSON", "/ndjson", formats=["ndjson", "csv", "json"]),
    api("Safe of \u5b57", "/safe", formats=["csv"], csv_safe=True),
    api("Pages of Things", "/pages", formats=kAll, pagination={"default_size": 4, "max_size": 50}),
    api("Strict Post", "/post", formats=kAll, method="POST", unknown_parameters="reject", envelope="dataworks"),
    api("As and Masks", "/masks", formats=kAll, response_parameters=[{"name": "id", "as": "string"}, {"name": "name", "mask": "hash"}, {"name": "day", "mask": "null"}]),
]


def get(p, target, accept=None, method="GET", **headers):
    return request(p.gateway.port, "/v1" + target, method, {**({"Accept": accept} if accept is not None else {}), **headers})


def kind(answer):
    return answer.status, next((name for name, text in kTypes.items() if text == answer.headers.get("content-type")), answer.headers.get("content-type"))


def vary(answer):
    return [value for name, value in answer.pairs if name == "vary"]


def parse(text):
    """JSON with its numbers as they are written."""
    return json.loads(text, parse_int=str, parse_float=str)


def text_of(value):
    """A value of parse() as the text of its cell."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value or ""


def test_values(t, p):
    rows = parse(get(p, "/json").body)["data"]
    answer = get(p, "/things?format=csv")
    t.is_((kind(answer), answer.headers["content-disposition"]), ((200, "csv"), 'attachment; filename="All-Things-1.csv"'), "CSV: its type and the name of its file")
    t.ok(answer.body.startswith(b"id,name,amount,ratio,ok,day,at,ntz,bin,doc\r\n1,plain,1.500000,1e-300,true,2025-01-31,2025-01-31T08:00:00.5+00:00,2025-01-31T08:00:00.5,APsQ,"
                                b'"{""a"":[1,""b, c \\"" d""],""e"":null}"\r\n2,"",2.500000,'), "the header and the first rows, with CR LF", answer.body[:300])
    t.ok(b'\r\n3,,,,,,,,,\r\n4,007,' in answer.body, "NULL is an empty cell, leading zeros stay", answer.body[:700])
    read = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    t.is_(len(read), len(rows), "Python's csv reads all rows")
    differ = [(one["id"], name) for one, row in zip(read, rows) for name in kColumns
              if (parse(one[name] or "null") != row[name] if name == "doc" else one[name] != text_of(row[name]))]
    t.is_(differ, [], "each cell is the text of the JSON value")
    p.postgres.psql("CREATE TABLE back (id bigint, name text, amount text, ratio double precision, ok boolean, day date, at timestamptz, ntz timestamp, bin text, doc json)")
    p.postgres.psql(f"COPY back FROM '{write(p, 'back.csv', answer.body)}' (FORMAT csv, HEADER)")
    compared = ("SELECT count(*) FROM back b JOIN mirror.things t USING (id) WHERE b.name IS NOT DISTINCT FROM t.name AND b.amount::numeric IS NOT DISTINCT FROM t.amount"
                " AND b.ratio IS NOT DISTINCT FROM t.ratio AND b.ok IS NOT DISTINCT FROM t.ok AND b.day IS NOT DISTINCT FROM t.day AND b.at IS NOT DISTINCT FROM t.at"
                " AND b.ntz IS NOT DISTINCT FROM t.ntz AND decode(b.bin, 'base64') IS NOT DISTINCT FROM t.bin AND b.doc::jsonb IS NOT DISTINCT FROM t.doc::jsonb")
    t.is_(p.postgres.psql(compared).strip(), str(len(kTexts)), "PostgreSQL's COPY reads back the rows of the table, with NULL and ''")
    answer = get(p, "/things?format=ndjson")
    t.is_((kind(answer), answer.headers.get("content-disposition"), answer.body[-1:]), ((200, "ndjson"), None, b"\n"), "NDJSON: its type, no file, LF at its end")
    t.is_([parse(line) for line in answer.body[:-1].split(b"\n")], rows, "one row a line, equal to the rows of JSON")
    if shutil.which("jq"):
        t.is_(run(["jq", "-c", ".id", write(p, "rows.ndjson", answer.body)]).stdout.split(), [row["id"] for row in rows], "jq reads each line")
    for name, body in (("csv", b"id,name,amount,ratio,ok,day,at,ntz,bin,doc\r\n"), ("ndjson", b""), ("json", b'{"data":[],"success":true}')):
        answer = get(p, f"/things?format={name}&id=1000")
        t.is_((answer.status, answer.body, answer.headers.get("content-length")), (200, body, str(len(body))), f"{name} without rows")
    answer = get(p, "/masks?format=csv&id=2")
    masked = get(p, "/masks?id=2").json["data"]
    t.is_([line.split(",") for line in answer.text.split("\r\n")[1:4]], [[row["id"], row["name"] or "", ""] for row in masked[:3]], "as and mask apply to cells too")


def write(p, name, data):
    path = p.file(name, "")
    with open(path, "wb") as file:
        file.write(data)
    return path


def test_safe(t, p):
    answer = get(p, "/safe")
    t.is_(answer.headers["content-disposition"], "attachment; filename=\"Safe-of-_.csv\"; filename*=UTF-8''Safe-of-%E5%AD%97.csv", "a name that is not ASCII")
    names = {int(row["id"]): row["name"] for row in csv.DictReader(io.StringIO(answer.text, newline=""))}
    wanted = {number: ("'" if text in ("=1+1", "-x", "@x", "\t=x", "\r=x") else "") + (text or "") for number, text in enumerate(kTexts, 1)}
    t.is_(names, wanted, "csv_safe: formulas begin with an apostrophe, numbers do not")


def test_negotiation(t, p):
    for accept, expected in ((None, "json"), ("", "json"), ("*/*", "json"), ("text/csv", "csv"), ("TEXT/CSV;charset=utf-8", "csv"), ("text/*", "csv"), ("application/*", "json"),
                             ("application/x-ndjson", "ndjson"), ("application/jsonl", "ndjson"), ("application/json;q=0.5, text/csv;q=0.6", "csv"),
                             ("text/csv, application/json", "json"), ("text/csv;q=x, application/json;q=0.9", "csv"), ("text/csv;q=0, */*;q=0.1", "json"),
                             ("application/json;q=0, */*", "csv"), ("text/csv, */*;q=0.1", "csv"), ('text/html;x="a,text/csv;q=1", application/jsonl;q=0.2', "ndjson"),
                             ("nonsense", "json")):
        answer = get(p, "/things", accept)
        t.is_((kind(answer), vary(answer)), ((200, expected), ["Accept"]), f"Accept: {accept}: {expected}")
        t.is_(kind(get(p, "/things", accept, "HEAD")), (200, expected), f"HEAD, Accept: {accept}: {expected}")
    two = request(p.gateway.port, "/v1/things", headers={"Accept": "text/csv;q=0.2"})
    t.is_(kind(two), (200, "csv"), "one media type with a small weight")
    t.is_(kind(get(p, "/ndjson", "*/*")), (200, "ndjson"), "the first of formats is the default")
    for accept in ("image/png", "text/csv;q=0", "application/problem+json", "*/*;q=0"):
        answer = get(p, "/things", accept)
        body = answer.json
        t.is_((answer.status, body["error"], body["errCode"], body["errMsg"], vary(answer)),
              (406, "not_acceptable", 406, "no format of this API is accepted: it has application/json, text/csv, application/x-ndjson", ["Accept"]), f"Accept: {accept}: 406")
    t.is_(get(p, "/things", "image/png", "HEAD").status, 406, "HEAD: 406 too")
    for name in kAll:
        answer = get(p, f"/things?format={name}", "image/png")
        t.is_((kind(answer), vary(answer)), ((200, name), []), f"format={name} wins over Accept, and the answer does not depend on it")
    for value in ("xml", "CSV", ""):
        answer = get(p, f"/things?format={value}")
        t.is_((answer.status, answer.json["error"], answer.json["errMsg"]), (400, "invalid_parameter", "parameter format must be one of json, csv, ndjson"), f"format={value}: 400")
    t.is_(get(p, "/things?format=csv&format=csv").status, 400, "given twice: 400")
    for accept in (None, "image/png", "application/json"):
        answer = get(p, "/csv?format=json", accept)
        t.is_((kind(answer), vary(answer)), ((200, "csv"), []), f"one format: Accept: {accept} and format are ignored")
    t.is_((kind(get(p, "/json", "text/csv")), vary(get(p, "/json", "text/csv"))), ((200, "json"), []), "JSON alone is as it was")


def test_errors(t, p):
    for accept, problem in (("application/problem+json", True), ("application/json, application/problem+json", True), ("application/problem+json;q=0.5, application/json;q=0.4", True),
                            ("application/problem+json;q=0.4, application/json", False), ("application/problem+json;q=0.5, */*", False), ("application/*", False), ("*/*", False),
                            ("application/problem+json;q=0", False), ("text/csv, application/problem+json;q=0.1", True), (None, False)):
        answer = get(p, "/json?id=x", accept)
        t.is_((kind(answer), vary(answer)), ((400, "problem" if problem else "json"), ["Accept"]), f"an error, Accept: {accept}: {'problem+json' if problem else 'JSON'}")
    body = get(p, "/json?id=x", "application/problem+json").json
    own = get(p, "/json?id=x").json
    t.is_(list(body), ["type", "title", "status", "detail", *own], "RFC 9457's members, then ours")
    t.is_((body["type"], body["title"], body["status"], body["detail"], body["error"]), ("about:blank", "Bad Request", 400, own["errMsg"], "invalid_parameter"), "their values")
    t.is_(list(request(p.gateway.port, "/v1/post", "POST", {"Accept": "application/problem+json"}, b"x=1").json), ["type", "title", "status", "detail", "data", "errCode", "errMsg", "requestId", "apiLog"],
          "with the envelope dataworks its members")
    for target, status in (("/nothing", 404), ("/limited", 429)):
        answer = get(p, target, "application/problem+json")
        t.is_((kind(answer), vary(answer)), ((status, "problem"), ["Accept"]), f"{status}, of us or of nginx")


def links(answer):
    return dict((relation, target) for target, relation in re.findall(r'<([^>]*)>; rel="([a-z]+)"', answer.headers.get("link", "")))


def test_pages(t, p):
    for name in ("csv", "ndjson"):
        target, seen, total = f"/pages?format={name}&pageSize=10", [], None
        while target:
            answer = get(p, target)
            lines = answer.body.count(b"\n") if name == "ndjson" else len(list(csv.reader(io.StringIO(answer.text, newline="")))) - 1
            seen.append(lines)
            total = answer.headers.get("x-total-count")
            following = links(answer).get("next")
            t.ok(following is None or "cursor=" in following, f"{name}: next is by cursor", following)
            target = following and "/pages" + following
        t.is_((seen, total), ([10, 10, len(kTexts) - 20], str(len(kTexts))), f"{name}: a walk by Link finds all rows, X-Total-Count counts them")
    answer = get(p, "/pages?format=csv&returnTotalNum=false", method="HEAD")
    t.is_((kind(answer), answer.headers.get("x-total-count"), "cursor=" in answer.headers["link"]), ((200, "csv"), None, True), "HEAD of a page without a total")
    cursor = get(p, "/pages?pageSize=3").json["data"]["nextCursor"]
    t.is_(get(p, path_with("/pages", cursor=cursor, format="csv", pageSize=1)).text.split("\r\n")[1].split(",")[0], "4", "a cursor of JSON continues in CSV")
    t.is_(get(p, "/pages").headers.get("x-total-count"), None, "JSON has totalNum instead")
    t.like(links(get(p, "/pages"))["next"], "pageNum=2", "and its Link is by number")


def test_post(t, p):
    def post(body, kind="application/json", **headers):
        return request(p.gateway.port, "/v1/post", "POST", {"Content-Type": kind, **headers}, body.encode())
    t.is_(kind(post('{"id":24,"format":"csv"}')), (200, "csv"), "POST: format is a member of the body")
    t.is_(kind(post("id=24&format=ndjson", "application/x-www-form-urlencoded")), (200, "ndjson"), "and of a form")
    t.is_(kind(post('{"id":24}', Accept="text/csv")), (200, "csv"), "POST: Accept chooses")
    t.is_(post('{"id":24}').json["errCode"], 0, "the default is JSON with its envelope")
    t.is_(post('{"id":24,"format":"xml"}').status, 400, "another format: 400")
    t.like(post('{"id":24,"x":1}').json["errMsg"], "this API has id, format", "unknown_parameters reject knows format")


def test_http2(t, port):
    done = run(["curl", "-s", "--http2-prior-knowledge", "-D", "-", "-H", "Accept: text/csv", f"http://127.0.0.1:{port}/v1/things?id=25"])
    t.ok("HTTP/2 200" in done.stdout and "content-type: text/csv" in done.stdout and "\n25,a\tb," in done.stdout, "HTTP/2: CSV", done)


def test_loader(t, p):
    tested = p.loader.json("api", "test", "Only CSV", "--param", "id=24")
    t.is_((tested["passed"], tested["response"]["success"]), (True, True), "api test prints the rows as JSON")
    t.is_(p.loader.json("api", "test", "All Things 1", "--param", "format=csv")["passed"], True, "and takes format")
    called = p.loader("api", "call", "All Things 1", "--credential", "-", "--gateway-url", f"http://127.0.0.1:{p.gateway.port}", "--param", "format=csv", "--param", "id=25", input=p.key)
    t.ok(called.rc == 0 and "id,name,amount" in called.stdout, "api call --param format=csv", called)
    shown = p.loader.must("api", "show", "All Things 1").stdout
    t.ok("formats json, csv, ndjson" in shown and re.search(r"^format +- +STRING +query +no", shown, re.M), "api show says the formats and the parameter", shown)
    document = p.loader.json("openapi")
    found = document["paths"]["/v1/pages"]["get"]
    t.is_(list(found["responses"]["200"]["content"]), ["application/json", "text/csv", "application/x-ndjson"], "OpenAPI: content of each format")
    t.ok({"X-Total-Count", "Content-Disposition", "Link"} <= set(found["responses"]["200"]["headers"]) and "406" in found["responses"], "its headers and 406", found["responses"])
    t.is_([one["schema"] for one in found["parameters"] if one["name"] == "format"], [{"type": "string", "enum": kAll}], "and the parameter")
    t.is_(list(document["components"]["responses"]["Error400"]["content"]), ["application/json", "application/problem+json"], "errors have two forms")
    t.is_(list(document["paths"]["/v1/csv"]["get"]["responses"]["200"]["content"]), ["text/csv"], "an API with one format has one")


def test_rules(t, p):
    for change, words in (({"formats": []}, "/formats"), ({"formats": ["xml"]}, "/formats"), ({"formats": ["csv", "csv"]}, "/formats"),
                          ({"formats": ["json", "csv"], "result": "object"}, '/formats: must be ["json"] with result object'), ({"formats": ["json"], "csv_safe": True}, '/csv_safe: requires "csv" in formats'),
                          ({"formats": kAll, "request_parameters": [{"name": "Format", "column": "name", "type": "STRING"}]}, "this name is the parameter that chooses between formats")):
        result = p.loader("apply", "-f", "-", input=json.dumps({**kApis[0], **change}))
        t.ok(result.rc == 1 and words in result.stderr, f"{change} is rejected", result)
    key = {**kApis[0], "authentication": ["api_key"], "api_key_source": {"in": "query", "name": "format"}}
    versioned = [{"kind": "RestApi", "name": "versioned-api", "base_path": "/v2", "versioning": {"scheme": "query", "name": "format", "version": "1"}},
                 {"kind": "BusinessProcess", "name": "Versioned Service", "rest_api": "versioned-api", "rest_api_version": "1"},
                 {**kApis[0], "name": "Versioned Things", "business_process": "Versioned Service"}]
    for objects, words in ((key, "/api_key_source/name: this name is the parameter"), (versioned, 'takes its version from the query parameter "format"')):
        result = p.loader("apply", "-f", "-", input=json.dumps(objects))
        t.ok(result.rc == 1 and words in result.stderr, f"rejected: {words}", result)
    p.apply([{**kApis[0], "formats": ["csv", "json"]}])
    p.loader.must("api", "test", "All Things 1")
    result = p.loader("api", "commit", "All Things 1")
    t.ok(result.rc == 1 and "formats no longer has ndjson" in result.stderr and "formats began with json and begins with csv" in result.stderr, "what breaks callers is rejected", result)


def test(t):
    p = t.project()
    objects = users_definitions()[:4] + [{"kind": "Table", "name": "things", "data_source": "odps_demo", "ddl": kDdl, "primary_key": ["id"], "time_zone": "UTC"}] + kApis
    h2 = free_port()
    p.serve(objects, {"things": table_csv()}, server="tablegate_errors on; location = /v1/limited { return 429; }", http=f"server {{ listen 127.0.0.1:{h2} http2; location / {{ tablegate on; }} }}")
    test_values(t, p)
    test_safe(t, p)
    test_negotiation(t, p)
    test_errors(t, p)
    test_pages(t, p)
    test_post(t, p)
    test_http2(t, h2)
    test_loader(t, p)
    test_rules(t, p)


run_test(test)
