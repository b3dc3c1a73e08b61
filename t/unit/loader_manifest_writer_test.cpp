// What the writer writes, the gateway's own reader reads; equal contents give
// equal bytes; what cannot be served is rejected with its name.

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/refusal.hpp"
#include "compile/credentials_writer.hpp"
#include "compile/manifest_line.hpp"
#include "compile/manifest_writer.hpp"
#include "compile/program_json.hpp"
#include "core/manifest/manifest_reader.hpp"

#include "loader_testing.hpp"  // last: see there

using tablegate::core::read_manifest;
using namespace tablegate::loader;

using tablegate::loader::testing::same_text;

namespace {

constexpr const char* kTutorial =
    R"({"kind":"Api","name":"Query User by User ID","business_process":"User Query Service",
 "path":"/user/info","method":"GET","mode":"wizard","table":"user_info",
 "request_parameters":[{"name":"user_id","column":"user_id","type":"LONG","operator":"=","in":"query","required":true,"sample":10001}],
 "response_parameters":[{"name":"user_id","column":"user_id","as":"string"},{"name":"user_name"}],
 "result":"object","timeout_ms":3000,"max_records":2000,"resource_group":"default","authentication":["api_key"]})";

constexpr const char* kSource =
    R"({"table":"user_info","time_zone":"UTC","primary_key":["user_id"],"columns":[
 {"name":"user_id","type":"int8","not_null":true},{"name":"user_name","type":"text","not_null":false},
 {"name":"at","type":"timestamptz","not_null":false}]})";

ApiDefinition api_of_text(const std::string& text) {
  return read_api_definition(text, "API");
}
TableInfo source_of_text(const std::string& text) {
  return read_table_source(text, "the source");
}

ApiEntry tutorial(int64_t id = 7) {
  ApiEntry api;
  api.api_id = id;
  api.version = 3;
  api.workspace = "demo";
  api.rest_api = "dataservice-user-api";
  api.base_path = "/v1";
  api.definition = api_of_text(kTutorial);
  api.source = source_of_text(kSource);
  return api;
}

ManifestContents contents() {
  ManifestContents all;
  all.gateway = "dataservice-prod";
  all.publication = 12;
  all.apis = {tutorial()};
  return all;
}

// A text with one piece replaced.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  ck_assert_msg(at != std::string::npos, "%s", from.c_str());
  return text.replace(at, from.size(), to);
}

// The definition with one piece replaced.
ApiEntry changed(const std::string& from, const std::string& to) {
  ApiEntry api = tutorial();
  api.definition = api_of_text(replaced(kTutorial, from, to));
  return api;
}

std::string refusal(const ApiEntry& api) {
  ManifestContents all = contents();
  all.apis = {api};
  try {
    write_manifest(all);
  } catch (const Refused& refused) {
    return refused.what();
  }
  return "(accepted)";
}

// Both files as a sync writes them.
struct Files {
  std::string manifest, credentials;
};
Files files_of(const ManifestContents& all) {
  const std::string manifest = write_manifest(all);
  const std::string digest = digest_of_lines(std::string_view(manifest).substr(manifest.find('\n') + 1));
  return {manifest, write_credentials(all.gateway, {digest}, credentials_lines(all.keys, all.consumers))};
}

auto read(const ManifestContents& all) {
  const Files files = files_of(all);
  auto manifest = read_manifest(files.manifest, files.credentials);
  ck_assert_msg(static_cast<bool>(manifest), "%s", manifest ? "" : manifest.error().text().c_str());
  return manifest;
}

START_TEST(empty_manifest) {
  ManifestContents all;
  all.gateway = "quote\"d";
  const auto manifest = read(all);
  same_text((*manifest)->gateway, "quote\"d");
  ck_assert_uint_eq((*manifest)->apis.size(), 0);
}
END_TEST

START_TEST(tutorial_api) {
  const auto manifest = read(contents());
  const auto& api = (*manifest)->apis.at(0);
  ck_assert_uint_eq((*manifest)->publication, 12);
  ck_assert_uint_eq(api.id, 7);
  ck_assert_uint_eq(api.version, 3);
  same_text(api.path, "/v1/user/info");
  same_text(api.service, "default");
  ck_assert(api.point);
  ck_assert(api.columns[0].as_string);
  ck_assert(!api.columns[1].as_string);
  same_text(api.program.statement({}).sql,
            "SELECT \"user_id\", \"user_name\" FROM \"mirror\".\"user_info\" WHERE \"user_id\" = $1 LIMIT 1");
}
END_TEST

