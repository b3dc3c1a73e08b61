#!/usr/bin/env python3
"""Random scripts of a small grammar, some of them wrong on purpose: each is either rejected by apply, api test or api commit, or no call of it fails, whichever
of its parameters are sent. The same seed makes the same scripts: TABLEGATE_SEED=N chooses another one."""
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Client, path_with, run_test, users_definitions

kScripts = 40
kCalls = 10
kUsers = "user_id,user_name,age,at\n" + "".join(f"{i},{'abc'[i % 3]}{i},{'' if i == 4 else 20 + i},2026-01-{i:02} 08:00:00\n" for i in range(1, 13))
kOrders = "order_id,user_id,amount\n" + "".join(f"{i},{i % 5 + 1},{i * 2.5}\n" for i in range(1, 13))
# Parameters: type, a sample, values of calls.
kParameters = {"n": ("LONG", 3, (0, 1, 2, 3, 22, 30)), "m": ("INT", 30, (0, 2, 25, 40)), "s": ("STRING", "a", ("a", "", "b1", "%", "'", "5")), "d": ("DECIMAL", "2.5", ("0", "2.5", "10.00")),
               "at": ("DATETIME", "2026-01-05T08:00:00Z", ("2026-01-01T00:00:00Z", "2026-01-07 00:00:00")), "flag": ("BOOLEAN", True, ("true", "false")),
               "ids": ("LONG_LIST", [1, 2], ("1", "1,2,3", "5,4,3,2,1", "7,9")), "words": ("STRING_LIST", ["a"], ("a", "b,c", "a,,b", "x,y,z,a,b,c"))}
kTests = ("n != null", "n != null and n > 2", "m == null", "s != null and s != ''", "s == 'a'", "s.startsWith('a') or n == 1", "not (n > 3)", "flag", "flag == false", "n in {1, 3}",
          "ids != null", "ids != null and ids.size() > 2", "words != null and words[0] == 'a'", "words.contains('b')", "at != null", "d > 2", "n + 1 > m", "s.length() > 1")
kConditions = ("u.age >= ${n}", "u.age BETWEEN ${n} AND ${m}", "u.user_name LIKE '%${s}%'", "u.user_name = #{s,jdbcType=VARCHAR}", "'${s}' = u.user_name", "u.user_id IN (${ids})", "u.user_id in ${ids}",
               "u.user_name NOT IN (${words})", "u.user_id &lt;= ${ids[0]}", "coalesce(u.age, 0) <> ${n}", "u.at < ${at}", "(u.age > ${n} OR u.age IS NULL)", "u.age + ${m} > ${n}", "u.user_id % 2 = 1",
               "CASE WHEN u.age > ${n} THEN true ELSE u.user_id > ${m} END", "EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.user_id AND o.amount > ${d})", "u.at + interval '1 day' > ${at}", "(${flag} OR u.age > 5)",
               "u.user_id = (SELECT max(o.user_id) FROM orders o WHERE o.amount <= ${d})", "lower(u.user_name) = lower(${s})", "length('x${s}y') > 2", "${n} IS NULL")
kWrong = ("AND nosuch = ${n}", "u.age > 1", "AND", "AND u.age > 1 OR", "AND (u.age > ${n}", ")", "AND pg_sleep(1) IS NULL", "AND ${s}", "AND u.age = ${s}", "AND u.user_name = ${n}", ", u.age", "WHERE u.age > 1", "AND u.at > ${n}",
          "UNION SELECT 1, 'a', 2", "ORDER BY u.age", "AND u.user_id IN ()", "AND length(${n}) > 1", "AND sum(u.age) > 1", "AND u.age > ALL (${ids})", "LIMIT ${n}", "GROUP BY u.age", "AND to_char(u.at, ${s}) = ''")


