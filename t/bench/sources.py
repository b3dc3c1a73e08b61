#!/usr/bin/env python3
"""The pace of each source of `table load` beside `psql \\copy` of the same rows as CSV, in one run on one machine (issue: the mirror).

    t/bench/sources.py [--rows 1000000] [--rounds 3] [--memory-rows 2000000] [--output FILE.md]

Rows of three columns (bigint, string, bigint), for which the vendor's pace is known. The copy is what PostgreSQL's log says COPY took, from its
first byte to its last, so that a source that cannot keep up is seen; the whole command has its wall time, psql's with ANALYZE, which ours
does, too. Rounds are interleaved, medians reported. Memory is the largest resident
set of the command, at --memory-rows and at a tenth of them. The stand-in for MaxCompute encodes everything before."""
import argparse
import functools
import gzip
import os
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tg_maxcompute
from benchmark import parser_of, run_benchmark
from tg_maxcompute import MaxCompute
from tg_mirror import environment, source
from tg_process import run
from tg_settings import kLoader

kColumns = "user_id:bigint,user_name:string,age:bigint"
kDdl = "CREATE TABLE people (user_id BIGINT, user_name STRING, age BIGINT)"
kSeedRows = 1_000_000  # what a seed file may hold
kVendor = 29_000       # rows/s of the vendor's Python SDK, as the reference notes
kDecoder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/bench/decoder")


