// core/call/page, core/proof/cursor, core/answer/page_answer and totals: what a
// request says of pages, cursors that cannot be forged, and what answers say.
#include "core/call/page.hpp"

#include "core/answer/page_answer.hpp"
#include "core/answer/totals.hpp"
#include "core/call/canonical_value.hpp"
#include "core/call/parameters.hpp"
#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

Parameter parameter(std::string_view name, ParameterType type, ColumnType column) {
  Parameter out;
  out.name = name;
  out.type = type;
  out.column_type = column;
  out.required = false;
  return out;
}

const CursorKey kKey{Digest{1, 2, 3}};

// One condition, pages of at most 50 rows, two sort values.
Api api_with_pages() {
  Api api;
  api.id = 7;
  api.version = 1;
  api.result = ResultShape::page;
  api.parameters = {parameter("age", ParameterType::long_, ColumnType::int8)};
  for (const PageParameter& one : kPageParameters)
    api.parameters.push_back(parameter(one.name, one.type, one.column_type));
  api.parameters[2].default_value = "10";
  api.internal.resize(5);
  Pages& pages = api.pages;
  pages.max_size = 50;
  pages.total = true;
  pages.parameters = 1;
  pages.rows = 5;
  pages.offset = 6;
  pages.count = 7;
  pages.keys = 8;
  pages.key_count = 2;
  pages.size_detail = "must be a whole number from 1 to 50";
  pages.cursor_key = &kKey;
  return api;
}

std::string shown(const char* value) {
  return value == nullptr ? "-" : value;
}

// "rows offset total key,key", or the parameter that is wrong.
std::string bound(const Api& api, std::string_view query) {
  RequestData request;
  request.query = query;
  BlockArena arena;
  BoundValues values;
  if (const Problem problem = bind_parameters(api, request, arena, values)) {
    ck_assert(problem.slug == Slug::invalid_parameter);
    return std::string(problem.subject);
  }
  return shown(values.values[5]) + " " + shown(values.values[6]) + " " + shown(values.values[7]) + " " +
         shown(values.values[8]) + "," + shown(values.values[9]);
}

// What is said of the parameter that is wrong.
std::string detail_of(const Api& api, std::string_view query) {
  RequestData request;
  request.query = query;
  BlockArena arena;
  BoundValues values;
  const Problem problem = bind_parameters(api, request, arena, values);
  ck_assert(problem.slug == Slug::invalid_parameter);
  return std::string(problem.subject) + " " + std::string(problem.detail);
}

std::string cursor_of(const Api& api, std::string_view query, const Cell& first, const Cell& second) {
  RequestData request;
  request.query = query;
  BlockArena arena;
  BoundValues values;
  ck_assert(!bind_parameters(api, request, arena, values));
  const Cell keys[] = {first, second};
  return std::string(cursor_after(api.pages, *values.page, keys, arena));
}

START_TEST(numbers_and_sizes_become_limits) {
  Api api = api_with_pages();
  ck_text_eq(bound(api, ""), "11 - t -,-");
  ck_text_eq(bound(api, "pageNum=3&pageSize=50"), "51 100 t -,-");
  ck_text_eq(bound(api, "pageNum=1&returnTotalNum=false"), "11 - - -,-");
  ck_text_eq(bound(api, "pageNum=20000&pageSize=50"), "51 999950 t -,-");
  for (const char* const query : {"pageNum=0", "pageNum=-1", "pageNum=20001&pageSize=50",
                                  "pageNum=9223372036854775807", "pageNum=100001"})
    ck_text_eq(bound(api, query), "pageNum");
  for (const char* const query : {"pageSize=0", "pageSize=51", "pageSize=-9223372036854775808"})
    ck_text_eq(bound(api, query), "pageSize");
  api.pages.total = false;
  api.pages.count = 0;
  ck_text_eq(bound(api, "returnTotalNum=1"), "returnTotalNum");
  ck_text_eq(bound(api, "returnTotalNum=0"), "11 - - -,-");
}
END_TEST