START_TEST(point_needs_the_whole_key) {
  const auto point = [](const ApiEntry& api) {
    ManifestContents all = contents();
    all.apis = {api};
    return (*read(all))->apis.at(0).point;
  };
  ck_assert(!point(changed("\"result\":\"object\"", "\"result\":\"list\"")));
  ck_assert(!point(changed("\"required\":true", "\"required\":false")));
  ApiEntry wider = tutorial();
  wider.source.primary_key = {"user_id", "at"};
  ck_assert(!point(wider));
  ApiEntry keyless = tutorial();
  keyless.source.primary_key.clear();
  ck_assert(!point(keyless));
}
END_TEST

START_TEST(wall_columns) {
  ApiEntry api =
      changed("{\"name\":\"user_name\"}", "{\"name\":\"when\",\"column\":\"at\"},{\"name\":\"user_name\"}");
  ManifestContents all = contents();
  all.apis = {api};
  ck_assert(!(*read(all))->apis.at(0).columns[1].wall);
  api.source = source_of_text(replaced(kSource, "UTC", "Asia/O'x"));
  all.apis = {api};
  const auto manifest = read(all);
  ck_assert((*manifest)->apis[0].columns[1].wall);
  same_text((*manifest)->apis[0].program.statement({}).sql,
            "SELECT \"user_id\", \"at\", \"at\" AT TIME ZONE 'Asia/O''x', \"user_name\" FROM "
            "\"mirror\".\"user_info\" WHERE \"user_id\" = $1 LIMIT 1");
  ck_assert_uint_eq((*manifest)->apis[0].tables.size(), 1);
  same_text((*manifest)->tables.at((*manifest)->apis[0].tables[0]), "user_info");
}
END_TEST

START_TEST(optional_and_default) {
  const auto statements = [](const ApiEntry& api) {
    ManifestContents all = contents();
    all.apis = {api};
    const auto manifest = read(all);
    const auto& program = (*manifest)->apis.at(0).program;
    const auto sql = [&program](const char* value) {
      tablegate::core::BlockArena arena;
      tablegate::core::Walk walk;
      ck_assert(!program.walk({&value}, arena, walk));
      return program.statement(walk.path).sql;
    };
    const std::string absent = sql(nullptr);
    const std::string present = sql("1");
    const std::string start = "SELECT \"user_id\", \"user_name\" FROM \"mirror\".\"user_info\"";
    ck_assert(absent.compare(0, start.size(), start) == 0 && present.compare(0, start.size(), start) == 0);
    return absent.substr(start.size()) + "|" + present.substr(start.size());
  };
  same_text(statements(changed("\"required\":true", "\"required\":false")),
            " LIMIT 1| WHERE \"user_id\" = $1 LIMIT 1");
  const ApiEntry with_default =
      changed("\"required\":true", "\"required\":false,\"default\":9007199254740993");
  same_text(statements(with_default), " WHERE \"user_id\" = $1 LIMIT 1| WHERE \"user_id\" = $1 LIMIT 1");
  ManifestContents all = contents();
  all.apis = {with_default};
  same_text(*(*read(all))->apis.at(0).parameters.at(0).default_value, "9007199254740993");
}
END_TEST

START_TEST(list_limit) {
  ManifestContents all = contents();
  all.apis = {changed("\"result\":\"object\"", "\"result\":\"list\"")};
  same_text(
      (*read(all))->apis.at(0).program.statement({}).sql,
      "SELECT \"user_id\", \"user_name\" FROM \"mirror\".\"user_info\" WHERE \"user_id\" = $1 LIMIT 2000");
}
END_TEST

