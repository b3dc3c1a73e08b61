#!/usr/bin/env python3
"""api generate --script: the wizard's API as a script, which is applied as it is and answers the same bytes."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions

kCsv = "user_id,user_name,age\n" + "".join(f'{i},"{name}",{age}\n' for i, name, age in
                                           ((1, "A, B", 10), (2, "100% C", 20), (3, "Dora", 30), (4, "Emil", 40), (5, "Doris", "")))


def where(*conditions):
    return [word for condition in conditions for word in ("--where", condition)]


# options of generate, queries of its calls
kApis = (
    ((), ("user_id=3", "user_id=99")),
    (where("age>=:least?", "age<:most?", "user_name LIKE :name?"), ("", "least=20", "most=30&least=10", "name=Do%25", "least=20&most=31&name=D%25")),
    (where("user_id IN :ids", "user_name!=:x?"), ("ids=1,2,2", "ids=", "ids=4&ids=5&x=Emil")),
    (where("age NOT IN :ages?", "user_id!=:id?"), ("", "ages=10,20", "ages=10&id=3")),
    ((*where("age>=:least?"), "--order", "age:desc", "--paginate"), ("", "pageSize=2", "pageNum=2&pageSize=2&least=10", "pageNum=9")),
    ((*where("user_name NOT LIKE :x"), "--order", "age:desc", "--order", "user_id", "--return", "age", "--return", "user_id"), ("x=D%25",)),
    (("--by", "age"), ("age=30",)),
)


def generate(p, name, path, *options):
    return p.loader("api", "generate", name, "--business-process", "User Query Service", "--table", "user_info", "--path", path, *options)


def data_of(answer):
    """As text; a cursor is encrypted for its own API."""
    return re.sub(r'"nextCursor": "[^"]+"', '"nextCursor": "..."', json.dumps(answer.json.get("data", answer.json.get("error"))))


def same_answers(t, p):
    names = []
    for number, (options, _) in enumerate(kApis):
        for kind, more in (("wizard", ()), ("script", ("--script",))):
            name = f"{kind} {number}"
            made = generate(p, name, f"/{kind}/{number}", *options, *more)
            t.is_(made.rc, 0, f"{name}: it is printed") or t.diag(made)
            definition = json.loads(made.stdout)
            definition["authentication"] = []
            p.apply([definition])
            names.append(name)
            if kind == "script":
                t.is_((definition["mode"], definition["data_source"], "table" in definition, "response_parameters" in definition), ("script", "odps_demo", False, False),
                      f"{name}: a script")
    p.publish(*names)
    p.sync()
    p.gateway.start()
    for number, (options, queries) in enumerate(kApis):
        for query in queries:
            answers = [p.get(f"/v1/{kind}/{number}?{query}", key="") for kind in ("wizard", "script")]
            t.is_(answers[1].status, answers[0].status, f"{options} {query}: status") or t.diag(answers[1].text)
            t.is_(data_of(answers[1]), data_of(answers[0]), f"{options} {query}: the same data")


def texts(t, p):
    t.ok('"sql"' not in generate(p, "As Text", "/text").stdout, "without --script it is the wizard's")
    made = generate(p, "As Text", "/text", *where("age>=:least?", "user_id NOT IN :ids"), "--order", "age:desc", "--script")
    t.is_(made.rc, 0, "with --script it is printed") or t.diag(made)
    sql = json.loads(made.stdout)
    t.is_(sql["sql"], "SELECT\n  user_id,\n  user_name,\n  age\nFROM user_info\n<where>\n  <if test=\"least != null\">AND age >= ${least}</if>\n"
          "  AND user_id IS NOT NULL AND user_id NOT IN (${ids})\n</where>\nORDER BY user_info.age DESC\n", "as one would write it")
    made = generate(p, "As Text", "/text", "--order", "age:desc", "--paginate", "--script")
    t.ok(made.rc == 0 and json.loads(made.stdout)["sql"].endswith("FROM user_info\nORDER BY user_info.age DESC, user_info.user_id DESC\n"),
         "the order of pages is total", made)
    t.is_(made.stderr, "", "all that it sorts by is returned: it has cursors")
    made = generate(p, "As Text", "/text", "--order", "age:desc", "--paginate", "--return", "user_id", "--script")
    t.ok(made.rc == 0 and "note: the pages have no cursors" in made.stderr and "does not return: age;" in made.stderr, "what it does not return costs the cursors: a note", made)
    t.is_([(one["name"], one["type"], "column" in one, "operator" in one) for one in sql["request_parameters"]],
          [("least", "LONG", False, False), ("ids", "LONG_LIST", False, False)], "its parameters")


def test(t):
    p = t.project()
    p.init()
    p.apply(users_definitions()[:-1])
    p.load("user_info", kCsv)
    texts(t, p)
    same_answers(t, p)


run_test(test)
