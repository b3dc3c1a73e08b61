// The form of a manifest and of credentials is written down in the writers, the
// gateway's reader, schema/manifest.schema.json and schema/README.md: they agree
// member by member.
// The writer writes every member of the schema and no other one, the reader knows
// them all and rejects others, and what is required is required by both.

#include <rapidjson/schema.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "compile/credentials_writer.hpp"
#include "compile/manifest_line.hpp"
#include "compile/manifest_writer.hpp"
#include "core/manifest/manifest_reader.hpp"
#include "model/definition.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;

namespace {

constexpr const char* kApi =
    R"({"name":"Full","path":"/full/{id}","method":"POST","request_parameters":[{"name":"id","type":"LONG","in":"path"},)"
    R"({"name":"age","type":"INT","required":false,"default":25},{"name":"since","column":"at","type":"DATETIME"},)"
    R"({"name":"ids","column":"id","type":"LONG","operator":"IN","required":false,"default":[1,2]},)"
    R"({"name":"name","type":"STRING","operator":"LIKE"}],)"
    R"("response_parameters":[{"name":"id","as":"string"},{"name":"at"},{"name":"note","mask":"hash"}],"authentication":["api_key","jwt","hmac"],)"
    R"("hmac":{"require_nonce":true},"api_key_source":{"in":"header","name":"X-Key"},"unknown_parameters":"reject","envelope":"dataworks","formats":["csv","json"],"csv_safe":true,)"
    R"("stream_timeout_ms":30000,"cache":{"max_age":60}})";
constexpr const char* kPaged =
    R"({"name":"Paged","path":"/paged","response_parameters":[{"name":"id"}],"authentication":[],)"
    R"("pagination":{"max_size":50},"query_method":true,"coalesce":false})";
constexpr const char* kKeyed =
    R"({"name":"Keyed","path":"/keyed","result":"object","request_parameters":[{"name":"id","type":"LONG"}],)"
    R"("response_parameters":[{"name":"id"}],"authentication":[]})";
constexpr const char* kSource =
    R"({"table":"t","time_zone":"Asia/Shanghai","primary_key":["id"],"columns":[{"name":"id","type":"int8"},)"
    R"({"name":"age","type":"int4"},{"name":"at","type":"timestamptz"},{"name":"name","type":"text"},)"
    R"({"name":"note","type":"text"}]})";

constexpr const char* kScript =
    R"({"name":"Script","business_process":"P","path":"/script","mode":"script","data_source":"s","authentication":[],)"
    R"("sql":"SELECT age, now() AS at FROM users ORDER BY age","cache":false,"pagination":{"enabled":true}})";

// Contents of which the writer makes every member that it can write.
ManifestContents everything() {
  ApiEntry api;
  api.api_id = 7;
  api.version = 1;
  api.workspace = "demo";
  api.rest_api = "api";
  api.base_path = "/v1";
  api.version_key = {tablegate::core::VersionKey::In::header, "x-version", "v1"};
  api.domains = {"a.example.com"};
  api.deprecated = 5;
  api.sunset = 9;
  api.definition = read_api_definition(kApi, "the API");
  api.source = read_table_source(kSource, "its source");
  ApiEntry paged = api;
  paged.api_id = 8;
  paged.deprecated.reset();
  paged.sunset.reset();
  paged.definition = read_api_definition(kPaged, "the API with pages");
  ApiEntry keyed = paged;
  keyed.api_id = 10;
  keyed.definition = read_api_definition(kKeyed, "the API that finds one row");
  ApiEntry script = paged;
  script.api_id = 9;
  script.definition = read_api_definition(kScript, "the script with pages");
  TableInfo table;
  table.name = "users";
  table.columns = read_columns(R"([{"name":"age","type":"int4"}])");
  script.source = script_source({table});
  script.source.columns =
      read_columns(R"([{"name":"age","type":"int4"},{"name":"at","type":"timestamptz"}])");
  ManifestContents all;
  all.gateway = "prod";
  all.source = std::string(64, 'd');
  all.apis = {api, paged, script, keyed};
  all.canaries = {api, paged, script, keyed};
  for (ApiEntry& canary : all.canaries) {
    canary.version = 2;
    canary.canary_weight = 10;
  }
  DomainDefinition domain;
  domain.name = "a.example.com";
  domain.protocol = "HTTPS";
  domain.force_https = true;
  all.domains = {domain};
  JwtEntry jwt;
  jwt.source_in = "header";
  jwt.source_name = "X-Token";
  jwt.source_prefix = "Bearer";
  jwt.issuer = "https://issuer";
  jwt.audience = "api";
  jwt.claim_name = "uid";
  jwt.claim_value = "x";
  jwt.keys = R"([{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","alg":"HS256","kid":"a"}])";
  all.consumers = {{"zoe",
                    true,
                    {7},
                    {{"k1", std::string(64, 'a'), {1, 2}}},
                    {{"hk_1", "AK1", "secret", "classic", {1, 2}}},
                    jwt}};
  all.keys = {{"cursor", std::string(64, 'e')}, {"mask", std::string(64, 'f')}};
  all.documents = {{{"a.example.com"}, "documents-x.jsonl", 0, 2, std::string(64, 'b')}};
  return all;
}

