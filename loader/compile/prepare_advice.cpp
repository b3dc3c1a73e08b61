#include "compile/prepare_advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>
#include <utility>

#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

constexpr std::string_view kOperatorCharacters = "+-*/<>=~!@#%^&|`?";

// Types of columns, and the types of parameters that are compared with them.
constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
    {"bigint", "LONG"},      {"integer", "INT"},
    {"smallint", "INT"},     {"numeric", "DECIMAL"},
    {"real", "FLOAT"},       {"double precision", "DOUBLE"},
    {"boolean", "BOOLEAN"},  {"date", "DATE"},
    {"text", "STRING"},      {"character varying", "STRING"},
    {"character", "STRING"}, {"timestamp with time zone", "DATETIME"},
};

std::string_view declared_type(std::string_view sql_type) {
  for (const auto& [column, parameter] : kTypes)
    if (column == sql_type) return parameter;
  return {};
}

// "operator does not exist: LEFT SIGN RIGHT"
struct Operation {
  std::string_view left, sign, right;
};

std::optional<Operation> operation_of(std::string_view message) {
  constexpr std::string_view kBeginning = "operator does not exist: ";
  if (message.substr(0, kBeginning.size()) != kBeginning) return std::nullopt;
  message.remove_prefix(kBeginning.size());
  message = message.substr(0, message.find(" ("));
  const size_t begin = message.find_first_of(kOperatorCharacters);
  if (begin == 0 || begin == std::string_view::npos) return std::nullopt;
  const size_t end = std::min(message.find(' ', begin), message.size());
  return Operation{core::trimmed(message.substr(0, begin)), message.substr(begin, end - begin),
                   core::trimmed(message.substr(end))};
}

bool is_array(std::string_view type) {
  return type.size() > 2 && type.substr(type.size() - 2) == "[]";
}

class Advice {
 public:
  Advice(const std::string& sql, size_t at, const std::vector<PathValue>& values,
         const std::vector<RequestParameter>& parameters)
      : sql_(sql), at_(std::min(at, sql.size())), values_(values), parameters_(parameters) {}

  std::string of(const DatabaseError& error, std::string_view message) const {
    if (error.sqlstate == "42703" && sql_.substr(at_, 1) == "\"") {
      const std::string_view name = sql_.substr(at_ + 1, sql_.find('"', at_ + 1) - at_ - 1);
      return fmt::format("write '{}' for a text: names alone are in double quotes", name);
    }
    if (const std::optional<Operation> operation = operation_of(message)) return of_operation(*operation);
    const std::optional<size_t> placeholder = placeholder_at(at_);
    if (!placeholder) return {};
    constexpr std::string_view kMust = " must be type ";
    const size_t must = message.find(kMust);
    if (must == std::string_view::npos) return of_parameter(*placeholder, {});
    const std::string_view wanted = message.substr(must + kMust.size());
    return of_parameter(*placeholder, wanted.substr(0, wanted.find(',')));
  }

 private:
  std::string of_operation(const Operation& operation) const {
    const auto is_text = [](std::string_view type) { return type == "text" || type == "unknown"; };
    if (operation.sign == "+" && (is_text(operation.left) || is_text(operation.right)))
      return "write || to join texts";
    if (operation.sign.find("~~") != std::string_view::npos && !is_text(operation.left))
      return "LIKE compares texts: write COLUMN::text LIKE";
    if (const std::optional<size_t> right = placeholder_behind()) {
      if (is_array(operation.right) && !is_array(operation.left)) return of_list(*right, operation.left);
      return of_parameter(*right, operation.left);
    }
    if (const std::optional<size_t> left = placeholder_before()) {
      if (is_array(operation.left) && !is_array(operation.right)) return of_list(*left, operation.right);
      return of_parameter(*left, operation.right);
    }
    return {};
  }

  const RequestParameter& parameter(size_t number) const { return parameters_[values_[number].parameter]; }

  // A list that is compared as one value.
  std::string of_list(size_t number, std::string_view column) const {
    const RequestParameter& one = parameter(number);
    const std::string_view type = declared_type(column);
    std::string text = fmt::format("parameter {0} is a list: write IN (${{{0}}})", one.name);
    if (!type.empty() && type != one.type) text += fmt::format(", and set its type to {}_LIST", type);
    return text;
  }

  // `column`: the type that it is compared with, or that is required there; empty: not known.
  std::string of_parameter(size_t number, std::string_view column) const {
    const RequestParameter& one = parameter(number);
    const std::string_view type = declared_type(column);
    const std::string is = fmt::format("parameter {} is {}", one.name, one.type_text());
    if (type.empty() || type == one.type) return is + ": set another type, or write a cast";
    if (values_[number].item || one.takes_list())
      return fmt::format("{}: set its type to {}_LIST, or write a cast", is, type);
    return fmt::format("{}: set its type to {}, or write CAST(${{{}}} AS {})", is, type, one.name, column);
  }

  // The place in values_ of `$N` that begins here; nullopt: none does, or it is cast.
  std::optional<size_t> placeholder_at(size_t at) const {
    if (at >= sql_.size() || sql_[at] != '$') return std::nullopt;
    size_t number = 0, end = at + 1;
    while (end < sql_.size() && core::is_digit(sql_[end]) && number < 100000)
      number = number * 10 + static_cast<size_t>(sql_[end++] - '0');
    if (number < 1 || number > values_.size() || sql_.substr(end, 2) == "::") return std::nullopt;
    if (values_[number - 1].parameter >= parameters_.size() || !values_[number - 1].number.empty())
      return std::nullopt;
    return number - 1;
  }

  // Behind the operator, and behind ANY( or IN (.
  std::optional<size_t> placeholder_behind() const {
    size_t at = at_;
    const auto is_letter = [this](size_t place) {
      return place < sql_.size() && std::isalpha(static_cast<unsigned char>(sql_[place])) != 0;
    };
    while (at < sql_.size() && kOperatorCharacters.find(sql_[at]) != std::string_view::npos) ++at;
    while (at < sql_.size() && (sql_[at] == ' ' || sql_[at] == '\n' || sql_[at] == '(' || is_letter(at))) {
      const size_t begin = at++;
      while (is_letter(begin) && is_letter(at)) ++at;
      const std::string word = core::to_lower(sql_.substr(begin, at - begin));
      if (is_letter(begin) && word != "not" && word != "in" && word != "any" && word != "all" &&
          word != "between")
        return std::nullopt;
    }
    return placeholder_at(at);
  }

  std::optional<size_t> placeholder_before() const {
    size_t end = at_;
    while (end > 0 && (sql_[end - 1] == ' ' || sql_[end - 1] == '\n' || sql_[end - 1] == ')')) --end;
    size_t at = end;
    while (at > 0 && core::is_digit(sql_[at - 1])) --at;
    return at > 0 && at < end ? placeholder_at(at - 1) : std::nullopt;
  }

  std::string_view sql_;
  size_t at_;
  const std::vector<PathValue>& values_;
  const std::vector<RequestParameter>& parameters_;
};

}  // namespace

std::string advised(const DatabaseError& error, const std::string& sql, size_t at,
                    const std::vector<PathValue>& values, const std::vector<RequestParameter>& parameters) {
  const std::string message = error.what();
  const std::string advice = Advice(sql, at, values, parameters).of(error, message);
  if (advice.empty()) return message;
  // PostgreSQL's own hint is a general one.
  return message.substr(0, message.find(" (No operator matches")) + "; " + advice;
}

}  // namespace tablegate::loader
