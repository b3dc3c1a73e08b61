// core/canary and its entries in the manifest: who gets the other version, what
// the two versions share, and when an API ends.
#include "core/route/canary.hpp"

#include <array>

#include "core/route/router.hpp"
#include "core_testing.hpp"

using namespace tablegate::core;
using testing::api_line;

namespace {

// A canary of the API that api_line() makes; `changes` as there.
std::string canary_line(const std::string& id, const std::string& weight,
                        std::vector<std::pair<std::string, std::string>> changes = {}) {
  std::string line = api_line(
      id, "GET", "/x", "[]",
      {{R"("kind":"api")", R"("kind":"canary","weight":)" + weight}, {R"("version":1)", R"("version":2)"}});
  for (const auto& [from, to] : changes) {
    const size_t at = line.find(from);
    ck_assert_msg(at != std::string::npos, "%s is not in the line", from.c_str());
    line.replace(at, from.size(), to);
  }
  return line;
}

std::string refused(const std::string& body) {
  return testing::refusal_of(testing::manifest_text(body));
}

START_TEST(a_canary_is_another_version_of_an_api) {
  const auto manifest = testing::good_manifest(api_line("1", "GET", "/x", "[]") +
                                               api_line("2", "GET", "/y", "[]") + canary_line("1", "10"));
  ck_assert_uint_eq(manifest->apis.size(), 3);
  const Api& api = manifest->apis[0];
  const Api& canary = manifest->apis[2];
  ck_assert_uint_eq(api.canary_weight, 10);
  ck_assert_uint_eq(api.canary, 2);
  ck_assert(!api.is_canary && canary.is_canary && manifest->apis[1].canary_weight == 0);
  ck_assert_uint_eq(canary.index, 2);
  ck_assert_uint_eq(canary.id, 1);
  // It has no route.
  ck_assert_ptr_eq(manifest->router->find("h", "/x", "GET").api, &api);
}
END_TEST

START_TEST(what_a_canary_must_share_is_checked) {
  const std::string api = api_line("1", "GET", "/x", "[]");
  const auto differs = [&api](const std::string& from, const std::string& to) {
    return refused(api + canary_line("1", "10", {{from, to}}));
  };
  for (const auto& [from, to, field] : std::vector<std::array<std::string, 3>>{
           {R"("GET")", R"("POST")", "method"},
           {R"("/x")", R"("/z")", "path"},
           {R"("statement")", R"("query_method":true,"statement")", "query_method"},
           {R"(["api_key"])", "[]", "authentication"},
           {R"("statement")", R"("envelope":"dataworks","statement")", "envelope"},
           {R"("statement")", R"("api_key_source":{"in":"query","name":"k"},"statement")", "api_key_source"},
           {R"("version":2)", R"("version":1)", "version"}}) {
    const std::string reason = differs(from, to);
    ck_assert_msg(reason.find("line 3: /" + field) != std::string::npos, "%s: %s", field.c_str(),
                  reason.c_str());
  }
  ck_assert(refused(canary_line("1", "10")).find("/id") != std::string::npos);
  ck_assert(refused(canary_line("1", "10") + api).find("/id") != std::string::npos);
  ck_assert(
      refused(api + canary_line("1", "10") + canary_line("1", "20", {{R"("version":2)", R"("version":3)"}}))
          .find("two canaries") != std::string::npos);
  for (const char* weight : {"0", "100", "-1", "\"10\""})
    ck_assert(refused(api + canary_line("1", weight)).find("/weight") != std::string::npos);
  ck_assert(refused(api_line("1", "GET", "/x", "[]", {{R"("statement")", R"("weight":5,"statement")"}}))
                .find("/weight") != std::string::npos);
}
END_TEST

START_TEST(the_choice_is_stable_even_and_only_grows) {
  constexpr int kConsumers = 20000;
  for (const uint32_t api : {1U, 2U, 4000000000U}) {
    int before = 0;
    for (const uint32_t weight : {1U, 10U, 50U, 99U}) {
      int taken = 0;
      for (int i = 0; i < kConsumers; ++i) {
        const std::string name = "consumer-" + std::to_string(i);
        const bool takes = takes_canary(name, api, weight);
        ck_assert(takes == takes_canary(name, api, weight));
        // A caller that got it still gets it with a larger weight.
        if (takes) ck_assert(takes_canary(name, api, weight + 1));
        taken += takes ? 1 : 0;
      }
      const double share = 100.0 * taken / kConsumers;
      ck_assert_msg(share > weight * 0.8 && share < weight * 1.2 + 0.3, "weight %u: %.2f %%", weight, share);
      ck_assert_int_gt(taken, before);
      before = taken;
    }
  }
  // Another API has other consumers.
  int both = 0;
  for (int i = 0; i < kConsumers; ++i) {
    const std::string name = std::to_string(i);
    both += takes_canary(name, 1, 50) && takes_canary(name, 2, 50) ? 1 : 0;
  }
  ck_assert_int_gt(both, kConsumers / 5);
  ck_assert_int_lt(both, kConsumers * 3 / 10);
  // These results never change between releases.
  ck_assert(takes_canary("demo", 1, 100));
  ck_assert(!takes_canary("demo", 1, 0));
}
END_TEST

START_TEST(when_an_api_ends_its_headers_are_ready) {
  const std::string since = R"("deprecated":{"since":1688169599,"sunset":1735689599},"statement")";
  const auto manifest = testing::good_manifest(api_line("1", "GET", "/x", "[]", {{R"("statement")", since}}) +
                                               api_line("2", "GET", "/y", "[]"));
  ck_assert_str_eq(manifest->apis[0].deprecation.c_str(), "@1688169599");
  ck_assert_str_eq(manifest->apis[0].sunset.c_str(), "Tue, 31 Dec 2024 23:59:59 GMT");
  ck_assert(manifest->apis[1].deprecation.empty() && manifest->apis[1].sunset.empty());
  for (const char* bad :
       {R"("deprecated":{"since":2,"sunset":1},"statement")",
        R"("deprecated":{"since":-1,"sunset":1},"statement")", R"("deprecated":{"sunset":1},"statement")",
        R"("deprecated":{"since":1,"sunset":1,"x":1},"statement")"})
    ck_assert(refused(api_line("1", "GET", "/x", "[]", {{R"("statement")", bad}})).find("/deprecated/") !=
              std::string::npos);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_canary", a_canary_is_another_version_of_an_api, what_a_canary_must_share_is_checked,
                the_choice_is_stable_even_and_only_grows, when_an_api_ends_its_headers_are_ready);
