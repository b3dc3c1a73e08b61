#!/usr/bin/env python3
"""The README's own commands, run as they stand there: only folders and ports of the machine are replaced by the test's."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import free_port, kAsan, kCheckout, kLoader, kModule, kNginx, kSlow, request, run, run_test, wait_for
from tg_settings import nginx_env, sanitizer_env


def block(name):
    """(commands, the output that stands below them or None)"""
    with open(os.path.join(kCheckout, "README.md"), encoding="utf-8") as file:
        text = file.read()
    found = re.search(rf"<!-- test: {name} -->\n```sh\n(.*?)```\n(?:\n```\n(.*?)```\n)?", text, re.S)
    return found.group(1), found.group(2)


def shell(commands, folder, env):
    return subprocess.run(["bash", "-e", "-o", "pipefail", "-c", commands], cwd=folder, env=env, capture_output=True, text=True,
                          timeout=300 * kSlow, check=False)


def own_table(t):
    commands, wanted = block("own-table")
    state = os.path.join(t.folder, "quickstart")
    work = os.path.join(t.folder, "work")
    os.mkdir(work)
    env = {**os.environ, "QUICKSTART_DIR": state, "PORT": str(free_port())}
    for _ in range(3):  # a test beside this one may take the port between its choice and nginx's start
        done = run([os.path.join(kCheckout, "t/lib/quickstart.sh")], env=env, timeout=300 * kSlow)
        if not done.returncode or "in use" not in done.stdout + done.stderr:
            break
        env["PORT"] = str(free_port())
    t.is_(done.returncode, 0, "quickstart in a folder of its own") or t.diag(done.stderr[-2000:])
    first = done.stdout
    t.like(first, re.escape('{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'), "it prints the tutorial's answer")
    try:
        for pattern, name in ((r"^curl .*--cacert .*$", "the printed call over HTTPS"), (r"^\. .* && tablegate api call .*$", "the printed call by the loader")):
            line = re.search(pattern, done.stdout, re.M)
            called = shell(line.group(0).replace("curl ", "curl -sS --noproxy '*' ") if line else "false", work, env)
            t.is_((called.returncode, called.stdout.strip()), (0, '{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'), name) or t.diag(called.stderr)
        done = shell(commands.replace("build/quickstart.env", f"{state}/env").replace("curl ", "curl -sS --noproxy '*' "), work, env)
        t.is_(done.returncode, 0, "own table: the commands pass")
        if done.returncode:
            t.diag(done.stdout[-2000:] + done.stderr[-2000:])
        t.is_(done.stdout.splitlines()[-1] + "\n", wanted, "own table: the answer is the README's")
        continued(t, "generated", state, work, env)
        walk(t, state, work, env)
        continued(t, "script", state, work, env)
        search(t, state, work, env)
        last_lines(t, first, state, work, env)
    finally:
        done = run([os.path.join(kCheckout, "t/lib/stop.sh")], env=env, timeout=60 * kSlow)
        t.is_(done.returncode, 0, "make stop ends it")
        with open(os.path.join(state, "maxcompute.pid"), "w", encoding="utf-8") as file:
            file.write("4194304\n")  # above the kernel's largest process id
        done = run([os.path.join(kCheckout, "t/lib/stop.sh")], env=env, timeout=60 * kSlow)
        t.is_((done.returncode, done.stdout, done.stderr), (0, f"stop: nothing is left running; data stay in {state}\n", ""), "make stop again, with a stale pid file")


def without_cursor(text):
    """A cursor is another text in each answer."""
    return re.sub(r'"nextCursor":"[^"]+"', '"nextCursor":"..."', text)


def continued(t, name, state, work, env):
    """A block that continues where the quickstart and the blocks before it have ended."""
    commands, wanted = block(name)
    done = shell(commands.replace("build/quickstart.env", f"{state}/env").replace("curl ", "curl -sS --noproxy '*' "), work, env)
    t.is_(done.returncode, 0, f"{name}: the commands pass") or t.diag(done.stdout[-2000:] + done.stderr[-2000:])
    t.is_(without_cursor(done.stdout.splitlines()[-1] + "\n"), wanted, f"{name}: the answer is the README's")


def walk(t, state, work, env):
    """The script of queries.md, on the API that the README has just made."""
    with open(os.path.join(kCheckout, "loader", "docs", "queries.md"), encoding="utf-8") as file:
        script = re.search(r"```python\n([^`]*)```", file.read()).group(1)
    with open(os.path.join(work, "walk.py"), "w", encoding="utf-8") as file:
        file.write(script)
    done = shell(f". {state}/env; no_proxy='*' python3 walk.py", work, env)
    t.is_(done.returncode, 0, "the walk of queries.md passes") or t.diag(done.stderr)
    lines = done.stdout.splitlines()
    t.is_((len(lines), lines[:1]), (13, ["{'name': 'Tokyo', 'population': 8336599}"]), "... and prints all rows of all pages")


def search(t, state, work, env):
    """What t/tutorial/README.md calls and shows."""
    with open(os.path.join(kCheckout, "t", "tutorial", "README.md"), encoding="utf-8") as file:
        command, wanted = re.search(r"```\n(curl [^`]*)```\n\n```\n([^`]*)```", file.read()).groups()
    done = shell(f". {state}/env; " + command.replace("curl ", "curl -sS --noproxy '*' "), work, env)
    t.is_(without_cursor(done.stdout + "\n"), wanted, "the tutorial's search answers what its page shows") or t.diag(done.stderr)


def last_lines(t, printed, state, work, env):
    """The documents that the quickstart names are there, and what the loader prints for nginx is for the quickstart's nginx."""
    port = int(re.search(r"^OpenAPI: http://127\.0\.0\.1:(\d+)/openapi\.json$", printed, re.M).group(1))
    t.like(printed, rf"(?m)^Your own table: README\.md, .* \. '{state}/env'\nAll commands: tablegate --help", "the last lines name what comes next")
    servers = [one["url"] for one in request(port, "/openapi.json").json["servers"]]
    t.ok(f"http://127.0.0.1:{port}" in servers and all(re.search(r":\d+$", one) for one in servers), "OpenAPI names the ports that answer", servers)
    t.is_(request(port, "/status").json["gateway"], "dataservice-prod", "the status page")
    scrape = re.search(r"for Prometheus: (curl .*)$", printed, re.M).group(1)
    t.like(shell(scrape.replace("curl ", "curl -sS --noproxy '*' "), work, env).stdout, r"(?m)^tablegate_\w+", "for Prometheus, by the printed command")
    key = shell(f". {state}/env; tablegate consumer add-key demo --type api_key", work, env)
    hint = re.search(r"(?m)^next, on node [^ ]+: (tablegate sync .* 'nginx -s reload')$", key.stdout)
    done = shell(f". {state}/env; {hint.group(1) if hint else 'false'}; tablegate doctor", work, env)
    t.ok(done.returncode == 0 and "ok    nginx: accepts its configuration" in done.stdout and f"ok    nginx, {state}" in done.stdout,
         "what the loader prints for nginx works in the quickstart's shell", key.stdout, done.stdout, done.stderr)
    used = shell(f". {state}/env; quickstart_sync >/dev/null; tablegate usage", work, env)
    t.like(used.stdout, r"(?m)^Query User by User ID +demo +dataservice-prod +\d+ ", "usage shows the calls after quickstart_sync")
    done = shell(f". {state}/env; pid=$(cat {state}/nginx.pid); nginx -s quit; while [ -d /proc/$pid ]; do sleep 0.1; done; tablegate doctor 2>&1 || true", work, env)
    t.like(done.stdout, r"(?s)\nFAIL  nginx, \S+: nginx is not running\n      try: nginx\n.*\ntablegate: \d+ checks? failed.*\ntry: ", "nginx that ended is started by its own command, and 2>&1 keeps the order")
    dead = shell(f". {state}/env; quickstart_sync; tablegate consumer create late >/dev/null; quickstart_sync", work, env)
    t.ok(dead.returncode == 1 and "warning: nginx is not running" in dead.stderr and "--reload failed" in dead.stderr and dead.stderr.endswith("\ntry: nginx -q\n"),
         "quickstart_sync reports a dead nginx, and what starts it", dead.stdout, dead.stderr)
    t.is_(shell(f". {state}/env; nginx", work, env).returncode, 0, "typed as printed, it starts")


