#!/usr/bin/env python3
"""unknown_parameters: reject answers 400 to what the API does not have; new definitions reject, older ones ignore; the change breaks callers."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, request, run_test, users_definitions

kApi = "Query User by User ID"
kPost = "Post User Query"
kCall = "/v1/user/info?user_id=10001"


def test(t):
    p = t.project()
    post = {**users_definitions()[-1], "name": kPost, "path": "/user/post", "method": "POST", "unknown_parameters": "reject"}
    p.serve([*users_definitions(), post])
    generated = p.loader.json("api", "generate", kApi, "--business-process", "User Query Service", "--table", "user_info", "--path", "/user/info")
    t.is_(generated["unknown_parameters"], "reject", "api generate writes reject")
    t.is_(p.get(kCall + "&usr_name=x").status, 200, "left out: they are ignored")
    strict = users_definitions(unknown_parameters="reject")[-1]
    p.apply([strict])
    p.loader.must("api", "test", kApi)
    result = p.loader("api", "commit", kApi)
    t.ok(result.rc == 1 and "unknown parameters were ignored and are now rejected" in result.stderr, "to reject them breaks callers", result)
    p.loader.must("api", "commit", kApi, "--breaking")
    p.loader.must("api", "publish", kApi, "--breaking")
    p.sync_and_reload()
    t.is_(p.get(kCall).status, 200, "what is known is answered")
    for query in ("&usr_name=x", "&x", "&User_id=1"):
        answer = p.get(kCall + query)
        t.is_((answer.status, answer.json["error"], answer.json["errMsg"]), (400, "invalid_parameter", "a parameter is unknown: this API has user_id"), f"{query}: 400")
    t.is_(p.get(kCall + "&x", key="").status, 401, "who is not proved learns nothing of it")
    for body, kind, wanted in (('{"user_id":10001}', "application/json", 200), ('{"user_id":10001,"x":1}', "application/json", 400),
                               ("user_id=10001", "application/x-www-form-urlencoded", 200), ("user_id=10001&x=1", "application/x-www-form-urlencoded", 400)):
        answer = request(p.gateway.port, "/v1/user/post", "POST", {**bearer(p.key), "Content-Type": kind}, body.encode())
        t.is_(answer.status, wanted, f"a body of {body}: {wanted}")
    for verb in (("api", "test", kApi), ("api", "call", kApi, "--credential", "-", "--gateway-url", f"http://127.0.0.1:{p.gateway.port}")):
        result = p.loader(*verb, "--param", "user_ids=1", input=p.key)
        t.ok(result.rc == 1 and '"user_ids" (did you mean "user_id"?)' in result.stderr, f"{' '.join(verb[:2])} names it", result)
    result = p.loader("apply", "-f", "-", input=json.dumps({**strict, "unknown_parameters": "warn"}))
    t.ok(result.rc == 1 and "/unknown_parameters" in result.stderr, "another word is rejected at apply", result)
    document = p.loader.json("openapi")
    t.is_(document["paths"]["/v1/user/post"]["post"]["requestBody"]["content"]["application/json"]["schema"].get("additionalProperties"), False, "OpenAPI says that a body has nothing else")


run_test(test)
