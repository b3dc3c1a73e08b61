#!/usr/bin/env python3
"""Tables from another PostgreSQL: a table or a query, in one snapshot, binary where types agree; its ddl, its errors, its password."""
import json
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test
from tg_mirror import rows
from tg_postgres import Postgres
from tg_process import die_with_parent, wait_for
from tg_settings import kLoader, kSlow

kSecret = "a-password-that-no-log-may-hold"
kTypes = """CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN age AS integer CHECK (VALUE >= 0);
CREATE TABLE "every Type" (id bigint PRIMARY KEY, s smallint, i integer NOT NULL, f real, d double precision, n numeric(38,18), b boolean, x text, v varchar(10),
  c char(5), y bytea, day date, ts timestamp, tz timestamptz(3), j json, jb jsonb, iv interval, u uuid, m mood, a integer[], g age, t text[], "Upper" text);
INSERT INTO "every Type" VALUES (1, -1, 2, 1.5, -0.1, 12345678901234567890.123456789012345678, true, E'a\\tb\\\\\\n''ü', 'vär', 'ab', '\\x00ff5c', '2017-11-11',
  '2017-11-11 00:00:00.123456', '2017-11-11 00:00:00.123+01', '{"k": 1}', '[1, null]', '1 day 2 hours', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'glad', '{1,NULL}', 7,
  '{a,"b\\""}', 'U'), (2, NULL, 0, 'NaN', '-Infinity', NULL, NULL, '', '', '', '', '-infinity', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', NULL)"""
kRow = {"id": 1, "s": -1, "i": 2, "f": 1.5, "d": -0.1, "n": 12345678901234567890.123456789012345678, "b": True, "x": "a\tb\\\n'ü", "v": "vär", "c": "ab", "y": "\\x00ff5c",
        "day": "2017-11-11", "ts": "2017-11-11T00:00:00.123456", "tz": "2017-11-10T23:00:00.123+00:00", "j": {"k": 1}, "jb": [1, None], "iv": "1 day 02:00:00",
        "u": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "m": "glad", "a": [1, None], "g": 7, "t": ["a", 'b"'], "upper": "U"}


def load(p, name, *options, **more):
    return p.loader("table", "load", name, *options, **more)


def refused(t, result, words, name, rc=1):
    t.ok(result.rc == rc and all(word in result.stderr for word in words), f"refused: {name}", result)
    t.unlike(result.stderr + result.stdout, kSecret, f"{name}: without the password")


def copied(source):
    """The COPY statements that the source has run since it was last asked."""
    with open(source.log, encoding="utf-8", errors="replace") as log:
        log.seek(source.read)
        text = log.read()
        source.read = log.tell()
    return re.findall(r"statement: (COPY .*?|BEGIN .*?)(?=\n\d{4}-)", text + "\n0000-", re.S)


def types(t, p, source):
    p.apply([{"kind": "Table", "name": "every_type", "data_source": "other", "source_table": 'public."every Type"'}])
    ddl = p.loader.json("get", "Table", "every_type")["ddl"]
    for word in ("`id` BIGINT NOT NULL", "`n` DECIMAL(38,18)", "`a` ARRAY<INT>", "`u` STRING", "`tz` TIMESTAMP", "PRIMARY KEY (`id`)", "`i` INT NOT NULL", "`Upper` STRING"):
        t.ok(word in ddl, f"its ddl is read from the source: {word}", ddl)
    copied(source)
    result = load(p, "every_type")
    t.ok(result.rc == 0 and "2 rows" in result.stdout, "every type loads", result)
    found = [json.loads(row) for row in rows(p, "every_type")]
    t.is_(found[0], kRow, "with its values")
    t.is_((found[1]["f"], found[1]["d"], found[1]["x"], found[1]["day"], found[1]["t"], found[1]["s"]), ("NaN", "-Infinity", "", "-infinity", [], None), "edges and NULLs")
    t.is_(p.postgres.psql("SELECT n FROM mirror.every_type WHERE id = 1"), "12345678901234567890.123456789012345678", "all digits")
    t.is_(p.postgres.psql("SELECT source FROM tablegate.generation ORDER BY started_at DESC LIMIT 1"), 'postgresql:tablegate.public."every Type"', "the generation tells where from")
    said = copied(source)
    t.ok(any("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" in line for line in said), "in one snapshot that writes nothing", said)
    t.ok(said[-1].endswith("TO STDOUT"), "json into jsonb: as text", said)
    columns = [name for name in kRow if name not in ("j", "upper")]
    source.psql(f"CREATE VIEW binary_view AS SELECT {', '.join(columns)} FROM \"every Type\"")
    p.apply([{"kind": "Table", "name": "binary_view", "data_source": "other", "primary_key": ["id"]}])
    result = load(p, "binary_view")
    said = copied(source)
    t.ok(result.rc == 0 and "(FORMAT binary)" in "".join(said), "types that agree: in binary; a view; by the Table's own name", (result, said))
    t.is_(json.loads(rows(p, "binary_view")[0]), {name: kRow[name] for name in columns}, "the same values")
    p.apply([{"kind": "Table", "name": "binary_view", "data_source": "other", "ddl": "CREATE TABLE binary_view (x STRING, i BIGINT, id BIGINT, n STRING, day STRING)"}])
    result = load(p, "binary_view")
    t.ok(result.rc == 0 and json.loads(rows(p, "binary_view", "id")[0]) == {"x": kRow["x"], "i": 2, "id": 1, "n": "12345678901234567890.123456789012345678", "day": "2017-11-11"},
         "a ddl of one's own: fewer columns, wider ones, texts", result)