def existing(t):
    """The commands on a cluster and an nginx of the test: the paths of the machine get a prefix, nginx its own options."""
    commands, _ = block("existing")
    p = t.project()
    root = os.path.join(p.folder, "root")
    for name in ("etc/nginx/modules-enabled", "etc/nginx/conf.d", "var/lib", "usr/bin", "bin"):
        os.makedirs(os.path.join(root, name))
    with open(p.gateway.conf, "w", encoding="utf-8") as file:  # as Debian's: modules first, conf.d inside http
        file.write(f"""user www-data; worker_processes 1; pid {p.folder}/nginx.pid; error_log {p.gateway.error_log} info;
include {root}/etc/nginx/modules-enabled/*.conf;
events {{ }}
http {{ access_log off; client_body_temp_path {p.folder}/tmp/body; proxy_temp_path {p.folder}/tmp/proxy;
fastcgi_temp_path {p.folder}/tmp/fastcgi; uwsgi_temp_path {p.folder}/tmp/uwsgi; scgi_temp_path {p.folder}/tmp/scgi;
include {root}/etc/nginx/conf.d/*.conf; }}
""")
    nginx = os.path.join(root, "bin", "nginx")
    extra = "".join(f"export {name}='{value}'\n" for name, value in nginx_env(p.folder, brief=True).items())
    with open(nginx, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\n{extra}exec {kNginx} -p {p.folder} -c {p.gateway.conf} -e {p.gateway.error_log} \"$@\"\n")
    os.chmod(nginx, 0o755)
    port = free_port()
    for path in ("/usr/share/nginx", "/etc/nginx", "/var/lib/tablegate"):
        commands = commands.replace(path, root + path)
    commands = commands.replace("/run/postgresql", p.postgres.socket).replace("8081", str(port))
    commands = commands.replace("make deps\nmake install", f"make -s -C {kCheckout} install DESTDIR={root} >/dev/null")
    t.like(commands, "tablegate sync --output", "the README has the commands")
    if kAsan:  # the sanitized programs in place of the installed ones
        commands = commands.replace("\n\n", f"\ncp {kLoader} {root}/usr/bin/tablegate; cp {kModule} {root}/usr/lib/nginx/modules/\n\n", 1)
    p.postgres.psql("DROP DATABASE tablegate", database="postgres")
    p.postgres.allow("root", "root")
    p.postgres.reload()
    env = {**os.environ, **sanitizer_env(p.folder), "PATH": f"{root}/usr/bin:{root}/bin:{os.environ['PATH']}",
           "PGHOST": p.postgres.socket, "PGPORT": "5432",
           "TABLEGATE_MASTER_KEY_FILE": f"{root}/etc/tablegate/master.key"}
    # The module's path in the installed file is relative to nginx's prefix: a link there, as Debian has one.
    os.symlink(f"{root}/usr/lib/nginx/modules", os.path.join(p.folder, "modules"))
    commands = commands.replace("nginx -t && nginx -s reload", "nginx -t && nginx")  # the test's nginx does not run yet
    done = shell(commands, p.folder, env)
    t.is_(done.returncode, 0, "existing: the commands pass")
    if done.returncode:
        t.diag(done.stdout[-2000:] + done.stderr[-3000:])
    t.is_(p.postgres.psql("SELECT rolsuper FROM pg_roles WHERE rolname = 'root'", database="postgres"), "f", "existing: by a user who is no superuser")
    answer = request(port, "/anything")
    t.is_((answer.status, answer.json["error"]), (404, "api_not_found"), "existing: nothing is published yet")
    users(t, p, env, root, port)


