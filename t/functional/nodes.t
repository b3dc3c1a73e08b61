#!/usr/bin/env python3
"""A gateway of two nodes: what each reports, outages of a watcher and of an nginx, two publishers at once, what the role of nodes may do."""
import json
import os
import re
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, kSlow, request, run, run_test, users_definitions, wait_for
from tg_manifest import read_file
from tg_process import children, is_alive, kRoot
from tg_watch import Watch, nodes, second_node, wait_node

kCall = "/v1/user/info?user_id=10001"
kApi = "Query User by User ID"
kOther = "Query Users Another Way"
kGateway = "dataservice-prod"


def definitions():
    objects = users_definitions()
    return [*objects, {**objects[-1], "name": kOther, "path": "/user/other"}]


def status(p, gateway, target=kCall):
    return request(gateway.port, target, headers=bearer(p.key)).status


def reports(t, p, second):
    t.is_({name: node["status"] for name, node in nodes(p).items()}, {"a": "not serving", "b": "not serving"}, "written, nginx not started")
    p.gateway.start()
    second.start()
    watchers = {"a": Watch(p, node="a"), "b": Watch(p, second, node="b")}
    for name in watchers:
        wait_node(p, name, status="serving", watching=True)
    for name, gateway in (("a", p.gateway), ("b", second)):
        t.is_(nodes(p)[name]["master_pid"], gateway.pid, f"{name}: its master")
    done = p.loader.must("consumer", "create", "partner", "--wait")
    t.like(done.stdout, rf"served by 2 of 2 nodes of {kGateway}\n\Z", "--wait waits for both")
    shown = p.loader.must("gateway", "status").stdout
    t.like(shown, rf"(?m)^gateway {kGateway}: publication 2, revision (\d+), 2 nodes\nNODE +STATUS .*\na +serving +2 +2 +\1 +{p.gateway.pid} +\d+ s ago +watching +-\nb +serving ", "for people")
    as_json = p.loader.json("gateway", "status", kGateway)
    t.is_(sorted(as_json), ["gateway", "nodes", "publication", "revision", "served_by"], "-o json")
    t.is_(sorted(as_json["nodes"][0]), sorted("node status watching served_publication written_publication served_revision lag serves_latest sha256 master_pid last_seen "
                                              "age_seconds last_error loader_version".split()), "a node's members")
    t.is_([one["gateway"] for one in p.loader.json("gateway", "status")], [kGateway], "all gateways: a list")
    t.is_(p.loader("gateway", "status", "nope").rc, 1, "an unknown gateway")
    return watchers


def dead_watcher(t, p, second, watchers):
    """kill -9 in the middle of a sync, and started again."""
    mark = os.path.join(p.folder, "in-the-middle")
    watchers["b"].end()
    watchers["b"] = Watch(p, second, "--check", f"touch '{mark}'; sleep 2", node="b", check=False)
    wait_node(p, "b", watching=True)
    p.loader.must("consumer", "disable", "demo")
    wait_for(lambda: os.path.exists(mark), 20 * kSlow, "the check runs")
    t.is_(watchers["b"].end(signal.SIGKILL), -signal.SIGKILL, "killed in the middle")
    t.ok(os.path.exists(os.path.join(second.out, ".pending")), "its files stand unproved")
    t.is_(status(p, second), 200, "its nginx continues")
    wait_node(p, "a", status="serving")
    refused = p.loader("consumer", "disable", "demo", "--wait", "--timeout", "500ms")
    t.ok(refused.rc == 1 and "node b of" in refused.stderr and "node a of" not in refused.stderr, "--wait names the node that lags", refused)
    p.postgres.psql("UPDATE tablegate.node SET last_seen = now() - interval '3 min' WHERE name = 'b'")
    t.is_(nodes(p)["b"]["status"], "stale", "not heard of for a while: stale")
    done = p.loader("consumer", "disable", "demo", "--wait", "--timeout", f"{10 * kSlow}s")
    t.ok(done.rc == 0 and done.stdout.endswith(f"served by 1 of 2 nodes of {kGateway}\n"), "a stale one is not waited for and not counted", done)
    watchers["b"] = Watch(p, second, node="b")
    wait_node(p, "b", status="serving")
    wait_for(lambda: status(p, second) == 401, 10 * kSlow, "started again: it catches up")
    done = p.loader.must("consumer", "enable", "demo", "--wait")
    t.like(done.stdout, "served by 2 of 2", "both again")


