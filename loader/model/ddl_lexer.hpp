// Cuts MaxCompute's SQL into tokens with their places. Owned by the DDL parser;
// views point into the text given, which must outlive the lexer. Never looks
// back, never recurses: any bytes end in a token or in a Refused.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tablegate::loader {

struct DdlToken {
  enum class Kind { word, quoted_name, string, symbol, end } kind = Kind::end;
  std::string text;  // decoded: a quoted name or string without its quotes and escapes
  size_t line = 1;
  size_t column = 1;  // in characters
  size_t begin = 0;   // its bytes in the text
  size_t end = 0;

  bool is_symbol(char c) const { return kind == Kind::symbol && text.size() == 1 && text[0] == c; }
  // A bare word, in any case. `upper` is in upper case.
  bool is_word(std::string_view upper) const;
};

class DdlLexer {
 public:
  // Throws Refused when the text is not UTF-8 or holds NUL.
  explicit DdlLexer(std::string_view text);

  // The text from one offset to another, as tokens have them.
  std::string_view between(size_t begin, size_t end) const { return text_.substr(begin, end - begin); }

  // The next token; Kind::end for ever after the last. Throws Refused for an open quote or comment.
  DdlToken next();

 private:
  void advance();
  void skip_blanks();
  bool skip_comment();
  void read_quoted(char quote, DdlToken& token);
  char read_escape();
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 1;
  size_t column_ = 1;
};

// Throws Refused: "ddl, line:column: reason".
[[noreturn]] void refuse_ddl(size_t line, size_t column, const std::string& reason);

}  // namespace tablegate::loader
