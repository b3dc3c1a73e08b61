#!/usr/bin/env python3
"""The OpenAPI document of what is published: clean for redocly and swagger-parser, true (every answer of the gateway is what it says), good
for a TypeScript client; printed by `tablegate openapi`, answered by `tablegate_openapi` for the host that asks."""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, kCheckout, kSlow, kUsersCsv, request, run, run_test, users_definitions, wait_for
from tg_node import need_node, node

kNode = os.path.join(kCheckout, "build", "node", "node_modules")
kDdl = """CREATE TABLE things (id BIGINT NOT NULL, tiny TINYINT, small INT, real4 FLOAT, real8 DOUBLE, price DECIMAL(10,2), label STRING,
 raw BINARY, yes BOOLEAN, day DATE, at DATETIME, clock TIMESTAMP_NTZ, extra JSON);"""
kThings = r"""id,tiny,small,real4,real8,price,label,raw,yes,day,at,clock,extra
9007199254740993,1,2,1.5,2.5,3.50,"Ünï ""quoted"" name",\x6162,true,2026-01-31,2026-01-31 08:00:00.5,2026-01-31 08:00:00,"{""a"":[1]}"
2,,,NaN,Infinity,,,,,,,,
"""


def parameter(name, kind, **more):
    return {"name": name, "type": kind, **more}


def definitions():
    users = users_definitions(description="The user with this id.", request_parameters=[
        {"name": "user_id", "column": "user_id", "type": "LONG", "sample": 10001, "description": "id of the user"}])
    columns = [name.split()[0] for name in kDdl[kDdl.index("(") + 1:kDdl.rindex(")")].replace("\n", " ").replace("(10,2)", "").split(",")]
    base = {"kind": "Api", "business_process": "Thing Service", "mode": "wizard", "table": "things", "authentication": ["api_key"]}
    by_id = parameter("id", "LONG", sample=2)
    user = {**users[5], "result": "list", "response_parameters": [{"name": "user_id", "sample": 10001}, {"name": "age", "as": "string"}]}
    return [
        *users,
        {"kind": "BusinessProcess", "name": "Thing Service", "rest_api": "things", "description": "All about things."},
        {"kind": "RestApi", "name": "things", "base_path": "/things"},
        {"kind": "Table", "name": "things", "data_source": "odps_demo", "ddl": kDdl, "primary_key": ["id"], "time_zone": "Asia/Shanghai"},
        {**user, "name": "Find Users", "path": "/user/find", "method": "POST", "authentication": ["api_key", "hmac"], "request_parameters": [
            parameter("user_id", "LONG", sample=10002), parameter("nickname", "STRING", column="user_name", required=False, default="Bob"),
            parameter("X-Age", "LONG", column="age", required=False, **{"in": "header"})]},
        {**user, "name": "User by Path", "path": "/user/{id}", "request_parameters": [{**by_id, "column": "user_id", "in": "path", "sample": 10001}]},
        {**user, "name": "User by Path, posted", "path": "/user/{user}", "method": "POST", "authentication": ["jwt"], "request_parameters": [
            parameter("user", "LONG", column="user_id", sample=1, **{"in": "path"})]},
        {**base, "name": "All of a Thing", "path": "/all", "result": "object", "authentication": [], "request_parameters": [by_id],
         "response_parameters": [{"name": name} for name in columns]},
        {**base, "name": "List of Things", "path": "/list", "api_key_source": {"in": "header", "name": "X-API-Key"}, "request_parameters": [
            by_id, parameter("day", "DATE", required=False), parameter("yes", "BOOLEAN", required=False), parameter("price", "DECIMAL", required=False),
            parameter("at", "DATETIME", required=False), parameter("tiny", "INT", required=False), parameter("real8", "DOUBLE", required=False)],
         "response_parameters": [{"name": name} for name in columns]},
        {**base, "name": "Things by Query Key", "path": "/keyed", "envelope": "dataworks", "api_key_source": {"in": "query", "name": "key"},
         "request_parameters": [by_id],
         "response_parameters": [{"name": "id", "sample": "9007199254740993"}]},
        {**base, "name": "Pages of Things", "path": "/pages", "order_by": [{"column": "price", "direction": "desc"}],
         "pagination": {"enabled": True, "default_size": 1, "max_size": 5}, "request_parameters": [
             parameter("ids", "LONG", column="id", operator="IN", required=False, sample=[2, 3], description="ids of things"),
             parameter("labels", "STRING", column="label", operator="NOT IN", required=False), parameter("min_price", "DECIMAL", column="price", operator=">=", required=False),
             parameter("before", "DATE", column="day", operator="<", required=False), parameter("like", "STRING", column="label", operator="LIKE", required=False)],
         "response_parameters": [{"name": "id"}, {"name": "cost", "column": "price", "as": "string"}]},
        {**base, "name": "Posted Pages", "path": "/pages", "method": "POST", "envelope": "dataworks", "pagination": {"total": False}, "unknown_parameters": "reject",
         "request_parameters": [parameter("ids", "LONG", column="id", operator="IN", required=False, sample=[2])], "response_parameters": [{"name": "id"}]},
        {"kind": "Domain", "name": "api.tablegate.test"}, {"kind": "Domain", "name": "also.tablegate.test"},
        {"kind": "Domain", "name": "*.wild.tablegate.test"},
        {"kind": "Domain", "name": "tls.tablegate.test", "protocol": "HTTPS", "server_block": False, "certificate": "/c", "certificate_key": "/k"},
    ]


