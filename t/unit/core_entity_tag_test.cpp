// core/call_digest and core/entity_tag: one digest for all spellings of a call, another one for another call;
// tags and lists of them.
#include "core/answer/entity_tag.hpp"

#include <set>

#include "core/call/parameters.hpp"
#include "core_testing.hpp"

using namespace tablegate::core;
using testing::api_line;

namespace {

// A parameter of each type, all optional, and a list.
std::string with_parameters() {
  std::string list;
  const std::pair<const char*, const char*> types[] = {
      {"LONG", "int8"},   {"DOUBLE", "float8"}, {"DECIMAL", "numeric"},      {"BOOLEAN", "bool"},
      {"STRING", "text"}, {"DATE", "date"},     {"DATETIME", "timestamptz"},
  };
  for (const auto& [type, column] : types) {
    list += std::string(list.empty() ? "" : ",") + R"({"name":")" + type + R"(","in":"query","type":")" +
            type + R"(","column_type":")" + column + R"(","required":false)" +
            (std::string(column) == "timestamptz" ? R"(,"time_zone":"Asia/Shanghai"})" : "}");
  }
  list += R"(,{"name":"ids","in":"query","type":"LONG","column_type":"int8","required":false,"list":true})";
  return "[" + list + "]";
}

std::string with_all(const std::string& id) {
  return api_line(id, "GET", "/" + id, "[]",
                  {{R"("parameters":[])", R"("parameters":)" + with_parameters()}});
}

class NoHeaders final : public HeaderSource {
 public:
  void visit(Visitor& visitor) const override { (void)visitor; }
};

// `text`: as of digest_call().
CallDigest digest_of(const Api& api, const std::string& query, const AnswerForm& form = {},
                     CallText* text = nullptr) {
  BlockArena arena;
  const NoHeaders headers;
  RequestData data;
  data.path = api.path;
  data.query = query;
  data.headers = &headers;
  data.method = "GET";
  BoundValues bound;
  const Problem problem = bind_parameters(api, data, arena, bound);
  ck_assert_msg(!problem, "%s", query.c_str());
  CallDigest digest{};
  ck_assert(digest_call(api, bound, form, arena, digest, text));
  return digest;
}

START_TEST(spellings_of_a_call) {
  const auto manifest = testing::good_manifest(with_all("1"));
  const Api& api = manifest->apis[0];
  const std::vector<std::vector<std::string>> equal = {
      {"", "other=1"},
      {"LONG=1", "LONG=01", "LONG=%31", "LONG=1&x=2", "x&LONG=1"},
      {"LONG=-1"},
      {"LONG=0", "LONG=-0", "LONG=00"},
      {"DOUBLE=1", "DOUBLE=1.0", "DOUBLE=10e-1"},
      {"DOUBLE=1.5"},
      {"DECIMAL=1", "DECIMAL=01"},
      {"DECIMAL=1.00", "DECIMAL=01.00"},  // PostgreSQL keeps the scale, and a script may return it
      {"DOUBLE=0", "DOUBLE=0.0"},
      {"DOUBLE=-0", "DOUBLE=-0.0"},
      {"DECIMAL=1.000000000000000000000001"},
      {"BOOLEAN=true", "BOOLEAN=1"},
      {"BOOLEAN=false", "BOOLEAN=0"},
      {"STRING="},
      {"STRING=1"},
      {"STRING=01"},
      {"STRING=%C3%A9"},
      {"DATE=2026-01-31"},
      {"DATE=2026-02-01"},
      {"DATETIME=2026-01-31T08:00:00%2B08:00", "DATETIME=2026-01-31T00:00:00Z", "DATETIME=2026-01-31+00:00Z"},
      {"DATETIME=2026-01-31T08:00:00"},
      {"LONG=1&STRING=1", "STRING=1&LONG=1"},
      {"ids=1&ids=2", "ids=1,2", "ids=01,2"},
      {"ids=2,1"},
      {"ids=1"},
      {"ids=12"},
  };
  std::set<CallDigest> seen;
  for (const std::vector<std::string>& spellings : equal) {
    const CallDigest first = digest_of(api, spellings[0]);
    ck_assert_msg(seen.insert(first).second, "%s: the digest of another call", spellings[0].c_str());
    for (const std::string& one : spellings) {
      ck_assert_msg(digest_of(api, one) == first, "%s is not %s", one.c_str(), spellings[0].c_str());
    }
  }
  for (int i = 2; i < 100000; ++i)
    ck_assert_msg(seen.insert(digest_of(api, "LONG=" + std::to_string(i))).second, "LONG=%d", i);
}
END_TEST

