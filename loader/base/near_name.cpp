#include "base/near_name.hpp"

#include <algorithm>

namespace tablegate::loader {

size_t letters_apart(std::string_view one, std::string_view other) {
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

bool is_near(std::string_view text, std::string_view name) {
  const size_t allowed = std::min<size_t>(2, (name.size() - std::min<size_t>(name.size(), 1)) / 2);
  const size_t longer = std::max(text.size(), name.size());
  if (longer - std::min(text.size(), name.size()) > allowed) return false;
  return letters_apart(text, name) <= allowed;
}

std::string nearest_name(std::string_view text, const std::vector<std::string>& names) {
  std::string nearest;
  size_t least = SIZE_MAX;
  for (const std::string& name : names) {
    if (!is_near(text, name)) continue;
    const size_t apart = letters_apart(text, name);
    if (apart >= least) continue;
    least = apart;
    nearest = name;
  }
  return nearest;
}

}  // namespace tablegate::loader