class Grammar:
    def __init__(self, numbers):
        self.random = numbers
        self.wrong = False

    def some(self, least, most, make):
        return " ".join(make() for _ in range(self.random.randint(least, most)))

    def tagged(self, test, content):
        return f'<if test="{test}">{content}</if>'

    def condition(self, depth=0):
        if self.wrong and self.random.random() < 0.15:
            return self.random.choice(kWrong)
        one = self.random.choice(("AND ", "AND ", "AND ", "OR ")) + self.random.choice(kConditions)
        kind = self.random.randrange(9) if depth < 3 else 0
        if kind < 2:
            return one
        if kind < 5:
            return self.tagged(self.random.choice(kTests), self.some(1, 2, lambda: self.condition(depth + 1)))
        if kind == 5:
            whens = "".join(f"<when test=\"{self.random.choice(kTests)}\">{self.condition(depth + 1)}</when>" for _ in range(self.random.randint(1, 3)))
            return f"<choose>{whens}{self.random.choice(('', '<otherwise>' + one + '</otherwise>'))}</choose>"
        if kind == 6:
            return f"<trim prefix=\"AND (\" suffix=\")\" prefixOverrides=\"AND |OR \">{self.some(1, 2, lambda: self.condition(depth + 1))}</trim>"
        if kind == 7:
            return ("<if test=\"ids != null\"><foreach collection=\"ids\" item=\"i\" index=\"x\" open=\"AND (\" separator=\" OR \" close=\")\">u.user_id = ${i}" +
                    self.random.choice(("", " AND u.age > ${n}", "<if test=\"x > 0\"> AND u.age > ${x}</if>")) + "</foreach></if>")
        return "<foreach collection='words' item='w' open='AND u.user_name IN (' separator=', ' close=')'>#{w}</foreach>"

    def script(self):
        """The text, and whether it has pages."""
        self.wrong = self.random.random() < 0.5
        pages = self.random.random() < 0.3
        columns = self.random.choice(("u.user_id, u.user_name, u.age", "u.user_id, upper(u.user_name) AS user_name, u.age + 1 AS age", "u.user_id, '${s}' AS user_name, coalesce(u.age, ${n}) AS age"))
        tables = self.random.choice(("user_info u", "user_info u", "user_info u LEFT JOIN orders p ON p.order_id = u.user_id", "(SELECT user_id, user_name, age, at FROM user_info <where><if test='n != null'>user_id > ${n}</if></where>) u"))
        head, tail = self.random.choice((("<where>", "</where>"), ("<where>", "</where>"), ("WHERE 1 = 1 ", ""), ("<trim prefix='WHERE' prefixOverrides='AND|OR'>", "</trim>"), ("WHERE ", "")))
        order = self.random.choice(("ORDER BY u.user_id", "ORDER BY <choose><when test=\"s == 'age'\">u.age DESC, u.user_id</when><when test='flag'>u.user_name</when><otherwise>u.user_id</otherwise></choose>",
                                    "ORDER BY u.user_id" if pages else "", "<if test='flag'>ORDER BY u.age</if>"))
        limit = self.random.choice(("", "", "LIMIT 5", "" if pages else "LIMIT ${m}"))
        return f"SELECT {columns} FROM {tables}\n{head}{self.some(1, 4, self.condition)}{tail}\n{order} {limit}", pages

    def api(self, number):
        sql, pages = self.script()
        names = [name for name in kParameters if re.search(rf"\b{name}\b", re.sub(r"\bu\.at\b|, at FROM", "", sql))]
        parameters = [{"name": name, "type": kParameters[name][0], "required": self.random.random() < 0.1, "sample": kParameters[name][1]} for name in names]
        return {"kind": "Api", "name": f"Random {number}", "business_process": "User Query Service", "path": f"/random-{number}", "mode": "script", "data_source": "odps_demo", "sql": sql,
                "request_parameters": parameters, "authentication": [], **({"pagination": {"enabled": True}} if pages else {})}

    def call(self, api, share):
        """Parameters of a call, each with this probability."""
        return {one["name"]: self.random.choice(kParameters[one["name"]][2]) for one in api["request_parameters"] if one["required"] or self.random.random() < share}


