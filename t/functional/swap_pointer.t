#!/usr/bin/env python3
"""`"swap": "pointer"`: loads move a row of mirror.tablegate_tables and rename nothing; a gateway under load reads whole generations only,
prepared or not, also while the strategy changes; rollback, test, generate, doctor and delete know where the table stands."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Load, bearer, kSlow, run_test, users_definitions, wait_for

kList = "/v1/user/list"
kCall = "/v1/user/info?user_id=10001"
kRows = 50


def users(generation):
    """Every row names its generation: an answer with two of them is mixed."""
    return "user_id,user_name,age\n" + "".join(f"{10001 + i},gen{generation},{generation}\n" for i in range(kRows))


def definitions(swap):
    objects = users_definitions()
    if swap:
        objects[4]["swap"] = swap
    objects.append({**objects[5], "name": "All Users", "path": "/user/list", "result": "list",
                    "request_parameters": [{"name": "age", "column": "age", "type": "LONG", "required": False, "sample": 1}]})
    return objects


def relations(p):
    return p.postgres.psql("SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                           " WHERE n.nspname = 'mirror' AND c.relkind = 'r' AND c.relname LIKE 'user_info%'")


def pointed(p):
    return p.postgres.psql("SELECT relation || ' ' || generation FROM mirror.tablegate_tables WHERE table_name = 'user_info'")


def name(p):
    answer = p.get(kCall)
    return answer.json["data"]["user_name"] if answer.status == 200 else f"{answer.status} {answer.text}"


def serves(p, wanted):
    """Every worker does."""
    wait_for(lambda: all(name(p) == wanted for _ in range(20)), 20 * kSlow, f"{wanted} on both workers")


def first_load(t, p):
    t.is_((relations(p), pointed(p)), ("user_info__g1", "user_info__g1 1"), "no relation has the table's own name")
    t.is_(name(p), "gen1", "the first call of a worker finds it")
    t.is_(len(p.get(kList).json["data"]), kRows, "a list, too")
    t.unlike(p.gateway.log(), r"\[error\]", "without a word of what was not there")
    node = p.postgres.psql("SELECT relfilenode, oid FROM pg_class WHERE relname = 'user_info__g1'")
    p.load("user_info", users(2))
    t.is_((relations(p), pointed(p), p.postgres.psql("SELECT relfilenode, oid FROM pg_class WHERE relname = 'user_info__g1'")),
          ("user_info__g1 user_info__g2", "user_info__g2 2", node), "a load moves the row, the old relation stays as it was")
    serves(p, "gen2")
    t.ok(True, "workers follow without a reload")


def under_load(t, p, title, loads):
    """loads: [(swap, generation)] one after another under load: whole generations, each answer 200."""
    seen = p.gateway.log_size()
    wrong, names = [], set()
    def check(answer):
        rows = answer.json["data"]
        kinds = {row["user_name"] for row in rows}
        names.update(kinds)
        if len(rows) != kRows or len(kinds) != 1:
            wrong.append((len(rows), kinds))
        return True
    with Load(p.gateway.port, kList, bearer(p.key), threads=4, seconds=120 * kSlow, check=check) as lists, \
            Load(p.gateway.port, kCall, bearer(p.key), threads=4, seconds=120 * kSlow, check=lambda answer: answer.json["data"] is not None) as points:
        for swap, generation in loads:
            p.apply(definitions(swap))
            p.load("user_info", users(generation))
        last = f"gen{loads[-1][1]}"
        wait_for(lambda: last in names, 20 * kSlow, "the last one is seen")
        serves(p, last)
    t.is_((lists.failures, points.failures, points.wrong, wrong), ([], [], [], []), f"{title}: {lists.answered + points.answered} answers, none failed, empty or mixed")
    t.is_({status for load in (lists, points) for status in load.statuses}, {200}, f"{title}: all 200")
    t.unlike(p.gateway.log(seen), r"\[error\]|query failed", f"{title}: no error in the log")


def stale_worker(t, p):
    """A worker that did not look for a while, and whose generation is gone: the row is read once more before an answer."""
    p.gateway.reload()
    serves(p, name(p))
    number = int(pointed(p).split()[1])
    workers = p.gateway.workers()
    for pid in workers:
        os.kill(pid, 19)  # SIGSTOP: nothing is read meanwhile
    p.load("user_info", users(number + 1))
    p.load("user_info", users(number + 2))
    for pid in workers:
        os.kill(pid, 18)
    t.is_({name(p) for _ in range(20)}, {f"gen{number + 2}"}, "workers that slept over two loads: the newest at once")
    t.unlike(p.gateway.log(), r"\[error\]", "no error")


def other_settings(t, p):
    number = int(pointed(p).split()[1])
    for service in ("prepare off; pipeline off;", "prepare off;", "pipeline off;"):
        p.gateway.set(service=service)
        p.gateway.reload()
        number += 1
        under_load(t, p, service, [("pointer", number)])
    p.gateway.set(service="")
    p.gateway.reload()


def commands(t, p):
    number = int(pointed(p).split()[1])
    p.loader.must("table", "rollback", "user_info")
    t.is_(pointed(p), f"user_info__g{number - 1} {number - 1}", "rollback moves the row back")
    serves(p, f"gen{number - 1}")
    p.loader.must("table", "rollback", "user_info")
    serves(p, f"gen{number}")
    t.is_({(one["generation"], one["status"]) for one in p.loader.json("table", "status", "user_info") if one["status"] in ("current", "previous")},
          {(number, "current"), (number - 1, "previous")}, "table status")
    test = p.loader.json("api", "test", "Query User by User ID")
    t.ok(test[0]["passed"] if isinstance(test, list) else test["passed"], "api test reads where it stands", test)
    made = p.loader.must("api", "generate", "Users by Id", "--business-process", "User Query Service", "--table", "user_info", "--path", "/x", "--by", "user_id")
    t.like(made.stdout, r'"sample":\s*10\d{3}', "api generate takes its samples there")
    t.like(p.loader("doctor").stdout, r"table user_info.*loaded", "doctor finds it")
    answer = p.postgres.psql(f"SELECT mirror_load.drop_generation('user_info', {number})", check=False)
    t.ok(f"user_info__g{number}" in relations(p), "what serves cannot be dropped as a generation", answer)


def takes_over(t, p):
    """Rows of the serving generation, wherever it stands."""
    number = int(pointed(p).split()[1])
    done = p.loader("table", "load", "user_info", "--merge", "-o", "json", "--from", "csv:-", input="user_id,user_name,age\n10001,merged,1\n")
    t.is_(done.json, {"name": "user_info", "generation": number + 1, "rows": kRows, "carried": kRows - 1}, "--merge takes over what the pointer names")
    serves(p, "merged")
    t.is_({row["user_name"] for row in p.get(kList).json["data"]}, {"merged", f"gen{number}"}, "and all of it serves")
    p.loader.must("table", "rollback", "user_info")
    serves(p, f"gen{number}")


def gone(t, p):
    """The relation is dropped by hand: 500 once it was looked for again, with the database's words in the log only."""
    number = int(pointed(p).split()[1])
    seen = p.gateway.log_size()
    p.postgres.psql(f"ALTER TABLE mirror.user_info__g{number} RENAME TO away")
    answer = p.get(kCall)
    t.is_((answer.status, answer.json["error"]), (500, "query_failed"), "nothing where the row points: 500")
    wait_for(lambda: "query_failed" in p.gateway.log(seen), 5 * kSlow, "the log")
    t.like(p.gateway.log(seen), rf'\[error\] .*tablegate: default/default: query failed: 42P01 relation "mirror.user_info__g{number}" does not exist', "the log says it")
    p.postgres.psql(f"ALTER TABLE mirror.away RENAME TO user_info__g{number}")
    t.is_({name(p) for _ in range(6)}, {f"gen{number}"}, "mended: rows at once")


