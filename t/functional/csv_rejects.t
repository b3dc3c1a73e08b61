#!/usr/bin/env python3
"""--max-errors: bad rows are set aside with file, line, column and reason, all others are loaded; one more than allowed ends the load."""
import csv
import os
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test
from tg_process import run
from tg_settings import kLoader, kSlow

kReject = ["file", "line", "column", "reason", "record"]


def read(path):
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        return list(csv.reader(file))


def load(p, path, *options, **more):
    return p.loader("table", "load", "items", "--from", f"csv:{path}", "--rejects", os.path.join(p.folder, "bad.csv"), *options, **more)


def one_of_each(t, p):
    path = p.file("items.csv", 'n,x,at\n1,a,2026-01-01\nx,b,2026-01-01\n"2\n","c\nd",2026-01-01\n3,d\n4,e,2026-02-30\n,f,2026-01-01\n99999999999999999999,"g""",2026-01-01\n5,h,\n')
    with open(path, "ab") as file:
        file.write(b"6,\xff,2026-01-01\n7,z,2026-01-01\n")
    result = load(p, path, "--max-errors", "6")
    bad = os.path.join(p.folder, "bad.csv")
    t.ok(result.rc == 0 and f"6 bad rows, not loaded: {bad}" in result.stderr and "4 rows" in result.stdout, "the good ones are loaded, the number of bad ones is printed", result)
    t.is_(p.postgres.psql("SELECT string_agg(n::text || x, ',' ORDER BY n) FROM mirror.items"), "1a,2c\nd,5h,7z", "those that are good, every one")
    found = read(bad)
    t.is_(found[0], kReject, "the file's header")
    t.is_([(row[0], int(row[1]), row[2], row[4]) for row in sorted(found[1:], key=lambda row: int(row[1]))],
          [(path, 3, "n", "x,b,2026-01-01"), (path, 7, "", "3,d"), (path, 8, "at", "4,e,2026-02-30"), (path, 9, "n", ",f,2026-01-01"),
           (path, 10, "n", '99999999999999999999,"g""",2026-01-01'), (path, 12, "x", "6,�,2026-01-01")], "each by file, line and column, as it stood")
    reasons = {int(row[1]): row[3] for row in found[1:]}
    for line, word in ((3, "invalid input syntax"), (7, "has 2 fields"), (8, "out of range"), (9, "NOT NULL"), (10, "out of range"), (12, "not UTF-8")):
        t.ok(word in reasons[line], f"the reason of line {line}: {word}", reasons)
    t.is_(stat.S_IMODE(os.stat(bad).st_mode), 0o600, "nobody else may read rows there")
    generation = p.postgres.psql("SELECT max(generation) FROM tablegate.generation")
    result = load(p, path, "--max-errors", "5")
    t.ok(result.rc == 1 and "more than --max-errors 5" in result.stderr and "keeps serving" in result.stderr, "one more than that: refused", result)
    t.is_(len(read(bad)), 7, "with all of them in the file so far")
    t.is_(p.postgres.psql(f"SELECT count(*) FROM mirror.items; SELECT status FROM tablegate.generation WHERE generation > {generation}"), "4\nfailed",
          "the generation before serves on")
    result = load(p, path)
    t.ok(result.rc == 2 and "--max-errors" in result.stderr, "--rejects alone: wrong usage", result)
    result = load(p, p.file("good.csv", "n,x,at\n1,a,\n"), "--max-errors", "0")
    t.ok(result.rc == 0 and "bad row" not in result.stderr and len(read(bad)) == 7, "none bad: nothing is said, the file stays", result)
    result = p.loader("table", "load", "items", "--from", f"csv:{path}", "--max-errors", "9", "--rejects", "/nonexistent/bad.csv")
    t.ok(result.rc == 3 and "/nonexistent/bad.csv" in result.stderr, "a file that cannot be written: exit 3", result)
    result = load(p, p.file("open.csv", 'n,x,at\n1,"a,\n2,b,\n'), "--max-errors", "9")
    t.ok(result.rc == 1 and "line 2" in result.stderr and "open quote" in result.stderr, "a quote that stays open is no bad row: it could be all of them", result)


def many(t, p):
    """Batches of several megabytes, bad rows at their edges, side by side, first and last."""
    wanted, bad = [], {0, 1, 2, 49999, 119999} | set(range(60000, 60100)) | set(range(777, 120000, 1777))
    for number in range(120000):
        wanted.append(f"{number},{'y' * (number % 100)}{number},{'2026-01-01' if number not in bad else 'never'}\n")
    path = os.path.join(p.folder, "many")
    os.mkdir(path)
    for part in range(3):
        p.file(f"many/part_{part}.csv", "n,x,at\n" + "".join(wanted[part * 40000:(part + 1) * 40000]))
    result = load(p, path, "--max-errors", str(len(bad)))
    t.ok(result.rc == 0 and f"{120000 - len(bad)} rows" in result.stdout and f"{len(bad)} bad rows" in result.stderr, f"{len(bad)} bad rows among 120000", result)
    t.is_(p.postgres.psql("SELECT count(*), count(DISTINCT n), sum(length(x)) FROM mirror.items"),
          f"{120000 - len(bad)}|{120000 - len(bad)}|{sum(len(line.split(',')[1]) for number, line in enumerate(wanted) if number not in bad)}", "no good row is missing or there twice")
    found = read(os.path.join(p.folder, "bad.csv"))[1:]
    t.is_(sorted((os.path.basename(row[0]), int(row[1]), int(row[4].split(",")[0])) for row in found),
          sorted((f"part_{number // 40000}.csv", number % 40000 + 2, number) for number in bad), "each bad row once, with its file and line")
    t.is_({row[2] for row in found}, {"at"}, "and its column")


def text(t, p):
    result = load(p, "-", "--format", "text", "--delimiter", "|", "--max-errors", "1", "--partition", "at=2026-01-01", input="1|a\nx|b\n2|c\n")
    t.ok(result.rc == 0 and "1 bad row, not loaded" in result.stderr, "text from standard input, with a constant", result)
    t.is_(read(os.path.join(p.folder, "bad.csv"))[1:], [["standard input", "2", "n", 'invalid input syntax for type bigint: "x"', "x|b"]], "the file names standard input")
    done = run([kLoader, "table", "load", "items", "-q", "--from", "csv:-", "--max-errors", "1"], env=p.loader.env, cwd=p.folder, input="1,a,\nx,b,\n", timeout=60 * kSlow)
    t.ok(done.returncode == 0 and not done.stderr, "-q says nothing", done)
    t.is_(len(read(os.path.join(p.folder, "items.rejects.csv"))), 2, "the file is NAME.rejects.csv where nothing else is said")


def test(t):
    p = t.project()
    p.init()
    p.apply([{"kind": "DataSource", "name": "files", "type": "csv"},
             {"kind": "Table", "name": "items", "data_source": "files", "ddl": "CREATE TABLE items (n BIGINT NOT NULL, x STRING, at DATETIME)", "time_zone": "UTC"}])
    one_of_each(t, p)
    many(t, p)
    text(t, p)


run_test(test)
