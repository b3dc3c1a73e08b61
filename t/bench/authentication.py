#!/usr/bin/env python3
"""What a proof costs, without a query: CPU microseconds of nginx a request, beside `return 200` and an open API, in one run.

    t/bench/authentication.py [--seconds 4] [--rounds 3] [--output FILE.md]

Every API here requires a parameter that the requests leave out, so each is proved and then answered 400 from memory. The open
API gives the same answer without a proof: what a row has above it is the proof. Signed requests are made before, each with
a nonce of its own, since one counts once; "new token" goes round more tokens than proofs are kept for."""
import os
import statistics
import sys
import time

import bench
from benchmark import measure_main
from tablegate_test import request, users_definitions
from tg_hmac import signature
from tg_jwt import claims, hs256, kEd25519, kP256, kRsa, key_set, make_keys, make_tokens, recipe

kConnections = 64
kTokens = 16384  # the module keeps 8,192 proofs a worker
kRate = 90_000  # signed requests made for each second: more than are sent
kSecret = "a-shared-secret-of-32-bytes-or-more-for-HS256"
# The CPU time that a proof may take at most, in multiples of `return 200`.
kMust = {"API key": 5.7, "HMAC with the nonce store": 8.0, "JWT HS256": 8.5, "JWT RS256, new token": 27, "JWT ES256, new token": 74,
         "JWT EdDSA, new token": 102, "JWT RS256, proved before": 7.5}
kReturn200 = 5.0


def definitions():
    objects = users_definitions(authentication=[])
    for kind in ("api_key", "hmac", "jwt"):
        objects.append({**objects[5], "name": f"By {kind}", "path": f"/{kind}", "authentication": [kind]})
    return objects


def lua(project, name, text):
    return project.file(f"{name}.lua", text)


def fixed(project, name, path, headers=None):
    lines = "".join(f'wrk.headers["{key}"] = "{value}"\n' for key, value in (headers or {}).items())
    return lambda: lua(project, name, f'{lines}request = function() return wrk.format("GET", "{path}") end\n')


def cycling(project, name, path, tokens):
    project.file(f"{name}.txt", "\n".join(tokens) + "\n")
    text = (f'local tokens = {{}}\nfor line in io.lines("{project.folder}/{name}.txt") do tokens[#tokens + 1] = "Bearer " .. line end\n'
            f'local at = 0\nrequest = function()\n  at = at % #tokens + 1\n'
            f'  return wrk.format("GET", "{path}", {{["Authorization"] = tokens[at]}})\nend\n')
    return lambda: lua(project, name, text)


def signed(project, path, key, seconds):
    """A new set of signed requests for each measurement."""
    run = [0]

    def make():
        run[0] += 1
        when = str(int(time.time() * 1000))
        with open(os.path.join(project.folder, "signed.txt"), "w", encoding="ascii") as file:
            for number in range(kRate * (seconds + 1)):
                nonce = f"{run[0]}-{number}"
                text = f"GET\n\n\n\n\nx-ca-key:{key['access_key']}\nx-ca-nonce:{nonce}\nx-ca-timestamp:{when}\n{path}"
                file.write(f"{nonce} {signature(key['secret'], text)}\n")
        return lua(project, "signed", (
            f'local lines = io.lines("{project.folder}/signed.txt")\n'
            f'local headers = {{["X-Ca-Key"] = "{key["access_key"]}", ["X-Ca-Timestamp"] = "{when}", '
            '["X-Ca-Signature-Headers"] = "x-ca-key,x-ca-nonce,x-ca-timestamp"}\n'
            'request = function()\n  local nonce, signature = lines():match("(%S+) (%S+)")\n'
            f'  headers["X-Ca-Nonce"] = nonce\n  headers["X-Ca-Signature"] = signature\n  return wrk.format("GET", "{path}", headers)\nend\n'))
    return make


def serve(test):
    project = test.project()
    project.serve(definitions(), access_log="access_log off;", log_level="warn", zone="256m",
                  http="keepalive_requests 100000000;", listen="reuseport backlog=4096",
                  server=f"location = /limit {{ default_type application/json; return 200 '{bench.kAnswer}'; }}")
    return project


