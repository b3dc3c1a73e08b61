#!/usr/bin/env python3
"""Pages: order, sizes, totals, Link, HEAD and POST, what is rejected, and what a page says after a swap."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import json
import re
import time

from tablegate_test import kSlow, request, run_test, users_definitions

kName = "List of Users"
kRows = [(1, "A", 30), (2, "B", None), (3, "C", 20), (4, "D", 30), (5, "E", None), (6, "F", 25), (7, "G", 30)]
kCsv = "user_id,user_name,age\n" + "".join(f"{i},{name},{'' if age is None else age}\n" for i, name, age in kRows)
# age desc: NULLs first, as PostgreSQL has them; then the key, in the same direction.
kOldest = [5, 2, 7, 4, 1, 6, 3]
kColumns = [{"name": "user_id"}, {"name": "age"}]


def api(**fields):
    return {"kind": "Api", "name": kName, "business_process": "User Query Service", "path": "/users", "table": "user_info",
            "authentication": [], "request_parameters": [], "response_parameters": kColumns,
            "order_by": [{"column": "age", "direction": "desc"}], "pagination": {"enabled": True, "default_size": 3, "max_size": 5}, **fields}


def definitions(*apis):
    return users_definitions()[:-1] + list(apis)


def ids(answer):
    return [row["user_id"] for row in answer.json["data"]["rows"]]


def links(answer):
    return dict((relation, target) for target, relation in re.findall(r'<([^>]*)>; rel="([a-z]+)"', answer.headers.get("link", "")))


def error(answer):
    return answer.status, answer.json["error"], answer.json["errMsg"]


def test_pages(t, p):
    answer = p.get("/v1/users", key="")
    t.is_((answer.status, ids(answer)), (200, kOldest[:3]), "the first page, by age and key") or t.diag(answer.text)
    data = answer.json["data"]
    t.is_(list(data), ["totalNum", "pageSize", "rows", "pageNum", "nextCursor", "generation"], "members in their order")
    t.is_((data["totalNum"], data["pageSize"], data["pageNum"], data["generation"]), (7, 3, 1, 1), "their values")
    t.is_(links(answer), {"first": "?pageNum=1", "next": "?pageNum=2", "last": "?pageNum=3"}, "links of the first page")
    for number, rows, expected in ((2, kOldest[3:6], {"first": 1, "prev": 1, "next": 3, "last": 3}), (3, kOldest[6:], {"first": 1, "prev": 2, "last": 3}),
                                   (4, [], {"first": 1, "prev": 3, "last": 3}), (90, [], {"first": 1, "prev": 3, "last": 3})):
        answer = p.get(f"/v1/users?pageNum={number}", key="")
        t.is_((ids(answer), answer.json["data"]["totalNum"], answer.json["data"]["pageNum"]), (rows, 7, number), f"page {number}")
        t.is_(links(answer), {relation: f"?pageNum={page}" for relation, page in expected.items()}, f"links of page {number}")
    t.is_(ids(p.get("/v1/users?pageSize=5&pageNum=2", key="")), kOldest[5:], "another size")
    answer = p.get("/v1/users?pageSize=1&pageNum=7", key="")
    t.is_((ids(answer), answer.json["data"]["nextCursor"]), (kOldest[6:], None), "a full last page has no next one")
    answer = p.get("/v1/users?returnTotalNum=false", key="")
    t.is_(("totalNum" in answer.json["data"], ids(answer), links(answer)), (False, kOldest[:3], {"first": "?returnTotalNum=false&pageNum=1", "next": "?returnTotalNum=false&pageNum=2"}),
          "without a total")
    answer, head = p.get("/v1/users?pageNum=2", key=""), p.get("/v1/users?pageNum=2", "HEAD", key="")
    t.is_((head.status, head.text, head.headers.get("link")), (200, "", answer.headers["link"]), "HEAD has the links of GET")


def test_rejected_values(t, p):
    for query, word in (("pageNum=0", "from 1 to 1000000"), ("pageNum=-1", "from 1 to 1000000"), ("pageNum=x", "from 1 to 1000000"), ("pageSize=x", "from 1 to 5"), ("pageSize=0", "from 1 to 5"), ("pageSize=6", "from 1 to 5"),
                        ("returnTotalNum=x", "true"), ("pageNum=1000000&pageSize=2", "cursor"), ("pageNum=9223372036854775807", "cursor"),
                        ("pageNum=99999999999999999999", "from 1 to 1000000"), ("pageNum=1&pageNum=2", "more than once"), ("pageNum=1&cursor=x", "pageNum"), ("cursor=x", "nextCursor")):
        status, slug, message = error(p.get(f"/v1/users?{query}", key=""))
        t.ok((status, slug) == (400, "invalid_parameter") and word in message, f"{query} is 400", message)
    t.is_(p.get("/v1/users?pageNum=1000000&pageSize=1", key="").status, 200, "as deep as pages go")


def test_conditions_and_post(t, p):
    answer = p.get("/v1/users/of?user_name=A&key=SECRET&x=%3E%22&pageNum=1", key="")
    t.is_((answer.status, ids(answer), answer.json["data"]["totalNum"]), (401, None, None) if answer.status == 401 else (200, [1], 1), "conditions hold for rows and total")
    body = json.dumps({"pageNum": 2, "pageSize": 2, "returnTotalNum": False})
    answer = request(p.gateway.port, "/v1/users/post", "POST", {"Content-Type": "application/json"}, body)
    t.is_((answer.status, ids(answer), answer.headers.get("link")), (200, [3, 4], None), "a body says the page, and there is no Link") or t.diag(answer.text)
    answer = request(p.gateway.port, "/v1/users/post", "POST", {"Content-Type": "application/x-www-form-urlencoded"}, "pageNum=1&pageSize=2")
    following = request(p.gateway.port, "/v1/users/post", "POST", {"Content-Type": "application/json"}, json.dumps({"cursor": answer.json["data"]["nextCursor"], "pageSize": 2}))
    t.is_((ids(answer), ids(following)), ([1, 2], [3, 4]), "a form too, and a cursor in a body")
    answer = p.get("/v1/users/uncounted?returnTotalNum=true", key="")
    t.is_(error(answer)[:2], (400, "invalid_parameter"), "total: false never counts")
    t.is_(list(p.get("/v1/users/uncounted", key="").json["data"]), ["pageSize", "rows", "pageNum", "nextCursor", "generation"], "and leaves totalNum out")
    answer = p.get("/v1/users/wrapped?pageNum=2", key="")
    t.is_((list(answer.json), ids(answer), list(answer.json["data"])[:3]), (["data", "errCode", "errMsg", "requestId", "apiLog"], kOldest[3:6], ["totalNum", "pageSize", "rows"]),
          "the envelope of DataWorks has the same data")


def test_links_keep_no_credential(t, p):
    answer = request(p.gateway.port, f"/v1/users/key?user_id=3&api-key={p.key}&q=%3E\"<&pageSize=1")
    t.is_(answer.status, 200, "the key in the query is good") or t.diag(answer.text)
    t.is_(links(answer)["first"], "?user_id=3&q=%3E%22%3c&pageSize=1&pageNum=1".replace("%22%3c", "%22%3c"), "links keep the query, without the key")
    t.ok(p.key not in answer.headers["link"], "no credential is in the header")


def test_swap(t, p):
    for _ in range(3):
        t.is_(p.get("/v1/users", key="").json["data"]["totalNum"], 7, "the total of generation 1")
    for number, swap in ((2, "rename"), (3, "rename"), (4, "pointer"), (5, "pointer")):
        if swap == "pointer":
            table = users_definitions()[4]
            p.apply([{**table, "swap": "pointer"}])
        p.load("user_info", kCsv + "".join(f"{100 + i},N,1\n" for i in range(number)))
        for _ in range(3):
            data = p.get("/v1/users", key="").json["data"]
            t.is_((data["totalNum"] - 7, data["generation"]), (data["generation"] if data["generation"] > 1 else 0, data["generation"]),
                  f"the total is that of the generation of the rows ({swap})")
    t.ok(p.get("/v1/users?pageNum=50", key="").json["data"]["generation"] in (4, 5), "an empty page has the generation too")


def test_deadline(t, p):
    """A remembered total that turns out to be of another generation: the rows are read once more, within the time of the call."""
    t.is_({p.get("/v1/users/limited", key="").json["data"]["totalNum"] for _ in range(30)}, {7}, "both workers remember a total")
    p.postgres.psql("ALTER TABLE mirror.tablegate_tables RENAME TO real_tables; CREATE VIEW mirror.tablegate_tables AS"
                    " SELECT table_name, relation, generation + 1 AS generation, rows, source_time, loaded_at FROM mirror.real_tables, (SELECT pg_sleep(0.9)) s;"
                    " GRANT SELECT ON mirror.tablegate_tables TO tablegate_reader")
    begin = time.monotonic()
    answer = p.get("/v1/users/limited", key="")
    t.is_((answer.status, answer.json.get("error")), (504, "query_timeout"), "two times 0.9 s are more than the 1.5 s of the call")
    t.ok(time.monotonic() - begin < 1.5 + 0.5 * kSlow, "and it ends after 1.5 s", time.monotonic() - begin)
    p.postgres.psql("DROP VIEW mirror.tablegate_tables; ALTER TABLE mirror.real_tables RENAME TO tablegate_tables")


def test_definitions(t, p):
    for change, pointer, word in (
            ({"max_records": 5}, "/max_records", "pagination"), ({"result": "object"}, "/result", "pagination"),
            ({"pagination": None, "request_parameters": [{"name": "user_id", "type": "LONG"}], "result": "page"}, "/result", "pagination"),
            ({"pagination": {"enabled": False}}, "/request_parameters", "if the table has no primary key"),
            ({"pagination": {"default_size": 9, "max_size": 5}}, "/pagination/default_size", "max_size"),
            ({"pagination": {"max_size": 0}}, "/pagination/max_size", ""), ({"pagination": {"size": 5}}, "/pagination/size", "unknown"),
            ({"request_parameters": [{"name": "PAGENUM", "column": "age", "type": "LONG"}]}, "/request_parameters/0/name", "pages"),
            ({"authentication": ["api_key"], "api_key_source": {"in": "query", "name": "cursor"}}, "/api_key_source/name", "pages"),
            ({"order_by": [{"column": "nope"}]}, "/order_by/0/column", "nope"), ({"order_by": [{"column": "age"}, {"column": "age"}]}, "/order_by/1/column", "repeated"),
            ({"order_by": [{"column": "age", "direction": "up"}]}, "/order_by/0/direction", "asc"), ({"order_by": []}, "/order_by", "1")):
        one = {name: value for name, value in api(name="Another List", path="/another", **change).items() if value is not None}
        result = p.loader("apply", "-f", p.definitions([one], "wrong.json"))
        t.ok(result.rc == 1 and pointer in result.stderr and word in result.stderr, f"{change} is rejected at {pointer}", result)
    free = api(name="Free Names", path="/free", pagination={"enabled": False}, request_parameters=[{"name": "cursor", "column": "age", "type": "LONG", "sample": 30}])
    t.is_(p.loader("apply", "-f", p.definitions([free], "free.json")).rc, 0, "the names are free without pages")


def test_tools(t, p):
    tested = p.loader.json("api", "test", kName, "--param", "pageNum=2", "--param", "pageSize=2")
    data = json.loads(tested["response"])["data"] if isinstance(tested["response"], str) else tested["response"]["data"]
    t.is_([row["user_id"] for row in data["rows"]], kOldest[2:4], "api test takes the parameters of pages")
    again = p.loader.json("api", "test", kName, "--param", "cursor=" + data["nextCursor"], "--param", "pageSize=2")
    again = json.loads(again["response"])["data"] if isinstance(again["response"], str) else again["response"]["data"]
    t.is_([row["user_id"] for row in again["rows"]], kOldest[4:6], "and a cursor of another test")
    t.like(p.loader.must("api", "show", kName).stdout, r"answer: page of 3 rows, pageSize at most 5 \(pageNum, pageSize, returnTotalNum, cursor\), by age desc", "api show says so")
    t.like(p.loader.must("api", "show", kName).stdout, r"\npageNum .*\npageSize .* 3 .*rows of a page, 1 to 5\n *returnTotalNum .*\ncursor ", "and lists their parameters")
    operation = p.loader.json("openapi")["paths"]["/v1/users"]["get"]
    t.is_([one["name"] for one in operation["parameters"]], ["pageNum", "pageSize", "returnTotalNum", "cursor"], "OpenAPI has the parameters")
    data = operation["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["data"]
    t.is_(list(data["properties"]), ["totalNum", "pageSize", "rows", "pageNum", "nextCursor", "generation"], "and the form of a page")
    t.ok("Link" in operation["responses"]["200"]["headers"], "and the header")
    broken = p.loader("apply", "-f", p.definitions([api(order_by=[{"column": "age"}], pagination={"enabled": True, "default_size": 3, "max_size": 4, "total": False})]))
    p.loader.must("api", "test", kName)
    result = p.loader("api", "commit", kName)
    t.ok(broken.rc == 0 and result.rc == 1 and all(word in result.stderr for word in ("order_by", "max_size", "total")), "the contract check knows order and pages", result)


def test(t):
    p = t.project()
    by_id = {"order_by": [{"column": "user_id"}]}
    p.serve(definitions(
        api(), api(name="Users of a Name", path="/users/of", request_parameters=[{"name": "user_name", "type": "STRING", "sample": "A"}]),
        api(name="Users by POST", path="/users/post", method="POST", **by_id), api(name="Uncounted Users", path="/users/uncounted", pagination={"total": False}),
        api(name="Limited Users", path="/users/limited", timeout_ms=1500), api(name="Wrapped Pages", path="/users/wrapped", envelope="dataworks"),
        api(name="Users with a Key", path="/users/key", authentication=["api_key"], api_key_source={"in": "query", "name": "api-key"},
            request_parameters=[{"name": "user_id", "type": "LONG", "sample": 3}])), {"user_info": kCsv})
    test_pages(t, p)
    test_rejected_values(t, p)
    test_conditions_and_post(t, p)
    test_links_keep_no_credential(t, p)
    test_deadline(t, p)
    test_swap(t, p)
    test_definitions(t, p)
    test_tools(t, p)


run_test(test)
