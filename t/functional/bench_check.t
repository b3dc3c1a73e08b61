#!/usr/bin/env python3
"""The comparison of `make bench-check` (t/bench/instructions.py), on counts that are given: what fails, what it prints, --update."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kCheckout, run, run_test

kProgram = os.path.join(kCheckout, "t", "bench", "instructions.py")
kCommitted = os.path.join(kCheckout, "t", "bench", "instructions.json")
kCase, kBaseline = "point query, API key", "return 200"


def test(t):
    p = t.project()
    with open(kCommitted, encoding="utf-8") as file:
        counts = json.load(file)
    given = p.file("counts.json", json.dumps(counts))

    def check(figures, *options):
        path = p.file("figures.json", json.dumps(figures))
        return run([kProgram, "--counts", given, "--figures", path, *options]), path

    def doctored(factor, name=kCase):
        return {**counts, name: round(counts[name] / factor)}

    done, _ = check(counts)
    t.is_(done.returncode, 0, "equal counts pass") or t.diag(done.stdout + done.stderr)
    t.ok(all(re.search(rf"(?m)^{re.escape(name)} .*\+0\.00%", done.stdout) for name in counts), "the table has each case", done.stdout)
    t.like(done.stdout, r"\nbench-check: ok\n\Z", "and says that all is well")

    done, _ = check(doctored(1.04))
    t.is_(done.returncode, 1, "4 % more fails") or t.diag(done.stdout + done.stderr)
    t.like(done.stdout, rf"(?m)^bench-check: {kCase}: \+4\.0\d% .*make bench-check UPDATE=1", "naming the case and what to do")
    t.is_(re.findall(r"(?m)^bench-check: .*", done.stdout)[1:], [], "and no other case")
    t.is_(check(doctored(1.029))[0].returncode, 0, "2.9 % more passes")
    t.is_(check(doctored(1.5, kBaseline))[0].returncode, 0, "the baseline is not gated")

    done, _ = check(doctored(0.96))
    t.is_(done.returncode, 0, "4 % less passes") or t.diag(done.stdout + done.stderr)
    t.like(done.stdout, rf"(?m)^note: {kCase}: -4\.0\d%\. Lower the committed figure: make bench-check UPDATE=1", "and asks for a lower figure")

    done, _ = check({name: count for name, count in counts.items() if name != kCase})
    t.ok(done.returncode == 1 and f"{kCase}: no committed figure" in done.stdout, "a case without a figure fails", done.stdout)
    done, _ = check({**counts, "gone": 1})
    t.ok(done.returncode == 1 and "gone: is in the figures, but is not measured" in done.stdout, "a figure without a case fails", done.stdout)

    done, path = check(doctored(1.04), "--update")
    t.is_(done.returncode, 0, "--update passes") or t.diag(done.stdout + done.stderr)
    t.like(done.stdout, rf"(?m)^{kCase} .*\+4\.0\d%", "prints by how much")
    with open(path, encoding="utf-8") as file:
        t.is_(json.load(file), counts, "and writes the figures")


run_test(test)
