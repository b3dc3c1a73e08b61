#!/usr/bin/env python3
"""`table watch` loads only from sources that its operator allows: no file of the service, no host of a developer's choice; at apply they are named."""
import os
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kLoader, kSlow, run_test, wait_for
from tg_hints import hints_of

kDdl = "CREATE TABLE rows (id BIGINT, text STRING);"


class Listener:
    """A host of somebody else: whether anyone connects."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.port = self.socket.getsockname()[1]

    def called(self):
        try:
            self.socket.accept()[0].close()
            return True
        except TimeoutError:
            return False


class Watch:
    def __init__(self, t, p):
        self.t, self.p = t, p

    def source(self, **fields):
        """Table rows from a data source with these fields, due at once."""
        kind = "csv" if "path" in fields else "postgresql" if "dsn" in fields else "maxcompute"
        objects = [{"kind": "DataSource", "name": "source", "type": kind, **fields},
                   {"kind": "Table", "name": "rows", "data_source": "source", "ddl": kDdl, "refresh": "1h"}]
        self.p.postgres.psql("DELETE FROM tablegate.mirror_table; DELETE FROM tablegate.data_source")
        self.p.postgres.psql("DELETE FROM mirror.tablegate_tables; DROP TABLE IF EXISTS mirror.rows")
        return self.p.apply(objects)

    def once(self, *allowed, env=None):
        return self.p.loader("table", "watch", "--once", *[word for rule in allowed for word in ("--allow-source", rule)], env=env)

    def loaded(self):
        return self.p.postgres.psql("SELECT coalesce(sum(row_count), 0) FROM tablegate.generation WHERE status = 'current'") != "0"

    def allowed(self, name, *rules, **fields):
        self.source(**fields)
        result = self.once(*rules)
        self.t.ok(result.rc == 0 and self.loaded(), f"{name}: loaded", result)

    def rejected(self, name, word, *rules, **fields):
        self.source(**fields)
        result = self.once(*rules)
        self.t.ok(result.rc == 1 and word in result.stderr + result.stdout and not self.loaded(), f"{name}: not loaded", result)


def files(t, p, watch):
    exports = os.path.join(p.folder, "exports")
    os.makedirs(os.path.join(exports, "parts"))
    secret = p.file("secret", "1,top secret\n")
    for name in ("a.csv", "parts/1.csv"):
        p.file(f"exports/{name}", "1,one\n")
    os.symlink(secret, os.path.join(exports, "absolute.csv"))
    os.symlink("../secret", os.path.join(exports, "relative.csv"))
    os.symlink("..", os.path.join(exports, "up"))
    os.symlink("parts/1.csv", os.path.join(exports, "inside.csv"))
    os.mkdir(os.path.join(exports, "linked"))
    os.symlink("../../secret", os.path.join(exports, "linked", "x.csv"))
    rule = f"csv:{exports}"
    result = watch.source(path=secret)
    t.unlike(result.stderr, "table watch", "no list on this machine: apply says nothing")
    result = watch.once()
    t.ok(result.rc == 1 and "no source is allowed" in result.stderr and "--allow-source csv:/DIR" in result.stderr and not watch.loaded(),
         "without a list nothing is loaded", result)
    watch.rejected("a file elsewhere, such as the service's credentials", f"csv:{p.folder} is not an allowed source", rule, path=secret)
    for path in ("absolute.csv", "relative.csv", "up/secret", "linked", "linked/*.csv", "up/secr*", "u*/secret"):
        watch.rejected(f"by a link out of the folder: {path}", "", rule, path=os.path.join(exports, path))
    watch.rejected("by ..", "is not an allowed source", rule, path=os.path.join(exports, "..", "secret"))
    watch.rejected("by a glob above the folder", "is not an allowed source", rule, path=os.path.join(p.folder, "s*t"))
    watch.rejected("a folder whose name begins alike", "is not an allowed source", rule, path=exports + "2/a.csv")
    for path in ("a.csv", "parts", "*/1.csv", "inside.csv", "parts/../a.csv"):
        watch.allowed(f"a file beneath the folder: {path}", f"csv:{p.folder}/nothing", rule, path=os.path.join(exports, path))
    open_folder = os.path.join(p.folder, "open")
    os.makedirs(os.path.join(open_folder, "exports"))
    os.chmod(open_folder, 0o777)
    p.file("open/exports/a.csv", "1,one\n")
    watch.rejected("a folder that others can exchange", "others can write to it", f"csv:{open_folder}/exports", path=f"{open_folder}/exports/a.csv")
    hostile = os.path.join(exports, "hostile")
    os.mkdir(hostile)
    for name in ("a.csv", "b.csv"):
        os.mkfifo(os.path.join(hostile, name))
    for path in ("hostile", "hostile/a.csv", "hostile/*.csv"):
        watch.rejected(f"a FIFO, which may never answer: {path}", "a.csv: is a FIFO; from an allowed folder only regular files are read", rule, path=os.path.join(exports, path))
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(os.path.join(hostile, "s"))
    watch.rejected("a socket", "is a socket", rule, path=os.path.join(hostile, "s"))
    watch.rejected("a device", "is a character device", "csv:/dev", path="/dev/zero")
    watch.source(path=os.path.join(hostile, "a.csv"))
    writer = threading.Thread(target=p.file, args=("exports/hostile/a.csv", "1,one\n"))
    writer.start()
    t.is_(p.loader("table", "load", "rows").rc, 0, "table load by hand reads a FIFO")
    writer.join()
    # By hand it is the caller's own.
    watch.source(path=secret)
    t.is_(p.loader("table", "load", "rows").rc, 0, "table load by hand reads what its user can")
    for fields in ({"path": f"{exports}/../../../etc/passwd"}, {"dsn": "host=stranger dbname=x"}, {"endpoint": "http://stranger", "project": "demo"}):
        watch.source(**fields)
        result = p.loader("table", "load", "rows", "--allow-source", rule)
        t.ok(result.rc == 1 and "is not an allowed source" in result.stderr and hints_of(result) == ["tablegate get datasource source"], f"no hint widens the list: {fields}", result)
        t.is_(p.loader("get", "datasource", "source").rc, 0, "the command of the hint runs")
    os.makedirs(os.path.join(exports, "packed", "deep"))
    with open(os.path.join(exports, "packed", "deep", "x.csv"), "wb") as file:
        file.write(b"\xfd7zXZ\0")
    for path in ("packed", "packed/*", "packed/deep/x.csv"):
        watch.source(path=os.path.join(exports, path))
        result = p.loader("table", "load", "rows", "--allow-source", rule)
        t.ok(result.rc == 1 and "--from" not in result.stderr, f"nor goes around it: {path}", result)
    t.is_(p.loader("table", "load", "rows", "--from", f"csv:{secret}", "--allow-source", rule).rc, 2, "--from and --allow-source: wrong usage")


def databases(t, p, watch):
    stranger = Listener()
    own = f"host={p.postgres.socket} port=5432 dbname=tablegate user=postgres"
    rule = f"postgresql:{p.postgres.socket}"
    p.postgres.psql("CREATE SCHEMA IF NOT EXISTS shop; CREATE TABLE IF NOT EXISTS shop.rows (id bigint, text text); INSERT INTO shop.rows VALUES (1, 'one')")
    for dsn in (f"host=127.0.0.1 port={stranger.port} dbname=x", f"host=127.0.0.1 port={stranger.port} hostaddr=127.0.0.1", f"postgresql://127.0.0.1:{stranger.port}/x",
                f"host=127.0.0.1,{p.postgres.socket} port={stranger.port},5432 dbname=tablegate"):
        watch.rejected(f"a host that is not allowed: {dsn.replace(str(stranger.port), 'PORT')}", f"postgresql:127.0.0.1:{stranger.port} is not an allowed source", rule, dsn=dsn)
    watch.rejected("a host behind the name of an allowed one", f"postgresql:127.0.0.1:{stranger.port} is not", rule, dsn=f"host={p.postgres.socket} hostaddr=127.0.0.1 port={stranger.port}")
    watch.rejected("another port", ":5433 is not", rule, dsn=f"host={p.postgres.socket} port=5433")
    watch.rejected("a service file hides the host", "service of a dsn", rule, dsn="service=other")
    watch.rejected("a password file of the developer's choice", "passfile of a dsn", rule, dsn=f"{own} passfile=/etc/passwd")
    t.ok(not stranger.called(), "nobody connected to the other host")
    watch.source(dsn=own)
    p.loader.must("apply", "-f", "-", input='{"kind":"Table","name":"rows","data_source":"source","source_table":"shop.rows","ddl":"%s","refresh":"1h"}' % kDdl)
    result = watch.once(rule)
    t.ok(result.rc == 0 and watch.loaded(), "an allowed host: loaded", result)


def services(t, p, watch):
    stranger, allowed = Listener(), "http://127.0.0.1:9/api"
    env = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"}
    p.loader.env.update(env)
    watch.rejected("an endpoint of somebody else", f"maxcompute:http://127.0.0.1:{stranger.port} is not an allowed source", f"maxcompute:{allowed}",
                   endpoint=f"http://127.0.0.1:{stranger.port}", project="demo")
    watch.rejected("a tunnel of somebody else", f"maxcompute:http://127.0.0.1:{stranger.port} is not an allowed source", f"maxcompute:{allowed}",
                   endpoint=allowed, tunnel_endpoint=f"http://127.0.0.1:{stranger.port}", project="demo")
    t.ok(not stranger.called(), "no signed request was sent there")


def list_file(t, p, watch):
    """The same rules in a file that only root and the service's user can write; read again for each load."""
    exports = os.path.join(p.folder, "exports")
    sources = p.file("sources", f"# of this machine\n\n  csv:{exports}  \n")
    watch.allowed("a line of the file", path=f"{exports}/a.csv")
    result = watch.source(path=os.path.join(p.folder, "secret"))
    t.ok(f'DataSource "source": csv:{p.folder} is not in ' in result.stderr and "table watch on this machine would not load from it" in result.stderr, "apply names a source that is not in it", result)
    t.is_(p.loader.must("-q", "apply", "-f", os.path.join(p.folder, "definitions.json")).stderr, "", "not with -q, or unchanged")
    t.unlike(watch.source(path=f"{exports}/a.csv").stderr, "table watch", "and is silent about one that is")
    os.chmod(sources, 0o666)
    result = watch.once()
    t.ok(result.rc == 1 and "others can write to it" in result.stderr and not watch.loaded(), "a file that others can write to: rejected", result)
    os.chmod(sources, 0o644)
    p.file("sources", f"csv:{exports}\nfiles:/\n")
    result = watch.once()
    t.ok(result.rc == 1 and 'line 2: "files:/" is no source' in result.stderr, "a line that is no rule", result)
    for rule in ("csv:exports", "postgresql:", "maxcompute:somewhere"):
        t.is_(watch.once(rule).rc, 2, f"--allow-source {rule}: wrong usage")
    p.file("sources", "postgresql:nowhere\n")
    log = os.path.join(p.folder, "watch.log")
    with open(log, "w", encoding="utf-8") as out:
        process = subprocess.Popen([kLoader, "table", "watch", "--retry-pause", "1", "--retries", "100", "--jitter", "0"], cwd="/", env=p.loader.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        def said(text):
            with open(log, encoding="utf-8") as file:
                return text in file.read()
        wait_for(lambda: said("is not an allowed source"), 20 * kSlow, "the source is named when its turn comes")
        p.file("sources", "")
        wait_for(lambda: said("rows: not loaded, no source is allowed"), 20 * kSlow, "an empty list while it runs: nothing is loaded")
        p.file("sources", f"csv:{exports}\n")
        wait_for(lambda: said("rows: exit status 0"), 20 * kSlow, "a new line counts from the next load on")
        t.ok(watch.loaded(), "the file is read again for each load")
    finally:
        process.terminate()
        process.wait(20 * kSlow)


def relative_paths(t, p, watch):
    """A relative path belongs to the folder of the definition, wherever apply and load run."""
    folder = os.path.join(p.folder, "definitions")
    os.mkdir(folder)
    path = p.file("definitions/source.json", '{"kind": "DataSource", "name": "beside", "type": "csv", "path": "data/../rows.csv"}')
    p.file("definitions/rows.csv", "1,one\n")
    whole = os.path.join(folder, "rows.csv")
    result = p.loader.must("apply", "-f", path)
    t.is_(result.stderr, f'DataSource "beside": path "data/../rows.csv" is saved as {whole}\n', "apply says what it makes of it")
    t.is_(p.loader.json("get", "datasource", "beside")["path"], whole, "the catalog has the whole path")
    result = p.loader.must("apply", "-f", path)
    t.is_((result.stdout.split()[-1], result.stderr), ("unchanged", ""), "again: unchanged")
    p.loader.must("apply", "-f", "-", input='{"kind": "Table", "name": "beside", "data_source": "beside", "ddl": "%s"}' % kDdl.replace("rows", "beside"))
    t.is_(subprocess.run([kLoader, "table", "load", "beside"], cwd="/", env=p.loader.env, stdout=subprocess.DEVNULL, check=False).returncode, 0, "a load in another folder finds it")
    p.loader.must("apply", "-f", "-", input='{"kind": "DataSource", "name": "here", "type": "csv", "path": "x.csv"}')
    t.is_(p.loader.json("get", "datasource", "here")["path"], "/x.csv", "from standard input: the folder in which apply runs")


def test(t):
    p = t.project()
    p.init()
    watch = Watch(t, p)
    files(t, p, watch)
    databases(t, p, watch)
    services(t, p, watch)
    list_file(t, p, watch)
    relative_paths(t, p, watch)


run_test(test)
