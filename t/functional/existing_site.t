#!/usr/bin/env python3
"""A site that nginx serves already keeps its names, unknown hosts and HTTP version, wherever domains.conf is included; sync reports what listen lines mean."""
import os
import ssl
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import free_port, run_test, users_definitions
from tg_tls import DomainProject, https

kApi = "Query User by User ID"
kCall = "/v1/user/info?user_id=10001"
kAlice = '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'


def site(d, listen, name="corp.example"):
    """A server block of the user's that answers with its name."""
    tls = ""
    if "ssl" in listen:
        certificate, key = d.authority.issue(name, [name])
        tls = f"ssl_certificate {certificate}; ssl_certificate_key {key};"
    return f"server {{ listen {listen}; server_name {name}; {tls} location / {{ return 200 {name}; }} }}"


def version(port, host, address="127.0.0.1"):
    """The protocol that ALPN agrees on."""
    context = ssl._create_unverified_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection((address, port), timeout=15) as link, context.wrap_socket(link, server_hostname=host) as tls:
        return tls.selected_alpn_protocol()


def place(d, *blocks):
    """domains.conf comes first, as in conf.d on Debian: without a default_server its blocks were the default."""
    gateway = d.p.gateway
    gateway.set(http=f"include {gateway.out}/domains.conf;\n" + "\n".join(blocks))
    gateway.reload()


def listens(d, **lists):
    d.p.apply([{**users_definitions()[0], "http_listen": [f"127.0.0.1:{d.http}"], "https_listen": [f"127.0.0.1:{d.https}"], **lists}])


def shared(t, d):
    place(d, site(d, f"127.0.0.1:{d.https} ssl"), site(d, f"127.0.0.1:{d.http}", "plain.example"))
    d.p.apply([d.domain("api.example.com"), {"kind": "Domain", "name": "plain-api.example.com"}])
    d.p.loader.must("api", "publish", kApi, "--domain", "api.example.com", "--domain", "plain-api.example.com", "--yes")
    old, seen = set(d.p.gateway.workers()), d.p.gateway.log_size()
    result = d.sync()
    d.p.gateway.wait_new_workers(old, seen)
    t.is_(result.rc, 0, "an HTTPS domain beside a site on the same address")
    t.like(result.stderr, rf"note: listen 127.0.0.1:{d.https}: server corp.example \(.*nginx.conf:\d+\) listens there too, and receives the hosts that no "
           "block names; its ssl_protocols apply to the domains as well; it has no HTTP/2, so the domains have none", "sync says what that means")
    t.like(result.stderr, rf"note: listen 127.0.0.1:{d.http}: server plain.example ", "on the plain address too")
    t.is_(d.https_ask("api.example.com", kCall).text, kAlice, "the domain answers")
    t.is_(d.ask("plain-api.example.com", kCall).text, kAlice, "the plain one too")
    t.is_(d.https_ask("corp.example").text, "corp.example", "the site answers")
    unknown = https(d.https, "unknown.example", sni="corp.example", ca=d.authority.ca)
    t.is_((unknown.text, unknown.peer), ("corp.example", ["corp.example"]), "unknown hosts go to the site, with its certificate")
    t.is_(https(d.https, "unknown.example").text, "corp.example", "unknown in the handshake as well")
    t.is_(d.ask("unknown.example").text, "plain.example", "unknown hosts in clear")
    t.is_((version(d.https, "corp.example"), version(d.https, "api.example.com")), ("http/1.1", "http/1.1"), "the site does not become HTTP/2")
    again = d.sync()
    t.is_((again.rc, again.stderr), (0, ""), "nothing to report the next time")
    place(d, site(d, f"127.0.0.1:{d.https} ssl http2"))
    t.is_(version(d.https, "api.example.com"), "h2", "a site with HTTP/2 gives it to the domains")
    place(d)
    t.is_((version(d.https, "api.example.com"), https(d.https, "unknown.example").status), ("h2", 404), "without a site: HTTP/2, and our 404 for unknown hosts")
    gateway = d.p.gateway
    gateway.set(http=f"include {gateway.out}/domains.conf;\nserver {{ listen 127.0.0.1:{d.http} default_server; tablegate_guest; return 204; }}\n"
                     + site(d, f"127.0.0.1:{d.http}", "second.example"))
    gateway.reload()
    t.is_(d.ask("unknown.example").status, 204, "default_server counts before anything else")


def taken(t, d):
    """Lines that would take requests or the protocol from others are not written; everything else is."""
    good, wide = d.conf(), free_port()
    place(d, site(d, f"{wide} ssl"))
    listens(d, https_listen=[f"127.0.0.1:{wide}"])
    d.p.loader.must("consumer", "create", "later")
    result = d.sync()
    t.is_(result.rc, 1, "an address of a port that a site listens on as a whole")
    t.like(result.stderr, rf"listen 127.0.0.1:{wide}: it would take all requests to this address from server corp.example \(.*\), which listens on {wide}; "
           rf"domains.conf stays as it was. What helps: {wide} in the GatewayInstance", "named, with what helps")
    t.is_(d.conf(), good, "domains.conf is as it was")
    with open(d.p.gateway.credentials, encoding="utf-8") as file:
        t.ok('"later"' in file.read(), "everything else is written")
    t.is_(https(wide, "corp.example").text, "corp.example", "the site is as it was")
    place(d, site(d, f"127.0.0.1:{d.http}", "plain.example"))
    listens(d, http_listen=[f"127.0.0.1:{wide}"], https_listen=[f"127.0.0.1:{d.http}"])
    result = d.sync()
    t.ok(result.rc == 1 and "does not use TLS, and nginx would use TLS for both" in result.stderr, "TLS on the port of a plain site", result)
    t.is_(d.ask("plain.example").text, "plain.example", "the site is as it was")


def both_families(t, d):
    if not socket.has_ipv6:
        return
    port = free_port()
    place(d, site(d, str(port), "fourth.example"))
    listens(d, http_listen=[str(port)])
    old, seen = set(d.p.gateway.workers()), d.p.gateway.log_size()
    result = d.sync()
    d.p.gateway.wait_new_workers(old, seen)
    t.is_(result.rc, 0, "a port alone")
    t.like(result.stderr, rf"note: listen \[::\]:{port}: server fourth.example .* does not listen there, so its hosts are unknown over IPv6: "
           rf"`listen \[::\]:{port}` for it, or 0.0.0.0:{port} in the GatewayInstance", "IPv6 beside a site without it is reported")
    with socket.create_connection(("::1", port), timeout=15) as link:
        link.sendall(f"GET {kCall} HTTP/1.1\r\nHost: plain-api.example.com\r\nConnection: close\r\n\r\n".encode())
        t.like(link.recv(65536).decode(), r"\AHTTP/1.1 200 ", "the domain answers over IPv6")


def test(t):
    d = DomainProject(t, [], users_definitions(authentication=[]))
    shared(t, d)
    taken(t, d)
    both_families(t, d)


run_test(test)
