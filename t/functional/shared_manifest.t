#!/usr/bin/env python3
"""A large manifest stands in memory once: the master reads it, workers share its pages also after serving from it, reloads do not pile it up."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kAsan, kSlow, run_test, wait_for
from tg_manifest import edit

kApis = 20000
kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'


def multiply(path):
    """The API of a manifest kApis times, each on a path of its own, under a header that fits."""
    def change(lines, _):
        one = next(line for line in lines if line["kind"] == "api")
        lines[:] = [line for line in lines if line["kind"] != "openapi"]
        lines.extend({**one, "id": one["id"] + 1 + number, "name": f"Copy {number} of an API", "path": f"/v1/copy/{number}/info"} for number in range(kApis))

    return edit(path, change)


def memory(pid):
    """(all, private) kB of a process."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        sizes = {name: int(kb) for name, kb in re.findall(r"^(\w+): +(\d+) kB", file.read(), re.M)}
    return sizes["Rss"], sizes["Private_Clean"] + sizes["Private_Dirty"]


def test(t):
    if kAsan:
        t.skip_all("memory under ASan is another one")
    p = t.project().serve()
    workers = p.gateway.workers()
    p.get("/v1/user/info?user_id=10001")
    small = max(memory(pid)[1] for pid in workers)
    size = multiply(p.gateway.manifest)
    p.gateway.reload()
    wait_for(lambda: not p.gateway.workers(leaving=True), 30 * kSlow, "old workers are gone")

    def serve():
        # One credential, as the manifest's consumers say for the first API; no consumer may call the copies: 403.
        for number in range(0, kApis, 97):
            status = p.get(f"/v1/copy/{number}/info?user_id=10001").status
            if status not in (200, 403):
                return status
        return p.get("/v1/user/info?user_id=10001").body

    t.is_(serve(), kAlice, f"{kApis} APIs in a manifest of {size / 1e6:.0f} MB: answered")
    found = [memory(pid) for pid in p.gateway.workers()]
    t.note(f"kB of a worker with one API: {small} private; with {kApis}: {found} (all, private); master {memory(p.gateway.pid)}")
    t.ok(all(whole > size / 1024 for whole, _ in found), "each worker sees all of it", found)
    t.ok(all(private < small + 3000 for _, private in found), "and has 3 MB of its own for it at most", found, small)
    sizes = [memory(p.gateway.pid)[0]]
    for _ in range(8):
        p.gateway.reload()
        wait_for(lambda: not p.gateway.workers(leaving=True), 30 * kSlow, "old workers are gone")
        sizes.append(memory(p.gateway.pid)[0])
    t.note(f"kB of the master, reload by reload: {sizes}")
    # The first ones put old and new beside each other and leave holes, which later ones fill.
    t.ok(sizes[-1] < sizes[3] * 1.1 and sizes[-1] < sizes[0] * 2, "eight reloads: the master does not pile up old ones", sizes)
    t.is_(serve(), kAlice, "and answers")
    found = [memory(pid) for pid in p.gateway.workers()]
    t.note(f"kB of a worker after the reloads: {found} (all, private)")
    # What the reloads freed lies between: a worker takes its small blocks from there, each on a page of its own.
    t.ok(all(private < small + 14000 for _, private in found), "and its workers still share it", found, small)


run_test(test)
