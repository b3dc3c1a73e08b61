#include "source/seed/sql_literal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

using Kind = SqlLiteral::Kind;

constexpr int kMaxDepth = 16;  // nesting of array(), map() and named_struct()

using core::is_digit;

class LiteralReader {
 public:
  LiteralReader(DdlLexer& lexer, DdlToken& token) : lexer_(lexer), token_(token) {}

  SqlLiteral read(int depth) {
    if (depth > kMaxDepth) refuse("values are nested too deeply");
    SqlLiteral literal;
    literal.line = token_.line;
    literal.column = token_.column;
    if (token_.kind == DdlToken::Kind::string) {
      literal.kind = Kind::string;
      literal.text = text();
    } else if (begins_number()) {
      read_number(literal);
    } else if (token_.kind == DdlToken::Kind::word) {
      read_word(literal, depth);
    } else {
      refuse("a value expected");
    }
    return literal;
  }

 private:
  [[noreturn]] void refuse(const std::string& reason) const {
    const std::string found =
        token_.kind == DdlToken::Kind::end ? "the text ends" : fmt::format("found \"{}\"", token_.text);
    refuse_ddl(token_.line, token_.column, fmt::format("{}, {}", reason, found));
  }
  void step() { token_ = lexer_.next(); }
  bool take(char symbol) {
    if (!token_.is_symbol(symbol)) return false;
    step();
    return true;
  }
  void expect(char symbol) {
    if (!take(symbol)) refuse(fmt::format("\"{}\" expected", symbol));
  }

  // 'a' 'b' is one text, as MaxCompute joins adjacent literals.
  std::string text() {
    if (token_.kind != DdlToken::Kind::string) refuse("a text in quotes expected");
    std::string all;
    for (; token_.kind == DdlToken::Kind::string; step()) all += token_.text;
    return all;
  }

  bool begins_number() const {
    if (token_.kind == DdlToken::Kind::word) return is_digit(token_.text[0]);
    return token_.is_symbol('-') || token_.is_symbol('+') || token_.is_symbol('.');
  }

  // The lexer knows only words and signs: 1.5E-3BD is assembled from tokens without blanks between them.
  void read_number(SqlLiteral& literal) {
    literal.kind = Kind::number;
    bool minus = false;
    for (; token_.is_symbol('-') || token_.is_symbol('+'); step()) minus = minus != token_.is_symbol('-');
    const DdlToken first = token_;
    std::string digits;
    size_t end = token_.begin;
    bool exponent = false;
    while (token_.begin == end && token_.begin != token_.end) {
      const bool sign = exponent && (token_.is_symbol('-') || token_.is_symbol('+'));
      if (token_.kind != DdlToken::Kind::word && !token_.is_symbol('.') && !sign) break;
      digits += token_.text;
      end = token_.end;
      exponent = digits.back() == 'e' || digits.back() == 'E';
      step();
    }
    literal.text = (minus ? "-" : "") + plain_number(digits, first);
  }

  // The digits without the type's suffix.
  static std::string plain_number(std::string digits, const DdlToken& where) {
    const std::string whole = digits;
    if (digits.size() > 2 && (digits.compare(digits.size() - 2, 2, "BD") == 0 ||
                              digits.compare(digits.size() - 2, 2, "bd") == 0)) {
      digits.resize(digits.size() - 2);
    } else if (!digits.empty() &&
               std::string_view("YySsLlFfDd").find(digits.back()) != std::string_view::npos) {
      digits.pop_back();
    }
    size_t at = 0;
    const auto skip_digits = [&digits, &at] {
      const size_t begin = at;
      while (at < digits.size() && is_digit(digits[at])) ++at;
      return at - begin;
    };
    size_t count = skip_digits();
    if (at < digits.size() && digits[at] == '.') {
      ++at;
      count += skip_digits();
    }
    if (count > 0 && at < digits.size() && (digits[at] == 'e' || digits[at] == 'E')) {
      ++at;
      if (at < digits.size() && (digits[at] == '-' || digits[at] == '+')) ++at;
      count = skip_digits();
    }
    if (count == 0 || at != digits.size())
      refuse_ddl(where.line, where.column, fmt::format("\"{}\" is not a number", whole));
    return digits;
  }

