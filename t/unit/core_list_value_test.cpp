// core/call/list_value: a list from every place of a request becomes one array.
#include "core/call/list_value.hpp"

#include <memory>

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

Parameter list_of(ParameterType type, ColumnType column, ParameterPlace place = ParameterPlace::query) {
  Parameter out;
  out.name = "id";
  out.type = type;
  out.column_type = column;
  out.place = place;
  out.list = true;
  return out;
}

Api api_of(const Parameter& parameter) {
  Api api;
  api.method = "POST";
  api.reads_body = parameter.place == ParameterPlace::body;
  api.parameters = {parameter};
  return api;
}

Api numbers(ParameterPlace place = ParameterPlace::query) {
  return api_of(list_of(ParameterType::long_, ColumnType::int8, place));
}

Api texts(ParameterPlace place = ParameterPlace::query) {
  return api_of(list_of(ParameterType::string, ColumnType::text, place));
}

// The array with the number of its items, "-" for an absent list, or what the answer says.
std::string bound(const Api& api, const RequestData& request) {
  BlockArena arena;
  BoundValues values;
  if (const Problem problem = bind_parameters(api, request, arena, values)) {
    ck_assert(problem.slug != Slug::internal_error);
    return std::string(problem.subject) + " " + std::string(problem.detail);
  }
  if (values.values[0] == nullptr) return "-";
  ck_assert_ptr_nonnull(values.items);
  std::string out = values.values[0];
  for (size_t i = 0; i < values.items[0].count; ++i) ck_assert_ptr_nonnull(values.items[0].items[i]);
  return out + " " + std::to_string(values.items[0].count);
}

std::string of_query(const Api& api, std::string_view query) {
  return bound(api, testing::request_of_query(query));
}

std::string of_body(const Api& api, Body::Kind kind, std::string_view bytes) {
  return bound(api, testing::request_of_body({kind, bytes}));
}

std::string of_json(const Api& api, std::string_view bytes) {
  return of_body(api, Body::Kind::json, bytes);
}

const std::string kRange = "must be a whole number from -9223372036854775808 to 9223372036854775807";
const std::string kNumber = "id " + kRange;

std::string wrong_item(size_t number) {
  return "id has a wrong item, number " + std::to_string(number) + ": it " + kRange;
}

START_TEST(repeated_and_split_at_commas_after_decoding) {
  const Api api = numbers();
  ck_text_eq(of_query(api, "id=1"), "{1} 1");
  ck_text_eq(of_query(api, "id=1,2,3"), "{1,2,3} 3");
  ck_text_eq(of_query(api, "id=1&x=5&id=2%2C-3&%69d=4"), "{1,2,-3,4} 4");
  ck_text_eq(of_query(api, "id=7&id=7,7"), "{7,7,7} 3");
  ck_text_eq(of_query(texts(), "id=a%20b,c+d&id=%25"), "{\"a b\",\"c d\",\"%\"} 3");
  const Api form = numbers(ParameterPlace::body);
  ck_text_eq(of_body(form, Body::Kind::form, "id=1&id=2,3"), "{1,2,3} 3");
  for (const char* const query : {"id=", "id", "id=1;2", "id={1}"}) ck_text_eq(of_query(api, query), kNumber);
  ck_text_eq(of_query(api, "id=1,%zz"), "id is not correctly percent-encoded");
  ck_text_eq(of_query(texts(), "id=a%00b"), "id must be UTF-8 without NUL");
  ck_text_eq(of_query(texts(), "id=%C0%80"), "id must be UTF-8 without NUL");
  ck_text_eq(of_query(texts(), "id=a,%C0%80"), "id has a wrong item, number 2: it must be UTF-8 without NUL");
}
END_TEST

