#include "source/copy_text.hpp"

#include <utility>

#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

// The letter after the backslash, or 0 for a byte that needs no escape.
char escape_of(char c) {
  switch (c) {
    case '\\':
      return '\\';
    case '\t':
      return 't';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    default:
      return '\0';
  }
}

}  // namespace

void CopyText::text(std::string_view value) {
  separate();
  size_t begin = 0;
  for (size_t at = 0; at < value.size(); ++at) {
    const char escape = escape_of(value[at]);
    if (escape == '\0') continue;
    buffer_.append(value, begin, at - begin);
    buffer_ += '\\';
    buffer_ += escape;
    begin = at + 1;
  }
  buffer_.append(value, begin, value.size() - begin);
}

// bytea's hex form; its backslash is escaped.
void CopyText::bytes(std::string_view value) {
  separate();
  buffer_ += "\\\\x";
  for (const char byte : value) core::append_hex(buffer_, byte);
}

void CopyText::end_row() {
  buffer_ += '\n';
  row_ = buffer_.size();
  fields_ = 0;
  ++rows_;
}

void CopyText::drop_row() {
  buffer_.resize(row_);
  fields_ = 0;
}

std::string CopyText::take() {
  std::string rest = buffer_.substr(row_);
  buffer_.resize(row_);
  std::swap(rest, buffer_);
  row_ = 0;
  rows_ = 0;
  return rest;
}

}  // namespace tablegate::loader
