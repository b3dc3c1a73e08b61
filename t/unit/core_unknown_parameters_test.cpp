// core/unknown_parameters: APIs that reject what they do not have.
#include "core/call/unknown_parameters.hpp"

#include <string>

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

Parameter text(const char* name, ParameterPlace place) {
  Parameter out;
  out.name = name;
  out.type = ParameterType::string;
  out.column_type = ColumnType::text;
  out.place = place;
  out.required = false;
  return out;
}

Api strict(ParameterPlace place) {
  Api api;
  api.parameters = {text("city", place), text("a b", place)};
  api.reads_body = place == ParameterPlace::body;
  api.unknown_detail = unknown_detail(api);
  return api;
}

// "known", or what the answer says.
std::string bound(const Api& api, const RequestData& request) {
  BlockArena arena;
  BoundValues values;
  const Problem problem = bind_parameters(api, request, arena, values);
  if (!problem) return "known";
  ck_assert(problem.slug == Slug::invalid_parameter || problem.slug == Slug::invalid_body);
  return std::string(problem.subject) + std::string(problem.detail);
}

std::string of_query(const Api& api, std::string_view query) {
  return bound(api, testing::request_of_query(query));
}

std::string of_body(const Api& api, Body::Kind kind, std::string_view bytes) {
  return bound(api, testing::request_of_body({kind, bytes}));
}

constexpr const char* kUnknown = "a parameter is unknown: this API has city, a b";

START_TEST(queries) {
  const Api api = strict(ParameterPlace::query);
  for (const char* const query : {"", "city=x", "a+b=1&city=2", "a%20b=1", "&&city=x&", "c%69ty="})
    ck_text_eq(of_query(api, query), "known");
  for (const char* const query : {"cty=x", "city=x&x", "city=x&=1", "City=x", "ci%zz=1", "city=x&city%00=1"})
    ck_text_eq(of_query(api, query), kUnknown);
  ck_text_eq(of_query(api, "city=1&city=2"), "cityis given more than once");
  Api listed = strict(ParameterPlace::query);
  listed.parameters[0].list = true;
  ck_text_eq(of_query(listed, "city=1&city=2&c%69ty=3"), "known");
  ck_text_eq(of_query(listed, "city=1&city=2&cty=3"), kUnknown);
  Api none;
  none.unknown_detail = unknown_detail(none);
  ck_text_eq(of_query(none, ""), "known");
  ck_text_eq(of_query(none, "x=1"), "a parameter is unknown: this API has none");
  ck_text_eq(of_query(Api(), "x=1"), "known");
}
END_TEST

START_TEST(bodies) {
  const Api api = strict(ParameterPlace::body);
  ck_text_eq(of_body(api, Body::Kind::form, "city=x&a+b=1"), "known");
  ck_text_eq(of_body(api, Body::Kind::form, "city=x&b=1"), kUnknown);
  ck_text_eq(of_body(api, Body::Kind::json, R"({"city":"x","a b":null})"), "known");
  ck_text_eq(of_body(api, Body::Kind::json, R"({"city":"x","b":null})"), kUnknown);
  ck_text_eq(of_body(api, Body::Kind::json, R"({"b":{"city":"x"}})"), kUnknown);
  ck_text_eq(of_query(api, "city=x"), kUnknown);
  ck_text_eq(of_body(api, Body::Kind::none, ""), "known");
}
END_TEST

START_TEST(credentials_and_versions_are_known) {
  Api api = strict(ParameterPlace::query);
  api.api_key_source = {ApiKeySource::In::query, "key"};
  api.version_key = {VersionKey::In::query, "v", "2"};
  ck_text_eq(of_query(api, "key=1&v=2&city=x"), "known");
  const std::vector<TokenSource> places = {{TokenSource::In::query, "token", ""},
                                           {TokenSource::In::cookie, "c", ""}};
  RequestData request;
  request.token_places = &places;
  request.query = "token=x";
  ck_text_eq(bound(api, request), kUnknown);
  api.authentication.jwt = true;
  ck_text_eq(bound(api, request), "known");
  request.query = "c=x";
  ck_text_eq(bound(api, request), kUnknown);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_unknown_parameters", queries, bodies, credentials_and_versions_are_known);
