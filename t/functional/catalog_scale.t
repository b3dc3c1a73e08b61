#!/usr/bin/env python3
"""A catalog of 10,000 APIs, 10,000 consumers and 100,000 authorisations: what concerns one object reads its rows by an index, what
concerns all of them reads each row a few times, and no command asks once for each object. Reported by PostgreSQL for every statement."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, kUsersCsv, run_test, users_definitions, wait_for
from tg_explain import Explain
from tg_scale import fill, kProcess

kApis = 10000
kConsumers = 10000
kGateway = "dataservice-prod"
kOneObject = 3 * kProcess  # rows: those of the object's business process, twice, and some more
kWhole = 10                # times that each row of the catalog may be looked at, with each row of the result
kStatements = 40           # of one command, however many objects it concerns
kOfDoctor = 48             # it looks at each part of an installation

kSessions = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"

# What a deferred trigger runs for each row.
kOfTrigger = "EXISTS (SELECT FROM tablegate.catalog_revision"

# References, and those that an index begins with. A partial index serves where its condition is that the columns are not null.
kWithoutIndex = """
SELECT c.conrelid::regclass || ' ' || c.conname FROM pg_constraint c
WHERE c.contype = 'f' AND c.connamespace = 'tablegate'::regnamespace AND NOT EXISTS (
    SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indisvalid
    AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) ~ '^\\([a-z_]+ IS NOT NULL\\)$')
    AND (SELECT array_agg(k ORDER BY k) FROM unnest((i.indkey::int2[])[0:cardinality(c.conkey) - 1]) k) =
        (SELECT array_agg(k ORDER BY k) FROM unnest(c.conkey) k))