START_TEST(a_wrong_page_is_answered_with_its_own_range) {
  Api api = api_with_pages();
  for (const char* const size : {"0", "51", "abc", "1.5", "", "9223372036854775808"})
    ck_text_eq(detail_of(api, "pageSize=" + std::string(size)),
               "pageSize must be a whole number from 1 to 50");
  for (const char* const number : {"0", "-1", "abc", "", "9223372036854775808"})
    ck_text_eq(detail_of(api, "pageNum=" + std::string(number)),
               "pageNum must be a whole number from 1 to 1000000");
  ck_text_eq(detail_of(api, "age=x"),
             "age must be a whole number from -9223372036854775808 to 9223372036854775807");
  ck_text_eq(detail_of(api, "returnTotalNum=x"), "returnTotalNum must be true, false, 1 or 0");
}
END_TEST

START_TEST(a_cursor_is_proposed_where_there_is_one) {
  Api api = api_with_pages();
  ck_assert(detail_of(api, "pageNum=100001").find("continue with cursor") != std::string::npos);
  api.pages.key_count = 0;
  ck_text_eq(detail_of(api, "pageNum=100001"),
             "pageNum leads more than 1000000 rows deep: restrict the conditions");
}
END_TEST

START_TEST(a_cursor_gives_the_values_of_its_row) {
  const Api api = api_with_pages();
  const std::string cursor = cursor_of(api, "age=5", {"x,\"y", 4}, {});
  ck_text_eq(bound(api, "age=5&cursor=" + cursor), "11 - t x,\"y,-");
  ck_text_eq(bound(api, "age=05&pageSize=3&returnTotalNum=0&cursor=" + cursor), "4 - - x,\"y,-");
  ck_text_eq(cursor_of(api, "age=5&pageSize=7", {"x,\"y", 4}, {}), cursor);
  ck_text_eq(bound(api, "age=5&pageNum=1&cursor=" + cursor), "cursor");
  ck_text_eq(bound(api, "age=6&cursor=" + cursor), "cursor");
  ck_text_eq(bound(api, "cursor=" + cursor), "cursor");
  ck_text_eq(bound(api, "age=5&cursor="), "cursor");
  Api other = api_with_pages();
  other.version = 2;
  ck_text_eq(bound(other, "age=5&cursor=" + cursor), "cursor");
  other = api_with_pages();
  other.id = 8;
  ck_text_eq(bound(other, "age=5&cursor=" + cursor), "cursor");
  other = api_with_pages();
  const CursorKey key{Digest{9}};
  other.pages.cursor_key = &key;
  ck_text_eq(bound(other, "age=5&cursor=" + cursor), "cursor");
  const CursorKey none;
  other.pages.cursor_key = &none;
  ck_text_eq(bound(other, "age=5&cursor=" + cursor), "cursor");
}
END_TEST

START_TEST(a_changed_cursor_does_not_open) {
  const Digest about{5};
  BlockArena arena;
  const std::string content(40, 'k');
  const std::string cursor(seal_cursor(kKey, about, content, arena));
  ck_text_eq(std::string(open_cursor(kKey, about, cursor, arena)), content);
  ck_assert_ptr_null(open_cursor(kKey, Digest{6}, cursor, arena).data());
  for (size_t i = 0; i < cursor.size(); ++i) {
    std::string changed = cursor;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    ck_assert_ptr_null(open_cursor(kKey, about, changed, arena).data());
    ck_assert_ptr_null(open_cursor(kKey, about, cursor.substr(0, i), arena).data());
  }
  ck_text_eq(std::string(seal_cursor(kKey, about, content, arena)), cursor);
  ck_assert(seal_cursor(kKey, Digest{6}, content, arena) != cursor);
  const std::string_view empty = open_cursor(kKey, about, seal_cursor(kKey, about, "", arena), arena);
  ck_assert(empty.data() != nullptr && empty.empty());
  ck_assert_ptr_null(seal_cursor(CursorKey(), about, content, arena).data());
}
END_TEST