def peak_mb(pid):
    """The largest resident set of a running process so far; 0 where it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            found = re.search(r"^VmHWM:\s+(\d+) kB", file.read(), re.M)
        return int(found[1]) / 1024 if found else 0
    except OSError:
        return 0


class Bench:
    def __init__(self, test):
        self.project = p = test.project()
        p.postgres.set("shared_buffers", "256MB")
        p.postgres.set("max_wal_size", "4GB")
        p.postgres.set("log_min_duration_statement", "1")
        p.postgres.restart()
        self.service = MaxCompute().start()
        self.service.chunk = 1 << 18
        tg_maxcompute.encode_stream = self.encode
        self.encode_stream = functools.lru_cache(maxsize=64)(self.encode_range)
        p.loader.env.update(environment(self.service))
        p.init()
        p.postgres.psql("CREATE DATABASE source", database="postgres")
        p.postgres.psql("CREATE TABLE people (user_id bigint, user_name text, age bigint)", database="source")
        p.apply([source(self.service), {"kind": "Table", "name": "people", "data_source": "odps_demo", "ddl": kDdl}])
        self.rows = 0

    # --- the stand-in: one row again and again, each range encoded once
    @staticmethod
    def encode_range(_kinds, size, metrics, lie):
        return kEncode([tg_maxcompute.parse_type(kind) for _, kind in tg_maxcompute._columns(kColumns)], [(5000000, "user 5000000", 44)] * size, metrics, lie)

    def encode(self, kinds, rows, metrics=False, lie=0):
        return self.encode_stream(len(kinds), len(rows), metrics, lie)

    # --- data
    def make(self, rows):
        if self.rows == rows:
            return
        self.rows = rows
        with open(self.path("people.csv"), "w", encoding="ascii") as file:
            file.writelines(f"{n},user {n},{n % 90}\n" for n in range(rows))
        with open(self.path("people.sql"), "w", encoding="ascii") as file:
            file.write("INSERT INTO people VALUES\n" + ",\n".join(f"({n},'user {n}',{n % 90})" for n in range(min(rows, kSeedRows))) + ";\n")
        with open(self.path("people.csv"), "rb") as file, gzip.open(self.path("people.csv.gz"), "wb", compresslevel=1) as out:
            while chunk := file.read(1 << 20):
                out.write(chunk)
        self.project.postgres.psql(f"TRUNCATE people; INSERT INTO people SELECT n, 'user ' || n, n % 90 FROM generate_series(0, {rows - 1}) n; VACUUM people", database="source")
        self.service.tables.clear()
        self.service.table("people", kColumns, [(5000000, "user 5000000", 44)] * rows)
        size, parts = rows, 4  # as the loader cuts it; encoded when first asked for
        for _ in range(parts):
            self.encode(range(3), range(size // parts))

    def path(self, name):
        return os.path.join(self.project.folder, name)

    # --- measurements: (rows/s of COPY, rows/s of the command, MB)
    def copied(self, since):
        """Seconds that COPY into a table of the mirror, or psql's, took by PostgreSQL's log."""
        with open(self.project.postgres.log, encoding="utf-8", errors="replace") as log:
            log.seek(since)
            return sum(float(ms) for ms in re.findall(r"duration: ([0-9.]+) ms  statement: COPY +(?:\"mirror\"|beside)", log.read())) / 1000

    def timed(self, command, rows, env=None):
        since = os.path.getsize(self.project.postgres.log)
        begin = time.monotonic()
        with open(self.path("said"), "wb") as said:
            process = subprocess.Popen(command, env=env, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
        most = 0
        while process.poll() is None:  # what wait4() tells of memory counts this script's, before exec
            most = max(most, peak_mb(process.pid))
            time.sleep(0.01)
        seconds = time.monotonic() - begin
        if process.returncode:
            with open(self.path("said"), encoding="utf-8") as said:
                raise RuntimeError(f"{command}: {said.read()}")
        return rows / self.copied(since), rows / seconds, most

    def copy(self):
        p = self.project.postgres
        p.psql("DROP TABLE IF EXISTS beside")
        return self.timed([f"{p.bin}/psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", p.dsn(), "-c",
                           "CREATE TABLE beside (user_id bigint, user_name text, age bigint)", "-c", f"\\copy beside FROM '{self.path('people.csv')}' WITH (FORMAT csv)", "-c", "ANALYZE beside"], self.rows)

    def load(self, *options, rows=None):
        return self.timed([kLoader, "table", "load", "people", "-q", *options], rows or self.rows, self.project.loader.env)

    def cases(self):
        p = self.project.postgres
        return {
            "psql \\copy": self.copy,
            "csv:, as it is": lambda: self.load("--from", f"csv:{self.path('people.csv')}"),
            "csv:, converted (--null '\\N')": lambda: self.load("--from", f"csv:{self.path('people.csv')}", "--null", "\\N"),
            "csv:, --max-errors 10": lambda: self.load("--from", f"csv:{self.path('people.csv')}", "--max-errors", "10", "--rejects", self.path("bad.csv")),
            "csv:, --format text --charset gbk": lambda: self.load("--from", f"csv:{self.path('people.csv')}", "--format", "text", "--charset", "gbk"),
            "csv:, .gz": lambda: self.load("--from", f"csv:{self.path('people.csv.gz')}"),
            "sql:": lambda: self.load("--from", f"sql:{self.path('people.sql')}", rows=min(self.rows, kSeedRows)),
            "postgresql:, binary": lambda: self.load("--from", f"postgresql:{p.dsn(database='source')}"),
            "maxcompute:, not compressed": lambda: self.load("--compression", "none"),
            "maxcompute:, zlib": self.load,
        }

    def decoder(self):
        path = self.path("stream")
        rows = min(self.rows, 1_000_000)
        with open(path, "wb") as file:
            file.write(self.encode(range(3), range(rows)))
        done = run([os.path.abspath(kDecoder), path, str(rows), "struct<a:bigint,b:string,c:bigint>"])
        return float(done.stdout), float("nan"), 0


kEncode = tg_maxcompute.encode_stream
kNoMemory = ("psql \\copy", "sql:")


def report(rates, memory, options):
    copy, whole = rates["psql \\copy"]
    lines = [f"Medians of {options.rounds} interleaved rounds of {options.rows:,} rows; {os.cpu_count()} cores, PostgreSQL and the sources on the same machine. "
             f"Memory at {options.memory_rows // 10:,} and at {options.memory_rows:,} rows.", "",
             "| source | rows/s, COPY | of `psql \\copy` | rows/s, whole command | of psql's | MB at a tenth | MB |", "|---|--:|--:|--:|--:|--:|--:|"]
    for name, (rate, all_rate) in rates.items():
        size = " | ".join(f"{mb:.0f}" for mb in memory[name]) if memory.get(name) else "- | -"
        command = f"{all_rate:,.0f} | {all_rate / whole:.2f}" if all_rate == all_rate else "- | -"
        lines.append(f"| {name} | {rate:,.0f} | {rate / copy:.2f} | {command} | {size} |")
    lines += ["", f"The decoder alone: {rates['decoder alone'][0] / kVendor:.0f} times the {kVendor:,} rows/s that the vendor's Python SDK was measured at."]
    return "\n".join(lines)


def measure_all(test, options):
    bench = Bench(test)
    cases = bench.cases()
    found = {name: [] for name in [*cases, "decoder alone"]}
    bench.make(options.rows)
    for number in range(options.rounds):
        for name, measure in [*cases.items(), ("decoder alone", bench.decoder)]:
            found[name].append(measure()[:2])
            print(f"round {number + 1}/{options.rounds}: {name}: {found[name][-1][0]:,.0f} rows/s copied, {found[name][-1][1]:,.0f} in all", file=sys.stderr, flush=True)
    memory = {name: [] for name in cases if name not in kNoMemory}
    for rows in (options.memory_rows // 10, options.memory_rows):
        bench.make(rows)
        for name in memory:
            memory[name].append(cases[name]()[2])
            print(f"{rows:,} rows: {name}: {memory[name][-1]:.0f} MB", file=sys.stderr, flush=True)
    text = report({name: tuple(statistics.median(column) for column in zip(*rates)) for name, rates in found.items()}, memory, options)
    return text, 0


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of each load (1000000)")
    parser.add_argument("--memory-rows", type=int, default=2_000_000, help="of the loads whose memory is looked at (2000000)")
    parser.add_argument("--seconds", help=argparse.SUPPRESS)  # of the other benchmarks
    options = parser.parse_args()
    run_benchmark(options, lambda test: measure_all(test, options))


if __name__ == "__main__":
    main()