struct Form {
  JsonDocument schema;
  std::vector<JsonDocument> lines;  // of everything(): the manifest's, then the credentials'
};

// The place of the credentials' header.
size_t credentials_at(const std::vector<JsonDocument>& lines) {
  size_t place = 1;
  while (lines[place].HasMember("kind")) ++place;
  return place;
}

JsonDocument parsed(const std::string& text) {
  JsonDocument document;
  const TextFault fault = parse_json(text, document);
  ck_assert_msg(fault.empty(), "%s", fault.text().c_str());
  return document;
}

// The tests run in the repository's folder.
std::string schema_file(const char* name) {
  return read_file(std::string("schema/") + name, size_t{1} << 20);
}

Form read_form() {
  Form form;
  form.schema = parsed(schema_file("manifest.schema.json"));
  const ManifestContents all = everything();
  const std::string text =
      write_manifest(all) +
      write_credentials(all.gateway, {std::string(64, 'c')}, credentials_lines(all.keys, all.consumers));
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    form.lines.push_back(parsed(text.substr(at, end - at)));
    at = end + 1;
  }
  return form;
}

// One of the files, its digest made anew. `body` gets its lines.
std::string file_of(std::vector<JsonDocument>& lines, size_t header, size_t end, std::string& body) {
  body.clear();
  for (size_t i = header + 1; i < end; ++i) body += json_text(lines[i]) + "\n";
  if (lines[header].HasMember("sha256"))
    lines[header]["sha256"].SetString(digest_of_lines(body).c_str(), lines[header].GetAllocator());
  return json_text(lines[header]) + "\n" + body;
}

// What the gateway says of the two files; empty: accepted.
std::string said_by_reader(std::vector<JsonDocument>& lines) {
  const size_t second = credentials_at(lines);
  std::string body, consumers;
  const std::string manifest = file_of(lines, 0, second, body);
  if (lines[second].HasMember("manifests") && lines[second]["manifests"].IsArray())
    lines[second]["manifests"][0].SetString(digest_of_lines(body).c_str(), lines[second].GetAllocator());
  const auto read = tablegate::core::read_manifest(manifest, file_of(lines, second, lines.size(), consumers));
  return read ? std::string() : read.error().text();
}

bool fits_schema(const rapidjson::SchemaDocument& schema, const JsonValue& line) {
  rapidjson::SchemaValidator validator(schema);
  return line.Accept(validator);
}

const JsonValue& resolved(const JsonValue& root, const JsonValue& schema) {
  const JsonValue* const reference = json_find(schema, "$ref");
  if (reference == nullptr) return schema;
  const JsonValue* const target = rapidjson::Pointer(reference->GetString()).Get(root);
  ck_assert_msg(target != nullptr, "%s", reference->GetString());
  return resolved(root, *target);
}

// Calls `visit(object, its schema, where)` for each object of a line that has a schema with properties, inner
// ones first.
using Visit = std::function<void(JsonValue&, const JsonValue&, const std::string&)>;
void walk(const JsonValue& root, JsonValue& value, const JsonValue& of, const std::string& where,
          const Visit& visit) {
  const JsonValue& schema = resolved(root, of);
  if (value.IsArray()) {
    const JsonValue* const items = json_find(schema, "items");
    for (JsonValue& item : value.GetArray()) {
      if (items != nullptr) walk(root, item, *items, where, visit);
    }
  }
  const JsonValue* const properties = json_find(schema, "properties");
  if (!value.IsObject() || properties == nullptr) return;
  for (auto& member : value.GetObject()) {
    const char* const name = member.name.GetString();
    const JsonValue* const below = json_find(*properties, name);
    if (below != nullptr) walk(root, member.value, *below, where + "/" + name, visit);
  }
  visit(value, schema, where);
}

std::string kind_of_line(const Form& form, size_t line) {
  if (line == 0) return "header";
  return line == credentials_at(form.lines) ? "credentials_header" : json_member(form.lines[line], "kind");
}

const JsonValue& schema_of_line(const Form& form, size_t line) {
  const std::string kind = kind_of_line(form, line);
  const JsonValue* const schema = json_find(form.schema["definitions"], kind.c_str());
  ck_assert_msg(schema != nullptr, "the schema has no kind %s", kind.c_str());
  return *schema;
}

void walk_all(Form& form, const Visit& visit) {
  for (size_t line = 0; line < form.lines.size(); ++line) {
    const std::string where = kind_of_line(form, line);
    walk(form.schema, form.lines[line], schema_of_line(form, line), where, visit);
  }
}

// A JSON Web Key is passed on as it is: other members are allowed.
bool is_open(const JsonValue& schema) {
  return json_find(schema, "additionalProperties") == nullptr;
}

