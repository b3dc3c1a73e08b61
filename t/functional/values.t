#!/usr/bin/env python3
"""Every column type as JSON, byte for byte, and as Node, Python and jq read it; every parameter type finds its row."""
import decimal
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import path_with, request, run_test

kDdl = """CREATE TABLE everything (id BIGINT NOT NULL, tiny TINYINT, small SMALLINT, normal INT, big BIGINT, f FLOAT, d DOUBLE,
 dec DECIMAL(38,18), legacy DECIMAL, b BOOLEAN, s STRING, v VARCHAR(200), bin BINARY, day DATE, at DATETIME, ts TIMESTAMP,
 ntz TIMESTAMP_NTZ, doc JSON)"""
kColumns = ["id", "tiny", "small", "normal", "big", "f", "d", "dec", "legacy", "b", "s", "v", "bin", "day", "at", "ts", "ntz", "doc"]

kPlanes = "".join(chr(plane * 0x10000 + 0x1F600 % 0x10000) for plane in range(17) if plane not in (0,)) + "é漢字ñ￿"
kControls = "".join(chr(c) for c in range(1, 32)) + '"\\/\x7f'

# id: (CSV values in the order of kColumns after id, the row's JSON after "id")
kDigits = "12345678901234567890.123456789012345678"


def row(**values):
    return [values.get(name) for name in kColumns]


kRows = [
    row(id=1, tiny="-128", small="-32768", normal="-2147483648", big="-9223372036854775808", f="-0", d="-0", dec="-" + kDigits, legacy="0",
        b="false", s="", v="plain", bin="\\x", day="0001-01-01", at="1970-01-01 00:00:00", ts="2025-01-31 08:00:00.123456",
        ntz="2025-01-31 08:00:00.5", doc='{"a": [1, 2.50, "x"]}'),
    row(id=2, tiny="127", small="32767", normal="2147483647", big="9223372036854775807", f="NaN", d="Infinity", dec=kDigits,
        legacy="0.000000000000000001", b="true", s=kControls, v=kPlanes, bin="\\x00ff10", day="10000-12-31", at="2024-02-29 23:59:59.5",
        ts="1900-01-01 00:00:00", ntz="9999-12-31 23:59:59.999999", doc="null"),
    row(id=3),
    row(id=4, f="3.4028235e38", d="-Infinity", dec="1.50", day="0044-03-15 BC", at="infinity", ts="-infinity", ntz="0044-03-15 12:00:00 BC",
        s="'); DROP TABLE everything; --", bin="\\x01"),
    row(id=5, f="0.1", d="0.1", s="a,b\n\"c\"", bin="\\x0102", at="2025-07-01 12:00:00+02"),
    row(id=6, d="1e-300", f="1e-10", s="\U0001F468‍\U0001F469", at="10000-01-01 00:00:00"),
]

