#!/usr/bin/env python3
"""A swap where queries of a second overlap without a gap, and one that holds the table for long: it comes through, and those who wait
behind it wait seconds at most. `table rollback`, too."""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Held, kAsan, kSlow, run_test, users_definitions

kCsv = "user_id,user_name,age\n10001,{},25\n"
kQuery = 0.8  # seconds
kReaders = 4
kLongest = 4  # seconds that a swap lets others wait (kLongWait of swap_pace.cpp)


class Readers:
    """Queries that overlap: at any time one of them holds the table."""

    def __init__(self, p):
        self.p, self.stopped, self.times = p, False, []
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(kReaders)]

    def run(self, number):
        time.sleep(number * kQuery / kReaders)
        while not self.stopped:
            begin = time.monotonic()
            self.p.postgres.psql(f"SELECT count(*), pg_sleep({kQuery}) FROM mirror.user_info")
            self.times.append(time.monotonic() - begin)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        time.sleep(2 * kQuery)
        return self

    def __exit__(self, *_):
        self.stopped = True
        for thread in self.threads:
            thread.join()


def name(p):
    return p.postgres.psql("SELECT user_name FROM mirror.user_info")


def deletes(t, p):
    """delete table takes the rows with it, or says that it did not and does when asked again."""
    p.apply([{**users_definitions()[4], "name": "spare"}])
    p.load("spare", kCsv.format("spare"))
    left = lambda: p.postgres.psql("SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'mirror'::regnamespace AND relname LIKE 'spare%'")  # noqa: E731
    p.postgres.psql("CREATE VIEW public.mine AS SELECT * FROM mirror.spare")
    result = p.loader("delete", "table", "spare")
    t.ok(result.rc == 1 and 'mine in the mirror: drop that first' in result.stderr and p.loader("get", "table", "spare").rc == 0, "a view on it: refused, the definition stays", result)
    p.postgres.psql("DROP VIEW public.mine")
    held = Held(p, "SELECT count(*) FROM mirror.spare")
    result = p.loader("delete", "table", "spare")
    t.ok(result.rc == 3 and "a session still uses its rows in the mirror (process" in result.stderr and "try: tablegate delete table spare" in result.stderr and left(),
         "somebody reads it: said, with what to do", result)
    t.is_(p.loader("get", "table", "spare").rc, 1, "the definition is gone")
    held.release()
    t.is_((p.loader("delete", "table", "spare").rc, left()), (0, ""), "the same again: the rows are gone")
    t.is_(p.loader("delete", "table", "spare").rc, 1, "and there is nothing more to delete")


def test(t):
    p = t.project()
    p.serve()
    p.load("user_info", kCsv.format("first"))
    with Readers(p) as readers:
        begin = time.monotonic()
        result = p.loader("table", "load", "user_info", "--header", "--from", f"csv:{p.file('second.csv', kCsv.format('second'))}")
        t.ok(result.rc == 0 and name(p) == "second", f"a load under overlapping queries, after {time.monotonic() - begin:.1f} s", result)
        result = p.loader("table", "rollback", "user_info")
        t.ok(result.rc == 0 and name(p) == "first", "and a rollback", result)
    t.ok(max(readers.times) < (kQuery + kLongest + 1) * kSlow, f"{len(readers.times)} queries, none waited for longer than {kLongest} s", max(readers.times))
    # Longer than a gateway's queries by default, as a dump would: everybody else continues meanwhile.
    held = Held(p, "SELECT count(*) FROM mirror.user_info")
    result = {}
    thread = threading.Thread(target=lambda: result.update(done=p.loader("table", "load", "user_info", "--header", "--from", f"csv:{p.file('third.csv', kCsv.format('third'))}")))
    thread.start()
    times = []
    end = time.monotonic() + (10 if kAsan else 35)
    while time.monotonic() < end:
        begin = time.monotonic()
        p.get("/v1/user/info?user_id=10001")
        times.append(time.monotonic() - begin)
        time.sleep(0.02)
    t.ok(thread.is_alive(), "it has not given up")
    held.release()
    thread.join(60 * kSlow)
    t.ok(result["done"].rc == 0 and name(p) == "third", "a reader that holds the table for longer than half a minute: the load waits for it", result)
    slow = [took for took in times if took > 0.5]
    t.ok(len(slow) <= 5 * kSlow, f"{len(times)} calls meanwhile, {len(slow)} of them slow: nobody stands behind a swap that cannot come yet", slow)
    deletes(t, p)


run_test(test)
