#!/usr/bin/env python3
"""The paths of a script with tags: which are looked at when it is committed and how long that takes, one that is seen first at run time, and calls
that have no statement."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, request, run_test, users_definitions, wait_for

kUsers = "user_id,user_name,age\n" + "".join(f"{i},user{i},{i % 7}\n" for i in range(1, 41))
kNames = [f"p{i}" for i in range(1, 13)]


def script(name, path, sql, parameters, **fields):
    return {"kind": "Api", "name": name, "business_process": "User Query Service", "path": path, "mode": "script", "data_source": "odps_demo", "sql": sql,
            "authentication": [], "request_parameters": parameters, **fields}


def value(name, kind="LONG", **more):
    return {"name": name, "type": kind, "required": False, **more}


def twelve():
    tags = "".join(f"\n<if test=\"{name} != null\">AND user_id &lt;&gt; ${{{name}}}</if>" for name in kNames)
    return script("Twelve", "/twelve", f"SELECT user_id FROM user_info\n<where>{tags}</where>\nORDER BY user_id", [value(name, sample=1) for name in kNames])


def ids(answer):
    return [row["user_id"] for row in answer.json["data"]] if answer.status == 200 else (answer.status, answer.text)


def many_conditions(t, p):
    p.apply([twelve()])
    p.loader.must("api", "test", "Twelve")
    begin = time.monotonic()
    p.loader.must("api", "commit", "Twelve")
    took = time.monotonic() - begin
    print(f"# 12 conditions: committed in {took:.2f} s", flush=True)
    t.ok(took < 5 * kSlow, "a script with 12 conditions is committed within 5 s", took)
    paths = [one["with"] for one in p.loader.json("api", "plan", "Twelve")["paths"]]
    t.is_(len(paths), 1 + 12 + 66 + 1, "none, each alone, each two and all are looked at")
    t.is_((paths[0], sorted(paths[-1])), ([], sorted(kNames)), "those with few conditions first")
    only = p.loader.json("api", "plan", "Twelve", "--with", "p3,p9")["paths"]
    t.ok(len(only) == 1 and only[0]["statement"].count("$") == 2, "api plan --with chooses one", only)
    p.loader.must("api", "publish", "Twelve", "--no-domain")


def unseen(t, p):
    t.is_(ids(p.get("/v1/twelve?p1=1&p4=2&p7=3&p9=4&p12=5", key="")), list(range(6, 41)), "a path of five conditions, first seen at run time")
    t.is_(ids(p.get("/v1/twelve", key="")), list(range(1, 41)), "no condition")
    query = "&".join(f"{name}={number}" for number, name in enumerate(kNames, 1))
    t.is_(ids(p.get("/v1/twelve?" + query, key="")), list(range(13, 41)), "all of them")


def invalid(t, p):
    sql = ("SELECT user_id FROM user_info WHERE\n<if test=\"p1 != null\">user_id = ${p1}</if>\n"
           "<if test=\"p2 != null\">AND age = ${p2}</if>")
    p.apply([script("Needs One", "/one", sql, [value("p1", sample=1), value("p2", sample=1)])])
    p.loader.must("api", "test", "Needs One")
    result = p.loader.must("api", "commit", "Needs One")
    t.ok("answered 400" in result.stderr and '"p1"' in result.stderr, "commit reports calls without a statement", result)
    t.is_([sorted(one["with"]) for one in p.loader.json("api", "plan", "Needs One")["paths"]], [["p1"], ["p1", "p2"]], "and plans the others")
    p.loader.must("api", "publish", "Needs One", "--no-domain")
    p.sync_and_reload()
    t.is_(ids(p.get("/v1/one?p1=3", key="")), [3], "a call that has one")
    for query in ("", "?p2=1"):
        answer = p.get("/v1/one" + query, key="")
        t.is_((answer.status, answer.json["error"]), (400, "invalid_parameter"), f"a call that has none: {query or 'no parameter'}")
        t.ok("p1" in answer.json["errMsg"], "... which names what was tested", answer.json)
    result = p.loader("api", "test", "Needs One", "--param", "p1=1")
    t.is_(result.rc, 0, "api test of a call that has one")
    none = script("Has None", "/none", "SELECT user_id FROM user_info WHERE <if test=\"p1 != null\"></if>", [value("p1", sample=1)])
    result = p.loader("apply", "-f", p.definitions([none], "none.json"))
    t.ok(result.rc == 1 and "/sql" in result.stderr, "a script without any statement is rejected", result)


def empty_lists(t, p):
    """Only a JSON body has them."""
    sql = ("SELECT user_id FROM user_info <where><if test=\"ids != null\">user_id IN\n<foreach collection=\"ids\" item=\"one\" open=\"(\" separator=\",\" "
           "close=\")\">${one}</foreach></if></where> ORDER BY user_id")
    for method, noted in (("GET", False), ("POST", True)):
        name = f"List by {method}"
        p.apply([script(name, f"/list-{method.lower()}", sql, [value("ids", "LONG_LIST", sample=[1])], method=method)])
        p.loader.must("api", "test", name)
        note = p.loader.must("api", "commit", name).stderr
        t.is_("answered 400" in note, noted, f"{method}: whether some calls have no statement") or t.diag(note)
        t.is_("ids may be an empty list: where this is the reason, test ids.size() > 0" in note, noted, "... with what to write") or t.diag(note)
        p.loader.must("api", "publish", name, "--no-domain")
    p.sync_and_reload()
    t.is_(ids(p.get("/v1/list-get?ids=2,3", key="")), [2, 3], "GET: a list")
    t.is_(p.get("/v1/list-get?ids=", key="").status, 400, "GET: no number")
    answers = [request(p.gateway.port, "/v1/list-post", method="POST", headers={"Content-Type": "application/json"}, body=body) for body in ('{"ids": [2, 3]}', '{}', '{"ids": []}')]
    t.is_([ids(one) for one in answers[:2]], [[2, 3], list(range(1, 41))], "POST: a list, none")
    t.is_((answers[2].status, answers[2].json["errMsg"]), (400, "parameter ids must have another value: this API has no statement for this one"), "POST: an empty list")


def fails_late(t, p):
    """A call with three conditions of twelve takes a path that commit has not looked at. PostgreSQL no longer accepts it: a column has another name."""
    tags = "".join(f"\n<if test=\"{name} != null\">AND {'age' if name == 'p12' else 'user_id'} &lt;&gt; ${{{name}}}</if>" for name in kNames)
    p.apply([script("Late", "/late", f"SELECT user_id FROM user_info\n<where>{tags}</where>\nORDER BY user_id", [value(name, sample=1) for name in kNames])])
    p.publish("Late")
    p.sync_and_reload()
    workers = p.gateway.workers()
    p.postgres.psql("ALTER TABLE mirror.user_info RENAME age TO years")
    seen = p.gateway.log_size()
    answer = p.get("/v1/late?p1=1&p7=2&p12=3", key="")
    t.is_((answer.status, answer.json["error"]), (500, "query_failed"), "a path that PostgreSQL does not accept when it is first prepared")
    t.unlike(answer.text, "age|42703|user_info", "... whose answer has nothing of the database")
    wait_for(lambda: "query_failed" in p.gateway.log(seen), 5 * kSlow, "the log")
    errors = [line for line in p.gateway.log(seen).splitlines() if "[error]" in line and 'API "Late"' in line]
    t.ok(len(errors) == 1 and re.search(r'API "Late" version 1: 42703 in its statement with p1, p7, p12\b', errors[0]), "... one line of the log names the API and the parameters of the path", errors)
    t.is_(ids(p.get("/v1/late?p1=1&p7=2&p8=3", key="")), list(range(4, 41)), "another path of the same API that is first prepared now")
    t.is_([ids(p.get("/v1/late?p7=2", key=""))[:2], p.get("/v1/late?p1=1&p7=2&p12=3", key="").status, ids(p.get("/v1/late", key=""))[:2]], [[1, 3], 500, [1, 2]], "calls before and behind the one that fails again")
    p.postgres.psql("ALTER TABLE mirror.user_info RENAME years TO age")
    t.is_(ids(p.get("/v1/late?p1=1&p7=2&p12=3", key=""))[:3], [4, 5, 6], "the same path when its column is there again")
    t.is_(p.gateway.workers(), workers, "the workers live")


def choices(t, p):
    sql = ("SELECT user_id, age FROM user_info WHERE user_id <= ${most}\nORDER BY <choose><when test=\"sort == 'age'\">age DESC, user_id</when>"
           "<when test=\"sort == 'name'\">user_name DESC</when><otherwise>user_id</otherwise></choose>")
    p.apply([script("Sorted", "/sorted", sql, [value("most", required=True, sample=5), value("sort", "STRING", sample="age")])])
    p.publish("Sorted")
    p.sync_and_reload()
    t.is_(len(p.loader.json("api", "plan", "Sorted")["paths"]), 3, "a choice of three has three paths")
    for sort, order in (("age", "age DESC, user_id"), ("name", "user_name DESC"), ("none", "user_id"), (None, "user_id")):
        wanted = [int(line) for line in p.postgres.psql(f"SELECT user_id FROM mirror.user_info WHERE user_id <= 9 ORDER BY {order}").splitlines()]
        t.is_(ids(p.get("/v1/sorted?most=9" + (f"&sort={sort}" if sort else ""), key="")), wanted, f"sort={sort}")


def too_many_values(t, p):
    p.apply([script("Many Values", "/many-values", "SELECT user_id FROM user_info WHERE user_id IN (" + ", ".join(["${p1}"] * 8000) + ")", [value("p1", sample=1)])])
    result = p.loader("api", "test", "Many Values")
    t.ok(result.rc == 1 and "it has 8000 values in one statement, more than 7000" in result.stderr, "more values than a statement may have are rejected", result)


def test(t):
    p = t.project()
    p.serve(users_definitions(), {"user_info": kUsers})
    many_conditions(t, p)
    invalid(t, p)
    unseen(t, p)
    choices(t, p)
    empty_lists(t, p)
    fails_late(t, p)
    too_many_values(t, p)


run_test(test)
