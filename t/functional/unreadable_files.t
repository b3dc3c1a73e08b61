#!/usr/bin/env python3
"""Files and folders that the loader cannot read or write: exit 3, with the file's name; what it could read and does not take is exit 1."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kLoader, kUsersCsv, run_test, users_definitions

kApi = "Query User by User ID"


def fails(t, result, status, words, name):
    good = result.rc == status and all(word in result.stderr for word in words) and "\ntry: " in result.stderr and not result.stdout
    t.ok(good, f"{name}: exit {status}, says {', '.join(words)}", result)


def missing(t, p, folder):
    none = os.path.join(folder, "none")
    reason = "No such file"
    fails(t, p.loader("apply", "-f", none), 3, (none, reason), "definitions")
    fails(t, p.loader("apply", "-f", p.definitions(users_definitions()), "-f", none), 3, (none, reason), "one of several definitions")
    t.is_(p.loader.json("get", "apis"), [], "nothing of the others was saved")
    objects = users_definitions()
    del objects[4]["ddl"]
    objects[4]["ddl_file"] = "none"
    fails(t, p.loader("apply", "-f", p.definitions(objects)), 3, (none, "definitions.json /4/ddl_file", reason, "nothing was saved"), "ddl_file")
    p.apply(users_definitions())
    fails(t, p.loader("table", "load", "user_info", "--from", f"csv:{none}"), 3, (none, reason), "a CSV file")
    fails(t, p.loader("table", "load", "user_info", "--from", f"csv:{none}.gz"), 3, (f"{none}.gz", reason), "a gzip file")
    fails(t, p.loader("table", "load", "user_info"), 3, ("user_info.csv", reason), "the path of a data source")
    fails(t, p.loader("init", "--workspace", "demo", "--reader-password-file", none), 3, (none, reason), "a password file")
    fails(t, p.loader("consumer", "add-key", "demo", "--from-file", none), 3, (none, reason), "a key to import")
    key = {"TABLEGATE_MASTER_KEY_FILE": os.path.join(none, "below", "key"), "TABLEGATE_CATALOG": p.postgres.dsn(database="other")}
    p.postgres.psql("CREATE DATABASE other", database="postgres")
    fails(t, p.loader("init", "--workspace", "demo", env=key), 3, (key["TABLEGATE_MASTER_KEY_FILE"], reason), "the master key's folder")
    fails(t, p.loader("sync", "--output", os.path.join(none, "below")), 3, (os.path.join(none, "below"), reason), "sync's folder")
    p.load("user_info", kUsersCsv)
    p.publish(kApi)
    call = ("api", "call", kApi, "--gateway-url", "https://127.0.0.1:1")
    fails(t, p.loader(*call, "--credential", none), 3, (none, reason), "a credential")
    fails(t, p.loader(*call, "--credential", p.file("key", "tg_x"), "--cacert", none), 3, ("call failed",), "certificate authorities")


def folders(t, p, folder):
    """A folder where a file is wanted opens, and cannot be read."""
    reason = "Is a directory"
    fails(t, p.loader("consumer", "add-key", "demo", "--from-file", folder), 3, (folder, reason), "a folder as a key")
    fails(t, p.loader("init", "--workspace", "demo", "--reader-password-file", folder), 3, (folder, reason), "a folder as a password file")
    load = lambda path: p.loader("table", "load", "user_info", "--from", f"csv:{path}")  # noqa: E731
    fails(t, load(folder), 1, (folder, "holds no file"), "an empty folder of CSV files")
    fails(t, load(os.path.join(folder, "*.csv")), 1, ("*.csv", "matches no file"), "a glob of CSV files")
    fails(t, load(os.path.join(folder, "part-[0-9]?.csv")), 1, ("part-[0-9]?.csv", "matches no file"), "another glob")
    fails(t, p.loader("table", "load", "user_info", "--from", f"sql:{folder}"), 1, (folder, "is a directory"), "a folder as a seed file")
    t.is_(load(p.file("really*.csv", "1,Ada,36\n")).rc, 0, "a file that is called so is a file")
    result = p.loader("table", "load", "user_info", "--from", "csv:-", "--header", input=kUsersCsv)
    t.ok(result.rc == 0 and "2 rows" in result.stdout, "csv:- is standard input", result)
    for source, status, word in (("csv:", 2, "names no file"), ("users.csv", 2, "csv:FILE"), ("ftp:x", 2, "csv:FILE"),
                                 ("postgresql:host=/nonexistent dbname=x", 3, "cannot connect to the source"), ("sql:x.sql", 3, "x.sql"), ("maxcompute:", 1, "of type csv")):
        fails(t, p.loader("table", "load", "user_info", "--from", source), status, (word,), f"--from {source}")


def readable(t, p):
    """What can be read and is not what was wanted is a refusal."""
    fails(t, p.loader("init", "--workspace", "demo", "--reader-password-file", p.file("empty", "")), 1, ("empty", "holds no password"), "an empty password file")
    fails(t, p.loader("table", "load", "user_info", "--from", f"csv:{p.file('text.gz', 'no gzip')}"), 1, ("text.gz", "not a gzip file"), "no gzip file")
    with open(os.path.join(p.folder, "cut.gz"), "wb") as file:
        file.write(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x33\xd4")
    fails(t, p.loader("table", "load", "user_info", "--from", f"csv:{p.folder}/cut.gz"), 1, ("cut.gz", "damaged gzip file"), "a gzip file that was cut off")
    fails(t, p.loader("api", "list", env={"TABLEGATE_CATALOG": "host=/nonexistent dbname=x"}), 3, ("cannot connect to the catalog",), "no server")
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([kLoader, "api", "list"], env=p.loader.env, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    t.ok(done.returncode == 3 and "could not be written" in done.stderr, "an output that cannot be written: exit 3", done)


def test(t):
    p = t.project()
    p.init()
    missing(t, p, p.folder)
    folder = os.path.join(p.folder, "csv")
    os.mkdir(folder)
    folders(t, p, folder)
    readable(t, p)


run_test(test)
