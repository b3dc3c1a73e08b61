#!/usr/bin/env python3
"""The pipeline of loader/docs/publish-an-api.md, run as it stands there: a git repository of definitions becomes what the gateway serves, merge by merge;
run again it does nothing; what is refused, fails its test or waits changes nothing that callers see."""
import json
import os
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kCheckout, kLoader, kSlow, kUsersCsv, run, run_test, users_definitions, wait_for

kApi = "Query User by User ID"


class Repository:
    def __init__(self, p):
        self.p = p
        self.folder = os.path.join(p.folder, "repository")
        os.mkdir(self.folder)
        bin_of = os.path.join(p.folder, "bin")
        os.mkdir(bin_of)
        os.symlink(kLoader, os.path.join(bin_of, "tablegate"))
        self.env = {**p.loader.env, "PATH": f"{bin_of}:{os.environ['PATH']}", "OUTPUT": p.gateway.out, "NGINX_CHECK": p.gateway.check_command(),
                    "NGINX_RELOAD": p.gateway.reload_command(), "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": p.folder}
        self.git("init", "-q")
        with open(os.path.join(self.folder, ".gitignore"), "w", encoding="utf-8") as file:
            file.write("/openapi.json\n")

    def git(self, *arguments):
        done = run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments], cwd=self.folder, env=self.env)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def merge(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def pipeline(self, **variables):
        return run([os.path.join(kCheckout, "loader", "pipeline.sh")], cwd=self.folder, env={**self.env, **variables}, timeout=120 * kSlow)

    def edit(self, path, **fields):
        path = os.path.join(self.folder, "definitions", path)
        with open(path, encoding="utf-8") as file:
            value = {**json.load(file), **fields}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=2)


def documented(t):
    path = os.path.join(kCheckout, "loader", "pipeline.sh")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(os.path.join(kCheckout, "loader", "docs", "publish-an-api.md"), encoding="utf-8") as file:
        t.ok(f"```sh\n{text}```\n" in file.read(), "loader/docs/publish-an-api.md shows loader/pipeline.sh as it is")
    t.ok(os.stat(path).st_mode & stat.S_IXUSR, "it can be run")
    t.ok(len(text.splitlines()) <= 12, "about ten lines")


def call(p):
    return p.get("/v1/user/info?user_id=10001")


def test(t):
    documented(t)
    p = t.project()
    p.init()
    repository = Repository(p)
    p.apply(users_definitions()[:1])  # the gateway, so that there is something to sync
    p.key = p.add_key()
    p.sync()
    p.gateway.set()
    p.gateway.start()
    # Definitions of another catalog, as an export of it leaves them.
    other = t.project()
    other.init()
    other.apply(users_definitions())
    other.loader.must("export", os.path.join(repository.folder, "definitions"))
    repository.merge("the first API")
    done = repository.pipeline()
    t.ok(done.returncode == 1 and "tablegate table load user_info" in done.stderr, "a table without data stops it, and it says what to do", done.stderr)
    t.is_(call(p).status, 404, "callers see nothing of that")
    p.load("user_info", kUsersCsv)
    done = repository.pipeline()
    t.is_(done.returncode, 0, "run again, it continues") or t.diag(done.stdout + done.stderr)
    wait_for(lambda: call(p).status == 200, 10 * kSlow, "the API answers")
    t.is_(call(p).json["data"], {"user_id": 10001, "user_name": "Alice"}, "and the API answers")
    versions = p.loader.json("api", "versions", kApi)
    t.is_(versions[0]["message"], repository.git("log", "-1", "--format=%h %s"), "the version names the commit")
    with open(os.path.join(repository.folder, "openapi.json"), encoding="utf-8") as file:
        t.is_(list(json.load(file)["paths"]), ["/v1/user/info"], "openapi.json is there")
    before = p.postgres.psql("SELECT publication FROM tablegate.gateway_instance")
    done = repository.pipeline()
    t.ok(done.returncode == 0 and "no difference" in done.stdout, "the same again: no difference", done.stdout + done.stderr)
    t.is_((p.postgres.psql("SELECT publication FROM tablegate.gateway_instance"), len(p.loader.json("api", "versions", kApi))), (before, 1), "nothing was done")

    api = "apis/User-Query-Service/Query-User-by-User-ID.json"
    repository.edit(api, response_parameters=[{"name": "user_id"}, {"name": "user_name"}, {"name": "age"}])
    repository.merge("age, too")
    done = repository.pipeline()
    t.is_(done.returncode, 0, "a merge") or t.diag(done.stdout + done.stderr)
    t.like(done.stdout, r"\+ /response_parameters/age", "shows what changes")
    wait_for(lambda: "age" in (call(p).json.get("data") or {}), 10 * kSlow, "version 2 answers")
    repository.edit(api, table="nothing")
    repository.merge("a mistake")
    t.is_(repository.pipeline().returncode, 1, "what is refused fails the pipeline")
    t.is_(call(p).json["data"]["age"], 25, "callers see version 2 as before")
    repository.git("revert", "--no-edit", "HEAD")
    done = repository.pipeline()
    t.is_((done.returncode, len(p.loader.json("api", "versions", kApi))), (0, 2), "a revert: nothing to do")
    repository.git("revert", "--no-edit", "HEAD~2")
    done = repository.pipeline()
    t.ok(done.returncode == 1 and "age was removed" in done.stderr, "the revert of a change that callers may count on stops", done.stderr)
    t.is_(repository.pipeline(BREAKING="yes").returncode, 0, "until somebody says so")
    wait_for(lambda: "age" not in call(p).json["data"], 10 * kSlow, "the answer is the first one again")
    t.is_(len(p.loader.json("api", "versions", kApi)), 3, "is a version of its own")


run_test(test)