START_TEST(what_else_counts) {
  const auto manifest = testing::good_manifest(with_all("1") + with_all("2"));
  const CallDigest one = digest_of(manifest->apis[0], "LONG=1");
  ck_assert(digest_of(manifest->apis[1], "LONG=1") != one);
  ck_assert(digest_of(manifest->apis[0], "LONG=1", {1, 0}) != one);
  ck_assert(digest_of(manifest->apis[0], "LONG=1", {0, 1}) != one);
}
END_TEST

START_TEST(tags) {
  char room[kEntityTagRoom];
  const std::string strong(write_entity_tag({0x0123456789abcdefU, 10}, 255, false, room));
  ck_text_eq(strong, "\"0123456789abcdef000000000000000a-00000000000000ff\"");
  const std::string weak(write_entity_tag({0x0123456789abcdefU, 10}, 255, true, room));
  ck_text_eq(weak, "W/" + strong);
  for (const std::string& tag : {strong, weak}) {
    for (const std::string& value : {strong, weak, std::string("*"), std::string(" * "), "\"a\"," + strong,
                                     "\"a, b\" , W/\"\"," + weak + ",", ",, " + strong, "\"*\"\t," + strong})
      ck_assert_msg(names_entity_tag(value, tag), "%s", value.c_str());
    for (const std::string& value :
         {std::string(), std::string(" "), std::string("\"\""), strong.substr(1),
          strong.substr(0, strong.size() - 1), "x, " + strong, "w/" + strong, "W /" + strong,
          std::string("\"*\""), std::string("*, \"a\""), std::string("W/"), std::string("\""), "\"" + strong})
      ck_assert_msg(!names_entity_tag(value, tag), "%s", value.c_str());
  }
}
END_TEST

}  // namespace

// What a store compares: equal for the spellings of a call and for no other one; none where it is long.
START_TEST(texts_of_calls) {
  const auto manifest = testing::good_manifest(with_all("1"));
  const Api& api = manifest->apis[0];
  const auto text_of = [&api](const std::string& query) {
    CallText text;
    ck_assert(digest_of(api, query, {}, &text) == digest_of(api, query));
    return std::string(text.bytes());
  };
  std::set<std::string> different;
  const char* const queries[] = {"",        "STRING=",  "STRING=a",  "STRING=ab",       "LONG=1",
                                 "LONG=2",  "DOUBLE=1", "DECIMAL=1", "DECIMAL=1&ids=1", "ids=1",
                                 "ids=1,2", "ids=12",   "ids=2,1",   "LONG=1&ids=1"};
  for (const char* query : queries) {
    ck_assert(text_of(query) != "");
    different.insert(text_of(query));
  }
  ck_assert_uint_eq(different.size(), sizeof queries / sizeof *queries);
  ck_assert(text_of("LONG=01&DOUBLE=1.0") == text_of("DOUBLE=1&LONG=1"));
  ck_assert(text_of("STRING=" + std::string(800, 'a')) != "");
  ck_text_eq(text_of("STRING=" + std::string(1000, 'a')), "");
  ck_text_eq(text_of("ids=1&STRING=" + std::string(2000, 'a')), "");
  ck_text_eq(text_of("STRING=" + std::string(2000, 'a') + "&ids=1"), "");
}
END_TEST

TABLEGATE_SUITE("core_entity_tag", spellings_of_a_call, what_else_counts, tags, texts_of_calls);
