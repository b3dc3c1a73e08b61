// The text between two tags: SQL with placeholders becomes text and bound values.
// It knows so much of SQL (PostgreSQL manual, 4.1): words, numbers, quotes and
// comments. Placeholders in quotes become a concatenation, IN (${list}) becomes
// = ANY(..); where a placeholder cannot be a value it is rejected.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/node.hpp"
#include "script/scope.hpp"
#include "script/source_text.hpp"

namespace tablegate::loader {

class PlaceholderReader {
 public:
  // `parameters`: those of `scope`.
  PlaceholderReader(const Scope& scope, ScriptFaults& faults) : scope_(scope), faults_(faults) {}

  // Appends the nodes of `source` to `out`.
  void read(const SourceText& source, core::Nodes& out);
  // The text of an attribute, which has no placeholders and no comments. `what`: "separator" of a tag.
  void check_plain(const SourceText& source, const std::string& what);

 private:
  // What was read last that is no white space.
  struct Token {
    enum class Kind { none, word, operand, sign };
    Kind kind = Kind::none;
    size_t begin = 0, end = 0;
    std::string word;  // in lower case; of a sign: itself

    bool is(std::string_view text) const {
      return (kind == Kind::word || kind == Kind::sign) && word == text;
    }
    // A value, or a name of one.
    bool is_operand() const;
  };
  // A placeholder that was read.
  struct Placeholder {
    size_t begin = 0, end = 0;
    core::Node node;
    bool list = false;  // all items of a list
    bool good = false;
  };
  // Parentheses, the innermost last: whether they are those of IN (value, value).
  struct Parenthesis {
    bool of_in = false;
    bool begun = false;
  };

  void run(const SourceText& source);
  void step();
  void word();
  void number();
  void sign();
  void comment(std::string_view open);
  void identifier();
  void dollar();
  void text();
  size_t next_part(size_t end) const;
  void opaque_text(size_t begin, std::string_view what, bool escapes);
  void concatenation(size_t begin, size_t end, const std::vector<Placeholder>& inside);
  void placeholder();
  void list(const Placeholder& one);
  bool is_placeholder(size_t place) const;
  Placeholder read_placeholder(size_t begin);
  void resolve(std::string_view content, Placeholder& out);
  bool has_value_place(const Placeholder& one);
  size_t skip_blanks(size_t place) const;
  void push(Token::Kind kind, size_t begin, size_t end, std::string word = {});
  void fault(size_t offset, std::string text);

  // Text from `from_` on that is not yet in a node.
  void flush(size_t end);
  void made(std::string sql, size_t origin);

  const Scope& scope_;
  ScriptFaults& faults_;
  const SourceText* source_ = nullptr;
  std::string_view sql_;
  core::Nodes* out_ = nullptr;
  size_t next_ = 0;
  size_t from_ = 0;
  Token last_, before_, first_;  // the last token, the one before it, and the one before that
  std::vector<Parenthesis> open_;
  const std::string* plain_ = nullptr;
};

}  // namespace tablegate::loader