def separate(t, p):
    for api in ("Query User by User ID", "All Users"):
        p.loader.must("api", "unpublish", api)
        p.loader.must("delete", "api", api)
    p.loader.must("delete", "table", "user_info")
    t.is_((relations(p), pointed(p)), ("", ""), "delete takes all generations and the row")


def test(t):
    p = t.project()
    bad = definitions("view")
    p.init()
    result = p.loader("apply", "-f", p.definitions(bad))
    t.ok(result.rc == 1 and "/swap" in result.stderr, "another strategy is refused by its pointer", result)
    p.serve(definitions("pointer"), {"user_info": users(1)}, workers=2)
    first_load(t, p)
    under_load(t, p, "pointer", [("pointer", generation) for generation in range(3, 9)])
    t.is_(relations(p), "user_info__g7 user_info__g8", "the one before is kept, no more")
    under_load(t, p, "to rename and on", [("rename", 9), (None, 10), ("rename", 11)])
    t.is_((relations(p), pointed(p)), ("user_info user_info__g10", "user_info 11"), "renamed: its own name again")
    under_load(t, p, "to pointer and on", [("pointer", 12), ("pointer", 13)])
    t.is_((relations(p), pointed(p)), ("user_info__g12 user_info__g13", "user_info__g13 13"), "and back")
    stale_worker(t, p)
    other_settings(t, p)
    commands(t, p)
    takes_over(t, p)
    gone(t, p)
    separate(t, p)


run_test(test)