# What the API answers, as bytes, in Asia/Shanghai; in UTC where RFC 3339 cannot say the offset (+08:05:43) or the year there.
kWanted = {
    1: '"tiny":-128,"small":-32768,"normal":-2147483648,"big":-9223372036854775808,"f":-0,"d":-0,'
       f'"dec":-{kDigits},"legacy":0.000000000000000000,"b":false,"s":"","v":"plain","bin":"","day":"0001-01-01",'
       '"at":"1970-01-01T00:00:00+08:00","ts":"2025-01-31T08:00:00.123456+08:00","ntz":"2025-01-31T08:00:00.5","doc":{"a": [1, 2.50, "x"]}',
    2: '"tiny":127,"small":32767,"normal":2147483647,"big":9223372036854775807,"f":"NaN","d":"Infinity",'
       f'"dec":{kDigits},"legacy":0.000000000000000001,"b":true,"s":%s,"v":"{kPlanes}","bin":"AP8Q","day":"10000-12-31",'
       '"at":"2024-02-29T23:59:59.5+08:00","ts":"1899-12-31T15:54:17Z","ntz":"9999-12-31T23:59:59.999999","doc":null',
    3: '"tiny":null,"small":null,"normal":null,"big":null,"f":null,"d":null,"dec":null,"legacy":null,"b":null,"s":null,"v":null,'
       '"bin":null,"day":null,"at":null,"ts":null,"ntz":null,"doc":null',
    4: '"tiny":null,"small":null,"normal":null,"big":null,"f":3.4028235e+38,"d":"-Infinity","dec":1.500000000000000000,"legacy":null,'
       '"b":null,"s":"\'); DROP TABLE everything; --","v":null,"bin":"AQ==","day":"0044-03-15 BC","at":"infinity","ts":"-infinity",'
       '"ntz":"0044-03-15 12:00:00 BC","doc":null',
    5: '"tiny":null,"small":null,"normal":null,"big":null,"f":0.1,"d":0.1,"dec":null,"legacy":null,"b":null,"s":"a,b\\n\\"c\\"",'
       '"v":null,"bin":"AQI=","day":null,"at":"2025-07-01T18:00:00+08:00","ts":null,"ntz":null,"doc":null',
    6: '"tiny":null,"small":null,"normal":null,"big":null,"f":1e-10,"d":1e-300,"dec":null,"legacy":null,"b":null,'
       '"s":"\U0001F468‍\U0001F469","v":null,"bin":null,"day":null,"at":"9999-12-31T16:00:00Z","ts":null,"ntz":null,"doc":null',
}
kEscaped = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}

# Parameter types: (column, type, value that finds row 1 or 2, the row)
kParameters = [
    ("tiny", "INT", "-128", 1), ("small", "INT", "32767", 2), ("normal", "INT", "-2147483648", 1), ("big", "LONG", "-9223372036854775808", 1),
    ("big", "LONG", "9223372036854775807", 2), ("f", "FLOAT", "0.1", 5), ("d", "DOUBLE", "1e-300", 6), ("d", "DOUBLE", "0.1", 5),
    ("dec", "DECIMAL", kDigits, 2), ("dec", "DECIMAL", "1.5", 4), ("legacy", "LONG", "0", 1), ("b", "BOOLEAN", "true", 2), ("b", "BOOLEAN", "0", 1),
    ("s", "STRING", "'); DROP TABLE everything; --", 4), ("s", "STRING", "", 1), ("s", "STRING", kControls, 2), ("v", "STRING", kPlanes, 2),
    ("day", "DATE", "0001-01-01", 1), ("day", "DATE", "10000-12-31", 2), ("at", "DATETIME", "1970-01-01T00:00:00", 1),
    ("at", "DATETIME", "1969-12-31 16:00:00Z", 1), ("at", "DATETIME", "2025-07-01T12:00:00+02:00", 5),
    # What RFC 3339 cannot say is taken as answers have it.
    ("day", "DATE", "0044-03-15 BC", 4), ("at", "DATETIME", "infinity", 4), ("ts", "DATETIME", "-infinity", 4), ("ntz", "DATETIME", "0044-03-15 12:00:00 BC", 4),
    ("ts", "DATETIME", "2025-01-31T08:00:00.123456", 1), ("ntz", "DATETIME", "9999-12-31T23:59:59.999999", 2),
]
kRefused = [
    ("tiny", "INT", ["32768", "-32769", "1.0", "1e2", "", "+1", " 1", "0x1", "９"]), ("normal", "INT", ["2147483648", "--1"]),
    ("big", "LONG", ["9223372036854775808", "-9223372036854775809", "NaN"]), ("f", "FLOAT", ["1e39", "1e-60", "NaN", "Infinity", ""]),
    ("d", "DOUBLE", ["1e309", "1e-400", "nan", "0x1p3"]), ("dec", "DECIMAL", ["1e5", "NaN", ".", "-", "1,5"]), ("b", "BOOLEAN", ["TRUE", "yes", "t", "2", ""]),
    ("day", "DATE", ["2025-02-29", "2025-13-01", "today", "now", "inf", "20250101", "0000-01-01", "2025-1-1", "44-03-15 BC"]),
    ("at", "DATETIME", ["2025-01-01", "now", "2025-01-01T24:00:00", "2025-01-01T00:00:00.1234567", "2025-01-01T00:00:00 Asia/Shanghai", "+infinity", "0044-03-15 12:00:00 BC"]),
    ("ntz", "DATETIME", ["2025-01-01T00:00:00+08:00"]),
]


