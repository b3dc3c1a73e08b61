#!/usr/bin/env python3
"""Hostile values through every placeholder of a script, also of those inside quotes, in lists, in tests and in LIMIT: each answer has the rows that
the value literally means, or is 400. Never a 5xx, never another row."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Client, kAsan, run_test, users_definitions

kTexts = ["'", "''", '"', "\\", "\\'", "' OR '1'='1", "' OR 1=1 --", "x' /* ", "*/ x", "-- x", "; DROP TABLE mirror.notes;", "'; SELECT pg_sleep(9); --", "$1", "$$", "${text}", "#{text}",
          "%", "_", "<if test='true'>", "</where>", "<![CDATA[", "&lt;", "null", "NULL", "a\nb", "a,b", "{a,b}", "{}", "1", "01", "1.0", "1e999", "true", "é", "😀", " ", "' UNION SELECT 1 --",
          "A" * 3000, "U&'\\0027'", "E'\\x27'", "::text", "text == null", "text.class", "@java.lang.Runtime@getRuntime()"]
kJson = {"Content-Type": "application/json"}
# path -> (script, type of the parameter, condition for a text in psql)
kScripts = {
    "/value": ("SELECT id FROM notes WHERE note = ${text} ORDER BY id", "STRING", "note = {0}"),
    "/quoted": ("SELECT id FROM notes WHERE note = '${text}' ORDER BY id", "STRING", "note = {0}"),
    "/joined": ("SELECT id FROM notes WHERE 'x' || note = 'x${text}' ORDER BY id", "STRING", "note = {0}"),
    "/tested": ("SELECT id FROM notes <where><choose><when test=\"text == '1'\">id = 1000</when><when test='text.length() > 2500'>length(note) > 2500</when>"
                "<otherwise>note = ${text}</otherwise></choose></where> ORDER BY id", "STRING", None),
    "/list": ("SELECT id FROM notes WHERE note IN (${text}) ORDER BY id", "STRING_LIST", "note = {0}"),
    "/each": ("SELECT id FROM notes WHERE note IN <foreach collection='text' item='one' open='(' separator=',' close=')'>'${one}'</foreach> ORDER BY id", "STRING_LIST", "note = {0}"),
    "/first": ("SELECT id FROM notes WHERE note = ${text[0]} ORDER BY id", "STRING_LIST", "note = {0}"),
    "/shown": ("SELECT id, '${text}' AS shown FROM notes WHERE note = ${text} ORDER BY id", "STRING", "note = {0}"),
}


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def definitions():
    base = users_definitions(authentication=[], result="list")
    api = base.pop()
    base.append({"kind": "Table", "name": "notes", "data_source": "odps_demo", "primary_key": ["id"], "ddl": "CREATE TABLE notes (id BIGINT, note STRING)"})
    keep = {key: api[key] for key in ("kind", "business_process", "authentication", "result")}
    for path, (script, kind, _) in kScripts.items():
        base.append({**keep, "name": f"Notes {path[1:]}", "path": path, "method": "POST", "mode": "script", "data_source": "odps_demo", "sql": script,
                     "request_parameters": [{"name": "text", "type": kind, "sample": ["a"] if "LIST" in kind else "a"}]})
    base.append({**keep, "name": "Notes limited", "path": "/limited", "method": "POST", "mode": "script", "data_source": "odps_demo",
                 "sql": "SELECT id FROM notes ORDER BY id LIMIT ${most} OFFSET ${skip}",
                 "request_parameters": [{"name": "most", "type": "LONG", "sample": 2}, {"name": "skip", "type": "LONG", "sample": 1}]})
    base.append({**keep, "name": "Notes repeated", "path": "/repeated", "method": "POST", "mode": "script", "data_source": "odps_demo",
                 "sql": "SELECT id FROM notes WHERE false <foreach collection='ids' item='one'>OR (id = ${one} AND 'a' LIKE '%${text}%')</foreach> ORDER BY id",
                 "request_parameters": [{"name": "ids", "type": "LONG_LIST", "sample": [1]}, {"name": "text", "type": "STRING", "sample": "a"}]})
    return base


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) // 1024


def ids_of(answer):
    return [row["id"] for row in answer.json["data"]] if answer.status == 200 else answer.status


def texts(t, p, client):
    sql = "".join(f"SELECT coalesce(json_agg(id ORDER BY id), '[]'::json) FROM mirror.notes WHERE note = {literal(text)};\n" for text in kTexts)
    wanted = dict(zip(kTexts, (json.loads(line) for line in p.postgres.psql(sql).splitlines())))
    t.ok(all(wanted.values()), "each text is in the table")
    for path, (_, kind, _) in kScripts.items():
        bad = []
        for text in kTexts:
            answer = client.request(f"/v1{path}", "POST", kJson, json.dumps({"text": [text] if "LIST" in kind else text}).encode())
            right = wanted[text]
            if path == "/tested":
                right = [1000] if text == "1" else right
            if ids_of(answer) != right or (path == "/shown" and any(row["shown"] != text for row in answer.json["data"])):
                bad.append(f"{text[:60]!r}: {answer.status} {answer.text[:200]}, psql {right}")
        t.ok(not bad, f"{path}: {len(kTexts)} texts find what they literally are", *bad[:5])


def limits(t, client):
    for sent, right in (({"most": 2, "skip": 0}, [0, 1]), ({"most": "1; SELECT 1", "skip": 0}, 400), ({"most": [1, 2], "skip": 0}, 400), ({"most": None, "skip": 0}, 400),
                        ({"most": 1, "skip": "0 UNION SELECT 5"}, 400)):
        answer = client.request("/v1/limited", "POST", kJson, json.dumps(sent).encode())
        t.is_(ids_of(answer), right, f"LIMIT and OFFSET: {sent}") or t.diag(answer.text)


def repeated(t, p, client):
    """A value of 900 kB that a loop binds once for each of 1,000 items."""
    before = max(resident_mib(pid) for pid in p.gateway.workers())
    answer = client.request("/v1/repeated", "POST", kJson, json.dumps({"ids": [1] * 1000, "text": "x" * 900000}).encode())
    t.is_((answer.status, answer.json.get("errMsg")), (400, "the values of this call are too long: its statement has them many times"), "a long value in a loop")
    after = max(resident_mib(pid) for pid in p.gateway.workers())
    t.ok(after < before + 64 * (4 if kAsan else 1), "... does not fill the worker's memory", f"{before} MiB, {after} MiB")
    t.is_(ids_of(client.request("/v1/repeated", "POST", kJson, json.dumps({"ids": [1, 2], "text": "%"}).encode())), [1, 2], "a short one")


def test(t):
    p = t.project()
    csv = "id,note\n" + "".join(f'{number},"' + text.replace('"', '""') + '"\n' for number, text in enumerate([*kTexts, "a"])) + "1000,one\n"
    p.serve(definitions(), {"notes": csv})
    client = Client(p.gateway.port)
    texts(t, p, client)
    limits(t, client)
    repeated(t, p, client)


run_test(test)
