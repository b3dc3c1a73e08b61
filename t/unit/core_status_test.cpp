// core/status and accept: escapes of each form, large reports, which form is chosen.
#include "core/status/status.hpp"

#include <jansson.h>

#include <memory>
#include <vector>

#include "core/call/accept.hpp"
#include "core_testing.hpp"

using namespace tablegate::core;
using testing::api_line;

namespace {

constexpr const char* kOdd = "a\\\"<b>&'\\n \\\\ \\u6f22";  // as JSON: a"<b>&' LF \ and a letter
constexpr const char* kOddText = "a\"<b>&'\n \\ 漢";

struct Report {
  std::unique_ptr<const Manifest> manifest;
  std::vector<uint64_t> memory = std::vector<uint64_t>(1 << 17);
  CounterTable counters{memory.data(), memory.size() * sizeof(uint64_t)};
  StatusReport report;

  explicit Report(const std::string& body) : manifest(testing::good_manifest(body)) {
    report.manifest = manifest.get();
    report.nginx = "1.22.1";
    report.counters = &counters;
    report.pools.push_back({kOddText, "default", {3, 1, 0}, 4, 1024});
    report.workers.push_back({77, 1, 5, false, nullptr});
  }
  std::string text(bool (*write)(const StatusReport&, ByteSink&)) const {
    StringSink sink;
    ck_assert(write(report, sink));
    return sink.text;
  }
};

std::string named_api(const std::string& id, const std::string& name) {
  std::string line = api_line(id, "GET", "/" + id, "[]");
  const size_t at = line.find("\"name\":\"");
  const size_t end = line.find('"', at + 8);
  return line.replace(at + 8, end - at - 8, name);
}

START_TEST(json_holds_any_name) {
  Report status(named_api("1", kOdd));
  status.counters.take(1, status.manifest->apis[0].version, 1).count(Slug::query_failed, 1500);
  json_error_t error;
  json_t* json = json_loads(status.text(write_status_json).c_str(), JSON_REJECT_DUPLICATES, &error);
  ck_assert_msg(json != nullptr, "%s", error.text);
  json_t* api = json_array_get(json_object_get(json, "apis"), 0);
  ck_assert_str_eq(json_string_value(json_object_get(api, "name")), kOddText);
  ck_assert_int_eq(json_integer_value(json_object_get(api, "requests")), 1);
  ck_assert(json_real_value(json_object_get(api, "seconds")) == 1.5);
  ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(api, "errors"), "query_failed")), 1);
  json_decref(json);
  StringSink sink;
  UsageEntry call;
  call.api_id = 1;
  call.consumer = kOddText;
  UsageEntry gone;
  gone.api_id = 9;
  ck_assert(write_usage_json(status.report, {call, gone}, sink));
  json = json_loads(sink.text.c_str(), JSON_REJECT_DUPLICATES, &error);
  ck_assert_msg(json != nullptr, "%s", error.text);
  json_t* usage = json_object_get(json, "usage");
  ck_assert_str_eq(json_string_value(json_object_get(json_array_get(usage, 0), "consumer")), kOddText);
  ck_assert_str_eq(json_string_value(json_object_get(json_array_get(usage, 0), "api")), kOddText);
  ck_assert(json_is_null(json_object_get(json_array_get(usage, 1), "api")));
  json_decref(json);
}
END_TEST

START_TEST(prometheus_and_the_page_escape_any_name) {
  Report status(named_api("1", kOdd));
  status.counters.take(1, status.manifest->apis[0].version, 1).count(Slug::none, 0);
  const std::string text = status.text(write_status_prometheus);
  ck_assert_msg(text.find("api=\"a\\\"<b>&'\\n \\\\ 漢\"") != std::string::npos, "%s", text.c_str());
  ck_assert(text.find("service=\"a\\\"<b>&'\\n \\\\ 漢\"") != std::string::npos);
  const std::string page = status.text(write_status_page);
  ck_assert(page.find("a&quot;&lt;b&gt;&amp;&#39;\n \\ 漢") != std::string::npos);
  ck_assert(page.find("<b>") == std::string::npos);
}
END_TEST

// A sink that gives out after some bytes.
class ScarceSink final : public ByteSink {
 public:
  explicit ScarceSink(size_t left) : left_(left) {}
  char* reserve(size_t size) override {
    if (size > left_) return nullptr;
    room_.resize(size + 1);
    return room_.data();
  }
  void commit(size_t size) override { left_ -= size; }

 private:
  size_t left_;
  std::vector<char> room_;
};