def names(objects):
    return [item["name"].replace(",", "") for item in objects if item["kind"] == "Api"]


def lint(p, text, name):
    """What redocly says with its recommended rules."""
    path = p.file(f"{name}.json", text)
    env = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "CI": "true"}
    done = run(["node", os.path.join(kNode, "@redocly", "cli", "bin", "cli.js"), "lint", "--format", "json", path], env=env, timeout=120 * kSlow, cwd=p.folder)
    return [f"{item['ruleId']}: {item['message']} at {item['location'][0].get('pointer')}" for item in json.loads(done.stdout)["problems"]]


def content(t, document):
    t.is_((document["openapi"], document["servers"]), ("3.1.0", [{"url": "http://127.0.0.1:8080"}]), "the gateway's address is the server where there is no domain")
    t.is_(sorted(document["paths"]), ["/things/all", "/things/keyed", "/things/list", "/things/pages", "/v1/user/find", "/v1/user/info", "/v1/user/{id}"], "every path, whole")
    user = document["paths"]["/v1/user/info"]["get"]
    t.is_(user["parameters"], [{"name": "user_id", "in": "query", "required": True, "description": "id of the user",
                                "schema": {"type": "integer", "format": "int64"}, "example": 10001}], "a parameter, its example the sample")
    t.is_((user["operationId"], user["summary"], user["tags"], user["security"]), ("getV1UserInfo", "Query User by User ID", ["User Query Service"], [{"apiKey": []}]), "id, summary, tag, security")
    t.is_(sorted(user["responses"]), ["200", "400", "401", "403", "404", "405", "429", "500", "503", "504"], "every status")
    find = document["paths"]["/v1/user/find"]["post"]
    t.is_(sorted(find["requestBody"]["content"]), ["application/json", "application/x-www-form-urlencoded"], "a body as JSON and as a form")
    schema = find["requestBody"]["content"]["application/json"]["schema"]
    t.is_((schema["required"], schema["properties"]["nickname"]), (["user_id"], {"type": "string", "default": "Bob"}), "its members, with defaults")
    t.is_((find["security"], sorted(set(find["responses"]) - set(user["responses"]))), ([{"apiKey": []}, {"hmac": []}], ["413", "415"]), "one of several proofs")
    both = document["paths"]["/v1/user/{id}"]
    t.is_(({item["name"] for item in both["get"]["parameters"]}, {item["name"] for item in both["post"]["parameters"]}, both["post"]["operationId"]),
          ({"id"}, {"id"}, "postV1UserByUser"), "one path, one name of its parameter")
    t.is_(document["paths"]["/things/all"]["get"]["security"], [], "an open API")
    t.is_({name: (one["type"], one.get("in"), one.get("name")) for name, one in document["components"]["securitySchemes"].items()},
          {"apiKey": ("http", None, None), "hmac": ("apiKey", "header", "X-Ca-Key"), "jwt": ("http", None, None), "apiKeyInHeader.X-API-Key": ("apiKey", "header", "X-API-Key"),
           "apiKeyInQuery.key": ("apiKey", "query", "key")}, "security schemes")
    t.is_(document["tags"][0], {"name": "Thing Service", "description": "All about things."}, "tags are the business processes")
    text = json.dumps(document, ensure_ascii=False)
    t.ok("Alice" not in text and "quoted" not in text, "nothing of a row is in it")
    t.is_(document["components"]["schemas"]["Error400"]["properties"]["error"]["enum"], ["missing_parameter", "invalid_parameter", "invalid_body"], "slugs by status")


