// What every reader of MaxCompute's statements does with tokens: looks at one,
// takes or demands it, refuses with its place. A base of the parsers of DDL and
// of seed files.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "model/ddl_lexer.hpp"

namespace tablegate::loader {

class DdlReader {
 protected:
  // The text must outlive the reader. Throws as DdlLexer does.
  explicit DdlReader(std::string_view text) : lexer_(text) { step(); }

  [[noreturn]] void refuse(const std::string& reason) const {
    refuse_ddl(token_.line, token_.column, reason);
  }
  [[noreturn]] void refuse_found(const std::string& reason) const {
    refuse(fmt::format("{}, {}", reason, found()));
  }
  std::string found() const { return at_end() ? "the text ends" : fmt::format("found \"{}\"", token_.text); }

  void step() { token_ = lexer_.next(); }
  bool at(std::string_view upper) const { return token_.is_word(upper); }
  bool at_end() const { return token_.kind == DdlToken::Kind::end; }
  bool at_name() const {
    return token_.kind == DdlToken::Kind::word || token_.kind == DdlToken::Kind::quoted_name;
  }
  bool take(std::string_view upper) {
    if (!at(upper)) return false;
    step();
    return true;
  }
  bool take(char symbol) {
    if (!token_.is_symbol(symbol)) return false;
    step();
    return true;
  }
  void expect(std::string_view upper) {
    if (!take(upper)) refuse_found(fmt::format("{} expected", upper));
  }
  void expect(char symbol) {
    if (!take(symbol)) refuse_found(fmt::format("\"{}\" expected", symbol));
  }

  DdlLexer lexer_;
  DdlToken token_;
};

}  // namespace tablegate::loader
