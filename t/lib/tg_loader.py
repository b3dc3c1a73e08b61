"""The loader's command line, and a project from definitions to a serving gateway."""
import json
import os
import re

from tg_gateway import Gateway
from tg_http import bearer, request
from tg_postgres import Postgres
from tg_process import run
from tg_settings import kLoader, kSlow, sanitizer_env

kUsersCsv = "user_id,user_name,age\n10001,Alice,25\n10002,Bob,30\n"


def users_definitions(**api):
    """The tutorial's table and API, with fields of the Api replaced; names as in t/tutorial."""
    return [
        {"kind": "GatewayInstance", "name": "dataservice-prod", "address": "http://127.0.0.1:8080"},
        {"kind": "RestApi", "name": "dataservice-user-api", "base_path": "/v1"},
        {"kind": "BusinessProcess", "name": "User Query Service", "rest_api": "dataservice-user-api"},
        {"kind": "DataSource", "name": "odps_demo", "type": "csv", "path": "user_info.csv"},
        {"kind": "Table", "name": "user_info", "data_source": "odps_demo", "primary_key": ["user_id"],
         "ddl": "CREATE TABLE user_info (user_id BIGINT, user_name STRING, age BIGINT);"},
        {"kind": "Api", "name": "Query User by User ID", "business_process": "User Query Service", "path": "/user/info",
         "mode": "wizard", "table": "user_info", "result": "object", "authentication": ["api_key"],
         "request_parameters": [{"name": "user_id", "column": "user_id", "type": "LONG", "sample": 10001}],
         "response_parameters": [{"name": "user_id", "column": "user_id"}, {"name": "user_name", "column": "user_name"}], **api},
    ]


class Result:
    """The result of a command."""

    def __init__(self, command, done):
        self.command, self.rc, self.stdout, self.stderr = command, done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        return json.loads(self.stdout)

    def __repr__(self):
        return f"<tablegate {' '.join(self.command)}: exit {self.rc}, stdout {self.stdout[-1500:]!r}, stderr {self.stderr[-1500:]!r}>"


class Loader:
    """Runs the tablegate program with its settings in the environment."""

    def __init__(self, folder, catalog):
        self.folder = folder
        drop = ("PG", "TABLEGATE_")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(drop)}
        self.env.update(sanitizer_env(folder), TABLEGATE_CATALOG=catalog,
                        TABLEGATE_MASTER_KEY_FILE=os.path.join(folder, "master.key"), TABLEGATE_SOURCES_FILE=os.path.join(folder, "sources"))
        self.without_next = []  # refusals (exit 1) whose last line was no "try: COMMAND"

    def __call__(self, *arguments, input=None, env=None):
        """Any exit status is returned, none is an error here."""
        options = {"env": {**self.env, **(env or {})}}
        if input is not None:
            options["input"] = input
        command = [str(argument) for argument in arguments]
        result = Result(command, run([kLoader, *command], timeout=120 * kSlow, **options))
        if result.rc == 1 and not re.search(r"\ntry: \S[^\n]*\n\Z", result.stderr):
            self.without_next.append(result)
        return result

    def must(self, *arguments, input=None, env=None):
        """As a call, but any other exit status than 0 is a RuntimeError."""
        result = self(*arguments, input=input, env=env)
        if result.rc:
            raise RuntimeError(repr(result))
        return result

    def json(self, *arguments, input=None):
        """must() with -o json: the parsed output."""
        return self.must(*arguments, "-o", "json", input=input).json


class Project:
    """A workspace demo from nothing to answers, in one folder: postgres, loader, gateway."""

    def __init__(self, folder):
        self.folder = folder
        self.postgres = Postgres(folder)
        self.postgres.start()
        self.loader = Loader(folder, self.postgres.dsn())
        self.gateway = Gateway(folder, f"host={self.postgres.socket} port=5432 dbname=tablegate user=tablegate_reader")
        self.key = None
        self.secrets = []  # keys, secrets and tokens that no log line of ours may hold

    def init(self):
        return self.loader.must("init", "--workspace", "demo")

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def definitions(self, objects, name="definitions.json"):
        """Writes definitions to a file of their own and returns its path."""
        return self.file(name, json.dumps(objects, ensure_ascii=False, indent=1))

    def apply(self, objects):
        return self.loader.must("apply", "-f", self.definitions(objects))

    def load(self, table, csv):
        """csv: text with a header line, or the path of a file."""
        path = csv if os.path.isabs(csv) else self.file(f"{table}.csv", csv)
        return self.loader.must("table", "load", table, "--from", f"csv:{path}", "--header")

    def publish(self, *names):
        """Test, commit and publish, without a domain so that 127.0.0.1 answers."""
        for name in names:
            self.loader.must("api", "test", name)
            self.loader.must("api", "commit", name)
            self.loader.must("api", "publish", name, "--no-domain")

    def add_key(self, consumer="demo"):
        key = self.loader.json("consumer", "add-key", consumer, "--type", "api_key")["api_key"]
        self.secrets.append(key)
        return key

    def sync(self, *options):
        return self.loader.must("sync", "--output", self.gateway.out, *options)

    def sync_and_reload(self, *options):
        """sync, and when it returns only workers of the new configuration serve."""
        old, seen = set(self.gateway.workers()), self.gateway.log_size()
        result = self.sync("--reload", self.gateway.reload_command(), *options)
        self.gateway.wait_new_workers(old, seen)
        return result

    def serve(self, objects=None, tables=None, **parts):
        """All of it: init, apply, load ({table: csv}), publish every Api, a key for demo, sync, nginx. parts: as Gateway.set()."""
        objects = objects or users_definitions()
        self.init()
        self.apply(objects)
        for table, csv in (tables or {"user_info": kUsersCsv}).items():
            self.load(table, csv)
        self.publish(*[item["name"] for item in objects if item["kind"] == "Api"])
        self.key = self.add_key()
        self.sync()
        self.gateway.set(**parts)
        self.gateway.start()
        return self

    def get(self, target, method="GET", key=None, **headers):
        """One request with the key of demo (key="": without)."""
        key = self.key if key is None else key
        return request(self.gateway.port, target, method, {**(bearer(key) if key else {}), **headers})

    def stop(self):
        """nginx gracefully, then PostgreSQL."""
        self.gateway.stop()
        self.postgres.stop()