START_TEST(order_does_not_matter) {
  ManifestContents all = contents();
  all.apis.push_back(tutorial(9));
  all.apis.back().base_path = "/v2/";
  all.apis[0].domains = {"b.example.com", "a.example.com"};
  all.domains.resize(2);
  all.domains[0].name = "b.example.com";
  all.domains[1].name = "a.example.com";
  all.domains[1].protocol = "HTTPS";
  all.domains[1].force_https = true;
  const std::string digest(64, 'a');
  const std::string other(64, 'b');
  all.consumers = {{"zoe", true, {9, 7}, {{"k2", digest, {5, {}}}, {"k1", other, {{}, 9}}}, {}, {}},
                   {"adam", false, {}, {}, {}, {}}};
  const Files first = files_of(all);
  ck_assert(static_cast<bool>(read(all)));
  std::reverse(all.apis.begin(), all.apis.end());
  std::reverse(all.domains.begin(), all.domains.end());
  std::reverse(all.consumers.begin(), all.consumers.end());
  std::reverse(all.consumers[1].keys.begin(), all.consumers[1].keys.end());
  std::reverse(all.consumers[1].apis.begin(), all.consumers[1].apis.end());
  std::reverse(all.apis[1].domains.begin(), all.apis[1].domains.end());
  same_text(files_of(all).manifest, first.manifest);
  same_text(files_of(all).credentials, first.credentials);
  const auto manifest = read(all);
  same_text((*manifest)->consumers[0].name, "adam");
  ck_assert_uint_eq((*manifest)->consumers[1].apis.size(), 2);
  ck_assert_int_eq((*manifest)->api_keys[0].validity.not_before, 5);
  ck_assert_int_eq((*manifest)->api_keys[1].validity.expires, 9);
}
END_TEST

START_TEST(digest_guards) {
  std::string text = write_manifest(contents());
  text[text.size() - 20] ^= 1;
  ck_assert(!read_manifest(text));
}
END_TEST

// The line of a kind, from its first member on.
std::string line_of(const ManifestContents& all, const std::string& kind) {
  const std::string text = write_manifest(all) + credentials_lines(all.keys, all.consumers);
  const size_t at = text.find("{\"kind\":\"" + kind + "\"");
  ck_assert_uint_ne(at, std::string::npos);
  return text.substr(at, text.find('\n', at) - at);
}

void holds(const std::string& line, const std::string& part) {
  ck_assert_msg(line.find(part) != std::string::npos, "no %s in %s", part.c_str(), line.c_str());
}

std::string api_of(const ApiEntry& api) {
  ManifestContents all = contents();
  all.apis = {api};
  return line_of(all, "api");
}