def applied(p, apis, rejects):
    """Those that apply accepts; the others go to rejects with what it said."""
    while True:
        result = p.loader("apply", "-f", p.definitions(apis, "random.json"))
        if result.rc == 0:
            return apis
        wrong = {int(number): line for number, line in reversed(re.findall(r"random\.json /(\d+)/([^\n]*)", result.stderr))}
        if result.rc != 1 or not wrong:
            raise RuntimeError(repr(result))
        rejects.extend(("apply", line) for line in wrong.values())
        apis = [one for number, one in enumerate(apis) if number not in wrong]


def passed(p, verb, apis, rejects):
    """The same of `api VERB`. One that PostgreSQL does not accept ends the command: tests of those before it count, commits do not."""
    names, good = [one["name"] for one in apis], set()
    while names:
        result = p.loader("api", verb, *names)
        line = result.stderr.split("\ntry: ")[0].rsplit("tablegate: ", 1)[-1]
        wrong = re.findall(r'"(Random \d+)"', line.split(": ")[0])
        if result.rc not in (0, 1) or (result.rc == 1 and not wrong):
            raise RuntimeError(repr(result))
        rejects.extend((verb, line) for _ in wrong)
        if result.rc == 0 or "did not pass" in line:
            good.update(set(names) - set(wrong))
            break
        begin = 0 if verb == "commit" else names.index(wrong[0])
        good.update(names[:begin])
        names = [one for one in names[begin:] if one not in wrong]
    return [one for one in apis if one["name"] in good]


def call_all(t, p, grammar, apis):
    client, statuses = Client(p.gateway.port), {}
    for api in apis:
        for number in range(kCalls):
            target = path_with("/v1" + api["path"], **grammar.call(api, (0, 1, 0.5)[min(number, 2)]))
            answer = client.request(target)
            statuses[answer.status] = statuses.get(answer.status, 0) + 1
            if answer.status not in (200, 400):
                t.ok(False, f"{api['name']}: {answer.status} for {target}", answer.text)
                t.diag(api["sql"])
    return statuses


def test(t):
    seed = int(os.environ.get("TABLEGATE_SEED", "14"))
    grammar = Grammar(random.Random(seed))
    objects = users_definitions()[:-2]
    ddl = {"user_info": "user_id BIGINT, user_name STRING, age BIGINT, at DATETIME", "orders": "order_id BIGINT, user_id BIGINT, amount DECIMAL(10,2)"}
    objects += [{"kind": "Table", "name": name, "data_source": "odps_demo", "primary_key": [columns.split()[0]], "ddl": f"CREATE TABLE {name} ({columns});"} for name, columns in ddl.items()]
    p = t.project().serve(objects, {"user_info": kUsers, "orders": kOrders})
    rejects = []
    apis = applied(p, [grammar.api(number) for number in range(kScripts)], rejects)
    for verb in ("test", "commit"):
        apis = passed(p, verb, apis, rejects)
    print(f"# seed {seed}: {len(apis)} of {kScripts} scripts are accepted; rejected by", {verb: sum(one[0] == verb for one in rejects) for verb in ("apply", "test", "commit")}, flush=True)
    for line in sorted({line for verb, line in rejects if verb == "commit"}):
        print("# commit:", line[:400], flush=True)
    t.ok(len(apis) >= kScripts / 4 and len(rejects) >= kScripts / 8, "scripts are accepted and rejected")
    t.is_([line for verb, line in rejects if verb != "commit" and not re.search(r"line \d+, column \d+: |did not pass|combinations|output columns", line)], [], "what is rejected has a place")
    if apis:
        p.loader.must("api", "publish", *[one["name"] for one in apis], "--no-domain")
    p.sync_and_reload()
    statuses = call_all(t, p, grammar, apis)
    t.is_(sorted(set(statuses) - {200, 400}), [], "no call of an accepted script fails") or t.diag(statuses)
    t.ok(statuses.get(200, 0) > statuses.get(400, 0), "most calls have an answer", statuses)
    t.unlike(p.gateway.log(), r"\[error\]", "no error in the log")


run_test(test)
