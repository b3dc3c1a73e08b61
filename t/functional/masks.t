#!/usr/bin/env python3
"""Masked columns: the clear value never leaves PostgreSQL (the wire is recorded), equal values stay comparable over tables and types
of a workspace and not with another workspace, NULL stays NULL; the key is sealed in the catalog, and never text of a statement."""
import hashlib
import hmac
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, run_test, users_definitions, wait_for
from tg_manifest import edit, read_file
from tg_pg_recorder import Recorder
from tg_process import kRoot

kDdl = """CREATE TABLE people (id BIGINT NOT NULL, phone STRING, mail STRING, born DATE, at DATETIME, clock TIMESTAMP_NTZ, score DOUBLE, ratio FLOAT,
 price DECIMAL(20,4), age INT, ok BOOLEAN, raw BINARY, doc JSON);"""
kColumns = ["phone", "mail", "born", "at", "clock", "score", "ratio", "price", "age", "ok", "raw", "doc"]
# Text of a value: the session's pinned settings make it, so it is documented.
kTexts = {"phone": "13800138000", "mail": "alice@example.com", "born": "1990-02-28", "at": "2025-01-31 00:00:00.5+00", "clock": "2025-01-31 08:00:00",
          "score": "0.1", "ratio": "1.5", "price": "12.5000", "age": "35", "ok": "true", "raw": "\\x6162", "doc": '{"a": [1, 2.50]}'}
# id: phone, mail, what last4 and email make of them
kTexts4 = {2: ("1234", "a@b@c", "****", "*****"), 3: ("12345", "@example.com", "*2345", "************"), 4: ("漢字éa👨x", "漢x@例え.jp", "**éa👨x", "漢***@例え.jp"),
           5: ("", "", "", ""), 6: ("x", "a@", "*", "a***@"), 7: ("a\nb\ncd", "line\n@x", "**b\ncd", "l***@x"), 8: ("%_%_%", "plain", "*_%_%", "*****")}
kClear = ["13800138000", "alice@example.com", "alice", "1990-02-28", "12.5000"]


def cell(text):
    return '"' + text.replace('"', '""') + '"'


def people():
    lines = ["id," + ",".join(kColumns)]
    lines.append("1," + ",".join(cell(kTexts[name]) for name in kColumns).replace("2025-01-31 00:00:00.5+00", "2025-01-31 08:00:00.5"))
    for key, (phone, mail, _, _) in kTexts4.items():
        lines.append(f"{key},{cell(phone)},{cell(mail)}" + "," * (len(kColumns) - 2))
    lines.append("9" + "," * len(kColumns))  # all NULL
    return "\n".join(lines) + "\n"


def definitions():
    objects = users_definitions()[:4]
    objects.append({"kind": "Table", "name": "people", "data_source": "odps_demo", "primary_key": ["id"], "ddl": kDdl, "time_zone": "Asia/Shanghai"})
    objects.append({"kind": "Table", "name": "orders", "data_source": "odps_demo", "primary_key": ["id"], "ddl": "CREATE TABLE orders (id BIGINT, phone STRING, age BIGINT);"})
    api = {"kind": "Api", "business_process": "User Query Service", "mode": "wizard", "result": "object", "authentication": [], "table": "people",
           "request_parameters": [{"name": "id", "type": "LONG", "sample": 1}]}
    return objects + [
        {**api, "name": "Hashed People", "path": "/hashed", "response_parameters": [{"name": "id"}, *({"name": name, "mask": "hash"} for name in kColumns)]},
        {**api, "name": "Masked People", "path": "/masked", "response_parameters": [
            {"name": "id"}, {"name": "tail", "column": "phone", "mask": "last4"}, {"name": "mail", "mask": "email", "sample": "a***@example.com", "description": "of a person"},
            *({"name": name, "mask": "null"} for name in kColumns[2:])]},
        {**api, "name": "Masked Orders", "path": "/orders", "table": "orders", "result": "list", "envelope": "dataworks",
         "response_parameters": [{"name": "phone", "mask": "hash", "type": "STRING"}, {"name": "age", "mask": "hash"}]},
        {**api, "name": "Masked Pages", "path": "/pages", "result": "page", "envelope": "dataworks", "order_by": [{"column": "age", "direction": "desc"}],
         "request_parameters": [{"name": "id", "type": "LONG", "required": False}], "pagination": {"enabled": True, "default_size": 2},
         "response_parameters": [{"name": "phone", "mask": "hash"}, {"name": "at"}, {"name": "mail", "mask": "last4"}]},
        {**api, "name": "Masked Keys", "path": "/keys", "request_parameters": [], "pagination": {"enabled": True}, "result": "list", "order_by": [{"column": "phone"}],
         "response_parameters": [{"name": "id", "mask": "hash"}]},
        {**api, "name": "Plain Orders", "path": "/plain", "table": "orders", "response_parameters": [{"name": "id"}]},
    ]


