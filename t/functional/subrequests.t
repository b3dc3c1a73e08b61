#!/usr/bin/env python3
"""Answers as nginx's subrequests, for which the access phase is skipped: auth_request and SSI. Only a proof opens an API there, too."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Load, bearer, kSlow, run_test
from tg_faults import serve_slow

kCall = "/v1/user/info?user_id=10001"
kAlice = b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
kServer = """
    root {folder}/www;
    location = /asked {{ internal; rewrite ^ /v1/user/info?user_id=10001 break; tablegate on; }}
    location = /asked-slow {{ internal; rewrite ^ /v1/user/info?user_id=20300 break; tablegate on; }}
    location /guarded/ {{ auth_request /asked; }}
    location /guarded-slow/ {{ auth_request /asked-slow; alias {folder}/www/guarded/; }}
    location = /empty {{ internal; return 204; }}
    location = /refused {{ internal; return 403; }}
    location /v1/ {{ tablegate on; auth_request /empty; auth_request_set $who $tablegate_consumer; add_header X-Who $who; }}
    location /pages/ {{ ssi on; }}
    location ~ ^/closed(/v1/.*)$ {{ rewrite ^/closed(.*)$ $1 break; tablegate on; auth_request /refused; }}
"""
kPage = '<p><!--# include virtual="/v1/user/info?user_id=10001" --></p><p><!--# include virtual="/v1/user/info?user_id=20300" --></p>\n'


def files(folder):
    for name, text in (("guarded/file.txt", "secret\n"), ("pages/one.html", kPage)):
        path = os.path.join(folder, "www", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def auth_request(t, p, stranger):
    for place in ("guarded", "guarded-slow"):
        file = f"/{place}/file.txt"
        answer = p.get(file)
        t.is_((answer.status, answer.body), (200, b"secret\n"), f"{place}: the API's 200 opens")
        answer = p.get(file, key="")
        t.is_(answer.status, 401, f"{place}: without a key 401")
        t.like(answer.headers.get("www-authenticate"), '^Bearer realm="', f"{place}: with the API's WWW-Authenticate")
        t.ok(b"secret" not in answer.body, f"{place}: and no file")
        t.is_(p.get(file, key="x" * 43).status, 401, f"{place}: an unknown key: 401")
        t.is_(p.get(file, key=stranger).status, 403, f"{place}: a consumer that is not authorised: 403")


def guarded_api(t, p):
    answer = p.get(kCall)
    t.is_((answer.status, answer.body), (200, kAlice), "an API behind auth_request")
    t.is_(p.get(kCall, key="").status, 401, "which does not replace the API's own credential")
    for key, name in ((p.key, "with a key"), ("", "without")):
        answer = p.get("/closed" + kCall, key=key)
        t.ok(answer.status in (401, 403) and b"Alice" not in answer.body, f"a refusal of auth_request counts, {name}", answer)
    t.is_(p.get("/closed" + kCall).status, 403, "with a good key it is auth_request's 403")


def ssi(t, p):
    answer = p.get("/pages/one.html")
    t.is_(answer.body, b"<p>" + kAlice + b'</p><p>{"data":{"user_id":20300,"user_name":"Sleeper 300"},"success":true}</p>\n', "SSI includes two answers, in order")
    answer = p.get("/pages/one.html", key="")
    t.is_(answer.status, 200, "SSI without a key: the page comes")
    t.ok(b"Alice" not in answer.body and answer.body.count(b'"error":"missing_credential"') == 2, "with the APIs' refusals in it", answer)
    head = p.get("/pages/one.html", "HEAD")
    t.is_((head.status, head.body), (200, b""), "SSI and HEAD")
    wanted = p.get("/pages/one.html").body
    with Load(p.gateway.port, "/pages/one.html", bearer(p.key), threads=4, count=40, check=lambda answer: answer.body == wanted, seconds=30 * kSlow) as load:
        load.join()
    t.ok(not load.failures and not load.wrong and load.statuses[200] == 40, "SSI from several at once", load)


def test(t):
    project = t.project()
    files(project.folder)
    p = serve_slow(project, server=kServer.format(folder=project.folder))
    p.loader.must("consumer", "create", "stranger")
    stranger = p.add_key("stranger")
    p.sync()
    p.gateway.reload()
    auth_request(t, p, stranger)
    guarded_api(t, p)
    ssi(t, p)


run_test(test)