def pages(t, document):
    """Operators are described, lists are arrays, and a page's parameters have their ranges."""
    found = {one["name"]: one for one in document["paths"]["/things/pages"]["get"]["parameters"]}
    t.is_({name: found[name].get("description") for name in ("ids", "labels", "min_price", "before")},
          {"ids": "ids of things; rows whose id is one of these values", "labels": "rows whose value is not null and none of these values",
           "min_price": "rows whose cost is at least this value", "before": "rows whose value is less than this value"}, "which rows an operator finds, by the answer's names")
    t.like(found["like"]["description"], "^rows whose value matches this pattern: % is any text", "a pattern is explained")
    t.is_((found["ids"]["style"], found["ids"]["explode"], found["ids"]["example"]), ("form", True, [2, 3]), "a list of a query")
    t.is_({name: found[name]["schema"] for name in ("pageNum", "pageSize", "returnTotalNum", "cursor")},
          {"pageNum": {"type": "integer", "format": "int64", "minimum": 1, "maximum": 1000000}, "pageSize": {"type": "integer", "format": "int64", "minimum": 1, "maximum": 5, "default": 1},
           "returnTotalNum": {"type": "boolean", "default": True}, "cursor": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}}, "what asks for a page")
    posted = document["paths"]["/things/pages"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    t.is_((list(posted["properties"]), posted["properties"]["returnTotalNum"].get("const"), posted["additionalProperties"]),
          (["ids", "pageNum", "pageSize", "returnTotalNum", "cursor"], False, False), "members of a body, without a total")
    data = document["paths"]["/things/pages"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["data"]
    t.is_((data["required"], "totalNum" in data["properties"]), (["pageSize", "rows", "nextCursor", "generation"], False), "the page that answers")


def good(t, p, text, name):
    problems = lint(p, text, name)
    t.is_(problems, [], f"{name}: redocly has no error and no warning")
    t.is_(node("openapi_tools.js", {"validate": json.loads(text)})[0], [], f"{name}: swagger-parser finds it valid")


def answer(got, path, method="get"):
    return {"path": path, "method": method, "status": got.status, "headers": [name for name, _ in got.pairs], "body": got.json}


def page_answers(p):
    path = "/things/pages"
    first = p.get(path)
    def posted(body):
        return request(p.gateway.port, path, "POST", {**bearer(p.key), "Content-Type": "application/json"}, json.dumps(body))

    return [(200, answer(first, path)), (200, answer(p.get(f"{path}?cursor={first.json['data']['nextCursor']}"), path)), (200, answer(p.get(f"{path}?pageNum=9&returnTotalNum=false"), path)),
            (200, answer(p.get(f"{path}?ids=2&ids=3&labels=a&min_price=1.5&before=2027-01-01&like=%25"), path)), (400, answer(p.get(f"{path}?pageSize=6"), path)),
            (200, answer(posted({"ids": [2, 3], "pageSize": 1}), path, "post")), (400, answer(posted({"returnTotalNum": True}), path, "post"))]


def answers(t, p, document, other):
    """Every answer that can be made is what the document says."""
    info, all_things, listed, find = "/v1/user/info", "/things/all", "/things/list", "/v1/user/find"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    def post(body, **headers):
        return request(p.gateway.port, find, "POST", {**bearer(p.key), **headers}, body)

    found = [
        (200, answer(p.get(f"{info}?user_id=10001"), info)), (200, answer(p.get(f"{info}?user_id=5"), info)),
        (200, answer(p.get(f"{all_things}?id=9007199254740993"), all_things)), (200, answer(p.get(f"{all_things}?id=2"), all_things)),
        (200, answer(request(p.gateway.port, f"{listed}?id=2", headers={"X-API-Key": p.key}), listed)),
        (200, answer(p.get("/v1/user/10001"), "/v1/user/{id}")), (200, answer(p.get(f"/things/keyed?id=2&key={p.key}", key=""), "/things/keyed")),
        (400, answer(p.get(f"/things/keyed?id=x&key={p.key}", key=""), "/things/keyed")), (401, answer(p.get("/things/keyed?id=2", key=""), "/things/keyed")),
        *page_answers(p),
        (200, answer(post(b"user_id=10002", **form), find, "post")),
        (200, answer(post(b'{"user_id":10002,"nickname":"Bob"}', **{"Content-Type": "application/json"}), find, "post")),
        (400, answer(p.get(info), info)), (400, answer(p.get(f"{info}?user_id=x"), info)),
        (400, answer(post(b"[", **{"Content-Type": "application/json"}), find, "post")),
        (401, answer(p.get(f"{info}?user_id=1", key=""), info)), (401, answer(p.get(f"{info}?user_id=1", key="tg_" + "x" * 43), info)),
        (403, answer(p.get(f"{info}?user_id=1", key=other), info)), (404, answer(p.get("/v1/nothing"), info)),
        (405, answer(request(p.gateway.port, all_things, "POST"), all_things)),
        (413, answer(post(b"user_id=1&nickname=" + b"x" * 5000, **form), find, "post")),
        (415, answer(post(b"x", **{"Content-Type": "text/plain"}), find, "post")),
    ]
    p.gateway.set(http="limit_req_zone $uri zone=few:1m rate=1r/m;", server=p.gateway.parts["server"], location="limit_req zone=few; limit_req_status 429;")
    p.gateway.reload()
    p.get(f"{info}?user_id=1")
    found.append((429, answer(p.get(f"{info}?user_id=1"), info)))
    p.gateway.set(http="", location="")
    p.gateway.reload()
    p.postgres.psql("ALTER TABLE mirror.user_info RENAME COLUMN user_name TO other")
    found.append((500, answer(p.get(f"{info}?user_id=10001"), info)))
    p.postgres.psql("ALTER TABLE mirror.user_info RENAME COLUMN other TO user_name")
    p.postgres.stop()
    found.append((503, answer(p.get(f"{info}?user_id=10001"), info)))
    p.postgres.start()
    wait_for(lambda: p.get(f"{info}?user_id=10001").status == 200, 20 * kSlow, "PostgreSQL is back")
    t.is_([one["status"] for _, one in found], [status for status, _ in found], "every answer that was meant")
    t.is_(node("openapi_tools.js", {"document": document, "answers": [one for _, one in found]})[0], [], "each is what the document says")
    broken = json.loads(json.dumps(found[0][1]))
    broken["body"]["data"]["user_id"] = "10001"
    t.isnt(node("openapi_tools.js", {"document": document, "answers": [broken]})[0], [], "and a wrong one would be found")


def client(t, p, text):
    folder = os.path.join(p.folder, "client")
    os.mkdir(folder)
    os.symlink(kNode, os.path.join(folder, "node_modules"))
    with open(os.path.join(folder, "openapi.json"), "w", encoding="utf-8") as file:
        file.write(text)
    with open(os.path.join(folder, "package.json"), "w", encoding="utf-8") as file:
        file.write('{"type": "module"}')
    shutil.copy(os.path.join(kCheckout, "t", "lib", "openapi_client.ts"), folder)
    bin_of = os.path.join(kNode, ".bin")
    done = run([os.path.join(bin_of, "openapi-typescript"), "openapi.json", "-o", "api.ts"], cwd=folder, timeout=120 * kSlow)
    t.is_(done.returncode, 0, "openapi-typescript takes the document") or t.diag(done.stdout + done.stderr)
    done = run([os.path.join(bin_of, "tsc"), "--strict", "--target", "es2022", "--module", "nodenext", "--types", "node", "openapi_client.ts"], cwd=folder, timeout=240 * kSlow)
    t.is_(done.returncode, 0, "the client compiles under tsc --strict") or t.diag(done.stdout + done.stderr)
    done = run(["node", "openapi_client.js", f"http://127.0.0.1:{p.gateway.port}", p.key], cwd=folder, timeout=60 * kSlow,
               env={name: value for name, value in os.environ.items() if "proxy" not in name.lower()})
    t.is_(done.returncode, 0, "and runs") or t.diag(done.stderr)
    t.is_(json.loads(done.stdout or "null"), {"name": "Alice", "success": True, "rows": [], "slug": "invalid_credential", "failed": False, "missing": "missing_parameter", "listed": ["2"], "walked": ["2", "9007199254740992"],
          "total": 2, "posted": 1}, "its calls are answered")


def served(t, p, text):
    """tablegate_openapi: the bytes, ETag, methods, hosts."""
    def get(method="GET", host="127.0.0.1", **headers):
        return request(p.gateway.port, "/openapi.json", method, {"Host": host, **headers})

    got = get()
    t.is_((got.status, got.headers["content-type"], got.text + "\n"), (200, "application/json; charset=utf-8", text), "tablegate_openapi answers the same document")
    t.like(got.headers.get("x-ca-request-id"), "^[0-9a-f]{32}$", "with X-Ca-Request-Id")
    tag = got.headers["etag"]
    t.like(tag, '^"[0-9a-f]{32}"$', "and an ETag")
    again = get(**{"If-None-Match": tag})
    t.is_((again.status, again.body, again.headers.get("etag")), (304, b"", tag), "If-None-Match: 304")
    t.is_(get(**{"If-None-Match": '"other"'}).status, 200, "another one: 200")
    head = get("HEAD")
    t.is_((head.status, head.body, head.headers["content-length"]), (200, b"", str(len(got.body))), "HEAD")
    posted = get("POST")
    t.is_((posted.status, posted.headers.get("allow"), posted.json["error"]), (405, "GET, HEAD", "method_not_allowed"), "another method: 405")
    t.is_(get(host="unknown.tablegate.test").text, got.text, "any host has the same while nothing is on a domain")
    t.is_(p.get("/v1/user/info?user_id=10001").status, 200, "the APIs beside it answer")


def hosts(t, p):
    p.loader.must("api", "publish", "Query User by User ID", "--domain", "api.tablegate.test", "--domain", "also.tablegate.test", "--yes")
    p.loader.must("api", "publish", "All of a Thing", "--domain", "*.wild.tablegate.test", "--domain", "tls.tablegate.test", "--yes")
    p.sync_and_reload()

    def get(host):
        return request(p.gateway.port, "/openapi.json", headers={"Host": host})

    api = get("api.tablegate.test")
    document = api.json
    t.is_(document["servers"], [{"url": "http://also.tablegate.test"}, {"url": "http://api.tablegate.test"}], "a domain's document: the domains that serve the same")
    t.ok(all(path.startswith("/v1/") for path in document["paths"]), "with what they serve", list(document["paths"]))
    t.is_(get("also.tablegate.test").headers["etag"], api.headers["etag"], "one document for both")
    t.is_(get("127.0.0.1").status, 404, "a host that serves nothing has none: 404")
    t.is_(get("tls.tablegate.test").status, 404, "an HTTPS domain is not answered in clear")
    wild = get("x.wild.tablegate.test").json
    t.ok({"url": "http://{name}.wild.tablegate.test", "variables": {"name": {"default": "www"}}} in wild["servers"], "a wildcard domain is a variable", wild["servers"])
    t.is_(p.loader.json("openapi", "--domain", "api.tablegate.test"), document, "tablegate openapi --domain")
    good(t, p, json.dumps(document), "domain")
    good(t, p, json.dumps(wild), "wildcard")
    done = p.loader("openapi", "--domain", "nothing.tablegate.test")
    t.ok(done.rc == 1 and "nothing.tablegate.test" in done.stderr, "a domain without APIs is refused", done)
    whole = p.loader.must("openapi").stdout
    good(t, p, whole, "gateway")
    t.is_(len(json.loads(whole)["paths"]), 7, "tablegate openapi: all of the gateway, whatever the host")
    t.is_(json.loads(whole)["paths"]["/things/all"]["get"]["servers"], wild["servers"], "an operation says where, when not everywhere")
    lines = open(p.gateway.manifest, encoding="utf-8").read().splitlines()
    t.is_([json.loads(line)["domains"] for line in lines if '"kind":"openapi"' in line], [["*.wild.tablegate.test", "tls.tablegate.test"], ["also.tablegate.test", "api.tablegate.test"]],
          "the manifest has one line for each")


def versions(t, p):
    """Versions told apart by a header: the newest is in the document, asked for by a required parameter. And a deprecated API."""
    first = users_definitions()[5]
    for place, versioning in (("header", {"scheme": "header", "name": "X-Version"}), ("query", {"scheme": "query", "name": "ver"})):
        objects = []
        for version in ("v10", "v9"):
            objects += [{"kind": "RestApi", "name": f"by-{place}", "base_path": f"/{place}", "versioning": {**versioning, "version": version}},
                        {"kind": "BusinessProcess", "name": f"{place} {version}", "rest_api": f"by-{place}", "rest_api_version": version},
                        {**first, "name": f"User by {place} {version}", "business_process": f"{place} {version}"}]
        p.apply(objects)
        p.publish(*names(objects))
    p.apply([{"kind": "RestApi", "name": "by-path", "base_path": "/path", "versioning": {"scheme": "path", "version": "v3"}},
             {"kind": "BusinessProcess", "name": "path v3", "rest_api": "by-path", "rest_api_version": "v3"}, {**first, "name": "User by path", "business_process": "path v3"}])
    p.publish("User by path")
    p.loader.must("api", "deprecate", "User by path", "--sunset", "2098-01-01")
    text = p.loader.must("openapi").stdout
    paths = json.loads(text)["paths"]
    for place, name in (("header", "X-Version"), ("query", "ver")):
        one = paths[f"/{place}/user/info"]["get"]
        t.is_((one["summary"], one["operationId"]), (f"User by {place} v10", f"get{place.capitalize()}UserInfoV10"), f"of versions by {place} the newest")
        t.is_([(item["name"], item["in"], item["required"], item["schema"].get("enum")) for item in one["parameters"]],
              [(name, place, True, ["v10"]), ("user_id", "query", True, None)], "which a required parameter asks for")
    t.is_({path for path, item in paths.items() if any(one.get("deprecated") for one in item.values())}, {"/path/v3/user/info"}, "a version in the path; deprecated")
    good(t, p, text, "versions")
    p.sync_and_reload()
    t.is_(set(request(p.gateway.port, "/openapi.json").json["paths"]), {"/header/user/info", "/query/user/info", "/path/v3/user/info"}, "nginx answers them")


def configuration(t, p):
    t.allow("invalid number of arguments")
    p.gateway.set(server="location = /openapi.json { tablegate_openapi now; }")
    passed, said = p.gateway.check()
    t.ok(not passed and "invalid number of arguments" in said, "tablegate_openapi takes no argument", said)
    p.gateway.set(server="location = /openapi.json { tablegate_openapi; }")


def test(t):
    need_node(t)
    p = t.project()
    objects = definitions()
    for item in objects:
        item["name"] = item["name"].replace(",", "")
    p.init()
    p.apply(objects)
    p.load("user_info", kUsersCsv)
    p.load("things", kThings)
    empty = p.loader.must("openapi").stdout
    good(t, p, empty, "nothing")
    t.is_(json.loads(empty)["paths"], {}, "nothing published: no paths")
    p.publish(*names(objects))
    p.loader.must("consumer", "create", "nobody")
    other = p.add_key("nobody")
    p.key = p.add_key()
    p.sync()
    p.gateway.set(server="tablegate_errors on; client_max_body_size 4k; location = /openapi.json { tablegate_openapi; }")
    p.gateway.start()
    text = p.loader.must("openapi").stdout
    content(t, json.loads(text))
    pages(t, json.loads(text))
    good(t, p, text, "no-domain")
    served(t, p, text)
    answers(t, p, json.loads(text), other)
    client(t, p, text)
    hosts(t, p)
    versions(t, p)
    configuration(t, p)


run_test(test)
