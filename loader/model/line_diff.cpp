#include "model/line_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/json_text.hpp"

namespace tablegate::loader {
namespace {

// Of the lines between the first and the last that differ. More pairs of them are not compared: then all
// lines of both are changes.
constexpr size_t kMaxPairs = 4000000;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::optional<std::string> string_of(const std::string& json) {
  JsonDocument document;
  if (!parse_json(json, document).empty() || !document.IsString()) return std::nullopt;
  return std::string(json_string(document));
}

// How many lines the longest common part of the rest has, from each pair of places on.
class CommonLines {
 public:
  using Lines = std::vector<std::string_view>;

  CommonLines(const Lines& from, const Lines& to)
      : width_(to.size() + 1), lengths_(width_ * (from.size() + 1), 0) {
    for (size_t i = from.size(); i-- > 0;) {
      for (size_t j = to.size(); j-- > 0;)
        lengths_[i * width_ + j] =
            from[i] == to[j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  uint32_t at(size_t i, size_t j) const { return lengths_[i * width_ + j]; }

 private:
  size_t width_;
  std::vector<uint32_t> lengths_;
};

}  // namespace

std::vector<LineChange> diff_lines(std::string_view from, std::string_view to) {
  std::vector<std::string_view> old = lines_of(from), now = lines_of(to);
  size_t first = 0;
  while (first < old.size() && first < now.size() && old[first] == now[first]) ++first;
  while (old.size() > first && now.size() > first && old.back() == now.back()) {
    old.pop_back();
    now.pop_back();
  }
  old.erase(old.begin(), old.begin() + static_cast<std::ptrdiff_t>(first));
  now.erase(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(first));
  const bool compared = old.size() * now.size() <= kMaxPairs;
  const CommonLines common(compared ? old : std::vector<std::string_view>(),
                           compared ? now : std::vector<std::string_view>());
  std::vector<LineChange> changes;
  size_t i = 0, j = 0;
  while (i < old.size() || j < now.size()) {
    if (compared && i < old.size() && j < now.size() && old[i] == now[j]) {
      ++i;
      ++j;
    } else if (i < old.size() &&
               (j == now.size() || !compared || common.at(i + 1, j) >= common.at(i, j + 1))) {
      changes.push_back({'-', first + i + 1, old[i]});
      ++i;
    } else {
      changes.push_back({'+', first + j + 1, now[j]});
      ++j;
    }
  }
  return changes;
}

std::vector<std::string> line_changes(const FieldChange& change) {
  const std::optional<std::string> from = string_of(change.from), to = string_of(change.to);
  const auto several = [](const std::optional<std::string>& text) {
    return text && text->find('\n') != std::string::npos;
  };
  if (!from || !to || (!several(from) && !several(to))) return {};
  std::vector<std::string> lines;
  for (const LineChange& one : diff_lines(*from, *to))
    lines.push_back(fmt::format("{} {}:{}: {}", one.mark, change.field, one.line, one.text));
  return lines;
}

}  // namespace tablegate::loader
