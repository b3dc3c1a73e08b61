// The header traceparent (W3C Trace Context, level 1, https://www.w3.org/TR/trace-context-1/):
// VERSION-TRACE-PARENT-FLAGS, all of lower-case hexadecimal digits. What is not
// exactly so is no trace context: nothing is taken from it and nothing is made up.
#pragma once

#include <string_view>

namespace tablegate::core {

// The trace id of 32 digits, within `traceparent`. Empty: the value is not valid. Versions after 00 may have
// more after the flags, but the beginning has to be as in 00.
std::string_view trace_id_of(std::string_view traceparent);

}  // namespace tablegate::core
