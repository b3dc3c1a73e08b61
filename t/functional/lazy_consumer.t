#!/usr/bin/env python3
"""$tablegate_consumer before the access phase: stock nginx limits requests by consumer, each proof is made once, and nothing that a
caller says becomes an identity. No line of ours, at debug level, holds a credential."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import bearer, request, run_test, users_definitions, wait_for, kSlow
from tg_hmac import signed_headers
from tg_jwt import hs256

kSecret = "a-shared-secret-of-32-bytes-or-more-for-HS256"
kForm = {"Content-Type": "application/x-www-form-urlencoded"}
kLimits = """
    limit_req_zone $tablegate_consumer zone=consumers:1m rate=1r/m;
    limit_req_zone $tablegate_consumer_claimed zone=claimed:1m rate=1r/m;
    log_format who '$uri $status consumer=$tablegate_consumer claimed=$tablegate_consumer_claimed auth=$tablegate_auth credential=$tablegate_credential error=$tablegate_error';
    access_log {folder}/who.log who;
"""


def definitions():
    objects = users_definitions(authentication=["api_key", "jwt", "hmac"])
    objects.append({**objects[-1], "name": "Posted API", "path": "/user/posted", "method": "POST"})
    return objects


def test(t):
    p = t.project()
    p.gateway.set(access_log=kLimits.format(folder=p.folder), log_level="debug", server="limit_req_status 429;")
    p.serve(definitions())
    hmac_key = p.loader.json("consumer", "add-key", "demo", "--type", "hmac")
    p.loader.must("consumer", "create", "partner")
    p.loader.must("consumer", "authorize", "partner", "--rest-api", "dataservice-user-api")
    p.loader.must("consumer", "set-jwt", "partner", "--secret-file", p.file("secret", kSecret), "--alg", "HS256", "--issuer", "me")
    token = hs256(kSecret, {"iss": "me", "exp": int(time.time()) + 600})
    p.secrets += [hmac_key["secret"], token, kSecret]
    p.sync_and_reload()
    port, path = p.gateway.port, "/v1/user/info?user_id=10001"

    def lines(last):
        with open(os.path.join(p.folder, "who.log"), encoding="utf-8") as file:
            return file.read().splitlines()[-last:]

    def ask(headers):
        """The status, once the log line of it is there: two workers do not write theirs in the order of their answers."""
        before = len(lines(1000))
        status = request(port, path, headers=headers).status
        wait_for(lambda: len(lines(1000)) > before, 5 * kSlow, "a log line")
        return status

    def logged(name, last, pattern):
        t.like("\n".join(lines(last)), pattern, name)

    # --- without limits: who it was, in the log
    t.is_([ask(headers) for headers in (bearer(p.key), bearer(token), signed_headers(hmac_key, "GET", path))], [200] * 3, "one API, three types")
    logged("each is named in the log", 3, r"consumer=demo claimed=- auth=api_key credential=ak_\w+ error=-\n"
           r".*consumer=partner claimed=- auth=jwt credential=- error=-\n.*consumer=demo claimed=" + hmac_key["access_key"] + r" auth=hmac credential=hk_\w+ error=-$")
    wrong = signed_headers({**hmac_key, "secret": "x" * 40}, "GET", path)
    ask({**wrong, "X-Tablegate-Consumer": "demo"})
    logged("a signature that does not hold claims, but is nobody", 1, r"401 consumer=- claimed=" + hmac_key["access_key"] + r" auth=- credential=- error=invalid_signature$")

    # --- limits by consumer
    p.gateway.set(location="limit_req zone=consumers;")
    p.gateway.reload()
    t.is_([request(port, path, headers=bearer(p.key)).status for _ in range(3)], [200, 429, 429], "demo by API key: the second is too many")
    t.is_(request(port, path, headers=signed_headers(hmac_key, "GET", path)).status, 429, "by signature it is the same consumer")
    t.is_([request(port, path, headers=bearer(token)).status for _ in range(2)], [200, 429], "another consumer has its own limit")
    t.is_([request(port, path, headers=bearer("tg_nobody")).status for _ in range(3)], [401] * 3, "nobody has none: an empty key is not counted")
    # A proof made twice would find its own nonce used.
    p.gateway.set(location="limit_req zone=claimed burst=100 nodelay; limit_req zone=consumers burst=100 nodelay; add_header X-Who $tablegate_consumer always;")
    p.gateway.reload()
    got = [request(port, path, headers=signed_headers(hmac_key, "GET", path)) for _ in range(5)]
    t.is_([(answer.status, answer.headers.get("x-who")) for answer in got], [(200, "demo")] * 5, "preaccess, access and a header: one proof a request")
    # A body is not read before the access phase: the consumer is unknown there, the key it claims is not.
    body = b"user_id=10001"
    p.gateway.set(location="limit_req zone=consumers;")
    p.gateway.reload()
    post = lambda: request(port, "/v1/user/posted", "POST", signed_headers(hmac_key, "POST", "/v1/user/posted", kForm, body), body).status
    t.is_([post() for _ in range(3)], [200] * 3, "a signed form: no consumer before its body is read, so no limit by it")
    p.gateway.set(location="limit_req zone=claimed;")
    p.gateway.reload()
    t.is_([post() for _ in range(2)], [429, 429], "but by the key that it claims")

    # --- what the log holds
    log = p.gateway.log()
    ours = [line for line in log.splitlines() if re.search(r"tablegate[: ]", line)]
    t.ok(any("[debug]" in line for line in log.splitlines()), "the log is nginx's debug log")
    t.ok(any("signature_mismatch" in line for line in ours), "it holds reasons")
    t.ok(any(p.key in line for line in log.splitlines()), "nginx's own debug lines print headers, so the harness would find a key in one of ours")


run_test(test)
