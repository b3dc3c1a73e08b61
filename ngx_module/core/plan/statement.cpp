#include "core/plan/statement.hpp"

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
