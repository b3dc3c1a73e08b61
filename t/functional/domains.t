#!/usr/bin/env python3
"""The host decides the domain: exact, wildcard, any host, unknown; an HTTPS domain is not served without TLS."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, request, run_test, users_definitions, wait_for

kCall = "/v1/user/info?user_id=10001"
kAlice = '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
kName = "Query User by User ID"
kDomains = [
    {"kind": "Domain", "name": "api.example.com"},
    {"kind": "Domain", "name": "*.example.org"},
    {"kind": "Domain", "name": "deep.example.org"},
    {"kind": "Domain", "name": "secure.example.com", "protocol": "HTTPS", "certificate": "/etc/ssl/a.crt", "certificate_key": "/etc/ssl/a.key",
     "server_block": False},  # the test's nginx has a server of its own
    {"kind": "Domain", "name": "forced.example.com", "protocol": "HTTPS", "certificate": "/etc/ssl/a.crt", "certificate_key": "/etc/ssl/a.key",
     "server_block": False, "force_https": True},
]


def test(t):
    p = t.project().serve(users_definitions(authentication=[]))
    p.apply(kDomains)

    def ask(host, path=kCall):
        return request(p.gateway.port, path, headers={"Host": host})

    def publish(*options, host, wanted):
        p.loader.must("api", "publish", kName, *options, "--yes")
        p.sync("--check", p.gateway.check_command(), "--reload", p.gateway.reload_command())
        wait_for(lambda: all(ask(host).status == wanted for _ in range(20)), 20 * kSlow, f"{host} answers {wanted}")

    t.is_(ask("anything.example").text, kAlice, "published without a domain: any host")
    publish("--domain", "api.example.com", host="other.example", wanted=404)
    t.is_(ask("api.example.com").text, kAlice, "the domain's host")
    t.is_(ask("API.Example.COM:8080").text, kAlice, "in any case, with a port")
    t.is_(ask("other.example").json["error"], "api_not_found", "an unknown host")
    t.is_(ask("x.api.example.com").status, 404, "a name below it is another host")
    t.is_(ask("api.example.com", "/V1/user/info?user_id=1").status, 404, "paths compare case-sensitively")
    t.is_(ask("api.example.com", "/v1/user/./../user/info?user_id=10001").text, kAlice, "after nginx's normalisation")
    publish("--domain", "*.example.org", host="a.example.org", wanted=200)
    t.is_(ask("a.b.example.org").text, kAlice, "a wildcard takes every depth")
    t.is_(ask("example.org").status, 404, "but not the name itself")
    t.is_(ask("api.example.com").status, 404, "the former domain is gone")
    publish("--domain", "secure.example.com", "--domain", "forced.example.com", host="a.example.org", wanted=404)
    clear = ask("secure.example.com")
    t.is_((clear.status, clear.json["error"]), (404, "api_not_found"), "an HTTPS domain in clear: 404")
    forced = ask("forced.example.com")
    t.is_((forced.status, forced.headers.get("location")), (308, f"https://forced.example.com{kCall}"), "force_https: 308 to the same URL")
    t.is_(forced.body, b"", "without a body")
    refused = p.loader("api", "publish", kName, "--domain", "unknown.example.com")
    t.ok(refused.rc == 1 and "unknown.example.com" in refused.stderr, "a domain that is not defined", refused)
    publish("--no-domain", host="whatever.example", wanted=200)
    t.is_(ask("secure.example.com").status, 200, "no domain any more: any host, in clear too")


run_test(test)
