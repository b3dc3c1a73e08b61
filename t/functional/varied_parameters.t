#!/usr/bin/env python3
"""A caller who varies optional parameters (1,024 combinations) costs at most twice the CPU of one who does not, and not the prepared
statements of the others."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import random

from tablegate_test import Client, bearer, run_test, users_definitions
from tg_pg_recorder import Recorder
from tg_process import kRoot

kColumns = [f"c{i}" for i in range(10)]
kNeighbour = "/v1/user/info?user_id=10001"
kSame = "/v1/ten?c0=1&c3=1&c5=1&c7=1"


def varied(mask):
    return "/v1/ten?" + "&".join(f"{name}=1" for bit, name in enumerate(kColumns) if mask >> bit & 1)


def cpu(p):
    """CPU seconds of nginx's worker and our sessions."""
    pids = p.gateway.workers() + p.postgres.psql("SELECT pid FROM pg_stat_activity WHERE application_name = 'tablegate'").split()
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def cost(p, client, targets):
    """CPU seconds of a call."""
    before = cpu(p)
    for target in targets:
        answer = client.request(target, headers=bearer(p.key))
        assert answer.status == 200, answer
    return (cpu(p) - before) / len(targets)


def prepared(t, p):
    """What is prepared on one connection: seen on the wire."""
    recorder = Recorder(os.path.join(p.folder, "recorder"), p.postgres.socket)
    chosen = random.Random(2)
    try:
        p.gateway.set(dsn=recorder.dsn())
        p.gateway.reload()
        with Client(p.gateway.port) as client:
            call = lambda target: client.request(target, headers=bearer(p.key)).status
            statuses = [call(varied(mask)) for mask in range(700)]
            for _ in range(2):  # more than 512 combinations between two calls of the neighbour
                statuses += [call(kNeighbour), *(call(varied(chosen.randrange(1024))) for _ in range(600))]
            t.is_(set(statuses), {200}, "all are answered")
        named = [sql for name, sql in recorder.statements if name]
        t.ok(len(named) <= 512 + 50, "of 1,900 calls with 1,024 combinations: hardly more prepared than there are places for", len(named))
        t.is_(sum('"user_info"' in sql for sql in named), 1, "a neighbour's statement is prepared once and stays")
    finally:
        p.gateway.set(dsn=p.postgres.dsn("tablegate_reader"))
        p.gateway.reload()
        recorder.stop()


def test(t):
    objects = users_definitions()
    objects.insert(5, {"kind": "Table", "name": "ten", "data_source": "odps_demo", "primary_key": ["id"],
                       "ddl": f"CREATE TABLE ten (id BIGINT NOT NULL, {', '.join(f'{name} BIGINT' for name in kColumns)});"})
    objects.append({**objects[-1], "name": "Ten Columns", "path": "/ten", "table": "ten", "result": "list",
                    "request_parameters": [{"name": name, "column": name, "type": "LONG", "required": False, "sample": 1} for name in kColumns],
                    "response_parameters": [{"name": "id"}, {"name": "c0"}]})
    p = t.project()
    if kRoot:  # the recorder runs as root
        p.postgres.allow("root", "tablegate_reader")
    p.serve(objects, {"user_info": "user_id,user_name,age\n10001,Alice,25\n", "ten": "id," + ",".join(kColumns) + "\n1" + ",1" * 10 + "\n"},
            workers=1, connections=1)
    chosen = random.Random(1)
    p.postgres.reload()
    with Client(p.gateway.port) as client:
        cost(p, client, [varied(mask) for mask in range(1024)])
        ratios = []
        for _ in range(4):
            same = cost(p, client, [kSame] * 400)
            other = cost(p, client, [varied(chosen.randrange(1024)) for _ in range(400)])
            ratios.append(other / same)
        t.diag(f"CPU of varied combinations: {', '.join(f'{one:.2f}' for one in ratios)} of the same one's")
        t.ok(sorted(ratios)[1] <= 2.0, "1,024 combinations: at most twice the CPU of one", ratios)
    prepared(t, p)


run_test(test)
