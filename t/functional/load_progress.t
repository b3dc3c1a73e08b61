#!/usr/bin/env python3
"""What a long load tells of its progress: a line that is rewritten on a terminal, plain lines every ten seconds elsewhere, nothing with -q;
and what Ctrl-C at a terminal leaves."""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kLoader, kSlow, run_test, users_definitions, wait_for
from tg_maxcompute_faults import data, stall
from tg_mirror import project
from tg_process import die_with_parent


class Run:
    """A load of one table from a FIFO that the test feeds row by row."""

    def __init__(self, p, table, *options, terminal=False):
        path = os.path.join(p.folder, f"{table}.fifo")
        os.mkfifo(path)
        self.fifo = os.open(path, os.O_RDWR)
        self.said, self.number = b"", 0
        if terminal:
            self.reader, writer = pty.openpty()
        else:
            self.reader, writer = os.pipe()
        self.process = subprocess.Popen([kLoader, "table", "load", table, "--header", "--from", f"csv:{path}", *options], cwd="/", env=p.loader.env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=writer, preexec_fn=die_with_parent(signal.SIGKILL))
        os.close(writer)
        os.write(self.fifo, b"user_id,user_name,age\n")

    def feed(self):
        self.number += 1
        os.write(self.fifo, f"{self.number},User,1\n".encode())

    def read(self):
        while select.select([self.reader], [], [], 0)[0]:
            try:
                data = os.read(self.reader, 65536)
            except OSError:  # a terminal whose other end is closed
                data = b""
            if not data:
                break
            self.said += data
        return self.said.decode()

    def end(self):
        os.close(self.fifo)
        out = self.process.communicate(timeout=30 * kSlow)[0].decode()
        text = self.read()
        os.close(self.reader)
        return self.process.returncode, out, text


def feed_until(runs, condition, what, pause):
    """Rows for all of them, now and then, until it is true."""
    def step():
        for run in runs:
            run.feed()
        time.sleep(pause)
        return condition()
    wait_for(step, 40 * kSlow, what)


def silent_source(t):
    """MaxCompute sends nothing more: there is no statement to cancel."""
    p, service = project(t)
    service.fail(data("user_info"), stall(60), times=9)
    process = subprocess.Popen([kLoader, "table", "load", "user_info"], cwd="/", env=p.loader.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, preexec_fn=die_with_parent(signal.SIGKILL))
    wait_for(lambda: service.asked(data("user_info")), 20 * kSlow, "rows are asked for")
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, err = process.communicate(timeout=30 * kSlow)
    t.ok(process.returncode == 130 and "the next load cleans up" in err and time.monotonic() - began < 10 * kSlow, "Ctrl-C while MaxCompute is silent: ends at once, exit 130", process.returncode, err)
    service.faults.clear()
    t.is_(p.loader.json("table", "load", "user_info")["rows"], 2, "and the next load works")
    t.is_(p.postgres.psql("SELECT string_agg(status, ' ' ORDER BY generation) FROM tablegate.generation"), "failed current", "having marked it as failed")


def test(t):
    silent_source(t)
    p = t.project()
    p.init()
    objects = users_definitions()
    for name in ("plain", "quiet", "shown", "stopped"):
        objects.append({**objects[4], "name": name, "ddl": objects[4]["ddl"].replace("user_info", name)})
    p.apply(objects)

    shown = Run(p, "shown", terminal=True)
    feed_until([shown], lambda: re.search(r"shown: [1-9]\d* rows, .*rows/s", shown.read()), "the rate on a terminal", 0.1)
    code, out, text = shown.end()
    t.is_((code, out), (0, f"shown: generation 1, {shown.number} rows\n"), "a load at a terminal")
    t.ok(text.count("\r\x1b[Kshown: ") > 2 and "\n" not in text, "its line is rewritten", repr(text[-300:]))
    t.ok("building indexes" in text and "swapping" in text, "steps are printed", repr(text[-300:]))
    t.ok(text.endswith("\r\x1b[K"), "and in the end it is gone", repr(text[-300:]))

    runs = [Run(p, "plain"), Run(p, "quiet", "-q")]
    began = time.monotonic()
    feed_until(runs, lambda: "rows/s" in runs[0].read(), "a plain line", 0.2)
    t.ok(time.monotonic() - began >= 9.5, "elsewhere the first line comes after ten seconds")
    code, out, text = runs[0].end()
    t.is_((code, out), (0, f"plain: generation 1, {runs[0].number} rows\n"), "a load in a log")
    t.like(text, r"\Aplain: \d+ rows, \d+\.\d MB, \d+ rows/s\nplain: building indexes\nplain: swapping\n\Z", "its lines stay, and tell the steps of a long load")
    t.is_(runs[1].end(), (0, "", ""), "-q: nothing")
    result = p.loader("table", "load", "user_info", "--from", "csv:-", input="1,A,2\n")
    t.ok(result.rc == 0 and result.stderr == "", "a short load tells its result only", result)

    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
        os.path.exists(f"{p.folder}/stopped.fifo") and os.unlink(f"{p.folder}/stopped.fifo")
        stopped = Run(p, "stopped", terminal=True)
        feed_until([stopped], lambda: "stopped: " in stopped.read(), "rows are copied", 0.1)
        stopped.process.send_signal(number)
        ended = lambda: stopped.process.poll() is not None
        feed_until([stopped], ended, "it ends while rows come", 0.05)
        got, out, text = stopped.end()
        t.ok(got == code and out == "" and "interrupted" in text, f"{number.name}: exit {code}, with a word", got, text[-200:])
        t.is_(p.postgres.psql("SELECT string_agg(status, ' ') FROM tablegate.generation WHERE table_name = 'stopped'")[-6:], "failed", f"{number.name}: the load is marked as failed")
        t.is_(p.postgres.psql("SELECT count(*) FROM pg_class WHERE relnamespace = 'mirror'::regnamespace AND relname LIKE 'stopped%'"), "0", f"{number.name}: nothing is left")


run_test(test)
