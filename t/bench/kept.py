#!/usr/bin/env python3
"""What a kept answer and a 304 cost: CPU microseconds of nginx a request, beside `return 200` of the same bytes with the same check of the
caller, in one run.

    t/bench/kept.py [--seconds 4] [--rounds 3] [--output FILE.md]

`return 200` reads $tablegate_consumer, so it proves the caller by the same API key; "with our headers" it has the headers of our answers, too."""
import statistics
import sys

import bench
from benchmark import measure_main
from tablegate_test import free_port, wait_for

kConnections = 32
kTarget = "/v1/user/info?user_id=10001"
kMust = {"kept answer": 1.15, "304": 1.10}


def serve(test):
    """(project, {case: (port, headers)})"""
    project = test.project()
    ports = free_port(), free_port()
    own = ("add_header ETag '\"0123456789abcdef0123456789abcdef-0123456789abcdef\"'; add_header Last-Modified 'Tue, 01 Dec 2026 03:24:29 GMT'; "
           "add_header Cache-Control 'private, no-cache'; add_header X-Ca-Request-Id $request_id;")
    servers = "".join(f"server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ tablegate on; set $who $tablegate_consumer; default_type application/json; {headers} "
                      f"return 200 '{bench.kAnswer}'; }} }} " for port, headers in zip(ports, ("", own)))
    project.serve(access_log="access_log off;", log_level="warn", listen="backlog=4096", http=f"keepalive_requests 100000000; tablegate_cache_zone 8m; {servers}")
    tag = wait_for(lambda: project.get(kTarget).headers.get("etag"), 10, "an ETag")
    if project.get(kTarget).text != bench.kAnswer:
        raise RuntimeError("the answers are not the same bytes")
    here = project.gateway.port
    return project, {"return 200": (ports[0], {}), "return 200 with our headers": (ports[1], {}), "kept answer": (here, {}), "304": (here, {"If-None-Match": tag})}


def measure(project, name, port, headers, seconds):
    lines = "".join(f"wrk.headers['{key}'] = '{value}'\n" for key, value in {"Authorization": f"Bearer {project.key}", **headers}.items())
    script = project.file(f"{name.replace(' ', '_')}.lua", lines)
    bench.wrk(port, kTarget, kConnections, 1, script)
    workers = project.gateway.workers()
    before = bench.cpu_us(workers)
    row = bench.wrk(port, kTarget, kConnections, seconds, script)
    if row["errors"]:
        raise RuntimeError(f"{name}: {row}")
    return (bench.cpu_us(workers) - before) / row["count"], row["rate"]


def measure_all(test, options):
    project, cases = serve(test)
    found = {name: [] for name in cases}
    for number in range(options.rounds):
        for name, (port, headers) in cases.items():
            found[name].append(measure(project, name, port, headers, options.seconds))
            print(f"round {number + 1}/{options.rounds}: {name}: {found[name][-1][0]:.1f} us", file=sys.stderr, flush=True)
    lines = [f"Medians of {options.rounds} interleaved rounds of {options.seconds} s, {kConnections} connections; wrk on the same machine. CPU of nginx in microseconds per request.", "",
             "| case | requests/s | CPU | of `return 200` | must | reached |", "|---|--:|--:|--:|--:|---|"]
    limit = statistics.median(cost for cost, _ in found["return 200"])
    for name, rows in found.items():
        cost, rate = (statistics.median(row[place] for row in rows) for place in (0, 1))
        must = kMust.get(name)
        reached = "-" if must is None else "yes" if cost / limit <= must else "no"
        lines.append(f"| {name} | {rate:,.0f} | {cost:.1f} | {cost / limit:.2f} | {must or '-'} | {reached} |")
    return "\n".join(lines), 0


if __name__ == "__main__":
    measure_main(__doc__, 4, measure_all)