def users(t, p, env, root, port):
    """An API on what the README set up: nginx's user comes in by the peer map."""
    p.definitions([
        {"kind": "RestApi", "name": "user-api", "base_path": "/v1"},
        {"kind": "BusinessProcess", "name": "User Service", "rest_api": "user-api"},
        {"kind": "DataSource", "name": "files", "type": "csv", "path": "users.csv"},
        {"kind": "Table", "name": "users", "data_source": "files", "primary_key": ["id"], "ddl": "CREATE TABLE users (id BIGINT, name STRING)"},
        {"kind": "Api", "name": "User by ID", "business_process": "User Service", "path": "/user", "mode": "wizard", "table": "users",
         "result": "object", "authentication": [], "request_parameters": [{"name": "id", "type": "LONG", "sample": 1}],
         "response_parameters": [{"name": "id"}, {"name": "name"}]}])
    p.file("users.csv", "id,name\n1,Ada\n")
    done = shell("""export TABLEGATE_CATALOG="dbname=tablegate"
tablegate apply -f definitions.json
tablegate table load users --header
tablegate api test "User by ID"
tablegate api commit "User by ID"
tablegate api publish "User by ID" --no-domain
tablegate sync --output ROOT/var/lib/tablegate --check "nginx -t" --reload "nginx -s reload"
""".replace("ROOT", root), p.folder, env)
    t.is_(done.returncode, 0, "existing: an API is published")
    if done.returncode:
        t.diag(done.stdout[-2000:] + done.stderr[-3000:])
    # An old worker may take a request until it has heard of the reload.
    wait_for(lambda: all(request(port, "/v1/user?id=1").status == 200 for _ in range(20)), 20 * kSlow, "the reload counts")
    t.is_(request(port, "/v1/user?id=1").text, '{"data":{"id":1,"name":"Ada"},"success":true}', "existing: it answers")
    done = shell("tablegate doctor --nginx 'nginx -t'", p.folder, {**env, "TABLEGATE_CATALOG": "dbname=tablegate"})
    t.ok(done.returncode == 0 and "ok    nginx's connection, tablegate_service default: user www-data signs in" in done.stdout, "existing: doctor finds nothing wrong", done.stdout, done.stderr)


def test(t):
    if os.geteuid() != 0:
        t.skip_all("the README's commands want root")
    own_table(t)
    existing(t)


run_test(test)