ORDER BY 1"""


def api(number, **change):
    return {**users_definitions()[-1], "name": f"api {number}", "path": f"/path{number}",
            "business_process": f"process {(number - 1) // kProcess + 1}", **change}


def cpu_seconds(p):
    """CPU of the commands that have ended and of their sessions: a busy machine makes a command last longer, not cost more."""
    wait_for(lambda: p.postgres.psql(kSessions) == "0", 10 * kSlow, "the command's sessions have ended")
    with open(f"/proc/{p.postgres.pid}/stat", encoding="ascii") as stat:
        sessions = sum(map(int, stat.read().rpartition(")")[2].split()[13:15])) / os.sysconf("SC_CLK_TCK")
    done = os.times()
    return sessions + done.children_user + done.children_system


def run_explained(t, p, explain, arguments, nested, expected=(0,)):
    """Returns the statements and the CPU seconds."""
    with explain.statements(nested) as found:
        before = cpu_seconds(p)
        result = p.loader(*arguments)
        took = cpu_seconds(p) - before
    t.ok(result.rc in expected, f"{' '.join(arguments)[:90]}", result)
    return found, took


def one_object(t, p, explain, *arguments, expected=(0,)):
    found, _ = run_explained(t, p, explain, arguments, True, expected)
    bad = [one for one in found if sum(one.visited.values()) > kOneObject]
    t.ok(found and not bad, f"... reads by indexes ({len(found)} statements)", *bad[:3])


def all_objects(t, p, explain, seconds, *arguments, expected=(0,), statements=kStatements):
    found, took = run_explained(t, p, explain, arguments, False, expected)
    rows = kApis * 6 + kConsumers * 2 + 100000
    bad = [one for one in found if sum(one.visited.values()) > kWhole * (rows + one.returned)]
    t.ok(found and not bad, "... reads each row a few times", *bad[:3])
    asked = [one for one in found if not one.text.startswith(kOfTrigger)]
    t.ok(len(asked) <= statements, f"... with {len(asked)} statements, at most {statements}", *asked[-3:])
    t.ok(took < seconds * kSlow, f"... in {took:.1f} CPU seconds, at most {seconds}")


def lists(t, p, explain):
    all_objects(t, p, explain, 3, "api", "list")
    all_objects(t, p, explain, 3, "consumer", "list")
    all_objects(t, p, explain, 3, "get", "apis")
    all_objects(t, p, explain, 3, "api", "show", "--business-process", "process 3")
    all_objects(t, p, explain, 3, "api", "versions", "--business-process", "process 3")
    all_objects(t, p, explain, 3, "doctor", expected=(0, 1), statements=kOfDoctor)
    all_objects(t, p, explain, 3, "gateway", "status", expected=(0, 1))
    all_objects(t, p, explain, 15, "sync", "--output", p.gateway.out)


def single_objects(t, p, explain):
    for arguments in (
            ("api", "show", "api 5000"), ("api", "versions", "api 5000"), ("get", "api", "api 5000"), ("consumer", "show", "consumer-5000"),
            ("apply", "-f", p.definitions([api(5000, description="changed")], "changed.json")),
            ("apply", "-f", p.definitions([api(kApis + 1, business_process="process 50")], "new.json")),
            ("apply", "-f", p.definitions([{"kind": "Consumer", "name": "consumer-5000", "authorizations": [{"api": "api 7"}]}], "consumer.json")),
            ("apply", "-f", p.definitions([{"kind": "RestApi", "name": "rest-7", "base_path": "/rest7", "description": "x"}], "rest.json")),
            ("diff", "-f", p.definitions([api(6000, description="changed")], "diff.json")),
            ("api", "test", "api 5000"), ("api", "commit", "api 5000"), ("api", "publish", "api 5000"), ("api", "rollback", "api 5000"),
            ("api", "deprecate", "api 5000", "--sunset", "2099-01-01T00:00:00Z"), ("api", "unpublish", "api 5000"),
            ("consumer", "add-key", "consumer-6000", "--type", "api_key"), ("consumer", "authorize", "consumer-6000", "--api", "api 6001"),
            ("consumer", "deauthorize", "consumer-6000", "--api", "api 6001"), ("consumer", "disable", "consumer-6000"),
            ("delete", "consumer", "consumer-7000"), ("delete", "api", "api 5000")):
        one_object(t, p, explain, *arguments, expected=(0, 1) if arguments[0] == "diff" else (0,))


def many(t, p, explain):
    """Changes of many objects ask as often as a change of a few."""
    apis = [api(number, description="changed") for number in range(1, 1001)] + [api(number) for number in range(kApis + 2, kApis + 1002)]
    path = p.definitions([{**one, "business_process": "process 1"} for one in apis[1000:]] + apis[:1000], "many.json")
    all_objects(t, p, explain, 6, "apply", "-f", path)
    callers = [{"kind": "Consumer", "name": f"caller-{i}", "authorizations": [{"api": f"api {i + 1}"}, {"rest_api": "rest-5"}]} for i in range(500)]
    all_objects(t, p, explain, 6, "apply", "-f", p.definitions(callers, "callers.json"))
    callers = [{**one, "disabled": True, "authorizations": one["authorizations"][1:]} for one in callers]
    all_objects(t, p, explain, 6, "apply", "-f", p.definitions(callers, "callers.json"))
    granted = p.postgres.psql("SELECT count(*), count(z.api_id), count(z.rest_api_id) FROM tablegate.authorization z JOIN tablegate.consumer c"
                              " USING (consumer_id) WHERE c.name LIKE 'caller-%' AND NOT c.enabled")
    t.is_(granted, "500|0|500", "... and all of it is written")
    p.postgres.psql("SET session_replication_role = replica;"
                    "UPDATE tablegate.api SET business_process_id = (SELECT business_process_id FROM tablegate.business_process WHERE name = 'process 9')"
                    " WHERE name IN (SELECT 'api ' || i FROM generate_series(901, 2900) i);"
                    "DELETE FROM tablegate.published_api; VACUUM ANALYZE tablegate.published_api;")  # its statistics say: empty
    all_objects(t, p, explain, 6, "api", "publish", "--business-process", "process 9", "--no-domain")
    numbers = p.postgres.psql(f"SELECT max(publication) = (SELECT publication FROM tablegate.gateway_instance WHERE name = '{kGateway}'), count(*)"
                              f" FROM tablegate.publication WHERE gateway = '{kGateway}' AND publication > {1000 + kApis}")
    t.like(numbers, r"^t\|2\d\d\d$", "... each with a number of its own")
    all_objects(t, p, explain, 6, "api", "unpublish", "--business-process", "process 9", "--yes")


def test(t):
    p = t.project()
    p.init()
    t.is_(p.postgres.psql(kWithoutIndex), "", "each reference has an index")
    p.apply(users_definitions())
    p.load("user_info", kUsersCsv)
    p.publish("Query User by User ID")
    fill(p, kApis, kConsumers)
    explain = Explain(p)
    lists(t, p, explain)
    single_objects(t, p, explain)
    many(t, p, explain)


run_test(test)
