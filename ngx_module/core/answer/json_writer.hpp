// Rows to the bytes of an answer, from PostgreSQL's text output straight into the
// response's buffers: no tree, no second copy. The writer of JSON; it calls those
// of CSV and NDJSON (csv_writer.hpp, ndjson_writer.hpp) for each row of theirs.
//
// PostgreSQL's session is pinned by whoever connects: DateStyle ISO, TimeZone
// UTC, extra_float_digits 1, bytea_output hex, client_encoding UTF8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/answer/format.hpp"
#include "core/manifest/manifest.hpp"

namespace tablegate::core {

// Where the bytes go. reserve() gives room for at least `size` bytes or null (no memory); commit() says how
// many of them were written. What was committed never moves.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual char* reserve(size_t size) = 0;
  virtual void commit(size_t size) = 0;
};

// A sink of its own: one string.
class StringSink final : public ByteSink {
 public:
  char* reserve(size_t size) override;
  void commit(size_t size) override;
  std::string text;

 private:
  size_t committed_ = 0;
};

struct PageAnswer;

struct Cell {
  const char* data = nullptr;  // null: SQL NULL; not NUL-terminated
  size_t size = 0;
};

// Writes the answer of one API: begin(), then for each row its cells, then end(). False: no memory. Rows
// beyond max_records are left out: the statement finds one more, so that it is known that there are more.
class RowWriter {
 public:
  // `request_id`: for an envelope that has it; kept until end(). `page`: of ResultShape::page, outlives the
  // writer; otherwise null. `format`: one of Api::formats, or json.
  RowWriter(const Api& api, std::string_view request_id, ByteSink& sink, const PageAnswer* page = nullptr,
            Format format = Format::json);

  bool begin();
  // `cells`: the statement's output columns in order (a `wall` column takes two).
  bool row(const Cell* cells);
  bool end();

  size_t rows() const { return rows_; }  // written
  // A list has more rows than max_records.
  bool cut() const { return cut_; }

 private:
  const Api& api_;
  std::string_view request_id_;
  ByteSink& sink_;
  const PageAnswer* const page_;
  const Format format_;
  size_t most_;
  size_t rows_ = 0;
  bool cut_ = false;
};

// How many output columns of the API's statement its rows are written from. Pages have more after them.
size_t output_columns(const Api& api);

// About how many bytes a row of JSON needs: see RowRoom. A timestamptz has an offset of its own.
size_t json_row_size(const Api& api, const Cell* cells);

// Writes one value as JSON. `wall` is the instant's text in the table's zone (timestamptz only) or empty. A
// value that its column type cannot have is written as a JSON string.
bool write_value(const Column& column, const Cell& cell, const Cell& wall, ByteSink& sink);

// The bytes as they are. False: no memory.
bool write_text(std::string_view text, ByteSink& sink);

// `"text"` with JSON's escapes (RFC 8259 section 7): quote, backslash and controls; all else as it is.
bool write_json_string(std::string_view text, ByteSink& sink);

}  // namespace tablegate::core
