// Writes rows in the text form of PostgreSQL's COPY (PostgreSQL manual, COPY,
// "Text Format"): fields separated by tabs, \N for NULL, backslash escapes.
// The rows are collected until the caller takes and sends them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tablegate::loader {

class CopyText {
 public:
  // One field each; the first field of a row follows end_row() directly.
  void null() { field("\\N"); }
  void text(std::string_view value);                    // any bytes, escaped
  void plain(std::string_view value) { field(value); }  // known to hold nothing to escape
  void bytes(std::string_view value);                   // for a bytea column
  void end_row();
  // Drops the fields of the unfinished row.
  void drop_row();

  size_t size() const { return buffer_.size(); }
  uint64_t rows() const { return rows_; }
  // Returns the whole rows so far and empties the buffer.
  std::string take();
  // The whole rows so far; the buffer keeps them until clear().
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
  size_t row_ = 0;     // where the unfinished row begins
  size_t fields_ = 0;  // fields of the unfinished row
  uint64_t rows_ = 0;
};

}  // namespace tablegate::loader
