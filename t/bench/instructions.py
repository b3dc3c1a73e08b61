#!/usr/bin/env python3
"""Instructions of one nginx process per request, counted by callgrind, compared with the committed figures.

    t/bench/instructions.py [--update] [--figures FILE] [--counts FILE]      (make bench-check, make bench-check UPDATE=1)

A case is one line of kCases. A gated case that needs over 3 % more than t/bench/instructions.json says fails; --update
writes the file instead. --counts compares the counts of a JSON file, and measures nothing. How it is measured and why the
counts can be repeated: t/bench/README.md."""
import argparse
import collections
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from benchmark import run_benchmark
from tablegate_test import Client, bearer, kCheckout, kNginx, users_definitions, wait_for
from tg_hmac import signed_headers
from tg_jwt import claims, hs256, key_set
from tg_process import die_with_parent

kFolder = os.path.join(kCheckout, "build", "bench")
kFigures = os.path.join(kCheckout, "t", "bench", "instructions.json")
kLimit = 0.03  # of the committed figure
kWarmUp, kBatches, kRequests = 20, 12, 10  # requests before counting, then batches of which the smallest counts
kAnswer = '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
kSecret = "a-shared-secret-of-32-bytes-or-more-for-HS256"
# The same code on every processor: glibc and OpenSSL choose their functions by what the processor can do. glibc is limited to
# SSE2, OpenSSL to SSE4 with AES: no XOP, FMA, MOVBE, XSAVE, OSXSAVE, AVX, RDRAND (first mask), nothing newer (second value).
kBaseline = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=" + ",".join(f"-{name}" for name in (
    "AVX2", "AVX", "AVX_Fast_Unaligned_Load", "Fast_Unaligned_Load", "BMI1", "BMI2", "LZCNT", "MOVBE", "ERMS", "FSRM", "SSE4_2", "SSE4_1", "SSSE3")),
             "OPENSSL_ia32cap": "~0x5c40180000000000:0"}

# headers: called with the Credentials for each request. gated: False for what is not our code.
Case = collections.namedtuple("Case", "name target status headers gated", defaults=(True,))
kUser = "user_id=10001"
kSix = ("&younger=30", "&older=20", "&oldest=90", "&youngest=1", "&least=10000", "&most=20000")  # conditions that hold
kCases = (
    Case("return 200", "/limit", 200, lambda have: {}, False),
    Case("point query, API key", f"/v1/user/info?{kUser}", 200, lambda have: bearer(have.key)),
    Case("API key refused", f"/v1/user/info?{kUser}", 401, lambda have: bearer("x" * len(have.key))),
    Case("list of 100 rows, API key", "/v1/users?age=25", 200, lambda have: bearer(have.key)),
    Case("list of 100 rows, CSV", "/v1/users_csv?age=25", 200, lambda have: bearer(have.key)),
    Case("page of 100 rows, by number", "/v1/pages?pageSize=100", 200, lambda have: bearer(have.key)),
    Case("page of 99 rows, after a cursor", "/v1/pages?pageSize=100&cursor=CURSOR", 200, lambda have: bearer(have.key)),
    Case("304, without a query", f"/v1/user/info?{kUser}", 304, lambda have: {**bearer(have.key), "If-None-Match": "*"}),
    Case("point query, HMAC", f"/v1/hmac?{kUser}", 200, lambda have: have.signed("GET", f"/v1/hmac?{kUser}")),
    Case("point query, JWT HS256", f"/v1/jwt?{kUser}", 200, lambda have: bearer(have.token)),
    Case("point query, script", f"/v1/script?{kUser}", 200, lambda have: bearer(have.key)),
    Case("six conditions, wizard", f"/v1/six?{kUser}{''.join(kSix)}", 200, lambda have: bearer(have.key)),
    Case("six conditions, script", f"/v1/six_script?{kUser}{''.join(kSix)}", 200, lambda have: bearer(have.key)),
    Case("kept answer, API key", f"/v1/kept?{kUser}", 200, lambda have: bearer(have.key)),
    Case("no such API", "/v1/nothing", 404, lambda have: {}),
)


def definitions():
    objects = users_definitions()
    base = objects[-1]
    objects += [
        {**base, "name": "Signed", "path": "/hmac", "authentication": ["hmac"]},
        {**base, "name": "By Token", "path": "/jwt", "authentication": ["jwt"]},
        {**base, "name": "Kept", "path": "/kept"},
        *scripts(base),
        {**base, "name": "Pages", "path": "/pages", "result": "page", "request_parameters": [], "order_by": [{"column": "user_id"}], "pagination": {"enabled": True, "max_size": 100}},
        *({**base, "name": name, "path": path, "result": "list", "formats": [form],
           "request_parameters": [{"name": "age", "column": "age", "type": "LONG", "sample": 25}]}
          for name, path, form in (("All Users", "/users", "json"), ("All Users CSV", "/users_csv", "csv"))),
    ]
    return objects


