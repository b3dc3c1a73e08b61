#!/usr/bin/env python3
"""Where `tablegate on` takes effect: inherited from http and server, switched off, and never in a location with a handler of its own."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, free_port, request, run_test

kCall = "/v1/user/info?user_id=10001"
kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
kHttp = """
    tablegate on;
    server {{ listen 127.0.0.1:{inherits}; }}
    server {{ listen 127.0.0.1:{off}; tablegate off; root {folder}/www; location /v1/again/ {{ tablegate on; }} location /on/ {{ tablegate on; location /on/off/ {{ tablegate off; }} }} }}
    server {{ listen 127.0.0.1:{upstream}; tablegate off; location / {{ return 200 "upstream $http_authorization\\n"; }} }}
"""
kServer = """
    root {folder}/www;
    location /proxied/ {{ proxy_pass http://127.0.0.1:{upstream}; }}
    location /proxied-on/ {{ tablegate on; add_header X-Error "<$tablegate_error>" always; proxy_pass http://127.0.0.1:{upstream}; }}
    location /returned/ {{ return 200 "returned\\n"; }}
    location /files/ {{ tablegate off; }}
    location /status {{ stub_status; }}
    location ~ \\.gif$ {{ empty_gif; }}
    location /v1/ {{ location /v1/user/ {{ }} }}
"""


def test(t):
    project = t.project()
    ports = {name: free_port() for name in ("inherits", "off", "upstream")}
    for name in ("files/one.txt", "on/off/two.txt", "v1/user/info"):
        path = os.path.join(project.folder, "www", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"file {name}\n")
    p = project.serve(http=kHttp.format(folder=project.folder, **ports), server=kServer.format(folder=project.folder, **ports))
    call = lambda port, target, key=p.key: request(ports[port], target, headers=bearer(key) if key else {})

    t.is_(call("inherits", kCall).body, kAlice, "a server without a location inherits it from http")
    t.is_(call("inherits", "/x").status, 404, "where everything else is no API")
    t.is_(p.get(kCall).body, kAlice, "nested locations inherit it, a file of the same name does not count")
    t.is_(call("off", kCall).body, b"file v1/user/info\n", "off in a server: nginx's own file, no key needed")
    t.is_(call("off", "/v1/again/x").json["error"], "api_not_found", "on again in a location of it")
    t.is_(call("off", "/on/off/two.txt").body, b"file on/off/two.txt\n", "off again in a location of that")
    t.is_(call("off", "/on/x").json["error"], "api_not_found", "which is on outside")
    t.is_(p.get("/files/one.txt", key="").body, b"file files/one.txt\n", "off in a location")
    t.is_(p.get("/files/none").status, 404, "with nginx's own 404")
    t.unlike(p.get("/files/none").text, "api_not_found", "not ours")
    for place, name in (("/proxied/", "proxy_pass"), ("/proxied-on/", "proxy_pass beside tablegate on")):
        answer = p.get(place, key="")
        t.is_((answer.status, answer.body), (200, b"upstream \n"), f"{name} is not taken over")
    t.is_(answer.headers.get("x-error"), "<>", "nor do variables ask for a proof there")
    t.is_(p.get("/returned/", key="").body, b"returned\n", "return comes first")
    t.is_(p.get("/status", key="").status, 200, "nor is a location with another handler")
    t.is_(p.get("/x.gif", key="").headers.get("content-type"), "image/gif", "nor empty_gif")
    t.is_(p.get("/x.html", key="").json["error"], "api_not_found", "what is left is ours")

    t.allow(r"\[emerg\].*(invalid value .maybe.|is duplicate)")  # nginx -t says it in the log, too
    t.allow(r"\[emerg\].*(invalid value .maybe.|is duplicate)")  # nginx -t says it in the log, too
    p.gateway.set(http="", server="tablegate maybe;")
    passed, said = p.gateway.check()
    t.ok(not passed and "tablegate" in said and "maybe" in said, "tablegate takes on or off", said)
    p.gateway.set(http="", server="", location="tablegate on;")
    passed, said = p.gateway.check()
    t.ok(not passed and "duplicate" in said, "and only once", said)


run_test(test)
