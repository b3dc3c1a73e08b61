#!/usr/bin/env python3
"""Files as odpscmd and others write them: text and CSV modes, charsets, headers, zones, partition constants, folders, globs, gzip."""
import gzip
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test
from tg_mirror import rows

kTypes = """CREATE TABLE every_type (n BIGINT, x STRING, f DOUBLE, d DECIMAL(10,2), z BOOLEAN, y BINARY, day DATE, dt DATETIME, ts TIMESTAMP,
  tn TIMESTAMP_NTZ, j JSON, a ARRAY<BIGINT>, m MAP<STRING,ARRAY<DOUBLE>>, st STRUCT<a:INT,b:STRING COMMENT 'c',c:ARRAY<STRING>>)"""
# As odpscmd tunnel download -cf true -ni '\N' -h true writes them.
kTypesCsv = r'''n,x,f,d,z,y,day,dt,ts,tn,j,a,m,st
9223372036854775807,"a,""b""",1.0E-30,1.50,true,bytes,2017-11-11,2017-11-11 00:00:00.123999,2017-11-11 00:00:00.123456789,2017-11-11 00:00:00.999999999,"{""k"": 1}","[""1"",""\\N"",""-2""]","{""k"":""[\""1.5\"",\""NaN\""]""}","{""a"":""1"",""b"":""\u003cx\u003e"",""c"":""[\""y\"",\""\""]""}"
\N,\N,\N,\N,\N,\N,\N,\N,\N,\N,\N,\N,\N,\N
"",,,,,,,,,,,,,
'''
kTypesRow = {"n": 9223372036854775807, "x": 'a,"b"', "f": 1e-30, "d": 1.50, "z": True, "y": "\\x6279746573", "day": "2017-11-11", "dt": "2017-11-10T16:00:00.123+00:00",
             "ts": "2017-11-10T16:00:00.123456+00:00", "tn": "2017-11-11T00:00:00.999999", "j": {"k": 1}, "a": [1, None, -2], "m": {"k": [1.5, "NaN"]},
             "st": {"a": 1, "b": "<x>", "c": ["y", ""]}}


