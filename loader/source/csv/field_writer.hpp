// What a field of a file becomes in a column of the mirror, as a field of COPY:
// NULL by the file's marker, times in ISO 8601 or of a format, fractions of a second
// cut to what the column keeps, nested values unwrapped, bytes as they are. Whether
// a number is one, and the calendar, is left to PostgreSQL.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/ddl.hpp"
#include "model/ddl_type.hpp"
#include "source/copy_text.hpp"
#include "source/csv/csv_options.hpp"
#include "source/csv/record_reader.hpp"

namespace tablegate::loader {

class FieldWriter {
 public:
  // `nested`: an ARRAY's, MAP's or STRUCT's type, or null.
  FieldWriter(const TableColumn& column, const CsvOptions& options, const DdlType* nested = nullptr);

  const std::string& column() const { return name_; }
  // COPY ... (FORMAT csv) makes the same of it by itself.
  bool as_copy_reads() const {
    return kind_ == Kind::text || kind_ == Kind::plain || (is_date() && formats_.empty());
  }
  // A DATE: where COPY reads the file itself, its fields have to pass check_iso_time().
  bool is_date() const { return kind_ == Kind::time && time_ == TimeKind::date; }
  bool is_text() const { return kind_ == Kind::text; }
  bool is_bytes() const { return kind_ == Kind::bytes; }
  // The column gets the very bytes of the field: neither NULL nor \x00ff.
  bool copies_bytes(const RecordField& field) const;
  // Throws BadValue, BadTime.
  void write(const RecordField& field, CopyText& copy) const;

 private:
  void write_time(std::string_view text, CopyText& copy) const;
  bool is_null(const RecordField& field) const;
  enum class Kind { text, plain, time, bytes, nested };

  std::string name_;
  std::string null_;
  Kind kind_ = Kind::plain;
  TimeKind time_ = TimeKind::date;
  std::vector<TimeFormat> formats_;  // of times; empty: ISO 8601
  size_t fraction_ = 6;              // digits of a second that the column keeps
  std::shared_ptr<DdlType> type_;    // nested
};

// "2026-01-31 08:00:00.123456789+01" with at most so many digits of the second's fraction.
std::string cut_fraction(std::string_view moment, size_t digits);

}  // namespace tablegate::loader
