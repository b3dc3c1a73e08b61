#include "source/csv_scanner.hpp"

namespace tablegate::loader {
bool CsvScanner::scan(std::string_view chunk) {
  for (const char c : chunk) {
    const bool line_end = c == '\n' || c == '\r';
    if (c == '\n') ++lines_;
    switch (state_) {
      case State::start:
        if (line_end) break;  // an empty line, or the second half of "\r\n"
        ++records_;
        state_ = c == '"' ? State::quoted : c == '\\' ? State::backslash : State::plain;
        break;
      case State::plain:
        if (line_end)
          state_ = State::start;
        else if (c == '"')
          state_ = State::quoted;
        break;
      case State::quoted:
        if (c == '"') state_ = State::plain;
        break;
      case State::backslash:
        if (c == '.')
          state_ = State::marker;
        else
          state_ = line_end ? State::start : c == '"' ? State::quoted : State::plain;
        break;
      case State::marker:
        if (line_end) return false;
        state_ = c == '"' ? State::quoted : State::plain;
        break;
    }
  }
  return true;
}

}  // namespace tablegate::loader
