// core/parameters: from a request to the values of its statement.
#include "core/call/parameters.hpp"

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

Parameter parameter(const char* name, ParameterType type, ColumnType column,
                    ParameterPlace place = ParameterPlace::query) {
  Parameter out;
  out.name = name;
  out.type = type;
  out.column_type = column;
  out.place = place;
  return out;
}

Parameter number(const char* name) {
  return parameter(name, ParameterType::long_, ColumnType::int8);
}
Parameter text(const char* name, ParameterPlace place = ParameterPlace::query) {
  return parameter(name, ParameterType::string, ColumnType::text, place);
}
Parameter optional(Parameter parameter) {
  parameter.required = false;
  return parameter;
}
Parameter with_default(Parameter parameter, const char* value) {
  parameter.required = false;
  parameter.default_value = value;
  return parameter;
}

Api api_of(std::vector<Parameter> parameters) {
  Api api;
  api.parameters = std::move(parameters);
  return api;
}

// The values joined, an absent one as "-"; or "slug parameter detail".
std::string bound(const Api& api, const RequestData& request) {
  BlockArena arena;
  BoundValues values;
  if (Problem problem = bind_parameters(api, request, arena, values)) {
    return std::string(problem_kind(problem.slug).name) + " " + std::string(problem.subject) + " " +
           std::string(problem.detail);
  }
  std::string out;
  for (size_t i = 0; i < api.parameters.size(); ++i) {
    out.append(i > 0 ? "," : "").append(values.values[i] == nullptr ? "-" : values.values[i]);
  }
  return out;
}

std::string bound_query(const Api& api, std::string_view query) {
  RequestData request;
  request.query = query;
  const testing::Headers headers;
  request.headers = &headers;
  return bound(api, request);
}

START_TEST(an_api_without_parameters_binds_nothing) {
  ck_text_eq(bound_query(api_of({}), "a=1&%zz"), "");
}
END_TEST

START_TEST(values_stand_in_the_order_of_the_definition) {
  const Api api = api_of({number("a"), text("b"), number("c")});
  ck_text_eq(bound_query(api, "c=3&a=1&b=two"), "1,two,3");
}
END_TEST

START_TEST(values_are_decoded_once) {
  const Api api = api_of({text("q")});
  ck_text_eq(bound_query(api, "q=a%2520+b%2B"), "a%20 b+");
  ck_text_eq(bound_query(api, "q="), "");
  ck_text_eq(bound_query(api, "q"), "");
}
END_TEST

START_TEST(the_first_problem_in_the_order_of_the_definition_is_told) {
  const Api api = api_of({number("a"), number("b"), number("c")});
  ck_text_eq(bound_query(api, ""), "missing_parameter a is required");
  ck_text_eq(bound_query(api, "c=x&b=x"), "missing_parameter a is required");
  ck_text_eq(bound_query(api, "c=1&c=2&a=1"), "missing_parameter b is required");
  ck_text_eq(bound_query(api, "c=1&c=2&a=1&b=2"), "invalid_parameter c is given more than once");
}
END_TEST

START_TEST(a_repeated_parameter_is_refused_before_its_values_are_read) {
  const Api api = api_of({number("a")});
  ck_text_eq(bound_query(api, "a=1&a=1"), "invalid_parameter a is given more than once");
  ck_text_eq(bound_query(api, "a=%zz&%61=1"), "invalid_parameter a is given more than once");
  ck_text_eq(bound_query(api_of({with_default(number("a"), "5")}), "a=1&a=1"),
             "invalid_parameter a is given more than once");
}
END_TEST

START_TEST(a_wrong_type_is_refused_with_what_is_expected) {
  const Api api = api_of({number("a")});
  ck_text_eq(bound_query(api, "a=secret"),
             "invalid_parameter a must be a whole number from -9223372036854775808 to 9223372036854775807");
  ck_text_eq(bound_query(api, "a="),
             "invalid_parameter a must be a whole number from -9223372036854775808 to 9223372036854775807");
}
END_TEST

