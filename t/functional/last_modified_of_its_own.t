#!/usr/bin/env python3
"""An answer carries the change of the tables that it was read from, never that of a request before it in the same worker."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kSlow, run_test, users_definitions, wait_for
from tg_manifest import edit


def without_tables(manifest):
    """The manifest's API again at /constant, as a statement that reads no mirrored table."""
    def change(lines, _):
        for line in list(lines):
            if line["kind"] == "api":
                lines.insert(lines.index(line) + 1, {**line, "id": line["id"] + 1000, "name": "Constant", "path": "/v1/constant", "parameters": [], "authentication": [],
                                                     "statement": ["SELECT 1::bigint, 'Nobody'::text LIMIT 1"]})

    edit(manifest, change)


def test(t):
    p = t.project().serve(users_definitions(), workers=1)
    without_tables(p.gateway.manifest)
    p.gateway.reload()
    # A new worker learns of the tables' changes with its first requests.
    wait_for(lambda: p.get("/v1/user/info?user_id=10001").headers.get("last-modified"), 10 * kSlow, "the tables' changes are known")
    for turn in range(3):
        t.ok(p.get("/v1/user/info?user_id=10001").headers.get("last-modified"), f"{turn}: an answer from a table says when it changed")
        answer = p.get("/v1/constant")
        t.is_((answer.status, answer.json["data"]["user_name"]), (200, "Nobody"), f"{turn}: the statement without a table is answered")
        t.is_(answer.headers.get("last-modified"), None, f"{turn}: and has no Last-Modified of another API")


run_test(test)
