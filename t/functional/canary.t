#!/usr/bin/env python3
"""publish --weight: some consumers get another version, always the same ones, more with a larger weight; counted apart; ended by 100, taken
back; pages by cursor stay in one version."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import request, run_test, users_definitions

kApi = "Query User by User ID"
kOpen = "Open to All"
kPages = "Open Pages"
kCall = "/v1/user/info?user_id=10001"
kServer = """
    location = /status { tablegate_status; }
    add_header X-Version "$tablegate_version" always;
"""
kConsumers = 60


def changed(definition, **fields):
    return {**definition, **fields}


def commit(p, definition):
    """A new version of the definition; returns its number."""
    p.apply([definition])
    p.loader.must("api", "test", definition["name"])
    return p.loader.json("api", "commit", definition["name"], "--breaking")["version"]


def versions(p, keys):
    """Which version each consumer gets; an answer's columns agree with the variable."""
    got = {}
    for name, key in keys.items():
        answer = p.get(kCall, key=key)
        version = int(answer.headers["x-version"])
        assert answer.status == 200 and ("age" in answer.json["data"]) == (version == 2), answer
        got[name] = version
    return got


def counts(p, name=kApi):
    answer = request(p.gateway.port, "/status").json
    return {one["version"]: one["requests"] for one in answer["apis"] if one["name"] == name}


def refusals(t, p, api):
    for change, word in (({"method": "POST"}, "method"), ({"path": "/other"}, "path"), ({"authentication": ["jwt"]}, "authentication"),
                         ({"api_key_source": {"in": "query", "name": "k"}}, "api_key_source")):
        number = commit(p, changed(api, **change))
        result = p.loader("api", "publish", kApi, "--version", number, "--weight", "10")
        t.ok(result.rc == 1 and word + " differs" in result.stderr, f"another {word} is refused", result)
    narrower = commit(p, changed(api, max_records=1))
    result = p.loader("api", "publish", kApi, "--version", narrower, "--weight", "10")
    t.ok(result.rc == 1 and "max_records" in result.stderr and "--breaking" in result.stderr, "a canary that breaks callers is refused, as a publication is", result)
    for command, status, word in ((("--version", "1", "--weight", "10"), 1, "another one"), (("--version", "2", "--weight", "0"), 2, "weight"),
                                  (("--version", "2", "--weight", "101"), 2, "weight"), (("--version", "99", "--weight", "5"), 1, "no version 99"),
                                  (("--version", "2", "--weight", "5", "--no-domain"), 2, "--")):
        result = p.loader("api", "publish", kApi, *command)
        t.ok(result.rc == status and word in result.stderr, f"refused: {' '.join(command)}", result)
    result = p.loader("api", "unpublish", kApi, "--version", "1")
    t.ok(result.rc == 1 and "not a canary" in result.stderr, "unpublish --version: only a canary's", result)


