// loader/catalog/contract_check: which changes of an API break its callers.
#include "compile/contract_check.hpp"

#include <string>
#include <vector>

#include "catalog/life/versions.hpp"
#include "loader_testing.hpp"

using namespace tablegate::loader;

namespace {

const std::string kDefinition =
    R"({"kind":"Api","name":"User","business_process":"P","path":"/user/info","method":"GET","table":"users",)"
    R"("request_parameters":[{"name":"user_id","type":"LONG","operator":"=","in":"query","required":true},)"
    R"({"name":"age","type":"INT","required":false,"default":25},)"
    R"({"name":"since","column":"seen","type":"DATETIME","required":false}],)"
    R"("response_parameters":[{"name":"user_id","column":"user_id"},{"name":"user_name"},{"name":"seen"}],)"
    R"("result":"list","max_records":100,"authentication":["api_key","hmac"]})";
const std::string kSource =
    R"({"table":"users","time_zone":"UTC","primary_key":["user_id"],"columns":[{"name":"user_id","type":"int8"},)"
    R"({"name":"user_name","type":"text"},{"name":"age","type":"int4"},{"name":"seen","type":"timestamptz"}]})";

struct Change {
  std::string from, to;  // texts of the definition
};

std::string changed(std::string text, const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    const size_t at = text.find(change.from);
    ck_assert_msg(at != std::string::npos, "%s is not there", change.from.c_str());
    text.replace(at, change.from.size(), change.to);
  }
  return text;
}

std::string joined(const std::vector<ContractBreak>& breaks) {
  std::string text;
  for (const ContractBreak& one : breaks) text += (text.empty() ? "" : "; ") + one.text();
  return text;
}

ContractSide side(const std::string& definition, const std::string& source) {
  return {read_api_definition(definition, "the API"), read_table_source(source, "its source")};
}

// What breaks when the definition (and the source) change.
std::string breaks(const std::vector<Change>& changes, const std::vector<Change>& source = {}) {
  return joined(contract_breaks(side(kDefinition, kSource),
                                side(changed(kDefinition, changes), changed(kSource, source))));
}

// The reverse change.
std::string undone(const std::vector<Change>& changes, const std::vector<Change>& source = {}) {
  return joined(contract_breaks(side(changed(kDefinition, changes), changed(kSource, source)),
                                side(kDefinition, kSource)));
}

// Between two changed definitions.
std::string between(const std::vector<Change>& one, const std::vector<Change>& other) {
  return joined(
      contract_breaks(side(changed(kDefinition, one), kSource), side(changed(kDefinition, other), kSource)));
}

const std::string kAge = R"({"name":"age","type":"INT","required":false,"default":25})";
const std::string kAuthentication = R"("authentication":["api_key","hmac"])";

START_TEST(the_same_breaks_nothing) {
  ck_text_eq(breaks({}), "");
}
END_TEST

START_TEST(what_is_added_or_loosened_breaks_nothing) {
  for (const std::vector<Change>& changes : std::vector<std::vector<Change>>{
           {{R"({"name":"user_name"})", R"({"name":"user_name"},{"name":"age"})"}},
           {{kAge, kAge + R"(,{"name":"name","column":"user_name","type":"STRING","required":false})"}},
           {{R"("in":"query","required":true)", R"("in":"query","required":false)"}},
           {{R"("in":"query","required":true)", R"("in":"query","required":false,"default":1)"}},
           {{R"("max_records":100)", R"("max_records":101)"}},
           {{kAuthentication, R"("authentication":["hmac","jwt","api_key"])"}},
           {{kAuthentication, R"("authentication":[])"}},
           {{kAuthentication, kAuthentication + R"(,"hmac":{"methods":["HmacSHA1","HmacSHA256"]})"}},
           {{kAuthentication, kAuthentication + R"(,"hmac":{"require_content_md5":false})"}},
           {{kAuthentication, kAuthentication + R"(,"timeout_ms":10,"description":"d","tags":["a"])"}},
           {{R"("operator":"=","in":"query",)", ""}},
           {{R"("column":"user_id"})", R"("column":"user_id","sample":1,"description":"d"})"}},
           {{R"("name":"user_name"})", R"("name":"user_name","column":"user_name"})"}},
       }) {
    ck_text_eq(breaks(changes), "");
  }
  ck_text_eq(breaks({}, {{R"("primary_key":["user_id"])", R"("primary_key":[])"}}), "");
  ck_text_eq(breaks({}, {{R"("name":"age","type":"int4")", R"("name":"age","type":"int8")"}}), "");
}
END_TEST

START_TEST(the_address_is_part_of_it) {
  ck_text_eq(breaks({{"/user/info", "/user/data"}}), "path was /user/info and is /user/data");
  ck_text_eq(
      breaks({{R"("method":"GET")", R"("method":"POST")"}}),
      "method was GET and is POST; parameter age: in was query and is body; parameter since: in was query "
      "and is body");
}
END_TEST

