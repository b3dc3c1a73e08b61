// core/trace_context: traceparent of W3C Trace Context, level 1.
#include "core/call/trace_context.hpp"

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kGood = std::string("00-") + kTrace + "-00f067aa0ba902b7-01";

START_TEST(the_trace_id_of_a_valid_value) {
  ck_text_eq(trace_id_of(kGood), kTrace);
  ck_text_eq(trace_id_of("00-00000000000000000000000000000001-0000000000000001-ff"),
             "00000000000000000000000000000001");
}
END_TEST

// Each position takes exactly what the form has there.
START_TEST(every_position) {
  for (size_t at = 0; at < kGood.size(); ++at) {
    const bool dash = kGood[at] == '-';
    for (unsigned byte = 0; byte < 256; ++byte) {
      std::string text = kGood;
      text[at] = static_cast<char>(byte);
      const bool hex = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
      const bool good = dash ? byte == '-' : hex;
      ck_assert_msg(!trace_id_of(text).empty() == good, "byte %u at %zu", byte, at);
    }
  }
}
END_TEST

START_TEST(every_length) {
  for (size_t size = 0; size < kGood.size(); ++size)
    ck_text_eq(trace_id_of(std::string_view(kGood).substr(0, size)), "");
  ck_text_eq(trace_id_of(kGood + "-"), "");
  ck_text_eq(trace_id_of(kGood + "-more"), "");
  ck_text_eq(trace_id_of(kGood + " "), "");
}
END_TEST

START_TEST(ids_of_zeros_are_none) {
  ck_text_eq(trace_id_of("00-00000000000000000000000000000000-00f067aa0ba902b7-01"), "");
  ck_text_eq(trace_id_of(std::string("00-") + kTrace + "-0000000000000000-01"), "");
}
END_TEST

START_TEST(later_versions_may_have_more) {
  const std::string later = "cc" + kGood.substr(2);
  ck_text_eq(trace_id_of(later), kTrace);
  ck_text_eq(trace_id_of(later + "-what-ever"), kTrace);
  ck_text_eq(trace_id_of(later + "."), "");
  ck_text_eq(trace_id_of("ff" + kGood.substr(2)), "");
  ck_text_eq(trace_id_of("fe" + kGood.substr(2)), kTrace);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_trace_context", the_trace_id_of_a_valid_value, every_position, every_length,
                ids_of_zeros_are_none, later_versions_may_have_more);
