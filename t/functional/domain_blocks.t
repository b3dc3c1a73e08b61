#!/usr/bin/env python3
"""The generated server blocks of domains: host routing, hosts that no domain names, force_https, snippets, what is refused."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import raw, request, run_test, users_definitions
from tg_tls import DomainProject

kApi = "Query User by User ID"
kOpen = "Any Host User"
kCall = "/v1/user/info?user_id=10001"
kOpenCall = "/open/user?user_id=10001"
kAlice = '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'


def definitions():
    objects = users_definitions(authentication=[])
    open_api = dict(objects[5], name=kOpen, business_process="Open Process", path="/user")
    return objects + [{"kind": "RestApi", "name": "open-api", "base_path": "/open"},
                      {"kind": "BusinessProcess", "name": "Open Process", "rest_api": "open-api"}, open_api]


def without_domains(t, d):
    t.unlike(d.conf(), r"server \{", "no domain in use: no block")
    t.like(d.conf(), r"\A# Written by tablegate sync for gateway dataservice-prod", "but a valid file")
    d.publish(kApi, "hand.example.com")
    t.unlike(d.conf(), r"server \{", "a domain with server_block false has no block either")
    t.is_(d.p.get(kCall, key="", Host="hand.example.com").text, kAlice, "it routes in a server of the user's own")
    t.is_(d.p.get(kCall, key="", Host="other.example.com").status, 404, "and only there")


def hosts(t, d):
    d.publish(kApi, "api.example.com", "*.example.org")
    for host, target, wanted, name in (
            ("api.example.com", kCall, 200, "a domain"), ("API.Example.COM:80", kCall, 200, "in any case, with a port"),
            ("api.example.com", "/v1/nothing", 404, "a path that nobody has"), ("www.example.com", kCall, 404, "an unknown host"),
            ("127.0.0.1", kCall, 404, "an address"), ("x.api.example.com", kCall, 404, "a name below a domain"), ("a.example.org", kCall, 200, "a wildcard"),
            ("a.b.example.org", kCall, 200, "a wildcard at any depth"), ("example.org", kCall, 404, "not the wildcard's own name"),
            ("api.example.com", kOpenCall, 200, "a REST API without a domain: on a domain"), ("www.example.com", kOpenCall, 200, "on an unknown host"),
            ("127.0.0.1", kOpenCall, 200, "on an address"), ("_tablegate_any_host", kCall, 404, "the name of the block for all other hosts is no domain")):
        answer = d.ask(host, target)
        t.is_((answer.status, answer.json["success"]), (wanted, wanted == 200), f"{name}: {host}{target}")
    answer = raw(d.http, f"GET {kOpenCall} HTTP/1.0\r\n\r\n".encode())
    t.ok(b" 200 " in answer and b"Alice" in answer, "HTTP/1.0 without a host: what has no domain", answer)
    answer = raw(d.http, b"GET /bad HTTP/9.9\r\nHost: api.example.com\r\n\r\n")
    t.ok(b'"success":false' in answer, "nginx's own errors have our body", answer)
    t.is_(d.p.get(kCall, key="").status, 404, "a server of the user's own serves the same routes")


def snippets(t, d):
    folder = os.path.join(d.p.gateway.out, "domains.d")
    os.mkdir(folder, 0o755)
    for name, text in (("api.example.com", "exact"), ("_.example.org", "wildcard")):
        with open(os.path.join(folder, f"{name}.conf"), "w", encoding="ascii") as file:
            file.write(f"location = /snippet {{ default_type text/plain; return 200 {text}; }}\n")
    # Tokens are up to 16 KiB. Whoever sets the buffers of a domain himself keeps his own.
    t.is_(d.ask("api.example.com", kCall, Authorization="Bearer " + "x" * 16384).status, 200, "a header of 16 KiB: a domain")
    t.is_(d.ask("127.0.0.1", kOpenCall, Authorization="Bearer " + "x" * 16384).status, 200, "any host")
    with open(os.path.join(folder, "api.example.com.conf"), "a", encoding="ascii") as file:
        file.write("large_client_header_buffers 4 8k;\n")
    d.sync()
    d.p.gateway.reload()
    t.is_(d.ask("api.example.com", kCall, Authorization="Bearer " + "x" * 16384).status, 400, "the user's own lines set the buffers")
    t.is_(d.ask("api.example.com", "/snippet").text, "exact", "domains.d/api.example.com.conf")
    t.is_(d.ask("a.example.org", "/snippet").text, "wildcard", "domains.d/_.example.org.conf, of *.example.org")
    t.is_(d.ask("www.example.com", "/snippet").status, 404, "other hosts have nothing of it")


def encrypted(t, d):
    d.p.apply([d.domain("secure.example.com"), d.domain("forced.example.com", force_https=True)])
    for name in ("secure.example.com", "forced.example.com"):
        with open(os.path.join(d.p.gateway.out, "domains.d", f"{name}.conf"), "w", encoding="ascii") as file:
            file.write("location /.well-known/acme-challenge/ { default_type text/plain; return 200 proof; }\n")
    d.publish(kApi, "secure.example.com", "forced.example.com")
    t.is_(d.https_ask("secure.example.com", kCall).text, kAlice, "HTTPS: over TLS")
    clear = d.ask("secure.example.com", kCall)
    t.is_((clear.status, clear.json["error"]), (404, "api_not_found"), "HTTPS in clear: 404")
    t.is_(d.https_ask("forced.example.com", kCall).text, kAlice, "force_https: over TLS")
    forced = d.ask("forced.example.com:8080", kCall)
    t.is_((forced.status, forced.headers.get("location")), (308, f"https://forced.example.com:{d.https}{kCall}"), "force_https in clear: 308 to the TLS port")
    t.like(forced.headers.get("x-ca-request-id"), "^[0-9a-f]{32}$", "with the request's id")
    t.is_(d.ask("www.example.com", kCall).status, 404, "an unknown host is not sent anywhere")
    for name in ("secure.example.com", "forced.example.com"):
        t.is_((d.ask(name, "/.well-known/acme-challenge/x").text, d.https_ask(name, "/.well-known/acme-challenge/x").text), ("proof", "proof"),
              f"{name}: its snippet is in both blocks")
    refused = request(d.https, kCall, headers={"Host": "secure.example.com"})
    t.is_((refused.status, refused.json["success"]), (400, False), "HTTP to the TLS port: nginx's 400 with our body")


def syntax(t, d):
    """HTTP/2 in the syntax of the installed nginx."""
    fake = os.path.join(d.p.folder, "fake", "nginx")
    os.mkdir(os.path.dirname(fake))
    for version, old in (("nginx/1.22.1", True), ("nginx/1.25.0", True), ("nginx/1.25.1", False), ("openresty/1.27.1.2", False), ("nothing", True)):
        d.p.file("fake/nginx", f"#!/bin/sh\necho 'nginx version: {version}' >&2\n")
        os.chmod(fake, 0o755)
        for option in ("--check", "--reload"):
            out = os.path.join(d.p.folder, "out-" + version.replace("/", "-") + option)
            env = {"PATH": f"{os.path.dirname(fake)}:{os.environ['PATH']}"}
            result = d.p.loader("sync", "--output", out, option, f"A='b c' '{fake}' -t" if option == "--check" else f"{fake} -s reload", env=env)
            with open(os.path.join(out, "domains.conf"), encoding="ascii") as file:
                text = file.read()
            t.ok(result.rc == 0 and ("tablegate_guest http2;" in text) == old and ("http2 on;" in text) != old, f"{version}: {'tablegate_guest http2;' if old else 'http2 on;'}", result, text)
    for how in ({"env": {"TABLEGATE_NGINX_VERSION": "1.25.1"}}, {}):
        out = os.path.join(d.p.folder, f"out-{bool(how)}")
        result = d.p.loader("sync", "--output", out, *(() if how else ("--nginx-version", "1.29.0")), **how)
        with open(os.path.join(out, "domains.conf"), encoding="ascii") as file:
            t.ok(result.rc == 0 and "http2 on;" in file.read(), "or as --nginx-version or its variable says", result)
    t.is_(d.p.loader("sync", "--output", out, "--nginx-version", "new").rc, 2, "which must be one")


def refusals(t, d):
    p, good = d.p, d.conf()
    for change, pointer in (({"name": "a;b"}, "/name"), ({"name": "UPPER.example.com"}, "/name"), ({"certificate": "/etc/x;y"}, "/certificate"),
                            ({"certificate_key": "/etc/x y"}, "/certificate_key"), ({"certificate": "etc/x"}, "/certificate"), ({"tls_min": "TLSv1.1"}, "/tls_min"),
                            ({"tls_min": "TLSv1.3", "tls_max": "TLSv1.2"}, "/tls_min")):
        result = p.loader("apply", "-f", p.definitions([{**d.domain("x.example.com", certificate="secure.example.com"), **change}], "bad.json"))
        t.ok(result.rc == 1 and f"/0{pointer}" in result.stderr, f"apply refuses {change}", result)
    for change in ({"http_listen": ["80; include /etc/passwd"]}, {"https_listen": ["443 default_server"]}, {"http_listen": ["unix:/tmp/x"]},
                   {"http_listen": ["8080"], "https_listen": ["0.0.0.0:8080"]}):
        result = p.loader("apply", "-f", p.definitions([{**users_definitions()[0], **change}], "bad.json"))
        t.ok(result.rc == 1 and "try: " in result.stderr, f"apply refuses {change}", result)
    result = p.loader("apply", "-f", p.definitions([d.domain("mixed.example.com", certificate="secure.example.com", http2=False)], "mixed.json"))
    t.is_(result.rc, 0, "a domain with other settings of TLS may be defined")
    refused = p.loader("api", "publish", kApi, "--domain", "secure.example.com", "--domain", "mixed.example.com", "--yes")
    t.ok(refused.rc == 1 and '"mixed.example.com" and "secure.example.com"' in refused.stderr and "http2" in refused.stderr, "but not published beside the others", refused)
    p.loader.must("api", "publish", kApi, "--domain", "secure.example.com", "--domain", "forced.example.com", "--yes")
    t.is_(d.sync().rc, 0, "the others are served")
    good = d.conf()
    refused = p.loader("apply", "-f", "-", input=json.dumps({**d.domain("forced.example.com", certificate="secure.example.com"), "http2": False}))
    t.ok(refused.rc == 1 and '"forced.example.com" and "secure.example.com"' in refused.stderr and "nothing was saved" in refused.stderr, "a domain in use does not become so by apply either", refused)
    # Rows that were not written by apply.
    for change in ("'{certificate}', '\"/x;\\ninclude /etc/passwd\"'", "'{certificate_key}', '\"/x y\"'", "'{tls_min}', '\"SSLv3; }\"'"):
        p.postgres.psql(f"UPDATE tablegate.domain SET definition = jsonb_set(definition::jsonb, {change}) WHERE name = 'secure.example.com'")
        result = d.sync()
        t.ok(result.rc == 1 and "secure.example.com" in result.stderr and "keeps the server block it had" in result.stderr and "passwd" not in result.stderr,
             f"sync names {change}", result)
        t.unlike(d.conf(), r"passwd|SSLv3|/x", "and writes nothing of it")
        p.apply([d.domain("secure.example.com", certificate="secure.example.com")])
    d.sync()
    t.is_(d.conf(), good, "corrected: the blocks are what they were")
    before = p.postgres.psql("SELECT definition FROM tablegate.gateway_instance")
    p.postgres.psql("UPDATE tablegate.gateway_instance SET definition = jsonb_set(definition::jsonb, '{http_listen}', '[\"80;injected\"]')")
    result = d.sync()
    t.ok(result.rc == 1 and "listen address" in result.stderr and "injected" not in result.stderr, "sync names a listen address", result)
    p.postgres.psql(f"UPDATE tablegate.gateway_instance SET definition = $x${before}$x$")
    t.is_(d.conf(), good, "nothing was written")
    odd = os.path.join(p.folder, "odd folder")
    result = p.loader("sync", "--output", odd)
    t.ok(result.rc == 1 and "--output" in result.stderr, "a folder whose name nginx would read as something else", result)
    # A second block of the same name: nginx leaves one out and only warns.
    p.gateway.set(http=f"include {p.gateway.out}/domains.conf; server {{ listen 127.0.0.1:{d.http}; server_name new.example.com; return 204; }}")
    p.apply([{"kind": "Domain", "name": "new.example.com"}])
    p.loader.must("api", "publish", kApi, "--domain", "new.example.com", "--yes")
    result = d.sync()
    t.ok(result.rc == 1 and "conflicting server name" in result.stderr, "a server block of the user's has the name already", result)
    t.is_(d.conf(), good, "domains.conf is put back")


def test(t):
    d = DomainProject(t, [{"kind": "Domain", "name": "api.example.com"}, {"kind": "Domain", "name": "*.example.org"},
                          {"kind": "Domain", "name": "hand.example.com", "server_block": False}], definitions())
    without_domains(t, d)
    hosts(t, d)
    snippets(t, d)
    encrypted(t, d)
    syntax(t, d)
    refusals(t, d)


run_test(test)