START_TEST(bad_encoding_utf8_and_nul_are_refused) {
  const Api api = api_of({text("q")});
  ck_text_eq(bound_query(api, "q=%zz"), "invalid_parameter q is not correctly percent-encoded");
  ck_text_eq(bound_query(api, "q=%2"), "invalid_parameter q is not correctly percent-encoded");
  ck_text_eq(bound_query(api, "q=%ff"), "invalid_parameter q must be UTF-8 without NUL");
  ck_text_eq(bound_query(api, "q=a%00b"), "invalid_parameter q must be UTF-8 without NUL");
  ck_text_eq(bound_query(api_of({number("a")}), "a=1%00").substr(0, 20), "invalid_parameter a ");
}
END_TEST

START_TEST(parameters_that_nobody_declared_are_ignored) {
  ck_text_eq(bound_query(api_of({number("a")}), "z=%zz&a=1&A=2&y=%ff"), "1");
}
END_TEST

START_TEST(an_absent_optional_parameter_has_no_value) {
  const Api api = api_of({optional(number("a")), number("b"), optional(number("c")), optional(text("d"))});
  ck_text_eq(bound_query(api, "b=2"), "-,2,-,-");
  ck_text_eq(bound_query(api, "b=2&a=1"), "1,2,-,-");
  ck_text_eq(bound_query(api, "c=3&b=2"), "-,2,3,-");
  ck_text_eq(bound_query(api, "c=3&b=2&a=1"), "1,2,3,-");
  ck_text_eq(bound_query(api, "b=2&d="), "-,2,-,");
}
END_TEST

START_TEST(an_optional_parameter_is_checked_when_it_is_there) {
  ck_text_eq(bound_query(api_of({optional(number("a"))}), "a=x").substr(0, 20), "invalid_parameter a ");
  ck_text_eq(bound_query(api_of({optional(number("a"))}), "a").substr(0, 20), "invalid_parameter a ");
}
END_TEST

START_TEST(a_default_stands_in_for_an_absent_parameter_only) {
  const Api api = api_of({with_default(number("a"), "5")});
  ck_text_eq(bound_query(api, ""), "5");
  ck_text_eq(bound_query(api, "a=6"), "6");
  ck_text_eq(bound_query(api, "a=").substr(0, 20), "invalid_parameter a ");
  ck_text_eq(bound_query(api_of({with_default(text("a"), "")}), ""), "");
}
END_TEST

START_TEST(a_default_is_checked_like_a_caller_s_value) {
  ck_text_eq(bound_query(api_of({with_default(number("a"), "x")}), "").substr(0, 20), "invalid_parameter a ");
}
END_TEST

START_TEST(path_parameters_come_from_their_segments) {
  Api api = api_of({text("name", ParameterPlace::path), number("n")});
  api.parameters[1].place = ParameterPlace::path;
  api.path = "/v1/{n}/of/{name}";
  api.path_segments = {"v1", "{n}", "of", "{name}"};
  RequestData request;
  request.path = "/v1/12/of/a+b%20\xE4\xBD\xA0";
  request.query = "name=query&n=99";
  ck_text_eq(bound(api, request), "a+b%20\xE4\xBD\xA0,12");
  request.path = "/v1/x/of/y";
  ck_text_eq(bound(api, request).substr(0, 20), "invalid_parameter n ");
  request.path = "/v1/1/of/\xff";
  ck_text_eq(bound(api, request), "invalid_parameter name must be UTF-8 without NUL");
}
END_TEST