START_TEST(response_fields) {
  ck_text_eq(breaks({{R"({"name":"user_name"},)", ""}}), "response field user_name was removed");
  ck_text_eq(breaks({{R"({"name":"user_name"})", R"({"name":"name","column":"user_name"})"}}),
             "response field user_name was removed");
  ck_text_eq(breaks({{R"({"name":"user_name"})", R"({"name":"user_name","column":"age"})"}}),
             "response field user_name: type was text and is int4");
  ck_text_eq(breaks({}, {{R"("user_name","type":"text")", R"("user_name","type":"jsonb")"}}),
             "response field user_name: type was text and is jsonb");
  const std::vector<Change> as = {{R"("column":"user_id"})", R"("column":"user_id","as":"string"})"}};
  ck_text_eq(breaks(as), "response field user_id: as was none and is string");
  ck_text_eq(undone(as), "response field user_id: as was string and is none");
  const std::vector<Change> mask = {{R"({"name":"user_name"})", R"({"name":"user_name","mask":"hash"})"}};
  ck_text_eq(breaks(mask), "response field user_name: mask was none and is hash");
  ck_text_eq(undone(mask), "response field user_name: mask was hash and is none");
  // The text of a value is what a hash is of; the type of a value that no one gets does not matter.
  const std::vector<Change> other_type = {{R"("user_name","type":"text")", R"("user_name","type":"jsonb")"}};
  const auto masked = [&other_type](const std::string& with) {
    const std::string definition =
        changed(kDefinition, {{R"({"name":"user_name"})", R"({"name":"user_name","mask":")" + with + "\"}"}});
    return joined(contract_breaks(side(definition, kSource), side(definition, changed(kSource, other_type))));
  };
  ck_text_eq(masked("hash"), "response field user_name: type was text and is jsonb");
  ck_text_eq(masked("null"), "");
  ck_text_eq(breaks({}, {{"UTC", "Asia/Shanghai"}}),
             "parameter since: time zone was UTC and is Asia/Shanghai; response field seen: time zone was "
             "UTC and is "
             "Asia/Shanghai");
  ck_text_eq(breaks({{R"("result":"list")", R"("result":"object")"}}), "result was list and is object");
  ck_text_eq(breaks({{R"("result":"list")", R"("pagination":{"enabled":true})"}}),
             "result was list and is page");
  ck_text_eq(breaks({{R"("result":"list")", R"("result":"list","envelope":"dataworks")"}}),
             "envelope was tablegate and is dataworks");
}
END_TEST

START_TEST(formats) {
  const auto with = [](const std::string& formats) {
    return std::vector<Change>{{R"("result":"list")", R"("result":"list","formats":)" + formats}};
  };
  const auto between = [&](const std::string& before, const std::string& after) {
    return joined(contract_breaks(side(changed(kDefinition, with(before)), kSource),
                                  side(changed(kDefinition, with(after)), kSource)));
  };
  ck_text_eq(breaks(with(R"(["json","csv"])")), "");
  ck_text_eq(undone(with(R"(["json","csv"])")), "formats no longer has csv");
  ck_text_eq(breaks(with(R"(["csv"])")), "formats no longer has json");
  ck_text_eq(breaks(with(R"(["csv","json"])")), "formats began with json and begins with csv");
  ck_text_eq(between(R"(["json","csv","ndjson"])", R"(["json","ndjson","csv"])"), "");
  ck_text_eq(between(R"(["csv"])", R"(["csv"],"csv_safe":true)"), "csv_safe was false and is true");
  ck_text_eq(between(R"(["json"])", R"(["json","csv"],"csv_safe":true)"), "");
}
END_TEST

START_TEST(request_parameters) {
  ck_text_eq(breaks({{"," + kAge, ""}}), "parameter age was removed");
  ck_text_eq(breaks({{R"({"name":"age","type":"INT")", R"({"name":"years","column":"age","type":"INT")"}}),
             "parameter age was removed");
  ck_text_eq(breaks({{kAge, kAge + R"(,{"name":"n","column":"age","type":"INT"})"}}),
             "parameter n is new and required");
  ck_text_eq(breaks({{R"("type":"DATETIME","required":false)", R"("type":"DATETIME")"}}),
             "parameter since is required now");
  ck_text_eq(breaks({{kAge, R"({"name":"age","type":"INT"})"}}), "parameter age is required now");
  ck_text_eq(breaks({{R"("type":"LONG")", R"("type":"INT")"}}),
             "parameter user_id: type was LONG and is INT");
  ck_text_eq(breaks({{R"("type":"INT")", R"("type":"LONG")"}}), "parameter age: type was INT and is LONG");
  ck_text_eq(breaks({{R"("in":"query")", R"("in":"header")"}}),
             "parameter user_id: in was query and is header");
  ck_text_eq(breaks({{R"("operator":"=")", R"("operator":">")"}}),
             "parameter user_id: operator was = and is >");
  ck_text_eq(undone({{R"("operator":"=")", R"("operator":">")"}}),
             "parameter user_id: operator was > and is =");
}
END_TEST