def other_schemas(t, p, source):
    """Types that extensions and people made, in a schema that no search_path names."""
    source.psql("""CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE TYPE ext.grade AS ENUM ('low', 'high'); CREATE TYPE ext.pair AS (a int, b text);
CREATE DOMAIN ext.mail AS ext.citext; CREATE DOMAIN ext.price AS numeric(8,2); CREATE DOMAIN ext.days AS date[];
CREATE TABLE made (id int PRIMARY KEY, c ext.citext, g ext.grade, m ext.mail, p ext.price, gs ext.grade[], ps ext.price[], cs ext.citext[], ms ext.mail[], r ext.pair, rs ext.pair[],
  d ext.days);
INSERT INTO made VALUES (1, 'Ab', 'high', 'A@b', 1.5, '{low,NULL}', '{2.50}', '{x}', '{y}', ROW(1, 'q'), ARRAY[ROW(2, 'z')::ext.pair], '{2026-01-01}')""")
    p.apply([{"kind": "Table", "name": "made", "data_source": "other"}])
    ddl = p.loader.json("get", "Table", "made")["ddl"]
    for word in ("`c` STRING", "`g` STRING", "`m` STRING", "`p` DECIMAL(8,2)", "`gs` ARRAY<STRING>", "`ps` ARRAY<DECIMAL(8,2)>", "`cs` ARRAY<STRING>", "`ms` ARRAY<STRING>", "`r` STRING",
                 "`rs` ARRAY<STRING>", "`d` ARRAY<DATE>"):
        t.ok(word in ddl, f"types of other schemas: {word}", ddl)
    result = load(p, "made")
    t.ok(result.rc == 0 and json.loads(rows(p, "made")[0]) ==
         {"id": 1, "c": "Ab", "g": "high", "m": "A@b", "p": 1.5, "gs": ["low", None], "ps": [2.5], "cs": ["x"], "ms": ["y"], "r": "(1,q)", "rs": ["(2,z)"], "d": ["2026-01-01"]},
         "they come as their text, a domain as what it is over", (result, rows(p, "made")))


