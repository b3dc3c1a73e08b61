// PlaceholderReader: texts and names in quotes.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/text/ascii.hpp"
#include "script/placeholder_reader.hpp"
#include "script/placeholder_words.hpp"

namespace tablegate::loader {
namespace {

// Types whose literals are written with the type before them: date '2024-01-31'.
constexpr std::string_view kLiteralTypes[] = {
    "date",     "time", "timetz", "timestamp", "timestamptz", "interval", "int",    "integer", "bigint",
    "smallint", "int2", "int4",   "int8",      "real",        "float4",   "float8", "numeric", "decimal",
    "boolean",  "bool", "text",   "varchar",   "uuid",        "json",     "jsonb"};

constexpr std::string_view kIntervalFields[] = {"year", "month", "day", "hour", "minute", "second"};

}  // namespace

void PlaceholderReader::identifier() {
  const size_t begin = next_++;
  bool reported = false;
  for (; next_ < sql_.size(); ++next_) {
    if (is_placeholder(next_) && !std::exchange(reported, true))
      fault(next_, with_choose("in a quoted name"));
    if (sql_[next_] != '"') continue;
    if (sql_.substr(next_, 2) != "\"\"") break;
    ++next_;
  }
  if (next_ >= sql_.size())
    return fault(begin,
                 "the name that begins here has no closing \" before the next tag or the end of the script");
  ++next_;
  push(Token::Kind::operand, begin, next_);
}

void PlaceholderReader::dollar() {
  const size_t begin = next_++;
  if (next_ < sql_.size() && core::is_digit(sql_[next_])) {
    while (next_ < sql_.size() && core::is_digit(sql_[next_])) ++next_;
    fault(begin, fmt::format("write ${{name}} in place of {}", sql_.substr(begin, next_ - begin)));
    return push(Token::Kind::operand, begin, next_);
  }
  size_t tag = next_;
  while (tag < sql_.size() && is_sql_word(sql_[tag]) && sql_[tag] != '$') ++tag;
  if (tag >= sql_.size() || sql_[tag] != '$') return push(Token::Kind::sign, begin, next_, "$");
  const std::string_view mark = sql_.substr(begin, tag + 1 - begin);
  const size_t end = sql_.find(mark, tag + 1);
  if (end == std::string_view::npos) {
    fault(begin,
          fmt::format(
              "the text that begins here has no closing {} before the next tag or the end of the script",
              mark));
    next_ = sql_.size();
    return;
  }
  for (size_t place = tag + 1; place < end; ++place) {
    if (!is_placeholder(place)) continue;
    fault(place, fmt::format("a placeholder cannot be in a text between {0} and {0}: write '...'", mark));
    break;
  }
  next_ = end + mark.size();
  push(Token::Kind::operand, begin, next_);
}

// A text continues behind a line break, where there is another quote (PostgreSQL manual, 4.1.2.1). The place
// of that quote; npos: the text that ends before `end` is whole.
size_t PlaceholderReader::next_part(size_t end) const {
  const size_t next = skip_blanks(end);
  const bool breaks = sql_.substr(end, next - end).find_first_of("\n\r") != std::string_view::npos;
  return breaks && next < sql_.size() && sql_[next] == '\'' ? next : std::string_view::npos;
}

// A text with a prefix, as E'a\n' or U&'\0041'. At its quote.
void PlaceholderReader::opaque_text(size_t begin, std::string_view what, bool escapes) {
  const char quote = sql_[next_++];
  bool reported = false;
  for (; next_ < sql_.size(); ++next_) {
    if (is_placeholder(next_) && !std::exchange(reported, true)) {
      fault(next_, fmt::format("a placeholder cannot be in a text with {} before it: write '...' or "
                               "concatenate with ||",
                               what));
    }
    if (escapes && sql_[next_] == '\\') {
      ++next_;
      continue;
    }
    if (sql_[next_] != quote) continue;
    if (next_ + 1 >= sql_.size() || sql_[next_ + 1] != quote) {
      const size_t more = quote == '\'' ? next_part(next_ + 1) : std::string_view::npos;
      if (more == std::string_view::npos) break;
      next_ = more;
      continue;
    }
    ++next_;
  }
  if (next_ >= sql_.size()) {
    next_ = sql_.size();
    return fault(
        begin, fmt::format(
                   "the text that begins here has no closing {} before the next tag or the end of the script",
                   quote));
  }
  ++next_;
  push(Token::Kind::operand, begin, next_);
}

void PlaceholderReader::text() {
  const size_t begin = next_++;
  std::vector<Placeholder> inside;
  while (next_ < sql_.size()) {
    if (is_placeholder(next_)) {
      inside.push_back(read_placeholder(next_));
      next_ = inside.back().end;
    } else if (sql_[next_] != '\'') {
      ++next_;
    } else if (sql_.substr(next_, 2) == "''") {
      next_ += 2;
    } else {
      ++next_;
      if (!inside.empty()) return concatenation(begin, next_, inside);
      return push(Token::Kind::operand, begin, next_);
    }
  }
  fault(begin,
        "the text that begins here has no closing ' before the next tag or the end of the script (write &lt; "
        "for a < in a text)");
}

// 'a${x}b' is ('a' || $1::text || 'b'), date '${x}' is CAST($1::text AS date).
void PlaceholderReader::concatenation(size_t begin, size_t end, const std::vector<Placeholder>& inside) {
  for (const Placeholder& one : inside) {
    if (one.list) return fault(one.begin, "a list cannot be in quotes: write IN (${name}) without them");
  }
  const bool typed = last_.kind == Token::Kind::word && is_among(kLiteralTypes, last_.word);
  const std::string type = typed ? last_.word : std::string();
  const size_t start = typed ? last_.begin : begin;
  if (type == "interval") {
    const size_t field = skip_blanks(end);
    size_t stop = field;
    while (stop < sql_.size() && core::is_letter(sql_[stop])) ++stop;
    if (is_among(kIntervalFields, core::to_lower(sql_.substr(field, stop - field))))
      return fault(begin, fmt::format("write ${{name}} * interval '1 {}'", sql_.substr(field, stop - field)));
  }
  flush(start);
  const bool alone = inside.size() == 1 && inside[0].begin == begin + 1 && inside[0].end + 1 == end;
  std::string glue = typed ? "CAST(" : "";
  if (!alone) glue += "(";
  size_t from = begin + 1;
  for (const Placeholder& one : inside) {
    if (one.begin > from) {
      made(glue + "'", from - 1);
      from_ = from;
      flush(one.begin);
      glue = "' || ";
    }
    if (!glue.empty()) made(std::exchange(glue, {}), one.begin);
    out_->push_back(one.node);
    made("::text", one.end - 1);
    glue = " || ";
    from = one.end;
  }
  glue.clear();
  if (from + 1 < end) {
    made(" || '", from - 1);
    from_ = from;
    flush(end);
  }
  if (!alone) glue += ")";
  if (typed) glue += " AS " + type + ")";
  if (!glue.empty()) made(glue, end - 1);
  from_ = next_ = end;
  push(Token::Kind::operand, begin, end);
}

}  // namespace tablegate::loader
