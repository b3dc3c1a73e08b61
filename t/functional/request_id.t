#!/usr/bin/env python3
"""The id of a request: the same in the header, the envelope, other places of nginx and the log; never twice, by no worker and after no reload."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, Client, kSlow, request, run_test, users_definitions, wait_for

kCall = "/v1/user/info?user_id=10001"
kFormat = 'log_format ids "$pid $request_id"; map $request_id $tail { "~(?<last>.{4})$" $last; }'
kForm = "^[0-9a-f]{32}$"


def places(t, p):
    answers = (("rows", p.get(kCall), 200), ("an error", p.get("/v1/user/info?user_id=x"), 400), ("no credential", p.get(kCall, key=""), 401),
               ("no API", p.get("/v1/nothing"), 404), ("another method", p.get(kCall, "DELETE"), 405))
    for name, answer, status in answers:
        t.is_(answer.status, status, f"{name}: {status}")
        t.like(answer.headers["x-ca-request-id"], kForm, f"{name}: 32 digits")
    wrapped = p.get("/v1/wrapped?user_id=10001")
    t.is_(wrapped.json["requestId"], wrapped.headers["x-ca-request-id"], "the envelope has the same")
    both = p.get("/both" + kCall)
    t.is_((both.headers["x-own"], both.headers["x-tail"]), (both.headers["x-ca-request-id"], both.headers["x-ca-request-id"][-4:]), "add_header and map have the same")
    plain = request(p.gateway.port, "/plain")
    t.like(plain.text, r"^([0-9a-f]{32}) \1$", "a location that is not ours has one too")
    given = p.get(kCall, **{"X-Ca-Request-Id": "0" * 32, "X-Request-Id": "1" * 32})
    t.ok(given.headers["x-ca-request-id"] not in ("0" * 32, "1" * 32), "what the caller sends is not taken")
    return [answer.headers["x-ca-request-id"] for answer in (*(answer for _, answer, _ in answers), wrapped, both, given)] + [plain.text.split()[0]]


def many(p, count):
    """Ids of requests over kept connections, so that both workers answer."""
    clients = [Client(p.gateway.port) for _ in range(8)]
    found = [clients[i % 8].request(kCall, headers=bearer(p.key)).headers["x-ca-request-id"] for i in range(count)]
    for client in clients:
        client.close()
    return found


def logged(p):
    with open(os.path.join(p.folder, "ids.log"), encoding="utf-8") as file:
        return [line.split() for line in file]


def never_twice(t, p):
    ids = places(t, p) + many(p, 700)
    for _ in range(2):
        p.gateway.reload()
        ids += many(p, 300)
    t.is_(len(set(ids)), len(ids), "no id comes twice")
    lines = wait_for(lambda: (lambda found: found if len(found) >= len(ids) else None)(logged(p)), 10 * kSlow, "all are in the log")
    t.is_(sorted(item for _, item in lines), sorted(ids), "the log has the ids that callers got")
    t.ok(len({pid for pid, _ in lines}) >= 4, "of the workers of three configurations", {pid for pid, _ in lines})
    t.ok(all(re.match(kForm, item) for item in ids), "each has 32 digits")


def main(t):
    p = t.project()
    objects = users_definitions()
    objects.append({**objects[-1], "name": "Wrapped", "path": "/wrapped", "envelope": "dataworks"})
    p.serve(objects, access_log=f"{kFormat} access_log {p.folder}/ids.log ids;",
            server="add_header X-Own $request_id; add_header X-Tail $tail; location = /plain { default_type text/plain; return 200 '$request_id $request_id\n'; }",
            location="rewrite ^/both(/.*)$ $1 break;")
    never_twice(t, p)


run_test(main)
