#include "base/near_name.hpp"

#include <algorithm>

#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

// The characters of UTF-8; other bytes count as one each.
std::vector<std::string_view> letters_of(std::string_view text) {
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  std::vector<std::string_view> letters;
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    while (end < text.size() && continues(text[end])) ++end;
    letters.push_back(text.substr(at, end - at));
    at = end;
  }
  return letters;
}

size_t apart(const std::vector<std::string_view>& one, const std::vector<std::string_view>& other) {
  std::vector<size_t> before(other.size() + 1);  // two rows up
  std::vector<size_t> above(other.size() + 1);
  std::vector<size_t> row(other.size() + 1);
  for (size_t j = 0; j <= other.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= one.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= other.size(); ++j) {
      const size_t other_letter = one[i - 1] == other[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + other_letter});
      if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[other.size()];
}

size_t common_prefix(std::string_view one, std::string_view other) {
  size_t size = 0;
  while (size < std::min(one.size(), other.size()) && one[size] == other[size]) ++size;
  return size;
}

// What other languages call the words of definitions, in lower case.
struct OtherWord {
  std::string_view typed, name;
};
constexpr OtherWord kOtherWords[] = {{"<>", "!="},
                                     {"==", "="},
                                     {"=>", ">="},
                                     {"=<", "<="},
                                     {"ascending", "asc"},
                                     {"descending", "desc"},
                                     {"bigint", "LONG"},
                                     {"int64", "LONG"},
                                     {"integer", "INT"},
                                     {"smallint", "INT"},
                                     {"int32", "INT"},
                                     {"varchar", "STRING"},
                                     {"text", "STRING"},
                                     {"bool", "BOOLEAN"},
                                     {"numeric", "DECIMAL"},
                                     {"number", "DECIMAL"},
                                     {"timestamp", "DATETIME"},
                                     {"timestamptz", "DATETIME"},
                                     {"real", "FLOAT"},
                                     {"pagesize", "default_size"}};

bool has_name(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

size_t letters_apart(std::string_view one, std::string_view other) {
  return apart(letters_of(one), letters_of(other));
}

bool is_near(std::string_view text, std::string_view name) {
  const std::vector<std::string_view> typed = letters_of(text);
  const std::vector<std::string_view> meant = letters_of(name);
  const size_t allowed = std::min<size_t>(2, (meant.size() - std::min<size_t>(meant.size(), 1)) / 2);
  const size_t longer = std::max(typed.size(), meant.size());
  if (longer - std::min(typed.size(), meant.size()) > allowed) return false;
  return apart(typed, meant) <= allowed;
}

std::string nearest_name(std::string_view text, const std::vector<std::string>& names) {
  const std::string typed = core::to_lower(text);
  for (const OtherWord& other : kOtherWords) {
    if (typed == other.typed && has_name(names, other.name)) return std::string(other.name);
  }
  std::string nearest;
  size_t least = SIZE_MAX;
  size_t prefix = 0;
  for (const std::string& name : names) {
    const std::string lower = core::to_lower(name);
    if (typed != lower && !is_near(typed, lower)) continue;
    const size_t letters = letters_apart(typed, lower);
    const size_t same = common_prefix(typed, lower);
    if (letters > least || (letters == least && same <= prefix)) continue;
    least = letters;
    prefix = same;
    nearest = name;
  }
  return nearest;
}

std::string did_you_mean(std::string_view text, const std::vector<std::string>& names) {
  const std::string near = nearest_name(text, names);
  return near.empty() ? std::string() : " (did you mean \"" + near + "\"?)";
}

}  // namespace tablegate::loader