START_TEST(tables_are_told_with_their_age) {
  Report status(api_line("1", "GET", "/1"));
  TableGeneration told{true, "t", 3, 135233, 1700000000, 1700000500, 0};
  TableGeneration untold{true, "u", 4, 0, INT64_MIN, 1700000900, 0};
  status.report.now = 1700001000;
  status.report.tables = {{kOddText, kOddText, &told, 1700000999}, {"default", "u", &untold, 1700000999}};
  json_error_t error;
  json_t* json = json_loads(status.text(write_status_json).c_str(), JSON_REJECT_DUPLICATES, &error);
  ck_assert_msg(json != nullptr, "%s", error.text);
  json_t* first = json_array_get(json_object_get(json, "tables"), 0);
  json_t* second = json_array_get(json_object_get(json, "tables"), 1);
  ck_assert_str_eq(json_string_value(json_object_get(first, "name")), kOddText);
  ck_assert_str_eq(json_string_value(json_object_get(first, "service")), kOddText);
  const auto number = [](json_t* table, const char* name) {
    return json_integer_value(json_object_get(table, name));
  };
  ck_assert(number(first, "generation") == 3 && number(first, "rows") == 135233);
  ck_assert(number(first, "source_time") == 1700000000 && number(first, "loaded_at") == 1700000500);
  ck_assert_msg(number(first, "age") == 1000, "since the source's time");
  ck_assert(number(first, "read_at") == 1700000999);
  ck_assert(json_is_null(json_object_get(second, "source_time")));
  ck_assert_msg(number(second, "age") == 100, "without one: since it was loaded");
  json_decref(json);

  const std::string text = status.text(write_status_prometheus);
  ck_assert(text.find("tablegate_table_age_seconds{service=\"default\",table=\"u\"} 100\n") !=
            std::string::npos);
  ck_assert(text.find("tablegate_table_generation{service=\"a\\\"<b>&'\\n \\\\ 漢\"") != std::string::npos);
  const std::string source = "tablegate_table_source_timestamp_seconds{";
  ck_assert_msg(text.find(source) == text.rfind(source), "only where it is known");
  const std::string page = status.text(write_status_page);
  ck_assert(page.find("Tue, 14 Nov 2023 22:13:20 GMT") != std::string::npos);
  ck_assert(page.find("<b>") == std::string::npos);

  untold.loaded_at = 1700002000;
  ck_assert_msg(table_age(status.report, status.report.tables[1]) == 0, "a clock that runs ahead");
}
END_TEST

START_TEST(no_memory_is_told) {
  Report status(named_api("1", "x"));
  const size_t size = status.text(write_status_json).size();
  for (size_t left = 0; left < size; left += 7) {
    ScarceSink sink(left);
    ck_assert(!write_status_json(status.report, sink));
  }
  ScarceSink sink(10);
  ck_assert(!write_status_prometheus(status.report, sink) && !write_status_page(status.report, sink));
}
END_TEST

START_TEST(accept_chooses) {
  const auto choose = [](std::string_view accept) {
    Negotiation negotiation({"application/json", "text/plain", "text/html"});
    negotiation.read(accept);
    return negotiation.best();
  };
  for (const char* json :
       {"", "*/*", "application/*", "application/json", "image/png", "text/html;q=0", ",,;", "text",
        "application/json;q=0.9, text/plain;q=0.8", "text/plain;q=0.5,*/*;q=0.6", "*/*;q=0"})
    ck_assert_msg(choose(json) == 0, "%s", json);
  for (const char* plain :
       {"text/plain", "TEXT/Plain; charset=utf-8", "text/plain, */*", "text/*, application/json;q=0.1",
        "text/plain;version=0.0.4;q=0.4,*/*;q=0.1", "text/plain ; q=1.000 , text/html;q=0.999"})
    ck_assert_msg(choose(plain) == 1, "%s", plain);
  for (const char* html : {"text/html", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                           "text/plain;q=0.1,text/html;q=0.2"})
    ck_assert_msg(choose(html) == 2, "%s", html);
}
END_TEST

START_TEST(what_found_no_room_is_reported_with_the_size_that_has_it) {
  Report status(named_api("1", "a"));
  status.report.room = {32768, 32768, 36, 0};
  ck_assert(status.text(write_status_page).find("Without room") == std::string::npos);
  status.counters.other().count(Slug::none, 1);
  status.report.room = {32768, 20 << 20, 36, 7};
  const std::string page = status.text(write_status_page);
  ck_assert(page.find("1 answers of API versions without a counter of their own, 7 callers") !=
            std::string::npos);
  ck_assert(page.find("set tablegate_zone to 20m in nginx.conf") != std::string::npos);
  const std::string json = status.text(write_status_json);
  ck_assert(json.find("\"size\":32768,\"needed\":20971520,\"api_versions\":") != std::string::npos);
  ck_assert(json.find("\"callers\":36,\"callers_lost\":7}") != std::string::npos);
  const std::string samples = status.text(write_status_prometheus);
  for (const char* const line : {"tablegate_uncounted_total 1\n", "tablegate_callers_lost_total 7\n",
                                 "tablegate_zone_bytes 32768\n", "tablegate_zone_needed_bytes 20971520\n"})
    ck_assert_msg(samples.find(line) != std::string::npos, "%s", line);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_status", json_holds_any_name, prometheus_and_the_page_escape_any_name,
                tables_are_told_with_their_age, no_memory_is_told, accept_chooses,
                what_found_no_room_is_reported_with_the_size_that_has_it);