START_TEST(content_of_another_form_is_no_row) {
  BlockArena arena;
  const char* values[2];
  const auto reads = [&](std::string_view content) { return read_cursor_content(content, 2, arena, values); };
  ck_assert(reads({"\2\0\0\0a\0\0\0\0", 9}));
  ck_assert_str_eq(values[0], "a");
  ck_assert_ptr_null(values[1]);
  for (const std::string& content :
       {std::string(), std::string("\2\0\0\0a", 5), std::string("\2\0\0\0a\0\0\0\0x", 10),
        std::string("\3\0\0\0a\0\0\0\0", 9), std::string("\xff\xff\xff\xff", 4),
        std::string("\2\0\0\0\0\0\0\0\0", 9)})
    ck_assert(!reads(content));
}
END_TEST

START_TEST(values_have_one_spelling) {
  BlockArena arena;
  const auto same = [&](ParameterType type, std::string_view a, std::string_view b) {
    return canonical_value(type, a, arena) == canonical_value(type, b, arena);
  };
  ck_assert(same(ParameterType::long_, "007", "7") && !same(ParameterType::long_, "-7", "7"));
  ck_assert(same(ParameterType::long_, "-0", "0"));
  ck_assert(same(ParameterType::decimal, "-07.50", "-7.5") && same(ParameterType::decimal, "-.0", "0"));
  ck_assert(same(ParameterType::decimal, "100", "100.") && !same(ParameterType::decimal, "100", "1"));
  ck_assert(same(ParameterType::double_, "1e2", "100.0") && same(ParameterType::double_, "-0.0", "0"));
  ck_assert(same(ParameterType::boolean, "1", "true") && !same(ParameterType::boolean, "0", "true"));
  ck_assert(same(ParameterType::datetime, "2025-01-31T08:00Z", "2025-01-31 09:00:00.000+01:00"));
  ck_assert(same(ParameterType::datetime, "2025-01-31T08:00:00.5 Asia/Shanghai",
                 "2025-01-31 08:00:00.50 Asia/Shanghai"));
  ck_assert(!same(ParameterType::datetime, "2025-01-31T08:00", "2025-01-31T08:00Z"));
  ck_assert(!same(ParameterType::datetime, "2025-01-31T08:00:00.1", "2025-01-31T08:00:00.01"));
  ck_assert(!same(ParameterType::datetime, "infinity", "-infinity"));
  ck_assert(!same(ParameterType::datetime, "0044-03-15 12:00:00+00", "0044-03-15 12:00:00+00 BC"));
  ck_assert(!same(ParameterType::datetime, "0044-03-15 12:00:00+08:30", "0044-03-15 12:00:00+08:30 BC"));
  ck_assert(!same(ParameterType::datetime, "0044-03-15 12:00:00", "0044-03-15 12:00:00 BC"));
  ck_assert(same(ParameterType::datetime, "0044-03-15 12:00:00+00 BC", "0044-03-15 20:30+08:30 BC"));
  ck_assert(same(ParameterType::datetime, "0001-01-01 07:00+08", "0001-12-31 23:00:00+00 BC"));
  ck_assert(same(ParameterType::datetime, "0401-02-28 23:00-01 BC", "0401-02-29 00:00+00 BC"));
  ck_assert(same(ParameterType::datetime, "294275-12-31 23:59:59.5Z", "294275-12-31 22:59:59.50-01"));
  ck_assert(!same(ParameterType::datetime, "2025-01-31T08:00:00.000001Z", "2025-01-31T08:00:00.1Z"));
  ck_assert(!same(ParameterType::string, "a", "a "));
}
END_TEST

PageAnswer answer_of(uint64_t number, std::optional<uint64_t> total, bool more) {
  PageAnswer page;
  page.number = number;
  page.size = 10;
  page.total = total;
  page.more = more;
  page.has_cursors = true;
  return page;
}