def scripts(base):
    """The point query as a script, and with six further conditions as both."""
    conditions = {"younger": ("age", "<="), "older": ("age", ">="), "oldest": ("age", "<="), "youngest": ("age", ">="), "least": ("user_id", ">="), "most": ("user_id", "<=")}
    key = base["request_parameters"]
    six = [{"name": name, "column": column, "type": "LONG", "operator": operator, "required": False, "sample": 1} for name, (column, operator) in conditions.items()]
    script = {name: field for name, field in base.items() if name not in ("table", "response_parameters")}
    select = f"SELECT {', '.join(column['name'] for column in base['response_parameters'])} FROM user_info WHERE user_id = ${{user_id}}"
    tags = "".join(f'<if test="{name} != null"> AND {column} {operator} ${{{name}}}</if>' for name, (column, operator) in conditions.items())
    yield {**base, "name": "Six Conditions", "path": "/six", "request_parameters": key + six}
    for name, parameters, sql in (("Script", key, select), ("Six Script", key + six, select + tags)):
        bare = [{field: value for field, value in parameter.items() if field not in ("column", "operator")} for parameter in parameters]
        yield {**script, "name": f"{name} API", "path": "/" + name.lower().replace(" ", "_"), "mode": "script", "data_source": "odps_demo", "sql": sql, "request_parameters": bare}


class Credentials:
    """What the requests are proved with. Nonces are counted, not random, so that every run sends texts of the same length."""

    def __init__(self, project):
        loader = project.loader
        self.key = project.add_key()
        self._pair = loader.json("consumer", "add-key", "demo", "--type", "hmac")
        loader.must("consumer", "set-jwt", "demo", "--jwks", project.file("keys.json", key_set(hs=kSecret.encode())))
        self.token = hs256(kSecret, claims(exp=int(time.time()) + 3600), kid="hs")
        self._when = None
        self._nonces = 0

    def signed(self, method, target):
        self._when = self._when or time.time()  # not before nginx runs: it refuses what was signed earlier
        self._nonces += 1
        return signed_headers(self._pair, method, target, when=self._when, nonce=f"{self._nonces:036d}")


