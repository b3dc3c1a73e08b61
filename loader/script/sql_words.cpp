#include "script/sql_words.hpp"

#include <algorithm>

#include "core/text/ascii.hpp"
#include "script/placeholder_words.hpp"

namespace tablegate::loader {

namespace {

bool begins_name(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || byte >= 0x80;
}

bool is_digit_of_sql(char c) {
  return c >= '0' && c <= '9';
}

bool continues_name(char c) {
  return begins_name(c) || is_digit_of_sql(c) || c == '$';
}

class WordReader {
 public:
  WordReader(std::string_view sql, std::vector<SqlWord>& words, std::vector<SqlFault>& faults)
      : sql_(sql), words_(words), faults_(faults) {}

  void read() {
    while (at_ < sql_.size()) read_one();
  }

 private:
  char look(size_t further = 0) const { return at_ + further < sql_.size() ? sql_[at_ + further] : '\0'; }

  void add(SqlWord::Kind kind, size_t end) {
    words_.push_back({kind, at_, end, depth_});
    at_ = end;
  }

  // The byte after the last quote of the text that has its first one at `from` - 1. Behind a line break a
  // text continues with its next part, in which backslashes mean the same (manual, 4.1.2.1).
  size_t whole_text_end(size_t from, bool backslashes) const {
    size_t end = text_end(from, '\'', backslashes);
    for (;;) {
      size_t next = end;
      while (next < sql_.size() && is_sql_blank(sql_[next])) ++next;
      const bool breaks = sql_.substr(end, next - end).find_first_of("\n\r") != std::string_view::npos;
      if (!breaks || next == sql_.size() || sql_[next] != '\'') return end;
      end = text_end(next + 1, '\'', backslashes);
    }
  }

  // The byte after the quote that ends the text or name which begins at `from`.
  size_t text_end(size_t from, char quote, bool backslashes) const {
    for (size_t i = from; i < sql_.size(); ++i) {
      if (backslashes && sql_[i] == '\\') {
        ++i;
      } else if (sql_[i] == quote) {
        if (i + 1 < sql_.size() && sql_[i + 1] == quote)
          ++i;
        else
          return i + 1;
      }
    }
    return sql_.size();
  }

  void read_one() {
    const char c = look();
    if (is_sql_blank(c)) {
      ++at_;
    } else if ((c == '-' && look(1) == '-') || (c == '/' && look(1) == '*')) {
      faults_.push_back({at_, "a script has no SQL comments; write an XML comment <!-- ... -->"});
      at_ = sql_.size();
    } else if (c == '`') {
      faults_.push_back(
          {at_, "names are not written in backticks; write \"name\" in double quotes, or name"});
      at_ = sql_.size();
    } else if (c == '\'') {
      add(SqlWord::Kind::text, whole_text_end(at_ + 1, false));
    } else if (c == '"') {
      add(SqlWord::Kind::quoted, text_end(at_ + 1, '"', false));
    } else if (c == '$') {
      read_dollar();
    } else if (begins_name(c)) {
      read_name();
    } else if (is_digit_of_sql(c) || (c == '.' && is_digit_of_sql(look(1)))) {
      read_number();
    } else {
      read_mark(c);
    }
  }

  void read_name() {
    const char c = core::to_lower(look());
    if ((c == 'e' || c == 'b' || c == 'x' || c == 'n') && look(1) == '\'') {
      add(SqlWord::Kind::text, whole_text_end(at_ + 2, c == 'e'));
      return;
    }
    if (c == 'u' && look(1) == '&' && (look(2) == '\'' || look(2) == '"')) {
      faults_.push_back(
          {at_, "U& texts and names are not allowed in a script; write the characters themselves"});
      at_ = sql_.size();
      return;
    }
    size_t end = at_ + 1;
    while (end < sql_.size() && continues_name(sql_[end])) ++end;
    add(SqlWord::Kind::word, end);
  }

  void read_number() {
    size_t end = at_ + 1;
    while (end < sql_.size() && (is_digit_of_sql(sql_[end]) || sql_[end] == '.')) ++end;
    // The sign of an exponent is a mark: nobody looks at it.
    while (end < sql_.size() && continues_name(sql_[end]) && sql_[end] != '$') ++end;
    add(SqlWord::Kind::number, end);
  }

  void read_dollar() {
    size_t end = at_ + 1;
    if (is_digit_of_sql(look(1))) {
      while (end < sql_.size() && is_digit_of_sql(sql_[end])) ++end;
      add(SqlWord::Kind::parameter, end);
      return;
    }
    if (begins_name(look(1)))
      while (end < sql_.size() && continues_name(sql_[end]) && sql_[end] != '$') ++end;
    if (end >= sql_.size() || sql_[end] != '$') {
      add(SqlWord::Kind::mark, at_ + 1);
      return;
    }
    const std::string_view tag = sql_.substr(at_, end + 1 - at_);
    const size_t close = sql_.find(tag, end + 1);
    add(SqlWord::Kind::text, close == std::string_view::npos ? sql_.size() : close + tag.size());
  }

  void read_mark(char c) {
    if ((c == ')' || c == ']') && depth_ > 0) --depth_;
    add(SqlWord::Kind::mark, at_ + 1);
    if (c == '(' || c == '[') ++depth_;
  }

  std::string_view sql_;
  std::vector<SqlWord>& words_;
  std::vector<SqlFault>& faults_;
  size_t at_ = 0;
  size_t depth_ = 0;
};

}  // namespace

SqlWords SqlWords::read(const std::string& sql, std::vector<SqlFault>& faults) {
  SqlWords words;
  words.sql_ = &sql;
  WordReader(sql, words.words_, faults).read();
  return words;
}

bool SqlWords::is(size_t at, std::string_view keyword) const {
  if (at >= words_.size() || words_[at].kind != SqlWord::Kind::word) return false;
  const SqlWord& word = words_[at];
  return std::equal(keyword.begin(), keyword.end(), sql_->begin() + static_cast<std::ptrdiff_t>(word.begin),
                    sql_->begin() + static_cast<std::ptrdiff_t>(word.end),
                    [](char a, char b) { return a == core::to_lower(b); });
}

const SqlWord* SqlWords::beginning_at(size_t offset) const {
  const auto found = std::lower_bound(words_.begin(), words_.end(), offset,
                                      [](const SqlWord& word, size_t at) { return word.begin < at; });
  return found != words_.end() && found->begin == offset ? &*found : nullptr;
}

bool SqlWords::is_star_behind(const SqlWord& word) const {
  const SqlWord* const next = &word + 1;
  return next < words_.data() + words_.size() && next->kind == SqlWord::Kind::mark &&
         (*sql_)[next->begin] == '*';
}

std::optional<size_t> SqlWords::last(std::string_view keyword, size_t depth, std::string_view next) const {
  for (size_t i = words_.size(); i-- > 0;) {
    if (words_[i].depth != depth || !is(i, keyword)) continue;
    if (!next.empty() && !is(i + 1, next)) continue;
    if (i > 0 && (is(i - 1, "as") || (*sql_)[words_[i - 1].begin] == '.')) continue;
    return words_[i].begin;
  }
  return std::nullopt;
}

std::optional<size_t> SqlWords::last_at_any_depth(std::string_view keyword) const {
  for (size_t i = words_.size(); i-- > 0;)
    if (is(i, keyword)) return words_[i].begin;
  return std::nullopt;
}

}  // namespace tablegate::loader