# What no file can say: beyond ISO 8601's years, and words.
kBeyond = {(number, name): text for number, *values in [[r[0], *r] for r in kRows] for name, text in zip(kColumns, values)
           if name in ("day", "at", "ts", "ntz") and text and (text.startswith("10000-") or text.endswith("BC") or "infinity" in text)}


def field(value):
    return "" if value is None else '"' + value.replace('"', '""') + '"'


def definitions():
    def api(name, path, parameters, **more):
        return {"kind": "Api", "name": name, "business_process": "Everything Service", "path": path, "mode": "wizard", "table": "everything",
                "authentication": [], "request_parameters": parameters,
                "response_parameters": [{"name": column} for column in kColumns], **more}
    optional = [{"name": f"{column}_{kind}", "column": column, "type": kind, "required": False}
                for column, kind in dict.fromkeys((column, kind) for column, kind, _, _ in kParameters)]
    return [
        {"kind": "GatewayInstance", "name": "g", "address": "http://127.0.0.1"},
        {"kind": "RestApi", "name": "everything-api", "base_path": "/e"},
        {"kind": "BusinessProcess", "name": "Everything Service", "rest_api": "everything-api"},
        {"kind": "DataSource", "name": "files", "type": "csv", "path": "everything.csv"},
        {"kind": "Table", "name": "everything", "data_source": "files", "ddl": kDdl, "primary_key": ["id"], "time_zone": "Asia/Shanghai"},
        api("Row by ID", "/row", [{"name": "id", "type": "LONG", "sample": 1}], result="object"),
        api("Row by Path", "/rows/{id}", [{"name": "id", "type": "LONG", "in": "path", "sample": 1}], result="object"),
        api("Row by Header", "/header", [{"name": "X-Row", "column": "id", "type": "LONG", "in": "header", "sample": 1}], result="object"),
        api("Rows by Anything", "/rows", [{"name": "least", "column": "id", "type": "LONG", "required": False}, *optional]),
        api("Row by Default", "/default", [{"name": "id", "type": "LONG", "required": False, "default": 3}]),
        {**api("Plain Types", "/plain", [{"name": "least", "column": "id", "type": "LONG", "required": False, "sample": 1}]),
         "response_parameters": [{"name": column} for column in kColumns if column not in ("bin", "at", "ts", "ntz", "doc")]},
        {**api("Big as Text", "/text", [{"name": "id", "type": "LONG", "sample": 1}], result="object"),
         "response_parameters": [{"name": "big", "as": "string"}, {"name": "exact", "column": "dec", "as": "string"}]},
    ]


def wanted_rows():
    escaped = "".join(kEscaped.get(c, c if ord(c) >= 32 else f"\\u{ord(c):04x}") for c in kControls)
    return {number: '{"id":%d,' % number + text.replace("%s", f'"{escaped}"') + "}" for number, text in kWanted.items()}