class Counted:
    """nginx as one process under callgrind."""

    def __init__(self, project):
        self._gateway = project.gateway
        self._out = os.path.join(project.folder, "callgrind")
        self._dumps = 0
        self._cursor = ""
        self._gateway.set(daemon="off; master_process off", connections=1, access_log="access_log off;", log_level="error",
                          http="keepalive_requests 1000000; tablegate_cache_zone 2m;", location="tablegate_cache off;",
                          server=f"location = /limit {{ default_type application/json; return 200 '{kAnswer}'; }} location /v1/kept {{ tablegate on; }}")
        # A fixed environment: its size moves the stack, and with it what is aligned.
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "LD_PRELOAD": os.path.join(kFolder, "dump.so"), **kBaseline}
        command = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={self._out}",
                   kNginx, "-p", project.folder, "-c", self._gateway.conf, "-e", self._gateway.error_log]
        with open(os.path.join(project.folder, "valgrind.log"), "w", encoding="utf-8") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=env,
                                             preexec_fn=die_with_parent(signal.SIGKILL))
        self._client = None
        wait_for(self._listens, 60, "nginx under callgrind answers")

    def _listens(self):
        if self._process.poll() is not None:
            with open(os.path.join(os.path.dirname(self._out), "valgrind.log"), encoding="utf-8") as log:
                raise RuntimeError(f"nginx ended under callgrind: {log.read()}{self._gateway.log()}")
        try:
            self._client = Client(self._gateway.port, timeout=60)
            self._client.request("/limit")
        except OSError:
            return False
        return True

    def _wait_idle(self):
        """Until nginx waits for events: only then has it done all that the answer made it do."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with open(f"/proc/{self._process.pid}/stat", encoding="ascii", errors="replace") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "S":
                    return
            time.sleep(0.0001)
        raise TimeoutError("nginx does not become idle")

    def call(self, case, headers):
        answer = self._client.request(case.target.replace("CURSOR", self._cursor), headers=headers)
        if answer.status != case.status:
            raise RuntimeError(f"{case.name}: {case.status} was expected: {answer}")
        self._wait_idle()

    def find_cursor(self, target, headers):
        """Of what follows the first row."""
        self._cursor = self._client.request(target, headers=headers).json["data"]["nextCursor"]

    def mark(self):
        """(instructions since the last mark, the file that says where)."""
        self._dumps += 1
        path = f"{self._out}.{self._dumps}"
        os.kill(self._process.pid, signal.SIGPROF)
        wait_for(lambda: os.path.exists(path), 60, "callgrind writes its counts", interval=0.001)
        self._wait_idle()
        with open(path, encoding="utf-8", errors="replace") as file:
            return int(re.search(r"^totals: (\d+)", file.read(), re.M).group(1)), path


def measure(test):
    """{case: instructions per request}; the counts by function of each case stay in build/bench/instructions."""
    project = test.project()
    objects = definitions()
    project.init()
    project.apply(objects)
    project.load("user_info", "user_id,user_name,age\n" + "".join(f"{10001 + n},{'Alice' if n == 0 else f'User{n:03d}'},25\n" for n in range(100)))
    project.publish(*[item["name"] for item in objects if item["kind"] == "Api"])
    have = Credentials(project)
    project.sync()
    nginx = Counted(project)
    nginx.find_cursor("/v1/pages?pageSize=1", bearer(have.key))
    kept = os.path.join(kFolder, "instructions")
    os.makedirs(kept, exist_ok=True)
    found = {}
    for case in kCases:
        for _ in range(kWarmUp):
            nginx.call(case, case.headers(have))
        nginx.mark()
        counts = []
        for _ in range(kBatches):
            for _ in range(kRequests):
                nginx.call(case, case.headers(have))
            counts.append(nginx.mark())
        found[case.name] = round(min(count for count, _ in counts) / kRequests)
        keep_profile(counts[-1][1], profile(case))
        if os.environ.get("TABLEGATE_BENCH_SPREAD"):
            print(case.name, [count // kRequests for count, _ in counts], file=sys.stderr)
    return found


def profile(case):
    return os.path.join(kFolder, "instructions", re.sub(r"[^a-z0-9]+", "-", case.name.lower()) + ".callgrind")


def keep_profile(dump, path):
    """A dump for callgrind_annotate: with its own sum (callgrind writes that of the whole run), without the costs of the calls
    that were not yet over, which are garbage."""
    with open(dump, encoding="utf-8", errors="surrogateescape") as file:
        text = file.read()
    total = re.search(r"^totals: (\d+)", text, re.M).group(1)
    text = re.sub(r"^summary: \d+", f"summary: {total}", text, flags=re.M)
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(re.sub(r" 1844674407\d{10}$", " 0", text, flags=re.M))


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def compare(committed, now):
    """(the table and what to do, exit status)."""
    lines, bad = [f"{'case':<28} {'committed':>10} {'now':>10} {'change':>8}"], []
    for case in kCases:
        if case.name not in committed:
            lines.append(f"{case.name:<28} {'-':>10} {now[case.name]:>10,} {'-':>8}")
            bad.append(f"{case.name}: no committed figure. make bench-check UPDATE=1 writes it")
            continue
        change = now[case.name] / committed[case.name] - 1
        lines.append(f"{case.name:<28} {committed[case.name]:>10,} {now[case.name]:>10,} {change:>+8.2%}" + ("" if case.gated else "  (not gated)"))
        if not case.gated or abs(change) <= kLimit:
            continue
        if change > 0:
            bad.append(f"{case.name}: {change:+.2%} instructions per request, allowed is +{kLimit:.0%}. "
                       f"See where they are: callgrind_annotate --inclusive=yes {os.path.relpath(profile(case), kCheckout)}. "
                       "If the change is meant: make bench-check UPDATE=1, and commit t/bench/instructions.json")
        else:
            lines.append(f"note: {case.name}: {change:+.2%}. Lower the committed figure: make bench-check UPDATE=1")
    bad += [f"{name}: is in the figures, but is not measured. make bench-check UPDATE=1 removes it" for name in committed if name not in now]
    return "\n".join(lines + [f"bench-check: {text}" for text in bad] + ([] if bad else ["bench-check: ok"])), 1 if bad else 0


def run(test, options):
    now = read(options.counts) if options.counts else measure(test)
    committed = read(options.figures) if os.path.exists(options.figures) else {}
    text, code = compare(committed, now)
    if not options.update:
        return text, code
    with open(options.figures, "w", encoding="utf-8") as file:
        json.dump(now, file, indent=2)
        file.write("\n")
    table = "\n".join(line for line in text.splitlines() if not line.startswith(("bench-check:", "note:")))
    return f"{table}\nbench-check: written to {os.path.relpath(options.figures)}", 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="write the figures instead of comparing")
    parser.add_argument("--figures", default=kFigures, help="file of the committed figures")
    parser.add_argument("--counts", help="file of counts to compare, instead of measuring")
    options = parser.parse_args()
    options.output = None
    run_benchmark(options, lambda test: run(test, options))


if __name__ == "__main__":
    main()