def queries(t, p, source):
    source.psql("CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT n AS id, n % 3 AS kind, 'order ' || n AS title FROM generate_series(1, 1000) n")
    p.apply([{"kind": "Table", "name": "orders", "data_source": "other", "source_query": "SELECT id, title FROM shop.orders WHERE kind = 1 -- no more\n;"}])
    result = load(p, "orders")
    t.ok(result.rc == 0 and "334 rows" in result.stdout, "a query", result)
    t.is_(p.postgres.psql("SELECT source FROM tablegate.generation ORDER BY started_at DESC LIMIT 1"), "postgresql:tablegate.(query)", "told as one")
    dsn = source.dsn()
    p.apply([{"kind": "Table", "name": "orders", "data_source": "files", "source_table": "shop.orders", "ddl": "CREATE TABLE orders (id BIGINT, kind INT, title STRING)"}])
    for given in (f"postgresql:{dsn}", f"postgresql://postgres@/tablegate?host={source.socket}"):
        result = load(p, "orders", "--from", given)
        t.ok(result.rc == 0 and "1000 rows" in result.stdout, f"--from {given.split(':')[0]}:...", result)
    for query, word in (("SELECT 1 AS id; DROP TABLE shop.orders", "syntax error"), ("SELECT 1 AS id; -- and no more", "syntax error"), ("SELECT nope", "does not exist"), ("DELETE FROM shop.orders", "syntax error"),
                        ("SELECT 1 AS a) TO STDOUT --", "must have an alias"), ("SELECT 1 AS \"A\", 2 AS a", "repeated"), ("SELECT '(1,2)'::point AS p", 'column "p" of the source is point')):
        result = p.loader("apply", "-f", p.definitions([{"kind": "Table", "name": "bad", "data_source": "other", "source_query": query}]))
        refused(t, result, (word,), f"a query that cannot be one: {query}")
    t.is_(source.psql("SELECT count(*) FROM shop.orders"), "1000", "the source is as it was")


def refusals(t, p, source):
    for table, word in (("shop.nothing", "no table shop.nothing"), ("a.b.c.d", "the source:"), ("pg_catalog.pg_class", "")):
        result = p.loader("apply", "-f", p.definitions([{"kind": "Table", "name": "bad", "data_source": "other", "source_table": table}]))
        refused(t, result, (word,), f"source_table {table}")
    source.psql("CREATE TABLE shop.odd (id bigint, n numeric, p point)")
    result = p.loader("apply", "-f", p.definitions([{"kind": "Table", "name": "bad", "data_source": "other", "source_table": "shop.odd"}]))
    refused(t, result, ('column "n" of the source is numeric', "write a ddl"), "a type that has no counterpart, by column")
    for ddl, word in (("p BIGINT", 'column "p" is point in the source'), ("id INT", 'column "id" is bigint in the source, which does not fit into the Table\'s integer'),
                      ("nope INT", 'no column "nope"'), ("id DATE", "date")):
        p.apply([{"kind": "Table", "name": "bad", "data_source": "other", "source_table": "shop.odd", "ddl": f"CREATE TABLE bad ({ddl})"}])
        refused(t, load(p, "bad"), (word,), f"at load: {ddl}")
    p.apply([{"kind": "Table", "name": "bad", "data_source": "other", "source_query": "SELECT n AS id, 100 / (n - 5000) AS q FROM generate_series(1, 9000) n"}])
    refused(t, load(p, "bad"), ("postgresql:tablegate.(query): the source: division by zero",), "an error of the source in the middle is the source's")
    t.is_(p.postgres.psql("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'bad%'"), "0", "and nothing of it is kept")
    p.apply([{"kind": "Table", "name": "bad", "data_source": "other", "source_query": "SELECT nullif(n, 5) AS id FROM generate_series(1, 9) n", "primary_key": ["id"]}])
    refused(t, load(p, "bad"), ('column "id"', "NOT NULL"), "a row that the mirror does not take, by column")
    for options in (("--header",), ("--partition", "ds=1"), ("--jobs", "2")):
        refused(t, load(p, "bad", *options), (options[0],), f"{options[0]} is no option of it", rc=2)
    refused(t, load(p, "bad", "--from", "postgresql:"), ("names no database",), "no dsn", rc=2)
    refused(t, load(p, "bad", "--from", "postgresql:host=/nonexistent dbname=x"), ("cannot connect to the source",), "no server", rc=3)
    for table in ({"data_source": "files", "ddl": "CREATE TABLE bad (a INT)"}, {"data_source": "other", "source_table": "x", "ddl": "CREATE TABLE bad (a INT)"}):
        result = p.loader("apply", "-f", p.definitions([{"kind": "Table", "name": "bad", "source_query": "SELECT 1", **table}]))
        refused(t, result, ("/source_query",), f"source_query with {list(table)[0]} {list(table.values())[0]}")


