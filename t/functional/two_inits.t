#!/usr/bin/env python3
"""Several `tablegate init` at once, on one database and on several of one cluster: all succeed, and each catalog is complete."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, run_test


def at_once(p, calls):
    """Runs (arguments, database) each in a thread, begun together; the results in order."""
    results, gate = [None] * len(calls), threading.Barrier(len(calls))

    def work(number, arguments, database):
        gate.wait(30 * kSlow)
        results[number] = p.loader(*arguments, env={"TABLEGATE_CATALOG": p.postgres.dsn(database=database)})
    threads = [threading.Thread(target=work, args=(number, *call)) for number, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def whole(t, p, database, workspaces, name):
    migrations = p.postgres.psql("SELECT count(*), count(DISTINCT version) FROM tablegate.migration", database=database).split("|")
    t.is_(len(set(migrations)), 1, f"{name}: each migration ran once")
    t.is_(p.postgres.psql("SELECT string_agg(w.name, ' ' ORDER BY w.name) FROM tablegate.workspace w JOIN tablegate.consumer c USING (workspace_id)"
                          " WHERE c.name = w.name", database=database), " ".join(workspaces), f"{name}: the workspaces, each with its consumer")
    t.is_(p.postgres.psql("SELECT count(*) FROM tablegate.setting WHERE name = 'master_key_fingerprint'", database=database), "1", f"{name}: one fingerprint")
    checks = {item["check"]: item["ok"] for item in p.loader("doctor", "-o", "json", env={"TABLEGATE_CATALOG": p.postgres.dsn(database=database)}).json}
    t.ok(all(checks[check] for check in ("catalog version", "roles", "reader's grants", "reader's settings", "master key file")),
         f"{name}: doctor finds catalog, roles, grants, settings and key right", checks)


def test(t):
    p = t.project()
    names = [f"catalog{number}" for number in range(4)]
    for name in names:
        p.postgres.psql(f"CREATE DATABASE {name}", database="postgres")
    init = ("init", "--workspace", "demo")
    # The cluster has none of the roles yet, the folder no master key.
    results = at_once(p, [(init, name) for name in names])
    t.is_([result.rc for result in results], [0] * len(names), "four databases of one cluster at once: all succeed") or t.diag(results)
    for name in names:
        whole(t, p, name, ["demo"], name)

    results = at_once(p, [(init, "tablegate")] * 5)
    t.is_([result.rc for result in results], [0] * 5, "one database, five at once: all succeed") or t.diag(results)
    t.is_(sorted(result.stdout == "unchanged\n" for result in results), [False] + [True] * 4, "one made it, the others found it made")
    whole(t, p, "tablegate", ["demo"], "one database")

    results = at_once(p, [(("init", "--workspace", name), "tablegate") for name in ("demo", "north", "south")])
    t.is_([result.rc for result in results], [0] * 3, "three workspaces at once")
    whole(t, p, "tablegate", ["demo", "north", "south"], "three workspaces")


run_test(test)