START_TEST(one_wrong_item_of_several_is_named) {
  const Api api = numbers();
  ck_text_eq(of_query(api, "id=,1"), wrong_item(1));
  for (const char* const query : {"id=1,", "id=1,,2", "id=1&id=", "id=1, 2", "id=1,x", "id=1&id=x,y"})
    ck_text_eq(of_query(api, query), wrong_item(2));
  ck_text_eq(of_json(numbers(ParameterPlace::body), R"({"id":[1,2,3.5]})"), wrong_item(3));
  std::string all = "id=0";
  for (size_t i = 2; i < kMaxListItems; ++i) all += ",0";
  ck_text_eq(of_query(api, all + ",x"), wrong_item(kMaxListItems));
}
END_TEST

START_TEST(empty_items_are_texts_only) {
  ck_text_eq(of_query(texts(), "id="), "{\"\"} 1");
  ck_text_eq(of_query(texts(), "id=,"), "{\"\",\"\"} 2");
}
END_TEST

START_TEST(an_array_has_the_quotes_of_postgresql) {
  ck_text_eq(of_query(texts(), "id=%22&id=%5C&id=%7B%7D&id=NULL&id=a%0Ab"),
             "{\"\\\"\",\"\\\\\",\"{}\",\"NULL\",\"a\nb\"} 5");
  ck_text_eq(
      of_query(api_of(list_of(ParameterType::date, ColumnType::date)), "id=2025-01-31,0044-03-15%20BC"),
      "{\"2025-01-31\",\"0044-03-15 BC\"} 2");
  Parameter instant = list_of(ParameterType::datetime, ColumnType::timestamptz);
  instant.time_zone = "Asia/Shanghai";
  ck_text_eq(of_query(api_of(instant), "id=2025-01-31T08:00:00,2025-01-31T08:00:00Z"),
             "{\"2025-01-31T08:00:00 Asia/Shanghai\",\"2025-01-31T08:00:00Z\"} 2");
  ck_text_eq(of_query(api_of(list_of(ParameterType::boolean, ColumnType::boolean)), "id=true,0"),
             "{true,0} 2");
  ck_text_eq(of_query(api_of(list_of(ParameterType::double_, ColumnType::float8)), "id=1e3,-.5"),
             "{1e3,-.5} 2");
}
END_TEST

START_TEST(items_of_a_json_array_are_whole) {
  const Api number = numbers(ParameterPlace::body), text = texts(ParameterPlace::body);
  ck_text_eq(of_json(number, R"({"id":[1,"2",9007199254740993]})"), "{1,2,9007199254740993} 3");
  ck_text_eq(of_json(text, R"({"id":["a,b","\u0041\"","c"]})"), "{\"a,b\",\"A\\\"\",\"c\"} 3");
  ck_text_eq(of_json(text, R"({"id":"a,b"})"), "{\"a\",\"b\"} 2");
  ck_text_eq(of_json(number, R"({"id":5})"), "{5} 1");
  ck_text_eq(of_json(number, R"({"id":"5,6"})"), "{5,6} 2");
  ck_text_eq(of_json(number, R"({"id":[]})"), "{} 0");
  ck_text_eq(of_json(text, R"({"x":[1],"id":[],"y":["z"]})"), "{} 0");
  ck_text_eq(of_json(api_of(list_of(ParameterType::boolean, ColumnType::boolean, ParameterPlace::body)),
                     R"({"id":[true,1,"false"]})"),
             "{true,1,false} 3");
  ck_text_eq(of_json(number, R"({"id":["1,2"]})"), kNumber);
  ck_text_eq(of_json(number, R"({"id":[""]})"), kNumber);
  ck_text_eq(of_json(number, R"({"id":[1.5]})"), kNumber);
  ck_text_eq(of_json(number, R"({"id":[1,null]})"), "id must not have a null item");
  ck_text_eq(of_json(number, R"({"id":[1,true]})"), "id must have JSON numbers as items");
  ck_text_eq(of_json(text, R"({"id":[true]})"), "id must have JSON strings as items");
  ck_text_eq(of_json(text, R"({"id":["a",1]})"), "id must have JSON strings as items");
  ck_text_eq(of_json(text, R"({"id":1})"), "id must have JSON strings as items");
  for (const char* const nested :
       {R"({"id":[[1]]})", R"({"id":[1,{"a":2},3]})", R"({"id":[[]]})", R"({"id":{}})"})
    ck_text_eq(of_json(number, nested), "id must be a list of single values");
}
END_TEST

