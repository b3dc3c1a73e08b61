#!/usr/bin/env python3
"""Quotes in CSV: a stray one is rejected with line and column on every path and never joins rows; --lenient-quotes and --quote none read it."""
import csv
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test

kPipes = '1,pipe 5",steel\n2,pipe 6",brass\n'
kPaths = {"straight": (), "converted": ("--null", "-")}


def load(p, name, data, *options, table="pipes"):
    return p.loader("table", "load", table, "--from", f"csv:{p.file(name, data)}", *options)


def found(p):
    return p.postgres.psql("SELECT string_agg(concat_ws('|', n, name, metal), ' / ' ORDER BY n) FROM mirror.pipes")


def rejected(t, p):
    good = "".join(f"{n},name,metal\n" for n in range(10, 30000))
    for path, options in kPaths.items():
        for data, line, column, word in ((kPipes, 1, "name", "a quote inside a field"), ('1,"pipe" 5,steel\n', 1, "name", "text behind the closing quote"),
                                         ('1,"a\nb",steel\r\n2,c, "d"\r\n', 3, "metal", "a quote inside a field"), (good + kPipes, 29991, "name", "a quote inside"),
                                         ('1,a,b,"c"d\n', 1, "", "text behind")):
            result = load(p, "bad.csv", data, *options)
            place = f"bad.csv, line {line}" + (f', column "{column}"' if column else "")
            t.ok(result.rc == 1 and place in result.stderr and word in result.stderr and "--lenient-quotes" in result.stderr and "--quote none" in result.stderr,
                 f"{path}: {data[-40:]!r} is rejected at line {line}", result)
    result = load(p, "head.csv", 'n,na"me,metal\n1,a,b\n', "--header")
    t.ok(result.rc == 1 and "line 1, field 2" in result.stderr and "a quote inside" in result.stderr, "a header, too", result)
    result = load(p, "head.csv", 'n,"na"me,metal\n1,"a",b\n', "--header", "--lenient-quotes")
    t.ok(result.rc == 1 and "line 1, field 2" in result.stderr and "a stray quote and a line end" in result.stderr and "--lenient-quotes" not in result.stderr.split("try:")[-1],
         "--lenient-quotes: a header that may be two rows", result)


def put_aside(t, p):
    rejects = os.path.join(p.folder, "rejects.csv")
    result = load(p, "some.csv", "n,name,metal\n3,a,b\n" + kPipes + '4,"c"d,e\n5,"5"" pipe",f\n', "--max-errors", "3", "--rejects", rejects)
    t.ok(result.rc == 0 and found(p) == "3|a|b / 5|5\" pipe|f", "--max-errors: the rows around are loaded", result)
    with open(rejects, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    t.is_([(row[1], row[2], row[4]) for row in rows], [("3", "name", '1,pipe 5",steel'), ("4", "name", '2,pipe 6",brass'), ("5", "name", '4,"c"d,e')],
          "each bad one by line and column, as it was")


def read(t, p):
    for options in ((), ("--max-errors", "0")):
        result = load(p, "pipes.csv", kPipes + '3,"5"" of, 6" pipe",x\n4,"a\nb",""\n', "--lenient-quotes", *options)
        t.ok(result.rc == 0 and found(p) == '1|pipe 5"|steel / 2|pipe 6"|brass / 3|5" of, 6" pipe|x / 4|a\nb|', f"--lenient-quotes {options}: such a quote is text", result)
        result = load(p, "pipes.csv", kPipes + '3,"a,b"\n', "--quote", "none", *options)
        t.ok(result.rc == 0 and found(p) == '1|pipe 5"|steel / 2|pipe 6"|brass / 3|"a|b"', f"--quote none {options}: every quote is text", result)
        rejects = os.path.join(p.folder, "rejects-of-joins.csv")
        result = load(p, "joins.csv", '1,"a"b,,,,,\n2,"c",,,,,\n', "--lenient-quotes", *options, *(("--rejects", rejects) if options else ()))
        said = result.stderr
        if options:  # the reason is in the file
            with open(rejects, encoding="utf-8", newline="") as file:
                said = "".join(f'line {row["line"]}, column "{row["column"]}": {row["reason"]}' for row in csv.DictReader(file))
        t.ok(result.rc == 1 and 'line 1, column "name": has a stray quote and a line end' in said and found(p).startswith("1|pipe"),
             f"--lenient-quotes {options}: rows are never joined", result, said)
    rejects = os.path.join(p.folder, "joined.csv")
    result = load(p, "joins.csv", '1,"a"b,x\n2,"c",d\n3,"e\n4,"f",g\n5,h,i\n', "--lenient-quotes", "--max-errors", "2", "--rejects", rejects)
    with open(rejects, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    t.ok(result.rc == 0 and found(p) == "2|c|d / 5|h|i", "--max-errors: the rows behind are loaded", result)
    t.is_([(row[1], row[2], row[4]) for row in rows], [("1", "name", '1,"a"b,x'), ("3", "name", '3,"e\n4,"f",g')], "and what may be two rows is kept as it was")
    for options, word in ((("--quote", "none", "--lenient-quotes"), "exclude each other"), (("--format", "text", "--quote", "none"), "are for csv"), (("--quote", "x"), "--quote")):
        result = load(p, "pipes.csv", kPipes, *options)
        t.ok(result.rc == 2 and word in result.stderr, f"{options}: wrong usage", result)
    result = load(p, "none.csv", '1,,"N"\n', "--quote", "none", "--null", '"N"')
    t.ok(result.rc == 0 and p.postgres.psql("SELECT name = '' AND metal IS NULL FROM mirror.pipes") == "t", "--null may hold a quote there", result)


def test(t):
    p = t.project()
    p.init()
    p.apply([{"kind": "DataSource", "name": "files", "type": "csv"},
             {"kind": "Table", "name": "pipes", "data_source": "files", "ddl": "CREATE TABLE pipes (n BIGINT, name STRING, metal STRING)"}])
    rejected(t, p)
    put_aside(t, p)
    read(t, p)


run_test(test)
