#include "source/partition_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/refusal.hpp"
#include "core/text/ascii.hpp"
#include "model/ddl_lexer.hpp"

namespace tablegate::loader {

std::vector<std::pair<std::string, std::string>> split_partition(const std::string& text,
                                                                 const std::string& next) {
  std::vector<std::pair<std::string, std::string>> parts;
  const auto refuse = [&](const std::string& reason) {
    throw Refused(fmt::format("--partition {}: {}", text, reason), Hint::again().replace(text, next));
  };
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find_first_of(",/", at), text.size());
    const std::string part = text.substr(at, end - at);
    at = end + 1;
    const size_t equals = part.find('=');
    if (equals == std::string::npos) refuse(fmt::format("\"{}\" is not NAME=VALUE", part));
    std::string value = part.substr(equals + 1);
    if (value.size() >= 2 && (value[0] == '\'' || value[0] == '"') && value.back() == value[0])
      value = value.substr(1, value.size() - 2);
    const std::string name = core::to_lower(part.substr(0, equals));
    if (value.empty()) refuse(fmt::format("\"{}\" has no value", name));
    parts.emplace_back(name, value);
  }
  return parts;
}

std::string partition_text(const PartitionValues& partition) {
  std::string text;
  for (const auto& [name, value] : partition)
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, value);
  return text;
}

}  // namespace tablegate::loader
