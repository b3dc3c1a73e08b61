#!/usr/bin/env python3
"""Dates and times of files: ISO 8601 and nothing else, on every path; other forms by --time-format and --zone; nothing that a column cannot keep is dropped."""
import csv
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test

kDdl = "CREATE TABLE moments (n BIGINT, day DATE, at DATETIME, wall TIMESTAMP_NTZ)"
# What PostgreSQL makes of a word or of another order is not what the file means.
kWords = ("2026-07-02 12:00:00 CST", "2026-07-02 12:00:00 GMT+08:00", "2026-07-02 12:00:00 UTC", "02-JUL-26", "07/02/2026", "26-07-02", "2026-7-2", "today", "now",
          "infinity", "-infinity", "epoch", "2026-07-02 04:05 PM", "44-03-15 BC", "2026-07-02 12:00:00 Asia/Shanghai")


def load(p, data, *options, table="moments"):
    return p.loader("table", "load", table, "--from", f"csv:{p.file('times.csv', data)}", *options)


def found(p, table="moments"):
    return p.postgres.psql(f"SET timezone = 'UTC'; SELECT concat_ws('|', n, {'day' if table == 'days' else 'day, at, wall'}) FROM mirror.{table} ORDER BY n").splitlines()


def rejected(t, result, line, column, word, name):
    t.ok(result.rc == 1 and f'times.csv, line {line}, column "{column}"' in result.stderr and word in result.stderr, f"rejected: {name}", result)


def words(t, p):
    result = load(p, "1,2026-07-02,,\n2,6.00,2026-07-02,,\n")
    t.ok(result.rc == 1 and "times.csv, line 2: has 5 fields where 4 columns are expected" in result.stderr, "a field too many is not a wrong date", result)
    for text in kWords:
        result = load(p, f"1,2026-07-02,2026-07-02 12:00:00,\n2,,{text},\n")
        rejected(t, result, 2, "at", "ISO 8601", f"DATETIME {text}")
        t.ok(" --time-format FORMAT\n" in result.stderr and "--zone" in result.stderr, "with the way", result)
        rejected(t, load(p, f"1,2026-07-02\n2,{text}\n", table="days"), 2, "day", "", f"DATE {text}, where COPY reads the file itself")
    rejected(t, load(p, "1,2026-07-02\r\n2,\"2026-\n\"\r\n", table="days"), 2, "day", "ISO 8601 date", "in quotes")
    lines = "".join(f"{n},2026-07-02\n" for n in range(60000))
    rejected(t, load(p, lines + "2,tomorrow\n", table="days"), 60001, "day", "ISO 8601 date", "far behind")
    rejected(t, load(p, lines + "x,2026-07-02\n" + lines, table="days"), 60001, "n", "bigint", "what COPY finds itself keeps its place")
    for kind, word in (("day", "has an offset"), ("wall", "has an offset")):
        row = {"day": "2,2026-07-02 00:00:00+08,,", "wall": "2,,,2026-07-02 12:00:00Z"}[kind]
        rejected(t, load(p, f"1,,,\n{row}\n"), 2, kind, word, f"an offset that {kind} cannot keep")
    rejected(t, load(p, "1,2026-07-02\n2,2026-07-02 00:00:00+08\n", table="days"), 2, "day", "has an offset", "the same where COPY reads")
    rejected(t, load(p, "1,,,\n2,2026-07-02 08:00:00,,\n"), 2, "day", "has a time of day", "a time of day that a DATE cannot keep")
    rejected(t, load(p, "1,,,\n2,,2026-02-30,\n"), 2, "at", "out of range", "the calendar is PostgreSQL's")
    rejects = os.path.join(p.folder, "bad.csv")
    result = load(p, "1,,2026-07-02,\n2,,now,\n3,today,,\n", "--max-errors", "2", "--rejects", rejects)
    with open(rejects, encoding="utf-8", newline="") as file:
        rows = [(row[1], row[2]) for row in list(csv.reader(file))[1:]]
    t.ok(result.rc == 0 and rows == [("2", "at"), ("3", "day")], "--max-errors puts them aside", (result, rows))
    result = p.loader("table", "load", "moments", "--from", f"csv:{p.file('part.csv', '1,,')}", "--partition", "at=now")
    t.ok(result.rc == 1 and "--partition at=now" in result.stderr and "ISO 8601" in result.stderr, "a constant, too", result)
    rejected(t, load(p, '1,"[""today""]"\n', table="lists"), 1, "l", "ISO 8601 date", "inside a nested value")