START_TEST(links_lead_to_pages_that_there_are) {
  const Api api = api_with_pages();
  RequestData request;
  request.query = "a=1&pageNum=2&&cursor=x&p%61geNum=3&b=<\">";
  const std::string kept = "a=1&b=%3c%22%3e&";
  ck_text_eq(page_links(api, request, answer_of(2, 35, true), Format::json),
             "<?" + kept + "pageNum=1>; rel=\"first\", <?" + kept + "pageNum=1>; rel=\"prev\", <?" + kept +
                 "pageNum=3>; rel=\"next\", <?" + kept + "pageNum=4>; rel=\"last\"");
  request.query = {};
  ck_text_eq(page_links(api, request, answer_of(9, 35, false), Format::json),
             "<?pageNum=1>; rel=\"first\", <?pageNum=4>; rel=\"prev\", <?pageNum=4>; rel=\"last\"");
  ck_text_eq(page_links(api, request, answer_of(1, 0, false), Format::json),
             "<?pageNum=1>; rel=\"first\", <?pageNum=1>; rel=\"last\"");
  ck_text_eq(page_links(api, request, answer_of(100000, 5000000, true), Format::json),
             "<?pageNum=1>; rel=\"first\", <?pageNum=99999>; rel=\"prev\"");
  ck_text_eq(page_links(api, request, answer_of(2, std::nullopt, false), Format::json),
             "<?pageNum=1>; rel=\"first\", <?pageNum=1>; rel=\"prev\"");
  PageAnswer page = answer_of(0, 35, true);
  page.next_cursor = "abc";
  ck_text_eq(page_links(api, request, page, Format::json),
             "<?pageNum=1>; rel=\"first\", <?cursor=abc>; rel=\"next\"");
  PageAnswer second = answer_of(2, std::nullopt, true);
  second.next_cursor = "abc";
  ck_text_eq(page_links(api, request, second, Format::json),
             "<?pageNum=1>; rel=\"first\", <?pageNum=1>; rel=\"prev\", <?pageNum=3>; rel=\"next\"");
  ck_text_eq(page_links(api, request, second, Format::csv),
             "<?pageNum=1>; rel=\"first\", <?pageNum=1>; rel=\"prev\", <?cursor=abc>; rel=\"next\"");
  const std::vector<TokenSource> places = {{TokenSource::In::query, "token", ""}};
  request.token_places = &places;
  request.query = "t%6fken=secret&a=1";
  ck_text_eq(page_links(api, request, page, Format::json),
             "<?a=1&pageNum=1>; rel=\"first\", <?a=1&cursor=abc>; rel=\"next\"");
  const std::string longest = "a=" + std::string(4000, 'x');
  request.query = longest;
  ck_text_eq(page_links(api, request, page, Format::json), "");
}
END_TEST

START_TEST(totals_are_of_conditions_and_generations) {
  Totals totals;
  ck_assert_ptr_null(totals.find(Digest{1}));
  totals.keep(Digest{1}, {4, 100});
  ck_assert_uint_eq(totals.find(Digest{1})->rows, 100);
  ck_assert_uint_eq(totals.find(Digest{1})->generation, 4);
  ck_assert_ptr_null(totals.find(Digest{1, 0, 0, 0, 0, 0, 0, 0, 1}));
  totals.keep(Digest{1, 0, 0, 0, 0, 0, 0, 0, 1}, {4, 7});
  ck_assert_ptr_null(totals.find(Digest{1}));
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_page", numbers_and_sizes_become_limits, a_wrong_page_is_answered_with_its_own_range,
                a_cursor_is_proposed_where_there_is_one, a_cursor_gives_the_values_of_its_row,
                a_changed_cursor_does_not_open, content_of_another_form_is_no_row, values_have_one_spelling,
                links_lead_to_pages_that_there_are, totals_are_of_conditions_and_generations);
