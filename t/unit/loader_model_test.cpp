// Typed definitions: what is left out takes its default, what cannot be read is
// named, and a text that is damaged in the catalog is a failure.
#include <string>
#include <vector>

#include "base/refusal.hpp"
#include "model/api_definition.hpp"
#include "model/api_source.hpp"
#include "model/consumer_definition.hpp"
#include "model/gateway_definition.hpp"
#include "model/table_definition.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;

namespace {

JsonDocument parsed(const std::string& text) {
  JsonDocument document;
  ck_text_eq(parse_json(text, document).text(), "");
  return document;
}

ApiDefinition api(const std::string& members) {
  return read_api_definition("{" + members + (members.empty() ? "" : ",") +
                                 R"("authentication":["api_key"],"response_parameters":[{"name":"id"}]})",
                             "the API");
}

START_TEST(an_api_with_defaults) {
  const ApiDefinition plain = api("");
  ck_text_eq(plain.method, "GET");
  ck_text_eq(plain.mode, "wizard");
  ck_text_eq(plain.envelope, "tablegate");
  ck_text_eq(plain.answer_form(), "list");
  ck_text_eq(plain.resource_group, "default");
  ck_assert_int_eq(plain.timeout_ms, 3000);
  ck_assert_int_eq(plain.max_records, 2000);
  ck_assert(plain.faults.empty() && !plain.is_script() && !plain.request_parameters_given);
  ck_text_eq(plain.response_parameters.at(0).column, "id");
  ck_assert(!plain.response_parameters.at(0).column_given);
  ck_text_eq(plain.key_source().in + " " + plain.key_source().name, "header Authorization");
  const HmacRule rule = plain.hmac_rule();
  ck_assert(rule.methods == std::vector<std::string>{"HmacSHA256"});
  ck_assert(!rule.require_nonce && rule.require_content_md5);
  ck_assert(plain.takes("api_key") && !plain.takes("hmac"));
}
END_TEST

START_TEST(parameters_with_defaults) {
  const std::string list =
      R"("request_parameters":[{"name":"id","type":"LONG","sample":10001},{"name":"age","column":"years",)"
      R"("in":"header","operator":"LIKE","required":false,"default":1e30}])";
  const ApiDefinition get = api(list);
  const RequestParameter& id = *get.request_parameter("id");
  ck_text_eq(id.column, "id");
  ck_text_eq(id.place, "query");
  ck_text_eq(comparison_text(id.comparison), "=");
  ck_assert(id.required && !id.default_value && !id.column_given);
  ck_text_eq(*id.sample_text(), "10001");
  const RequestParameter& age = *get.request_parameter("age");
  ck_text_eq(age.column + " " + age.place + " " + std::string(comparison_text(age.comparison)),
             "years header LIKE");
  ck_assert(!age.required && age.column_given && age.sample_text() == nullptr);
  ck_assert(!age.default_value->plain);
  ck_assert(get.request_parameter("other") == nullptr);
  const ApiDefinition lists = api(
      R"("request_parameters":[{"name":"a","operator":"IN","sample":["x,y",1,true]},)"
      R"({"name":"b","operator":"NOT IN","sample":"x,y"},{"name":"c","operator":"IN","default":[null]}])");
  ck_text_eq(*lists.request_parameter("a")->sample_text(), "x,y,1,true");
  ck_assert((lists.request_parameter("a")->sample->items() == std::vector<std::string>{"x,y", "1", "true"}));
  ck_assert((lists.request_parameter("b")->sample->items() == std::vector<std::string>{"x", "y"}));
  ck_assert(!lists.request_parameter("c")->default_value->plain);
  ck_text_eq(api(R"("method":"POST",)" + list).request_parameter("id")->place, "body");
  // Only JSON has a list without items.
  const std::string taken =
      R"("request_parameters":[{"name":"a","operator":"IN"},{"name":"b","operator":"IN","in":"header"}])";
  const ApiDefinition by_get = api(taken), by_query = api(R"("query_method":true,)" + taken);
  ck_assert(!by_get.request_parameter("a")->may_be_empty());
  ck_assert(by_query.request_parameter("a")->may_be_empty());
  ck_assert(!by_query.request_parameter("b")->may_be_empty());
}
END_TEST

TableColumn column(const std::string& name) {
  TableColumn made;
  made.name = name;
  return made;
}

START_TEST(a_script) {
  const ApiDefinition api = read_api_definition(parsed(
      R"({"mode":"script","data_source":"shop","sql":"SELECT 1 AS a","request_parameters":[{"name":"ids","type":"LONG_LIST"},)"
      R"({"name":"id","type":"LONG"}],"authentication":[]})"));
  ck_assert(api.is_script() && api.faults.empty() && !api.response_parameters_given);
  ck_text_eq(api.data_source + " " + api.script_text(), "shop SELECT 1 AS a");
  ck_text_eq(api.request_parameters.at(0).type + " " + api.request_parameters.at(0).type_text(),
             "LONG LONG_LIST");
  ck_assert(api.request_parameters.at(0).takes_list() && !api.request_parameters.at(1).takes_list());

  ApiSource source =
      script_source({{"b", "Asia/Shanghai", {}, {column("id")}}, {"a", "Asia/Shanghai", {}, {column("id")}}});
  ck_text_eq(source.time_zone, "Asia/Shanghai");
  source.columns.push_back(column("n"));
  const std::string text = api_source_text(source);
  const ApiSource again = read_api_source(text, "the source");
  ck_text_eq(api_source_text(again), text);
  ck_assert(again.find_table("a") == &again.tables.at(1) && again.find_table("n") == nullptr);
  ck_text_eq(response_of(api, again).at(0).name, "n");
  ck_text_eq(
      script_source({{"b", "Asia/Shanghai", {}, {column("id")}}, {"a", "UTC", {}, {column("id")}}}).time_zone,
      "UTC");
}
END_TEST

START_TEST(what_cannot_be_read_is_named) {
  const ApiDefinition bad = read_api_definition(
      parsed(R"({"timeout_ms":"soon","hmac":{"methods":[]},"pagination":{"max_size":1.5}})"));
  std::string said;
  for (const JsonFault& fault : bad.faults) said += fault.pointer + " " + fault.reason + "\n";
  ck_text_eq(said,
             "/timeout_ms is no integer\n/authentication is missing\n/hmac/methods is empty\n"
             "/response_parameters is empty\n/pagination/max_size is no integer\n");
  for (const char* const text : {"[]", "{", ""}) {
    try {
      read_api_definition(text, "API \"x\"");
      ck_abort_msg("%s was read", text);
    } catch (const SystemFailure& failure) {
      ck_text_eq(std::string(failure.what()).substr(0, 33), "API \"x\" is damaged in the catalog");
    }
  }
}
END_TEST

START_TEST(gateways_domains_and_rest_apis) {
  const GatewayDefinition gateway = read_gateway_definition(parsed(R"({"name":"g"})"));
  ck_assert(gateway.http_listen == std::vector<std::string>{"80"});
  ck_assert(gateway.https_listen == std::vector<std::string>{"443"});
  ck_assert(gateway.has_group("default", "default") && !gateway.has_service("other"));
  const GatewayDefinition own =
      read_gateway_definition(parsed(R"({"services":{"default":["a"],"x":["b"]}})"));
  ck_assert(own.has_group("x", "b") && !own.has_group("x", "a") && !own.has_group("default", "default"));
  const DomainDefinition domain = read_domain_definition(parsed(R"({"name":"a.example.com"})"));
  ck_text_eq(domain.url({"80"}, {"443"}), "http://a.example.com");
  ck_text_eq(domain.tls_min + " " + domain.tls_max, "TLSv1.2 TLSv1.3");
  ck_assert(domain.http2 && domain.server_block && !domain.force_https);
  ck_text_eq(read_domain_definition(parsed(R"({"name":"b","protocol":"HTTPS"})")).url({"80"}, {"443"}),
             "https://b");
  const auto url = [](const char* definition, const std::vector<std::string>& https) {
    return read_domain_definition(parsed(definition)).url({"8080"}, https);
  };
  ck_text_eq(url(R"({"name":"b","protocol":"HTTPS"})", {"127.0.0.1:8443", "[::1]:9443"}), "https://b:8443");
  ck_text_eq(url(R"({"name":"b","protocol":"HTTPS"})", {"8443", "443"}), "https://b");
  ck_text_eq(url(R"({"name":"b"})", {"443"}), "http://b:8080");
  ck_text_eq(url(R"({"name":"b","server_block":false})", {"443"}), "http://b");
  ck_text_eq(url(R"({"name":"b","server_block":false,"port":8081})", {"443"}), "http://b:8081");
  ck_text_eq(url(R"({"name":"b","protocol":"HTTPS","port":443})", {"8443"}), "https://b");
  const Versioning none = read_rest_api_definition(parsed(R"({"name":"r"})")).versioning;
  const Versioning written =
      read_rest_api_definition(parsed(R"({"versioning":{"scheme":"none"}})")).versioning;
  const Versioning header =
      read_rest_api_definition(parsed(R"({"versioning":{"scheme":"header","name":"x","version":"v1"}})"))
          .versioning;
  ck_assert(none.same_scheme(written) && !none.same_scheme(header));
  ck_text_eq(header.label(), "scheme header, name x");
}
END_TEST

START_TEST(tables_and_their_sources) {
  const TableDefinition plain = read_table_definition(parsed(R"({"name":"t"})"));
  ck_text_eq(plain.source_table, "t");
  ck_text_eq(plain.swap, "rename");
  ck_text_eq(plain.zone("csv"), "UTC");
  ck_text_eq(plain.zone("maxcompute"), "Asia/Shanghai");
  ck_assert(!plain.refresh && !plain.primary_key && !plain.ddl && plain.partitions.empty());
  const TableDefinition full = read_table_definition(parsed(
      R"({"name":"t","source_table":"p.t","time_zone":"UTC","partition":["ds=1","ds=2"],"primary_key":["a"],)"
      R"("indexes":[["b","c"]],"refresh":{"schedule":"15m","time_zone":"Europe/Berlin"}})"));
  ck_text_eq(full.zone("maxcompute"), "UTC");
  ck_assert(full.source_table_given && full.partitions_listed && full.partitions.size() == 2);
  ck_text_eq(full.refresh->schedule + " " + full.refresh->time_zone, "15m Europe/Berlin");
  ck_assert(read_table_definition(parsed(R"({"refresh":"15m"})")).refresh->plain);
  const std::string source =
      R"({"table":"t","time_zone":"UTC","primary_key":["a"],"columns":[{"name":"a","type":"int8",)"
      R"("sql_type":"bigint","not_null":true}]})";
  const TableInfo info = read_table_source(source, "the source");
  ck_assert(info.find("a") != nullptr && info.find("a")->not_null && info.find("b") == nullptr);
  ck_text_eq(table_source(info), source);
}
END_TEST

START_TEST(consumers) {
  const ConsumerDefinition consumer =
      read_consumer_definition(parsed(R"({"name":"c","authorizations":[{"api":"A"}],"jwt":{"keys":[]}})"));
  ck_assert(!consumer.disabled);
  ck_text_eq(consumer.authorizations.at(0).api + consumer.authorizations.at(0).workspace, "A");
  ck_assert(has_default_source(*consumer.jwt) && !consumer.jwt->require_exp);
  ck_assert_int_eq(consumer.jwt->leeway, 60);
  const ConsumerDefinition query = read_consumer_definition(
      parsed(R"({"name":"c","disabled":true,"jwt":{"source":{"in":"query","name":"t"},"keys":[]}})"));
  ck_assert(query.disabled && !has_default_source(*query.jwt) && query.jwt->source_prefix.empty());
}
END_TEST

START_TEST(renamed) {
  ck_text_eq(renamed_definition(R"({"kind":"Api","name":"old","path":"/p"})", "new"),
             R"({"kind":"Api","name":"new","path":"/p"})");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_model", an_api_with_defaults, parameters_with_defaults, a_script,
                what_cannot_be_read_is_named, gateways_domains_and_rest_apis, tables_and_their_sources,
                consumers, renamed);
