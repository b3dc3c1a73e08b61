#include "source/csv/field_writer.hpp"

#include <algorithm>

#include "core/text/ascii.hpp"
#include "core/text/utf8.hpp"
#include "source/maxcompute/maxcompute_value.hpp"
#include "source/maxcompute/nested_text.hpp"

namespace tablegate::loader {
namespace {

using core::ColumnType;

using core::is_digit;

// "\x00ff", PostgreSQL's form.
bool is_hex(std::string_view text) {
  return text.size() >= 2 && text.size() % 2 == 0 && text[0] == '\\' && text[1] == 'x' &&
         std::all_of(text.begin() + 2, text.end(), [](char c) { return core::hex_value(c) >= 0; });
}

// The formats of the column, else those of all columns.
std::vector<TimeFormat> formats_of(const std::string& column, const CsvOptions& options) {
  std::vector<TimeFormat> own;
  std::vector<TimeFormat> all;
  for (const auto& [name, format] : options.time_formats) {
    if (name == column) own.push_back(format);
    if (name.empty()) all.push_back(format);
  }
  return own.empty() ? all : own;
}

// The position of the fraction's point, after the seconds: "08:00:00.".
size_t fraction_of(std::string_view moment) {
  for (size_t at = 3; at < moment.size(); ++at) {
    if (moment[at] == '.' && is_digit(moment[at - 1]) && is_digit(moment[at - 2]) && moment[at - 3] == ':')
      return at;
  }
  return std::string_view::npos;
}

}  // namespace

std::string cut_fraction(std::string_view moment, size_t digits) {
  const size_t point = fraction_of(moment);
  if (point == std::string_view::npos) return std::string(moment);
  size_t end = point + 1;
  while (end < moment.size() && is_digit(moment[end])) ++end;
  if (end - point - 1 <= digits) return std::string(moment);
  return std::string(moment.substr(0, point + 1 + digits)).append(moment.substr(end));
}

FieldWriter::FieldWriter(const TableColumn& column, const CsvOptions& options, const DdlType* nested)
    : name_(column.name), null_(options.null) {
  switch (column.type) {
    case ColumnType::text:
      kind_ = Kind::text;
      break;
    case ColumnType::bytea:
      kind_ = Kind::bytes;
      break;
    case ColumnType::date:
    case ColumnType::timestamp:
    case ColumnType::timestamptz:
      kind_ = Kind::time;
      time_kind(column.type, time_);
      formats_ = formats_of(column.name, options);
      if (const size_t open = column.sql_type.find('('); open != std::string::npos)
        fraction_ = static_cast<size_t>(column.sql_type[open + 1] - '0');
      break;
    default:
      if (nested == nullptr) break;
      kind_ = Kind::nested;
      type_ = std::make_shared<DdlType>(*nested);
  }
}

// A quoted text or BINARY value may be empty or equal to the marker; other values may not.
bool FieldWriter::is_null(const RecordField& field) const {
  const bool marked = field.text == null_;
  const bool textual = kind_ == Kind::text || kind_ == Kind::bytes;
  return textual ? marked && !field.quoted : marked || field.text.empty();
}

bool FieldWriter::copies_bytes(const RecordField& field) const {
  return kind_ == Kind::bytes && !is_null(field) && !field.text.empty() && !is_hex(field.text);
}

void FieldWriter::write_time(std::string_view text, CopyText& copy) const {
  if (!formats_.empty())
    return copy.text(cut_fraction(read_formatted_time(text, time_, formats_), fraction_));
  check_iso_time(text, time_);
  if (text.size() <= 20 || fraction_of(text) == std::string_view::npos) return copy.text(text);
  copy.text(cut_fraction(text, fraction_));
}

void FieldWriter::write(const RecordField& field, CopyText& copy) const {
  const std::string_view text = field.text;
  if (is_null(field)) return copy.null();
  switch (kind_) {
    case Kind::text:
    case Kind::plain:
      return copy.text(text);
    case Kind::time:
      return write_time(text, copy);
    case Kind::nested:
      return copy.text(unwrap_nested(text, *type_, null_));
    case Kind::bytes:
      if (!is_hex(text)) return copy.bytes(text);
      return copy.text(text);
  }
}

}  // namespace tablegate::loader
