// Scalars of YAML. Plain ones (without quotes) mean what the core schema of
// YAML 1.2 says (its chapter 10.3): null, true, false and numbers, everything
// else is a text, so that `no`, `on` and dates are texts. Written, a text is plain
// only if readers of YAML 1.1 take it for a text too.
#pragma once

#include <string>
#include <string_view>

#include "base/json_text.hpp"

namespace tablegate::loader {

// Empty: `value` is what the plain scalar means. Else why definitions cannot have it.
std::string read_plain_scalar(std::string_view text, JsonValue& value,
                              JsonDocument::AllocatorType& allocator);

// The plainest way to write a text that gives exactly this text when it is read.
enum class TextStyle { plain, quoted, block };
TextStyle style_of_text(std::string_view text);

}  // namespace tablegate::loader
