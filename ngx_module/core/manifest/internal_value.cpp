#include "core/manifest/internal_value.hpp"

#include <array>

namespace tablegate::core {

namespace {

// In the order of InternalValue::Kind.
constexpr std::array<std::string_view, kInternalValueKinds> kNames = {
    "page_rows", "page_offset", "page_total", "cursor_key", "mask_inner", "mask_outer"};

}  // namespace

std::optional<InternalValue::Kind> parse_internal_value(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<InternalValue::Kind>(i);
  }
  return std::nullopt;
}

std::string_view internal_value_name(InternalValue::Kind kind) {
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace tablegate::core
