// YAML of definitions: what each text means as JSON, what is rejected and where,
// and that what is written is read back as it was.
#include "base/yaml_text.hpp"

#include <chrono>
#include <string>

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;

namespace {

// The documents as compact JSON, or the fault.
std::string read(std::string_view text) {
  JsonDocument documents;
  TextPositions positions;
  const TextFault fault = parse_yaml(text, documents, positions);
  return fault.empty()
             ? json_text(documents)
             : std::to_string(fault.at.line) + ":" + std::to_string(fault.at.column) + ": " + fault.reason;
}

// Of the whole text, one scalar.
void means(const std::string& scalar, const std::string& json) {
  ck_text_eq(read("k: " + scalar + "\n"), "[{\"k\":" + json + "}]");
}

std::string place(const TextPositions& positions, std::string_view pointer) {
  const TextPosition at = positions.find(pointer);
  return std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::string written(const std::string& json) {
  JsonDocument document;
  ck_text_eq(parse_json(json, document).text(), "");
  return yaml_text(document);
}

// Written, and the same when it is read.
void keeps(const std::string& json) {
  JsonDocument document;
  ck_text_eq(parse_json(json, document).text(), "");
  const std::string text = yaml_text(document);
  ck_text_eq(read(text), "[" + json_text(document) + "]");
  ck_text_eq(read("---\n" + text + "---\n" + text),
             "[" + json_text(document) + "," + json_text(document) + "]");
}

START_TEST(plain_scalars_follow_the_core_schema) {
  for (const char* text :
       {"no", "No", "on", "off",   "yes", "y",   "N",     "1:30", "1_000", "2026-11-30", "0b1", "1e", "e1",
        "+",  "-x", ".",  "1.2.3", "0x",  "0o8", "08:00", "nULL", "tRUE",  "-0x1F",      "=",   "a:b"})
    means(text, "\"" + std::string(text) + "\"");
  for (const char* text : {"true", "True", "TRUE"}) means(text, "true");
  for (const char* text : {"false", "False", "FALSE"}) means(text, "false");
  for (const char* text : {"null", "Null", "NULL", "~", ""}) means(text, "null");
  means("10001", "10001");
  means("+7", "7");
  means("010", "10");
  means("0o17", "15");
  means("0x1F", "31");
  means("-1.5e3", "-1500.0");
  means(".5", "0.5");
  means("5.", "5.0");
  means("\"10001\"", "\"10001\"");
  means("'true'", "\"true\"");
  means("\"a\\tb\\u00fc\"", "\"a\\tbü\"");
  means("|\n  SELECT 1\n    FROM t", R"("SELECT 1\n  FROM t\n")");
  means(">-\n  a\n  b", "\"a b\"");
}
END_TEST

START_TEST(big_integers_are_exact) {
  means("9223372036854775807", "9223372036854775807");
  means("-9223372036854775808", "-9223372036854775808");
  means("18446744073709551615", "18446744073709551615");
  means("0xFFFFFFFFFFFFFFFF", "18446744073709551615");
  JsonDocument documents;
  TextPositions positions;
  ck_assert(parse_yaml("k: 12345678901234567890123", documents, positions).empty());
  const auto faults = json_faults(documents[0], "");
  ck_assert_uint_eq(faults.size(), 1);
  ck_text_eq(faults[0].pointer, "/k");
  for (const char* text : {"0x10000000000000000", "1e400"})
    ck_text_eq(read("k: " + std::string(text)),
               "1:4: a number of this size is not kept exactly: write it in quotes");
  for (const char* text : {".inf", "-.Inf", ".NaN"})
    ck_text_eq(read("k: " + std::string(text)),
               "1:4: " + std::string(text) + " is not a number that a definition can have");
}
END_TEST

START_TEST(documents_comments_and_json) {
  ck_text_eq(read(""), "[]");
  ck_text_eq(read("# nothing\n---\n---\n"), "[]");
  ck_text_eq(read("# two\na: 1 # one\n---\n- b\n...\n---\n"), R"([{"a":1},["b"]])");
  ck_text_eq(read("%YAML 1.2\n---\na: no\n"), R"([{"a":"no"}])");
  ck_text_eq(read("\xEF\xBB\xBF"
                  "a: 1\n"),
             R"([{"a":1}])");
  ck_text_eq(read("{\"a\":{\"b\":[1,2.5,\"x\",null,true]},\n\"c\":\"\"}"),
             R"([{"a":{"b":[1,2.5,"x",null,true]},"c":""}])");
  ck_text_eq(read("a: 1\r\nb: |\r\n  x\r\n  y\r\n"), R"([{"a":1,"b":"x\ny\n"}])");
  ck_text_eq(read("1: a\nno: b\n~: c\n'<<': d\n"), R"([{"1":"a","no":"b","~":"c","<<":"d"}])");
}
END_TEST

START_TEST(what_is_rejected_has_a_place) {
  ck_text_eq(read("a: !!str 1\n"), "1:4: tags such as !!str are not supported: quotes make a text");
  ck_text_eq(read("a:\n  - !ref x\n"), "2:5: tags such as !ref are not supported: quotes make a text");
  ck_text_eq(read("a: ! 12\n"), "1:4: tags such as ! are not supported: quotes make a text");
  ck_text_eq(read("!!map\na: 1\n"), "1:1: tags such as !!map are not supported: quotes make a text");
  ck_text_eq(read("a: !!seq [1]\n"), "1:4: tags such as !!seq are not supported: quotes make a text");
  ck_text_eq(read("a: &x {b: 1}\nc:\n  <<: *x\n"),
             "3:3: merge keys (<<) are not supported: repeat the members");
  ck_text_eq(read("? [a]\n: 1\n"), "1:3: the name of a member must be a text");
  ck_text_eq(read("a: &x 1\n*x : 2\n"), "2:1: the name of a member must be a text");
  ck_text_eq(read("&x a: 1\n"), "1:1: the name of a member cannot have an anchor");
  ck_text_eq(read("%YAML 1.1\n---\na: no\n"),
             "1:1: definitions are YAML 1.2: remove this line, or write %YAML 1.2");
  ck_text_eq(read("a:\n\t- b\n"), "2:1: not YAML: a tab, where only blanks may indent");
  ck_text_eq(
      read("a: [1\nb: 2\n"),
      "2:2: not YAML: did not find expected ',' or ']' while parsing a flow sequence that begins in line 1");
  // CR alone ends a line, too.
  ck_text_eq(read("- [a: b\r\n\rc: d, e\n").substr(0, 4), "3:2:");
  ck_text_eq(read("a: [1, b"),
             "1:9: not YAML: did not find expected ',' or ']' while parsing a flow sequence");
  ck_text_eq(read("ü: \"\xff\"\n"), "1:5: not YAML: invalid leading UTF-8 octet");
  ck_text_eq(read(std::string_view("a: 1\nb: \0\n", 10)),
             "2:4: not YAML: control characters are not allowed");
}
END_TEST

START_TEST(anchors_and_aliases) {
  ck_text_eq(read("a: &x [1, {b: c}]\nd: *x\n"), R"([{"a":[1,{"b":"c"}],"d":[1,{"b":"c"}]}])");
  ck_text_eq(read("- &x 1\n- &x 2\n- *x\n"), "[[1,2,2]]");
  ck_text_eq(read("a: *x\n"), "1:4: there is no anchor &x before this alias");
  ck_text_eq(read("- &x 1\n---\n- *x\n"), "3:3: there is no anchor &x before this alias");
  ck_text_eq(read("&x\n- *x\n"), "2:3: the alias *x is inside of its own anchor");
  ck_text_eq(read("- &x 1\n- &x [*x]\n"), "2:7: the alias *x is inside of its own anchor");
}
END_TEST

START_TEST(what_aliases_repeat_is_bounded) {
  std::string text = "a0: &a0 [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 1; k < 9; ++k) text += "," + before;
    text += "]\n";
  }
  const auto begin = std::chrono::steady_clock::now();
  ck_text_eq(read(text),
             "6:14: anchors and aliases repeat more than 4 MB of values: write fewer, or several files");
  std::string wide = "a: &a \"" + std::string(100000, 'x') + "\"\nb:\n";
  for (int i = 0; i < 10000; ++i) wide += "- *a\n";
  ck_assert(read(wide).find("anchors and aliases repeat more") != std::string::npos);
  ck_assert(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}
END_TEST

START_TEST(nesting_is_bounded) {
  ck_text_eq(read("a: " + std::string(31, '[') + "1" + std::string(31, ']')).substr(0, 5), "[{\"a\"");
  ck_text_eq(read("a: " + std::string(32, '[') + "1" + std::string(32, ']')),
             "1:36: nested deeper than 32 levels");
  ck_text_eq(read("- a: " + std::string(31, '[') + "1" + std::string(31, ']')).substr(0, 6), "[[{\"a\"");
  const auto begin = std::chrono::steady_clock::now();
  for (const char* one : {"[", "{", "- ", "? ", "[{a: ", "!a [", "&a ["}) {
    std::string deep;
    while (deep.size() < 4000000) deep += one;
    ck_assert(read(deep)[0] != '[');
  }
  ck_assert(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
}
END_TEST

START_TEST(values_have_places) {
  JsonDocument documents;
  TextPositions positions;
  ck_assert(
      parse_yaml(
          "- kind: Api\n  list:\n    - 1\n    - x: y\n  a/b: &x {c: 1}\n  d: *x\n---\nkind: 1\nkind: 2\n",
          documents, positions)
          .empty());
  ck_text_eq(place(positions, "/0"), "1:1");
  ck_text_eq(place(positions, "/0/0"), "1:3");
  ck_text_eq(place(positions, "/0/0/list/1"), "4:7");
  ck_text_eq(place(positions, "/0/0/list/1/x"), "4:7");
  ck_text_eq(place(positions, "/0/0/missing"), "1:3");
  ck_text_eq(place(positions, "/0/0/a~1b/c"), "5:12");
  ck_text_eq(place(positions, "/0/0/d/c"), "6:3");
  ck_text_eq(place(positions, "/1/kind"), "9:1");  // the repeated one
}
END_TEST

START_TEST(texts_are_written_in_the_plainest_way) {
  ck_text_eq(
      written(
          R"({"kind":"Api","name":"Query User","path":"/u/{id}","n":10001,"s":"10001","t":true,"f":"no","z":null,"y":"null","v":"v1",)"
          R"("list":["a","b, c"],"empty":[],"none":{},"blank":"","colon":"a: b","hash":"a #b","star":"*.example.com","date":"2026-11-30","real":0.5})"),
      "kind: Api\nname: Query User\npath: /u/{id}\n\"n\": 10001\ns: \"10001\"\nt: true\nf: \"no\"\nz: "
      "null\n\"y\": "
      "\"null\"\nv: v1\n"
      "list: [a, 'b, c']\nempty: []\nnone: {}\nblank: \"\"\ncolon: 'a: b'\nhash: 'a #b'\nstar: "
      "\"*.example.com\"\ndate: \"2026-11-30\"\nreal: 0.5\n");
  ck_text_eq(
      written(
          R"({"sql":"SELECT a\n  FROM t\n\n WHERE b = 1\n","p":[{"name":"u"},{"name":"v"}],"no":1,"d":"a\nb"})"),
      "sql: |\n  SELECT a\n    FROM t\n\n   WHERE b = 1\np:\n- name: u\n- name: v\n\"no\": 1\nd: |-\n  a\n  "
      "b\n");
}
END_TEST

START_TEST(what_is_written_is_read_back) {
  for (const char* text : {"",
                           " ",
                           "a ",
                           " a",
                           "\\n",
                           "a\\n",
                           "a\\n\\n",
                           "\\na",
                           "a \\nb",
                           "a\\n \\nb",
                           "a\\t\\nb",
                           "a\\tb\\nc",
                           "\\ta\\nb",
                           "a\\n\\tb\\nc",
                           "a\\r\\nb",
                           "a\\rb",
                           "a\\u0085b",
                           "a\\u2028b\\nc",
                           "\\ufeffa",
                           "a\\ufeffb",
                           "\\u0001",
                           "\\u007f",
                           "ü",
                           "查询\\n用户",
                           "\\ud83d\\ude00\\nb",
                           "---",
                           "--- a",
                           "...\\na",
                           "a\\n---\\nb",
                           "a\\n...\\nb",
                           "%YAML",
                           "#a",
                           "a#b",
                           "a #b",
                           "a:",
                           "a: b",
                           ":a",
                           "-",
                           "- a",
                           "?",
                           "? a",
                           "&a",
                           "*a",
                           "!a",
                           "|",
                           ">",
                           "'a'",
                           "\\\"a\\\"",
                           "@a",
                           "`a",
                           "{a",
                           "[a",
                           "a]",
                           "a,b",
                           "~",
                           "null",
                           "Null",
                           "yes",
                           "NO",
                           "y",
                           "on",
                           "true",
                           "1",
                           "-1",
                           "0x1",
                           "1e3",
                           ".inf",
                           "1_000",
                           "1:30",
                           "<<",
                           "=",
                           "a\\\\nb",
                           "SELECT 1 -- x\\n# y\\n",
                           "x: |\\n  y\\n"}) {
    const std::string one = "\"" + std::string(text) + "\"";
    keeps("{\"k\":" + one + ",\"l\":[" + one + "," + one + "],\"m\":[{\"n\":" + one + "}],\"o\":[[" + one +
          ",{}]]," + one + ":1}");
  }
  keeps("{\"" + std::string(2000, 'n') + "\":{\"" + std::string(300, '1') + "\":[1]}}");
  keeps(
      R"({"a":[0,-1,18446744073709551615,-9223372036854775808,0.1,1e-7,-2.5e300,true,false,null,[],{}],"b":[[1,[2]],{"c":[]}]})");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_yaml", plain_scalars_follow_the_core_schema, big_integers_are_exact,
                documents_comments_and_json, what_is_rejected_has_a_place, anchors_and_aliases,
                what_aliases_repeat_is_bounded, nesting_is_bounded, values_have_places,
                texts_are_written_in_the_plainest_way, what_is_written_is_read_back);