def prepare(project, seconds):
    """{case: what makes its script}, all of it proved to be let in."""
    loader, keys = project.loader, make_keys(rsa=kRsa, es=kP256, ed=kEd25519)
    pair = loader.json("consumer", "add-key", "demo", "--type", "hmac")
    loader.must("consumer", "set-jwt", "demo", "--jwks", project.file("keys.json", key_set(
        hs=kSecret.encode(), **{kid: keys[kid] for kid in keys})))
    project.sync_and_reload()
    tokens = {"HS256": [hs256(kSecret, claims(jti=str(n)), kid="hs") for n in range(kTokens)]}
    for algorithm, kid in (("RS256", "rsa"), ("ES256", "es"), ("EdDSA", "ed")):
        tokens[algorithm] = make_tokens([recipe("jose", algorithm, keys[kid], claims(jti=str(n), exp=int(time.time()) + 3600), kid=kid)
                                         for n in range(kTokens)])
    path = "/v1/jwt"
    cases = {"open API": fixed(project, "open", "/v1/user/info"),
             "API key": fixed(project, "api_key", "/v1/api_key", {"Authorization": f"Bearer {project.key}"}),
             "HMAC with the nonce store": signed(project, "/v1/hmac", pair, seconds),
             "JWT HS256": cycling(project, "hs256", path, tokens["HS256"])}
    for algorithm in ("RS256", "ES256", "EdDSA"):
        cases[f"JWT {algorithm}, new token"] = cycling(project, algorithm, path, tokens[algorithm])
    cases["JWT RS256, proved before"] = fixed(project, "before", path, {"Authorization": f"Bearer {tokens['RS256'][0]}"})
    for target, headers in (("/v1/user/info", {}), ("/v1/api_key", {"Authorization": f"Bearer {project.key}"}),
                            *((path, {"Authorization": f"Bearer {some[-1]}"}) for some in tokens.values())):
        answer = request(project.gateway.port, target, headers=headers)
        if answer.json["error"] != "missing_parameter":
            raise RuntimeError(f"{target} is not let in: {answer}")
    return cases


def measure(project, make, seconds):
    script = make() if make else None
    workers = project.gateway.workers()
    before = bench.cpu_us(workers)
    row = bench.wrk(project.gateway.port, "" if script else "/limit", kConnections, seconds, script)
    return (bench.cpu_us(workers) - before) / row["count"], row["rate"]


def report(costs, rates, options):
    limit, free = costs["return 200"], costs["open API"]
    lines = [f"Medians of {options.rounds} interleaved rounds of {options.seconds} s, {kConnections} connections; {os.cpu_count()} cores, wrk on the same machine. "
             "CPU of nginx in microseconds per request.", "",
             "| case | requests/s | CPU | the proof | `return 200` + proof | of `return 200` | must, of `return 200` | reached |", "|---|--:|--:|--:|--:|--:|--:|---|"]
    for name, cost in costs.items():
        proof = cost - free if name != "return 200" else 0
        must = kMust[name] / kReturn200 if name in kMust else None
        reached = "-" if must is None else "yes" if (limit + proof) / limit <= must else "no"
        lines.append(f"| {name} | {rates[name]:,.0f} | {cost:.1f} | {proof:.1f} | {limit + proof:.1f} | {(limit + proof) / limit:.2f} | "
                     f"{'-' if must is None else f'{must:.2f}'} | {reached} |")
    return "\n".join(lines)


def measure_all(test, options):
    project = serve(test)
    cases = {"return 200": None, **prepare(project, options.seconds)}
    found = {name: [] for name in cases}
    for number in range(options.rounds):
        for name, make in cases.items():
            found[name].append(measure(project, make, options.seconds))
            print(f"round {number + 1}/{options.rounds}: {name}: {found[name][-1][0]:.1f} us", file=sys.stderr, flush=True)
    log = project.gateway.log()
    if "[error]" in log or "[crit]" in log:
        raise RuntimeError(f"nginx complains: {log[-2000:]}")
    text = report(*({name: statistics.median(row[place] for row in rows) for name, rows in found.items()} for place in (0, 1)), options)
    return text, 0


if __name__ == "__main__":
    measure_main(__doc__, 4, measure_all)
