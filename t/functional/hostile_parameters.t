#!/usr/bin/env python3
"""What a hostile caller puts into parameters: quotes, comments, placeholders, semicolons, wildcards, NUL, overlong UTF-8, 10,000 items, nested
JSON. Every answer is 400 or has the rows whose column is literally that text: never a 5xx, never another row."""
import json
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Client, run_test, users_definitions

kTexts = [
    "'", "''", '"', "\\", "\\'", "' OR '1'='1", "' OR 1=1 --", "x' /* ", "*/ x", "-- x", "/**/", "; DROP TABLE mirror.notes;", "'; SELECT pg_sleep(9); --", "$1",
    "$$", "$x$", "${name}", "#{name}", "{{name}}", "%", "_", "%%", "a%", "\\%", "{}", "{a}", '{"a"}', "{a,b}", "NULL", "null", "DEFAULT", "E'\\x27'", "U&'\\0027'",
    "::text", "0x27", "a\nb", "a\r\nb", "\x7f", "\x01", "‮", "ʼ", "＇", "é", "é", "😀", "A" * 5000, " ", " a ", "a;b", "a&b", "a=b", "a+b", "1e999", "NaN", "-", "%a" * 501,
]
# Bytes of a query or form that are no text at all.
kBroken = ["%00", "a%00b", "%C0%A7", "%E0%80%A7", "%F0%80%80%A7", "%FF", "%ED%A0%80", "%F4%90%80%80", "%C3", "%", "%2", "%zz", "%u0027"]
kPlaces = {"equal": "=", "unequal": "!=", "above": ">", "like": "LIKE", "unlike": "NOT LIKE", "among": "IN", "beyond": "NOT IN"}
kNumbers = ["number", "numbers", "price", "day", "at", "good"]
kKinds = {"number": "LONG", "price": "DECIMAL", "day": "DATE", "at": "DATETIME", "good": "BOOLEAN"}


def definitions():
    objects = users_definitions(authentication=[], result="list", table="notes", response_parameters=[{"name": "id"}])
    api = objects.pop()
    objects.append({"kind": "Table", "name": "notes", "data_source": "odps_demo", "primary_key": ["id"], "indexes": [["note"]],
                    "ddl": "CREATE TABLE notes (id BIGINT, note STRING, number BIGINT, price DECIMAL(10,2), day DATE, at DATETIME, good BOOLEAN);"})
    texts = [{"name": name, "column": "note", "type": "STRING", "operator": operator, "required": False} for name, operator in kPlaces.items()]
    others = [{"name": name, "type": kind, "required": False} for name, kind in kKinds.items()]
    lists = [{"name": "numbers", "column": "number", "type": "LONG", "operator": "IN", "required": False}]
    parameters = texts + others + lists
    objects += [{**api, "name": "Notes of a Query", "path": "/query", "request_parameters": parameters},
                {**api, "name": "Notes of a Body", "method": "POST", "path": "/body", "request_parameters": parameters},
                {**api, "name": "Notes of a Path", "path": "/path/{note}", "request_parameters": [{"name": "note", "type": "STRING", "in": "path", "sample": "x"}]},
                {**api, "name": "Notes of a Header", "path": "/header",
                 "request_parameters": [{"name": "X-Note", "column": "note", "type": "STRING", "operator": "IN", "in": "header", "sample": "x"}]}]
    return objects


def table_csv():
    """Row N is text N, the last ones are harmless."""
    quoted = ['"' + text.replace('"', '""') + '"' for text in [*kTexts, "a", "b", ""]]
    return "id,note,number,price,day,at,good\n" + "".join(f"{number},{text},{number},1.5,2025-01-31,2025-01-31 08:00:00,true\n" for number, text in enumerate(quoted))


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def same(text):
    """As `IN` has it in psql."""
    return f"note IN ({', '.join(literal(item) for item in text.split(','))})"


class Wanted:
    """The rows that psql finds, for many conditions at once."""

    def __init__(self, p):
        self.p, self.conditions = p, {}

    def add(self, condition):
        self.conditions.setdefault(condition, None)

    def ask(self):
        sql = "".join(f"SELECT coalesce(json_agg(id ORDER BY id), '[]'::json) FROM mirror.notes WHERE {one};\n" for one in self.conditions)
        for condition, line in zip(self.conditions, self.p.postgres.psql(sql).splitlines()):
            self.conditions[condition] = json.loads(line)


def condition(name, text):
    operator = kPlaces[name]
    if "IN" in operator:
        return same(text) if operator == "IN" else f"NOT ({same(text)})"
    return f"note {operator} {literal(text)}"


def is_bad_pattern(text):
    """It ends in a lone escape, or is too long after its first %."""
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1 or len(text.partition("%")[2]) > 1000


