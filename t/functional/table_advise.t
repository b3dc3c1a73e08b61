#!/usr/bin/env python3
"""table advise: the indexes that drafts and published versions need, and the unused ones; --create builds them while callers read the table,
as a developer, whole or not at all, and later generations have them."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import random

from tablegate_test import Held, kLoader, kSlow, run_test, wait_for
from tg_process import die_with_parent

kRows = 20000
kTables = [
    {"kind": "Table", "name": "places", "data_source": "made", "primary_key": ["id"], "indexes": [["kind"]],
     "ddl": "CREATE TABLE places (id BIGINT, name STRING, country STRING, kind STRING, size BIGINT, notes STRING);"},
    {"kind": "Table", "name": "texts", "data_source": "made", "primary_key": ["id"], "ddl": "CREATE TABLE texts (id BIGINT, body STRING);"},
]
kOthers = [{"kind": "GatewayInstance", "name": "dataservice-prod"}, {"kind": "RestApi", "name": "places", "base_path": "/v1"},
           {"kind": "BusinessProcess", "name": "Place Queries", "rest_api": "places"}, {"kind": "DataSource", "name": "made", "type": "csv", "path": "-"}]


def api(name, *parameters, table="places", **fields):
    return {"kind": "Api", "name": name, "business_process": "Place Queries", "path": "/" + name.lower().replace(" ", "-"), "mode": "wizard",
            "table": table, "authentication": ["api_key"], "request_parameters": list(parameters), "response_parameters": [{"name": "id"}], **fields}


def text(name, sample="x", **more):
    return {"name": name, "type": "STRING", "sample": sample, **more}


def rows(start=0):
    return "id,name,country,kind,size,notes\n" + "".join(f"{i},n{i},c{i % 200},k,{i},note\n" for i in range(start, start + kRows))


def load(p, table, csv):
    p.loader.must("table", "load", table, "--from", "csv:-", "--header", input=csv)



def columns_of(p, relation="places"):
    found = p.postgres.psql("SELECT json_agg(k ORDER BY k::text) FROM (SELECT json_agg(a.attname ORDER BY u.n) k FROM pg_index i"
                            " CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY u (c, n) JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.c"
                            f" WHERE i.indrelid = 'mirror.{relation}'::regclass GROUP BY i.indexrelid) x")
    return found


def defined(p, table="places"):
    return p.loader.json("get", "table", table).get("indexes", [])


def advice(t, p):
    found = p.loader.json("table", "advise", "places")
    t.is_([(one["columns"], one["apis"], one["defined"], one["built"]) for one in found["wanted"]],
          [(["country"], ["By country", "By country and name"], False, False), (["name"], ["By country and name"], False, False)],
          "wanted: from the conditions of drafts")
    t.is_((found["unused"], found["indexes"], found["rows"]), ([["kind"]], [["kind"]], kRows), "unused: what no API is found by")
    shown = p.loader.must("table", "advise", "places").stdout
    t.like(shown, r'(?m)^\(country\) +wanted +not built +"By country" and "By country and name"$', "the same for people")
    t.like(shown, r"(?m)^\(kind\) +unused ", "... with the unused one")
    t.is_(p.loader("table", "advise", "nowhere").rc, 1, "no such table: 1")


def created(t, p):
    """A reader keeps the table open all the while."""
    held = Held(p, "SELECT count(*) FROM mirror.places")
    developer = {"TABLEGATE_CATALOG": p.postgres.dsn("dev")}
    found = p.loader("table", "advise", "places", "--create", "-o", "json", env=developer)
    held.release()
    t.ok(found.rc == 0, "--create beside a reader, as a developer who owns nothing", found)
    t.is_((found.json["created"], found.json["wanted"]), ([["country"], ["name"]], []), "what was created, and nothing more is wanted")
    t.is_(defined(p), [["kind"], ["country"], ["name"]], "the definition has them")
    t.is_(columns_of(p), '[["country"], ["id"], ["kind"], ["name"]]', "the serving generation has them, and nothing was dropped")
    audit = p.postgres.psql("SELECT user_name || details::text FROM tablegate.audit WHERE kind = 'Table' AND action = 'changed' ORDER BY audit_id DESC LIMIT 1")
    t.is_(audit, 'dev{"fields": ["indexes"]}', "the audit has the change of the definition")
    for name in ("By country", "By country and name"):
        p.loader.must("api", "test", name)
        t.ok(p.loader("api", "commit", name).rc == 0, f"{name}: the plan gate accepts it now")
    again = p.loader("table", "advise", "places", "--create")
    t.is_((again.rc, again.stdout), (0, "places: unchanged, no index is missing\n"), "again: unchanged")
    load(p, "places", rows(1))
    t.is_(columns_of(p), '[["country"], ["id"], ["kind"], ["name"]]', "the next generation has them")


def from_definition(t, p):
    """An index that the definition got after the load is built too; with swap pointer another relation serves."""
    p.apply([{**kTables[0], "swap": "pointer", "indexes": [["kind"], ["country"], ["name"]]}])
    load(p, "places", rows(2))
    p.apply([{**kTables[0], "swap": "pointer", "indexes": [["kind"], ["country"], ["name"], ["size"]]},
             api("By size", {"name": "size", "type": "LONG", "sample": 5})])
    wanted = p.loader.json("table", "advise", "places")["wanted"]
    t.is_([(one["columns"], one["defined"], one["built"]) for one in wanted], [(["size"], True, False)], "defined after the load: not built yet")
    result = p.loader.must("table", "advise", "places", "--create")
    t.like(result.stderr, r"(?m)^places: built index \(size\)$", "it is built")
    t.like(result.stdout, r'"indexes": \[\["kind"\], \["country"\], \["name"\], \["size"\]\]', "what belongs into the definition's file is printed")
    relation = p.postgres.psql("SELECT relation FROM mirror.tablegate_tables WHERE table_name = 'places'")
    t.ok("__g" in relation and '["size"]' in columns_of(p, relation), "... on the relation that serves", relation)


def start(p, table):
    return subprocess.Popen([kLoader, "table", "advise", table, "--create"], cwd="/", env=p.loader.env, text=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=die_with_parent(signal.SIGKILL))


def interrupted(t, p):
    """A writer's lock, which nothing of ours takes, holds CREATE INDEX still."""
    p.apply([api("By notes", text("notes"))])
    relation = p.postgres.psql("SELECT relation FROM mirror.tablegate_tables WHERE table_name = 'places'")
    before = (defined(p), columns_of(p, relation))
    for how, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)):
        held = Held(p, f"LOCK TABLE mirror.{relation} IN ROW EXCLUSIVE MODE")
        process = start(p, "places")
        waits = "SELECT count(*) FROM pg_locks WHERE mode = 'ShareLock' AND NOT granted"
        wait_for(lambda: p.postgres.psql(waits) == "1", 20 * kSlow, "CREATE INDEX waits")
        process.send_signal(how)
        err = process.communicate(timeout=30 * kSlow)[1]
        t.is_(process.returncode, code, f"{how.name}: exit status") or t.diag(err)
        wait_for(lambda: p.postgres.psql(waits) == "0", 20 * kSlow, "the server has ended it")
        held.release()
        t.is_((defined(p), columns_of(p, relation)), before, f"{how.name}: no index, valid or not, and the definition is as it was")
    p.loader.must("table", "advise", "places", "--create")
    t.ok('["notes"]' in columns_of(p, relation), "the next --create builds it")


