#!/usr/bin/env python3
"""satisfy any and all with allow, deny and auth_basic: other access rules never replace the API's own credential."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import base64

from tablegate_test import run, run_test, users_definitions

kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
kPlaces = {
    "any-allow": "satisfy any; allow all;",
    "any-deny": "satisfy any; deny all;",
    "any-nothing": "satisfy any;",
    "any-basic": "satisfy any; auth_basic staff; auth_basic_user_file {folder}/passwords;",
    "any-deny-basic": "satisfy any; deny all; auth_basic staff; auth_basic_user_file {folder}/passwords;",
    "all-allow": "satisfy all; allow all;",
    "all-deny": "satisfy all; deny all;",
    "all-basic": "satisfy all; auth_basic staff; auth_basic_user_file {folder}/passwords;",
    "all-request": "satisfy all; auth_request /no;",
}
# What other modules guard comes first: who is kept out does not learn which keys are valid.
# status of: no credential, unknown key, another consumer's key, good key; of the open API without and with a key
kWanted = {
    "any-allow": (401, 401, 403, 200, 200, 200),
    "any-deny": (403, 403, 403, 200, 403, 403),
    "any-nothing": (401, 401, 403, 200, 200, 200),
    "any-basic": (401, 401, 401, 200, 401, 401),
    "any-deny-basic": (401, 401, 401, 200, 401, 401),
    "all-allow": (401, 401, 403, 200, 200, 200),
    "all-deny": (403, 403, 403, 403, 403, 403),
    "all-basic": (401, 401, 401, 401, 401, 401),
    "all-request": (403, 403, 403, 403, 403, 403),
}


def definitions():
    objects = users_definitions()
    api = next(x for x in objects if x["kind"] == "Api")
    objects.append({**api, "name": "Open Users", "path": "/open/info", "authentication": []})
    return objects


def basic(t, p):
    """A password opens what auth_basic guards, and no API."""
    staff = {"Authorization": "Basic " + base64.b64encode(b"staff:pass").decode()}
    for place in ("any-basic", "any-deny-basic", "all-basic"):
        answer = p.get(f"/{place}/v1/user/info?user_id=10001", key="", **staff)
        t.ok(answer.status == 401 and b"Alice" not in answer.body, f"{place}: a password is no API key", answer)
        t.is_(p.get(f"/{place}/v1/open/info?user_id=10001", key="", **staff).status, 200, f"{place}: it opens an open API")
    answer = p.get("/any-basic/v1/user/info?user_id=10001", key="")
    t.like(answer.headers.get("www-authenticate"), "^Basic realm", "any-basic: without anything the password is asked for")


def test(t):
    project = t.project()
    encoded = run(["openssl", "passwd", "-apr1", "pass"]).stdout.strip()
    project.file("passwords", f"staff:{encoded}\n")
    places = "".join(f"location /{name}/ {{ rewrite ^/{name}(/.*)$ $1 break; tablegate on; {text.format(folder=project.folder)} }}\n"
                     for name, text in kPlaces.items()) + "location = /no { internal; return 403; }\n"
    p = project.serve(definitions(), server=places)
    p.loader.must("consumer", "create", "stranger")
    stranger = p.add_key("stranger")
    p.sync()
    p.gateway.reload()
    for place, wanted in kWanted.items():
        calls = [p.get(f"/{place}/v1/{api}/info?user_id=10001", key=key) for api, key in
                 (("user", ""), ("user", "x" * 43), ("user", stranger), ("user", p.key), ("open", ""), ("open", p.key))]
        t.is_(tuple(answer.status for answer in calls), wanted, f"{place}: no key, unknown, stranger, good; open API without and with")
        t.ok(all((answer.body == kAlice) == (answer.status == 200) for answer in calls), f"{place}: the row with 200 only", calls)
    basic(t, p)


run_test(test)