START_TEST(headers_and_paths) {
  Api api = texts(ParameterPlace::header);
  const testing::Headers headers = {{"ID", "a , b"}, {"x", "y"}, {"id", "c"}, {"Id", "\td\t,"}};
  RequestData request;
  request.headers = &headers;
  ck_text_eq(bound(api, request), "{\"a\",\"b\",\"c\",\"d\",\"\"} 5");
  Api path = texts(ParameterPlace::path);
  path.path_segments = {"of", "{id}"};
  path.has_path_parameters = true;
  request.path = std::string_view("/of/a,b\0c", 9);
  ck_text_eq(bound(path, request), "{\"a\",\"b/c\"} 2");
}
END_TEST

START_TEST(absent_lists) {
  Api api = numbers();
  ck_text_eq(of_query(api, "x=1"), "id is required");
  api.parameters[0].required = false;
  ck_text_eq(of_query(api, "x=1"), "-");
  api.parameters[0].default_items = std::vector<std::string>{"4", "5"};
  ck_text_eq(of_query(api, "x=1"), "{4,5} 2");
  ck_text_eq(of_query(api, "id=1"), "{1} 1");
  api.parameters[0].default_items = std::vector<std::string>{};
  ck_text_eq(of_query(api, ""), "{} 0");
  Api posted = numbers(ParameterPlace::body);
  ck_text_eq(of_json(posted, R"({"id":null})"), "id is required");
  posted.parameters[0].required = false;
  ck_text_eq(of_json(posted, R"({"id":null})"), "-");
}
END_TEST

std::string many(size_t count, const std::string& piece, const std::string& between) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += (i == 0 ? "" : between) + piece;
  return out;
}

START_TEST(at_most_a_thousand_items) {
  const Api api = numbers(), posted = numbers(ParameterPlace::body);
  for (const auto& [piece, between] : {std::pair("id=1", "&"), std::pair("1", ",")}) {
    const std::string start = between[0] == ',' ? "id=" : "";
    ck_text_eq(of_query(api, start + many(1000, piece, between)).substr(0, 5), "{1,1,");
    ck_text_eq(of_query(api, start + many(1001, piece, between)), "id must have at most 1000 items");
    ck_text_eq(of_query(api, start + many(10000, piece, between)), "id must have at most 1000 items");
  }
  ck_text_eq(of_query(api, many(501, "id=1,2", "&")), "id must have at most 1000 items");
  ck_text_eq(of_json(posted, "{\"id\":[" + many(1000, "1", ",") + "]}").substr(0, 5), "{1,1,");
  ck_text_eq(of_json(posted, "{\"id\":[" + many(1001, "1", ",") + "]}"), "id must have at most 1000 items");
  ck_text_eq(of_json(posted, "{\"id\":[" + many(10000, "[]", ",") + "]}"),
             "id must be a list of single values");
  ck_text_eq(of_json(posted, "{\"id\":\"" + many(1001, "1", ",") + "\"}"), "id must have at most 1000 items");
}
END_TEST

START_TEST(several_lists_and_values_side_by_side) {
  Api api = numbers();
  Parameter one;
  one.name = "name";
  Parameter absent = list_of(ParameterType::string, ColumnType::text);
  absent.name = "words";
  absent.required = false;
  api.parameters = {one, api.parameters[0], absent};
  BlockArena arena;
  BoundValues values;
  RequestData request;
  request.query = "id=1&name=x,y&id=2";
  ck_assert(!bind_parameters(api, request, arena, values));
  ck_text_eq(values.values[0], "x,y");
  ck_text_eq(values.values[1], "{1,2}");
  ck_assert_ptr_null(values.values[2]);
  ck_assert_uint_eq(values.items[0].count, 0);
  ck_text_eq(values.items[1].items[1], "2");
  ck_assert_uint_eq(values.items[2].count, 0);
}
END_TEST

