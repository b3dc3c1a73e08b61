// Writes rows in the text form of PostgreSQL's COPY (PostgreSQL manual, COPY,
// "Text Format"): fields with tabs between, \N for NULL, backslash escapes. The
// bytes gather in take()'s string until the caller sends them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tablegate::loader {

class CopyText {
 public:
  // One field each; the first of a row comes right after end_row().
  void null() { field("\\N"); }
  void text(std::string_view value);                    // any bytes, escaped
  void plain(std::string_view value) { field(value); }  // known to hold nothing to escape
  void bytes(std::string_view value);                   // of a bytea column
  void end_row();
  // Forgets the fields of a row that was begun.
  void drop_row();

  size_t size() const { return buffer_.size(); }
  uint64_t rows() const { return rows_; }
  // The whole rows so far; afterwards it is empty.
  std::string take();
  // The same, and they stay until clear().
  std::string_view written() const { return std::string_view(buffer_).substr(0, row_); }
  void clear() {
    buffer_.clear();
    row_ = fields_ = 0;
    rows_ = 0;
  }

 private:
  void separate() {
    if (fields_++ > 0) buffer_ += '\t';
  }
  void field(std::string_view value) {
    separate();
    buffer_ += value;
  }

  std::string buffer_;
  size_t row_ = 0;     // where the row that is being written begins
  size_t fields_ = 0;  // that it has so far
  uint64_t rows_ = 0;
};

}  // namespace tablegate::loader