START_TEST(accepted_as_it_is_written) {
  Form form = read_form();
  ck_text_eq(said_by_reader(form.lines), "");
  const rapidjson::SchemaDocument schema(form.schema);
  std::set<std::string> kinds;
  for (size_t line = 0; line < form.lines.size(); ++line) {
    ck_assert_msg(fits_schema(schema, form.lines[line]), "%s", json_text(form.lines[line]).c_str());
    kinds.insert(kind_of_line(form, line));
  }
  ck_assert_uint_eq(kinds.size(), form.schema["oneOf"].Size());
}
END_TEST

START_TEST(the_writer_writes_the_members_of_the_schema) {
  Form form = read_form();
  std::map<const JsonValue*, std::set<std::string>> written;  // by schema of the object
  std::map<const JsonValue*, std::string> places;
  walk_all(form, [&](JsonValue& object, const JsonValue& schema, const std::string& where) {
    places[&schema] = where;
    for (const auto& member : object.GetObject()) {
      const char* const name = member.name.GetString();
      written[&schema].insert(name);
      ck_assert_msg(json_find(schema["properties"], name) != nullptr || is_open(schema),
                    "%s: the schema has no member %s", where.c_str(), name);
    }
  });
  for (const auto& [schema, names] : written) {
    if (is_open(*schema)) continue;
    for (const auto& property : (*schema)["properties"].GetObject()) {
      ck_assert_msg(names.count(property.name.GetString()) == 1, "%s: the writer never writes %s",
                    places[schema].c_str(), property.name.GetString());
    }
  }
}
END_TEST

START_TEST(unknown_members_are_rejected) {
  Form form = read_form();
  const rapidjson::SchemaDocument schema(form.schema);
  walk_all(form, [&](JsonValue& object, const JsonValue& of, const std::string& where) {
    if (is_open(of)) return;
    object.AddMember("unknown_member", 1, form.lines[0].GetAllocator());
    ck_assert_msg(!said_by_reader(form.lines).empty(), "%s: the reader takes any member", where.c_str());
    bool fits = true;
    for (const JsonDocument& line : form.lines) fits = fits && fits_schema(schema, line);
    ck_assert_msg(!fits, "%s: the schema takes any member", where.c_str());
    object.RemoveMember("unknown_member");
  });
  ck_text_eq(said_by_reader(form.lines), "");
}
END_TEST

// Why the reader requires a member that is optional on its own: "hmac" beside that type of authentication,
// "list" beside a default that is one, what pages require, the values of a statement, and what an API and its
// canary share.
bool is_for_another(const std::string& said) {
  return said.find("/hmac: is missing") != std::string::npos ||
         said.find("/default: must be a string") != std::string::npos ||
         said.find("/value: is no parameter of the API") != std::string::npos ||
         said.find("/pages: belongs to result page") != std::string::npos ||
         said.find("must have the values of pages") != std::string::npos ||
         said.find("must end in those of pages") != std::string::npos ||
         said.find("differs from that of the API's other version") != std::string::npos;
}

START_TEST(required_by_schema_and_reader) {
  Form form = read_form();
  const rapidjson::SchemaDocument schema(form.schema);
  walk_all(form, [&](JsonValue& object, const JsonValue& of, const std::string& where) {
    std::set<std::string> required;
    if (const JsonValue* const list = json_find(of, "required")) {
      for (const JsonValue& name : list->GetArray()) required.insert(name.GetString());
    }
    std::vector<std::string> names;
    for (const auto& member : object.GetObject()) names.emplace_back(member.name.GetString());
    for (const std::string& name : names) {
      auto& allocator = form.lines[0].GetAllocator();
      const JsonValue before(object, allocator);
      object.RemoveMember(name.c_str());
      const std::string said = said_by_reader(form.lines);
      bool fits = true;
      for (const JsonDocument& line : form.lines) fits = fits && fits_schema(schema, line);
      const bool must = required.count(name) == 1;
      ck_assert_msg(fits != must, "%s without %s: the schema disagrees with its own list", where.c_str(),
                    name.c_str());
      if (must) {
        ck_assert_msg(!said.empty(), "%s without %s: the reader takes it, the schema does not", where.c_str(),
                      name.c_str());
      } else if (!is_for_another(said) && !is_open(of)) {
        ck_assert_msg(said.empty(), "%s without %s: the schema takes it, the reader says: %s", where.c_str(),
                      name.c_str(), said.c_str());
      }
      object.CopyFrom(before, allocator);
    }
  });
  ck_text_eq(said_by_reader(form.lines), "");
}
END_TEST

START_TEST(described_in_the_readme) {
  Form form = read_form();
  const std::string readme = schema_file("README.md");
  walk_all(form, [&](JsonValue&, const JsonValue& schema, const std::string& where) {
    if (is_open(schema)) return;
    for (const auto& property : schema["properties"].GetObject()) {
      const std::string name = property.name.GetString();
      const bool named = name == "kind" || readme.find("`" + name + "`") != std::string::npos ||
                         readme.find("\"" + name + "\"") != std::string::npos;
      ck_assert_msg(named, "%s: schema/README.md does not name %s", where.c_str(), name.c_str());
    }
  });
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_manifest_form", accepted_as_it_is_written,
                the_writer_writes_the_members_of_the_schema, unknown_members_are_rejected,
                required_by_schema_and_reader, described_in_the_readme);
