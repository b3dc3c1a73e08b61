#!/usr/bin/env python3
"""Scripts of the shapes that people publish: tags, lists, joins, CTEs, windows, aggregates. Each call answers the rows that the same SELECT has in
psql, with the values written as literals."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Client, path_with, run_test, users_definitions

kUsers = "user_id,user_name,age,city\n1,Alice,25,Paris\n2,Bob,,Rome\n3,O'Hara,40,Paris\n4,100% Dora,40,\n5,,31,Oslo\n"
kOrders = ("order_id,buyer,amount,status,ordered_at\n1,1,12.50,paid,2026-01-31 08:00:00\n2,1,7.00,open,2026-02-01 09:00:00\n3,3,100.00,paid,2026-02-02 10:00:00\n"
           "4,2,0.01,void,2026-02-03 11:00:00\n5,9,5.00,paid,2026-02-04 12:00:00\n")
kDdl = {"users": "CREATE TABLE users (user_id BIGINT, user_name STRING, age BIGINT, city STRING)",
        "orders": "CREATE TABLE orders (order_id BIGINT, buyer BIGINT, amount DECIMAL(10,2), status STRING, ordered_at DATETIME)"}

kAggregate = ("SELECT status, count(*) AS orders, sum(amount) AS total, max(ordered_at) AS last, bool_and(amount > 1) AS large, json_agg(order_id ORDER BY order_id DESC) AS ids, string_agg(order_id::text, ' ' ORDER BY order_id) AS words"
              " FROM orders WHERE ordered_at >= '{}' GROUP BY status HAVING count(*) >= {} ORDER BY status")


def value(name, kind, **more):
    return {"name": name, "type": kind, "required": False, **more}


# name: (script, parameters, [(what is sent, the same SELECT)])
kShapes = {
    "basic": ("SELECT user_id, user_name AS name FROM users WHERE user_id = ${id};", [value("id", "LONG", required=True, sample=1)],
              [({"id": 1}, "SELECT user_id, user_name AS name FROM users WHERE user_id = 1"), ({"id": 7}, "SELECT user_id, user_name AS name FROM users WHERE false")]),
    "basic, optional": ("SELECT user_id FROM users WHERE age > #{age} OR #{age} IS NULL ORDER BY 1", [value("age", "LONG", sample=30)],
                        [({"age": 30}, "SELECT user_id FROM users WHERE age > 30 ORDER BY 1"), ({}, "SELECT user_id FROM users ORDER BY 1")]),
    "where, if": ("SELECT user_id, age FROM users <where><if test=\"min != null\">AND age >= ${min}</if><if test='max != null'> AND age <= ${max}</if>"
                  "<if test=\"city != null and city != ''\">OR city = ${city}</if></where> ORDER BY user_id",
                  [value("min", "LONG", sample=30), value("max", "LONG", sample=40), value("city", "STRING", sample="Rome")],
                  [({}, "SELECT user_id, age FROM users ORDER BY user_id"), ({"min": 30}, "SELECT user_id, age FROM users WHERE age >= 30 ORDER BY user_id"),
                   ({"max": 30}, "SELECT user_id, age FROM users WHERE age <= 30 ORDER BY user_id"),
                   ({"min": 30, "max": 35}, "SELECT user_id, age FROM users WHERE age >= 30 AND age <= 35 ORDER BY user_id"),
                   ({"city": "Rome"}, "SELECT user_id, age FROM users WHERE city = 'Rome' ORDER BY user_id"),
                   ({"city": ""}, "SELECT user_id, age FROM users ORDER BY user_id"),
                   ({"min": 40, "max": 40, "city": "Rome"}, "SELECT user_id, age FROM users WHERE age >= 40 AND age <= 40 OR city = 'Rome' ORDER BY user_id")]),
    "raw operators": ("SELECT user_id FROM users WHERE age < ${age} AND age <> 31 AND user_id<=4 ORDER BY user_id", [value("age", "LONG", required=True, sample=41)],
                      [({"age": 41}, "SELECT user_id FROM users WHERE age < 41 AND age <> 31 AND user_id <= 4 ORDER BY user_id")]),
    "entities and CDATA": ("SELECT user_id FROM users WHERE age &lt; ${age} <![CDATA[ AND user_id < 4 AND user_name <> '<if>' ]]> <!-- AND nonsense --> ORDER BY user_id",
                           [value("age", "LONG", required=True, sample=41)],
                           [({"age": 41}, "SELECT user_id FROM users WHERE age < 41 AND user_id < 4 AND user_name <> '<if>' ORDER BY user_id")]),
    "choose, sort": ("SELECT user_id FROM users ORDER BY <choose><when test=\"sort == 'age'\">age DESC NULLS LAST, user_id</when>"
                     "<when test=\"sort == 'name'\">user_name COLLATE \"C\" NULLS FIRST</when><otherwise>user_id</otherwise></choose>", [value("sort", "STRING", sample="age")],
                     [({"sort": "age"}, "SELECT user_id FROM users ORDER BY age DESC NULLS LAST, user_id"),
                      ({"sort": "name"}, "SELECT user_id FROM users ORDER BY user_name COLLATE \"C\" NULLS FIRST"), ({"sort": "x"}, "SELECT user_id FROM users ORDER BY user_id"),
                      ({}, "SELECT user_id FROM users ORDER BY user_id")]),
    "foreach in": ("SELECT user_id FROM users <where><if test=\"ids != null and ids.size() > 0\">user_id IN <foreach collection=\"ids\" item=\"id\" open=\"(\" separator=\",\" close=\")\">"
                   "#{id}</foreach></if></where> ORDER BY user_id", [value("ids", "LONG_LIST", sample=[1, 3])],
                   [({"ids": [1, 3, 4]}, "SELECT user_id FROM users WHERE user_id IN (1, 3, 4) ORDER BY user_id"), ({"ids": [2]}, "SELECT user_id FROM users WHERE user_id = 2"),
                    ({"ids": list(range(1, 100))}, "SELECT user_id FROM users ORDER BY user_id"), ({}, "SELECT user_id FROM users ORDER BY user_id")]),
    "foreach or": ("SELECT user_id FROM users WHERE 1 = 0 <foreach collection='words' item='word'> OR user_name LIKE '%${word}%'</foreach> ORDER BY user_id",
                   [value("words", "STRING_LIST", sample="li")],
                   [({"words": ["li", "Har"]}, "SELECT user_id FROM users WHERE user_name LIKE '%li%' OR user_name LIKE '%Har%' ORDER BY user_id"),
                    ({"words": ["'"]}, "SELECT user_id FROM users WHERE user_name LIKE '%''%' ORDER BY user_id")]),
    "foreach union": ("<foreach collection='ids' item='id' index='n' separator=' UNION ALL '>SELECT CAST(#{n} AS bigint) AS place, user_name AS name FROM users WHERE user_id = #{id}</foreach> ORDER BY 1",
                      [value("ids", "INT_LIST", required=True, sample="1,2")],
                      [({"ids": [3, 1]}, "SELECT 0::int8 AS place, user_name AS name FROM users WHERE user_id = 3 UNION ALL SELECT 1, user_name FROM users WHERE user_id = 1 ORDER BY 1")]),
    "trim both ends": ("SELECT user_id FROM users <trim prefix=\"WHERE\" prefixOverrides=\"AND |OR \" suffixOverrides=\"AND\"><if test=\"city != null\">AND city = ${city} AND</if></trim> ORDER BY 1",
                       [value("city", "STRING", sample="Paris")],
                       [({"city": "Paris"}, "SELECT user_id FROM users WHERE city = 'Paris' ORDER BY 1"), ({}, "SELECT user_id FROM users ORDER BY 1")]),
    "lists": ("SELECT user_id FROM users WHERE user_id IN (${ids}) AND city NOT IN ${cities} ORDER BY 1",
              [value("ids", "LONG_LIST", required=True, sample="1,2,3"), value("cities", "STRING_LIST", required=True, sample="Oslo")],
              [({"ids": [1, 2, 3], "cities": ["Rome", "Oslo"]}, "SELECT user_id FROM users WHERE user_id IN (1, 2, 3) AND city NOT IN ('Rome', 'Oslo') ORDER BY 1")]),
    "items of a list": ("SELECT user_id, ${range[0]}::int8 AS least FROM users WHERE age >= ${range[0]} <if test='range.size() > 1'>AND age <= ${range[1]}</if> ORDER BY 1",
                        [value("range", "LONG_LIST", required=True, sample="30,40")],
                        [({"range": [31, 35]}, "SELECT user_id, 31::int8 AS least FROM users WHERE age BETWEEN 31 AND 35 ORDER BY 1"),
                         ({"range": [40]}, "SELECT user_id, 40::int8 AS least FROM users WHERE age >= 40 ORDER BY 1")]),
    "nested tags": ("SELECT user_id FROM users <where><if test='city != null'>city = ${city}<choose><when test='age != null'><trim prefix='AND (' suffix=')' prefixOverrides='OR'>"
                    "<if test='age > 30'>OR age > ${age}</if> OR age = ${age}</trim></when><otherwise>AND age IS NOT NULL</otherwise></choose></if></where> ORDER BY 1",
                    [value("city", "STRING", sample="Paris"), value("age", "LONG", sample=25)],
                    [({}, "SELECT user_id FROM users ORDER BY 1"), ({"city": "Paris"}, "SELECT user_id FROM users WHERE city = 'Paris' AND age IS NOT NULL ORDER BY 1"),
                     ({"city": "Paris", "age": 25}, "SELECT user_id FROM users WHERE city = 'Paris' AND age = 25"),
                     ({"city": "Paris", "age": 35}, "SELECT user_id FROM users WHERE city = 'Paris' AND age >= 35")]),
    "text in quotes": ("SELECT user_id, 'for ''${name}''' AS label FROM users WHERE user_name LIKE '${name}%' ORDER BY 1", [value("name", "STRING", required=True, sample="Al")],
                       [({"name": "O'"}, "SELECT user_id, 'for ''O''''' AS label FROM users WHERE user_name LIKE 'O''%' ORDER BY 1"),
                        ({"name": "100\\% "}, "SELECT user_id, 'for ''100\\% ''' AS label FROM users WHERE user_name LIKE '100\\% %' ORDER BY 1")]),
    "join": ("SELECT o.order_id, u.user_name AS buyer, o.amount, o.ordered_at FROM orders o LEFT JOIN users u ON u.user_id = o.buyer WHERE o.amount >= ${least} ORDER BY o.order_id",
             [value("least", "DECIMAL", required=True, sample="1")],
             [({"least": "5"}, "SELECT o.order_id, u.user_name AS buyer, o.amount, o.ordered_at FROM orders o LEFT JOIN users u ON u.user_id = o.buyer WHERE o.amount >= 5 ORDER BY 1")]),
    "join without aliases": ("SELECT users.user_id, count(*) AS orders, sum(orders.amount) AS total FROM users JOIN orders ON orders.buyer = users.user_id WHERE orders.amount >= ${least}"
                             " GROUP BY users.user_id ORDER BY users.user_id", [value("least", "DECIMAL", required=True, sample="1")],
                             [({"least": "0.5"}, "SELECT buyer AS user_id, count(*) AS orders, sum(amount) AS total FROM orders WHERE amount >= 0.5 AND buyer < 9 GROUP BY buyer ORDER BY buyer")]),
    "aggregate": ("SELECT status, count(*) AS orders, sum(amount) AS total, max(ordered_at) AS last, bool_and(amount > 1) AS large, json_agg(order_id ORDER BY order_id DESC) AS ids, string_agg(order_id::text, ' ' ORDER BY order_id) AS words FROM orders"
                  " WHERE ordered_at >= ${since} GROUP BY status HAVING count(*) >= ${least} ORDER BY status",
                  [value("since", "DATETIME", required=True, sample="2026-01-01T00:00:00"), value("least", "INT", default=1)],
                  [({"since": "2026-02-01T00:00:00"}, kAggregate.format("2026-02-01", 1)), ({"since": "2026-01-01T00:00:00Z", "least": 2}, kAggregate.format("2026-01-01", 2))]),
    "CTE": ("WITH spent AS (SELECT buyer, sum(amount) AS total FROM orders <where><if test='status != null'>status = ${status}</if></where> GROUP BY buyer)"
                   " SELECT user_name, total FROM users JOIN spent ON buyer = user_id ORDER BY total DESC", [value("status", "STRING", sample="paid")],
                   [({}, "SELECT user_name, sum(amount) AS total FROM users JOIN orders ON buyer = user_id GROUP BY user_id, user_name ORDER BY 2 DESC"),
                    ({"status": "paid"}, "SELECT user_name, sum(amount) AS total FROM users JOIN orders ON buyer = user_id WHERE status = 'paid' GROUP BY user_id, user_name ORDER BY 2 DESC")]),
    "recursive CTE": ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${most}) SELECT i, user_name FROM n LEFT JOIN users ON user_id = i ORDER BY i",
                      [value("most", "INT", required=True, sample=3)],
                      [({"most": 6}, "SELECT i, user_name FROM generate_series(1, 6) i LEFT JOIN users ON user_id = i ORDER BY i")]),
    "window": ("SELECT order_id, rank() OVER (PARTITION BY status ORDER BY amount DESC) AS place, sum(amount) OVER w AS running FROM orders WINDOW w AS (ORDER BY order_id) ORDER BY order_id LIMIT ${most}",
               [value("most", "LONG", required=True, sample=2)],
               [({"most": 4}, "SELECT order_id, rank() OVER (PARTITION BY status ORDER BY amount DESC) AS place, sum(amount) OVER w AS running FROM orders WINDOW w AS (ORDER BY order_id) ORDER BY 1 LIMIT 4")]),
    "sub-queries": ("SELECT user_id, (SELECT count(*) FROM orders WHERE buyer = u.user_id) AS orders FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.buyer = u.user_id AND o.status = ${status}) ORDER BY 1",
                    [value("status", "STRING", required=True, sample="paid")],
                    [({"status": "paid"}, "SELECT user_id, (SELECT count(*) FROM orders WHERE buyer = u.user_id) AS orders FROM users u WHERE user_id IN (SELECT buyer FROM orders WHERE status = 'paid') ORDER BY 1")]),
    "case and functions": ("SELECT user_id, CASE WHEN age >= 40 THEN 'old' ELSE 'young' END AS kind, upper(coalesce(user_name, '')) AS name, age::float8 / 2 AS half FROM users"
                           " WHERE user_id > ${after} ORDER BY user_id LIMIT 3 OFFSET 1", [value("after", "LONG", required=True, sample=0)],
                           [({"after": 1}, "SELECT user_id, CASE WHEN age >= 40 THEN 'old' ELSE 'young' END AS kind, upper(coalesce(user_name, '')) AS name, age::float8 / 2 AS half"
                             " FROM users WHERE user_id > 1 ORDER BY user_id LIMIT 3 OFFSET 1")]),
}


def definitions():
    base = users_definitions(authentication=[], result="list")
    api = base.pop()
    base += [{"kind": "Table", "name": name, "data_source": "odps_demo", "ddl": ddl, "primary_key": [ddl.split("(")[1].split()[0]]} for name, ddl in kDdl.items()]
    keep = {key: api[key] for key in ("kind", "business_process", "authentication", "result")}
    for number, (name, (script, parameters, _)) in enumerate(kShapes.items()):
        base.append({**keep, "name": "Shape " + name.replace(",", ""), "path": f"/shape{number}", "mode": "script", "data_source": "odps_demo", "sql": script, "request_parameters": parameters})
    return base


def psql_rows(p, selects):
    sql = "SET timezone = 'UTC'; SET search_path = mirror;\n" + "".join(f"SELECT coalesce(jsonb_agg(q), '[]'::jsonb) FROM ({one}) q;\n" for one in selects)
    return [json.loads(line) for line in p.postgres.psql(sql).split("\n") if line.startswith("[")]


def calls(t, p):
    client = Client(p.gateway.port)
    every = []
    for number, (name, (_, _, cases)) in enumerate(kShapes.items()):
        for sent, select in cases:
            every.append((f"{name} {sent}", f"/v1/shape{number}", sent, select))
    wanted = psql_rows(p, [select for _, _, _, select in every])
    t.is_(len(wanted), len(every), "psql answers each SELECT")
    for (name, path, sent, _), rows in zip(every, wanted):
        answer = client.request(path_with(path, **sent))
        t.is_(answer.json.get("data") if answer.status == 200 else (answer.status, answer.text), rows, name)


def test(t):
    p = t.project()
    p.serve(definitions(), {"users": kUsers, "orders": kOrders})
    calls(t, p)


run_test(test)
