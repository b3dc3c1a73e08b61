// Files of rows with any bytes: the same records however the bytes are cut,
// UTF-8 or a marked bad byte from every charset, and every field becomes one
// field of COPY, or BadValue. First byte: format and charset; second: the size
// of the pieces.
#include <cstdint>

#include "base/refusal.hpp"
#include "fuzzing.hpp"
#include "source/csv/charset.hpp"
#include "source/csv/field_writer.hpp"
#include "source/csv/record_reader.hpp"
#include "source/maxcompute/maxcompute_value.hpp"

using namespace tablegate;
using core::ColumnType;

namespace {

constexpr const char* kCharsets[] = {"",         "gbk",      "gb18030",     "big5",
                                     "utf-16le", "utf-32be", "iso-2022-jp", "utf-7"};

class Pieces final : public loader::ByteSource {
 public:
  Pieces(std::string_view bytes, size_t step) : bytes_(bytes), step_(step) {}
  size_t read(char* buffer, size_t size) override {
    const std::string_view piece = bytes_.substr(0, std::min(size, step_));
    piece.copy(buffer, piece.size());
    bytes_.remove_prefix(piece.size());
    return piece.size();
  }
  uint64_t consumed() const override { return 0; }
  uint64_t total() const override { return 0; }

 private:
  std::string_view bytes_;
  size_t step_;
};

std::vector<loader::FieldWriter> writers(const loader::CsvOptions& options) {
  std::vector<loader::FieldWriter> all;
  const auto add = [&](ColumnType type, const char* sql, const char* nested) {
    loader::TableColumn column;
    column.name = "c";
    column.type = type;
    column.sql_type = sql;
    const loader::DdlType ddl = *nested == '\0' ? loader::DdlType() : loader::parse_type_text(nested, "c");
    all.emplace_back(column, options, *nested == '\0' ? nullptr : &ddl);
  };
  add(ColumnType::text, "text", "");
  add(ColumnType::int8, "bigint", "");
  add(ColumnType::timestamptz, "timestamptz(3)", "");
  add(ColumnType::date, "date", "");
  add(ColumnType::bytea, "bytea", "");
  add(ColumnType::jsonb, "jsonb", "array<bigint>");
  add(ColumnType::jsonb, "jsonb", "map<string,struct<a:array<decimal>,b:json>>");
  add(ColumnType::jsonb, "jsonb", "struct<a:boolean,b:array<array<double>>>");
  return all;
}

void write(const loader::FieldWriter& writer, const loader::RecordField& field) {
  loader::CopyText copy;
  try {
    writer.write(field, copy);
  } catch (const loader::BadValue& bad) {
    INVARIANT(bad.what()[0] != '\0');
    return;
  } catch (const loader::BadTime& bad) {
    INVARIANT(bad.what()[0] != '\0');
    return;
  }
  copy.end_row();
  const std::string row = copy.take();
  INVARIANT(row.size() >= 1 && row.find_first_of("\n\t\r") == row.size() - 1);
}

std::string read(std::string_view bytes, const loader::CsvOptions& options, size_t step, bool convert) {
  std::string text;
  try {
    loader::TextSource source(std::make_unique<Pieces>(bytes, step), options.charset);
    loader::RecordReader reader(source, options, "f", 64);
    const std::vector<loader::FieldWriter> all =
        convert ? writers(options) : std::vector<loader::FieldWriter>();
    uint64_t line = 0;
    while (reader.next()) {
      INVARIANT(reader.line() > line || options.format == loader::RowFormat::text);
      line = reader.line();
      INVARIANT(!reader.fields().empty());
      text += std::to_string(line) + '\n' + std::string(reader.raw()) + '\n';
      if (reader.fault() != nullptr) text += std::to_string(reader.fault_field()) + reader.fault();
      INVARIANT(reader.fault() == nullptr || reader.fault_field() < reader.fields().size());
      for (const loader::RecordField& field : reader.fields()) {
        text += field.quoted ? '"' : ' ';
        text += std::string(field.text) + '\n';
        for (const loader::FieldWriter& writer : all) write(writer, field);
      }
    }
  } catch (const loader::Refused& refused) {
    text += refused.what();
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  loader::CsvOptions options;
  options.charset = kCharsets[data[0] & 7U];
  options.format = (data[0] & 8U) != 0 ? loader::RowFormat::text : loader::RowFormat::csv;
  options.quotes = static_cast<loader::CsvQuotes>(data[1] / 61U % 3U);
  if ((data[0] & 128U) != 0) {
    for (const char* format : {"%d.%m.%Y %H:%M", "%d-%b-%y %I %p", "%s.%f", "%F %T%z"})
      options.time_formats.emplace_back("", loader::TimeFormat(format));
  }
  if ((data[0] & 16U) != 0) options.null = "\\N";
  if (options.format == loader::RowFormat::text && (data[0] & 32U) != 0) options.delimiter = "||";
  if (options.format == loader::RowFormat::text && (data[0] & 64U) != 0) options.record_end = "\1;";
  const std::string whole = read(bytes, options, SIZE_MAX, true);
  INVARIANT(read(bytes, options, 1 + data[1] % 61U, false) == whole);
  return 0;
}
