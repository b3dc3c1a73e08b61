#include "core/plan/statement.hpp"

namespace tablegate::core {

std::string mirror_relation(std::string_view name) {
  return "\"mirror\"." + quote_identifier(name);
}

std::string quote_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  quoted += '"';
  return quoted;
}

}  // namespace tablegate::core
