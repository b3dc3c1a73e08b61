#!/usr/bin/env python3
"""Nonces: a consumer with several keys leaves room for others; a window that grows takes no nonce twice; a binary upgrade warns."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kAsan, kSlow, Client, request, run_test, users_definitions, wait_for
from tg_hmac import signed_headers
from tg_process import is_alive

kGet = "/v1/user/info?user_id=10001"


def ask(p, headers):
    return request(p.gateway.port, kGet, headers=headers).status


def shares(t, p, keys):
    """One consumer with two keys sends more than the store holds; the other one still has its own room."""
    with Client(p.gateway.port) as client:
        greedy = [client.request(kGet, headers=signed_headers(keys["greedy"][number % 2], "GET", kGet)).status for number in range(1500)]
        t.is_(set(greedy), {200, 503}, "a consumer that fills its share of the store gets 503")
        victim = [client.request(kGet, headers=signed_headers(keys["demo"][0], "GET", kGet)).status for _ in range(60)]
    t.ok(victim.count(200) >= 58, "two keys are no two shares: another consumer is served", victim)


def growing(t, p, key):
    """2 s -> 900 s, after 900 s -> 2 s: requests that were forgotten meanwhile are not taken again."""
    def change(window):
        p.gateway.set(http=f"tablegate_hmac_window {window}s;")
        p.gateway.reload()
    change(2)
    begun = time.monotonic()
    sent = [signed_headers(key, "GET", kGet, when=time.time() + ahead) for ahead in (0, 0, 0, 1, 1, 1)]
    t.is_([ask(p, headers) for headers in sent], [200] * 6, "signed up to 1 s ahead, within a window of 2 s")
    change(900)
    t.is_(ask(p, signed_headers(key, "GET", kGet)), 200, "new requests are served at once after the window has grown")
    time.sleep(max(0, begun + 16 - time.monotonic()))  # the table keeps a nonce up to 16 s longer than it must
    t.is_([ask(p, headers) for headers in sent], [401] * 6, "and none of those is taken again")


def upgrade(t, p, key):
    seen, old = p.gateway.log_size(), p.gateway.pid
    os.kill(old, signal.SIGUSR2)
    p.gateway.wait_log("a binary upgrade begins with an empty store of nonces", seen)
    t.ok(True, "a binary upgrade: nginx warns that both masters take a nonce")
    wait_for(lambda: p.gateway.pid not in (None, old), 10 * kSlow, "the new master")
    os.kill(old, signal.SIGQUIT)
    wait_for(lambda: not is_alive(old), 15 * kSlow, "the old master ends")
    sent = signed_headers(key, "GET", kGet)
    wait_for(lambda: ask(p, signed_headers(key, "GET", kGet)) == 200, 10 * kSlow, "served")
    # Stop and start, as the documentation says.
    t.is_(ask(p, sent), 200, "taken once")
    p.gateway.stop()
    time.sleep(1.1)
    seen = p.gateway.log_size()
    p.gateway.start()
    t.is_(ask(p, sent), 401, "after a stop and a start: not twice")
    t.unlike(p.gateway.log(seen), "binary upgrade", "and no warning")


def test(t):
    p = t.project()
    p.serve(users_definitions(authentication=["hmac"]))
    with open(p.gateway.conf, encoding="utf-8") as file:
        text = file.read()
    keys = {}
    for consumer in ("demo", "greedy"):
        if consumer != "demo":
            p.loader.must("consumer", "create", consumer)
            p.loader.must("consumer", "authorize", consumer, "--rest-api", "dataservice-user-api")
        keys[consumer] = [p.loader.json("consumer", "add-key", consumer, "--type", "hmac") for _ in range(2)]
        p.secrets += [key["secret"] for key in keys[consumer]]
    p.sync()
    p.gateway.stop()
    p.gateway.write(text.replace("tablegate_zone 1m;", "tablegate_zone 32k;"))
    p.gateway.start()
    wait_for(lambda: ask(p, signed_headers(keys["demo"][0], "GET", kGet)) == 200, 10 * kSlow, "signatures are taken")
    shares(t, p, keys)
    p.gateway.stop()
    p.gateway.write()
    p.gateway.start()
    growing(t, p, keys["demo"][0])
    if not kAsan:  # nginx starts the new binary without the environment, so without the sanitizers' library
        upgrade(t, p, keys["demo"][0])


run_test(test)
