// The words of a SQL text with their places: what the parse tree does not have, such
// as where ORDER BY begins. Reads quotes, numbers and comments as PostgreSQL does with
// standard_conforming_strings on (manual, 4.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "script/sql_check.hpp"

namespace tablegate::loader {

struct SqlWord {
  enum class Kind : uint8_t { word, quoted, text, number, parameter, mark };

  Kind kind = Kind::mark;  // mark: one character of an operator or of punctuation
  size_t begin = 0, end = 0;
  size_t depth = 0;  // of parentheses and brackets around it
};

class SqlWords {
 public:
  // Comments, backticks and U&"names" are faults; a text without its end is left to the parser.
  static SqlWords read(const std::string& sql, std::vector<SqlFault>& faults);

  const std::vector<SqlWord>& all() const { return words_; }
  // Whether word `at` is this keyword, given in lower case.
  bool is(size_t at, std::string_view keyword) const;
  // The one that begins at this byte; null: none does.
  const SqlWord* beginning_at(size_t offset) const;
  // Whether the next word is `*`.
  bool is_star_behind(const SqlWord& word) const;
  // The byte of the last keyword at this depth that is no name (not after a dot or AS), followed by `next`
  // where that is not empty.
  std::optional<size_t> last(std::string_view keyword, size_t depth, std::string_view next = {}) const;

  std::optional<size_t> last_at_any_depth(std::string_view keyword) const;

 private:
  const std::string* sql_ = nullptr;
  std::vector<SqlWord> words_;
};

}  // namespace tablegate::loader
