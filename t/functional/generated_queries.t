#!/usr/bin/env python3
"""api generate with --where, --order and --paginate: what it prints is applied and tested as it is, for every operator; faults are named."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions

kGenerate = ("api", "generate", "Generated", "--business-process", "User Query Service", "--table", "user_info", "--path", "/generated")
kCsv = "user_id,user_name,age\n" + "".join(f'{i},"{name}",{age}\n' for i, name, age in
                                           ((1, "A, B", 10), (2, "100% C", 20), (3, "Dora", 30), (4, "Emil", 40), (5, "Doris", "")))
# condition -> what the generated definition has for it
kConditions = {
    "user_id=:id": ("id", "user_id", "=", True), "age!=:x": ("x", "age", "!=", True), "age < :most?": ("most", "age", "<", False),
    "age<=:x": ("x", "age", "<=", True), "age>:x": ("x", "age", ">", True), "age>=:x?": ("x", "age", ">=", False),
    "user_name LIKE :x": ("x", "user_name", "LIKE", True), "user_name not like :x": ("x", "user_name", "NOT LIKE", True),
    "user_id IN :ids": ("ids", "user_id", "IN", True), "user_name NOT IN :x?": ("x", "user_name", "NOT IN", False)}


def generate(p, *options):
    return p.loader(*kGenerate, *options)


def where(*conditions):
    return [word for condition in conditions for word in ("--where", condition)]


def applied(t, p, name, *options):
    """The definition and the answer of its test."""
    made = generate(p, *options)
    t.is_(made.rc, 0, f"{name}: it is printed") or t.diag(made)
    t.is_(p.loader("apply", "-f", "-", input=made.stdout).rc, 0, f"{name}: apply takes it")
    tested = p.loader.json("api", "test", "Generated")
    t.is_((tested["passed"], tested["status"]), (True, 200), f"{name}: api test passes with its samples") or t.diag(tested)
    return json.loads(made.stdout), tested["response"]["data"]


def operators(t, p):
    for condition, wanted in kConditions.items():
        definition, rows = applied(t, p, condition, "--where", condition)
        one = definition["request_parameters"][0]
        t.is_((one["name"], one["column"], one["operator"], one["required"]), wanted, f"{condition}: its parameter")
        t.is_(definition["result"], "object" if condition == "user_id=:id" else "list", f"{condition}: its result")
        t.ok(rows, f"{condition}: the samples find rows", one, rows)
    sample = json.loads(generate(p, *where("user_name IN :names")).stdout)["request_parameters"][0]["sample"]
    t.is_(sample, ["100% C"], "the sample of a list is an array; a text with a comma is none")
    sample = json.loads(generate(p, *where("user_name LIKE :name")).stdout)["request_parameters"][0]["sample"]
    t.is_(sample, "A, %", "the sample of a pattern finds what begins with a value")


def pages(t, p):
    definition, page = applied(t, p, "a range in pages", *where("age>=:min_age?", "age<=:max_age?", "user_id IN :ids?"), "--order", "age:desc", "--order", "user_id",
                               "--paginate")
    t.is_(definition["order_by"], [{"column": "age", "direction": "desc"}, {"column": "user_id", "direction": "asc"}], "--order")
    t.is_((definition["pagination"], definition["result"], "max_records" in definition), ({"enabled": True, "default_size": 10, "max_size": 500, "total": True}, "page", False),
          "--paginate")
    t.is_(page["totalNum"], 1, "the samples of both ends of a range go together")
    definition, page = applied(t, p, "pages of all rows", "--paginate")
    t.is_((definition["request_parameters"], page["totalNum"]), ([], 5), "--paginate alone: no parameter, every row")
    definition, rows = applied(t, p, "by a key and sorted", "--by", "age", "--order", "user_name:desc", *where("user_name!=:not_this?"))
    t.is_([one["name"] for one in definition["request_parameters"]], ["age", "not_this"], "--by and --where together")
    definition, rows = applied(t, p, "a part of the key", *where("user_id=:id?"))
    t.is_((definition["result"], len(rows)), ("list", 1), "an optional key finds a list")


def faults(t, p):
    for options, status, words in (
            (where("agee>=:x"), 1, ('no column "agee"', 'did you mean "age"')), (where("user_name LIEK :x"), 2, ('"LIEK" is no operator', 'did you mean "LIKE"')),
            (where("age=>:x"), 2, ('"=>" is no operator', ">=")), (where("age>=18"), 2, ("requires COLUMN", "age>=:min_age")),
            (where("age LIKE :x"), 1, ("LIKE is for type STRING", '"x" is ')), (where("age>=:x", "age<:x"), 1, ('"x" is repeated',)),
            (where("age>=:a b"), 1, ("/request_parameters/0/name",)), ([*where("age=:pageNum"), "--paginate"], 1, ("parameter of pages",)),
            (["--order", "agee:desc"], 1, ('no column "agee"', 'did you mean "age"')), (["--order", "age:dsec"], 2, ('"dsec" is no direction', 'did you mean "desc"')),
            (["--order", "age", "--order", "age:desc"], 1, ('"age" is repeated',))):
        made = generate(p, *options)
        t.ok(made.rc == status and made.stdout == "" and all(word in made.stderr for word in words), f"{options}: rejected", made)


def test(t):
    p = t.project()
    p.init()
    p.apply(users_definitions()[:-1])
    p.load("user_info", kCsv)
    operators(t, p)
    pages(t, p)
    faults(t, p)


run_test(test)
