// What a caller sends costs linear work: 1 MB of the worst forms against an API
// of 64 parameters takes no more than a few passes over it. The unit of measure
// is a plain pass over the same bytes, so the speed of the machine and
// sanitizers matter little.
#include <time.h>

#include <algorithm>

#include "core/call/parameters.hpp"
#include "core/route/router.hpp"
#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

constexpr size_t kSize = 1U << 20U;

Api wide_api(ParameterPlace place) {
  Api api;
  api.method = "POST";
  api.reads_body = place == ParameterPlace::body;
  for (int i = 0; i < 64; ++i) {
    Parameter parameter;
    parameter.name = "parameter_" + std::to_string(i);
    parameter.place = place;
    parameter.required = false;
    api.parameters.push_back(parameter);
  }
  return api;
}

std::string repeated(const std::string& piece) {
  std::string text;
  while (text.size() < kSize) text += piece;
  return text;
}

// {"0":1,"1":1,...}: no name twice, and all in the order that costs most.
std::string object_of_names(const std::string& prefix) {
  std::string text = "{";
  for (int i = 0; text.size() < kSize; ++i)
    text += (i == 0 ? "\"" : ",\"") + prefix + std::to_string(i) + "\":1";
  return text + "}";
}

double now_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// The best of three.
template <class Work>
double cpu_ms(Work work) {
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    const double begin = now_ms();
    work();
    best = std::min(best, now_ms() - begin);
  }
  return best;
}

// One simple pass that splits the bytes: what any reader has to do.
double pass_ms(const std::string& text) {
  return cpu_ms([&text] { ck_assert_uint_lt(find_query_value(text, "parameter_70").count, 2); });
}

double bind_ms(const Api& api, const RequestData& request, bool good) {
  return cpu_ms([&] {
    BlockArena arena;
    BoundValues bound;
    ck_assert(static_cast<bool>(bind_parameters(api, request, arena, bound)) != good);
  });
}

START_TEST(a_query_or_form_is_read_once) {
  const Api query_api = wide_api(ParameterPlace::query);
  const Api form_api = wide_api(ParameterPlace::body);
  for (const char* piece :
       {"a&", "&", "=&", "%61&", "%&", "a=%zz&", "parameter_64&", "parameter_1=&", "p%61rameter_1&"}) {
    const std::string text = repeated(piece);
    const bool good = std::string(piece).find("ter_1") == std::string::npos;
    RequestData request;
    request.query = text;
    const double pass = pass_ms(text);
    const double query = bind_ms(query_api, request, good);
    ck_assert_msg(query < 8 * pass + 2, "query of %s: %.1f ms, one pass %.1f ms", piece, query, pass);
    const Body body{Body::Kind::form, text};
    request.query = {};
    request.body = &body;
    const double form = bind_ms(form_api, request, good);
    ck_assert_msg(form < 8 * pass + 2, "form of %s: %.1f ms, one pass %.1f ms", piece, form, pass);
  }
}
END_TEST

// As many items as are allowed, in 64 lists, with the names in the order that costs a search most.
START_TEST(lists_are_read_once) {
  Api api = wide_api(ParameterPlace::body);
  std::string text;
  for (Parameter& parameter : api.parameters) parameter.list = true;
  for (int round = 0; round < 1000; ++round) {
    for (int i = 63; i >= 0; --i) text += "parameter_" + std::to_string(i) + "=%5C%22&";
  }
  api.unknown_detail = "unknown";
  const Body body{Body::Kind::form, text};
  RequestData request;
  request.body = &body;
  const double pass = pass_ms(text);
  const double ms = bind_ms(api, request, true);
  ck_assert_msg(ms < 20 * pass + 2, "%.1f ms, one pass %.1f ms", ms, pass);
}
END_TEST

START_TEST(a_json_body_is_read_once) {
  const Api api = wide_api(ParameterPlace::body);
  const double pass = pass_ms(repeated("\"parameter\":1,"));
  for (const std::string& text :
       {object_of_names(""), object_of_names("parameter"), object_of_names(std::string(100, 'x')),
        "{\"list\":[" + repeated("1,") + "1]}"}) {
    const Body body{Body::Kind::json, text};
    RequestData request;
    request.body = &body;
    const double ms = bind_ms(api, request, true);
    ck_assert_msg(ms < 20 * pass + 2, "%.20s...: %.1f ms, one pass %.1f ms", text.c_str(), ms, pass);
  }
}
END_TEST

START_TEST(headers_are_read_once) {
  const Api api = wide_api(ParameterPlace::header);
  testing::Headers many;
  for (int i = 0; i < 20000; ++i) many.add("parameter_" + std::to_string(i + 64), "");
  RequestData request;
  request.headers = &many;
  unsigned count = 0;
  const double pass = cpu_ms([&] { many.find("parameter_1", count); });
  const double ms = bind_ms(api, request, true);
  ck_assert_msg(ms < 8 * pass + 2, "%.1f ms, one pass %.1f ms", ms, pass);
}
END_TEST

START_TEST(a_long_host_costs_one_pass) {
  const auto manifest = testing::good_manifest(
      testing::domain_line("*.example.com") + testing::api_line("1", "GET", "/v1/a", R"(["*.example.com"])"));
  const std::string host = repeated("a.");
  const double pass = pass_ms(host);
  const double ms = cpu_ms([&] { manifest->router->find(host, "/v1/a", "GET"); });
  ck_assert_msg(ms < 8 * pass + 2, "%.1f ms, one pass %.1f ms", ms, pass);
  const std::string longest = repeated("a.") + "example.com";
  ck_assert_ptr_nonnull(manifest->router->find(longest, "/v1/a", "GET").api);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_linear", a_query_or_form_is_read_once, lists_are_read_once, a_json_body_is_read_once,
                headers_are_read_once, a_long_host_costs_one_pass);