START_TEST(patterns_end_in_no_lone_escape) {
  Parameter pattern;
  pattern.name = "id";
  pattern.pattern = true;
  const Api api = api_of(pattern);
  BlockArena arena;
  for (const char* const good : {"id=a%25", "id=%5C%5C", "id=%5C_", "id=%5C%5C%5C%25", "id="}) {
    BoundValues values;
    RequestData request;
    request.query = good;
    ck_assert_msg(!bind_parameters(api, request, arena, values), "%s", good);
  }
  for (const char* const bad : {"id=%5C", "id=a%5C", "id=%5C%5C%5C"})
    ck_text_eq(of_query(api, bad),
               "id must not end in a single \\, which escapes the next character of a pattern");
}
END_TEST

// What is wrong with this value of a parameter that is a pattern, or (not `pattern`) any text.
std::string fault_of(const std::string& value, bool pattern = true) {
  Parameter parameter;
  parameter.name = "id";
  parameter.pattern = pattern;
  BlockArena arena;
  BoundValues values;
  RequestData request;
  const std::string query = "id=" + value;
  request.query = query;
  return std::string(bind_parameters(api_of(parameter), request, arena, values).detail);
}

START_TEST(patterns_are_short_after_a_percent) {
  const char* const kLong = "must have at most 1000 characters after its first %";
  // A text before the first %, and what follows it.
  const auto fault = [](std::string before, const std::string& percent, const std::string& one, int count) {
    before += percent;
    for (int i = 0; i < count; ++i) before += one;
    return fault_of(before);
  };
  const std::string kWide = "%E6%BC%A2", kText(2000, 'x');
  for (const std::string& one : {std::string("x"), kWide, std::string("_")}) {
    ck_text_eq(fault("", "%25", one, 1000), "");
    ck_text_eq(fault("", "%25", one, 1001), kLong);
    ck_text_eq(fault(kText, "%25", one, 1000), "");
    ck_text_eq(fault("%5C%5C", "%25", one, 1001), kLong);
    ck_text_eq(fault("", "%5C%25", one, 2000), "");  // it is no wildcard
  }
  ck_text_eq(fault("", "", "%25a", 501), kLong);
  ck_text_eq(fault(kText, "", "", 0), "");
  std::string any = "%25";
  any += kText;
  ck_text_eq(fault_of(any, false), "");
}
END_TEST

START_TEST(an_arena_without_memory_is_no_crash) {
  const Api api = numbers(), posted = texts(ParameterPlace::body);
  for (int left = 0; left < 12; ++left) {
    testing::ScarceArena arena(left);
    BoundValues values;
    RequestData request;
    request.query = "id=1&id=2&id=3";
    const Problem problem = bind_parameters(api, request, arena, values);
    ck_assert(!problem || problem.slug == Slug::internal_error);
    const Body body{Body::Kind::json, R"({"id":["a","b"]})"};
    testing::ScarceArena other(left);
    request.body = &body;
    const Problem second = bind_parameters(posted, request, other, values);
    ck_assert(!second || second.slug == Slug::internal_error);
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_list_value", repeated_and_split_at_commas_after_decoding,
                one_wrong_item_of_several_is_named, empty_items_are_texts_only,
                an_array_has_the_quotes_of_postgresql, items_of_a_json_array_are_whole, headers_and_paths,
                absent_lists, at_most_a_thousand_items, several_lists_and_values_side_by_side,
                patterns_end_in_no_lone_escape, patterns_are_short_after_a_percent,
                an_arena_without_memory_is_no_crash);