def mask_key(p):
    """From the credentials, where nginx reads it."""
    _, lines = read_file(p.gateway.credentials)
    keys = [line for line in lines if line["kind"] == "key"]
    return {line["name"]: line["key"] for line in keys}["mask"]


def workspace_key(key, workspace="demo"):
    return hmac.new(bytes.fromhex(key), workspace.encode(), hashlib.sha256).digest()


def hashed(key, text, workspace="demo"):
    return hmac.new(workspace_key(key, workspace), text.encode(), hashlib.sha256).hexdigest()


def values(t, p):
    key = mask_key(p)
    data = p.get("/v1/hashed?id=1").json["data"]
    t.is_({name: data[name] for name in kColumns}, {name: hashed(key, text) for name, text in kTexts.items()}, "hash: HMAC-SHA-256 of each type's text, instants in UTC")
    t.is_(list(data), ["id", *kColumns], "the fields in their order")
    t.is_(p.get("/v1/orders?id=7").json["data"], [{"phone": data["phone"], "age": data["age"]}], "equal values of another table have the same hash, an INT and a BIGINT too")
    data = p.get("/v1/masked?id=1").json["data"]
    t.is_((data["tail"], data["mail"], {data[name] for name in kColumns[2:]}), ("*******8000", "a***@example.com", {None}), "last4, email and null")
    for key_of, (_, _, tail, mail) in kTexts4.items():
        data = p.get(f"/v1/masked?id={key_of}").json["data"]
        t.is_((data["tail"], data["mail"]), (tail, mail), f"row {key_of}: code points count, and what is no address is all stars")
    page = p.get("/v1/pages?id=1").json
    t.is_((page["errMsg"], page["data"]["totalNum"], page["data"]["rows"]),
          ("success", 1, [{"phone": hashed(key, kTexts["phone"]), "at": "2025-01-31T08:00:00.5+08:00", "mail": "*" * 13 + ".com"}]), "a page, in the other envelope")
    rows, query = [], "/v1/pages?pageSize=2"
    while query:
        page = p.get(query).json["data"]
        rows += page["rows"]
        query = page["nextCursor"] and f"/v1/pages?pageSize=2&cursor={page['nextCursor']}"
    t.is_(sorted(row["phone"] or "" for row in rows), sorted(["", hashed(key, kTexts["phone"]), *(hashed(key, one[0]) for one in kTexts4.values())]), "all pages by cursor")
    page = p.get("/v1/keys").json["data"]
    t.ok("nextCursor" not in page and page["rows"][0] == {"id": hashed(key, "5")}, "a masked key is in no cursor and sorts nothing", page)
    for name, cursors in (("Masked Keys", False), ("Masked Pages", True)):
        shown = p.loader.must("api", "show", name).stdout
        t.is_(("\ncursor " in shown, "no cursors: the rows have no total order" in shown), (cursors, not cursors), f"{name}: api show says whether there are cursors")
    failed = p.get("/v1/keys?pageNum=1000000")
    t.ok(failed.status == 400 and "cursor" not in failed.text and "1000000 rows deep" in failed.text, "... and no answer proposes one", failed)
    for path in ("hashed", "masked"):
        t.is_(set(list(p.get(f"/v1/{path}?id=9").json["data"].values())[1:]), {None}, f"{path}: NULL stays NULL")


def wire(t, p):
    """Between nginx and PostgreSQL: neither the clear value nor the key in a statement."""
    recorder = Recorder(os.path.join(p.folder, "wire"), p.postgres.socket)
    try:
        for service in ("prepare on;", "prepare off;"):
            p.gateway.set(dsn=recorder.dsn(), workers=1, connections=1, service=service)
            p.gateway.reload()
            values(t, p)
    finally:
        p.gateway.stop()
        recorder.stop()
    t.ok(not recorder.faults, "all of the wire was understood", recorder.faults)
    answers = bytes(recorder.answers)
    t.is_([text for text in kClear if text.encode() in answers], [], "no clear value came from PostgreSQL")
    t.ok(b"*******8000" in answers, "while the masked ones did")
    pads = ["\\x" + bytes(byte ^ pad for byte in workspace_key(mask_key(p)) + bytes(32)).hex() for pad in (0x36, 0x5c)]
    t.is_([pad.encode() in recorder.bound for pad in pads], [True, True], "the key's pads are bound values")
    sql = "\n".join(text for _, text in recorder.statements)
    t.ok(not any(pad[2:40] in sql for pad in (*pads, "\\x" + mask_key(p))), "and never text of a statement")
    p.gateway.set(dsn=f"host={p.postgres.socket} port=5432 dbname=tablegate user=tablegate_reader", service="")
    p.gateway.start()


