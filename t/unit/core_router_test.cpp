// core/router: which API a host, a path and a method select.
#include "core/route/router.hpp"

#include "core_testing.hpp"

using namespace tablegate::core;
using testing::api_line;
using testing::domain_line;

namespace {

// "7" for API 7, "405 GET, HEAD" or "404"; with the domain if there is one: "7 on a.example.com".
std::string route(const Manifest& manifest, std::string_view host, std::string_view path,
                  std::string_view method = "GET", std::string_view query = {},
                  const testing::Headers& headers = {}) {
  const RouteMatch match = manifest.router->find(host, path, method, query, &headers);
  std::string out;
  switch (match.outcome) {
    case RouteMatch::Outcome::found:
      ck_assert_ptr_nonnull(match.api);
      out = std::to_string(match.api->id);
      break;
    case RouteMatch::Outcome::method_not_allowed:
      ck_assert_ptr_null(match.api);
      out = "405 " + std::string(match.allow);
      break;
    case RouteMatch::Outcome::not_found:
      ck_assert_ptr_null(match.api);
      out = "404";
      break;
  }
  return match.domain == nullptr ? out : out + " on " + match.domain->name;
}

std::string refused(const std::string& body) {
  return testing::refusal_of(testing::manifest_text(body));
}

START_TEST(an_empty_manifest_finds_nothing) {
  const auto manifest = testing::good_manifest("");
  ck_text_eq(route(*manifest, "a", "/"), "404");
  ck_text_eq(route(*manifest, "", ""), "404");
}
END_TEST

START_TEST(paths_compare_exactly_and_case_sensitively) {
  const auto manifest = testing::good_manifest(api_line("1", "GET", "/v1/user/info"));
  ck_text_eq(route(*manifest, "any", "/v1/user/info"), "1");
  for (const char* path : {"", "/", "/v1", "/v1/user", "/v1/user/info/", "/V1/user/info", "/v1/user/inf",
                           "/v1/user/info2", "v1/user/info", "/v1/user/info?a", "/v1//user/info"}) {
    ck_text_eq(route(*manifest, "any", path), "404");
  }
}
END_TEST

START_TEST(parameters_take_exactly_one_segment_that_is_not_empty) {
  const auto manifest = testing::good_manifest(api_line("1", "GET", "/v1/{id}/x"));
  ck_text_eq(route(*manifest, "any", "/v1/7/x"), "1");
  ck_text_eq(route(*manifest, "any", "/v1/%2F{id}/x"), "1");
  for (const char* path : {"/v1//x", "/v1/x", "/v1/7/8/x", "/v1/7/x/", "/v1/7", "/v1/7/", "v1/7/x"}) {
    ck_text_eq(route(*manifest, "any", path), "404");
  }
}
END_TEST

START_TEST(a_literal_segment_wins_over_a_parameter) {
  const auto manifest = testing::good_manifest(
      api_line("1", "GET", "/u/{id}") + api_line("2", "GET", "/u/me") + api_line("3", "GET", "/u/{id}/b") +
      api_line("4", "GET", "/u/me/{x}") + api_line("5", "GET", "/u/{a}/{b}/c"));
  ck_text_eq(route(*manifest, "any", "/u/me"), "2");
  ck_text_eq(route(*manifest, "any", "/u/you"), "1");
  ck_text_eq(route(*manifest, "any", "/u/you/b"), "3");
  ck_text_eq(route(*manifest, "any", "/u/me/b"), "4");
  ck_text_eq(route(*manifest, "any", "/u/you/z"), "404");
  ck_text_eq(route(*manifest, "any", "/u/me/b/c"), "5");
}
END_TEST

START_TEST(head_finds_get) {
  const auto manifest = testing::good_manifest(api_line("1", "GET", "/a") + api_line("2", "POST", "/b"));
  ck_text_eq(route(*manifest, "any", "/a", "HEAD"), "1");
  ck_text_eq(route(*manifest, "any", "/b", "HEAD"), "405 POST");
}
END_TEST

START_TEST(another_method_is_405_with_all_methods_of_the_path) {
  const auto manifest = testing::good_manifest(api_line("1", "GET", "/a") + api_line("2", "POST", "/b") +
                                               api_line("3", "GET", "/c") + api_line("4", "POST", "/c"));
  ck_text_eq(route(*manifest, "any", "/a", "POST"), "405 GET, HEAD");
  ck_text_eq(route(*manifest, "any", "/b", "GET"), "405 POST");
  ck_text_eq(route(*manifest, "any", "/c", "GET"), "3");
  ck_text_eq(route(*manifest, "any", "/c", "POST"), "4");
  for (const char* method : {"OPTIONS", "DELETE", "PUT", "get", "", "GETS"}) {
    ck_text_eq(route(*manifest, "any", "/c", method), "405 GET, HEAD, POST");
  }
  ck_text_eq(route(*manifest, "any", "/d", "POST"), "404");
}
END_TEST

START_TEST(allow_unites_literal_and_parameter_routes_and_the_method_picks_among_them) {
  const auto manifest =
      testing::good_manifest(api_line("1", "GET", "/u/{id}") + api_line("2", "POST", "/u/me"));
  ck_text_eq(route(*manifest, "any", "/u/me", "GET"), "1");
  ck_text_eq(route(*manifest, "any", "/u/me", "POST"), "2");
  ck_text_eq(route(*manifest, "any", "/u/me", "PUT"), "405 GET, HEAD, POST");
  ck_text_eq(route(*manifest, "any", "/u/you", "POST"), "405 GET, HEAD");
}
END_TEST

START_TEST(a_domain_serves_its_own_routes_first_then_those_of_any_host) {
  const auto manifest =
      testing::good_manifest(domain_line("a.example.com") + domain_line("b.example.com") +
                             api_line("1", "GET", "/x") + api_line("2", "GET", "/x", R"(["a.example.com"])") +
                             api_line("3", "GET", "/y", R"(["a.example.com"])"));
  ck_text_eq(route(*manifest, "a.example.com", "/x"), "2 on a.example.com");
  ck_text_eq(route(*manifest, "a.example.com", "/y"), "3 on a.example.com");
  ck_text_eq(route(*manifest, "b.example.com", "/x"), "1 on b.example.com");
  ck_text_eq(route(*manifest, "b.example.com", "/y"), "404 on b.example.com");
  ck_text_eq(route(*manifest, "unknown", "/x"), "1");
  ck_text_eq(route(*manifest, "unknown", "/y"), "404");
  ck_text_eq(route(*manifest, "", "/x"), "1");
}
END_TEST

START_TEST(a_domain_s_parameter_route_wins_over_a_literal_of_any_host) {
  const auto manifest = testing::good_manifest(domain_line("a") + api_line("1", "GET", "/x/y") +
                                               api_line("2", "GET", "/x/{z}", R"(["a"])"));
  ck_text_eq(route(*manifest, "a", "/x/y"), "2 on a");
  ck_text_eq(route(*manifest, "b", "/x/y"), "1");
}
END_TEST

START_TEST(allow_unites_the_domain_and_any_host) {
  const auto manifest = testing::good_manifest(domain_line("a") + api_line("1", "GET", "/x") +
                                               api_line("2", "POST", "/x", R"(["a"])"));
  ck_text_eq(route(*manifest, "a", "/x", "PUT"), "405 GET, HEAD, POST on a");
  ck_text_eq(route(*manifest, "a", "/x", "GET"), "1 on a");
  ck_text_eq(route(*manifest, "b", "/x", "POST"), "405 GET, HEAD");
}
END_TEST

START_TEST(an_api_answers_on_each_of_its_domains) {
  const auto manifest = testing::good_manifest(domain_line("a") + domain_line("b") +
                                               api_line("1", "GET", "/x", R"(["a","b"])"));
  ck_text_eq(route(*manifest, "a", "/x"), "1 on a");
  ck_text_eq(route(*manifest, "b", "/x"), "1 on b");
  ck_text_eq(route(*manifest, "c", "/x"), "404");
}
END_TEST

START_TEST(wildcards_match_one_label_or_more_and_the_longest_wins) {
  const auto manifest = testing::good_manifest(
      domain_line("*.example.com") + domain_line("*.eu.example.com") + domain_line("www.example.com") +
      api_line("1", "GET", "/x", R"(["*.example.com"])") +
      api_line("2", "GET", "/x", R"(["*.eu.example.com"])") +
      api_line("3", "GET", "/x", R"(["www.example.com"])"));
  ck_text_eq(route(*manifest, "a.example.com", "/x"), "1 on *.example.com");
  ck_text_eq(route(*manifest, "a.b.example.com", "/x"), "1 on *.example.com");
  ck_text_eq(route(*manifest, "a.eu.example.com", "/x"), "2 on *.eu.example.com");
  ck_text_eq(route(*manifest, "a.b.eu.example.com", "/x"), "2 on *.eu.example.com");
  ck_text_eq(route(*manifest, "eu.example.com", "/x"), "1 on *.example.com");
  ck_text_eq(route(*manifest, "www.example.com", "/x"), "3 on www.example.com");
  ck_text_eq(route(*manifest, "example.com", "/x"), "404");
  ck_text_eq(route(*manifest, "badexample.com", "/x"), "404");
  ck_text_eq(route(*manifest, "a.example.com.evil", "/x"), "404");
}
END_TEST

START_TEST(an_exact_domain_does_not_fall_back_to_a_wildcard) {
  const auto manifest = testing::good_manifest(domain_line("*.example.com") + domain_line("www.example.com") +
                                               api_line("1", "GET", "/x", R"(["*.example.com"])"));
  ck_text_eq(route(*manifest, "www.example.com", "/x"), "404 on www.example.com");
}
END_TEST

START_TEST(two_apis_that_one_request_could_mean_are_refused) {
  ck_text_eq(refused(api_line("1", "GET", "/x") + api_line("2", "GET", "/x")),
             R"(APIs "api 1" and "api 2" have the same method and path GET /x)");
  ck_text_eq(refused(api_line("1", "GET", "/x/{a}") + api_line("2", "GET", "/x/{b}")),
             R"(APIs "api 1" and "api 2" have the same method and path GET /x/{b})");
  ck_text_eq(refused(domain_line("a") + api_line("1", "POST", "/x", R"(["a"])") +
                     api_line("2", "POST", "/x", R"(["a"])")),
             R"(APIs "api 1" and "api 2" have the same method and path POST /x on a)");
}
END_TEST

START_TEST(a_domain_that_is_not_there_is_refused) {
  const std::string reason = refused(api_line("1", "GET", "/x", R"(["nowhere"])"));
  ck_assert_msg(reason.find("nowhere") != std::string::npos, "%s", reason.c_str());
}
END_TEST

START_TEST(the_longest_paths_and_many_parameters_are_found) {
  std::string pattern;
  std::string path;
  for (size_t i = 0; i < kMaxPathSegments; ++i) {
    pattern += i % 2 == 0 ? "/{p" + std::to_string(i) + "}" : "/x";
    path += i % 2 == 0 ? "/v" : "/x";
  }
  const auto manifest = testing::good_manifest(api_line("1", "GET", pattern));
  ck_text_eq(route(*manifest, "any", path), "1");
  ck_text_eq(route(*manifest, "any", path + "/x"), "404");
  ck_text_eq(route(*manifest, "any", std::string(100000, '/')), "404");
  std::string deep;
  for (int i = 0; i < 50000; ++i) deep += "/x";
  ck_text_eq(route(*manifest, "any", deep), "404");
}
END_TEST

std::string path_values(const Api& api, std::string_view path) {
  PathParameters parameters(api, path);
  std::string out;
  std::string_view name;
  std::string_view value;
  while (parameters.next(name, value)) out.append(name).append("=").append(value).append(" ");
  return out;
}

START_TEST(path_parameters_are_cut_out_of_the_path) {
  const auto manifest = testing::good_manifest(api_line("1", "GET", "/v1/{a}/of/{b}"));
  const Api& api = manifest->apis[0];
  ck_text_eq(path_values(api, "/v1/1/of/two"), "a=1 b=two ");
  ck_text_eq(path_values(api, std::string_view("/v1/1/of/t\0o", 12)), std::string("a=1 b=t\0o ", 10));
  ck_text_eq(path_values(api, "/v1/1"), "a=1 ");
  ck_text_eq(path_values(api, ""), "");
}
END_TEST

// A version of a REST API that a header or a query parameter selects.
std::string version_line(const std::string& id, const std::string& method, const std::string& path,
                         const std::string& in, const std::string& name, const std::string& value,
                         const std::string& domains = "[]") {
  return api_line(id, method, path, domains,
                  {{R"("domains")", R"("version_key":{"in":")" + in + R"(","name":")" + name +
                                        R"(","value":")" + value + R"("},"domains")"}});
}

START_TEST(a_header_picks_the_version) {
  const auto manifest = testing::good_manifest(version_line("1", "GET", "/x", "header", "My-Version", "v1") +
                                               version_line("2", "GET", "/x", "header", "my-version", "v2") +
                                               version_line("3", "GET", "/x", "header", "my-version", "v3"));
  for (const char* number : {"1", "2", "3"}) {
    ck_text_eq(route(*manifest, "any", "/x", "GET", "", {{"my-version", std::string("v") + number}}), number);
    ck_text_eq(route(*manifest, "any", "/x", "HEAD", "", {{"MY-VERSION", std::string("v") + number}}),
               number);
  }
  ck_text_eq(route(*manifest, "any", "/x"), "404");
  for (const char* value : {"", "v", "v11", "V1", "v1 ", "v1,v2"})
    ck_text_eq(route(*manifest, "any", "/x", "GET", "my-version=v1", {{"my-version", value}}), "404");
  ck_text_eq(route(*manifest, "any", "/x", "GET", "", {{"my-version", "v1"}, {"My-Version", "v1"}}), "404");
  ck_assert(manifest->router->find("any", "/x", "GET").outcome == RouteMatch::Outcome::not_found);
}
END_TEST

START_TEST(a_query_parameter_picks_the_version) {
  const auto manifest = testing::good_manifest(version_line("1", "GET", "/x/{id}", "query", "ver", "v1") +
                                               version_line("2", "GET", "/x/{id}", "query", "ver", "v2"));
  ck_text_eq(route(*manifest, "any", "/x/7", "GET", "ver=v1"), "1");
  ck_text_eq(route(*manifest, "any", "/x/7", "GET", "a=b&ver=v2&c"), "2");
  ck_text_eq(route(*manifest, "any", "/x/7", "HEAD", "v%65r=%76%32"), "2");
  for (const char* query :
       {"", "ver", "ver=", "ver=v3", "ver=v1&ver=v1", "ver=v1&ver=v2", "Ver=v1", "ver=v%3", "aver=v1"})
    ck_text_eq(route(*manifest, "any", "/x/7", "GET", query, {{"ver", "v1"}}), "404");
}
END_TEST

START_TEST(allow_tells_the_methods_of_the_version_asked_for) {
  const auto manifest = testing::good_manifest(version_line("1", "GET", "/x", "query", "ver", "v1") +
                                               version_line("2", "POST", "/x", "query", "ver", "v2") +
                                               version_line("3", "POST", "/x", "query", "ver", "v1") +
                                               version_line("4", "POST", "/{p}", "query", "ver", "v3"));
  ck_text_eq(route(*manifest, "any", "/x", "PUT", "ver=v1"), "405 GET, HEAD, POST");
  ck_text_eq(route(*manifest, "any", "/x", "GET", "ver=v2"), "405 POST");
  ck_text_eq(route(*manifest, "any", "/x", "POST", "ver=v1"), "3");
  ck_text_eq(route(*manifest, "any", "/x", "PUT", ""), "404");
  // The API with the literal path has another version; the one with the path parameter may have the requested
  // one.
  ck_text_eq(route(*manifest, "any", "/x", "POST", "ver=v3"), "4");
}
END_TEST

START_TEST(a_domain_s_version_and_another_of_any_host) {
  const auto manifest = testing::good_manifest(
      domain_line("a") + version_line("1", "GET", "/x", "header", "v", "1", R"(["a"])") +
      version_line("2", "GET", "/x", "header", "v", "2") +
      version_line("3", "GET", "/x", "header", "v", "1"));
  ck_text_eq(route(*manifest, "a", "/x", "GET", "", {{"v", "1"}}), "1 on a");
  ck_text_eq(route(*manifest, "a", "/x", "GET", "", {{"v", "2"}}), "2 on a");
  ck_text_eq(route(*manifest, "b", "/x", "GET", "", {{"v", "1"}}), "3");
}
END_TEST

START_TEST(versions_that_one_request_could_mean_are_refused) {
  const std::string v1 = version_line("1", "GET", "/x", "header", "ver", "v1");
  const std::string both =
      R"(APIs "api 1" and "api 2" have the same method and path GET /x, and one request could mean both versions)";
  ck_text_eq(refused(v1 + version_line("2", "GET", "/x", "header", "VER", "v1")), both);
  ck_text_eq(refused(v1 + version_line("2", "GET", "/x", "header", "other", "v2")), both);
  ck_text_eq(refused(v1 + version_line("2", "GET", "/x", "query", "ver", "v2")), both);
  ck_text_eq(refused(v1 + api_line("2", "GET", "/x")), both);
  ck_text_eq(refused(version_line("1", "GET", "/x", "query", "ver", "v1") +
                     version_line("2", "GET", "/x", "query", "VER", "v2")),
             both);
  ck_text_eq(refused(version_line("3", "GET", "/x", "header", "ver", "v3") + v1 +
                     version_line("2", "GET", "/x", "header", "ver", "v1")),
             both);
  ck_text_eq(refused(v1 + version_line("2", "GET", "/x", "header", "ver", "v2")), "accepted");
  ck_text_eq(refused(v1 + api_line("2", "POST", "/x")), "accepted");
  for (const auto& [in, name, value] :
       {std::tuple{"body", "a", "b"}, {"header", "", "b"}, {"query", "a", ""}})
    ck_assert(refused(version_line("1", "GET", "/x", in, name, value)) != "accepted");
}
END_TEST

START_TEST(query_finds_the_get_that_takes_it) {
  const std::pair<std::string, std::string> takes = {R"("statement")", R"("query_method":true,"statement")"};
  const auto manifest =
      testing::good_manifest(api_line("1", "GET", "/q", "[]", {takes}) + api_line("2", "POST", "/q") +
                             api_line("3", "GET", "/plain") + api_line("4", "POST", "/post") +
                             api_line("5", "GET", "/{id}/x", "[]", {takes}) + api_line("6", "GET", "/7/x"));
  ck_text_eq(route(*manifest, "any", "/q", "QUERY"), "1");
  ck_text_eq(route(*manifest, "any", "/q", "GET"), "1");
  ck_text_eq(route(*manifest, "any", "/q", "POST"), "2");
  ck_text_eq(route(*manifest, "any", "/q", "PUT"), "405 GET, HEAD, POST, QUERY");
  ck_text_eq(route(*manifest, "any", "/q", "query"), "405 GET, HEAD, POST, QUERY");
  ck_text_eq(route(*manifest, "any", "/plain", "QUERY"), "405 GET, HEAD");
  ck_text_eq(route(*manifest, "any", "/post", "QUERY"), "405 POST");
  ck_text_eq(route(*manifest, "any", "/8/x", "QUERY"), "5");
  ck_text_eq(route(*manifest, "any", "/7/x", "QUERY"), "5");
  ck_text_eq(route(*manifest, "any", "/8/x", "PUT"), "405 GET, HEAD, QUERY");
  ck_assert(refused(api_line("1", "POST", "/q", "[]", {takes})).find("/query_method: requires method GET") !=
            std::string::npos);
}
END_TEST

START_TEST(an_answer_without_an_api_has_the_envelope_of_the_path) {
  const auto wrapped = [](std::string line) {
    return line.insert(line.find("\"statement\""), R"("envelope":"dataworks",)");
  };
  const auto manifest = testing::good_manifest(
      wrapped(api_line("1", "GET", "/both")) + wrapped(api_line("2", "POST", "/both")) +
      wrapped(api_line("3", "GET", "/mixed")) + api_line("4", "POST", "/mixed") +
      wrapped(version_line("5", "GET", "/v", "header", "ver", "v1")) +
      wrapped(version_line("6", "GET", "/v", "header", "ver", "v2")) + api_line("7", "GET", "/{id}/x") +
      wrapped(api_line("8", "GET", "/p/{id}")) + api_line("9", "GET", "/plain"));
  const auto is_dataworks = [&manifest](std::string_view path, std::string_view method) {
    return manifest->router->find("any", path, method).envelope == Envelope::dataworks;
  };
  ck_assert(is_dataworks("/both", "GET") && is_dataworks("/both", "POST") && is_dataworks("/both", "PUT"));
  ck_assert(is_dataworks("/mixed", "GET") && !is_dataworks("/mixed", "POST"));
  ck_assert(!is_dataworks("/mixed", "PUT"));
  ck_assert(is_dataworks("/v", "GET") && is_dataworks("/v", "PUT"));  // no version is asked for: 404
  ck_assert(is_dataworks("/p/1", "GET") && is_dataworks("/p/1", "PUT"));
  ck_assert(!is_dataworks("/plain", "PUT") && !is_dataworks("/nothing", "GET") && !is_dataworks("", ""));
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_router", an_empty_manifest_finds_nothing, paths_compare_exactly_and_case_sensitively,
                parameters_take_exactly_one_segment_that_is_not_empty,
                a_literal_segment_wins_over_a_parameter, head_finds_get,
                another_method_is_405_with_all_methods_of_the_path,
                allow_unites_literal_and_parameter_routes_and_the_method_picks_among_them,
                a_domain_serves_its_own_routes_first_then_those_of_any_host,
                a_domain_s_parameter_route_wins_over_a_literal_of_any_host,
                allow_unites_the_domain_and_any_host, an_api_answers_on_each_of_its_domains,
                wildcards_match_one_label_or_more_and_the_longest_wins,
                an_exact_domain_does_not_fall_back_to_a_wildcard,
                two_apis_that_one_request_could_mean_are_refused, a_domain_that_is_not_there_is_refused,
                the_longest_paths_and_many_parameters_are_found, path_parameters_are_cut_out_of_the_path,
                a_header_picks_the_version, a_query_parameter_picks_the_version,
                allow_tells_the_methods_of_the_version_asked_for, a_domain_s_version_and_another_of_any_host,
                versions_that_one_request_could_mean_are_refused, query_finds_the_get_that_takes_it,
                an_answer_without_an_api_has_the_envelope_of_the_path);