def dead_nginx(t, p, second, watchers):
    master = second.pid
    family = [master, *children(master)]
    for pid in family:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not any(is_alive(pid) for pid in family), 10 * kSlow, "nginx is gone")
    node = wait_node(p, "b", status="not serving")
    t.like(node["last_error"], "nginx is not running", "a dead nginx is reported")
    t.is_(nodes(p)["a"]["status"], "serving", "the other one serves")
    refused = p.loader("api", "unpublish", kOther, "--wait", "--timeout", "2s")
    t.ok(refused.rc == 1 and "node b of" in refused.stderr and "serves nothing" in refused.stderr, "--wait names it", refused)
    t.is_(status(p, p.gateway, "/v1/user/other?user_id=10001"), 404, "the other node serves the change")
    os.remove(os.path.join(second.folder, "nginx.pid"))
    second.start()
    wait_node(p, "b", status="serving")
    wait_for(lambda: status(p, second, "/v1/user/other?user_id=10001") == 404, 20 * kSlow, "nginx is back: the watcher brings it up to date")
    p.loader.must("api", "publish", kOther, "--no-domain", "--wait")
    t.is_({status(p, second, "/v1/user/other?user_id=10001") for _ in range(6)}, {200}, "and continues")
    t.is_(watchers["b"].process.poll(), None, "its watcher never ended")


def two_publishers(t, p, second):
    results = []

    def work(name):
        for _ in range(6):
            results.append(p.loader("api", "unpublish", name))
            results.append(p.loader("api", "publish", name, "--no-domain"))
    threads = [threading.Thread(target=work, args=(name,)) for name in (kApi, kOther)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120 * kSlow)
    bad = [result for result in results if result.rc]
    t.ok(len(results) == 24 and not bad, "two publishers at once: every command succeeds", bad[:2])
    numbers = [int(re.search(r"publication (\d+)", result.stdout).group(1)) for result in results]
    t.is_(len(set(numbers)), 24, "each has a number of its own")
    p.loader.must("consumer", "create", "two-publishers", "--wait")
    t.is_({node["served_publication"] for node in nodes(p).values()}, {max(numbers)}, "both nodes serve the last one")
    for gateway in (p.gateway, second):
        t.is_((status(p, gateway), status(p, gateway, "/v1/user/other?user_id=10001")), (200, 200), "and answer")


def rights(t, p):
    p.postgres.psql("CREATE ROLE web LOGIN; GRANT tablegate_node TO web")
    p.postgres.allow("root" if kRoot else run(["id", "-un"]).stdout.strip(), "web")
    p.postgres.reload()
    wait_for(lambda: p.postgres.psql("SELECT 1", user="web", check=False) == "1", 10, "web can sign in")
    out = os.path.join(p.folder, "third")
    done = p.loader("sync", "--output", out, "--node", "c", env={"TABLEGATE_CATALOG": p.postgres.dsn("web")})
    t.ok(done.rc == 0 and not done.stderr, "a member of tablegate_node syncs and reports", done)
    t.is_(nodes(p)["c"]["written_publication"], nodes(p)["a"]["written_publication"], "its report is there")
    for sql in ("UPDATE tablegate.node SET served_revision = 999999", "DELETE FROM tablegate.node", "UPDATE tablegate.catalog_revision SET revision = 1",
                "SELECT tablegate.changed('x')", "INSERT INTO tablegate.node (gateway, name) VALUES ('dataservice-prod', 'x')"):
        try:
            p.postgres.psql(sql, user="web")
            t.ok(False, f"refused: {sql}")
        except RuntimeError as error:
            t.like(str(error), "permission denied", f"refused: {sql}")
    t.like(p.loader.must("consumer", "delete", "two-publishers").stdout, r"(?m)^served by \d of 3 nodes of .*; on the others its keys still work\nnext, on node c: .*\n(\d nodes? follows? by (itself|themselves), by sync --watch; --wait waits for that\n)?\Z", "three nodes")
    t.is_(p.loader("gateway", "forget", kGateway, "nobody").rc, 1, "forget: an unknown node")
    t.like(p.loader.must("gateway", "forget", kGateway, "c").stdout, "c of dataservice-prod: forgotten", "forget")
    t.is_(sorted(nodes(p)), ["a", "b"], "it is gone")
    p.postgres.psql("INSERT INTO tablegate.node (gateway, name, last_seen) VALUES ('dataservice-prod', 'old', now() - interval '8 days')")
    wait_for(lambda: "old" not in nodes(p), 20 * kSlow, "a node that nobody has seen for a week is forgotten")
    default = p.loader.must("sync", "--output", out)
    name = next(name for name in nodes(p) if name.endswith(":" + os.path.realpath(out)))
    t.ok(default.rc == 0 and name, "default name: host and folder", name)
    # a reload command that reaches no nginx
    done = p.loader("sync", "--output", out, "--reload", "true")
    t.ok(done.rc == 0 and "unchanged" in done.stdout, "nothing changed: no reload", done)
    p.loader.must("consumer", "create", "no-nginx")
    done = p.loader("sync", "--output", out, "--reload", "true")
    t.ok(done.rc == 0 and not done.stderr, "a reload that reaches no nginx where none ever ran is no failure and is not waited for", done)