def growing(t, p, keys):
    published = p.loader.json("api", "publish", kApi, "--version", "2", "--weight", "10")
    t.is_((sorted(published), published["version"]), (["gateway", "name", "publication", "version"], 2), "-o json of publish stays")
    t.like(p.loader.must("api", "publish", kApi, "--version", "2", "--weight", "10").stdout, "unchanged.*10 %", "again: unchanged")
    p.sync_and_reload()
    before, first = counts(p), versions(p, keys)
    taken = {name for name, version in first.items() if version == 2}
    t.ok(0 < len(taken) < kConsumers // 3, "weight 10: some consumers", len(taken))
    t.is_(versions(p, keys), first, "always the same ones")
    after = counts(p)
    t.is_({version: after[version] - before[version] for version in (1, 2)}, {1: 2 * (kConsumers - len(taken)), 2: 2 * len(taken)}, "counted apart")
    t.is_(p.get("/v1/user/info?user_id=x", key=keys[min(taken)]).headers["x-version"], "2", "errors of the other version are its own")
    t.is_(p.get(kCall, key="x" * 43).status, 401, "nobody is nobody")

    listed = next(one for one in p.loader.json("api", "list") if one["name"] == kApi)["published"][0]
    t.is_((listed["version"], listed["canary"]), (1, {"version": 2, "weight": 10}), "api list -o json")
    t.like(p.loader.must("api", "list").stdout, "1, 2 for 10 %", "api list")
    t.is_([one["published_on"] for one in p.loader.json("api", "versions", kApi)][:2], [["dataservice-prod"]] * 2, "api versions: both are published")
    t.like(p.loader.must("api", "versions", kApi).stdout, r"dataservice-prod \(10 %\)", "api versions: and how")
    t.is_(p.loader.json("api", "show", kApi)["canary"], {"version": 2, "weight": 10}, "api show -o json")

    p.loader.must("api", "publish", kApi, "--version", "2", "--weight", "60")
    p.sync_and_reload()
    more = {name for name, version in versions(p, keys).items() if version == 2}
    t.ok(taken < more and len(more) < kConsumers, "weight 60: those of before and more", len(more))


def ending(t, p, keys):
    back = p.loader.json("api", "unpublish", kApi, "--version", "2")
    t.is_(back["version"], 1, "unpublish --version takes the canary away; the other version stays")
    p.sync_and_reload()
    t.is_(set(versions(p, keys).values()), {1}, "all get version 1")
    p.loader.must("api", "publish", kApi, "--version", "2", "--weight", "10")
    t.unlike(p.loader.must("api", "publish", kApi, "--version", "1").stdout, "unchanged", "publishing the version of before ends it too")
    t.is_(p.loader.json("api", "show", kApi)["canary"], None, "no canary is left")
    p.loader.must("api", "publish", kApi, "--version", "2", "--weight", "10")
    t.is_(p.loader.json("api", "publish", kApi, "--version", "2", "--weight", "100")["version"], 2, "weight 100")
    p.sync_and_reload()
    t.is_(set(versions(p, keys).values()), {2}, "weight 100: all get version 2")
    t.is_(p.loader.json("api", "show", kApi)["canary"], None, "and it is no canary any more")


def by_chance(t, p, definition):
    number = commit(p, definition)
    p.loader.must("api", "publish", kOpen, "--version", number, "--weight", "50")
    p.sync_and_reload()
    got = [p.get("/v1/open?user_id=10001", key="").headers["x-version"] for _ in range(80)]
    t.ok(15 < got.count(str(number)) < 65, "an open API: by chance, each request", got.count(str(number)))


def walks(t, p, definition):
    """Pages of an open API: the version of the first page is that of all others, whose order differs in the other one."""
    number = commit(p, {**definition, "order_by": [{"column": "user_id", "direction": "desc"}]})
    p.loader.must("api", "publish", kPages, "--version", number, "--weight", "50", "--breaking")
    p.sync_and_reload()
    found = []
    for _ in range(20):
        first = p.get("/v1/pages", key="")
        second = p.get("/v1/pages?cursor=" + first.json["data"]["nextCursor"], key="")
        found.append((second.status, [answer.headers["x-version"] for answer in (first, second)],
                      [row["user_id"] for answer in (first, second) for row in (answer.json["data"] or {"rows": []})["rows"]]))
    kinds = [(200, ["1", "1"], [10001, 10002]), (200, [str(number)] * 2, [10002, 10001])]
    t.ok(all(one in kinds for one in found) and all(one in found for one in kinds), "pages by cursor continue in the version that made the cursor", *found)
    wrong = p.get("/v1/pages?cursor=" + first.json["data"]["nextCursor"][:-4] + "AAAA", key="")
    t.is_((wrong.status, "parameter cursor" in wrong.text), (400, True), "a cursor of neither version is 400")


def kept(t, p):
    p.loader.must("api", "publish", kApi, "--version", "1", "--weight", "10", "--breaking")
    wanted = p.postgres.psql("SELECT version, canary_version, canary_weight FROM tablegate.publication ORDER BY publication DESC LIMIT 1")
    t.is_(wanted.strip(), "2|1|10", "the record of publications tells both")
    done = p.loader("api", "publish", "Query Users Alone", "--weight", "10")
    t.ok(done.rc == 1, "beside nothing there is no canary", done)


def test(t):
    objects = users_definitions()
    api = objects[5]
    opened = changed(api, name=kOpen, path="/open", authentication=[])
    pages = {**opened, "name": kPages, "path": "/pages", "request_parameters": [], "result": "page", "pagination": {"default_size": 1}}
    p = t.project().serve([*objects, opened, pages], server=kServer)
    more = [*api["response_parameters"], {"name": "age", "column": "age"}]
    t.is_(commit(p, changed(api, response_parameters=more)), 2, "version 2 returns a column more")
    names = [f"consumer-{number}" for number in range(kConsumers)]
    p.apply([{"kind": "Consumer", "name": name, "authorizations": [{"api": kApi}]} for name in names])
    keys = {name: p.add_key(name) for name in names}
    refusals(t, p, api)
    growing(t, p, keys)
    ending(t, p, keys)
    by_chance(t, p, changed(opened, response_parameters=more))
    walks(t, p, pages)
    kept(t, p)


run_test(test)