def schemas(t, p, rows):
    """What the OpenAPI document says of times is true of every answer."""
    document = json.loads(p.loader.must("openapi").stdout)
    row = next(one for one in find_objects(document) if set(kColumns) <= set(one.get("properties", {})))
    formats = {"date": r"\d{4}-\d\d-\d\d", "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
               "date-time-local": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?"}
    for name in ("day", "at", "ts", "ntz"):
        forms = [one for one in row["properties"][name]["anyOf"] if one["type"] == "string"]
        for number, text in rows.items():
            shown = json.loads(text)[name]
            good = shown is None or any(re.fullmatch(one.get("pattern") or formats[one["format"]], shown) for one in forms)
            t.ok(good, f"row {number}, {name}: {shown} is what the schema says", forms)


def find_objects(value):
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from find_objects(one)


def test(t):
    p = t.project()
    csv = ",".join(kColumns) + "\n" + "".join(
        ",".join(field(None if v is None or (values[0], name) in kBeyond else str(v)) for name, v in zip(kColumns, values)) + "\n" for values in kRows)
    p.serve(definitions(), {"everything": csv})
    for (number, name), text in kBeyond.items():
        p.postgres.psql(f"SET timezone = 'Asia/Shanghai'; UPDATE mirror.everything SET {name} = '{text}' WHERE id = {number}")
    p.postgres.psql("WITH old AS (DELETE FROM mirror.everything RETURNING *) INSERT INTO mirror.everything SELECT * FROM old ORDER BY id")  # in the file's order
    port = p.gateway.port
    rows = wanted_rows()
    for number, text in rows.items():
        got = request(port, f"/e/row?id={number}").body.decode()
        t.is_(got, '{"data":%s,"success":true}' % text, f"row {number}, byte for byte")
    everything = request(port, "/e/rows").body
    t.is_(everything.decode(), '{"data":[%s],"success":true}' % ",".join(rows.values()), "all rows as a list")
    t.is_(request(port, "/e/row?id=99").text, '{"data":null,"success":true}', "no row: null")
    t.is_(request(port, "/e/rows?least=99").text, '{"data":[],"success":true}', "no rows: an empty list")
    t.is_(request(port, "/e/text?id=2").text, '{"data":{"big":"9223372036854775807","exact":"%s"},"success":true}' % kDigits, "numbers as strings")
    t.is_(request(port, "/e/rows/3").text, '{"data":%s,"success":true}' % rows[3], "a parameter in the path")
    t.is_(request(port, "/e/header", headers={"x-row": "3"}).text, '{"data":%s,"success":true}' % rows[3], "a parameter in a header")
    t.is_(request(port, "/e/header").json["error"], "missing_parameter", "a header that is missing")
    t.is_(request(port, "/e/default").text, '{"data":[%s],"success":true}' % rows[3], "a default stands in for an absent parameter")
    schemas(t, p, rows)
    readers(t, p, everything)
    postgres(t, p)
    parameters(t, port, rows)


def readers(t, p, body):
    """The same bytes as Python, Node and jq read them."""
    with open(os.path.join(p.folder, "everything.json"), "wb") as file:
        file.write(body)
    python = json.loads(body, parse_float=decimal.Decimal)["data"]
    t.is_(python[1]["s"], kControls, "Python: control characters")
    t.is_(python[1]["v"], kPlanes, "Python: every plane of Unicode")
    t.is_(python[1]["big"], 9223372036854775807, "Python: bigint")
    t.is_(python[1]["dec"], decimal.Decimal(kDigits), "Python: numeric")
    t.is_([str(python[0]["d"]), python[1]["f"], python[1]["d"], python[3]["d"]], ["0", "NaN", "Infinity", "-Infinity"], "Python: -0 (an integer to it), NaN, infinities")
    # Numbers beyond a double are for as: "string"; what a double holds is exact in all three.
    file = os.path.join(p.folder, "everything.json")
    paths = ["[1].s", "[1].v", "[4].s", "[0].s", "[2].s", "[2].dec", "[0].small", "[1].normal", "[1].b", "[0].b", "[4].f", "[4].d", "[5].d", "[5].f", "[3].f",
             "[1].f", "[1].d", "[3].d", "[1].day", "[3].day", "[0].at", "[5].at", "[3].at", "[3].ts", "[1].ts", "[1].ntz", "[3].ntz", "[1].bin", "[0].doc", "[1].doc"]
    wanted = [member(json.loads(body)["data"], path) for path in paths]  # what Python reads
    t.is_(wanted[:4] + wanted[15:20], [kControls, kPlanes, "a,b\n\"c\"", "", "NaN", "Infinity", "-Infinity", "10000-12-31", "0044-03-15 BC"], "Python: the texts among them")
    script = ("const d=JSON.parse(require('fs').readFileSync(process.argv[1],'utf8')).data;"
              f"console.log(JSON.stringify([Object.is(d[0].d,-0),Object.is(d[0].f,-0),{','.join('d' + path for path in paths)}]))")
    node = subprocess.run([shutil.which("node") or "node", "-e", script, file], capture_output=True, text=True, timeout=60, check=False)
    t.is_(json.loads(node.stdout or "null"), [True, True, *wanted], "Node reads the same, and -0") or t.diag(node.stderr)
    script = f"[(.data[0].d | tostring), {', '.join('.data' + path for path in paths)}]"
    jq = subprocess.run(["jq", "-c", script, file], capture_output=True, text=True, timeout=60, check=False)
    t.is_(json.loads(jq.stdout or "null"), ["-0", *wanted], "jq reads the same, and -0") or t.diag(jq.stderr)
    for name, reader in (("Node", ["node", "-e", "console.log(JSON.stringify(JSON.parse(require('fs').readFileSync(0,'utf8')).data))"]), ("jq", ["jq", "-c", ".data"])):
        texts = subprocess.run(reader, input=request(p.gateway.port, "/e/text?id=2").body, capture_output=True, timeout=60, check=False).stdout.decode()
        t.is_(texts, '{"big":"9223372036854775807","exact":"%s"}\n' % kDigits, f"{name}: bigint and numeric as strings keep every digit")


def member(rows, path):
    """What Node and jq call [1].s"""
    number, name = path.split(".")
    return rows[int(number[1:-1])][name]


def postgres(t, p):
    """The same rows as PostgreSQL itself makes JSON of them, byte for byte: the types in which its JSON is what ours is to be."""
    columns = [column for column in kColumns if column not in ("bin", "at", "ts", "ntz", "doc")]
    theirs = p.postgres.psql(f"SET TimeZone = 'UTC'; SELECT '[' || string_agg(row_to_json(r)::text, ',' ORDER BY id) || ']' FROM"
                             f" (SELECT {', '.join(columns)} FROM mirror.everything) r")
    t.is_(request(p.gateway.port, "/e/plain").text, '{"data":%s,"success":true}' % theirs, "numbers, texts, booleans, dates: PostgreSQL's own bytes")


def parameters(t, port, rows):
    for column, kind, value, number in kParameters:
        answer = request(port, path_with("/e/rows", **{f"{column}_{kind}": value}))
        t.is_(answer.text, '{"data":[%s],"success":true}' % rows[number], f"{kind} against {column} = {value[:40]!r}")
    for column, kind, values in kRefused:
        messages = set()
        for value in values:
            answer = request(port, path_with("/e/rows", **{f"{column}_{kind}": value}))
            good = answer.status == 400 and answer.json["error"] == "invalid_parameter" and f"{column}_{kind}" in answer.json["errMsg"]
            t.ok(good, f"{kind} against {column} refuses {value!r}", answer)
            messages.add(answer.json["errMsg"])
        t.is_(len(messages), 1, f"{kind} against {column}: the message does not depend on the value, so it echoes nothing")
    both = request(port, path_with("/e/rows", b_BOOLEAN="true", big_LONG="9223372036854775807"))
    t.is_(both.text, '{"data":[%s],"success":true}' % rows[2], "two optional parameters together")
    for raw in ("%", "%2", "%zz", "%00", "%ff", "%ed%a0%80", "%c0%80"):
        answer = request(port, f"/e/rows?s_STRING={raw}")
        t.is_((answer.status, answer.json["error"]), (400, "invalid_parameter"), f"text {raw} is refused")
    t.is_(request(port, "/e/row?id=1&id=1").json["error"], "invalid_parameter", "a scalar given twice")
    t.is_(request(port, "/e/row?%69d=3&unknown=%zz").text, '{"data":%s,"success":true}' % rows[3], "an encoded name is the name; unknown ones are ignored")


run_test(test)