def accepted(t, p):
    rows = ("2026-07-02,2026-07-02 12:00:00,2026-07-02T12:00:00.123456789", "20260702,20260702T120000,20260702T120000", "2026-07-02 00:00:00,2026-07-02T12:00+0800,",
            ",2026-07-02 04:00:00Z,", ",2026-07-01T23:00:00.0009-05,", ",2026-07-02 12:00:00 +08:00,2026-07-02", ',"",')
    result = load(p, "".join(f"{n},{row}\n" for n, row in enumerate(rows)))
    noon = "2026-07-02 04:00:00+00"
    t.ok(result.rc == 0 and found(p) == [f"0|2026-07-02|{noon}|2026-07-02 12:00:00.123456", f"1|2026-07-02|{noon}|2026-07-02 12:00:00", f"2|2026-07-02|{noon}",
                                         f"3|{noon}", f"4|{noon}", f"5|{noon}|2026-07-02 00:00:00", "6"], "ISO 8601: offsets, without one the table's zone, the basic form", (result, found(p)))
    result = load(p, "0,2026-07-02\n1,20260703\n2,\n3,2026-07-05 00:00:00\n", table="days")
    t.ok(result.rc == 0 and found(p, "days") == ["0|2026-07-02", "1|2026-07-03", "2", "3|2026-07-05"], "DATE where COPY reads the file itself", (result, found(p, "days")))


def formats(t, p):
    result = load(p, "1,2.7.2026,02.07.2026 12:00,02.07.2026 08:30\n", "--time-format", "%d.%m.%Y %H:%M", "--time-format", "%d.%m.%Y")
    t.ok(result.rc == 0 and found(p) == ["1|2026-07-02|2026-07-02 04:00:00+00|2026-07-02 08:30:00"], "--time-format, several", (result, found(p)))
    result = load(p, "1,2026-07-02,02-JUL-26 12:00:00 CST,2026-07-02 08:30:00\n", "--time-format", "AT=%d-%b-%y %H:%M:%S CST", "--zone", "America/Chicago")
    t.ok(result.rc == 0 and found(p) == ["1|2026-07-02|2026-07-02 17:00:00+00|2026-07-02 08:30:00"], "of one column, and --zone for its word", (result, found(p)))
    result = load(p, "1,07/03/2026\n", "--time-format", "%m/%d/%Y", table="days")
    t.ok(result.rc == 0 and found(p, "days") == ["1|2026-07-03"], "of a DATE alone", (result, found(p, "days")))
    rejected(t, load(p, "1,2026-07-02\n", "--time-format", "%m/%d/%Y", table="days"), 1, "day", 'is not of --time-format "%m/%d/%Y"', "ISO 8601 beside a format")
    rejected(t, load(p, "1,02/30/2026\n", "--time-format", "%m/%d/%Y", table="days"), 1, "day", "out of range", "no day of the calendar")
    for option, word, rc in (("%H:%M", "no whole date", 2), ("%F %Z", "several meanings", 2), ("n=%F", 'no column "n" of dates or times', 1), ("%F", "no column of dates", 1)):
        result = load(p, "1,\n", "--time-format", option, table="lists" if (option, rc) == ("%F", 1) else "days")
        t.ok(result.rc == rc and word in result.stderr, f"--time-format {option}: {word}", result)
    result = p.loader("table", "load", "days", "--from", f"sql:{p.file('s.sql', '')}", "--time-format", "%F")
    t.ok(result.rc == 2 and "apply to csv:" in result.stderr, "of files of rows only", result)


def seed(t, p):
    for text in kWords:
        result = p.loader("table", "load", "moments", "--from", f"sql:{p.file('seed.sql', f'INSERT INTO moments VALUES (1, NULL, {chr(39)}{text}{chr(39)}, NULL);')}")
        t.ok(result.rc == 1 and 'column "at"' in result.stderr, f"a seed file: {text}", result)


def test(t):
    p = t.project()
    p.init()
    p.apply([{"kind": "DataSource", "name": "files", "type": "csv"}] +
            [{"kind": "Table", "name": name, "data_source": "files", "ddl": ddl, "time_zone": "Asia/Shanghai"}
             for name, ddl in (("moments", kDdl), ("days", "CREATE TABLE days (n BIGINT, day DATE)"), ("lists", "CREATE TABLE lists (n BIGINT, l ARRAY<DATE>)"))])
    words(t, p)
    accepted(t, p)
    formats(t, p)
    seed(t, p)


run_test(test)
