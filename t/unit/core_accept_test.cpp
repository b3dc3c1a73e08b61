// core/accept: what Accept headers choose.
#include "core/call/accept.hpp"

#include <string>

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

FormatList list_of(std::initializer_list<Format> formats) {
  FormatList list = FormatList::none();
  for (const Format format : formats) list.add(format);
  return list;
}

const FormatList kAll = list_of({Format::json, Format::csv, Format::ndjson});

std::string chosen(const FormatList& formats, const testing::Headers& headers) {
  const std::optional<Format> format = choose_format(formats, &headers);
  return format ? std::string(format_kind(*format).name) : "none";
}

std::string chosen(std::string_view accept, const FormatList& formats = kAll) {
  return chosen(formats, testing::Headers{{"aCCept", std::string(accept)}});
}

START_TEST(the_largest_weight_wins_and_the_order_of_formats_among_equals) {
  for (const char* const json :
       {"", "  ", "*/*", "*", "application/*", "*/*;q=0.1, text/csv;q=0.1", "text/csv, application/json",
        "text/csv, */*", "application/json;q=0.9;charset=utf-8, text/csv;q=0.899", "nonsense", ",,;"})
    ck_text_eq(chosen(json), "json");
  for (const char* const csv : {"text/csv", "Text/CSV ; header=present", "text/*", "text/csv;q=0.001",
                                "text/csv;Q=1.000, application/json;q=0.999", "application/json;q=0, */*",
                                "application/json;q=0.000,text/csv", "application/x-ndjson, text/csv"})
    ck_text_eq(chosen(csv), "csv");
  for (const char* const ndjson : {"application/x-ndjson", "application/jsonl",
                                   "application/jsonl;q=0.5, application/x-ndjson;q=0.1, text/csv;q=0.4",
                                   "application/x-ndjson;q=0, application/jsonl"})
    ck_text_eq(chosen(ndjson), "ndjson");
  for (const char* const none : {"text/html", "*/*;q=0", "text/csv;q=0", "text/csv;q=0.000",
                                 "application/problem+json", "application/"})
    ck_text_eq(chosen(none), "none");
  ck_text_eq(chosen("*/*", list_of({Format::ndjson, Format::json})), "ndjson");
  ck_text_eq(chosen("application/*", list_of({Format::csv, Format::ndjson, Format::json})), "ndjson");
  ck_assert(choose_format(list_of({Format::csv}), nullptr) == Format::csv);
  ck_text_eq(chosen(list_of({Format::csv, Format::json}), {}), "csv");
}
END_TEST

START_TEST(a_malformed_weight_is_one) {
  for (const char* const weight :
       {"", "x", "2", "1.5", "-1", ".2", "0.1234", "0.12x", "0x", "1e0", "\"0.1\"", "00", "1.001"})
    ck_text_eq(chosen(std::string("text/csv;q=") + weight + ", application/json;q=0.999"), "csv");
  for (const char* const weight : {"0", "0.", "0.0", "0.00", "0.998", " 0.5 "})
    ck_text_eq(chosen(std::string("text/csv;q=") + weight + ", application/json;q=0.999"), "json");
}
END_TEST