def secrets(t, p, source):
    for dsn in (f"host=h password={kSecret} dbname=x", f"postgresql://u:{kSecret}@h/x", f"host=h sslpassword={kSecret}", f"host=h 'password={kSecret}"):
        result = p.loader("apply", "-f", p.definitions([{"kind": "DataSource", "name": "bad", "type": "postgresql", "dsn": dsn}]))
        refused(t, result, ("/dsn",), "a password in a definition")
        refused(t, load(p, "orders", "--from", dsn if dsn.startswith("postgresql://") else f"postgresql:{dsn}"), ("dsn",), "a password on the command line")
    result = p.loader("apply", "-f", p.definitions([{"kind": "DataSource", "name": "bad", "type": "postgresql"}]))
    refused(t, result, ('"dsn" is missing',), "no dsn")
    source.psql(f"SET password_encryption = 'scram-sha-256'; CREATE ROLE keeper LOGIN PASSWORD '{kSecret}'; GRANT USAGE ON SCHEMA shop TO keeper; GRANT SELECT ON shop.orders TO keeper")
    p.apply([{"kind": "DataSource", "name": "kept", "type": "postgresql", "dsn": source.dsn("keeper")},
             {"kind": "Table", "name": "kept", "data_source": "kept", "source_table": "shop.orders", "ddl": "CREATE TABLE kept (id BIGINT)"}])
    refused(t, load(p, "kept"), ("cannot connect to the source", "password"), "without a password", rc=3)
    passfile = p.file("pgpass", f"*:*:*:keeper:{kSecret}\n")
    os.chmod(passfile, 0o600)
    for env in ({"PGPASSFILE": passfile}, {"PGPASSWORD": kSecret}):
        result = load(p, "kept", env=env)
        t.ok(result.rc == 0 and "1000 rows" in result.stdout, f"the password comes from {list(env)[0]}", result)
    refused(t, load(p, "kept", env={"PGPASSWORD": kSecret[::-1]}), ("cannot connect to the source",), "a wrong one", rc=3)
    source.psql("REVOKE SELECT ON shop.orders FROM keeper")
    refused(t, load(p, "kept", env={"PGPASSWORD": kSecret}), ("the source", "permission denied"), "a right that is missing in the source")
    t.is_(p.postgres.psql(f"SELECT count(*) FROM tablegate.data_source WHERE definition::text LIKE '%{kSecret}%'"), "0", "the catalog holds no password")


def cancelling(t, p, source):
    p.apply([{"kind": "Table", "name": "slow", "data_source": "other", "source_query": "SELECT n AS id, pg_sleep(0.01)::text AS z FROM generate_series(1, 100000) n",
              "ddl": "CREATE TABLE slow (id BIGINT)"}])
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY %' AND state = 'active' AND backend_type = 'client backend'"
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen([kLoader, "table", "load", "slow"], env=p.loader.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   preexec_fn=die_with_parent(signal.SIGKILL))
        wait_for(lambda: source.psql(running) == "1", 30 * kSlow, "the source is at work")
        process.send_signal(number)
        t.is_(process.wait(30 * kSlow), 128 + number, f"{number.name} ends the load")
        wait_for(lambda: source.psql(running) == "0", 10 * kSlow, "the source stops")
        t.ok(True, f"{number.name}: the source's query is cancelled")
    t.is_(p.postgres.psql("SELECT to_regclass('mirror.slow') IS NULL"), "t", "nothing serves of it")


def test(t):
    p = t.project()
    p.secrets.append(kSecret)
    p.init()
    os.mkdir(os.path.join(p.folder, "source"))
    os.chmod(os.path.join(p.folder, "source"), 0o755)
    source = Postgres(os.path.join(p.folder, "source"))
    source.set("log_statement", "all")
    hba = os.path.join(source.data, "pg_hba.conf")
    with open(hba, encoding="utf-8") as file:
        rules = file.read()
    with open(hba, "w", encoding="utf-8") as file:
        file.write("local all keeper scram-sha-256\n" + rules)
    source.start()
    source.read = 0
    try:
        source.psql(kTypes)
        p.apply([{"kind": "DataSource", "name": "other", "type": "postgresql", "dsn": source.dsn()}, {"kind": "DataSource", "name": "files", "type": "csv"}])
        types(t, p, source)
        other_schemas(t, p, source)
        queries(t, p, source)
        refusals(t, p, source)
        secrets(t, p, source)
        cancelling(t, p, source)
    finally:
        source.stop()


run_test(test)
