#include "model/ddl_lexer.hpp"

#include <fmt/format.h>

#include "base/refusal.hpp"
#include "core/text/utf8.hpp"

namespace tablegate::loader {
namespace {

bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

char unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'Z':
      return '\x1a';
    default:
      return c;
  }
}

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

}  // namespace

void refuse_ddl(size_t line, size_t column, const std::string& reason) {
  throw Refused(fmt::format("ddl, {}:{}: {}", line, column, reason));
}

bool DdlToken::is_word(std::string_view upper) const {
  if (kind != Kind::word || text.size() != upper.size()) return false;
  for (size_t i = 0; i < upper.size(); ++i) {
    const char c = text[i];
    const char raised = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (raised != upper[i]) return false;
  }
  return true;
}

DdlLexer::DdlLexer(std::string_view text) : text_(text) {
  if (text_.substr(0, 3) == "\xef\xbb\xbf") text_.remove_prefix(3);
  if (text_.find('\0') != std::string_view::npos) throw Refused("ddl: holds a NUL byte");
  if (!core::valid_text(text_)) throw Refused("ddl: is not UTF-8");
}

void DdlLexer::advance() {
  const char c = text_[at_++];
  if (c == '\n') {
    ++line_;
    column_ = 1;
  } else if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U) {
    ++column_;
  }
}

// `-- to the end of the line` and `/* ... */`, which MaxCompute's hints are written in.
bool DdlLexer::skip_comment() {
  if (peek() == '-' && peek(1) == '-') {
    while (at_ < text_.size() && text_[at_] != '\n') advance();
    return true;
  }
  if (peek() != '/' || peek(1) != '*') return false;
  const size_t line = line_;
  const size_t column = column_;
  advance();
  advance();
  while (at_ < text_.size() && !(peek() == '*' && peek(1) == '/')) advance();
  if (at_ >= text_.size()) refuse_ddl(line, column, "the comment is not closed");
  advance();
  advance();
  return true;
}

void DdlLexer::skip_blanks() {
  while (at_ < text_.size() && (is_blank(text_[at_]) || skip_comment())) {
    if (at_ < text_.size() && is_blank(text_[at_])) advance();
  }
}

// A backslash with what follows it: \001 to \177 in octal digits, or one character. \0 is the end of a text
// there and can be in none here.
char DdlLexer::read_escape() {
  const size_t line = line_;
  const size_t column = column_;
  advance();
  const bool octal = (peek() == '0' || peek() == '1') && is_octal(peek(1)) && is_octal(peek(2));
  const int code = octal ? (peek() - '0') * 64 + (peek(1) - '0') * 8 + (peek(2) - '0') : 0;
  if (octal ? code == 0 : peek() == '0')
    refuse_ddl(line, column, "is a NUL byte, which PostgreSQL's text cannot hold");
  const char c = octal ? static_cast<char>(code) : unescape(peek());
  for (int i = 0; i < (octal ? 3 : 1); ++i) advance();
  return c;
}

// Strings take backslash escapes, back-quoted names take a doubled back-quote.
void DdlLexer::read_quoted(char quote, DdlToken& token) {
  advance();
  for (;;) {
    if (at_ >= text_.size()) refuse_ddl(token.line, token.column, fmt::format("{} is not closed", quote));
    const char c = text_[at_];
    if (c == quote) {
      advance();
      if (quote != '`' || peek() != '`') return;
      token.text += '`';
      advance();
    } else if (c == '\\' && quote != '`' && at_ + 1 < text_.size()) {
      token.text += read_escape();
    } else {
      token.text += c;
      advance();
    }
  }
}

DdlToken DdlLexer::next() {
  skip_blanks();
  DdlToken token;
  token.line = line_;
  token.column = column_;
  token.begin = at_;
  token.end = at_;
  if (at_ >= text_.size()) return token;
  const char c = text_[at_];
  if (c == '`') {
    token.kind = DdlToken::Kind::quoted_name;
    read_quoted(c, token);
  } else if (c == '\'' || c == '"') {
    token.kind = DdlToken::Kind::string;
    read_quoted(c, token);
  } else if (is_word_byte(c)) {
    token.kind = DdlToken::Kind::word;
    while (at_ < text_.size() && is_word_byte(text_[at_])) {
      token.text += text_[at_];
      advance();
    }
  } else {
    token.kind = DdlToken::Kind::symbol;
    token.text = c;
    advance();
  }
  token.end = at_;
  return token;
}

}  // namespace tablegate::loader