START_TEST(defaults_of_parameters) {
  ck_text_eq(breaks({{R"("default":25)", R"("default":26)"}}),
             "parameter age: default was \"25\" and is \"26\"");
  ck_text_eq(breaks({{R"(,"default":25)", ""}}), "parameter age: default was \"25\" and is none");
  ck_text_eq(undone({{R"(,"default":25)", ""}}), "parameter age: default was none and is \"25\"");
  ck_text_eq(breaks({{R"("default":25)", R"("default":"25")"}}), "");
}
END_TEST

START_TEST(narrower_values) {
  ck_text_eq(breaks({}, {{R"("name":"user_id","type":"int8")", R"("name":"user_id","type":"int4")"}}),
             "parameter user_id takes fewer values: its column was int8 and is int4; response field user_id: "
             "type was "
             "int8 and is int4");
  ck_text_eq(breaks({{R"({"name":"since","column":"seen")", R"({"name":"since","column":"user_name")"}}),
             "parameter since takes fewer values: its column was timestamptz and is text");
  ck_text_eq(breaks({}, {{R"("name":"age","type":"int4")", R"("name":"age","type":"int2")"}}),
             "parameter age takes fewer values: its column was int4 and is int2");
}
END_TEST

START_TEST(limits) {
  ck_text_eq(breaks({{R"("max_records":100)", R"("max_records":99)"}}), "max_records was 100 and is 99");
  ck_text_eq(undone({{R"("max_records":100,)", ""}}), "max_records was 2000 and is 100");
  ck_text_eq(breaks({{R"("result":"list")", R"("result":"list","query_method":true)"}}), "");
  ck_text_eq(undone({{R"("result":"list")", R"("result":"list","query_method":true)"}}),
             "query_method was true and is false");
  const auto page = [](const std::string& sizes) {
    return std::vector<Change>{{R"("result":"list")", R"("pagination":{"enabled":true)" + sizes + "}"}};
  };
  ck_text_eq(between(page(""), page(R"(,"max_size":499)")), "pagination: max_size was 500 and is 499");
  ck_text_eq(between(page(""), page(R"(,"max_size":501)")), "");
  ck_text_eq(between(page(R"(,"default_size":20)"), page("")), "pagination: default_size was 20 and is 10");
  ck_text_eq(between(page(""), {}), "result was page and is list");
}
END_TEST

START_TEST(orders) {
  const auto order = [](const std::string& keys) {
    return std::vector<Change>{{R"("result":"list")", R"("result":"list","order_by":[)" + keys + "]"}};
  };
  const std::string age = R"({"column":"age","direction":"desc"})", name = R"({"column":"user_name"})";
  ck_text_eq(between({}, order(age)), "");
  ck_text_eq(between(order(age), {}), "order_by was age desc and is none");
  ck_text_eq(between(order(age), order(age + "," + name)), "");
  ck_text_eq(between(order(age + "," + name), order(age)),
             "order_by was age desc, user_name and is age desc");
  ck_text_eq(between(order(age), order(name + "," + age)),
             "order_by was age desc and is user_name, age desc");
  ck_text_eq(between(order(age), order(R"({"column":"age"})")), "order_by was age desc and is age");
}
END_TEST

START_TEST(orders_of_pages) {
  const auto page = [](const std::string& keys) {
    return std::vector<Change>{
        {R"("result":"list","max_records":100)", R"("pagination":{"enabled":true})" + keys}};
  };
  const std::string age = R"(,"order_by":[{"column":"age","direction":"desc"}])";
  const std::string age_and_key =
      R"(,"order_by":[{"column":"age","direction":"desc"},{"column":"user_id","direction":"desc"}])";
  ck_text_eq(between(page(""), page(R"(,"order_by":[{"column":"user_id"}])")), "");
  ck_text_eq(between(page(age), page(age_and_key)), "");
  ck_text_eq(between(page(""), page(age)), "order_by was user_id and is age desc, user_id desc");
  const auto after_loss_of_key = [&](const std::string& keys) {
    return joined(
        contract_breaks(side(changed(kDefinition, page(keys)), kSource),
                        side(changed(kDefinition, page(keys)),
                             changed(kSource, {{R"("primary_key":["user_id"])", R"("primary_key":[])"}}))));
  };
  ck_text_eq(after_loss_of_key(age),
             "order_by was age desc, user_id desc and is age desc; pagination no longer has cursors");
}
END_TEST

