#include "source/csv/csv_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/near_name.hpp"
#include "core/text/ascii.hpp"
#include "core/text/utf8.hpp"
#include "source/time_text.hpp"

namespace tablegate::loader {
namespace {

bool is_one_of(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// Begins with a digit, perhaps behind a sign or a point.
bool is_number_or_date(const std::string& field) {
  const size_t at = field.find_first_not_of(" +-.");
  return at != std::string::npos && core::is_digit(field[at]);
}

}  // namespace

bool is_header(const std::vector<std::string>& fields, const std::vector<std::string>& columns) {
  if (columns.size() < 2 || fields.size() != columns.size()) return false;
  return std::all_of(fields.begin(), fields.end(), [&columns](const std::string& text) {
    return is_one_of(columns, core::to_lower(text));
  });
}

bool is_nearly_header(const std::vector<std::string>& fields, const std::vector<std::string>& columns) {
  const bool names = std::all_of(fields.begin(), fields.end(), [](const std::string& field) {
    return core::valid_text(field) && !is_number_or_date(field);
  });
  if (!names) return false;
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string name = core::to_lower(fields[i]);
    if (is_one_of(columns, name) || (i < columns.size() && is_near(name, columns[i]))) return true;
  }
  return false;
}

std::string unknown_names(const std::vector<std::string>& fields, const std::vector<std::string>& columns) {
  std::vector<std::string> missing;
  for (const std::string& column : columns) {
    const bool named = std::any_of(fields.begin(), fields.end(), [&column](const std::string& field) {
      return core::to_lower(field) == column;
    });
    if (!named) missing.push_back(column);
  }
  std::string all;
  for (const std::string& field : fields) {
    const std::string name = core::to_lower(field);
    if (is_one_of(columns, name)) continue;
    all += (all.empty() ? "" : ", ") + shown_value(field) + did_you_mean(name, missing);
  }
  return all;
}

std::string other_delimiter(const std::string& record, size_t fields, size_t columns,
                            const std::string& delimiter) {
  if (fields >= columns) return {};
  constexpr std::pair<char, const char*> kOthers[] = {
      {';', ";"}, {'\t', "\\t"}, {'|', "|"}, {',', ","}, {'\1', "\\x01"}};
  for (const auto& [byte, typed] : kOthers) {
    const auto count = static_cast<size_t>(std::count(record.begin(), record.end(), byte));
    if (std::string(1, byte) != delimiter && count + 1 == columns) return typed;
  }
  return {};
}

}  // namespace tablegate::loader
