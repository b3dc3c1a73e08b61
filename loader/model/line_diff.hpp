// The lines in which two texts of several lines differ, such as two scripts of an API.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/definition_diff.hpp"

namespace tablegate::loader {

struct LineChange {
  char mark = '-';  // - of the first text, + of the second one
  size_t line = 0;  // in its text, from 1
  std::string_view text;
};

// In the order of the texts, which live as long as the result.
std::vector<LineChange> diff_lines(std::string_view from, std::string_view to);

// The same of two JSON strings of which one has several lines, as people read it: "- /sql:2: WHERE a = 1".
// Empty: the values are of another kind.
std::vector<std::string> line_changes(const FieldChange& change);

}  // namespace tablegate::loader
