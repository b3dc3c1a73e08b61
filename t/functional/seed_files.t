#!/usr/bin/env python3
"""Seed files: the tutorial's CREATE TABLE and INSERT INTO, run as they stand in it, and every form of literal, all the way to answers."""
import copy
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions

# As they stand in DataWorks' tutorial, the full stop of its sentence included.
kCreate = "CREATE TABLE user_info (user_id BIGINT, user_name STRING, age BIGINT);."
kInsert = "INSERT INTO user_info VALUES (10001, 'Alice', 25), (10002, 'Bob', 30);"
kTypes = """CREATE TABLE every_type (t TINYINT, s SMALLINT, i INT, b BIGINT, f FLOAT, d DOUBLE, n DECIMAL(10,2), x STRING, v VARCHAR(10),
  y BINARY, z BOOLEAN, day DATE, dt DATETIME, ts TIMESTAMP, tn TIMESTAMP_NTZ, j JSON, a ARRAY<STRING>, m MAP<STRING,BIGINT>,
  st STRUCT<a:INT,b:STRING>) COMMENT 'it''s' PARTITIONED BY (ds STRING, hh TINYINT) LIFECYCLE 7;"""
kTypesInsert = kTypes + """
INSERT INTO TABLE proj.every_type PARTITION (ds='20260101', hh) VALUES
 (-1Y, 2S, 3, 4L, 1.5F, 1E7, 3.5BD, 'it''s \\'q\\'', "v", X'00ff', true, DATE'2017-11-11', DATETIME'2017-11-11 00:00:00',
  TIMESTAMP'2017-11-11 00:00:00.123456789', TIMESTAMP_NTZ'2017-11-11 00:00:00.5', JSON '{"k":[1,null]}', array('a', null), map('k', 1L),
  named_struct('a', 1, 'b', 'c'), 5Y),
 (null, null, null, null, null, null, null, null, null, unhex('61'), false, null, null, null, null, null, array(), map(), null, 6);
"""


def test(t):
    p = t.project()
    objects = copy.deepcopy(users_definitions())
    objects[4]["ddl"] = kCreate
    p.init()
    p.apply(objects)
    seed = p.file("seed.sql", kInsert)
    loaded = p.loader("table", "load", "user_info", "--from", f"sql:{seed}", "-o", "json")
    t.ok(loaded.rc == 0 and loaded.json["rows"] == 2, "the tutorial's INSERT loads its two rows", loaded)
    p.publish("Query User by User ID")
    p.key = p.add_key()
    p.sync()
    p.gateway.set()
    p.gateway.start()
    t.is_(p.get("/v1/user/info?user_id=10001").body, b'{"data":{"user_id":10001,"user_name":"Alice"},"success":true}', "and the tutorial's call answers")
    both = p.loader("table", "load", "user_info", "--from", "sql:-", input=f"{kCreate}\n{kInsert}")
    t.is_(both.rc, 0, "both statements in one file") or t.diag(both)
    t.is_(p.loader.json("table", "status", "user_info")[0].get("source", "sql:-"), "sql:-", "the source is kept with the generation")

    p.loader.must("apply", "-f", "-", input='{"kind":"Table","name":"every_type","data_source":"odps_demo","time_zone":"Asia/Shanghai","ddl":%s}'
                  % json.dumps(kTypes))
    result = p.loader("table", "load", "every_type", "--from", f"sql:{p.file('types.sql', kTypesInsert)}")
    t.is_(result.rc, 0, "every literal loads") or t.diag(result)
    row = p.postgres.psql("SET timezone = 'UTC'; SELECT to_json(e) FROM mirror.every_type e WHERE t = -1").splitlines()[-1]
    t.is_(json.loads(row), {
        "t": -1, "s": 2, "i": 3, "b": 4, "f": 1.5, "d": 10000000, "n": 3.50, "x": "its 'q'", "v": "v", "y": "\\x00ff", "z": True, "day": "2017-11-11",
        "dt": "2017-11-10T16:00:00+00:00", "ts": "2017-11-10T16:00:00.123456+00:00", "tn": "2017-11-11T00:00:00.5", "j": {"k": [1, None]},
        "a": ["a", None], "m": {"k": 1}, "st": {"a": 1, "b": "c"}, "ds": "20260101", "hh": 5}, "with the values of its literals; DATETIME in the table's zone")

    result = p.loader("table", "load", "every_type", "--from", f"sql:{p.file('types.sql', kTypesInsert.replace('1L)', 'true)'))}")
    t.ok(result.rc == 1 and all(word in result.stderr for word in ("types.sql, 6:", 'column "m"', "a boolean where bigint is expected")), "refused: a MAP of another type", result)

    for text, words in ((kInsert.replace("25", "'x'"), ("bad.sql, 1:47", 'column "age"', "a text where bigint is expected")),
                        (kInsert.replace("10002", "99999999999999999999"), ("bad.sql, line 1", 'column "user_id"', "out of range")),
                        (kInsert.replace("10002", "10001"), ("not unique", "10001")),
                        ("\n" + kInsert.replace("'Bob', ", ""), ("bad.sql, 2:52", "2 values for 3 columns")),
                        (kInsert.replace("user_info", "other"), ("holds no INSERT INTO user_info",)),
                        ("DELETE FROM user_info;", ("only CREATE TABLE and INSERT",)),
                        (kCreate.replace("age BIGINT", "age STRING") + kInsert, ("other columns",)),
                        (kInsert.replace("'Alice'", "NULL").replace("10001", "NULL"), ("NOT NULL", 'column "user_id"'))):
        result = p.loader("table", "load", "user_info", "--from", f"sql:{p.file('bad.sql', text)}")
        t.ok(result.rc == 1 and all(word in result.stderr for word in words), f"refused: {words[-1]}", result)
    t.is_(p.postgres.psql("SELECT count(*) FROM mirror.user_info"), "2", "the generation before serves on")
    result = p.loader("table", "load", "user_info", "--from", f"sql:{seed}", "--header")
    t.ok(result.rc == 2 and "--header" in result.stderr, "options of csv: are no options of sql:", result)
    t.is_(p.loader("table", "load", "user_info", "--from", "sql:/nonexistent.sql").rc, 3, "a file that is not there: exit 3")


run_test(test)
