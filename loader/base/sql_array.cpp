#include "base/sql_array.hpp"

#include <charconv>
#include <utility>

#include "base/refusal.hpp"

namespace tablegate::loader {

void SqlArray::add(std::string_view value) {
  if (text_.size() > 1) text_ += ',';
  text_ += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
}

void SqlArray::add_or_null(const std::optional<std::string>& value) {
  if (value) return add(*value);
  text_ += text_.size() > 1 ? ",NULL" : "NULL";
}

std::string SqlArray::take() {
  text_ += '}';
  return std::exchange(text_, "{");
}

std::string sql_array(const std::vector<std::string>& values) {
  SqlArray array;
  for (const std::string& value : values) array.add(value);
  return array.take();
}

std::vector<int64_t> read_number_array(std::string_view text) {
  std::vector<int64_t> numbers;
  if (text.empty() || text == "{}") return numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end && *at != '}') {
    int64_t number = 0;
    const auto [stop, error] = std::from_chars(at + 1, end, number);  // behind '{' or ','
    if (error != std::errc{} || stop == end || (*stop != ',' && *stop != '}'))
      throw SystemFailure("PostgreSQL answered \"" + std::string(text.substr(0, 40)) +
                          "\" where an array of numbers was expected");
    numbers.push_back(number);
    at = stop;
  }
  return numbers;
}

}  // namespace tablegate::loader
