#include "source/csv/csv_scanner.hpp"

namespace tablegate::loader {

void CsvScanner::begin_record() {
  begin_ = lines_ + 1;
  ++copied_;
}

void CsvScanner::end_record(char c) {
  begins_.add(copied_, begin_);
  ++lines_;
  if (!ended_ && c == '\n') counted_ = '\n';
  ended_ = true;
  state_ = c == '\r' ? State::carriage : State::start;
}

bool CsvScanner::scan(std::string_view chunk) {
  for (const char c : chunk) {
    const bool line_end = c == '\n' || c == '\r';
    switch (state_) {
      case State::carriage:
        state_ = State::start;
        if (c == '\n') break;
        [[fallthrough]];
      case State::start:
        begin_record();
        if (line_end) {  // an empty line
          end_record(c);
          break;
        }
        ++records_;
        state_ = c == '"' ? State::quoted : c == '\\' ? State::backslash : State::plain;
        break;
      case State::plain:
        if (line_end)
          end_record(c);
        else if (c == '"')
          state_ = State::quoted;
        break;
      case State::quoted:
        if (c == '"') state_ = State::plain;
        if (c == '\n') ++lines_;
        if (c == counted_) ++copied_;
        break;
      case State::backslash:
        if (c == '.')
          state_ = State::marker;
        else if (line_end)
          end_record(c);
        else
          state_ = c == '"' ? State::quoted : State::plain;
        break;
      case State::marker:
        if (line_end) return false;
        state_ = c == '"' ? State::quoted : State::plain;
        break;
    }
  }
  return true;
}

bool CsvScanner::finish() {
  if (state_ != State::start && state_ != State::carriage) begins_.add(copied_, begin_);
  return state_ != State::marker;
}

uint64_t CsvScanner::line_of(uint64_t copied) const {
  const uint64_t line = begins_.line_of(copied);
  return line == 0 ? copied : line;
}

}  // namespace tablegate::loader
