#!/usr/bin/env python3
"""Versions of a REST API by path, header and query, beside one without: each is a thing of its own, a request names the one it means."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, request, run_test, users_definitions
from tg_hmac import signed_headers

kSchemes = {"none": {"scheme": "none"}, "path": {"scheme": "path"}, "header": {"scheme": "header", "name": "My-Version"}, "query": {"scheme": "query", "name": "ver"}}


def definitions():
    """A REST API of each scheme with versions v1 and v2 (none: one), an API in each; that of v2 shows the age."""
    base = users_definitions()
    api = base[-1]
    objects = [one for one in base if one["kind"] in ("GatewayInstance", "DataSource", "Table")]
    for scheme, versioning in kSchemes.items():
        for version in ("v1", "v2") if scheme != "none" else ("",):
            process = f"Process {scheme} {version}".strip()
            objects.append({"kind": "RestApi", "name": f"by-{scheme}", "base_path": f"/{scheme}", "versioning": {**versioning, **({"version": version} if version else {})}})
            objects.append({"kind": "BusinessProcess", "name": process, "rest_api": f"by-{scheme}", **({"rest_api_version": version} if version else {})})
            for method in ("GET", "POST") if version == "v2" else ("GET",):
                objects.append({**api, "name": f"Users {scheme} {version} {method}".replace("  ", " "), "business_process": process, "method": method,
                                "path": "/user/info", "authentication": ["api_key", "hmac"],
                                "request_parameters": [{**api["request_parameters"][0], **({"in": "query"})}],
                                "response_parameters": [{"name": "user_id"}, {"name": "age" if version == "v2" else "user_name"}]})
    return objects


def ask(p, scheme, version, method="GET", **headers):
    """(status, members of data, Allow) of a request for a version ("": without its value)."""
    path = f"/{scheme}" + (f"/{version}" if scheme == "path" and version else "")
    target = f"{path}/user/info?user_id=10001" + (f"&ver={version}" if scheme == "query" and version else "")
    if scheme == "header" and version:
        headers["my-version"] = version
    answer = request(p.gateway.port, target, method, {**bearer(p.key), **headers})
    data = list(answer.json["data"]) if answer.status == 200 and answer.body else None
    return answer.status, data, answer.headers.get("allow")


def serving(t, p):
    t.is_(ask(p, "none", "")[:2], (200, ["user_id", "user_name"]), "none: the base path alone")
    for scheme in ("path", "header", "query"):
        t.is_(ask(p, scheme, "v1")[:2], (200, ["user_id", "user_name"]), f"{scheme}: v1")
        t.is_(ask(p, scheme, "v2")[:2], (200, ["user_id", "age"]), f"{scheme}: v2")
        for version in ("", "v3", "V1", "v1x"):
            t.is_(ask(p, scheme, version)[0], 404, f"{scheme}: {version or 'no version'} is 404")
        t.is_(ask(p, scheme, "v1", "HEAD")[0], 200, f"{scheme}: HEAD")
        t.is_(ask(p, scheme, "v2", "POST")[:2], (200, ["user_id", "age"]), f"{scheme}: POST of v2")
        t.is_(ask(p, scheme, "v1", "POST"), (405, None, "GET, HEAD"), f"{scheme}: v1 has no POST: 405 with what v1 takes")
        t.is_(ask(p, scheme, "v2", "PUT"), (405, None, "GET, HEAD, POST"), f"{scheme}: 405 of v2")
        t.is_(ask(p, scheme, "", "PUT")[0], 404, f"{scheme}: 405 only for a version that is named")
    t.is_(request(p.gateway.port, "/query/user/info?user_id=10001&v%65r=v%31", headers=bearer(p.key)).status, 200, "query: encoded")
    t.is_(request(p.gateway.port, "/query/user/info?user_id=10001&ver=v1&ver=v2", headers=bearer(p.key)).status, 404, "query: twice is none")
    t.is_(request(p.gateway.port, "/header/user/info?user_id=10001&My-Version=v1", headers=bearer(p.key)).status, 404, "header: not in the query")
    t.is_(ask(p, "header", "v1", ver="v1")[0], 200, "header: other headers do not matter")


def signed(t, p):
    pair = p.loader.json("consumer", "add-key", "demo", "--type", "hmac")
    p.secrets.append(pair["secret"])
    p.sync_and_reload()
    for scheme, target, headers in (("none", "/none/user/info?user_id=10001", {}), ("path", "/path/v1/user/info?user_id=10001", {}),
                                    ("header", "/header/user/info?user_id=10001", {"my-version": "v1"}), ("query", "/query/user/info?user_id=10001&ver=v1", {})):
        for method in ("GET", "HEAD"):
            names = ("X-Ca-Key", "X-Ca-Timestamp", "X-Ca-Nonce", "X-Ca-Signature-Method", *headers)
            status = request(p.gateway.port, target, method, signed_headers(pair, method, target, headers, signed=names)).status
            t.is_(status, 200, f"{scheme}: signed {method}, over what goes over the wire")
    target = "/query/user/info?user_id=10001&ver=v1"
    headers = signed_headers(pair, "GET", target)
    t.is_(request(p.gateway.port, target.replace("v1", "v2"), headers=headers).status, 401, "query: the version is signed")


def commands(t, p):
    url = f"http://127.0.0.1:{p.gateway.port}"
    for scheme, shown, words in (("none", "/none/user/info", ""), ("path", "/path/v1/user/info", ""), ("header", "/header/user/info", "with the header My-Version: v1"),
                                 ("query", "/query/user/info?ver=v1", "")):
        name = f"Users {scheme} v1 GET" if scheme != "none" else "Users none GET"
        value = p.loader.json("api", "show", name)
        t.is_(value["urls"], [f"http://127.0.0.1:8080{shown}"], f"show: the URL by {scheme}")
        t.ok(words in p.loader.must("api", "show", name).stdout, f"show for people: {words or 'no header'}")
        t.ok(("My-Version: v1" in value["curl"]) == (scheme == "header") and ("ver=v1" in value["curl"]) == (scheme == "query"), "curl has the version", value["curl"])
        result = p.loader("api", "call", name, "--gateway-url", url, "--credential", "-", input=p.key)
        t.ok(result.rc == 0 and "Alice" in result.stdout, f"api call by {scheme}", result)
        signed_call = p.loader("api", "call", name, "--gateway-url", url, "--consumer", "demo")
        t.ok(signed_call.rc == 0 and "Alice" in signed_call.stdout, f"signed api call by {scheme}", signed_call)
    t.is_([one["url"] for one in p.loader.json("api", "list") if one["name"] == "Users query v2 GET"], ["http://127.0.0.1:8080/query/user/info?ver=v2"], "list: the URL")
    made = p.loader.must("api", "generate", "Users by Age", "--business-process", "Process path v2", "--table", "user_info", "--path", "/user/age", "--by", "age").stdout
    t.is_(p.loader("apply", "-f", "-", input=made).rc, 0, "what generate makes for a version, apply takes")
    t.is_(len(p.loader.json("get", "restapi", "by-path")), 2, "get: both versions")
    t.is_(p.loader.json("get", "restapi", "by-none")["name"], "by-none", "get: one object where there is one")
    t.is_({one["action"] for one in p.loader.json("apply", "-f", p.definitions(definitions()))}, {"unchanged"}, "apply again: unchanged")


def independent(t, p):
    """Versions are authorised, published and deleted each for itself."""
    p.loader.must("consumer", "create", "partner")
    result = p.loader("consumer", "authorize", "partner", "--rest-api", "by-header")
    t.ok(result.rc == 1 and "v1" in result.stderr and "v2" in result.stderr, "authorize: which version?", result)
    p.loader.must("consumer", "authorize", "partner", "--rest-api", "by-header", "--rest-api-version", "v2")
    t.is_(p.loader.json("consumer", "show", "partner")["authorizations"], [{"rest_api": "by-header", "rest_api_version": "v2"}], "authorised for v2")
    key = p.add_key("partner")
    p.sync_and_reload()
    old, p.key = p.key, key
    t.is_((ask(p, "header", "v2")[0], ask(p, "header", "v1")[0]), (200, 403), "and for nothing else")
    p.key = old
    p.loader.must("apply", "-f", "-", input='{"kind": "Domain", "name": "v2.example"}')
    result = p.loader("api", "publish", "Users header v2 GET", "--domain", "v2.example")
    t.ok(result.rc == 1 and '"Users header v2 POST"' in result.stderr and "v1" not in result.stderr and "--yes" in result.stderr, "domains are shared by the APIs of a version", result)
    p.loader.must("api", "publish", "Users header v2 GET", "--domain", "v2.example", "--yes")
    p.sync_and_reload()
    t.is_((ask(p, "header", "v1")[0], ask(p, "header", "v2")[0], ask(p, "header", "v2", Host="v2.example")[0], ask(p, "header", "v1", Host="v2.example")[0]),
          (200, 404, 200, 200), "v2 moved to its domain, v1 answers on any host")
    for method in ("GET", "POST"):
        p.loader.must("api", "unpublish", f"Users query v2 {method}")
        p.loader.must("delete", "api", f"Users query v2 {method}")
    p.loader.must("delete", "businessprocess", "Process query v2")
    t.is_(p.loader("delete", "restapi", "by-query").rc, 1, "delete: which version?")
    t.is_(p.loader("delete", "domain", "v2.example", "--version", "v2").rc, 2, "--version is for REST APIs")
    t.is_(p.loader("delete", "restapi", "by-query", "--version", "v2").rc, 0, "delete of one version")
    p.sync_and_reload()
    t.is_((ask(p, "query", "v1")[0], ask(p, "query", "v2")[0]), (200, 404), "the other one stays")


def refused(t, p):
    rest = {"kind": "RestApi", "name": "x", "base_path": "/x"}
    process = {"kind": "BusinessProcess", "name": "Process x", "rest_api": "by-path", "rest_api_version": "v1"}
    api = {**users_definitions()[-1], "name": "Users x", "business_process": "Process header v1"}
    id_ = api["request_parameters"][0]
    for change, pointer, word in (
            ({**rest, "versioning": {"scheme": "path"}}, "/versioning", "version"), ({**rest, "versioning": {"scheme": "header", "version": "v1"}}, "/versioning", "name"),
            ({**rest, "versioning": {"scheme": "query", "name": "v"}}, "/versioning", "version"), ({**rest, "versioning": {"scheme": "none", "version": "v1"}}, "/versioning/version", "scheme"),
            ({**rest, "versioning": {"scheme": "path", "version": "a/b"}}, "/versioning/version", ""), ({**rest, "versioning": {"scheme": "header", "name": "a_b", "version": "v1"}}, "/versioning/name", ""),
            ({**rest, "versioning": {"scheme": "header", "name": "Authorization", "version": "v1"}}, "/versioning/name", "credential"),
            ({**rest, "versioning": {"scheme": "header", "name": "X-Ca-Key", "version": "v1"}}, "/versioning/name", "signature"),
            ({**rest, "versioning": {"scheme": "cookie"}}, "/versioning/scheme", "header"),
            ({**process, "rest_api_version": "v9"}, "/rest_api_version", "v1"), ({**process, "rest_api_version": ""}, "/rest_api_version", "leave it out"),
            ({**process, "name": "Process path v2"}, "/rest_api", "stays"), ({**process, "rest_api": "by-none"}, "/rest_api_version", "none"),
            ({**api, "request_parameters": [{**id_, "name": "my-version", "in": "header"}]}, "/request_parameters/0/name", "selects the version of the REST API"),
            ({**api, "authentication": ["api_key"], "api_key_source": {"in": "header", "name": "MY-VERSION"}}, "/api_key_source/name", "selects the version of the REST API"),
            ({"kind": "RestApi", "name": "by-path", "base_path": "/moved", "versioning": {"scheme": "path", "version": "v1"}}, "/base_path", "published"),
            ({"kind": "RestApi", "name": "by-path", "base_path": "/path", "versioning": {"scheme": "query", "name": "v", "version": "v1"}}, "/versioning", "published"),
            ({"kind": "RestApi", "name": "by-header", "base_path": "/header", "versioning": {"scheme": "header", "name": "Other", "version": "v1"}}, "/versioning", "published")):
        result = p.loader("apply", "-f", p.definitions([change], "refused.json"))
        t.ok(result.rc == 1 and f"refused.json /0{pointer}" in result.stderr and word in result.stderr, f"refused: {str(change)[:110]}", result)
    # At one path: the same REST API by another name, told apart by nothing or by another header.
    for versioning in ({"scheme": "none"}, {"scheme": "header", "name": "Other", "version": "v1"}, {"scheme": "header", "name": "MY-VERSION", "version": "v1"}, {"scheme": "query", "name": "v", "version": "v1"}):
        p.apply([{"kind": "RestApi", "name": "rival", "base_path": "/header", "versioning": versioning},
                 {"kind": "BusinessProcess", "name": "Process rival", "rest_api": "rival", **({"rest_api_version": "v1"} if "version" in versioning else {})},
                 {**api, "name": "Users rival", "business_process": "Process rival"}])
        p.loader.must("api", "test", "Users rival")
        p.loader.must("api", "commit", "Users rival")
        result = p.loader("api", "publish", "Users rival", "--no-domain")
        t.ok(result.rc == 1 and '"Users header v1 GET"' in result.stderr, f"one request could mean both: {versioning}", result)
        p.loader.must("delete", "api", "Users rival")
        p.loader.must("delete", "businessprocess", "Process rival")
        p.loader.must("delete", "restapi", "rival")


def test(t):
    p = t.project().serve(definitions())
    serving(t, p)
    signed(t, p)
    commands(t, p)
    refused(t, p)
    independent(t, p)


run_test(test)