def write(p, name, data):
    path = os.path.join(p.folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return path


def load(p, path, *options, table="people", **more):
    return p.loader("table", "load", table, "--from", f"csv:{path}", *options, **more)


def loads(t, p, name, wanted, path, *options, **more):
    """The rows as [n, x, ds] in order."""
    result = load(p, path, *options, **more)
    found = [list(json.loads(row).values()) for row in rows(p, "people", "n, x")] if result.rc == 0 else []
    t.ok(result.rc == 0 and found == wanted, name, (result, found))


def refused(t, result, words, name, rc=1):
    t.ok(result.rc == rc and all(word in result.stderr for word in words), f"refused: {name}", result)


def text_mode(t, p):
    loads(t, p, "text: quotes and backslashes are bytes like others", [[1, '"a"\\t', "p"], [2, "\\N", None]],
          write(p, "a.txt", '1,"a"\\t,p\n2,\\N,\n'), "--format", "text")
    loads(t, p, "text: \\u0001 between fields, \\u0002 behind records", [[1, "a,\nb", "p"], [2, "c", "q"]],
          write(p, "b.txt", "1\1a,\nb\1p\0022\1c\1q\2"), "--format", "text", "--delimiter", "\\u0001", "--record-end", "\\u0002")
    loads(t, p, "text: Windows' line ends, delimiters of several bytes, a null marker", [[1, "", "p\n"], [2, None, "q"], [3, "r", None]],
          write(p, "c.txt", "2||NULL||q\r\n1||||p\n\r\n3||r||NULL"), "--format", "text", "--delimiter", "||", "--null", "NULL")
    loads(t, p, "text: a header", [[1, "a", "p"]], write(p, "d.txt", "ds,X,n\np,a,1\n"), "--format", "text", "--header")
    refused(t, load(p, write(p, "e.txt", "1,a,p\n2,b,c,q\n"), "--format", "text"), ("e.txt, line 2", "has 4 fields where 3 columns"), "text: a comma too many, by line")
    refused(t, load(p, write(p, "f.txt", b"1\1a\1p\0022\1b\1q\1\2"), "--format", "text", "--delimiter", "\\x01", "--record-end", "\\x02"), ("f.txt, record 2",),
            "text: by record where records are no lines")


def nulls(t, p):
    path = write(p, "null.csv", '1,,"\\N"\n"",\\N,""\n')
    loads(t, p, "csv: empty is NULL, quoted it is a text, and never a number", [[1, None, "\\N"], [None, "\\N", ""]], path)
    loads(t, p, "csv: --null, with empty texts beside it; empty numbers are NULL all the same", [[1, "", "\\N"], [None, None, ""]], path, "--null", "\\N")


def charsets(t, p):
    text = "n,x,ds\n1,中文，测试,p\n"
    want = [[1, "中文，测试", "p"]]
    for charset in ("gbk", "gb18030", "utf-16le", "iso-2022-kr"):
        body = text if charset != "iso-2022-kr" else "n,x,ds\n1,한글,p\n"
        loads(t, p, f"--charset {charset}", want if body == text else [[1, "한글", "p"]], write(p, "c.csv", body.encode(charset)), "--charset", charset)
    for charset, mark in (("utf-8-sig", b""), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"), ("utf-32-le", b"\xff\xfe\0\0")):
        loads(t, p, f"a byte order mark tells: {charset}", want, write(p, "m.csv", mark + text.encode(charset)))
    loads(t, p, "a mark overrules --charset", want, write(p, "m.csv", text.encode("utf-8-sig")), "--charset", "gbk")
    many = "".join(f"{n},{'汉' * (n % 50)},值\n" for n in range(20000))
    result = load(p, write(p, "many.csv", many.encode("gbk")), "--charset", "GBK", "--null", "x")
    t.ok(result.rc == 0 and p.postgres.psql("SELECT count(*), sum(length(x)) FROM mirror.people") == "20000|490000", "characters over the borders of buffers", result)
    refused(t, load(p, write(p, "bad.csv", "1,a,p\n2,b中,q\n".encode("gbk") + b"3,x\xff,r\n"), "--charset", "gbk"), ("bad.csv, line 3", 'column "x"', "is not gbk"),
            "bytes that are none of the charset")
    refused(t, load(p, write(p, "bad.csv", b"1,a,p\n2,\xff,q\n"), "--null", "x"), ("bad.csv, line 2", 'column "x"', "is not UTF-8", "--charset NAME"), "bytes that are not UTF-8")
    lines = "".join(f"{n},a,p\n" for n in range(30000))
    refused(t, load(p, write(p, "bad.csv", (lines + "1,中,p\n" + lines).encode("gbk"))), ("bad.csv, line 30001", "--charset NAME"), "the same where COPY reads the bytes itself")
    refused(t, load(p, write(p, "bad.csv", b"1,a,p\n2,\0,q\n"), "--null", "x"), ("bad.csv, line 2", "NUL"), "a NUL byte")
    path = write(p, "bytes.csv", "n,y\n1,\\x41ff\n2,\n3,中\n".encode("gbk"))
    refused(t, load(p, path, "--charset", "gbk", table="bin"), ("bytes.csv, line 4", 'column "y"', "is BINARY in a file of gbk", "\\x00ff"), "BINARY whose bytes are converted")
    result = load(p, path, "--charset", "gbk", "--max-errors", "1", "--rejects", os.path.join(p.folder, "bytes.rejects"), table="bin")
    t.ok(result.rc == 0 and rows(p, "bin", "n") == ['{"n":1,"y":"\\\\x41ff"}', '{"n":2,"y":null}'], "its \\x00ff form loads", (result, rows(p, "bin", "n")))
    for charset in ("klingon", "utf-8//IGNORE"):
        refused(t, load(p, write(p, "c.csv", text), "--charset", charset), (charset, "iconv does not know the charset", "iconv -l"), f"--charset {charset}")


def lines(t, p):
    """Of bad rows where COPY reads the file itself: with what stands in quotes, the line where the row begins."""
    for name, end in (("LF", "\n"), ("CR LF", "\r\n")):
        body = end.join(("n,x,ds", '1,"a\nb\nc",p', "2,b,p", '3,"a\nb",p', 'bad,"c\nd",p', "4,d,p", ""))
        refused(t, load(p, write(p, "quoted.csv", body)), ("quoted.csv, line 8,", 'column "n"'), f"a bad row behind line ends in quotes: {name}")
        body = end.join(("1,a,p", '2,"a\nb",p', '3,"open,p', "4,d,p", ""))
        refused(t, load(p, write(p, "open.csv", body)), ("open.csv, line 4:",), f"an open quote: {name}")
        refused(t, load(p, write(p, "marker.csv", end.join(("1,a,p", '2,"a\nb",p', "\\.", "4,d,p", "")))), ("marker.csv, line 4:",), f"COPY's end marker: {name}")


def headers(t, p):
    path = write(p, "head.csv", "DS,n,x\np,1,a\n")
    loads(t, p, "a header by name, found out", [[1, "a", "p"]], path)
    loads(t, p, "--header=position", [[1, "a", "p"]], write(p, "other.csv", "number,text,day\n1,a,p\n"), "--header=position")
    loads(t, p, "--header=none: a row, whatever it looks like", [[1, "x", "ds"]], write(p, "row.csv", "1,x,ds\n"), "--header=none")
    loads(t, p, "--header none, the same", [[None, "x", "ds"]], write(p, "row.csv", ",x,ds\n"), "--header", "none")
    refused(t, load(p, write(p, "typo.csv", "n,xx,sd\n1,a,p\n")), ("typo.csv, line 1: looks like a header", '"xx"', " --header none"), "a misspelt header is no row")
    refused(t, load(p, os.path.join(p.folder, "typo.csv")), ("try:", "typo.csv --header none\n"), "the command that is proposed has what was missing")
    refused(t, load(p, write(p, "semi.csv", "1;a;p\n2;b;q\n")), ("semi.csv, line 1", "has 1 field", "--delimiter ';'"), "a file with semicolons")
    loads(t, p, "and what is named reads it", [[1, "a", "p"], [2, "b", "q"]], os.path.join(p.folder, "semi.csv"), "--delimiter", ";")
    refused(t, load(p, write(p, "tab.csv", "1\ta\tp\n"), "--header=none"), ("--delimiter '\\t'",), "tabs, too")
    refused(t, load(p, path, "--header=none"), ("head.csv, line 1", 'column "n"', "head.csv --header=names\n"), "--header=none with a header: the command has another value")
    refused(t, load(p, write(p, "few.csv", "a,b\n1,a\n"), "--header=position"), ("has 2 fields, the table has 3 columns",), "--header=position, too few")
    refused(t, load(p, path, "--header=sideways"), ("--header",), "another word", rc=2)


def constants(t, p):
    path = write(p, "part.csv", "n,x\n1,a\n2,b\n")
    loads(t, p, "--partition fills a column that the file has not", [[1, "a", "20260101"], [2, "b", "20260101"]], path, "--partition", "DS='20260101'")
    loads(t, p, "without a header, too", [[1, "a", "20260101"]], write(p, "bare.csv", "1,a\n"), "--partition", "ds=20260101")
    loads(t, p, "several, of any type", [[7, "a", "q"]], write(p, "one.csv", "a\n"), "--partition", "n=7,ds=q")
    refused(t, load(p, path, "--header"), ('the header does not name "ds"', "--partition ds=VALUE"), "without it")
    refused(t, load(p, write(p, "w.csv", "n,x,ds\n1,a,p\n"), "--header", "--partition", "ds=1"), ('names "ds", but --partition sets its value',), "both in file and option")
    for option, word in (("nope=1", 'no column "nope"'), ("ds", "is not NAME=VALUE"), ("ds=", "has no value"), ("ds=1,ds=2", "two values"), ("n=1,x=2,ds=3", "every column")):
        refused(t, load(p, path, "--partition", option), (word,), f"--partition {option}")
    refused(t, load(p, path, "--partition", "ds=1,n=x"), (), "what is no number", rc=1)


def several(t, p):
    for number in (0, 1, 2, 10):
        write(p, f"slices/file_{number}.csv", f"n,x,ds\n{number},a,p\n" if number != 2 else "ds,x,n\np,b,2\n")
    write(p, "slices/_SUCCESS", "")
    write(p, "slices/.hidden", "x")
    want = [[0, "a", "p"], [1, "a", "p"], [2, "b", "p"], [10, "a", "p"]]
    loads(t, p, "a folder: all slices, each with its own header", want, os.path.join(p.folder, "slices"), "--header")
    loads(t, p, "a glob", want, os.path.join(p.folder, "slices/file_[0-9]*.csv"))
    with gzip.open(os.path.join(p.folder, "slices/file_11.csv.gz"), "wb") as file:
        file.write(b"n,x,ds\n11,z,p\n")
    loads(t, p, "gzip among them", want + [[11, "z", "p"]], os.path.join(p.folder, "slices"))
    t.is_(p.postgres.psql("SELECT source FROM tablegate.generation ORDER BY started_at DESC LIMIT 1"), f"csv:{p.folder}/slices", "the folder is kept as the source")
    write(p, "slices/file_10.csv", "n,x,ds\nten,a,p\n")
    before = p.postgres.psql("SELECT count(*) FROM mirror.people")
    refused(t, load(p, os.path.join(p.folder, "slices")), ("slices/file_10.csv, line 2", 'column "n"'), "a bad row in one of them: that one is named")
    t.is_(p.postgres.psql("SELECT count(*) FROM mirror.people"), before, "and nothing of the others is kept")
    os.mkdir(os.path.join(p.folder, "empty"))
    refused(t, load(p, os.path.join(p.folder, "empty")), ("holds no file",), "an empty folder")
    os.mkdir(os.path.join(p.folder, "slices/below"))
    refused(t, load(p, os.path.join(p.folder, "slices")), ("holds the folder below",), "a folder in it")
    refused(t, load(p, os.path.join(p.folder, "none*.csv")), ("none*.csv", "matches no file"), "a glob without a file")
    result = load(p, "-", "--format", "text", "--delimiter", ";", input="5;e;p\n")
    t.ok(result.rc == 0 and rows(p, "people") == ['{"n":5,"x":"e","ds":"p"}'], "csv:- with options", result)


def ends(t, p):
    """Empty last lines, and files that are packed under any name or belong to another program."""
    for path, options in (("straight", ()), ("converted", ("--null", "-")), ("batches", ("--max-errors", "0"))):
        for data, want in (("a\n\n", ["a"]), ("a\r\n\r\n\r\n", ["a"]), ("a\n\nb\n", ["a", None, "b"]), ("\n\n\n", []), ("a\nb", ["a", "b"]), ("a\n" * 200000 + "\n" * 300000, 200000),
                           ("s\n\n", [])):
            if path == "converted" and None in (want if isinstance(want, list) else ()):
                want = ["" if text is None else text for text in want]
            more = ("--header",) if data[0] == "s" else ()
            result = load(p, write(p, "one.csv", data), "--min-rows", "0", *options, *more, table="one")
            found = [json.loads(row)["s"] for row in rows(p, "one", "s")] if isinstance(want, list) else int(p.postgres.psql("SELECT count(*) FROM mirror.one"))
            t.ok(result.rc == 0 and (sorted(found, key=str) == sorted(want, key=str) if isinstance(want, list) else found == want), f"{path}: {data[:12]!r}: no row of empty last lines", (result, found))
    loads(t, p, "several columns and an empty last line", [[1, "a", "p"]], write(p, "last.csv", "1,a,p\n\n"))
    refused(t, load(p, write(p, "middle.csv", "1,a,p\n\n2,b,q\n")), ("middle.csv, line 2",), "an empty line before others")
    for name in ("packed", "packed.GZ", "packed.csv"):
        loads(t, p, f"gzip, as {name}", [[1, "a", "p"]], write(p, name, gzip.compress(b"1,a,p\n")))
    refused(t, load(p, write(p, "data.xz", b"\xfd7zXZ\0\0\4abcdef")), ("is an xz file, which is not read", f"try: xz -dc {p.folder}/data.xz | tablegate"), "xz")
    refused(t, load(p, write(p, "data.csv", b"PAR1\x15\x04\x15\x00")), ("is a Parquet file",), "Parquet as .csv")
    result = p.loader("table", "load", "people", "--from", f"sql:{write(p, 'book.sql', b'PK' + bytes([3, 4]) + bytes(26) + b'xl/workbook.xml')}")
    refused(t, result, ("is an xlsx workbook",), "a seed file")


def types(t, p):
    path = write(p, "types.csv", kTypesCsv)
    result = load(p, path, "--null", "\\N", table="every_type")
    t.is_(result.rc, 0, "every type of odpscmd's CSV loads") or t.diag(result)
    found = [json.loads(row) for row in rows(p, "every_type", "n")]
    t.is_(found[0], kTypesRow, "fractions are cut, stringified values unwrapped, bytes taken as they are")
    t.is_(sorted(found[1:], key=str), sorted([dict.fromkeys(kTypesRow), {**dict.fromkeys(kTypesRow), "x": "", "y": "\\x"}], key=str),
          "the marker is NULL, and so is what is empty and no text")
    result = load(p, path, "--null", "\\N", "--zone", "America/New_York", table="every_type")
    t.ok(result.rc == 0 and json.loads(rows(p, "every_type", "n")[0])["dt"] == "2017-11-11T05:00:00.123+00:00", "--zone: of the times in the file", result)
    t.is_(json.loads(rows(p, "every_type", "n")[0])["tn"], "2017-11-11T00:00:00.999999", "--zone: wall-clock times stay")
    refused(t, load(p, path, "--zone", "Mars/Base", table="every_type"), ("Mars/Base", "is no time zone"), "an unknown zone")
    for zone, city in (("CST", "Asia/Shanghai"), ("EST5EDT", "America/New_York"), ("UTC+8", "Asia/Shanghai"), ("Etc/GMT-8", "IANA")):
        refused(t, load(p, path, "--zone", zone, table="every_type"), ("--zone", zone, city), f"--zone {zone}: no Area/City")
    for a, word in (('["x"]', 'holds "x" where bigint is expected'), ('{"a":1}', "is not JSON of type array"), ("[1", "is not JSON of type array"), ('["1.5"]', 'holds "1.5"')):
        bad = write(p, "bad.csv", "a\n" + '"' + a.replace('"', '""') + '"\n')
        result = load(p, bad, "--header=position", "--partition", "n=1", table="lists")
        refused(t, result, ("bad.csv, line 2", 'column "a"', word), f"a value that its ARRAY cannot hold: {a}")


def test(t):
    p = t.project()
    p.init()
    source = {"kind": "DataSource", "name": "files", "type": "csv"}
    tables = [{"kind": "Table", "name": name, "data_source": "files", "ddl": ddl, "time_zone": "Asia/Shanghai"}
              for name, ddl in (("people", "CREATE TABLE people (n BIGINT, x STRING) PARTITIONED BY (ds STRING)"), ("every_type", kTypes),
                                ("bin", "CREATE TABLE bin (n BIGINT, y BINARY)"), ("lists", "CREATE TABLE lists (a ARRAY<BIGINT>, n INT)"), ("one", "CREATE TABLE one (s STRING)"))]
    p.apply([source, *tables])
    text_mode(t, p)
    nulls(t, p)
    charsets(t, p)
    lines(t, p)
    headers(t, p)
    constants(t, p)
    several(t, p)
    ends(t, p)
    types(t, p)
    for options, word in ((("--record-end", ";"), "--format text"), (("--rejects", "x"), "--max-errors"), (("--delimiter", "||"), "one byte"), (("--null", "a,b"), "--null"),
                          (("--delimiter", "\\u00"), "\\u requires 4"), (("--format", "xml"), "--format"), (("--delimiter", "\\q"), "escapes")):
        refused(t, load(p, "x.csv", *options), (word,), " ".join(options), rc=2)


run_test(test)
