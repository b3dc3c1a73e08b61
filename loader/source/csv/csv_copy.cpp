// How the rows of one file get into COPY: its bytes unchanged, its rows converted,
// or its rows in batches where some may be bad.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/plan/statement.hpp"
#include "core/text/utf8.hpp"
#include "source/csv/csv.hpp"
#include "source/csv/csv_batch.hpp"
#include "source/csv/csv_scanner.hpp"
#include "source/csv/line_map.hpp"
#include "source/maxcompute/maxcompute_value.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kChunk = size_t{1} << 18;

// What the message says of the option, and the command with it.
const char* words_of(RowHelp help) {
  switch (help) {
    case RowHelp::quotes:
      return " (--lenient-quotes reads it, or --quote none where no quote has a meaning)";
    case RowHelp::joined:
      return " (write the quote twice, or use --quote none where no quote has a meaning)";
    case RowHelp::times:
      return " (--time-format such as '%d.%m.%Y %H:%M' reads other forms, --zone Area/City sets another zone "
             "than the table's)";
    case RowHelp::charset:
      return " (--charset reads files that are not UTF-8; iconv -l lists the names)";
    case RowHelp::header:
      return " (--header, when the first line names the columns)";
    case RowHelp::none:
      break;
  }
  return "";
}

Hint hint_of(RowHelp help) {
  switch (help) {
    case RowHelp::quotes:
      return Hint::again().flag("--lenient-quotes");
    case RowHelp::times:
      return Hint::again().set("--time-format", "FORMAT");
    case RowHelp::charset:
      return Hint::again().set("--charset", "NAME");
    case RowHelp::header:
      return Hint::again().set("--header", "names");  // also where --header none was given
    case RowHelp::joined:                             // the file must be corrected
    case RowHelp::none:
      break;
  }
  return {};
}

// COPY accepts words as dates ("today"): these columns are checked here.
void watch_dates(const std::vector<FieldWriter>& writers, CsvScanner& scanner) {
  std::vector<bool> dates;
  dates.reserve(writers.size());
  for (const FieldWriter& writer : writers) dates.push_back(writer.is_date());
  if (std::find(dates.begin(), dates.end(), true) == dates.end()) return;
  scanner.watch(dates, [](std::string_view value) -> std::string {
    try {
      if (!value.empty()) check_iso_time(value, TimeKind::date);
      return {};
    } catch (const BadTime& bad) {
      return bad.what();
    }
  });
}

}  // namespace

// Sends the bytes unchanged.
int64_t CsvSource::copy_bytes(CsvFile& file, Database& database, const std::string& table, bool freeze,
                              const ProgressWatch& progress) {
  std::vector<std::string> forced;  // an empty number is NULL, quoted or not
  for (const FieldWriter& writer : writers_of(file)) {
    if (!writer.is_text()) forced.push_back(core::quote_identifier(writer.column()));
  }
  const uint64_t header_lines = file.reader().lines_passed();
  CopyStream copy(
      database, table, file.columns(), freeze,
      fmt::format("FORMAT csv, DELIMITER {}, NULL {}{}", sql_literal(database, options_.delimiter),
                  sql_literal(database, options_.null),
                  forced.empty() ? "" : fmt::format(", FORCE_NULL ({})", fmt::join(forced, ", "))));
  CsvScanner scanner(options_.delimiter[0], file.columns().size());
  watch_dates(writers_of(file), scanner);
  const auto refuse_record = [&] {
    const size_t field = scanner.fault_field();
    const std::string column = field < file.columns().size() ? file.columns()[field] : "";
    const bool quote = scanner.fault() == kQuoteInside || scanner.fault() == kTextBehindQuote;
    const RowHelp help = field == CsvScanner::kNoField ? RowHelp::none
                         : quote                       ? RowHelp::quotes
                                                       : RowHelp::times;
    refuse_row(file, {file.label(), header_lines + scanner.line(), column, scanner.fault(), help});
  };
  bool sending = true;
  const auto send = [&](std::string_view bytes) {
    if (!scanner.scan(bytes)) refuse_record();
    sending = sending && copy.send(bytes);
    report(file, progress, scanner.records());
  };
  std::string ends;  // line ends that may be the last ones of the file
  std::string buffer = file.reader().take_rest();
  do {
    const size_t data = buffer.find_last_not_of("\r\n") + 1;  // npos: 0
    if (data > 0) {
      send(ends);
      send(std::string_view(buffer).substr(0, data));
      ends.clear();
    }
    ends.append(buffer, data);
    buffer.resize(kChunk);
    buffer.resize(file.bytes().read(buffer.data(), kChunk));
  } while (sending && !buffer.empty());
  // Empty lines at the end of the file are not rows of NULL.
  if (scanner.records() > 0) send(std::string_view(ends).substr(0, ends.compare(0, 2, "\r\n") == 0 ? 2 : 1));
  if (!scanner.finish(sending)) refuse_record();
  int64_t rows = 0;
  CopyFault fault;
  if (!copy.finish(rows, fault)) refuse(fault, file, scanner.line_of(fault.line) + header_lines, 0);
  return rows;
}