START_TEST(commas_and_semicolons_in_quotes_separate_nothing) {
  ck_text_eq(chosen(R"(text/html;a="x,text/csv;q=1,\",text/csv", application/jsonl;q=0.2)"), "ndjson");
  ck_text_eq(chosen(R"(text/csv;a=";q=0", application/json;q=0.5)"), "csv");
  ck_text_eq(chosen(R"(text/csv;a="never ends, application/json)"), "csv");
  ck_text_eq(chosen("text/csv;a=\"\\"), "csv");
}
END_TEST

START_TEST(several_headers_count_as_one) {
  ck_text_eq(chosen(kAll, {{"Accept", "application/json;q=0.1"}, {"X", "y"}, {"accept", "text/csv;q=0.2"}}),
             "csv");
  ck_text_eq(chosen(kAll, {{"Accept", ""}, {"Accept", "text/html"}}), "none");
}
END_TEST

START_TEST(problem_json_has_to_be_named_and_not_less_than_json) {
  const auto is_problem = [](std::string_view accept) {
    return choose_error_form(testing::Headers{{"Accept", std::string(accept)}}) == ErrorForm::problem_json;
  };
  for (const char* const yes : {"application/problem+json", "application/json, application/problem+json",
                                "application/problem+json;q=0.1", "application/problem+json, */*;q=0.8",
                                "text/csv, Application/Problem+JSON;q=0.5"})
    ck_assert_msg(is_problem(yes), "%s", yes);
  for (const char* const no :
       {"", "*/*", "application/*", "application/problem+json;q=0", "application/problem+json;q=0.5, */*",
        "application/json, application/problem+json;q=0.9", "application/problem"})
    ck_assert_msg(!is_problem(no), "%s", no);
  ck_assert(choose_error_form(testing::Headers()) == ErrorForm::json);
}
END_TEST

// `words`: of APIs as definitions have them.
std::unique_ptr<const Manifest> manifest_with(const std::string& words, const std::string& parameters) {
  return testing::good_manifest(testing::api_line(
      "1", "GET", "/x", "[]", {{R"("parameters":[])", R"("parameters":[)" + parameters + "]," + words}}));
}

constexpr const char* kFormatLine =
    R"({"name":"format","in":"query","type":"STRING","column_type":"text","required":false})";

START_TEST(the_parameter_wins_over_accept) {
  const auto manifest = manifest_with(R"("formats":["csv","json"])", kFormatLine);
  const Api& api = manifest->apis[0];
  ck_text_eq(api.formats.list.names(), "csv, json");
  ck_text_eq(api.csv.disposition, "attachment; filename=\"api-1.csv\"");
  BlockArena arena;
  BoundValues bound;
  const testing::Headers headers{{"Accept", "application/json"}};
  RequestData request = testing::request_of_query("");
  ck_assert(!bind_parameters(api, request, arena, bound));
  ck_assert(bound.format == Format::csv && bound.accept_chose);
  request.headers = &headers;
  ck_assert(!bind_parameters(api, request, arena, bound));
  ck_assert(bound.format == Format::json && bound.accept_chose);
  request.query = "format=c%73v";
  ck_assert(!bind_parameters(api, request, arena, bound));
  ck_assert(bound.format == Format::csv && !bound.accept_chose);
  for (const char* const query : {"format=ndjson", "format=JSON", "format="}) {
    request.query = query;
    const Problem problem = bind_parameters(api, request, arena, bound);
    ck_assert(problem.slug == Slug::invalid_parameter);
    ck_text_eq(problem.subject, "format");
    ck_text_eq(problem.detail, "must be one of csv, json");
  }
  const testing::Headers image{{"Accept", "image/png"}};
  request.headers = &image;
  request.query = "";
  const Problem problem = bind_parameters(api, request, arena, bound);
  ck_assert(problem.slug == Slug::not_acceptable);
  ck_text_eq(problem.detail, "no format of this API is accepted: it has text/csv, application/json");
  const auto one = manifest_with(R"("formats":["ndjson"])", "");
  ck_assert(!bind_parameters(one->apis[0], request, arena, bound));
  ck_assert(bound.format == Format::ndjson && !bound.accept_chose);
}
END_TEST

START_TEST(a_manifest_with_impossible_formats_is_rejected) {
  const auto refused = [](const std::string& words, const std::string& parameters = "") {
    return testing::refusal_of(testing::manifest_text(testing::api_line(
        "1", "GET", "/x", "[]", {{R"("parameters":[])", R"("parameters":[)" + parameters + "]," + words}})));
  };
  for (const auto& [words, reason] : std::initializer_list<std::pair<const char*, const char*>>{
           {R"("formats":[])", "must not be empty"},
           {R"("formats":["xml"])", "not known or occurs twice"},
           {R"("formats":["csv","csv"])", "not known or occurs twice"},
           {R"("formats":["csv","json"])", "must have format"}})
    ck_assert_msg(refused(words).find(reason) != std::string::npos, "%s: %s", words, refused(words).c_str());
  ck_assert(refused(R"("formats":["csv","json"])",
                    R"({"name":"format","in":"query","type":"LONG","column_type":"int8","required":false})")
                .find("must have format") != std::string::npos);
  const std::string object = testing::api_line(
      "1", "GET", "/x", "[]", {{R"("result":"list")", R"("result":"object","formats":["csv"])"}});
  ck_assert(testing::refusal_of(testing::manifest_text(object)).find("json alone with result object") !=
            std::string::npos);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_accept", the_largest_weight_wins_and_the_order_of_formats_among_equals,
                a_malformed_weight_is_one, commas_and_semicolons_in_quotes_separate_nothing,
                several_headers_count_as_one, problem_json_has_to_be_named_and_not_less_than_json,
                the_parameter_wins_over_accept, a_manifest_with_impossible_formats_is_rejected);
