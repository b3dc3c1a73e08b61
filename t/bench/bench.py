#!/usr/bin/env python3
"""The speed of a point query beside its limits, in one run on one machine with the same data.

    t/bench/bench.py [--seconds 8] [--rounds 3] [--output FILE.md]

Rows: `return 200` of the same bytes, the module's answer and that of t/bench/limit.c (an epoll loop over libpq, which checks
nothing) at 16, 64 and 256 connections, pgbench -M prepared of the same SELECT with 16 and 64 clients. Requests/s, p50 and p99 are wrk's, and pgbench's from its log of sampled transactions; CPU
microseconds per request are those of nginx's workers (limit, pgbench: their own) and of PostgreSQL's backends, from
/proc/*/schedstat. Rounds are interleaved and medians reported: compare ratios of one run, not runs."""
import glob
import math
import os
import re
import signal
import socket
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from benchmark import measure_main
from tablegate_test import free_port, kCheckout, request, users_definitions, wait_for
from tg_process import children, die_with_parent, run

kUsers = 100_000
kConnections = (16, 64, 256)
kClients = (16, 64)  # of pgbench
kProcesses = 2  # of limit, as many as workers of nginx
kSampled = 0.1  # of its transactions are logged: enough for a p99, too few to cost it anything
kAnswer = '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'


def cpu_us(pids):
    """CPU time of the processes so far, in microseconds."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        except OSError:
            pass
    return total / 1000


def pss_mb(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            total += int(re.search(r"^Pss: +(\d+) kB", file.read(), re.M).group(1))
    return total / 1024


def backends(project):
    return [int(pid) for pid in project.postgres.psql(
        "SELECT pid FROM pg_stat_activity WHERE application_name IN ('tablegate', 'limit', 'pgbench')", database="postgres").split()]


def milliseconds(text):
    number, unit = re.fullmatch(r"([0-9.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def wrk(port, target, connections, seconds, script=None):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "--timeout", "10s"]
    command += ["-s", script] if script else []
    out = run([*command, f"http://127.0.0.1:{port}{target}"], timeout=seconds + 60).stdout
    return {
        "rate": float(re.search(r"Requests/sec: +([0-9.]+)", out).group(1)),
        "count": int(re.search(r"(\d+) requests in", out).group(1)),
        "p50": milliseconds(re.search(r"50% +(\S+)", out).group(1)),
        "p99": milliseconds(re.search(r"99% +(\S+)", out).group(1)),
        "errors": sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", out)) +
                  sum(int(n) for n in re.findall(r"(?:connect|read|write|timeout) (\d+)", out)),
    }


def measure_http(project, target, connections, seconds, script=None, server=None):
    """`server`: (port, pids) of another one than the gateway."""
    port, workers = server or (project.gateway.port, project.gateway.workers())
    wrk(port, target, connections, 1, script)  # connections, prepared statements, caches
    sessions = backends(project)
    before = cpu_us(workers), cpu_us(sessions)
    row = wrk(port, target, connections, seconds, script)
    row["nginx"] = (cpu_us(workers) - before[0]) / row["count"]
    row["postgres"] = (cpu_us(sessions) - before[1]) / row["count"]
    row["backends"] = len(sessions) if script else 0
    row["memory"] = pss_mb(workers)
    return row


def pgbench_latencies(log):
    """Milliseconds of the sampled transactions, in order, without those of the first second; the log's files are removed."""
    found = []
    for name in glob.glob(f"{log}.*"):
        with open(name, encoding="ascii") as file:  # client, transaction, microseconds, script, end: seconds, microseconds
            found += [(int(fields[4]), int(fields[2]) / 1000) for fields in (line.split() for line in file) if fields[2].isdigit()]
        os.unlink(name)
    begun = min(second for second, _ in found)
    return sorted(latency for second, latency in found if second > begun)


def percentile(values, share):
    return values[min(int(len(values) * share), len(values) - 1)]