// False: `bad` holds the reason why the row is rejected; its fields are dropped from `copy`.
bool CsvSource::write_row(CsvFile& file, const std::vector<FieldWriter>& writers, CopyText& copy,
                          BadRow& bad) const {
  const RecordReader& reader = file.reader();
  const std::vector<RecordField>& fields = reader.fields();
  const auto refuse_value = [&](const std::string& column, const std::string& reason,
                                RowHelp help = RowHelp::none) {
    bad = {file.label(), reader.line(), column, reason, help};
    copy.drop_row();
    return false;
  };
  if (reader.fault() != nullptr) {
    const bool known = reader.fault_field() < writers.size();
    return refuse_value(known ? writers[reader.fault_field()].column() : "", reader.fault(),
                        options_.quotes == CsvQuotes::lenient ? RowHelp::joined : RowHelp::quotes);
  }
  if (fields.size() != writers.size()) {
    return refuse_value("", fmt::format("has {} fields where {} columns are expected ({})", fields.size(),
                                        writers.size(), fmt::join(file.columns(), ", ")));
  }
  for (size_t i = 0; i < writers.size(); ++i) {
    if (!writers[i].is_bytes() && !core::valid_text(fields[i].text)) {
      const bool nul = fields[i].text.find('\0') != std::string_view::npos;
      if (nul) return refuse_value(writers[i].column(), "holds a NUL byte, which PostgreSQL's text cannot");
      return refuse_value(writers[i].column(), fmt::format("is not {}", file.bytes().charset()),
                          file.bytes().converts() ? RowHelp::none : RowHelp::charset);
    }
    if (file.bytes().converts() && writers[i].copies_bytes(fields[i])) {
      return refuse_value(
          writers[i].column(),
          fmt::format("is BINARY in a file of {}, whose bytes are not what is read: write it as "
                      "\\x00ff",
                      file.bytes().charset()));
    }
    try {
      writers[i].write(fields[i], copy);
    } catch (const BadTime& time) {
      return refuse_value(writers[i].column(), time.what(), RowHelp::times);
    } catch (const BadValue& value) {
      return refuse_value(writers[i].column(), value.what());
    }
  }
  for (const auto& constant : options_.constants) copy.text(constant.second);
  copy.end_row();
  return true;
}

void CsvSource::refuse_row(const CsvFile& file, const BadRow& bad) const {
  const RecordReader& reader = file.reader();
  const bool header = bad.line == 1 && !file.has_header() && bad.help == RowHelp::times;
  const RowHelp help = header ? RowHelp::header : bad.help;
  throw Refused(fmt::format("{}, {}{}: {}{}", file.label(), reader.place_of(bad.line, reader.record()),
                            bad.column.empty() ? "" : fmt::format(", column \"{}\"", bad.column), bad.reason,
                            words_of(help)),
                hint_of(help));
}

int64_t CsvSource::copy_rows(CsvFile& file, Database& database, const std::string& table, bool freeze,
                             const ProgressWatch& progress) {
  const std::vector<FieldWriter> writers = writers_of(file);
  RecordReader& reader = file.reader();
  const uint64_t header_records = reader.record();
  CopyStream stream(database, table, copied_columns(file), freeze, "");
  CopyText copy;
  LineMap lines;
  uint64_t sent = 0;
  const auto send = [&] {
    sent += copy.rows();
    stream.send(copy.written());
    copy.clear();
    report(file, progress, sent);
  };
  BadRow bad;
  while (reader.next_row()) {
    if (!write_row(file, writers, copy, bad)) refuse_row(file, bad);
    lines.add(reader.line());
    if (copy.size() >= kChunk) send();
  }
  send();
  int64_t rows = 0;
  CopyFault fault;
  if (!stream.finish(rows, fault))
    refuse(fault, file, lines.line_of(fault.line), fault.line + header_records);
  return rows;
}

int64_t CsvSource::copy_good_rows(CsvFile& file, Database& database, const std::string& table,
                                  const ProgressWatch& progress) {
  const std::vector<FieldWriter> writers = writers_of(file);
  RecordReader& reader = file.reader();
  CsvBatch batch(database, table, copied_columns(file),
                 [&](const CopyFault& fault, uint64_t line, std::string_view record) {
                   rejects_.add({file.label(), line, fault.column, fault.reason()}, record);
                 });
  BadRow bad;
  uint64_t seen = 0;
  while (reader.next_row()) {
    if (write_row(file, writers, batch.row(), bad))
      batch.end_row(reader.line(), reader.raw());
    else
      rejects_.add(bad, reader.raw());
    if (++seen % 4096 == 0) report(file, progress, seen);
  }
  const int64_t rows = batch.finish();
  report(file, progress, seen);
  return rows;
}

void CsvSource::refuse(const CopyFault& fault, const CsvFile& file, uint64_t line, uint64_t record) const {
  const bool wrong_type = fault.sqlstate == "22P02" || fault.sqlstate == "22007" || fault.sqlstate == "22008";
  RowHelp help = RowHelp::none;
  if (wrong_type && fault.line == 1 && !file.has_header()) help = RowHelp::header;
  if (fault.sqlstate == "22021") help = RowHelp::charset;  // bytes that are invalid in the encoding
  refuse_rows(fault, file.label(), fmt::format("{}, {}", file.label(), file.reader().place_of(line, record)),
              hint_of(help), words_of(help));
}

}  // namespace tablegate::loader
