#include "source/csv/csv_scanner.hpp"

#include <fmt/format.h>

#include <utility>

#include "source/csv/record_reader.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kMarker = "is \\. alone, which PostgreSQL takes as the end of the data: quote it";

bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}

}  // namespace

CsvScanner::CsvScanner(char delimiter, size_t fields) : delimiter_(delimiter), fields_(fields) {
  for (const char c : {'\n', '\r', '"', delimiter}) special_[static_cast<unsigned char>(c)] = true;
}

void CsvScanner::begin_record() {
  begin_ = lines_ + 1;
  ++copied_;
  field_ = 0;
}

// COPY reports too few fields itself, unless a value is found bad before.
bool CsvScanner::check_record() {
  const size_t found = field_ + 1;
  if (fields_ != 0 && (found > fields_ || (found < fields_ && !bad_value_.empty())))
    return fail(fmt::format("has {} fields where {} columns are expected", found, fields_), kNoField);
  return bad_value_.empty() || fail(bad_value_, bad_field_);
}

bool CsvScanner::end_record(char c) {
  if (!check_record()) return false;
  begins_.add(copied_, begin_);
  ++lines_;
  if (!ended_ && c == '\n') counted_ = '\n';
  ended_ = true;
  state_ = c == '\r' ? State::carriage : State::start;
  return true;
}

bool CsvScanner::fail(const std::string& reason, size_t field) {
  fault_ = reason;
  fault_field_ = field;
  return false;
}

void CsvScanner::watch(std::vector<bool> fields, Check check) {
  watched_ = std::move(fields);
  check_ = std::move(check);
}

void CsvScanner::keep(char c) {
  if (watches()) value_ += c;
}

void CsvScanner::end_field() {
  if (!watches()) return;
  std::string reason = check_(value_);
  value_.clear();
  if (reason.empty() || !bad_value_.empty()) return;
  bad_value_ = std::move(reason);
  bad_field_ = field_;
}

// A byte of a field without quotes, or the one behind a field with them.
bool CsvScanner::pass_plain(char c) {
  if (c == '"') return fail(kQuoteInside, field_);
  if (is_line_end(c)) {
    end_field();
    return end_record(c);
  }
  if (c == delimiter_) {
    end_field();
    ++field_;
    state_ = State::field;
  } else {
    keep(c);
    state_ = State::plain;
  }
  return true;
}

bool CsvScanner::pass_behind_quote(char c) {
  if (c == '"') {  // one of a pair
    keep(c);
    state_ = State::quoted;
    return true;
  }
  return c == delimiter_ || is_line_end(c) ? pass_plain(c) : fail(kTextBehindQuote, field_);
}

bool CsvScanner::begin_field(char c) {
  if (c != '"') return pass_plain(c);
  state_ = State::quoted;
  return true;
}

// The end of a run of bytes that change nothing.
size_t CsvScanner::skip(std::string_view chunk, size_t at) {
  const size_t begin = at;
  if (state_ == State::plain) {
    while (at < chunk.size() && !special_[static_cast<unsigned char>(chunk[at])]) ++at;
  } else if (state_ == State::quoted) {
    while (at < chunk.size() && chunk[at] != '"' && !is_line_end(chunk[at])) ++at;
  }
  if (at > begin && watches()) value_.append(chunk, begin, at - begin);
  return at;
}

bool CsvScanner::scan(std::string_view chunk) {
  bool good = fault_.empty();
  for (size_t at = skip(chunk, 0); good && at < chunk.size(); at = skip(chunk, at + 1)) {
    const char c = chunk[at];
    switch (state_) {
      case State::carriage:
        state_ = State::start;
        if (c == '\n') break;
        [[fallthrough]];
      case State::start:
        begin_record();
        if (!is_line_end(c)) ++records_;
        if (c == '\\' && delimiter_ != c) {
          keep(c);
          state_ = State::backslash;
        } else {
          good = begin_field(c);
        }
        break;
      case State::field:
        good = begin_field(c);
        break;
      case State::plain:
        good = pass_plain(c);
        break;
      case State::quoted:
        if (c == '"')
          state_ = State::closing;
        else
          keep(c);
        if (c == '\n') ++lines_;
        if (c == counted_) ++copied_;
        break;
      case State::closing:
        good = pass_behind_quote(c);
        break;
      case State::backslash:
        good = pass_plain(c);
        if (c == '.' && delimiter_ != c) state_ = State::marker;
        break;
      case State::marker:
        good = is_line_end(c) ? fail(kMarker, kNoField) : pass_plain(c);
        break;
    }
  }
  return good;
}

bool CsvScanner::finish(bool whole) {
  if (!fault_.empty()) return false;
  if (state_ == State::start || state_ == State::carriage) return true;
  begins_.add(copied_, begin_);
  if (!whole) return true;
  if (state_ == State::marker) return fail(kMarker, kNoField);
  if (state_ == State::quoted) return true;  // COPY reports an open quote
  end_field();
  return check_record();
}

uint64_t CsvScanner::line_of(uint64_t copied) const {
  const uint64_t line = begins_.line_of(copied);
  return line == 0 ? copied : line;
}

}  // namespace tablegate::loader
