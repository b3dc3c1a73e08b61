#include "core/plan/statement.hpp"

#include <algorithm>
#include <iterator>

namespace tablegate::core {

namespace {

std::string quote(std::string_view text, char mark) {
  std::string quoted(1, mark);
  for (const char c : text) {
    if (c == mark) quoted += mark;
    quoted += c;
  }
  return quoted + mark;
}

}  // namespace

size_t origin_at(const std::vector<OriginMark>& origins, size_t offset) {
  const auto after = std::upper_bound(origins.begin(), origins.end(), offset,
                                      [](size_t at, const OriginMark& mark) { return at < mark.at; });
  if (after == origins.begin()) return 0;
  const OriginMark& mark = *std::prev(after);
  return mark.origin == 0 ? 0 : mark.origin + (offset - mark.at);
}

std::string mirror_relation(std::string_view name) {
  return "\"mirror\"." + quote_identifier(name);
}

std::string quote_identifier(std::string_view name) {
  return quote(name, '"');
}

std::string quote_literal(std::string_view text) {
  return quote(text, '\'');
}

}  // namespace tablegate::core
