// Converts a field of a file into a field of COPY for a column of the mirror:
// recognises the file's NULL marker, reads times in ISO 8601 or in a format, cuts
// fractions of a second to what the column keeps, unwraps nested values, and
// passes bytes unchanged. PostgreSQL checks numbers and the calendar.
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
  // `nested`: the type of an ARRAY, MAP or STRUCT, or null.
  FieldWriter(const TableColumn& column, const CsvOptions& options, const DdlType* nested = nullptr);

  const std::string& column() const { return name_; }
  // True: COPY ... (FORMAT csv) converts the field in the same way itself.
  bool as_copy_reads() const {
    return kind_ == Kind::text || kind_ == Kind::plain || (is_date() && formats_.empty());
  }
  // A DATE: where COPY reads the file itself, its fields must pass check_iso_time().
  bool is_date() const { return kind_ == Kind::time && time_ == TimeKind::date; }
  bool is_text() const { return kind_ == Kind::text; }
  bool is_bytes() const { return kind_ == Kind::bytes; }
  // True: the column gets the field's bytes unchanged (it is neither NULL nor \x00ff).
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
  std::shared_ptr<DdlType> type_;    // of a nested value
};

// "2026-01-31 08:00:00.123456789+01" with at most `digits` digits of the second's fraction.
std::string cut_fraction(std::string_view moment, size_t digits);

}  // namespace tablegate::loader
