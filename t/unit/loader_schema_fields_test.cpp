// Every field of every definition has a description in schema/definitions, and the
// defaults there are those that loader/model reads definitions with: no more, no
// less. A field with a choice, a number or a truth value says what applies without it.
#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "model/api_definition.hpp"
#include "model/consumer_definition.hpp"
#include "model/definition_schema.hpp"
#include "model/gateway_definition.hpp"
#include "model/schema_fields.hpp"
#include "model/table_definition.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;

namespace {

struct Field {
  std::string path;  // Api.request_parameters[].name
  const JsonValue* schema;
  bool required;
};

void add_fields(const JsonValue& schema, const std::string& path, std::vector<Field>& fields) {
  const std::string list = json_find(schema, "items") == nullptr ? "" : "[]";
  for (const SchemaField& field : fields_of(schema)) {
    const std::string here =
        path + (json_find(schema, "properties") == nullptr ? list : "") + "." + field.name;
    fields.push_back({here, field.schema, field.required});
    add_fields(*field.schema, here, fields);
  }
}

std::vector<Field> all_fields() {
  std::vector<Field> fields;
  for (const KindInfo& info : kinds()) add_fields(schema_text(info.kind), std::string(info.name), fields);
  return fields;
}

JsonDocument parsed(const std::string& text) {
  JsonDocument document;
  ck_text_eq(parse_json(text, document).text(), "");
  return document;
}

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

std::string truth(bool value) {
  return value ? "true" : "false";
}

void add_api_defaults(std::map<std::string, std::string>& found) {
  const ApiDefinition api =
      read_api_definition(parsed(R"({"request_parameters":[{}],"order_by":[{}],"pagination":{}})"));
  const RequestParameter& parameter = api.request_parameters.at(0);
  const HmacRule hmac = api.hmac_rule();
  found["Api.method"] = quoted(api.method);
  found["Api.mode"] = quoted(api.mode);
  found["Api.request_parameters[].operator"] = quoted(std::string(comparison_text(parameter.comparison)));
  found["Api.request_parameters[].required"] = truth(parameter.required);
  found["Api.order_by[].direction"] = quoted(api.order_by.at(0).descending ? "desc" : "asc");
  found["Api.pagination.enabled"] = truth(api.pagination->enabled);
  found["Api.pagination.max_size"] = std::to_string(api.pagination->max_size);
  found["Api.pagination.total"] = truth(api.pagination->total);
  found["Api.result"] = quoted(api.result);
  found["Api.timeout_ms"] = std::to_string(api.timeout_ms);
  found["Api.stream_timeout_ms"] = std::to_string(api.stream_timeout_ms);
  found["Api.max_records"] = std::to_string(api.max_records);
  found["Api.resource_group"] = quoted(api.resource_group);
  found["Api.unknown_parameters"] = quoted(api.unknown_parameters);
  found["Api.query_method"] = truth(api.query_method);
  found["Api.coalesce"] = truth(api.coalesce);
  found["Api.hmac.methods"] = names_text(hmac.methods);
  found["Api.hmac.require_nonce"] = truth(hmac.require_nonce);
  found["Api.hmac.require_content_md5"] = truth(hmac.require_content_md5);
  found["Api.envelope"] = quoted(api.envelope);
  found["Api.formats"] = names_text(api.formats);
  found["Api.csv_safe"] = truth(api.csv_safe);
}

void add_gateway_defaults(std::map<std::string, std::string>& found) {
  const JsonDocument nothing = parsed("{}");
  const DomainDefinition domain = read_domain_definition(nothing);
  found["Domain.protocol"] = quoted(domain.protocol);
  found["Domain.force_https"] = truth(domain.force_https);
  found["Domain.http2"] = truth(domain.http2);
  found["Domain.tls_min"] = quoted(domain.tls_min);
  found["Domain.tls_max"] = quoted(domain.tls_max);
  found["Domain.server_block"] = truth(domain.server_block);
  const GatewayDefinition gateway = read_gateway_definition(nothing);
  found["GatewayInstance.http_listen"] = names_text(gateway.http_listen);
  found["GatewayInstance.https_listen"] = names_text(gateway.https_listen);
  ck_assert_int_eq(gateway.services.size(), 1);
  for (const auto& [service, groups] : gateway.services)
    found["GatewayInstance.services"] = fmt::format(R"({{"{}":{}}})", service, names_text(groups));
  found["RestApi.versioning"] =
      fmt::format(R"({{"scheme":"{}"}})", read_rest_api_definition(nothing).versioning.scheme);
}

// What the model reads where the definition says nothing.
std::map<std::string, std::string> defaults_of_the_model() {
  std::map<std::string, std::string> found;
  add_api_defaults(found);
  add_gateway_defaults(found);
  const ConsumerDefinition consumer = read_consumer_definition(parsed(R"({"jwt":{}})"));
  found["Consumer.disabled"] = truth(consumer.disabled);
  found["Consumer.jwt.leeway"] = std::to_string(consumer.jwt->leeway);
  found["Consumer.jwt.require_exp"] = truth(consumer.jwt->require_exp);
  const TableDefinition table = read_table_definition(parsed("{}"));
  found["Table.swap"] = quoted(table.swap);
  ck_assert(table.indexes.empty());
  found["Table.indexes"] = "[]";
  return found;
}

START_TEST(every_field_has_a_description) {
  for (const KindInfo& info : kinds())
    ck_assert_msg(!json_member(schema_text(info.kind), "description").empty(), "%s", info.name.data());
  for (const Field& field : all_fields()) {
    const std::string description = json_member(*field.schema, "description");
    ck_assert_msg(!description.empty(), "%s has no description", field.path.c_str());
    ck_assert_msg(description.back() == '.' && description.front() != ' ', "%s: no sentence",
                  field.path.c_str());
  }
}
END_TEST

START_TEST(defaults_are_those_of_the_model) {
  std::map<std::string, std::string> model = defaults_of_the_model();
  for (const Field& field : all_fields()) {
    const JsonValue* const value = json_find(*field.schema, "default");
    const JsonValue* const choices = json_find(*field.schema, "enum");
    const auto found = model.find(field.path);
    if (value == nullptr) {
      ck_assert_msg(found == model.end(), "%s has no default", field.path.c_str());
      continue;
    }
    ck_assert_msg(!field.required, "%s is required and has a default", field.path.c_str());
    if (found != model.end()) {
      ck_text_eq(json_text(*value), found->second);
      model.erase(found);
      continue;
    }
    // The only choice is no setting of the model.
    ck_assert_msg(choices != nullptr && choices->Size() == 1 && (*choices)[0] == *value,
                  "%s has a default that the model does not have", field.path.c_str());
  }
  for (const auto& [path, value] : model) ck_abort_msg("%s: no schema has it", path.c_str());
}
END_TEST

START_TEST(optional_choices_have_a_default) {
  for (const Field& field : all_fields()) {
    const std::string type = json_find(*field.schema, "type") != nullptr && (*field.schema)["type"].IsString()
                                 ? json_member(*field.schema, "type")
                                 : std::string();
    const bool choice = json_find(*field.schema, "enum") != nullptr || type == "boolean" || type == "integer";
    if (field.required || !choice) continue;
    const bool has =
        json_find(*field.schema, "default") != nullptr || !json_member(*field.schema, "x-default").empty();
    ck_assert_msg(has, "%s: neither default nor x-default", field.path.c_str());
  }
}
END_TEST

START_TEST(places_of_faults_are_paths_of_fields) {
  ck_text_eq(field_path(Kind::api, ""), "Api");
  ck_text_eq(field_path(Kind::api, "/metod"), "Api");
  ck_text_eq(field_path(Kind::api, "/request_parameters/0/type"), "Api.request_parameters.type");
  ck_text_eq(field_path(Kind::api, "/response_parameters/12"), "Api.response_parameters");
  ck_text_eq(field_path(Kind::rest_api, "/versioning/scheme"), "RestApi.versioning.scheme");
  ck_text_eq(field_path(Kind::gateway_instance, "/services/a~1b/0"), "GatewayInstance.services");
  ck_text_eq(field_path(Kind::table, "/refresh/schedule"), "Table.refresh.schedule");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_schema_fields", every_field_has_a_description, defaults_are_those_of_the_model,
                optional_choices_have_a_default, places_of_faults_are_paths_of_fields);