START_TEST(lists) {
  const std::string list = R"("type":"STRING","operator":"IN","required":false)";
  const auto with = [&](const std::string& more) {
    return std::vector<Change>{
        {kAge, kAge + R"(,{"name":"names","column":"user_name",)" + list + more + "}"}};
  };
  ck_text_eq(between(with(R"(,"default":["a","b"])"), with(R"(,"default":"a,b")")), "");
  ck_text_eq(between(with(R"(,"default":["a,b"])"), with(R"(,"default":"a,b")")),
             R"(parameter names: default was ["a,b"] and is ["a","b"])");
  ck_text_eq(between(with(R"(,"default":[])"), with("")), "parameter names: default was [] and is none");
  ck_text_eq(breaks({{R"("operator":"=")", R"("operator":"IN")"}}),
             "parameter user_id: operator was = and is IN");
}
END_TEST

START_TEST(proofs) {
  ck_text_eq(breaks({{kAuthentication, R"("authentication":["api_key"])"}}),
             "authentication no longer takes hmac");
  ck_text_eq(breaks({{kAuthentication, R"("authentication":["jwt"])"}}),
             "authentication no longer takes api_key; authentication no longer takes hmac");
  ck_text_eq(undone({{kAuthentication, R"("authentication":[])"}}),
             "authentication was open to all and now requires a credential");
  const auto hmac = [](const std::string& rule) {
    return std::vector<Change>{{kAuthentication, kAuthentication + R"(,"hmac":{)" + rule + "}"}};
  };
  ck_text_eq(breaks(hmac(R"("require_nonce":true)")), "hmac: require_nonce was off and is on");
  ck_text_eq(undone(hmac(R"("require_nonce":true)")), "");
  ck_text_eq(undone(hmac(R"("require_content_md5":false)")), "hmac: require_content_md5 was off and is on");
  ck_text_eq(breaks(hmac(R"("methods":["HmacSHA1"])")), "hmac: methods no longer has HmacSHA256");
  ck_text_eq(undone(hmac(R"("methods":["HmacSHA1","HmacSHA256"])")), "hmac: methods no longer has HmacSHA1");
  const std::vector<Change> source = {
      {kAuthentication, kAuthentication + R"(,"api_key_source":{"in":"query","name":"key"})"}};
  ck_text_eq(breaks(source), "api_key_source was header Authorization and is query key");
  ck_text_eq(undone(source), "api_key_source was query key and is header Authorization");
}
END_TEST

START_TEST(every_break_is_told_at_once) {
  ck_text_eq(
      breaks({{"/user/info", "/u"},
              {R"({"name":"user_name"},)", ""},
              {R"("max_records":100)", R"("max_records":1)"}}),
      "path was /user/info and is /u; response field user_name was removed; max_records was 100 and is 1");
}
END_TEST

std::string fields(const std::vector<Change>& changes, const std::vector<Change>& source = {}) {
  std::string text;
  for (const FieldChange& change : changed_fields(
           {1, "", kDefinition, kSource}, {2, "", changed(kDefinition, changes), changed(kSource, source)}))
    text += change.field + ": " + change.from + " -> " + change.to + "\n";
  return text;
}

START_TEST(differences_name_each_field) {
  ck_text_eq(fields({}), "");
  ck_text_eq(
      fields({{R"("max_records":100)", R"("max_records":7)"}, {R"("type":"LONG")", R"("type":"INT")"}}),
      "/request_parameters/user_id/type: \"LONG\" -> \"INT\"\n/max_records: 100 -> 7\n");
  ck_text_eq(fields({{R"({"name":"user_name"})", R"({"name":"age"})"}}),
             "/response_parameters/user_name: {\"name\":\"user_name\"} -> \n/response_parameters/age:  -> "
             "{\"name\":\"age\"}\n");
  ck_text_eq(
      fields({{R"({"name":"user_name"},{"name":"seen"})", R"({"name":"seen"},{"name":"user_name"})"}}),
      "/response_parameters: [\"user_id\",\"user_name\",\"seen\"] -> [\"user_id\",\"seen\",\"user_name\"]\n");
  ck_text_eq(fields({{kAuthentication, R"("authentication":["jwt"],"hmac":{})"}}, {{"int4", "int2"}}),
             "/authentication: [\"api_key\",\"hmac\"] -> [\"jwt\"]\n/hmac:  -> {}\n/source/columns/age/type: "
             "\"int4\" -> "
             "\"int2\"\n");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_contract_check", formats, the_same_breaks_nothing,
                what_is_added_or_loosened_breaks_nothing, the_address_is_part_of_it, response_fields,
                request_parameters, defaults_of_parameters, narrower_values, limits, orders, orders_of_pages,
                lists, proofs, every_break_is_told_at_once, differences_name_each_field);