def measure_pgbench(project, clients, seconds, *scripts):
    log = os.path.join(project.folder, "pgbench_log")
    bench = subprocess.Popen(
        [os.path.join(project.postgres.bin, "pgbench"), "-n", "-M", "prepared", *(word for script in scripts for word in ("-f", script)), "-c", str(clients), "-j", "1",
         "-T", str(seconds), "-l", f"--log-prefix={log}", f"--sampling-rate={kSampled}",
         "-h", project.postgres.socket, "-U", "tablegate_reader", "tablegate"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        bench.wait(1)
    except subprocess.TimeoutExpired:
        pass
    sessions = backends(project)
    before, client_before = cpu_us(sessions), cpu_us([bench.pid])
    try:
        bench.wait(max(seconds - 2, 1))
    except subprocess.TimeoutExpired:
        pass
    used, client_used = cpu_us(sessions) - before, cpu_us([bench.pid]) - client_before
    out, errors = bench.communicate(timeout=seconds + 30)
    if bench.returncode:
        raise RuntimeError(f"pgbench: {errors[-500:]}")
    rate = float(re.search(r"tps = ([0-9.]+)", out).group(1))
    count = rate * max(seconds - 2, 1)
    failed = int(re.search(r"number of failed transactions: (\d+)", out).group(1))
    latencies = pgbench_latencies(log)
    return {"rate": rate, "count": int(count), "p50": percentile(latencies, 0.5), "p99": percentile(latencies, 0.99), "errors": failed,
            "nginx": client_used / count, "postgres": used / count, "backends": clients, "memory": float("nan")}


def serve(test):
    project = test.project()
    names = "user_id,user_name,age\n" + "".join(
        f"{10001 + n},{'Alice' if n == 0 else 'user' + str(n)},{n % 90}\n" for n in range(kUsers))
    project.postgres.set("shared_buffers", "128MB")
    project.postgres.set("max_connections", str(max(kClients) + 40))
    project.postgres.restart()
    # Answers of 60 bytes.
    project.serve(users_definitions(), {"user_info": names}, access_log="access_log off;", log_level="warn", connections=8,
                  http="keepalive_requests 100000000;", listen="reuseport backlog=4096",
                  server=f"location = /limit {{ default_type application/json; return 200 '{kAnswer}'; }}")
    answer = project.get("/v1/user/info?user_id=10001")
    if answer.text != kAnswer:
        raise RuntimeError(f"the gateway answers {answer}")
    return project


def files(project):
    lua = project.file("users.lua", (
        f'wrk.headers["Authorization"] = "Bearer {project.key}"\n'
        "math.randomseed(20261123)\n"
        f'request = function() return wrk.format("GET", "/v1/user/info?user_id=" .. math.random(10001, {10000 + kUsers})) end\n'))
    sql = project.file("users.sql", (
        f"\\set id random(10001, {10000 + kUsers})\n"
        'SELECT "user_id", "user_name" FROM "mirror"."user_info" WHERE "user_id" = :id LIMIT 1;\n'))
    return lua, sql


def start_limit(project):
    """t/bench/limit.c as (port, pids). It ends with this process."""
    port = free_port()
    dsn = f"host={project.postgres.socket} user=tablegate_reader dbname=tablegate application_name=limit"
    process = subprocess.Popen([os.path.join(kCheckout, "build", "bench", "limit"), str(port), str(kProcesses), dsn], preexec_fn=die_with_parent(signal.SIGKILL))
    wait_for(lambda: len(children(process.pid)) == kProcesses - 1, what="the limit's processes run")
    wait_for(lambda: connects(port), what="the limit listens")
    answer = request(port, "/v1/user/info?user_id=10001")
    if answer.text != kAnswer:
        raise RuntimeError(f"the limit answers {answer}")
    return port, [process.pid, *children(process.pid)]


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def pgbench_case(clients):
    return f"pgbench -M prepared, {clients} clients"


def in_all(row):
    return row["nginx"] + row["postgres"]


def ratio(value, limit):
    return f"{value / limit:.2f}" if limit else "-"


def report(rows, seconds, rounds):
    machine = f"{os.cpu_count()} cores, load generator and PostgreSQL on the same machine"
    lines = [f"Medians of {rounds} interleaved rounds of {seconds} s; {machine}. CPU in microseconds per request.", "",
             "| case | requests/s | of `return 200` | of pgbench | p50 ms | p99 ms | CPU nginx | CPU PostgreSQL | CPU in all | CPU of `return 200` | CPU of pgbench "
             "| sessions | MB PSS, workers | errors |",
             "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for name, row in rows.items():
        connections = row["connections"]
        limits = (rows[f"return 200, c={connections}"] if connections in kConnections else None, rows[pgbench_case(min(connections, max(kClients)))])
        rates = " | ".join(ratio(row["rate"], limit and limit["rate"]) for limit in limits)
        costs = " | ".join(ratio(in_all(row), limit and in_all(limit)) for limit in limits)
        memory = "-" if math.isnan(row["memory"]) else f"{row['memory']:.1f}"
        lines.append(f"| {name} | {row['rate']:,.0f} | {rates} | {row['p50']:.2f} | {row['p99']:.2f} | {row['nginx']:.1f} | {row['postgres']:.1f} | "
                     f"{in_all(row):.1f} | {costs} | {row['backends']} | {memory} | {row['errors']} |")
    lines.append("")
    lines.append(f"The ratios are those of requests/s, then those of CPU in all, with as many connections (pgbench: clients, {max(kClients)} at most). "
                 "The column of nginx contains the own CPU of C and of pgbench in their rows.")
    return "\n".join(lines)


def measure_all(test, options):
    project = serve(test)
    lua, sql = files(project)
    limit = start_limit(project)
    cases = {}
    for connections in kConnections:
        cases[f"return 200, c={connections}"] = (connections, lambda c=connections: measure_http(project, "/limit", c, options.seconds))
        cases[f"point query, c={connections}"] = (connections, lambda c=connections: measure_http(project, "", c, options.seconds, lua))
        cases[f"C, epoll and libpq, c={connections}"] = (connections, lambda c=connections: measure_http(project, "", c, options.seconds, lua, limit))
    for clients in kClients:
        cases[pgbench_case(clients)] = (clients, lambda c=clients: measure_pgbench(project, c, options.seconds, sql))
    found = {name: [] for name in cases}
    for number in range(options.rounds):
        for name, (_, measure) in cases.items():
            found[name].append(measure())
            print(f"round {number + 1}/{options.rounds}: {name}: {found[name][-1]['rate']:,.0f}/s", file=sys.stderr, flush=True)
    os.kill(limit[1][0], signal.SIGKILL)  # its other processes end with it
    rows = {}
    for name, measured in found.items():
        rows[name] = {key: statistics.median(row[key] for row in measured) for key in measured[0]}
        rows[name]["backends"] = int(rows[name]["backends"])
        rows[name]["errors"] = sum(row["errors"] for row in measured)
        rows[name]["connections"] = cases[name][0]
    text = report(rows, options.seconds, options.rounds)
    return text, 1 if any(row["errors"] for row in rows.values()) else 0


if __name__ == "__main__":
    measure_main(__doc__, 8, measure_all)
