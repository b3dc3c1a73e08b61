#!/usr/bin/env python3
"""A proof belongs to the policy of its location: what a variable proved with the server's settings is proved again where they differ."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, request, run_test, users_definitions, wait_for
from tg_hmac import signed_headers

kGet = "/v1/user/info?user_id=10001"
kRead = "set $seen $tablegate_consumer;"


def signatures(t, p, key):
    def ask(headers):
        return request(p.gateway.port, kGet, headers=headers)

    for server, location in (("0", "900s"), ("5s", "900s"), ("900s", "5s")):
        p.gateway.set(server=f"tablegate on; tablegate_hmac_window {server}; {kRead}\n", location=f"tablegate_hmac_window {location}; add_header X-Seen $seen always;")
        p.gateway.reload()
        what = f"server {server}, location {location}"
        wait_for(lambda: ask(signed_headers(key, "GET", kGet)).status == 200, 20 * kSlow, "served")
        headers = signed_headers(key, "GET", kGet)
        first = ask(headers)
        t.is_((first.status, first.headers.get("x-seen")), (200, "demo"), f"{what}: proved twice, its own nonce is no replay")
        again = ask(headers)
        t.is_((again.status, again.json["error"]), (401, "replayed_nonce"), f"{what}: a repeated nonce")
        old = ask(signed_headers(key, "GET", kGet, when=time.time() - 30 * 86400))
        t.is_((old.status, old.json["error"]), (401, "stale_request"), f"{what}: a signature of 30 days ago")
    p.gateway.set(server="", location="")


def encryption(t, p):
    p.apply([{"kind": "Domain", "name": "secure.example.com", "protocol": "HTTPS", "server_block": False, "certificate": "/nonexistent.crt",
              "certificate_key": "/nonexistent.key"}])
    p.loader.must("api", "publish", "Open Users", "--domain", "secure.example.com", "--yes")
    p.sync()
    path, host = "/v1/open/info?user_id=10001", {"Host": "secure.example.com"}
    for server, location, wanted in (("on", "off", 404), ("off", "on", 200)):
        p.gateway.set(server=f"tablegate on; tablegate_tls_terminated {server}; set $seen $tablegate_api;\n", location=f"tablegate_tls_terminated {location};")
        p.gateway.reload()
        t.is_(request(p.gateway.port, path, headers=host).status, wanted, f"TLS ended in front: server {server}, location {location}")


def test(t):
    p = t.project()
    objects = users_definitions(authentication=["hmac"])
    objects.append({**objects[-1], "name": "Open Users", "path": "/open/info", "authentication": []})
    p.serve(objects)
    key = p.loader.json("consumer", "add-key", "demo", "--type", "hmac")
    p.secrets.append(key["secret"])
    p.sync_and_reload()
    signatures(t, p, key)
    encryption(t, p)


run_test(test)
