// Tags and placeholders of scripts: what nodes they become, where each text comes from, and what is rejected
// at which line and column.
#include "script/template.hpp"

#include <algorithm>

#include "loader_script_testing.hpp"
#include "loader_testing.hpp"  // last: see there

using namespace tablegate;
using namespace tablegate::loader;
using tablegate::loader::testing::script_parameters;
using tablegate::loader::testing::words;

namespace {

// id 0, name 1, ids 2, names 3, day 4, user-id 5
const std::vector<RequestParameter>& parameters() {
  static const std::vector<RequestParameter> all =
      script_parameters("id:LONG name:STRING ids:LONG_LIST names:STRING_LIST day:DATE user-id:STRING");
  return all;
}

core::Nodes read(const std::string& text, std::vector<ScriptFault>& faults) {
  return read_template({text, parameters(), false}, faults).draft;
}

void reads(const std::string& text, const std::string& nodes) {
  std::vector<ScriptFault> faults;
  const core::Nodes out = read(text, faults);
  ck_assert_msg(faults.empty(), "%s: %s", text.c_str(), faults.empty() ? "" : faults[0].text.c_str());
  ck_text_eq(words(out), nodes.c_str());
}

// `reason`: a part of the only fault.
void rejects(const std::string& text, size_t line, size_t column, const std::string& reason) {
  std::vector<ScriptFault> faults;
  read(text, faults);
  ck_assert_msg(!faults.empty(), "%s is read", text.c_str());
  ck_assert_msg(faults.size() == 1, "%s: second fault: %s", text.c_str(), faults.back().text.c_str());
  ck_assert_msg(faults[0].text.find(reason) != std::string::npos, "%s: %s", text.c_str(),
                faults[0].text.c_str());
  ck_assert_msg(faults[0].line == line && faults[0].column == column, "%s: at %zu:%zu", text.c_str(),
                faults[0].line, faults[0].column);
}

START_TEST(placeholders) {
  reads("a = ${id} AND b=#{ name } or c = #{id,jdbcType=BIGINT} and d=${user-id}",
        "a = $0 AND b=$1 or c = $0 and d=$5");
  reads("x + ${id}::numeric * (${id})", "x + $0::numeric * ($0)");
  reads("LIMIT ${id} OFFSET ${id}", "LIMIT $0 OFFSET $0");
  reads("a BETWEEN ${id} AND ${id} AND b IS DISTINCT FROM ${name} AND ${id} IN (a, b)",
        "a BETWEEN $0 AND $0 AND b IS DISTINCT FROM $1 AND $0 IN (a, b)");
  reads("extract(year from ${day}) + position(${name} in a)", "extract(year from $4) + position($1 in a)");
  reads("ts AT TIME ZONE ${name}", "ts AT TIME ZONE $1");
}
END_TEST

START_TEST(placeholders_in_quotes) {
  reads("a = '${name}'", "a = $1::text");
  reads("a LIKE '%${name}%'", "a LIKE ('%' || $1::text || '%')");
  reads("a LIKE 'it''s ${name}' ", "a LIKE ('it''s ' || $1::text) ");
  reads("a = '${id}-${name}x'", "a = ($0::text || '-' || $1::text || 'x')");
  reads("a >= date '${day}' and b > interval '${id} days'",
        "a >= CAST($4::text AS date) and b > CAST(($0::text || ' days') AS interval)");
  reads("a = E'\\'' and b = $$it's$$ and c = \"it's\" and d = 'x''y'",
        "a = E'\\'' and b = $$it's$$ and c = \"it's\" and d = 'x''y'");
  reads("x AT TIME ZONE '${name}'", "x AT TIME ZONE $1::text");
}
END_TEST

START_TEST(lists) {
  reads("id IN (${ids})", "id = ANY($2*)");
  reads("id in ${ids} and x", "id = ANY($2*) and x");
  reads("id not  in ( #{ids} )and x", "id <> ALL($2*)and x");
  reads("NOT IN ${ids}", "<> ALL($2*)");
  reads("id = ANY(${ids}) and unnest(${names})", "id = ANY($2*) and unnest($3*)");
  reads("a = ${ids[0]} or b = '${names[12]}'", "a = $2.0 or b = $3.12::text");
  reads("id IN (select a from t where b = ANY(${ids}))", "id IN (select a from t where b = ANY($2*))");
  reads("id IN (${id}, 3)", "id IN ($0, 3)");
}
END_TEST

START_TEST(tags) {
  reads("SELECT a FROM t <where><if test=\"id != null\">AND a = ${id}</if></where>ORDER BY a",
        "SELECT a FROM t {where: {if (!= p0 null): AND a = $0 }}ORDER BY a");
  reads(
      "ORDER BY <choose> <when test='name == \"a\"'>a</when>\n<when "
      "test=\"id\">b</when><otherwise>c</otherwise>"
      "</choose> DESC",
      "ORDER BY {choose {if (== p1 'a'): a } {if p0: b } {else: c }} DESC");
  reads("<choose><when test=\"id\">b</when></choose>", "{choose {if p0: b } {else: }}");
  reads(
      "<trim prefix=\"WHERE (\" suffix=\")\" prefixOverrides=\" AND |or\" suffixOverrides=\",\">and a, "
      "</trim>",
      "{trim [WHERE (] [)] -AND -or ,-: and a, }");
  reads("a<if test=\"id\">b</if>c", "a {if p0: b }c");
  reads("<if test=\"id\"/>x <where></where>", "x ");
  // Names that begin as tags, and other operators.
  reads("a <b and c<iffy and d <= 3 or e <> 4 and f << 2 and a < whereabouts and b<if(1)",
        "a <b and c<iffy and d <= 3 or e <> 4 and f << 2 and a < whereabouts and b<if(1)");
  reads("a < b > c and a <sql ", "a < b > c and a <sql ");
  reads("a & b &amp; c && d", "a & b & c && d");
}
END_TEST

START_TEST(loops) {
  reads("id IN <foreach collection=\"ids\" item=\"x\" open=\"(\" separator=\",\" close=\")\">#{x}</foreach>",
        "id IN {each 2 [(] [,] [)] pad: $item0}");
  reads("id NOT IN (<foreach collection='ids' item='x' separator=' , '> ${x} </foreach>)",
        "id NOT IN ({each 2 [] [ , ] [ ] pad:  $item0 })");
  reads("<foreach collection=\"ids\" item=\"x\" separator=\"or\">id = ${x}</foreach>",
        "{each 2 [] [ or ] [ ]: id = $item0}");
  reads(
      "(<foreach collection=\"ids\" item=\"x\" index=\"k\" separator=\" UNION ALL \">SELECT ${k}, ${x}::text"
      "<if test=\"k > 0 and x != null\">a</if></foreach>)",
      "({each 2 [] [ UNION ALL ] [ ]: SELECT $index0, $item0::text {if (and (> index0 0) (!= item0 null)): a "
      "}})");
  reads(
      "<foreach collection=\"ids\" item=\"x\"><foreach collection=\"names\" item=\"y\">${x}, "
      "${y}</foreach></foreach>",
      "{each 2 [] [ ] [ ]: {each 3 [] [ ] [ ]: $item1, $item0}}");
  // The name of an item hides a parameter's.
  reads("<foreach collection=\"ids\" item=\"id\">'${id}',</foreach>${id}",
        "{each 2 [] [ ] [ ]: $item0::text,}$0");
  // Repeated items would change these.
  reads(
      "x = ANY(ARRAY<foreach collection=\"ids\" item=\"x\" open=\"[\" separator=\",\" "
      "close=\"]\">${x}</foreach>)",
      "x = ANY(ARRAY {each 2 [ [ ] [,] [ ] ]: $item0})");
  reads("x IN (<foreach collection=\"ids\" item=\"x\" separator=\",\">${x} + 1</foreach>)",
        "x IN ({each 2 [] [,] [ ]: $item0 + 1})");
  reads("VALUES (<foreach collection=\"ids\" item=\"x\" separator=\",\">${x}</foreach>)",
        "VALUES ({each 2 [] [,] [ ]: $item0})");
}
END_TEST

START_TEST(entities_and_comments_of_xml) {
  reads("a &lt; ${id} and b &gt;= '&quot;&apos;&apos;' &amp; 1", "a < $0 and b >= '\"''' & 1");
  reads("a <![CDATA[ < ${id} and b <if test=\"x\"> &lt; ]]>c", "a  < $0 and b <if test=\"x\"> &lt; c");
  reads("a<!-- <if test=\"x\"> ${nam} ' -- -->b", "ab");
  reads("<if test=\"id &gt; 1 &amp;&amp; id &lt; 3 && name == &quot;a&quot;\">x</if>",
        "{if (and (> p0 1) (< p0 3) (== p1 'a')): x }");
  reads("a[b[1]]>3", "a[b[1]]>3");
}
END_TEST

START_TEST(origins) {
  const std::string text = "a &lt; '%${name}' and <if test=\"id\">\xc3\xa9<![CDATA[<]]>${id}+</if>";
  std::vector<ScriptFault> faults;
  const core::Nodes nodes = read(text, faults);
  ck_assert(faults.empty());
  const auto origin = [](const core::Node& node) { return std::get<core::TextNode>(node.is).origin; };
  // An entity begins where its character is expected; what follows is further on.
  ck_text_eq(std::get<core::TextNode>(nodes[0].is).sql, "a <");
  ck_assert_uint_eq(origin(nodes[0]), 1);
  ck_assert_uint_eq(origin(nodes[1]), text.find(" '%") + 1);
  const std::vector<core::Node>& then = std::get<core::IfNode>(nodes.back().is).then;
  ck_text_eq(std::get<core::TextNode>(then[0].is).sql, "\xc3\xa9");
  ck_assert_uint_eq(origin(then[0]), text.find("\xc3\xa9") + 1);
  ck_assert_uint_eq(origin(then[1]), text.find("[<") + 2);
  ck_assert_uint_eq(origin(then[3]), text.find("+</") + 1);
  // What is not in the script has the place that it was made from.
  for (const core::Node& node : nodes) {
    const auto* const one = std::get_if<core::TextNode>(&node.is);
    if (one == nullptr) continue;
    ck_assert(one->origin > 0 && one->origin <= text.size());
    if (one->sql.find("::text") != std::string::npos) ck_assert_uint_eq(one->origin, text.find('}') + 1);
  }
}
END_TEST

START_TEST(rejected_placeholders) {
  rejects("a = ${nam}", 1, 5, "unknown name \"nam\" (did you mean \"name\"?): declare it");
  rejects("SELECT t_${name}", 1, 10, "part of a name: write the alternatives with <choose>");
  rejects("FROM x.${name}", 1, 8, "part of a name");
  rejects("${name}.a", 1, 1, "part of a name");
  rejects("${name}(a)", 1, 1, "part of a name");
  rejects("\n \"a${name}\"", 2, 4, "in a quoted name");
  rejects("\xc3\xa9\xc3\xa9 E'${name}'", 1, 6, "with E before it");
  rejects("U&'${name}'", 1, 4, "with U& before it");
  rejects("$$ ${name} $$", 1, 4, "between $$ and $$");
  rejects("a ${name} 5", 1, 3, "an operator");
  rejects("ORDER BY a ${name}", 1, 12, "a direction");
  rejects("ORDER BY ${name} ${name}", 1, 18, "a direction");
  rejects("SELECT a AS ${name}", 1, 13, "be a name");
  rejects("a::${name}", 1, 4, "be a type");
  rejects("interval ${id}", 1, 10, "interval '1 day'");
  rejects("interval '${id}' day", 1, 10, "* interval '1 day'");
  rejects("a = $1", 1, 5, "write ${name} in place of $1");
  rejects("a = ${id", 1, 5, "not closed with }");
  rejects("a = ${}", 1, 5, "no name");
  rejects("a = ${id + 1}", 1, 5, "only the name of a parameter");
  rejects("a = #{id,mode=IN}", 1, 5, "\"mode=IN\" is not read");
  rejects("a = ${id[0]}", 1, 5, "is no list");
  rejects("a = ${ids[x]}", 1, 5, "number of an item");
  rejects("a IN (1, ${ids})", 1, 10, "alone in IN");
  rejects("a IN (${ids}, 1)", 1, 7, "alone in IN");
  rejects("a IN ('${ids}')", 1, 8, "cannot be in quotes");
  rejects("a = 'b", 1, 5, "no closing '");
  rejects("a = 'b<if test=\"id\">x</if>", 1, 5, "write &lt; for a <");
  rejects("a -- b", 1, 3, "SQL comments (--) are not allowed: use an XML comment");
  rejects("a /* b */ c", 1, 3, "SQL comments (/* */)");
}
END_TEST

START_TEST(rejected_tags) {
  rejects("<if test=\"id\">\n x", 1, 1, "<if> is not closed");
  rejects("a\n  </if>", 2, 3, "</if> closes nothing");
  rejects("<where><if test=\"id\">x</where>", 1, 23, "</where> is where </if> is expected");
  rejects("<if>x</if>", 1, 1, "<if> requires test=");
  rejects("<if tst=\"id\" test=\"id\">x</if>", 1, 5, "no attribute \"tst\" (did you mean \"test\"?)");
  rejects("<if test=\"id\" test=\"id\">x</if>", 1, 15, "\"test\" twice");
  rejects("<if test=id>x</if>", 1, 5, "write test=\"...\"");
  rejects("<if test=\"id>x</if>", 1, 10, "no closing \"");
  rejects("<if test=\"id\" x", 1, 15, "write x=");
  rejects("<if test=\"\n  nam == 1\">x</if>", 2, 3, "unknown name \"nam\"");
  rejects("<if test=\"id &gt; 1 and nam\">x</if>", 1, 25, "unknown name \"nam\"");
  rejects("SELECT a <were>a = 1</were>", 1, 10, "unknown tag <were> (did you mean \"where\"?)");
  rejects("<chose><when test=\"id\">a</when></chose>", 1, 1,
          "unknown tag <chose> (did you mean \"choose\"?)");
  rejects("<iff test=\"id != null\">a</iff>", 1, 1, "unknown tag <iff> (did you mean \"if\"?)");
  rejects("<bind name=\"a\" value=\"b\"/>", 1, 1, "<bind> is not read: write its expression");
  rejects("<include refid=\"a\"/>", 1, 1, "<include> is not read");
  rejects("<set>a", 1, 1, "<set> is not read");
  rejects("<script>a", 1, 1, "<script> is not read");
  rejects("a</sql>", 1, 2, "</sql> is not read");
  rejects("<selectKey keyProperty='a'>", 1, 1, "<selectKey> is not read");
  rejects("<select id=\"a\">b", 1, 1, "the text within it");
  // What follows a tag that is not read is looked at too.
  std::vector<ScriptFault> faults;
  read("<bind name=\"a\" value=\"b\"/> ${nam} <set>\n${x}</set>", faults);
  ck_assert_uint_eq(faults.size(), 5);
  ck_assert_uint_eq(faults[4].line, 2);
  rejects("<foreech collection=\"ids\">", 1, 1, "unknown tag <foreech> (did you mean \"foreach\"?)");
  rejects("a</iff>", 1, 2, "unknown tag </iff>");
  rejects("<IF test=\"id\">x</IF>", 1, 1, "lower case: <if>");
  rejects("<when test=\"id\">x</when>", 1, 1, "within <choose> alone");
  rejects("<choose>x<when test=\"id\">x</when></choose>", 1, 9, "only <when> and <otherwise>");
  rejects("<choose><otherwise>x</otherwise></choose>", 1, 1, "requires a <when");
  rejects("<choose><otherwise>x</otherwise><when test=\"id\">x</when></choose>", 1, 33, "the last one");
  rejects("<foreach item=\"x\">a</foreach>", 1, 1, "requires collection");
  rejects("<foreach collection=\"id\" item=\"x\">a</foreach>", 1, 10, "\"id\" is no list");
  rejects("<foreach collection=\"list\" item=\"x\">a</foreach>", 1, 10, "name of a list parameter");
  rejects("<foreach collection=\"ids\" item=\"a b\">a</foreach>", 1, 27, "letters, digits and _");
  rejects("<foreach collection=\"ids\" separator=\"${id}\">a</foreach>", 1, 38,
          "cannot be in separator of <foreach>");
  rejects("<trim prefix=\"WHERE --\">a</trim>", 1, 21, "SQL comments");
  rejects("<trim prefixOverrides=\"|\">a</trim>", 1, 7, "has no word");
  rejects("a <!-- b", 1, 3, "not closed with -->");
  rejects("a <![CDATA[ b", 1, 3, "not closed with ]]>");
  rejects("a &#39; b", 1, 3, "write the character itself");
}
END_TEST

// One cause is one fault.
START_TEST(consequences_of_a_fault_are_no_faults) {
  rejects(
      "<bind name=\"p\" value=\"'%' + name + '%'\"/> a LIKE ${p} <if test=\"p != null\">AND b = #{p}</if>", 1,
      1, "<bind> is not read");
  rejects("a IN <foreach collection=\"ids\" itm=\"x\" open=\"(\" close=\")\">${x}</foreach>", 1, 32,
          "<foreach> has no attribute \"itm\" (did you mean \"item\"?)");
}
END_TEST

START_TEST(a_foreach_after_in_has_parentheses) {
  const std::string reason = "<foreach> after IN requires open=\"(\" and close=\")\"";
  rejects("a IN <foreach collection=\"ids\" item=\"x\" separator=\",\">${x}</foreach>", 1, 6, reason);
  rejects("a not in\n<foreach collection=\"ids\" item=\"x\" separator=\",\" open=\"(\">${x}</foreach> and b",
          2, 1, reason);
  rejects("a IN <foreach collection=\"ids\" item=\"x\" separator=\",\" close=\")\">${x}</foreach>", 1, 6,
          reason);
  reads("a IN (<foreach collection=\"ids\" item=\"x\" separator=\",\">${x}</foreach>)",
        "a IN ({each 2 [] [,] [ ] pad: $item0})");
  std::vector<ScriptFault> faults;
  for (const char* text :
       {"a IN <foreach collection=\"ids\" item=\"x\" open=\"(\" separator=\",\">${x}</foreach>)",
        "a = begin <foreach collection=\"ids\" item=\"x\">+ ${x}</foreach>"})
    read(text, faults);
  ck_assert_msg(faults.empty(), "%s", faults.empty() ? "" : faults[0].text.c_str());
}
END_TEST

START_TEST(bounded) {
  std::vector<ScriptFault> faults;
  read(std::string(kMaxScriptSize + 1, ' '), faults);
  ck_assert_uint_eq(faults.size(), 1);
  std::string deep;
  for (size_t i = 0; i < kMaxTagDepth; ++i) deep.insert(0, "<where>"), deep += "</where>";
  faults.clear();
  read(deep.insert(deep.find("</"), "a"), faults);
  ck_assert_uint_eq(faults.size(), 0);
  read("<where>" + deep + "</where>", faults);
  ck_assert_uint_eq(faults.size(), 1);
  ck_assert(faults[0].text.find("more than 32 levels") != std::string::npos);
  // Of many faults the first ones.
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "${x} + ";
  faults.clear();
  read(many, faults);
  ck_assert_uint_eq(faults.size(), 20);
  std::string conditions;
  for (size_t i = 0; i <= kMaxConditions; ++i) conditions += "<if test=\"id\">a</if>";
  faults.clear();
  read(conditions, faults);
  ck_assert_uint_eq(faults.size(), 1);
  rejects(std::string("a \0 b", 5), 1, 3, "no NUL bytes");
  rejects("a \xff", 0, 0, "not valid UTF-8");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_script_template", placeholders, placeholders_in_quotes, lists, tags, loops,
                entities_and_comments_of_xml, origins, rejected_placeholders, rejected_tags,
                consequences_of_a_fault_are_no_faults, a_foreach_after_in_has_parentheses, bounded);
