#!/usr/bin/env python3
"""TLS of the generated blocks: versions, SNI, HTTP/2, hosts that no domain names; tablegate_tls_terminated behind a proxy."""
import os
import socket
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import request, run_test, users_definitions
from tg_tls import curl, DomainProject

kApi = "Query User by User ID"
kCall = "/v1/user/info?user_id=10001"
kAlice = '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
kNames = ("a.example.com", "b.example.com", "*.example.org")


def accepted(d, name, version):
    """Whether a handshake with this version alone succeeds."""
    context = ssl.create_default_context(cafile=d.authority.ca)
    context.minimum_version = context.maximum_version = version
    try:
        with socket.create_connection(("127.0.0.1", d.https), timeout=15) as link, context.wrap_socket(link, server_hostname=name) as tls:
            return tls.version()
    except ssl.SSLError as error:
        return error.reason


def names(t, d):
    for host, certificate in (("a.example.com", "a.example.com"), ("b.example.com", "b.example.com"), ("x.example.org", "*.example.org")):
        answer = d.https_ask(host, kCall)
        t.is_((answer.text, answer.peer), (kAlice, [certificate]), f"{host}: its own certificate, and the answer")
    t.is_(d.https_ask("a.example.com", kCall, header_host="b.example.com").text, kAlice, "SNI of one domain, Host of another: the host decides")
    for host, sni, name in (("unknown.example.net", None, "an unknown host"), ("unknown.example.net", "", "a caller without SNI"), ("127.0.0.1", "", "an address")):
        answer = d.https_ask(host, kCall, ca=None, sni=sni)
        t.is_((answer.status, answer.json["error"]), (404, "api_not_found"), f"{name}: 404")
    try:
        d.https_ask("unknown.example.net", kCall)
        refused = None
    except ssl.SSLCertVerificationError as error:
        refused = error
    t.ok(refused is not None, "an unknown host has no certificate here: who checks finds out")


def http2(t, d):
    def call(host, *options):
        return curl(f"https://{host}:{d.https}{kCall}", "--cacert", d.authority.ca, "--resolve", f"{host}:{d.https}:127.0.0.1", "-w", " %{http_version} %{http_code}", *options)

    for host in ("a.example.com", "x.example.org"):
        t.is_(call(host, "--http2")[:2], (0, f"{kAlice} 2 200"), f"{host}: HTTP/2")
        t.is_(call(host, "--http1.1")[:2], (0, f"{kAlice} 1.1 200"), f"{host}: HTTP/1.1")
    d.p.apply([d.domain(name, http2=False) for name in kNames])
    d.publish(kApi, *kNames[:2])
    t.is_(call("a.example.com", "--http2")[:2], (0, f"{kAlice} 1.1 200"), "http2 false: none is offered")


def versions(t, d):
    v12, v13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    t.is_((accepted(d, "a.example.com", v12), accepted(d, "b.example.com", v13)), ("TLSv1.2", "TLSv1.3"), "TLSv1.2 to TLSv1.3 by default")
    old = curl(f"https://a.example.com:{d.https}{kCall}", "--cacert", d.authority.ca, "--resolve", f"a.example.com:{d.https}:127.0.0.1", "--tls-max", "1.1",
               "--ciphers", "DEFAULT@SECLEVEL=0", "--tlsv1.0")
    t.ok(old[0] == 35, "TLSv1.1 is refused", old)
    for low, high, good, bad in (("TLSv1.3", "TLSv1.3", v13, v12), ("TLSv1.2", "TLSv1.2", v12, v13)):
        d.p.apply([d.domain(name, tls_min=low, tls_max=high) for name in kNames])
        d.publish(kApi, *kNames)
        for name in ("a.example.com", "x.example.org", "unknown.example.net"):
            if name != "unknown.example.net":
                t.is_(accepted(d, name, good), low, f"{low} alone: {name} takes it")
            t.like(accepted(d, name, bad), "PROTOCOL_VERSION", f"{low} alone: {name} refuses the other")


def terminated(t, d):
    """A server of the user's own, which a proxy ends TLS for."""
    for text, wanted in (("", 404), ("tablegate_tls_terminated off;", 404), ("tablegate_tls_terminated on;", 200)):
        for level in ("location", "server", "http"):
            parts = {"location": "", "server": "", level: text}
            parts["http"] = f"include {d.p.gateway.out}/domains.conf;\n" + parts.get("http", "")
            d.p.gateway.set(**parts)
            d.p.gateway.reload()
            answer = request(d.p.gateway.port, kCall, headers={"Host": "a.example.com"})
            t.is_(answer.status, wanted, f"{level}: {text or 'nothing'}: an HTTPS domain in clear is {wanted}")
    d.p.gateway.set(http=f"include {d.p.gateway.out}/domains.conf; tablegate_tls_terminated on;", server="", location="tablegate_tls_terminated off;")
    d.p.gateway.reload()
    t.is_(request(d.p.gateway.port, kCall, headers={"Host": "a.example.com"}).status, 404, "the innermost counts")
    d.p.gateway.set(location="tablegate_tls_terminated perhaps;")
    t.allow(r'\[emerg\].*invalid value "perhaps"')
    t.is_(d.p.gateway.check()[0], False, "another value fails nginx -t")
    d.p.gateway.set(location="")


def test(t):
    d = DomainProject(t, [], users_definitions(authentication=[]))
    d.p.apply([d.domain(name) for name in kNames])
    d.publish(kApi, *kNames)
    names(t, d)
    http2(t, d)
    d.p.apply([d.domain(name) for name in kNames])
    d.publish(kApi, *kNames)
    versions(t, d)
    terminated(t, d)


run_test(test)
