#!/usr/bin/env python3
"""What long answers do to others on the same worker: CPU of the longest turn of the event loop, and times of point queries beside them.

    t/bench/turns.py [--seconds 5] [--rounds 1] [--output FILE.md]

One worker. Alone; beside 4 clients that read lists of 10,000 rows as fast as they can; beside 50 that asked for 100 MB each and read nothing."""
import os
import struct
import threading
import time

import bench
from benchmark import measure_main
from tablegate_test import bearer, Client, request, slow_link, users_definitions, wait_for

kPreloaded = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build", "bench", "turns.so")
kCall = "/v1/user/info?user_id=10001"
kRows = 10000


def definitions():
    objects = users_definitions()
    age = {"name": "age", "column": "age", "type": "LONG", "sample": 25}
    lists = {"result": "list", "max_records": kRows, "request_parameters": [age]}
    return objects + [{**objects[-1], **lists, "name": "Long List", "path": "/long"}, {**objects[-1], **lists, "name": "Large List", "path": "/large"}]


def serve(test):
    project = test.project()
    project.postgres.set("max_connections", 200)
    project.serve(definitions(), workers=1, connections=140, access_log="access_log off;", log_level="warn")
    project.postgres.psql(f"INSERT INTO mirror.user_info SELECT 0 - i, repeat('x', 20), 76 FROM generate_series(1, {kRows}) i")
    project.postgres.psql(f"INSERT INTO mirror.user_info SELECT -100000 - i, repeat('x', 10000), 77 FROM generate_series(1, {kRows}) i")
    project.postgres.psql("VACUUM ANALYZE mirror.user_info")
    project.gateway.stop()
    folder = os.path.join(project.folder, "turns")
    os.mkdir(folder)
    os.chmod(folder, 0o777)
    os.environ.update(LD_PRELOAD=os.path.abspath(kPreloaded), TABLEGATE_BENCH_TURNS=folder)
    try:
        project.gateway.start()
    finally:
        del os.environ["LD_PRELOAD"]
    return project, os.path.join(folder, str(project.gateway.workers()[0]))


def point_queries(project, seconds):
    took = []
    end = time.monotonic() + seconds
    with Client(project.gateway.port) as client:
        while time.monotonic() < end:
            begun = time.monotonic()
            if client.request(kCall, headers=bearer(project.key)).status != 200:
                raise RuntimeError("a point query failed")
            took.append((time.monotonic() - begun) * 1000)
    return sorted(took)


def measure(project, counts, seconds):
    with open(counts, "r+b") as file:
        file.write(bytes(24))
    took = point_queries(project, seconds)
    with open(counts, "rb") as file:
        turns, above, longest = struct.unpack("=QQQ", file.read(24))
    if not turns:
        raise RuntimeError("no turn was counted")
    return f"{bench.percentile(took, 0.5):.2f} | {bench.percentile(took, 0.99):.2f} | {turns:,} | {above} | {longest / 1e6:.2f}"


def beside_readers(project, counts, seconds):
    stop = threading.Event()

    def read():
        while not stop.is_set():
            answer = request(project.gateway.port, "/v1/long?age=76", headers=bearer(project.key))
            if answer.status != 200 or len(answer.json["data"]) != kRows:
                raise RuntimeError("a list is not whole")

    readers = [threading.Thread(target=read, daemon=True) for _ in range(4)]
    for reader in readers:
        reader.start()
    time.sleep(0.5)
    row = measure(project, counts, seconds)
    stop.set()
    for reader in readers:
        reader.join()
    return row


def ask(project):
    return slow_link(project.gateway.port, "/v1/large?age=77", bearer(project.key))


def beside_sleepers(project, counts, seconds):
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tablegate' AND state = 'active'"
    links = [ask(project) for _ in range(50)]
    wait_for(lambda: int(project.postgres.psql(sessions)) >= 50, 30, "all of them are held")
    time.sleep(0.5)
    row = measure(project, counts, seconds)
    for link in links:
        link.close()
    return row


def measure_all(test, options):
    project, counts = serve(test)
    point_queries(project, 1)
    lines = [f"One worker, {options.seconds} s each; one client sends point queries one after the other. Milliseconds; a turn's time is its CPU time.", "",
             "| point queries | p50 | p99 | turns of the event loop | above 2 ms | longest |", "|---|--:|--:|--:|--:|--:|"]
    for _ in range(options.rounds):
        for name, how in (("alone", measure), ("beside 4 clients that read lists of 10,000 rows", beside_readers),
                          ("beside 50 clients that read nothing of 100 MB each", beside_sleepers)):
            lines.append(f"| {name} | {how(project, counts, options.seconds)} |")
    return "\n".join(lines), 0


if __name__ == "__main__":
    measure_main(__doc__, 5, measure_all)
