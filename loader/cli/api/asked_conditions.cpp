#include "cli/api/asked_conditions.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <vector>

#include "base/near_name.hpp"
#include "base/refusal.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

// An operator is listed before those that its own text ends with.
constexpr std::array<Comparison, 10> kLongestFirst = {
    Comparison::not_equal, Comparison::less_or_equal, Comparison::greater_or_equal,
    Comparison::equal,     Comparison::less,          Comparison::greater,
    Comparison::not_like,  Comparison::like,          Comparison::not_in,
    Comparison::in};

constexpr std::string_view kSigns = "=!<>~";
constexpr size_t kPatternCharacters = 3;

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// What is before the operator at the end of `text`; nothing where it does not end so. Words need a blank
// before them.
std::optional<std::string_view> before_operator(std::string_view text, Comparison comparison) {
  const std::string_view name = comparison_text(comparison);
  if (text.size() < name.size() || !core::same_in_any_case(text.substr(text.size() - name.size()), name))
    return std::nullopt;
  text.remove_suffix(name.size());
  if (core::is_letter(name.front()) && (text.empty() || text.back() != ' ')) return std::nullopt;
  return without_blanks(text);
}

// Where the operator begins in a text whose operator is unknown: its last signs, or its last word.
size_t last_operator(std::string_view text) {
  const size_t signs = text.find_last_not_of(kSigns);
  if (signs == std::string_view::npos) return 0;
  if (signs + 1 < text.size()) return signs + 1;
  const size_t blank = text.find_last_of(' ');
  return blank == std::string_view::npos ? text.size() : blank + 1;
}

Hint where_hint() {
  return Hint::command({"api", "generate", "--help"});
}

// Forms of SQL that a condition does not have, with what to write.
void reject_sql_form(const std::string& text, std::string_view left) {
  std::string form;
  if (!left.empty() && left.back() == '(') form = "a list has no parentheses: write 'COLUMN IN :ids'";
  if (core::to_lower(left).find(" between ") != std::string::npos)
    form = "BETWEEN is two conditions: write --where 'COLUMN>=:least' --where 'COLUMN<=:most'";
  if (!form.empty()) throw WrongUsage(fmt::format("--where \"{}\": {}", text, form), where_hint());
}

// "age desc": as SQL writes it.
void reject_blank_order(const std::string& text, const TableInfo& table) {
  const size_t blank = text.find(' ');
  if (blank == std::string::npos || table.find(text.substr(0, blank)) == nullptr) return;
  const std::string_view direction = without_blanks(std::string_view(text).substr(blank));
  if (core::same_in_any_case(direction, "asc") || core::same_in_any_case(direction, "desc"))
    throw WrongUsage(
        fmt::format("--order \"{}\": write {}:{}", text, text.substr(0, blank), core::to_lower(direction)),
        where_hint());
}

// Throws what is wrong with a text that has no column of the table before a known operator.
[[noreturn]] void reject_condition(const std::string& text, std::string_view left, const TableInfo& table) {
  reject_sql_form(text, left);
  const std::string given(left.substr(last_operator(left)));
  std::vector<std::string> known;
  for (const Comparison comparison : kLongestFirst) {
    known.emplace_back(comparison_text(comparison));
    const std::string_view last_word = std::string_view(known.back()).substr(known.back().rfind(' ') + 1);
    const auto column = before_operator(left, comparison);
    if (column && core::same_in_any_case(last_word, given)) require_column(table, std::string(*column));
  }
  const std::string fault = given.empty()
                                ? "has no operator"
                                : fmt::format("\"{}\" is no operator{}", given, did_you_mean(given, known));
  throw WrongUsage(fmt::format("--where \"{}\": {}; use one of {}", text, fault, fmt::join(known, ", ")),
                   where_hint());
}

}  // namespace

const TableColumn& require_column(const TableInfo& table, const std::string& name) {
  const TableColumn* const column = table.find(name);
  if (column != nullptr) return *column;
  throw Refused(fmt::format("table \"{}\" has no column \"{}\"{}", table.name, name,
                            did_you_mean(name, column_names(table.columns))),
                Hint::command({"table", "columns", table.name}));
}

AskedCondition read_asked_condition(const std::string& text, const TableInfo& table) {
  const size_t colon = text.find_last_of(':');
  AskedCondition condition;
  std::string_view name;
  if (colon != std::string::npos) name = without_blanks(std::string_view(text).substr(colon + 1));
  if (!name.empty() && name.back() == '?') {
    condition.required = false;
    name.remove_suffix(1);
  }
  if (name.empty()) {
    throw WrongUsage(fmt::format("--where \"{}\": requires COLUMN, an operator and :PARAMETER, for example "
                                 "'age>=:min_age' or 'name LIKE :pattern'",
                                 text),
                     where_hint());
  }
  condition.name = name;
  const std::string_view left = without_blanks(std::string_view(text).substr(0, colon));
  for (const Comparison comparison : kLongestFirst) {
    const auto column = before_operator(left, comparison);
    if (!column || table.find(std::string(*column)) == nullptr) continue;
    condition.column = *column;
    condition.comparison = comparison;
    return condition;
  }
  reject_condition(text, left, table);
}

SortColumn read_asked_order(const std::string& text, const TableInfo& table) {
  const size_t colon = text.find_last_of(':');
  if (table.find(text) == nullptr) reject_blank_order(text, table);
  if (table.find(text) != nullptr || colon == std::string::npos)
    return {require_column(table, text).name, false};
  const std::string direction = text.substr(colon + 1);
  const bool descending = core::same_in_any_case(direction, "desc");
  if (!descending && !core::same_in_any_case(direction, "asc")) {
    throw WrongUsage(fmt::format("--order \"{}\": \"{}\" is no direction{}; use COLUMN:asc or COLUMN:desc",
                                 text, direction, did_you_mean(direction, {"asc", "desc"})),
                     where_hint());
  }
  return {require_column(table, text.substr(0, colon)).name, descending};
}

std::string sample_pattern(std::string_view value) {
  std::string pattern;
  size_t characters = 0;
  for (const char c : value) {
    const bool begins = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // a character of UTF-8
    if (begins && ++characters > kPatternCharacters) break;
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

}  // namespace tablegate::loader
