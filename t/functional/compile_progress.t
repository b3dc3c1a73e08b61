#!/usr/bin/env python3
"""make quickstart shows how far the compile is, in one line of a terminal and in plain lines elsewhere; each source file is compiled
once, in the unit of its folder or room."""
import glob
import os
import pty
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kAsan, kCheckout, run, run_test

# Two folders of sources, of three files and of one, as units that include them; a step takes a second.
kMakefile = """
units := $(shell mkdir -p build/units/loader; for f in base cli; do printf '\\#include "%s"\\n' loader/$$f/*.cpp >build/units/loader/$$f.cpp; done)
build: build/obj/loader/base.o build/obj/loader/cli.o
build/obj/%.o: %
\t@mkdir -p $(@D)
\t@echo '  CXX  $@'
\t@sleep 1.2; test ! -e $</broken || { echo "$</broken: error: it is broken" >&2; exit 1; }
\t@touch $@
"""


def project(folder):
    for name in ("loader/base/a.cpp", "loader/base/b.cpp", "loader/base/c.cpp", "loader/cli/d.cpp"):
        os.makedirs(os.path.join(folder, os.path.dirname(name)), exist_ok=True)
        with open(os.path.join(folder, name), "w", encoding="utf-8"):
            pass
    os.makedirs(os.path.join(folder, "t/lib"))
    for name in ("compile.sh", "progress.sh"):
        shutil.copy2(os.path.join(kCheckout, "t/lib", name), os.path.join(folder, "t/lib", name))
    with open(os.path.join(folder, "Makefile"), "w", encoding="utf-8") as file:
        file.write(kMakefile)
    return [os.path.join(folder, "t/lib/compile.sh"), "make", "-C", folder, "--no-print-directory", "build"]


def on_terminal(command):
    """What the command writes to a terminal, and its exit code."""
    ours, theirs = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the terminal's end, on Linux
                break
            if not part:
                break
            shown += part
    os.close(ours)
    return shown.decode(), process.returncode


def showing(t, folder):
    command = project(folder)
    shown, code = on_terminal(command)
    t.is_(code, 0, "it compiles")
    t.like(shown, r"^compile: 4 files, \d+ at a time\r\n\rcompile: 0 of 4 files \(0 %\)", "a terminal: a line that begins again")
    t.like(shown, r"\rcompile: 3 of 4 files \(75 %\), \d s, about \d s left\x1b\[K\rcompile: ", "... a unit counts as the files that it includes")
    t.like(shown, r"\r\x1b\[Kcompile: 4 files in \d s\r\n$", "... and gives way to the last line")
    t.is_(run(command).stdout, "compile: nothing to do\n", "again: nothing to do")
    shutil.rmtree(os.path.join(folder, "build"))
    done = run(command)
    t.like(done.stdout, r"^compile: 4 files, \d+ at a time\ncompile: 4 files in \d s\n$", "no terminal: plain lines")
    with open(os.path.join(folder, "loader/cli/broken"), "w", encoding="utf-8"):
        pass
    # Newer than what was made, also where the clock of files has not moved since.
    later = time.time() + 2
    os.utime(os.path.join(folder, "loader/cli"), (later, later))
    done = run(command)
    t.is_(done.returncode, 2, "a compile that fails")
    t.like(done.stderr, r"(?m)^compile: FAILED.*\nloader/cli/broken: error: it is broken$", "... shows the compiler's output")


def joined(t):
    """The units of the last build."""
    compiled = []
    for unit in glob.glob(f"{kCheckout}/build/units/**/*.cpp", recursive=True):
        if os.path.isdir(os.path.join(kCheckout, os.path.relpath(unit, f"{kCheckout}/build/units")[:-4])):  # else: of a folder that is gone
            with open(unit, encoding="utf-8") as file:
                compiled += re.findall(r'#include "(.*)"', file.read())
    sources = [os.path.relpath(path, kCheckout) for room in ("loader", "ngx_module") for path in glob.glob(f"{kCheckout}/{room}/**/*.cpp", recursive=True)]
    t.is_(sorted(compiled), sorted(set(sources) - {"loader/cli/main.cpp"}), "each source file is part of one unit")


def test(t):
    if kAsan:
        t.skip_all("the scripts are the same")
    showing(t, os.path.join(t.folder, "project"))
    joined(t)


run_test(test)
