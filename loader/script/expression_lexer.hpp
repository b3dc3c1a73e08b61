// The words of an expression: names, numbers, texts and operators, one after the
// other. Names of parameters may contain '.' and '-': the longest name that is known
// counts, so that user-id is one name where it is declared and else user minus id.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "script/expression_reader.hpp"
#include "script/scope.hpp"

namespace tablegate::loader {

struct ExpressionToken {
  enum class Kind { end, name, word, number, text, sign };

  Kind kind = Kind::end;
  size_t at = 0;           // byte of the expression
  std::string text;        // a word: of the grammar, as it is written (and, eq); a text: without its quotes
  ScopeName meaning = {};  // of a name

  bool is(std::string_view sign) const { return (kind == Kind::sign || kind == Kind::word) && text == sign; }
};

class ExpressionLexer {
 public:
  ExpressionLexer(std::string_view text, const Scope& scope, std::optional<ExpressionFault>& fault)
      : text_(text), scope_(scope), fault_(fault) {}

  // After a fault: the end.
  ExpressionToken next();
  // What follows a '.': letters, digits and '_'; empty if there is no such name. `at`: where it is.
  std::string member(size_t& at);
  // Only the first fault is kept.
  void fail(size_t at, std::string text);

 private:
  ExpressionToken name(size_t begin);
  ExpressionToken number(size_t begin);
  ExpressionToken quoted(size_t begin);
  ExpressionToken sign(size_t begin);
  bool escape(std::string& out);
  void skip_blanks();
  void unknown(size_t begin, std::string_view name);

  std::string_view text_;
  const Scope& scope_;
  std::optional<ExpressionFault>& fault_;
  size_t next_ = 0;
};

}  // namespace tablegate::loader
