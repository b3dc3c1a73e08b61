// core/problem: the table of errors and the bodies of error answers.
#include "core/answer/problem.hpp"

#include <jansson.h>

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

START_TEST(each_outcome_has_its_status_code_and_slug) {
  struct Row {
    Slug slug;
    unsigned status;
    unsigned code;
    const char* name;
    bool retry_after;
  };
  constexpr Row kRows[] = {
      {Slug::missing_parameter, 400, 1108110519, "missing_parameter", false},
      {Slug::invalid_parameter, 400, 400, "invalid_parameter", false},
      {Slug::missing_credential, 401, 401, "missing_credential", false},
      {Slug::invalid_credential, 401, 401, "invalid_credential", false},
      {Slug::expired_credential, 401, 401, "expired_credential", false},
      {Slug::consumer_not_authorized, 403, 403, "consumer_not_authorized", false},
      {Slug::api_not_found, 404, 404, "api_not_found", false},
      {Slug::method_not_allowed, 405, 405, "method_not_allowed", false},
      {Slug::queue_full, 429, 1108113002, "queue_full", true},
      {Slug::query_failed, 500, 1108110622, "query_failed", false},
      {Slug::database_unavailable, 503, 1108110703, "database_unavailable", true},
      {Slug::query_timeout, 504, 1108110583, "query_timeout", false},
  };
  for (const Row& row : kRows) {
    const ProblemKind& kind = problem_kind(row.slug);
    ck_assert(kind.slug == row.slug);
    ck_assert_uint_eq(kind.status, row.status);
    ck_assert_uint_eq(kind.code, row.code);
    ck_text_eq(kind.name, row.name);
    ck_assert(kind.retry_after == row.retry_after);
    ck_assert(!kind.message.empty());
  }
}
END_TEST

START_TEST(the_table_is_in_the_order_of_the_slugs) {
  for (size_t i = 0; i < static_cast<size_t>(Slug::count); ++i) {
    ck_assert(problem_kind(static_cast<Slug>(i)).slug == static_cast<Slug>(i));
  }
}
END_TEST

START_TEST(an_invalid_body_that_was_understood_is_422) {
  Problem problem = {Slug::invalid_body, "body", "must be one"};
  ck_assert_uint_eq(problem_kind(problem).status, 400);
  problem.understood = true;
  ck_assert_uint_eq(problem_kind(problem).status, 422);
  ck_assert_uint_eq(problem_kind(problem).code, 422);
  ck_assert(problem_kind(problem).slug == Slug::invalid_body);
  ck_text_eq(problem_kind(problem).name, "invalid_body");
  problem.slug = Slug::invalid_parameter;
  ck_assert_uint_eq(problem_kind(problem).status, 400);
}
END_TEST

START_TEST(a_problem_of_a_parameter_names_it) {
  ck_text_eq(problem_body({Slug::missing_parameter, "user_id", "is required"}, Envelope::tablegate, "r1"),
             R"({"data":null,"success":false,"errCode":1108110519,"error":"missing_parameter",)"
             R"("errMsg":"parameter user_id is required","requestId":"r1"})");
}
END_TEST

START_TEST(a_problem_without_words_has_the_table_s) {
  ck_text_eq(problem_body({Slug::api_not_found, {}, {}}, Envelope::tablegate, ""),
             R"({"data":null,"success":false,"errCode":404,"error":"api_not_found",)"
             R"("errMsg":"no API is published here","requestId":""})");
}
END_TEST

START_TEST(every_body_is_json_whatever_the_name_is) {
  for (size_t i = 1; i < static_cast<size_t>(Slug::count); ++i) {
    const std::string body =
        problem_body({static_cast<Slug>(i), "a\"b\\\n\xE4\xBD\xA0", {}}, Envelope::tablegate, "\"\x01");
    json_t* json = json_loadb(body.data(), body.size(), JSON_REJECT_DUPLICATES, nullptr);
    ck_assert_msg(json != nullptr, "%s", body.c_str());
    ck_assert(json_is_null(json_object_get(json, "data")));
    ck_assert(json_is_false(json_object_get(json, "success")));
    ck_text_eq(json_string_value(json_object_get(json, "requestId")), "\"\x01");
    ck_assert_uint_eq(json_object_size(json), 6);
    json_decref(json);
  }
}
END_TEST

