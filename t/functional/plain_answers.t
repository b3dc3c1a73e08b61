#!/usr/bin/env python3
"""What is long is cut where it is read and whole where it is asked for; a secret that was typed in place of a file is never repeated; what can never work is
rejected."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions
from tg_hints import hints_of

kUsers = "Query User by User ID"
kSecret = "tg_this-Is/a+secret0123456789=="


def long_answers(t, p):
    short = p.loader.must("api", "test", kUsers)
    t.ok('"user_name":"Alice"' in short.stdout and "--full" not in short.stdout, "a short answer is whole", short)
    name = "é" * 3000
    p.load("user_info", f"user_id,user_name,age\n10001,{name},25\n")
    cut = p.loader.must("api", "test", kUsers)
    size = len(p.loader.must("api", "test", kUsers, "--full").stdout.splitlines()[1].strip().encode())
    lines = cut.stdout.splitlines()
    t.ok(len(lines[1].encode()) <= 2010 and lines[1].endswith("é..."), "a long one is cut, between two characters", cut)
    t.like(lines[2], rf"^  \(\d+ of {size} bytes of the answer; --full shows all\)$", "and says so")
    t.ok(f'"{name}"' in p.loader.must("api", "test", kUsers, "--full").stdout, "--full prints all of it")
    t.is_(p.loader.json("api", "test", kUsers)["response"]["data"]["user_name"], name, "as -o json always does")


def secrets(t, p):
    for words in (("api", "call", kUsers, "--credential", kSecret, "--gateway-url", "http://127.0.0.1:1"), ("api", "call", kUsers, f"--credential={kSecret}"),
                  ("api", "call", kUsers, "--credential", "Bearer", kSecret), ("consumer", "add-key", "demo", "--from-file", kSecret),
                  ("consumer", "add-key", "demo", "--type", "hmac", f"--from-file={kSecret}"), ("consumer", "set-jwt", "demo", "--secret-file", kSecret),
                  ("consumer", "set-jwt", "demo", "--secret-file", kSecret, "--alg", "HS256"), ("consumer", "set-jwt", "nobody", "--secret-file", kSecret, "--alg", "HS999"),
                  ("consumer", "set-jwt", "demo", "--jwks", '{"keys":[{"kty":"oct","k":"%s"}]}' % kSecret), ("api", "call", kUsers, "--credential", kSecret, "--nonsense")):
        result = p.loader(*words)
        t.ok(result.rc in (1, 2, 3) and kSecret not in result.stderr + result.stdout and hints_of(result), f"not repeated: {' '.join(words).replace(kSecret, 'SECRET')}", result)
    result = p.loader("api", "call", kUsers, "--credential", kSecret)
    t.ok("--credential requires the name of a file" in result.stderr and hints_of(result) == [f"tablegate api call '{kUsers}' --credential FILE"], "what to do instead", result)


def never_valid(t, p):
    for kind in ("api_key", "hmac"):
        result = p.loader("consumer", "add-key", "demo", "--type", kind, "--expires", "2020-01-01")
        t.ok(result.rc == 1 and "is in the past" in result.stderr and hints_of(result) == [f"tablegate consumer add-key demo --type {kind} --expires TIME"],
             f"{kind}: an expiry in the past is rejected", result)
    t.is_(p.loader.json("consumer", "show", "demo")["keys"], [], "no key was made")


def errors_of_nodes(t, p):
    p.loader("sync", "--output", p.folder, "--check", "echo " + "x" * 80 + "; echo the second line; false")
    status = p.loader.must("gateway", "status").stdout
    whole = p.loader.json("gateway", "status", "dataservice-prod")["nodes"][0]["last_error"]
    table, _, below = status.partition("last error of ")
    t.ok(whole and "the second line" in whole and "..." in table and max(len(line) for line in table.splitlines()) < 250, "the table of nodes cuts an error", status)
    t.ok(below.rstrip("\n").endswith(whole), "which is whole below it", status)


def test(t):
    p = t.project()
    p.init()
    p.apply(users_definitions())
    p.load("user_info", "user_id,user_name,age\n10001,Alice,25\n")
    p.publish(kUsers)
    long_answers(t, p)
    secrets(t, p)
    never_valid(t, p)
    errors_of_nodes(t, p)


run_test(test)