// Every kind of node is written in the form that the manifest's reader takes.
START_TEST(program_form) {
  using namespace tablegate::core;
  const Nodes nodes{
      {TextNode{"SELECT \"a\" FROM "}},
      {TableNode{"t"}},
      {WhereNode{{{IfNode{{0}, {{TextNode{" AND a = "}}, {ValueNode{0}}}}},
                  {ChooseNode{{{{1}, {{TextNode{" AND b"}}}}, {{0}, {}}}, {{TextNode{" AND c"}}}}}}}},
      {TrimNode{{{TextNode{"x,"}}}, "(", ") z", {"AND", "OR"}, {","}}},
      {TrimNode{{{TextNode{"y"}}}, "", "", {}, {}}},
      {ListNode{2}},
      {ForeachNode{3, {{ItemNode{0}}}, "(", ")", ",", true}},
      {ForeachNode{3, {{ItemNode{1}}}, "", "", "", false}},
  };
  same_text(
      tablegate::loader::program_json(nodes),
      R"(["SELECT \"a\" FROM ",{"table":"t"},{"where":[{"if":{"present":0},"then":[" AND a = ",{"value":0}]},)"
      R"({"choose":[{"when":{"present":1},"then":[" AND b"]},{"when":{"present":0},"then":[]}],)"
      R"("otherwise":[" AND c"]}]},{"trim":["x,"],"prefix":"(","suffix":") z","prefix_overrides":["AND","OR"],)"
      R"("suffix_overrides":[","]},{"trim":["y"]},{"list":2},)"
      R"x({"foreach":[{"item":0}],"parameter":3,"open":"(","close":")","separator":",","pad":true},)x"
      R"({"foreach":[{"item":1}],"parameter":3}])");
}
END_TEST

START_TEST(authentication_types) {
  const std::string all = api_of(changed("[\"api_key\"]", "[\"api_key\",\"jwt\",\"hmac\"]"));
  holds(all,
        R"("authentication":["api_key","jwt","hmac"],"hmac":{"methods":["HmacSHA256"],"require_nonce":false,)"
        R"("require_content_md5":true},"parameters")");
  const std::string set = api_of(changed(
      "[\"api_key\"]",
      R"(["hmac"],"hmac":{"methods":["HmacSHA256","HmacSHA1"],"require_nonce":true,"require_content_md5":false})"));
  holds(set,
        R"("hmac":{"methods":["HmacSHA256","HmacSHA1"],"require_nonce":true,"require_content_md5":false})");
  ck_assert(api_of(tutorial()).find("\"hmac\"") == std::string::npos);
}
END_TEST

START_TEST(post_parameters) {
  ApiEntry post = changed("\"GET\"", "\"POST\"");
  holds(api_of(post), R"("method":"POST")");
  holds(api_of(post), R"("in":"query")");
  post.definition =
      api_of_text(replaced(replaced(kTutorial, "\"GET\"", "\"POST\""), "\"in\":\"query\",", ""));
  holds(api_of(post), R"("in":"body")");
}
END_TEST

START_TEST(credentials) {
  using tablegate::loader::JwtEntry;
  ManifestContents all = contents();
  all.consumers = {{"zoe",
                    true,
                    {7},
                    {},
                    {{"hk_2", "AK2", "s\"2", "raw-query", {1, 2}}, {"hk_1", "AK1", "s1", "classic", {}}},
                    {}}};
  same_text(
      line_of(all, "consumer"),
      R"({"kind":"consumer","name":"zoe","enabled":true,"apis":[7],"api_keys":[],"hmac_keys":[)"
      R"({"id":"hk_1","access_key":"AK1","secret":"s1","profile":"classic"},)"
      R"({"id":"hk_2","access_key":"AK2","secret":"s\"2","profile":"raw-query","not_before":1,"expires":2}]})");
  JwtEntry jwt;
  jwt.keys = R"([{"kty":"oct","k":"AA"}])";
  all.consumers = {{"zoe", true, {7}, {}, {}, jwt}};
  holds(line_of(all, "consumer"),
        R"("api_keys":[],"jwt":{"leeway":60,"require_exp":false,"keys":[{"kty":"oct","k":"AA"}]}})");
  jwt.source_in = "header";
  jwt.source_name = "Authorization";
  jwt.source_prefix = "Bearer";
  jwt.issuer = "https://issuer";
  jwt.audience = "api";
  jwt.claim_name = "uid";
  jwt.claim_value = "x";
  jwt.leeway = 0;
  jwt.require_exp = true;
  all.consumers[0].jwt = jwt;
  holds(
      line_of(all, "consumer"),
      R"("jwt":{"source":{"in":"header","name":"Authorization","prefix":"Bearer"},"issuer":"https://issuer",)"
      R"("audience":"api","claim":{"name":"uid","value":"x"},"leeway":0,"require_exp":true,"keys":[)");
}
END_TEST

START_TEST(refused_by_name) {
  const struct {
    const char* from;
    const char* to;
    const char* says;
  } kCases[] = {
      {"\"wizard\"", "\"magic\"", "/mode: magic is not supported yet"},
      {"\"GET\"", "\"PUT\"", "/method: PUT is not supported yet"},
      {"\"=\"", "\"LIKE\"", "/request_parameters/0/operator: LIKE is for type STRING"},
      {"\"query\"", "\"cookie\"", "/request_parameters/0/in: cookie is not supported yet"},
      {"\"api_key\"", "\"oauth\"", "/authentication: oauth is not supported yet"},
      {"[\"api_key\"]", "[\"hmac\"],\"hmac\":{\"methods\":[]}", "/hmac/methods: is empty"},
      {"\"authentication\":[\"api_key\"]", "\"tags\":[]", "/authentication: is missing"},
      {"\"object\"", "\"page\"", "/result: page requires pagination"},
      {"{\"name\":\"user_name\"}", "{\"name\":\"gone\"}", "table \"user_info\" has no column \"gone\""},
      {"{\"name\":\"user_name\"}", "{\"name\":\"user_name\",\"mask\":\"rot13\"}",
       "/response_parameters/1/mask: rot13 is not supported yet"},
      {"\"result\"", "\"order_by\":[{\"column\":\"x\"}],\"result\"",
       "/order_by/0/column: table \"user_info\" has no column \"x\""},
  };
  for (const auto& item : kCases) {
    const std::string said = refusal(changed(item.from, item.to));
    ck_assert_msg(said.find(item.says) != std::string::npos, "%s: said \"%s\"", item.says, said.c_str());
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_manifest_writer", empty_manifest, tutorial_api, point_needs_the_whole_key,
                wall_columns, optional_and_default, list_limit, program_form, order_does_not_matter,
                digest_guards, authentication_types, post_parameters, credentials, refused_by_name);