def tools(t, p):
    answer = p.loader.json("api", "test", "Hashed People", "--param", "id=1")["response"]["data"]
    t.ok(len(answer["phone"]) == 64 and answer["phone"] != p.get("/v1/hashed?id=1").json["data"]["phone"], "api test has a random key of its own", answer)
    tested = p.loader("api", "test", "Hashed People", env={"TABLEGATE_MASTER_KEY_FILE": os.path.join(p.folder, "nothing")})
    t.is_(tested.rc, 0, "so it needs no master key") or t.diag(tested)
    shown = p.loader.must("api", "show", "Masked People").stdout
    t.like(shown, r"(?m)^mail +mail +string \(mask email\) +of a person$", "api show: a masked value's type")
    t.like(shown, r"(?m)^born +born +null \(mask null\)", "api show: of null")
    paths = p.loader.json("openapi")["paths"]

    def fields(path):
        return paths[path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["data"]["properties"]

    t.is_(fields("/v1/hashed")["at"], {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"}, "OpenAPI: a hash")
    t.is_((fields("/v1/masked")["mail"], fields("/v1/masked")["born"]), ({"type": ["string", "null"], "description": "of a person"}, {"type": "null"}), "OpenAPI: email and null")


def other_workspace(t, p):
    """A team that publishes guesses beside their hashes finds nothing of another workspace."""
    p.loader.must("init", "--workspace", "guessers")
    objects = [{"kind": "RestApi", "name": "guesses", "base_path": "/guesses"}, {"kind": "BusinessProcess", "name": "Guesses", "rest_api": "guesses"},
               {"kind": "DataSource", "name": "guesses", "type": "csv", "path": "x"},
               {"kind": "Table", "name": "guesses", "data_source": "guesses", "primary_key": ["id"], "ddl": "CREATE TABLE guesses (id BIGINT, phone STRING);"},
               {"kind": "Api", "name": "Guess API", "business_process": "Guesses", "mode": "wizard", "table": "guesses", "path": "/all", "authentication": [],
                "request_parameters": [{"name": "id", "type": "LONG", "sample": 1}],
                "response_parameters": [{"name": "id"}, {"name": "hash", "column": "phone", "mask": "hash"}]}]
    p.loader.must("apply", "-f", p.definitions(objects, "guesses.json"), "--workspace", "guessers")
    p.load("guesses", f"id,phone\n1,{kTexts['phone']}\n")
    for words in (("test",), ("commit",), ("publish", "--version", "1")):
        p.loader.must("api", words[0], "Guess API", *words[1:], "--workspace", "guessers")
    p.sync()
    p.gateway.reload()
    guess = p.get("/guesses/all?id=1").json["data"]
    t.is_(guess, [{"id": 1, "hash": hashed(mask_key(p), kTexts["phone"], "guessers")}], "another workspace: the hash of a key of its own")
    t.isnt(guess[0]["hash"], p.get("/v1/hashed?id=1").json["data"]["phone"], "so it is not the hash that demo has for the same value")


def by_sql(t, p):
    """A version that no command checked, as a developer can insert one."""
    change = json.dumps({"order_by": [{"column": "phone"}], "request_parameters": [{"name": "phone", "column": "phone", "type": "STRING", "operator": "LIKE"}]})
    columns = "source, draft_digest, message"
    p.postgres.psql(f"INSERT INTO tablegate.api_version (api_id, version, status, definition, {columns})"
                    f" SELECT api_id, 2, status, (definition::jsonb || '{change}')::json, {columns} FROM tablegate.api_version"
                    " WHERE api_id = (SELECT api_id FROM tablegate.api WHERE name = 'Masked Pages') AND version = 1")
    p.loader("api", "publish", "Masked Pages", "--version", "2")
    p.postgres.psql("UPDATE tablegate.published_api SET version = 2 FROM tablegate.api a WHERE a.api_id = published_api.api_id AND a.name = 'Masked Pages'")
    done = p.loader("sync", "--output", p.gateway.out)
    t.ok(done.rc == 1 and 'API "Masked Pages" version 2 is left out' in done.stderr and 'column "phone" is masked' in done.stderr, "by SQL: sync leaves it out", done)
    p.gateway.reload()
    t.is_((p.get("/v1/pages?phone=1%25").status, p.get("/v1/hashed?id=1").status), (404, 200), "and serves all others")
    p.postgres.psql("UPDATE tablegate.published_api SET version = 1 FROM tablegate.api a WHERE a.api_id = published_api.api_id AND a.name = 'Masked Pages'")
    p.sync()


def the_key(t, p):
    key = mask_key(p)
    sealed = p.postgres.psql("SELECT sealed FROM tablegate.gateway_key WHERE name = 'mask'")
    t.ok(sealed and key not in p.postgres.psql("SELECT string_agg(g::text, ' ') FROM tablegate.gateway_key g"), "sealed in the catalog")
    t.is_(p.postgres.psql("SELECT has_table_privilege('tablegate_developer', 'tablegate.gateway_key', 'SELECT')"), "f", "developers do not read it")
    t.like(p.init().stdout, "unchanged", "the next init keeps it")
    before = p.get("/v1/hashed?id=1").body
    p.loader.must("init", "--rotate-master-key")
    p.sync()
    p.gateway.reload()
    t.ok(p.postgres.psql("SELECT sealed FROM tablegate.gateway_key WHERE name = 'mask'") != sealed, "sealed anew by --rotate-master-key")
    t.is_((mask_key(p), p.get("/v1/hashed?id=1").body), (key, before), "it is the same key")
    p.loader.must("consumer", "create", "late")
    without = p.loader("sync", "--output", p.gateway.out, env={"TABLEGATE_MASTER_KEY_FILE": os.path.join(p.folder, "nothing")})
    t.ok(without.rc == 1 and "mask key" in without.stderr, "a node without the master key reports it", without)
    t.is_((mask_key(p), "late" in {line.get("name") for line in read_file(p.gateway.credentials)[1]}), (key, True), "and keeps the key that it has")
    p.sync()
    # Credentials without the key: an error, never NULL for every value.
    edit(p.gateway.manifest, lambda _, lines: lines.__setitem__(slice(None), [line for line in lines if line["kind"] != "key"]))
    p.gateway.reload()
    answer = p.get("/v1/hashed?id=1")
    t.is_((answer.status, answer.json["error"]), (500, "internal_error"), "without the key a hash mask is an error")
    wait_for(lambda: "internal_error (no_mask_key)" in p.gateway.log(), 5 * kSlow, "the log names it")
    t.is_((p.get("/v1/masked?id=1").status, p.get("/v1/plain?id=7").status), (200, 200), "other APIs are served")


def refused(t, p):
    objects = definitions()
    for change, pointer, word in (
            ({"request_parameters": [{"name": "id", "type": "LONG"}, {"name": "phone", "type": "STRING"}]}, "/6/request_parameters/1", "masked"),
            ({"response_parameters": [{"name": "phone", "mask": "hash"}, {"name": "clear", "column": "phone"}]}, "/6/response_parameters/1", "masked"),
            ({"response_parameters": [{"name": "age", "mask": "last4"}]}, "/6/response_parameters/0/mask", "STRING"),
            ({"response_parameters": [{"name": "born", "mask": "email"}]}, "/6/response_parameters/0/mask", "STRING"),
            ({"response_parameters": [{"name": "price", "mask": "hash", "as": "string"}]}, "/6/response_parameters/0/as", "mask"),
            ({"response_parameters": [{"name": "price", "mask": "hash", "type": "DECIMAL"}]}, "/6/response_parameters/0/type", "STRING"),
            ({"request_parameters": [], "pagination": {"enabled": True}, "result": "list", "response_parameters": [{"name": "id", "mask": "hash"}]}, "/6/pagination", "is masked"),
            ({"response_parameters": [{"name": "price", "mask": "sha1"}]}, "/6/response_parameters/0/mask", "hash")):
        result = p.loader("apply", "-f", p.definitions([*objects[:6], {**objects[6], **change}], "refused.json"))
        t.ok(result.rc == 1 and pointer + ":" in result.stderr and word in result.stderr, f"rejected: {json.dumps(change)[:70]}", result)
    changed = {**objects[7], "response_parameters": [{"name": "id"}, {"name": "tail", "column": "phone"}, *objects[7]["response_parameters"][2:]]}
    p.apply([changed])
    p.loader.must("api", "test", "Masked People")
    result = p.loader("api", "commit", "Masked People")
    t.ok(result.rc == 1 and "tail: mask was last4 and is none" in result.stderr, "a mask that goes is a break of the contract", result)


def test(t):
    p = t.project()
    if kRoot:  # the recorder runs as root
        p.postgres.allow("root", "tablegate_reader")
    p.serve(definitions(), {"people": people(), "orders": "id,phone,age\n7,13800138000,35\n"})
    p.postgres.reload()
    values(t, p)
    wire(t, p)
    tools(t, p)
    refused(t, p)
    other_workspace(t, p)
    by_sql(t, p)
    the_key(t, p)


run_test(test)
