#!/usr/bin/env python3
"""api deprecate: Deprecation and Sunset on answers and errors of a published API, told by list and show, gone with --undo and with the publication."""
import email.utils
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions

kApi = "Query User by User ID"
kCall = "/v1/user/info?user_id=10001"
kSunset = "2098-06-30T00:00:00Z"


def headers(answer):
    return answer.headers.get("deprecation"), answer.headers.get("sunset")


def test(t):
    p = t.project().serve([*users_definitions(), {**users_definitions()[5], "name": "Open to All", "path": "/open", "authentication": []}])
    t.is_(headers(p.get(kCall)), (None, None), "nothing is deprecated")
    before = p.loader.json("api", "publish", kApi)["publication"]
    done = p.loader.json("api", "deprecate", kApi, "--sunset", "2098-06-30", "--since", "2026-01-01T08:00:00+08:00")
    t.is_(done, {"name": kApi, "version": 1, "gateway": "dataservice-prod", "publication": before + 1}, "-o json: as publish; it counts as a publication")
    t.like(p.loader.must("api", "deprecate", kApi, "--sunset", "2098-06-30").stdout, "unchanged", "again: unchanged, since stays")
    t.is_(headers(p.get(kCall)), (None, None), "not before the sync")
    p.sync_and_reload()
    answer = p.get(kCall)
    t.is_((answer.status, headers(answer)), (200, ("@1767225600", "Mon, 30 Jun 2098 00:00:00 GMT")), "RFC 9745 and RFC 8594")
    t.is_(email.utils.parsedate_to_datetime(answer.headers["sunset"]).isoformat(), "2098-06-30T00:00:00+00:00", "an HTTP date")
    for name, wrong in (("400", p.get("/v1/user/info?user_id=x")), ("401", p.get(kCall, key="y" * 43))):
        t.is_((str(wrong.status), headers(wrong)), (name, headers(answer)), f"on its errors too: {name}")
    t.is_(headers(p.get("/v1/open?user_id=10001")), (None, None), "not on another API")
    t.is_(headers(p.get("/v1/none")), (None, None), "not where there is none")

    listed = next(one for one in p.loader.json("api", "list") if one["name"] == kApi)
    t.is_(listed["published"][0]["deprecated"], {"since": "2026-01-01T00:00:00Z", "sunset": kSunset}, "api list -o json")
    t.like(p.loader.must("api", "list").stdout, "until " + re.escape(kSunset), "api list")
    t.is_(p.loader.json("api", "show", kApi)["deprecated"]["sunset"], kSunset, "api show -o json")
    t.like(p.loader.must("api", "show", kApi).stdout, "deprecated since 2026-01-01T00:00:00Z, ends " + kSunset, "api show")

    for command, status, word in ((("--sunset", "2020-01-01"), 1, "over already"), (("--sunset", "2098-01-01", "--since", "2099-01-01"), 1, "before"),
                                  ((), 2, "--sunset"), (("--sunset", "tomorrow"), 2, "ISO 8601"), (("--undo", "--sunset", "2098-01-01"), 2, "--")):
        result = p.loader("api", "deprecate", kApi, *command)
        t.ok(result.rc == status and word in result.stderr, f"refused: {' '.join(command) or 'nothing said'}", result)
    p.loader.must("api", "deprecate", "Open to All", "--sunset", "2098-01-01")
    p.loader.must("api", "unpublish", "Open to All")
    t.is_(p.loader("api", "deprecate", "Open to All", "--sunset", "2098-01-01").rc, 1, "what is not published is not deprecated")
    p.loader.must("api", "publish", "Open to All")
    t.is_(p.loader.json("api", "show", "Open to All")["deprecated"], None, "published again: it begins anew")

    p.loader.must("api", "deprecate", kApi, "--undo")
    t.like(p.loader.must("api", "deprecate", kApi, "--undo").stdout, "unchanged", "--undo again: unchanged")
    p.sync_and_reload()
    t.is_(headers(p.get(kCall)), (None, None), "--undo: the headers are gone")


run_test(test)