START_TEST(every_problem_has_the_envelope_of_dataworks) {
  ck_text_eq(problem_body({Slug::missing_parameter, "user_id", "is required"}, Envelope::dataworks, "r1"),
             R"({"data":null,"errCode":1108110519,"errMsg":"parameter user_id is required",)"
             R"("requestId":"r1","apiLog":null})");
  ck_text_eq(
      server_problem_body(server_problem_kind(413, false), Envelope::dataworks, "r1"),
      R"({"data":null,"errCode":413,"errMsg":"the body is too large","requestId":"r1","apiLog":null})");
}
END_TEST

START_TEST(problem_details_come_before_the_members_of_the_envelope) {
  ck_text_eq(problem_body({Slug::missing_parameter, "user_id", "is required"}, Envelope::tablegate, "r1",
                          ErrorForm::problem_json),
             R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"parameter user_id is )"
             R"(required","data":null,"success":false,"errCode":1108110519,"error":"missing_parameter",)"
             R"("errMsg":"parameter user_id is required","requestId":"r1"})");
  ck_text_eq(server_problem_body(server_problem_kind(418, false), Envelope::dataworks, "r1",
                                 ErrorForm::problem_json),
             R"({"type":"about:blank","title":"Client Error","status":418,"detail":"the request was )"
             R"(refused","data":null,"errCode":418,"errMsg":"the request was refused","requestId":"r1",)"
             R"("apiLog":null})");
  for (size_t i = 1; i < static_cast<size_t>(Slug::count); ++i) {
    const std::string body =
        problem_body({static_cast<Slug>(i), "x", {}}, Envelope::tablegate, "", ErrorForm::problem_json);
    for (const char* const rest : {"\"Client Error\"", "\"Server Error\""})  // of statuses that are not ours
      ck_assert_msg(body.find(rest) == std::string::npos, "%s", body.c_str());
  }
}
END_TEST

START_TEST(pages_of_the_server_have_rows_too) {
  ck_text_eq(server_problem_kind(404, false).name, "api_not_found");
  ck_text_eq(server_problem_kind(400, false).name, "bad_request");
  ck_text_eq(server_problem_kind(400, true).name, "invalid_body");
  ck_assert(server_problem_kind(413, true).slug == Slug::body_too_large);
  ck_assert(server_problem_kind(429, false).slug == Slug::rate_limited);
  ck_assert(server_problem_kind(503, false).retry_after);
  // Statuses without a row of their own.
  ck_text_eq(server_problem_kind(418, false).name, "bad_request");
  ck_assert_uint_eq(server_problem_kind(418, false).code, 418);
  ck_assert(server_problem_kind(507, false).slug == Slug::internal_error);
  ck_text_eq(server_problem_body(server_problem_kind(418, false), Envelope::tablegate, "r1"),
             R"({"data":null,"success":false,"errCode":418,"error":"bad_request",)"
             R"("errMsg":"the request was refused","requestId":"r1"})");
}
END_TEST

START_TEST(none_is_no_problem) {
  ck_assert(!Problem{});
  ck_assert(static_cast<bool>(Problem{Slug::query_failed, {}, {}}));
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_problem", each_outcome_has_its_status_code_and_slug,
                the_table_is_in_the_order_of_the_slugs, an_invalid_body_that_was_understood_is_422,
                a_problem_of_a_parameter_names_it, a_problem_without_words_has_the_table_s,
                every_body_is_json_whatever_the_name_is, every_problem_has_the_envelope_of_dataworks,
                problem_details_come_before_the_members_of_the_envelope, pages_of_the_server_have_rows_too,
                none_is_no_problem);