def covered(t, p):
    """An index that another one begins with serves nothing that the longer one does not."""
    rest = [["country", "name"], ["name"], ["notes"], ["size"]]
    p.apply([{**kTables[0], "swap": "pointer", "indexes": [["country"], ["id"], *rest]}])
    before = p.loader.json("table", "advise", "places")
    t.ok(["country"] not in before["unused"], "the longer one is not built yet: the shorter one is needed", before)
    load(p, "places", rows(3))
    found = p.loader.json("table", "advise", "places")
    t.is_((found["unused"], found["wanted"]), ([["country"], ["id"]], []), "begun by another index, or equal to the key: unused")
    p.apply([{**kTables[0], "swap": "pointer", "indexes": rest}])
    load(p, "places", rows(4))
    found = p.loader.json("table", "advise", "places")
    t.is_((found["unused"], found["wanted"]), ([], []), "without them, nothing is missing")


def rejected(t, p):
    result = p.loader("table", "advise", "texts", "--create")
    t.ok(result.rc == 1 and "was never loaded" in result.stderr, "never loaded: rejected", result)
    body = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=9000))
    load(p, "texts", f"id,body\n1,{body}\n")
    result = p.loader("table", "advise", "texts", "--create")
    t.ok(result.rc == 1 and "a value is longer than an index can hold" in result.stderr, "a value that no index can hold: rejected", result)
    t.is_((defined(p, "texts"), columns_of(p, "texts")), ([], '[["id"]]'), "... and the definition, which the next load goes by, is as it was")
    held = Held(p, "SELECT FROM mirror_load.lock WHERE name = 'load texts' FOR UPDATE")
    result = p.loader("table", "advise", "texts", "--create")
    held.release()
    t.ok(result.rc == 1 and "is being loaded by" in result.stderr, "beside a load: rejected", result)
    p.postgres.add_person("reader", "tablegate_approver")
    result = p.loader("table", "advise", "texts", "--create", env={"TABLEGATE_CATALOG": p.postgres.dsn("reader")})
    t.is_(result.rc, 1, "who may not load may not build")


def test(t):
    p = t.project()
    p.init()
    p.postgres.add_person("dev", "tablegate_developer")
    p.apply([*kOthers, *kTables, api("By key", {"name": "id", "type": "LONG", "sample": 1}), api("By country", text("country", "c7")),
             api("By country and name", text("country", "c7", required=False), text("name", "n7", required=False)),
             api("By body", text("body"), table="texts")])
    load(p, "places", rows())
    advice(t, p)
    created(t, p)
    from_definition(t, p)
    interrupted(t, p)
    covered(t, p)
    rejected(t, p)


run_test(test)