START_TEST(header_parameters_come_from_headers_in_any_case) {
  const Api api =
      api_of({text("X-City", ParameterPlace::header), optional(text("x-other", ParameterPlace::header))});
  const testing::Headers one = {{"x-city", "a%20b+c"}};
  const testing::Headers two = {{"X-CITY", "a"}, {"x-city", "b"}};
  const testing::Headers other = {{"X-Other", ""}, {"X-City", "\xff"}};
  const testing::Headers none;
  RequestData request;
  request.query = "X-City=query";
  request.headers = &one;
  ck_text_eq(bound(api, request), "a%20b+c,-");
  request.headers = &two;
  ck_text_eq(bound(api, request), "invalid_parameter X-City is given more than once");
  request.headers = &other;
  ck_text_eq(bound(api, request), "invalid_parameter X-City must be UTF-8 without NUL");
  request.headers = &none;
  ck_text_eq(bound(api, request), "missing_parameter X-City is required");
  request.headers = nullptr;
  ck_text_eq(bound(api, request), "missing_parameter X-City is required");
}
END_TEST

START_TEST(a_datetime_gets_its_zone_on_the_way) {
  Parameter at = parameter("at", ParameterType::datetime, ColumnType::timestamptz);
  at.time_zone = "Asia/Shanghai";
  ck_text_eq(bound_query(api_of({at}), "at=2025-01-31T08%3A00%3A00"), "2025-01-31T08:00:00 Asia/Shanghai");
  ck_text_eq(bound_query(api_of({at}), "at=2025-01-31T08:00:00%2B01:00"), "2025-01-31T08:00:00+01:00");
  ck_text_eq(bound_query(api_of({at}), "at=2025-01-31T08:00:00+01:00").substr(0, 21),
             "invalid_parameter at ");
}
END_TEST

START_TEST(no_memory_is_a_problem_never_a_crash) {
  const Api api = api_of({number("a"), text("b")});
  for (int left = 0; left < 3; ++left) {
    testing::ScarceArena arena(left);
    BoundValues values;
    RequestData request;
    request.query = "a=1&b=2";
    ck_assert(static_cast<bool>(bind_parameters(api, request, arena, values)));
  }
}
END_TEST

}  // namespace

START_TEST(values_of_the_gateway_follow_those_of_the_caller) {
  Api api = api_of({number("a")});
  InternalValue pad;
  pad.fixed = "same";
  api.internal = {InternalValue{}, pad};
  RequestData request;
  request.query = "a=5";
  BlockArena arena;
  BoundValues values;
  ck_assert(!bind_parameters(api, request, arena, values));
  ck_assert_str_eq(values.values[0], "5");
  ck_assert_ptr_null(values.values[1]);
  ck_assert_str_eq(values.values[2], "same");
  // Of a mask it is not optional: NULL would be the answer for every value.
  api.internal.push_back({InternalValue::Kind::mask_inner, ColumnType::bytea, nullptr});
  ck_assert(bind_parameters(api, request, arena, values).slug == Slug::internal_error);
  api.internal.pop_back();
  api.parameters.clear();
  ck_assert(!bind_parameters(api, request, arena, values));
  ck_assert_str_eq(values.values[1], "same");
}
END_TEST

TABLEGATE_SUITE("core_parameters", values_of_the_gateway_follow_those_of_the_caller,
                an_api_without_parameters_binds_nothing, values_stand_in_the_order_of_the_definition,
                values_are_decoded_once, the_first_problem_in_the_order_of_the_definition_is_told,
                a_repeated_parameter_is_refused_before_its_values_are_read,
                a_wrong_type_is_refused_with_what_is_expected, bad_encoding_utf8_and_nul_are_refused,
                parameters_that_nobody_declared_are_ignored, an_absent_optional_parameter_has_no_value,
                an_optional_parameter_is_checked_when_it_is_there,
                a_default_stands_in_for_an_absent_parameter_only, a_default_is_checked_like_a_caller_s_value,
                path_parameters_come_from_their_segments, header_parameters_come_from_headers_in_any_case,
                a_datetime_gets_its_zone_on_the_way, no_memory_is_a_problem_never_a_crash);
