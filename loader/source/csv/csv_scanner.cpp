#include "source/csv/csv_scanner.hpp"

#include "source/csv/record_reader.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kMarker = "is \\. alone, which PostgreSQL takes as the end of the data: quote it";

bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}

}  // namespace

CsvScanner::CsvScanner(char delimiter) : delimiter_(delimiter) {
  for (const char c : {'\n', '\r', '"', delimiter}) special_[static_cast<unsigned char>(c)] = true;
}

void CsvScanner::begin_record() {
  begin_ = lines_ + 1;
  ++copied_;
  field_ = 0;
}

void CsvScanner::end_record(char c) {
  begins_.add(copied_, begin_);
  ++lines_;
  if (!ended_ && c == '\n') counted_ = '\n';
  ended_ = true;
  state_ = c == '\r' ? State::carriage : State::start;
}

bool CsvScanner::fail(const char* reason, size_t field) {
  fault_ = reason;
  fault_field_ = field;
  return false;
}

// A byte of a field without quotes, or behind one with them.
bool CsvScanner::pass_plain(char c) {
  if (c == '"') return fail(kQuoteInside, field_);
  if (is_line_end(c)) {
    end_record(c);
  } else if (c == delimiter_) {
    ++field_;
    state_ = State::field;
  } else {
    state_ = State::plain;
  }
  return true;
}

bool CsvScanner::begin_field(char c) {
  if (c != '"') return pass_plain(c);
  state_ = State::quoted;
  return true;
}

// The end of a run of bytes that change nothing.
size_t CsvScanner::skip(std::string_view chunk, size_t at) const {
  if (state_ == State::plain) {
    while (at < chunk.size() && !special_[static_cast<unsigned char>(chunk[at])]) ++at;
  } else if (state_ == State::quoted) {
    while (at < chunk.size() && chunk[at] != '"' && !is_line_end(chunk[at])) ++at;
  }
  return at;
}

bool CsvScanner::scan(std::string_view chunk) {
  bool good = fault_ == nullptr;
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
        if (c == '\\' && delimiter_ != c)
          state_ = State::backslash;
        else
          good = begin_field(c);
        break;
      case State::field:
        good = begin_field(c);
        break;
      case State::plain:
        good = pass_plain(c);
        break;
      case State::quoted:
        if (c == '"') state_ = State::closing;
        if (c == '\n') ++lines_;
        if (c == counted_) ++copied_;
        break;
      case State::closing:
        if (c == '"')
          state_ = State::quoted;
        else if (c == delimiter_ || is_line_end(c))
          good = pass_plain(c);
        else
          good = fail(kTextBehindQuote, field_);
        break;
      case State::backslash:
        if (c == '.' && delimiter_ != c)
          state_ = State::marker;
        else
          good = pass_plain(c);
        break;
      case State::marker:
        good = is_line_end(c) ? fail(kMarker, kNoField) : pass_plain(c);
        break;
    }
  }
  return good;
}

bool CsvScanner::finish() {
  if (fault_ != nullptr) return false;
  if (state_ != State::start && state_ != State::carriage) begins_.add(copied_, begin_);
  return state_ != State::marker || fail(kMarker, kNoField);
}

uint64_t CsvScanner::line_of(uint64_t copied) const {
  const uint64_t line = begins_.line_of(copied);
  return line == 0 ? copied : line;
}

}  // namespace tablegate::loader
