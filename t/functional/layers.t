#!/usr/bin/env python3
"""The layer check (t/lib/layers.sh) finds an include that its table does not allow, for every room, SQL in loader/cli, and a function's
name that two files of one compiled unit have."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kCheckout, run, run_test

# A file that is there, an include that its room must not have, what the check says.
kWrong = [
    ("ngx_module/core/route/router.cpp", '"pg/pool.hpp"', "ngx_module/core may not include ngx_module/pg"),
    ("ngx_module/core/call/values.cpp", "<libpq-fe.h>", "core knows no libpq"),
    ("ngx_module/pg/pool.cpp", '"ngx/loop.hpp"', "ngx_module/pg may not include ngx_module/ngx"),
    ("ngx_module/pg/pool.cpp", "<ngx_core.h>", "belongs to ngx_module/ngx"),
    ("loader/base/database.hpp", '"model/definition.hpp"', "loader/base may not include loader/model"),
    ("loader/model/definition.cpp", '"catalog/lookup.hpp"', "loader/model may not include loader/catalog"),
    ("loader/source/csv/csv.cpp", '"catalog/lookup.hpp"', "loader/source may not include loader/catalog"),
    ("loader/compile/manifest_writer.cpp", '"catalog/life/versions.hpp"', "loader/compile may not include loader/catalog"),
    ("loader/catalog/life/canary.cpp", '"node/sync.hpp"', "loader/catalog may not include loader/node"),
    ("loader/catalog/life/canary.cpp", '"source/csv/csv.hpp"', "loader/catalog may not include loader/source"),
    ("loader/mirror/load.cpp", '"node/sync.hpp"', "loader/mirror may not include loader/node"),
    ("loader/node/sync.cpp", '"mirror/load.hpp"', "loader/node may not include loader/mirror"),
    ("loader/node/sync.cpp", '"cli/output.hpp"', "loader/node may not include loader/cli"),
]

# A line that loader/cli must not have.
kStatements = [
    "const char* const sql = \"SELECT name\";",
    "const char* const sql = \"x FROM tablegate.api\";",
    "void f(Database& catalog) { catalog.query(\"x\"); }",
    "void f(Database* mirror) { mirror->script(\"x\"); }",
]


def test(t):
    p = t.project()
    copy = os.path.join(p.folder, "copy")
    for name in ("ngx_module", "loader", "t/lib"):
        shutil.copytree(os.path.join(kCheckout, name), os.path.join(copy, name))
    shutil.copy2(os.path.join(kCheckout, "Makefile"), copy)
    check = os.path.join(copy, "t/lib/layers.sh")
    good = run([check])
    t.is_((good.returncode, good.stdout, good.stderr), (0, "layers: ok\n", ""), "the tree as it is passes")
    for name, include, words in kWrong:
        done = with_line(copy, check, name, f"#include {include}")
        t.ok(done.returncode == 1 and name in done.stderr and words in done.stderr, f"{name} including {include} fails", done.stderr)
    for line in kStatements:
        done = with_line(copy, check, "loader/cli/audit.cpp", line)
        t.ok(done.returncode == 1 and "loader/cli/audit.cpp:" in done.stderr and line in done.stderr, f"SQL in loader/cli fails: {line}", done.stderr)
    helper = "namespace {\n\nstd::string first_line(const std::string& path) {\n  return path;\n}\n\n}  // namespace"
    done = with_line(copy, check, "loader/node/watcher.cpp", helper)
    t.ok(done.returncode == 1 and "loader/node: first_line is in the unnamed namespaces of sync_texts.cpp and watcher.cpp" in done.stderr,
         "a function's name that another file of the folder has fails", done.stderr)
    done = with_line(copy, check, "loader/node/watcher.cpp", helper.replace("first_line", "was_taken_over"))
    t.ok(done.returncode == 1 and "loader/node/watcher.cpp: was_taken_over" in done.stderr, "... and one that a header has", done.stderr)


def with_line(copy, check, name, line):
    """The check's answer where the file ends in this line; the file is as before afterwards."""
    path = os.path.join(copy, name)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + line + "\n")
    done = run([check])
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return done


run_test(test)
