#include "base/yaml_scalar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

constexpr std::array<std::string_view, 4> kNull = {"null", "Null", "NULL", "~"};
constexpr std::array<std::string_view, 3> kTrue = {"true", "True", "TRUE"};
constexpr std::array<std::string_view, 3> kFalse = {"false", "False", "FALSE"};
constexpr std::array<std::string_view, 6> kNoNumber = {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"};
// In any case; YAML 1.1 reads the last six as booleans.
constexpr std::array<std::string_view, 9> kReserved = {"null", "true", "false", "yes", "no",
                                                       "on",   "off",  "y",     "n"};

template <class List>
bool lists(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// The number of digits at the beginning, which are removed.
size_t skip_digits(std::string_view& text) {
  size_t count = 0;
  while (count < text.size() && core::is_digit(text[count])) ++count;
  text.remove_prefix(count);
  return count;
}

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return text;
}

bool is_integer(std::string_view text) {
  text = without_sign(text);
  return skip_digits(text) > 0 && text.empty();
}

bool is_decimal(std::string_view text) {
  text = without_sign(text);
  size_t digits = skip_digits(text);
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    digits += skip_digits(text);
  }
  if (digits == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text = without_sign(text.substr(1));
  return skip_digits(text) > 0 && text.empty();
}

// The whole text as a number of this type.
template <class Number, class... Format>
bool convert(std::string_view text, Number& number, Format... format) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, format...);
  return error == std::errc() && stop == end;
}

std::string read_number(std::string_view text, JsonValue& value) {
  if (text[0] == '+') text.remove_prefix(1);
  uint64_t whole = 0;
  int64_t negative = 0;
  double real = 0;
  // As in JSON: a larger integer is a double, which json_faults() reports.
  if (is_integer(text) && convert(text, whole)) {
    value.SetUint64(whole);
  } else if (is_integer(text) && convert(text, negative)) {
    value.SetInt64(negative);
  } else if (convert(text, real)) {
    value.SetDouble(real);
  } else {
    return "a number of this size is not kept exactly: write it in quotes";
  }
  return {};
}

// 0o17 and 0x1F.
bool is_based(std::string_view text) {
  const std::string_view digits = text.substr(std::min<size_t>(2, text.size()));
  if (digits.empty() || text[0] != '0' || (text[1] != 'o' && text[1] != 'x')) return false;
  return std::all_of(digits.begin(), digits.end(),
                     [&](char c) { return text[1] == 'o' ? c >= '0' && c <= '7' : core::hex_value(c) >= 0; });
}

std::string read_based(std::string_view text, JsonValue& value) {
  uint64_t whole = 0;
  if (!convert(text.substr(2), whole, text[1] == 'o' ? 8 : 16))
    return "a number of this size is not kept exactly: write it in quotes";
  value.SetUint64(whole);
  return {};
}

// A byte that begins or continues a line break other than LF (NEL, LS, PS, CR), or a byte order mark.
bool breaks_lines(std::string_view text) {
  constexpr std::array<std::string_view, 5> kBreaks = {"\r", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9",
                                                       "\xEF\xBB\xBF"};
  return std::any_of(kBreaks.begin(), kBreaks.end(),
                     [text](std::string_view one) { return text.find(one) != std::string_view::npos; });
}

// As a block scalar: whole lines, none with blanks at its end, and the first one gives the indentation.
bool fits_block(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n'; };
  if (is_space(text.front())) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool line_ends = i + 1 == text.size() || text[i + 1] == '\n';
    if (line_ends && (text[i] == ' ' || text[i] == '\t')) return false;
  }
  return text.size() < 2 || text.substr(text.size() - 2) != "\n\n";
}

}  // namespace

std::string read_plain_scalar(std::string_view text, JsonValue& value,
                              JsonDocument::AllocatorType& allocator) {
  if (text.empty() || lists(kNull, text)) {
    value.SetNull();
  } else if (lists(kTrue, text) || lists(kFalse, text)) {
    value.SetBool(lists(kTrue, text));
  } else if (lists(kNoNumber, without_sign(text))) {
    return fmt::format("{} is not a number that a definition can have", text);
  } else if (is_decimal(text)) {
    return read_number(text, value);
  } else if (is_based(text)) {
    return read_based(text, value);
  } else {
    value.SetString(text.data(), static_cast<rapidjson::SizeType>(text.size()), allocator);
  }
  return {};
}

TextStyle style_of_text(std::string_view text) {
  if (text.empty() || breaks_lines(text)) return TextStyle::quoted;
  if (text.find('\n') != std::string_view::npos)
    return fits_block(text) ? TextStyle::block : TextStyle::quoted;
  // Numbers, dates and the signs of YAML begin otherwise.
  const char first = text.front();
  const bool begins_well =
      core::is_letter(first) || first == '_' || first == '/' || static_cast<unsigned char>(first) >= 0x80U;
  if (!begins_well || text.find('\t') != std::string_view::npos) return TextStyle::quoted;
  return lists(kReserved, core::to_lower(text)) ? TextStyle::quoted : TextStyle::plain;
}

}  // namespace tablegate::loader
