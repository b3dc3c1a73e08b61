#!/usr/bin/env python3
"""The module as nginx's own ./configure --add-dynamic-module builds it (make module-native) serves like ours."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kAsan, kCheckout, run_test

kNative = os.path.join(kCheckout, "build", "native", "ngx_http_tablegate_module.so")


def test(t):
    if kAsan:
        t.skip_all("the native build has no sanitizers")
    if not os.path.exists(kNative):
        t.ok(False, "build/native is there: run make module-native first")
        return
    p = t.project().serve(module=kNative, server="location /denied/ { rewrite ^/denied(/.*)$ $1 break; deny all; tablegate on; }\n")
    t.is_(p.get("/v1/user/info?user_id=10001").text, '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}', "it answers")
    t.is_(p.get("/v1/user/info?user_id=10001", key="").status, 401, "it refuses")
    t.is_([p.get("/denied/v1/user/info?user_id=10001", key=key).status for key in ("", "x" * 43, p.key)], [403, 403, 403], "deny comes first")
    p.gateway.reload()
    t.is_(p.get("/v1/user/info?user_id=10002").text, '{"data":{"user_id":10002,"user_name":"Bob"},"success":true}', "it reloads")


run_test(test)