def asked(t, p, second):
    """--status: the workers' answers are used too."""
    url = f"http://127.0.0.1:{second.port}/status"
    header = json.dumps({**read_file(second.manifest)[0], "credentials_sha256": read_file(second.credentials)[0]["sha256"]})
    second.set(server=f"location = /status {{ default_type application/json; return 200 '{header}'; }}")
    second.reload()
    done = p.loader("sync", "--output", second.out, "--node", "b", "--status", url)
    t.ok(done.rc == 0 and not done.stderr and nodes(p)["b"]["status"] == "serving", "--status: the workers say the same", done)
    # Another answer than the file's; a location that is not there.
    second.set(server="location = /status { return 200 '{\"gateway\":\"dataservice-prod\",\"publication\":1,\"sha256\":\"\"}'; }")
    second.reload()
    done = p.loader("sync", "--output", second.out, "--node", "b", "--status", url)
    t.ok(done.rc == 0 and "a worker serves publication 1 of dataservice-prod" in done.stderr, "a worker that serves something else is reported", done)
    done = p.loader("sync", "--output", second.out, "--node", "b", "--status", url + "/nowhere")
    t.ok(done.rc == 0 and "the answer has status 4" in done.stderr and "the answer has status 4" in nodes(p)["b"]["last_error"], "a missing page is reported", done)
    second.set(server="")
    second.reload()
    p.loader.must("sync", "--output", second.out, "--node", "b")


def not_taken_over(t, p, second, watchers):
    """A reload command that reaches no nginx where one runs: told, not failed."""
    wait_node(p, "b", status="serving")  # with the consumer that goes now
    watchers["b"].end()
    p.loader.must("consumer", "delete", "no-nginx")
    done = p.loader("sync", "--output", second.out, "--node", "b", "--reload", "true")
    t.ok(done.rc == 0 and re.search(r"^warning: nginx has not taken .* over", done.stderr), "written, and told that nginx has not taken it over", done)
    node = nodes(p)["b"]
    t.is_((node["status"], node["watching"]), ("pending reload", False), "its status")
    t.like(node["last_error"], "has not taken", "its last error")
    second.reload()
    done = p.loader("sync", "--output", second.out, "--node", "b")
    t.ok("unchanged" in done.stdout and nodes(p)["b"]["status"] == "serving", "once reloaded, the next sync sees it", done)
    # Nobody reloads by hand: a timer's next sync has to, though the files are right already.
    p.loader.must("consumer", "disable", "demo")
    done = p.loader("sync", "--output", second.out, "--node", "b", "--reload", "true")
    t.ok(done.rc == 0 and "has not taken" in done.stderr and status(p, second) == 200, "a reload that reached nobody: the consumer still gets in", done)
    p.loader.must("sync", "--output", second.out, "--node", "b")
    t.is_((status(p, second), nodes(p)["b"]["status"]), (200, "pending reload"), "a sync without a reload changes nothing about that")
    done = p.loader("sync", "--output", second.out, "--node", "b", "--reload", second.reload_command())
    t.ok(done.rc == 0 and not done.stderr and "unchanged" not in done.stdout, "the next sync reloads, though no byte changed", done)
    t.is_((status(p, second), nodes(p)["b"]["status"]), (401, "serving"), "and the consumer is out")
    t.is_(p.loader("sync", "--output", second.out, "--node", "b", "--reload", "false").stdout.count("unchanged"), 1, "once served, nothing is left to reload")
    # The same where the sync before had no reload at all.
    p.loader.must("consumer", "enable", "demo")
    done = p.loader("sync", "--output", second.out, "--node", "b")
    t.ok(done.rc == 0 and "written" in done.stdout and status(p, second) == 401, "written without a reload: nginx continues with its present files", done)
    refused = p.loader("sync", "--output", second.out, "--node", "b", "--check", "exit 1", "--reload", second.reload_command())
    t.ok(refused.rc == 1 and "unchanged" in p.loader.must("sync", "--output", second.out, "--node", "b").stdout, "a check that fails leaves those files", refused)
    done = p.loader("sync", "--output", second.out, "--node", "b", "--reload", second.reload_command())
    t.ok(done.rc == 0 and status(p, second) == 200, "the next sync with a reload brings it up to date", done)


def test(t):
    p = t.project()
    t.allow(r"signal process started|could not be found|invalid PID number|kill\(")
    p.init()
    p.apply(definitions())
    p.load("user_info", "user_id,user_name,age\n10001,Alice,25\n")
    p.publish(kApi, kOther)
    p.key = p.add_key()
    p.sync("--node", "a")
    p.gateway.write()
    second = second_node(p, "b")
    try:
        watchers = reports(t, p, second)
        dead_watcher(t, p, second, watchers)
        dead_nginx(t, p, second, watchers)
        two_publishers(t, p, second)
        rights(t, p)
        not_taken_over(t, p, second, watchers)
        asked(t, p, second)
        t.is_(watchers["a"].end(), 0, "TERM: 0")
    finally:
        second.stop()
    log = second.log()
    t.unlike("\n".join(line for line in log.splitlines() if not re.search("invalid PID|could not|kill", line)), r"\[(alert|crit|emerg)\]|Sanitizer|exited on signal",
             "no alert in the second nginx's log")


run_test(test)
