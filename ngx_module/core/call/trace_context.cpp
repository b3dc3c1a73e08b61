#include "core/call/trace_context.hpp"

#include <algorithm>

namespace tablegate::core {

namespace {

// Of the four fields: where they begin and how many digits they have.
constexpr size_t kTrace = 3;
constexpr size_t kTraceDigits = 32;
constexpr size_t kParent = 36;
constexpr size_t kParentDigits = 16;
constexpr size_t kFlags = 53;
constexpr size_t kSize = 55;

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// All zeros are no id.
bool is_id(std::string_view text) {
  return is_lower_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

std::string_view trace_id_of(std::string_view traceparent) {
  if (traceparent.size() < kSize) return {};
  const std::string_view version = traceparent.substr(0, 2);
  const std::string_view trace = traceparent.substr(kTrace, kTraceDigits);
  const bool good = is_lower_hex(version) && version != "ff" && traceparent[kTrace - 1] == '-' &&
                    is_id(trace) && traceparent[kParent - 1] == '-' &&
                    is_id(traceparent.substr(kParent, kParentDigits)) && traceparent[kFlags - 1] == '-' &&
                    is_lower_hex(traceparent.substr(kFlags, kSize - kFlags));
  if (!good) return {};
  if (traceparent.size() == kSize) return trace;
  return version != "00" && traceparent[kSize] == '-' ? trace : std::string_view();
}

}  // namespace tablegate::core
