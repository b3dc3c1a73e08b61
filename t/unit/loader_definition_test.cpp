// Definitions without a catalog: JSON, shapes, names, rules, and the normalised
// text by which `apply` notices changes.
#include "model/definition.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "base/iso_time.hpp"
#include "base/refusal.hpp"
#include "model/api_rules.hpp"
#include "model/definition_rules.hpp"
#include "model/definition_schema.hpp"
#include "model/listen_address.hpp"
#include "model/name_rules.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;

using tablegate::loader::testing::same_text;

namespace {

void same_text(const std::string& said, const std::string& wanted) {
  ck_assert_str_eq(said.c_str(), wanted.c_str());
}

// Reads a text as one file.
std::vector<Definition> read(const std::string& text, Problems& problems) {
  char path[] = "/tmp/tablegate-definition-XXXXXX.json";
  const int descriptor = mkstemps(path, 5);
  ck_assert_int_ge(descriptor, 0);
  ck_assert_int_eq(static_cast<int>(write(descriptor, text.data(), text.size())),
                   static_cast<int>(text.size()));
  close(descriptor);
  std::vector<Definition> definitions = read_definitions({path}, problems);
  unlink(path);
  return definitions;
}

// One line each, with FILE in place of the file's name.
std::string text_of(const Problems& problems) {
  std::string lines;
  for (std::string line : problems.lines()) {
    const size_t path = line.find("/tmp/tablegate-definition-");
    if (path != std::string::npos)
      line.replace(path, std::string("/tmp/tablegate-definition-XXXXXX.json").size(), "FILE");
    lines += line + "\n";
  }
  return lines;
}

// What reading, shape and rules reject.
std::string problems_of(const std::string& text) {
  Problems problems;
  for (Definition& definition : read(text, problems)) {
    if (!definition.broken) check_schema(definition, problems);
    if (!definition.broken) check_rules(definition, problems);
  }
  return text_of(problems);
}

std::string api(const std::string& members) {
  return R"({"kind":"Api","name":"Some API","business_process":"Some process","path":"/x","table":"t",)"
         R"("request_parameters":[{"name":"id","type":"LONG"}],"response_parameters":[{"name":"id"}],"authentication":[])" +
         (members.empty() ? "" : "," + members) + "}";
}

START_TEST(a_definition_of_the_contract_is_taken) {
  same_text(problems_of(api("")), "");
  same_text(
      problems_of(
          R"({"$schema":"x","kind":"RestApi","name":"r","base_path":"/v1","versioning":{"scheme":"none"}})"),
      "");
  same_text(problems_of(R"([{"kind":"Domain","name":"*.example.com"}])"), "");
}
END_TEST

START_TEST(how_long_answers_are_kept) {
  for (const char* good : {"true", "false", R"({"max_age":1})", R"({"max_age":31536000})"})
    same_text(problems_of(api(R"("cache":)" + std::string(good))), "");
  for (const char* bad : {"1", "null", "{}", R"({"max_age":0})", R"({"max_age":31536001})",
                          R"({"max_age":"60"})", R"({"max_age":1,"for":2})"})
    ck_assert_msg(!problems_of(api(R"("cache":)" + std::string(bad))).empty(), "%s", bad);
}
END_TEST

START_TEST(fields_of_a_data_source) {
  const auto source = [](const std::string& fields) {
    return problems_of(R"({"kind":"DataSource","name":"d",)" + fields + "}");
  };
  same_text(
      source(R"("type":"maxcompute","endpoint":"http://h/api","project":"p","region":"cn-x","schema":"s")"),
      "");
  same_text(
      source(R"("type":"maxcompute","endpoint":"http://u:s@h/api","project":"p/q")"),
      "FILE /endpoint: must be a base URL: http:// or https://, a host, an optional port and path, no / at "
      "the end\nFILE /project: must be 1 to 128 of A-Za-z0-9_-\n");
  same_text(source(R"("type":"maxcompute")"),
            "FILE: \"endpoint\" is missing: type maxcompute requires it\n"
            "FILE: \"project\" is missing: type maxcompute requires it\n");
  same_text(source(R"("type":"postgresql")"), "FILE: \"dsn\" is missing: type postgresql requires it\n");
  same_text(source(R"("type":"postgresql","dsn":"host=h dbname=d user=u")"), "");
  const std::string secret = source(R"("type":"postgresql","dsn":"host=h password=tops3cret")");
  ck_assert(secret.find("FILE /dsn: ") == 0 && secret.find("tops3cret") == std::string::npos);
  same_text(source(R"("type":"csv","quota":"q")"), "FILE /quota: is for type maxcompute, not for csv\n");
}
END_TEST

START_TEST(every_fault_of_a_shape_is_told) {
  same_text(
      problems_of(
          R"([{"kind":"RestApi","name":"r","base_path":1,"oops":2},{"kind":"Nope","name":"x"},{"kind":"Domain"},7])"),
      "FILE /0/base_path: must be a string\n"
      "FILE /0/oops: unknown field \"oops\"\n"
      "FILE /1/kind: unknown kind \"Nope\" (one of Domain, GatewayInstance, RestApi, DataSource, "
      "BusinessProcess, Table, Api, Consumer)\n"
      "FILE /2: \"name\" is missing\n"
      "FILE /3: must be an object\n");
  same_text(problems_of(R"([{"kind":"Apii","name":"x"},{"kind":"RestApi","name":"r","base_pth":"/"}])"),
            "FILE /0/kind: unknown kind \"Apii\" (did you mean \"Api\"?)\n"
            "FILE /1: \"base_path\" is missing\n"
            "FILE /1/base_pth: unknown field \"base_pth\" (did you mean \"base_path\"?)\n");
  same_text(problems_of(api(R"("timeout_ms":0,"max_records":10001)")),
            "FILE /timeout_ms: must be 1 to 90000\nFILE /max_records: must be 1 to 10000\n");
}
END_TEST

START_TEST(json_is_read_strictly) {
  same_text(problems_of(R"({"kind":"RestApi","name":"r","name":"s","base_path":"/"})"),
            "FILE /name: is repeated\n");
  same_text(problems_of("{\n \"kind\": }"), "FILE:2:10: not JSON: Invalid value\n");
  ck_assert(problems_of("\"\xff\"").find("not JSON") != std::string::npos);
  ck_assert(problems_of(std::string(200000, '[')).find("not JSON") != std::string::npos);
  ck_assert(problems_of(std::string(100000, '[') + std::string(100000, ']')).find("must be an object") !=
            std::string::npos);
  same_text(problems_of(R"({"kind":"Api","name":"Same name","x":{"a/b~c":12345678901234567890123}})"),
            "FILE /x/a~1b~0c: a number of this size is not kept exactly: write it as a string\n");
}
END_TEST

START_TEST(path_and_parameters_agree) {
  const std::string begin =
      R"({"kind":"Api","name":"Some API","business_process":"Some process","table":"t",)"
      R"("response_parameters":[{"name":"id"}],"authentication":["api_key"],"api_key_source":{"in":"header","name":"X-Key"},)";
  same_text(
      problems_of(begin +
                  R"("path":"/x/{id}","request_parameters":[{"name":"id","type":"LONG","in":"path"}]})"),
      "");
  same_text(
      problems_of(
          begin +
          R"("path":"/x/{id}","request_parameters":[{"name":"no","type":"LONG","in":"path","required":false},)"
          R"({"name":"x-key","type":"STRING","in":"header"},{"name":"no","type":"LONG","default":1}]})"),
      "FILE /request_parameters/0/in: the path has no segment {no}\n"
      "FILE /request_parameters/0/required: a path parameter is always required\n"
      "FILE /request_parameters/1/name: this header carries the credential\n"
      "FILE /request_parameters/2/name: parameter \"no\" is repeated\n"
      "FILE /request_parameters/2/default: requires \"required\": false\n"
      "FILE /path: {id} has no request parameter \"id\" with \"in\": \"path\"\n");
}
END_TEST

START_TEST(columns_and_values_fit_the_table) {
  TableInfo table;
  table.name = "t";
  table.time_zone = "UTC";
  table.columns = {{"id", tablegate::core::ColumnType::int8, "bigint", true, ""},
                   {"name", tablegate::core::ColumnType::text, "text", false, ""}};
  Problems problems;
  std::vector<Definition> definitions = read(
      R"({"kind":"Api","name":"Some API","business_process":"p","path":"/x","table":"t","authentication":[],"request_parameters":[)"
      R"({"name":"id","type":"LONG","sample":"x"},{"name":"name","type":"LONG"},{"name":"none","type":"LONG"}],)"
      R"("response_parameters":[{"name":"n","column":"name","as":"string"},{"name":"id","as":"string"}]})",
      problems);
  ck_assert(!check_api_columns(read_api_definition(definitions[0].document), definitions[0].place, table,
                               problems));
  same_text(
      text_of(problems),
      "FILE /request_parameters/0/sample: is not LONG: must be a whole number from -9223372036854775808 "
      "to 9223372036854775807\n"
      "FILE /request_parameters/1/type: LONG does not go with column \"name\" (text); use STRING\n"
      "FILE /request_parameters/2/name: table \"t\" has no column \"none\"\n"
      "FILE /response_parameters/0/as: is for integers and decimals; column \"name\" is text\n");
}
END_TEST

START_TEST(words_of_sql_have_the_name_that_is_meant) {
  const auto said = [](const std::string& members) {
    return problems_of(
        R"({"kind":"Api","name":"Some API","business_process":"p","path":"/x","table":"t","authentication":[],)"
        R"("response_parameters":[{"name":"n"}],)" +
        members + "}");
  };
  const auto operator_said = [&](const std::string& text) {
    const std::string all =
        said(R"("request_parameters":[{"name":"a","type":"LONG","operator":")" + text + R"("}])");
    const size_t at = all.find(", not ");
    return at == std::string::npos ? all : all.substr(at);
  };
  same_text(operator_said("<>"), ", not \"<>\" (did you mean \"!=\"?)\n");
  same_text(operator_said("=="), ", not \"==\" (did you mean \"=\"?)\n");
  same_text(operator_said("=>"), ", not \"=>\" (did you mean \">=\"?)\n");
  same_text(operator_said("BETWEEN"), ", not \"BETWEEN\"\n");
  ck_assert(
      said(R"("request_parameters":[{"name":"a","type":"BIGINT"}])").find(R"((did you mean "LONG"?))") !=
      std::string::npos);
  const std::string paged = R"("request_parameters":[{"name":"a","type":"LONG"}],)";
  ck_assert(said(paged + R"("order_by":[{"column":"a","direction":"descending"}])")
                .find(R"(not "descending" (did you mean "desc"?))") != std::string::npos);
  ck_assert(said(paged + R"("order_by":[{"column":"a","direction":"dsc"}])").find(R"(did you mean "desc")") !=
            std::string::npos);
  same_text(said(paged + R"("pagination":{"pageSize":5})"),
            "FILE /pagination/pageSize: unknown field \"pageSize\" (did you mean \"default_size\"?)\n");
}
END_TEST

START_TEST(a_wrong_form_is_shown_the_right_one) {
  const auto said = [](const std::string& order) {
    return problems_of(
        R"({"kind":"Api","name":"Some API","business_process":"p","path":"/x","table":"t","authentication":[],)"
        R"("request_parameters":[{"name":"a","type":"LONG"}],"response_parameters":[{"name":"n"}],"order_by":)" +
        order + "}");
  };
  same_text(said(R"("a")"), "FILE /order_by: must be an array, such as [{\"column\": ...}]\n");
  same_text(said(R"(["a desc"])"), "FILE /order_by/0: must be an object, such as {\"column\": ...}\n");
  same_text(said("[]"), "FILE /order_by: must have at least 1 item\n");
  same_text(said(R"([{"column":"a"}],"pagination":true)"),
            "FILE /pagination: must be an object, such as {\"enabled\": ...}\n");
}
END_TEST

START_TEST(equal_definitions_have_equal_bytes) {
  Problems problems;
  const std::vector<Definition> a =
      read(R"({"base_path":"/v1","name":"r","kind":"RestApi","$schema":"s"})", problems);
  const std::vector<Definition> b =
      read("{\"kind\":\"RestApi\",\n\"name\":\"r\", \"base_path\":\"\\/v1\"}", problems);
  same_text(normalised_text(a[0]), R"({"kind":"RestApi","name":"r","base_path":"/v1"})");
  same_text(normalised_text(b[0]), normalised_text(a[0]));
}
END_TEST

START_TEST(names) {
  same_text(bad_display_name("查询用户 1_-"), "");
  same_text(bad_display_name("abc"), "must be 4 to 50 characters long, not 3");
  same_text(bad_display_name("abc/d"),
            "character U+002F is not allowed: letters, digits, _, - and space are");
  ck_assert(!bad_display_name(" abcd").empty());
  for (const char* good : {"a", "user_info", "t__gx", "_1"}) same_text(bad_table_name(good), "");
  for (const char* bad : {"", "1a", "A", "a-b", "tablegate_x", "t__g12"})
    ck_assert_msg(!bad_table_name(bad).empty(), "%s", bad);
  for (const char* good :
       {"80", "127.0.0.1:8080", "[::1]:443", "[::]:80", "[::ffff:10.0.0.1]:1", "0.0.0.0:65535"})
    same_text(bad_listen(good), "");
  for (const char* bad : {"",        "0",          "080",    "65536",       "80;",      "80 ssl",
                          "80\n",    "[::1",       "[::1]",  "[::1]80",     "::1:80",   "[127.0.0.1]:80",
                          "[]:80",   "[:80",       "]:80",   ":80",         "unix:x",   "unix:/run/x.sock",
                          "a b:80",  "*:80",       "*.a:80", "localhost:1", "1.2.3:80", "127.0.0.1:80:80",
                          "${port}", "127.0.0.1:", "+80",    "-1"})
    ck_assert_msg(!bad_listen(bad).empty(), "%s", bad);
  for (const char* good : {"a", "api.example.com", "*.example.com"}) same_text(bad_host(good), "");
  for (const char* bad : {"", "*", "a..b", "-a", "A.b", "a.*.b", "a;b", "a\n"})
    ck_assert_msg(!bad_host(bad).empty(), "%s", bad);
  for (const char* bad : {"", "x", "//", "/a//b", "/a/../b", "/a b", "/{a", "/a{b}", "/{a}/{a}", "/{1}"}) {
    std::vector<std::string> found;
    ck_assert_msg(!bad_path(bad, true, found).empty(), "%s", bad);
  }
}
END_TEST

START_TEST(one_socket_is_listened_to_once) {
  same_text(listen_clash({"80"}, {"443"}), "");
  same_text(listen_clash({"80", "[::]:80", "127.0.0.1:80"}, {"443"}), "");
  same_text(listen_clash({"80", "0.0.0.0:80"}, {}), "80 and 0.0.0.0:80 are the same socket");
  same_text(listen_clash({"8443"}, {"443", "8443"}), "8443 and 8443 are the same socket");
  same_text(listen_clash({"[::1]:80"}, {"[0:0:0:0:0:0:0:1]:80"}),
            "[::1]:80 and [0:0:0:0:0:0:0:1]:80 are the same socket");
}
END_TEST

START_TEST(times_have_an_offset) {
  same_text(read_iso_time("2027-01-31", "--at"), "2027-01-31T00:00:00Z");
  same_text(read_iso_time("2028-02-29T08:00:00.25+08:00", "--at"), "2028-02-29T08:00:00.25+08:00");
  for (const char* bad :
       {"", "now", "2027-02-29", "2027-13-01", "2027-01-31T08:00:00", "2027-01-31T24:00:00Z",
        "2027-01-31T08:00:00Zx", "2027-01-31 08:00:00Z", "infinity"}) {
    bool refused = false;
    try {
      read_iso_time(bad, "--at");
    } catch (const WrongUsage&) {
      refused = true;
    }
    ck_assert_msg(refused, "%s", bad);
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_definition", a_definition_of_the_contract_is_taken, how_long_answers_are_kept,
                fields_of_a_data_source, every_fault_of_a_shape_is_told, json_is_read_strictly,
                path_and_parameters_agree, columns_and_values_fit_the_table,
                words_of_sql_have_the_name_that_is_meant, a_wrong_form_is_shown_the_right_one,
                equal_definitions_have_equal_bytes, names, one_socket_is_listened_to_once,
                times_have_an_offset);
