#include "script/placeholder_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/text/ascii.hpp"
#include "script/placeholder_words.hpp"

namespace tablegate::loader {
namespace {

// Words that a value may come after. Every other word is a value or the name of one. (PostgreSQL manual,
// appendix C, and the syntax of its expressions.)
constexpr std::string_view kBeforeValue[] = {
    "all",       "and",      "any",    "array",    "asymmetric", "between",   "both",   "by",      "case",
    "default",   "distinct", "else",   "escape",   "except",     "fetch",     "filter", "first",   "for",
    "from",      "groups",   "having", "ilike",    "in",         "intersect", "is",     "lateral", "leading",
    "like",      "limit",    "next",   "not",      "of",         "offset",    "on",     "or",      "over",
    "overlaps",  "placing",  "range",  "row",      "rows",       "select",    "sets",   "similar", "some",
    "symmetric", "then",     "to",     "trailing", "uescape",    "union",     "using",  "value",   "values",
    "variadic",  "when",     "where",  "with",     "zone",       "as",        "join",   "into",    "table",
    "collate",   "interval"};

// After these comes a name.
constexpr std::string_view kBeforeName[] = {"as", "join", "into", "table", "collate"};

}  // namespace

bool PlaceholderReader::Token::is_operand() const {
  if (kind == Kind::word) return !is_among(kBeforeValue, word);
  return kind == Kind::operand || (kind == Kind::sign && (word == ")" || word == "]"));
}

void PlaceholderReader::read(const SourceText& source, core::Nodes& out) {
  out_ = &out;
  run(source);
}

void PlaceholderReader::check_plain(const SourceText& source, const std::string& what) {
  core::Nodes nodes;
  plain_ = &what;
  read(source, nodes);
  plain_ = nullptr;
}

void PlaceholderReader::run(const SourceText& source) {
  source_ = &source;
  sql_ = source.text;
  next_ = from_ = 0;
  last_ = before_ = first_ = {};
  open_.clear();
  while (next_ < sql_.size()) step();
  flush(sql_.size());
}

void PlaceholderReader::step() {
  const char c = sql_[next_];
  const std::string_view two = sql_.substr(next_, 2);
  if (is_sql_blank(c)) {
    ++next_;
  } else if (is_placeholder(next_)) {
    placeholder();
  } else if (two == "--" || two == "/*") {
    comment(two);
  } else if (c == '\'') {
    text();
  } else if (c == '"') {
    identifier();
  } else if (c == '$') {
    dollar();
  } else if (core::is_digit(c)) {
    number();
  } else if (is_sql_word(c)) {
    word();
  } else {
    sign();
  }
}

void PlaceholderReader::push(Token::Kind kind, size_t begin, size_t end, std::string word) {
  first_ = std::move(before_);
  before_ = std::move(last_);
  last_ = {kind, begin, end, std::move(word)};
  if (open_.empty() || std::exchange(open_.back().begun, true)) return;
  if (last_.is("select") || last_.is("with") || last_.is("values")) open_.back().of_in = false;
}

void PlaceholderReader::fault(size_t offset, std::string text) {
  faults_.add(source_->place(offset), std::move(text));
}

size_t PlaceholderReader::skip_blanks(size_t place) const {
  while (place < sql_.size() && is_sql_blank(sql_[place])) ++place;
  return place;
}

// Text that comes from one stretch of the script is one node.
void PlaceholderReader::flush(size_t end) {
  while (from_ < end) {
    size_t stop = from_ + 1;
    while (stop < end && source_->at[stop] == source_->at[stop - 1] + 1) ++stop;
    out_->push_back({core::TextNode{std::string(sql_.substr(from_, stop - from_)), source_->at[from_] + 1}});
    from_ = stop;
  }
}

// Text that is not in the script.
void PlaceholderReader::made(std::string sql, size_t origin) {
  out_->push_back({core::TextNode{std::move(sql), static_cast<uint32_t>(source_->place(origin) + 1)}});
}

void PlaceholderReader::word() {
  const size_t begin = next_;
  while (next_ < sql_.size() && is_sql_word(sql_[next_]) && !is_placeholder(next_)) ++next_;
  std::string lower = core::to_lower(sql_.substr(begin, next_ - begin));
  const char quote = next_ < sql_.size() ? sql_[next_] : ' ';
  if (quote == '\'' && (lower == "e" || lower == "b" || lower == "x" || lower == "n"))
    return opaque_text(begin, sql_.substr(begin, 1), lower == "e");
  if (lower == "u" && (sql_.substr(next_, 2) == "&'" || sql_.substr(next_, 2) == "&\"")) {
    ++next_;
    return opaque_text(begin, sql_.substr(begin, 2), false);
  }
  push(Token::Kind::word, begin, next_, std::move(lower));
}

void PlaceholderReader::number() {
  const size_t begin = next_;
  while (next_ < sql_.size() && (is_sql_word(sql_[next_]) || sql_[next_] == '.') && !is_placeholder(next_))
    ++next_;
  push(Token::Kind::operand, begin, next_);
}

void PlaceholderReader::sign() {
  const size_t begin = next_++;
  const char c = sql_[begin];
  const bool of_in = c == '(' && last_.is("in");
  if (c == ')' && !open_.empty()) open_.pop_back();
  push(Token::Kind::sign, begin, next_, std::string(1, c));
  if (c == '(') open_.push_back({of_in, false});
}

void PlaceholderReader::comment(std::string_view open) {
  fault(next_, fmt::format("SQL comments ({}) are not allowed: use an XML comment, <!-- -->",
                           open == "--" ? "--" : "/* */"));
  const size_t end = open == "--" ? sql_.find('\n', next_) : sql_.find("*/", next_ + 2);
  next_ = end == std::string_view::npos ? sql_.size() : end + (open == "--" ? 1 : 2);
}

bool PlaceholderReader::is_placeholder(size_t place) const {
  return (sql_[place] == '$' || sql_[place] == '#') && place + 1 < sql_.size() && sql_[place + 1] == '{';
}

PlaceholderReader::Placeholder PlaceholderReader::read_placeholder(size_t begin) {
  Placeholder out;
  out.begin = begin;
  const size_t close = sql_.find('}', begin);
  out.end = close == std::string_view::npos ? begin + 2 : close + 1;
  if (close == std::string_view::npos) {
    fault(begin, "the placeholder is not closed with }");
  } else if (plain_ != nullptr) {
    fault(begin, fmt::format("a placeholder cannot be in {}", *plain_));
  } else {
    resolve(sql_.substr(begin + 2, close - begin - 2), out);
  }
  return out;
}

// `content`: what is between the braces.
void PlaceholderReader::resolve(std::string_view content, Placeholder& out) {
  const std::string_view blanks = " \t\r\n\f\v";
  const size_t comma = content.find(',');
  std::string_view name = core::trimmed(content.substr(0, comma), blanks);
  for (size_t from = comma; from != std::string_view::npos;) {
    const size_t next = content.find(',', from + 1);
    const std::string_view option = core::trimmed(content.substr(from + 1, next - from - 1), blanks);
    const std::string_view key = core::trimmed_end(option.substr(0, option.find('=')), blanks);
    if (key != "jdbcType" && key != "javaType") {
      return fault(out.begin,
                   fmt::format("\"{}\" is not read in a placeholder: remove it, a parameter has the "
                               "type that request_parameters gives it",
                               option.substr(0, 40)));
    }
    from = next;
  }
  std::optional<uint32_t> item;
  if (!name.empty() && name.back() == ']' && name.find('[') != std::string_view::npos) {
    const std::string_view digits = name.substr(name.find('[') + 1, name.size() - name.find('[') - 2);
    if (digits.empty() || digits.size() > 4 || !std::all_of(digits.begin(), digits.end(), core::is_digit))
      return fault(out.begin, "between [ and ] comes the number of an item, from 0 to 9999");
    item = static_cast<uint32_t>(std::stoul(std::string(digits)));
    name = core::trimmed_end(name.substr(0, name.find('[')), blanks);
  }
  if (name.empty()) return fault(out.begin, "the placeholder has no name");
  const std::optional<ScopeName> meaning = scope_.find(name);
  if (!meaning) {
    if (scope_.is_loop_name(name.substr(0, name.find('.')))) {
      return fault(out.begin,
                   fmt::format("\"{}\" is a member of an item, but items are single values: send one "
                               "list for each member",
                               name.substr(0, 80)));
    }
    const bool plain =
        std::all_of(name.begin(), name.end(), [](char c) { return is_sql_word(c) || c == '-' || c == '.'; });
    return fault(out.begin, plain ? scope_.unknown(name, "declare it in request_parameters")
                                  : "only the name of a parameter can be in a placeholder");
  }
  if (item && !meaning->list)
    return fault(out.begin, fmt::format("\"{}\" is no list and has no items", name));
  out.good = true;
  switch (meaning->kind) {
    case ScopeName::Kind::item:
      out.node = {core::ItemNode{meaning->place}};
      return;
    case ScopeName::Kind::index:
      out.node = {core::IndexNode{meaning->place}};
      return;
    case ScopeName::Kind::parameter:
      break;
  }
  if (item) {
    out.node = {core::ListItemNode{meaning->place, *item}};
  } else if (meaning->list) {
    out.node = {core::ListNode{meaning->place}};
    out.list = true;
  } else {
    out.node = {core::ValueNode{meaning->place}};
  }
}

// Whether a value can be here.
bool PlaceholderReader::has_value_place(const Placeholder& one) {
  const char left = one.begin > 0 ? sql_[one.begin - 1] : ' ';
  const char right = one.end < sql_.size() && !is_placeholder(one.end) ? sql_[one.end] : ' ';
  if (is_sql_word(left) || is_sql_word(right) || left == '.' || right == '.' || right == '"' ||
      right == '(') {
    fault(one.begin, with_choose("a part of a name"));
  } else if (one.begin > 1 && sql_.substr(one.begin - 2, 2) == "::") {
    fault(one.begin, with_choose("a type"));
  } else if (last_.is("interval")) {
    fault(one.begin, "write ${name} * interval '1 day'");
  } else if (last_.kind == Token::Kind::word && is_among(kBeforeName, last_.word)) {
    fault(one.begin, with_choose("a name"));
  } else if (last_.is_operand() || right == '\'') {
    fault(one.begin, with_choose("an operator, a direction or another word"));
  } else {
    return true;
  }
  return false;
}

void PlaceholderReader::placeholder() {
  const Placeholder one = read_placeholder(next_);
  next_ = one.end;
  if (one.good && has_value_place(one)) {
    if (one.list) return list(one);
    flush(one.begin);
    out_->push_back(one.node);
    from_ = one.end;
  }
  push(Token::Kind::operand, one.begin, one.end);
}

// All items of a list: IN (${x}) and IN ${x} are = ANY($1), anything else is the array.
void PlaceholderReader::list(const Placeholder& one) {
  const bool closed = last_.is("(") && before_.is("in");
  size_t end = one.end;
  if (closed) {
    end = skip_blanks(one.end) + 1;
    if (end > sql_.size() || sql_[end - 1] != ')')
      return fault(one.begin, "a list is alone in IN (${name}); write <foreach> to mix it with other values");
  } else if (!last_.is("in")) {
    if (!open_.empty() && open_.back().of_in)
      return fault(one.begin, "a list is alone in IN (${name}); write <foreach> to mix it with other values");
    flush(one.begin);
    out_->push_back(one.node);
    from_ = one.end;
    return push(Token::Kind::operand, one.begin, one.end);
  }
  const Token& in = closed ? before_ : last_;
  const Token& before_in = closed ? first_ : before_;
  const size_t start = before_in.is("not") ? before_in.begin : in.begin;
  flush(start);
  made(before_in.is("not") ? "<> ALL(" : "= ANY(", start);
  out_->push_back(one.node);
  made(")", end - 1);
  if (closed) open_.pop_back();
  from_ = next_ = end;
  push(Token::Kind::operand, one.begin, end);
}

}  // namespace tablegate::loader
