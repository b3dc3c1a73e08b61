#include "script/expression_lexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/text/ascii.hpp"
#include "core/text/utf8.hpp"

namespace tablegate::loader {
namespace {

constexpr std::string_view kWords[] = {"and", "or",  "not", "eq",   "neq",  "lt",   "lte",
                                       "gt",  "gte", "in",  "null", "true", "false"};

bool is_word(std::string_view name) {
  return std::find(std::begin(kWords), std::end(kWords), name) != std::end(kWords);
}

bool is_name_begin(char c) {
  return core::is_letter(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_name_part(char c) {
  return is_name_begin(c) || core::is_digit(c);
}

}  // namespace

void ExpressionLexer::fail(size_t at, std::string text) {
  if (!fault_) fault_ = ExpressionFault{at, std::move(text)};
  next_ = text_.size();
}

void ExpressionLexer::skip_blanks() {
  while (next_ < text_.size() && std::string_view(" \t\r\n\f\v").find(text_[next_]) != std::string_view::npos)
    ++next_;
}

ExpressionToken ExpressionLexer::next() {
  skip_blanks();
  ExpressionToken token;
  token.at = next_;
  if (next_ >= text_.size()) return token;
  const char c = text_[next_];
  if (is_name_begin(c)) return name(next_);
  const bool point = c == '.' && next_ + 1 < text_.size() && core::is_digit(text_[next_ + 1]);
  if (core::is_digit(c) || point) return number(next_);
  if (c == '\'' || c == '"') return quoted(next_);
  return sign(next_);
}

std::string ExpressionLexer::member(size_t& at) {
  skip_blanks();
  at = next_;
  while (next_ < text_.size() && is_name_part(text_[next_])) ++next_;
  return std::string(text_.substr(at, next_ - at));
}

ExpressionToken ExpressionLexer::name(size_t begin) {
  size_t plain = begin;
  while (plain < text_.size() && is_name_part(text_[plain])) ++plain;
  size_t longest = plain;
  while (longest < text_.size() && longest - begin < 64 &&
         (is_name_part(text_[longest]) || text_[longest] == '.' || text_[longest] == '-'))
    ++longest;
  ExpressionToken token;
  token.at = begin;
  for (size_t end = longest; end >= plain; --end) {
    // Not a part of a longer word.
    if (end < text_.size() && is_name_part(text_[end]) && is_name_part(text_[end - 1])) continue;
    const std::string_view tried = text_.substr(begin, end - begin);
    if (end == plain && is_word(tried)) break;
    const std::optional<ScopeName> found = scope_.find(tried);
    if (!found) continue;
    next_ = end;
    token.kind = ExpressionToken::Kind::name;
    token.text = tried;
    token.meaning = *found;
    return token;
  }
  token.text = text_.substr(begin, plain - begin);
  if (is_word(token.text)) {
    next_ = plain;
    token.kind = ExpressionToken::Kind::word;
    return token;
  }
  next_ = plain;
  unknown(begin, token.text);
  return {};
}

void ExpressionLexer::unknown(size_t begin, std::string_view name) {
  skip_blanks();
  const bool call = next_ < text_.size() && text_[next_] == '(';
  const std::string lower = core::to_lower(name);
  if (name == "new") return fail(begin, "\"new\" is not allowed: a test makes no objects");
  if (name == "instanceof")
    return fail(begin, "\"instanceof\" is not allowed: parameters have declared types");
  if (name == "size" || name == "length") {
    return fail(begin, fmt::format("unknown name \"{0}\": write it after the name of a parameter, as in "
                                   "x.{0}()",
                                   name));
  }
  if (is_word(lower)) return fail(begin, fmt::format("write \"{}\" in lower case", lower));
  if (lower == "is") return fail(begin, "write == or != in place of \"is\"");
  if (lower == "like" || lower == "between")
    return fail(begin, fmt::format("\"{}\" is SQL, no operator of a test", name));
  if (call)
    return fail(begin, fmt::format("there is no function \"{}\": call a method, as in x.trim()", name));
  fail(begin, scope_.unknown(name, "declare it in request_parameters"));
}

ExpressionToken ExpressionLexer::number(size_t begin) {
  ExpressionToken token;
  token.kind = ExpressionToken::Kind::number;
  token.at = begin;
  const auto digits = [this] {
    const size_t from = next_;
    while (next_ < text_.size() && core::is_digit(text_[next_])) ++next_;
    return std::string(text_.substr(from, next_ - from));
  };
  next_ = begin;
  std::string whole = digits();
  std::string fraction;
  if (next_ < text_.size() && text_[next_] == '.') {
    ++next_;
    fraction = digits();
    if (fraction.empty()) {
      fail(begin, fmt::format("a number has digits behind its point: write {}", whole));
      return {};
    }
  }
  if (whole.size() > 1 && whole.front() == '0') {
    const size_t first = std::min(whole.find_first_not_of('0'), whole.size() - 1);
    fail(begin, fmt::format("a number begins without zeros (OGNL reads them as octal): write {}",
                            whole.substr(first)));
    return {};
  }
  if (whole.empty()) whole = "0";
  token.text = fraction.empty() ? whole : whole + "." + fraction;
  if (next_ < text_.size() && is_name_part(text_[next_])) {
    // 1L, 2.5d, 3B: Java's types of numbers, which are all exact here.
    const bool suffix = std::string_view("lLfFdDbBhH").find(text_[next_]) != std::string_view::npos &&
                        (next_ + 1 == text_.size() || !is_name_part(text_[next_ + 1]));
    if (!suffix) {
      fail(begin, "numbers are written in decimal notation, as 10 or 2.5");
      return {};
    }
    // With a fraction it is divided without rounding to a whole number.
    const bool integer = std::string_view("lLhH").find(text_[next_]) != std::string_view::npos;
    if (!integer && fraction.empty()) token.text += ".0";
    ++next_;
  }
  return token;
}

// One character after a '\', as OGNL has them.
bool ExpressionLexer::escape(std::string& out) {
  const size_t at = next_ - 1;
  const char c = next_ < text_.size() ? text_[next_++] : ' ';
  constexpr std::array<std::pair<char, char>, 8> kEscapes = {{{'n', '\n'},
                                                              {'r', '\r'},
                                                              {'t', '\t'},
                                                              {'b', '\b'},
                                                              {'f', '\f'},
                                                              {'\\', '\\'},
                                                              {'\'', '\''},
                                                              {'"', '"'}}};
  for (const auto& [letter, byte] : kEscapes) {
    if (c != letter) continue;
    out += byte;
    return true;
  }
  if (c == 'u' && next_ + 4 <= text_.size()) {
    uint32_t code = 0;
    bool good = true;
    for (size_t i = 0; i < 4; ++i) {
      const int value = core::hex_value(text_[next_ + i]);
      good = good && value >= 0;
      code = code << 4U | static_cast<uint32_t>(value & 15);
    }
    if (good && code != 0 && (code < 0xD800 || code > 0xDFFF)) {
      next_ += 4;
      core::append_utf8(out, code);
      return true;
    }
  }
  fail(at, R"(after \ comes one of n r t b f \ ' " or u and four hexadecimal digits; write \\ for \ itself)");
  return false;
}

ExpressionToken ExpressionLexer::quoted(size_t begin) {
  ExpressionToken token;
  token.kind = ExpressionToken::Kind::text;
  token.at = begin;
  const char quote = text_[begin];
  next_ = begin + 1;
  while (next_ < text_.size()) {
    const char c = text_[next_++];
    if (c == quote) return token;
    if (c != '\\') {
      token.text += c;
    } else if (!escape(token.text)) {
      return {};
    }
  }
  fail(begin, fmt::format("the text has no closing {}", quote));
  return {};
}

ExpressionToken ExpressionLexer::sign(size_t begin) {
  constexpr std::string_view kSigns[] = {"===", "!==", "<=>", "&&", "||", "==", "!=", "<=", ">=", "<>",
                                         "<<",  ">>",  "<",   ">",  "!",  "+",  "-",  "*",  "/",  "%",
                                         "(",   ")",   "[",   "]",  "{",  "}",  ",",  ".",  "="};
  // What people write, and what to write.
  constexpr std::pair<std::string_view, std::string_view> kInstead[] = {{"===", "write =="},
                                                                        {"!==", "write !="},
                                                                        {"<=>", "write =="},
                                                                        {"<>", "write !="},
                                                                        {"=", "write == to compare"},
                                                                        {"<<", "there is no such operator"},
                                                                        {">>", "there is no such operator"}};
  const std::string_view rest = text_.substr(begin);
  for (const std::string_view one : kSigns) {
    if (rest.substr(0, one.size()) != one) continue;
    for (const auto& [wrong, right] : kInstead) {
      if (one != wrong) continue;
      fail(begin, fmt::format("\"{}\": {}", wrong, right));
      return {};
    }
    ExpressionToken token;
    token.kind = ExpressionToken::Kind::sign;
    token.at = begin;
    token.text = one;
    next_ = begin + one.size();
    return token;
  }
  const std::string_view two = rest.substr(0, 2);
  if (two == "${" || two == "#{") {
    fail(begin, "write a parameter's name alone in a test, without ${ }");
  } else if (rest[0] == '&' || rest[0] == '|') {
    fail(begin, fmt::format("write {0}{0}", rest[0]));
  } else if (rest[0] == '@') {
    fail(begin, "static members (@class@member) are not allowed: call a method, as in x.trim()");
  } else if (rest[0] == '#') {
    fail(begin, "variables with # are not allowed: write a parameter's name alone");
  } else if (rest[0] == '?' || rest[0] == ':') {
    fail(begin, "there is no ?: in a test: write <choose>");
  } else {
    fail(begin, fmt::format("unexpected \"{}\"", rest[0]));
  }
  return {};
}

}  // namespace tablegate::loader