  void read_word(SqlLiteral& literal, int depth) {
    if (token_.is_word("NULL")) return step();
    if (token_.is_word("TRUE") || token_.is_word("FALSE")) {
      literal.kind = Kind::boolean;
      literal.text = core::to_lower(token_.text);
      return step();
    }
    if (read_prefixed(literal)) return;
    const DdlToken name = token_;
    step();
    if (!take('(')) {
      refuse_ddl(name.line, name.column,
                 fmt::format("\"{}\" is not a value (write text in quotes)", name.text));
    }
    read_call(literal, name, depth);
  }

  // DATE'...' and similar forms.
  bool read_prefixed(SqlLiteral& literal) {
    constexpr std::pair<std::string_view, Kind> kPrefixes[] = {{"DATE", Kind::date},
                                                               {"DATETIME", Kind::datetime},
                                                               {"TIMESTAMP", Kind::timestamp},
                                                               {"TIMESTAMP_NTZ", Kind::timestamp_ntz},
                                                               {"X", Kind::binary},
                                                               {"JSON", Kind::json}};
    const auto* found = std::find_if(std::begin(kPrefixes), std::end(kPrefixes),
                                     [this](const auto& prefix) { return token_.is_word(prefix.first); });
    if (found == std::end(kPrefixes)) return false;
    step();
    literal.kind = found->second;
    literal.text = text();
    if (literal.kind == Kind::binary) literal.text = from_hex(literal.text, literal);
    return true;
  }

  static std::string from_hex(const std::string& hex, const SqlLiteral& where) {
    std::string bytes;
    bool good = hex.size() % 2 == 0;
    for (size_t i = 0; i + 1 < hex.size() && good; i += 2) {
      const int high = core::hex_value(hex[i]);
      const int low = core::hex_value(hex[i + 1]);
      good = high >= 0 && low >= 0;
      bytes += static_cast<char>(high * 16 + low);
    }
    if (!good) refuse_ddl(where.line, where.column, fmt::format("'{}' is not pairs of hex digits", hex));
    return bytes;
  }

  void read_call(SqlLiteral& literal, const DdlToken& name, int depth) {
    if (name.is_word("UNHEX")) {
      literal.kind = Kind::binary;
      literal.text = from_hex(text(), literal);
      return expect(')');
    }
    if (name.is_word("ARRAY")) {
      literal.kind = Kind::array;
    } else if (name.is_word("MAP")) {
      literal.kind = Kind::map;
    } else if (name.is_word("NAMED_STRUCT")) {
      literal.kind = Kind::named_struct;
    } else {
      refuse_ddl(name.line, name.column,
                 fmt::format("{}() is not supported yet: a seed file may hold only literals", name.text));
    }
    if (!take(')')) {
      do {
        literal.items.push_back(read(depth + 1));
      } while (take(','));
      expect(')');
    }
    check_pairs(literal, name);
  }

  static void check_pairs(const SqlLiteral& literal, const DdlToken& name) {
    if (literal.kind == Kind::array) return;
    if (literal.items.size() % 2 != 0)
      refuse_ddl(name.line, name.column, fmt::format("{}() requires pairs", name.text));
    for (size_t i = 0; i < literal.items.size(); i += 2) {
      const SqlLiteral& key = literal.items[i];
      const bool good = literal.kind == Kind::named_struct ? key.kind == Kind::string
                                                           : key.kind != Kind::null && key.items.empty();
      if (!good) {
        refuse_ddl(key.line, key.column,
                   literal.kind == Kind::map ? "a map's key must be a scalar and not NULL"
                                             : "the name of a struct's field must be in quotes");
      }
    }
  }

  DdlLexer& lexer_;
  DdlToken& token_;
};

}  // namespace

SqlLiteral read_sql_literal(DdlLexer& lexer, DdlToken& token) {
  return LiteralReader(lexer, token).read(1);
}

}  // namespace tablegate::loader
