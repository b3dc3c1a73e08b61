#include "source/csv_record.hpp"

#include <utility>

namespace tablegate::loader {
namespace {

// Steps over "\n", "\r\n" or "\r" at `at`. False when the bytes that would tell are not there yet.
bool skip_line_end(std::string_view text, size_t& at, bool at_end) {
  if (text[at] == '\r') {
    if (at + 1 == text.size() && !at_end) return false;
    if (at + 1 < text.size() && text[at + 1] == '\n') ++at;
  }
  ++at;
  return true;
}

}  // namespace

CsvRecord read_csv_record(std::string_view text, char delimiter, bool at_end) {
  CsvRecord record;
  std::string field;
  bool quoted = false;
  size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (quoted) {
      if (c == '"' && at + 1 == text.size() && !at_end) return record;  // may be one of a pair
      if (c == '"' && at + 1 < text.size() && text[at + 1] == '"') {
        field += '"';
        at += 2;
        continue;
      }
      if (c == '\n') ++record.lines;
      if (c == '"')
        quoted = false;
      else
        field += c;
      ++at;
    } else if (c == '\n' || c == '\r') {
      if (!skip_line_end(text, at, at_end)) return record;
      record.fields.push_back(std::move(field));
      record.size = at;
      ++record.lines;
      record.complete = true;
      return record;
    } else {
      if (c == delimiter) {
        record.fields.push_back(std::move(field));
        field.clear();
      } else if (c == '"') {
        quoted = true;
      } else {
        field += c;
      }
      ++at;
    }
  }
  if (!at_end || quoted) return record;
  if (!text.empty()) record.fields.push_back(std::move(field));
  record.size = text.size();
  record.complete = true;
  return record;
}

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
