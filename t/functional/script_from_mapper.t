#!/usr/bin/env python3
"""api generate --from-mapper: the <select> of a MyBatis mapper becomes a definition in mode script that apply takes, with the fragments that it
includes; what a script cannot have is named with the line of the mapper."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test, users_definitions

kMapper = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE mapper PUBLIC "-//mybatis.org//DTD Mapper 3.0//EN" "http://mybatis.org/dtd/mybatis-3-mapper.dtd">
<mapper namespace="com.example.UserMapper">
  <!-- <select id="findUsers">no</select> -->
  <sql id="columns">user_id, user_name, age</sql>
  <sql id="adults"><if test="least != null">AND age &gt;= #{least,jdbcType=INTEGER}</if></sql>
  <select id="countUsers" resultType="long">SELECT count(*) FROM user_info</select>
  <select id="findUsers" parameterType="map" resultMap="user">
    SELECT <include refid="columns"/> FROM user_info
    <where>
      <if test="ids != null and ids.size() > 0">
        user_id IN
        <foreach collection="ids" item="id" open="(" separator="," close=")">#{id,jdbcType=BIGINT}</foreach>
      </if>
      <if test="name != null and name != ''">AND user_name LIKE <![CDATA['%${name}%']]></if>
      <include refid="com.example.UserMapper.adults"></include>
    </where>
    ORDER BY user_id LIMIT #{rows}
  </select>
  <select id="members">
    SELECT user_name FROM user_info WHERE user_id IN
    <foreach collection="users" item="u" open="(" separator="," close=")">#{u.id}</foreach>
  </select>
  <select id="paged">SELECT user_name FROM user_info ORDER BY user_id <if test="q.page.size != null">LIMIT #{q.page.size}</if></select>
  <select id="byId" parameterType="long">SELECT user_name FROM user_info WHERE user_id = #{id}</select>
  <select id="faulty">
    SELECT u.*, ifnull(age, 0) AS age
    FROM user_info u
    <bind name="x" value="'%' + name + '%'"/>
    ORDER BY ${column} -- newest
  </select>
  <select id="faults">
    SELECT ifnull(age, 0) AS age
    FROM user_info WHERE <include refid="other.fragment"/>
  </select>
  <select id="sorted">
    SELECT ifnull(age, 0) AS age, user_name
    FROM user_info ORDER BY ${column}
  </select>
</mapper>
"""


def generate(p, select, path="/users", mapper="mapper.xml"):
    return p.loader("api", "generate", "Mapped", "--business-process", "User Query Service", "--path", path, "--from-mapper", f"{p.folder}/{mapper}#{select}")


def parameters(definition):
    return [(one["name"], one["type"], one["required"]) for one in definition["request_parameters"]]


def test(t):
    p = t.project()
    p.init()
    p.file("mapper.xml", "\ufeff" + kMapper)
    p.apply(users_definitions()[:-1])
    p.load("user_info", "user_id,user_name,age\n1,Ann,30\n2,Bob,17\n3,Anna,41\n4,Dee,50\n")

    made = generate(p, "findUsers")
    t.is_(made.rc, 0, "a select with fragments is printed") or t.diag(made)
    definition = json.loads(made.stdout)
    t.is_((definition["mode"], definition["data_source"], definition["path"]), ("script", "odps_demo", "/users"), "mode, data source and path")
    t.is_(parameters(definition), [("ids", "LONG_LIST", False), ("name", "STRING", False), ("least", "INT", False), ("rows", "LONG", True)],
          "parameters with types of jdbcType, of the loop and of LIMIT; those of tests are optional")
    t.ok(definition["sql"].startswith("SELECT user_id, user_name, age FROM user_info") and "<include" not in definition["sql"], "fragments are in their places",
         definition["sql"])
    definition["request_parameters"][-1]["sample"] = 10
    t.is_(p.loader("apply", "-f", "-", input=json.dumps(definition)).rc, 0, "apply takes it")
    for values, ids in ((("rows=10",), [1, 2, 3, 4]), (("rows=10", "name=An", "least=31"), [3]), (("rows=10", "ids=1,2,4", "least=18"), [1, 4]), (("rows=1", "ids=2,3,4"), [2])):
        tested = p.loader.json("api", "test", "Mapped", *[word for value in values for word in ("--param", value)])
        t.is_([row["user_id"] for row in tested["response"]["data"]], ids, f"{' '.join(values)}: its rows") or t.diag(tested)

    t.is_(parameters(json.loads(generate(p, "byId", "/users/{id}").stdout)), [("id", "LONG", True)], "parameterType is the type of the only parameter")
    t.is_(json.loads(generate(p, "byId", "/users/{id}").stdout)["request_parameters"][0]["in"], "path", "a parameter of the path")

    for select, texts in (("faulty", ("mapper.xml:29:5: <bind> is not read", "mapper.xml:30:24: SQL comments")),
                          ("faults", ("mapper.xml:34:26: there is no <sql id=\"other.fragment\"> in this file",)),
                          ("sorted", ("mapper.xml:37:12: ", "coalesce", "mapper.xml:38:29: a placeholder is a value")),
                          ("members", ("mapper.xml:22:75: \"u.id\" is a member of an item",)),
                          ("findUser", ("there is no <select id=\"findUser\"> (did you mean \"findUsers\"?)",))):
        refused = generate(p, select)
        t.is_((refused.rc, refused.stdout), (1, ""), f"{select}: rejected")
        for text in texts:
            t.ok(text in refused.stderr, f"{select}: {text}", refused.stderr)
    t.is_(parameters(json.loads(generate(p, "paged").stdout)), [("q.page.size", "LONG", False)], "a name that ends in .size and is bound is one parameter")
    refused = p.loader("api", "generate", "Mapped", "--business-process", "User Query Service", "--path", "/x", "--from-mapper", "mapper.xml")
    t.is_(refused.rc, 2, "the id is required")


run_test(test)