def rows_of(answer):
    return sorted(row["id"] for row in answer.json["data"]) if answer.status == 200 else answer.status


def texts(t, p, client):
    wanted = Wanted(p)
    for text in kTexts:
        for name in kPlaces:
            if not ("like" in name and is_bad_pattern(text)):
                wanted.add(condition(name, text))
        wanted.add(f"note = {literal(text)}")
    wanted.ask()
    faults = []

    def check(place, text, answer, ids):
        if rows_of(answer) != ids:
            faults.append(f"{place} {text[:40]!r}: {rows_of(answer)}, psql {ids}")

    for text in kTexts:
        for name in kPlaces:
            bad = "like" in name and is_bad_pattern(text)
            ids = 400 if bad else wanted.conditions[condition(name, text)]
            pair = f"{name}={urllib.parse.quote(text, safe='')}"
            check(f"query {name}", text, client.request(f"/v1/query?{pair}"), ids)
            check(f"form {name}", text, client.request("/v1/body", "POST", {"Content-Type": "application/x-www-form-urlencoded"}, pair.encode()), ids)
            check(f"JSON {name}", text, client.request("/v1/body", "POST", {"Content-Type": "application/json"}, json.dumps({name: text}).encode()), ids)
        whole = wanted.conditions[f"note = {literal(text)}"]
        check("JSON item", text, client.request("/v1/body", "POST", {"Content-Type": "application/json"}, json.dumps({"among": [text]}).encode()), whole)
        check("path", text, client.request(f"/v1/path/{urllib.parse.quote(text, safe='')}"), whole)
    t.ok(not faults, "every text finds its own row and no other, or is 400", *faults[:15])


def broken(t, client):
    kForm, kJson = {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": "application/json"}
    many = ",".join(["1"] * 10000)
    queries = [f"{name}={raw}" for name in [*kPlaces, *kNumbers] for raw in kBroken]
    queries += [f"{name}={urllib.parse.quote(text, safe='')}" for name in kNumbers for text in kTexts]
    queries += [f"numbers={'1,' * 1000}1", "&".join(["numbers=1"] * 1001), "equal=a&equal=a", "number=1&number=1"]
    bodies = [json.dumps({name: value}) for name in [*kPlaces, *kNumbers]
              for value in ([[1]], [["a"]], [{"a": 1}], {"a": ["b"]}, [None], [{"$ne": 1}], {"$gt": ""}, [[[[[[[[]]]]]]]])]
    bodies += [f'{{"numbers":[{many}]}}', json.dumps({"among": ["x"] * 10000}), f'{{"numbers":"{many}"}}', '{"among":["a\\u0000b"]}', '{"equal":"\\u0000"}',
               '{"among":["\\ud800"]}', '{"numbers":[1,]}', '{"numbers":[NaN]}', '{"numbers":[1e400]}', "[" * 5000, '{"numbers":' + "[" * 5000 + "]" * 5000 + "}"]
    raw_bodies = [b'{"equal":"\xc0\xa7"}', b'{"among":["\xed\xa0\x80"]}', b'{"among":["a\x00b"]}', b'{"numbers":[1]}\x00']
    answers = [(query, client.request(f"/v1/query?{query}")) for query in queries]
    answers += [(query, client.request("/v1/body", "POST", kForm, query.encode())) for query in [*queries, "&".join(["numbers=1"] * 10000), f"numbers={many}"]]
    answers += [(body, client.request("/v1/body", "POST", kJson, body if isinstance(body, bytes) else body.encode())) for body in [*bodies, *raw_bodies]]
    bad = [f"{str(sent)[:60]}: {answer}" for sent, answer in answers if answer.status != 400 or "parameter" not in answer.text and "body" not in answer.text]
    t.ok(not bad, f"{len(answers)} requests that mean nothing are 400", *bad[:15])
    echoed = [str(sent)[:60] for sent, answer in answers if "DROP" in answer.text or "pg_sleep" in answer.text]
    t.is_(echoed, [], "no answer repeats what the caller sent")


def test(t):
    p = t.project()
    p.serve(definitions(), {"notes": table_csv()}, server="client_max_body_size 1m; large_client_header_buffers 4 32k;")
    count = "SELECT count(*), count(DISTINCT note) FROM mirror.notes"
    before = p.postgres.psql(count)
    with Client(p.gateway.port, timeout=60) as client:
        texts(t, p, client)
        broken(t, client)
        found = rows_of(client.request("/v1/header", headers={"X-Note": "' OR 1=1 --"}))
        t.is_(found, [kTexts.index("' OR 1=1 --")], "a header is literal too")
    t.is_(p.postgres.psql(count), before, "the table is as it was")
    t.ok("query_failed" not in p.gateway.log() and "ERROR" not in p.gateway.log(), "no statement failed")


run_test(test)
