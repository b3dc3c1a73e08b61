#include "core/answer/json_writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/answer/csv_writer.hpp"
#include "core/answer/ndjson_writer.hpp"
#include "core/answer/page_answer.hpp"
#include "core/answer/row_room.hpp"
#include "core/answer/value_text.hpp"
#include "core/text/ascii.hpp"
#include "core/text/json_plain.hpp"

namespace tablegate::core {

namespace {

template <class Sink>
bool put_quoted(std::string_view text, Sink& sink) {
  char* room = sink.reserve(text.size() + 2);
  if (room == nullptr) return false;
  room[0] = '"';
  std::memcpy(room + 1, text.data(), text.size());
  room[text.size() + 1] = '"';
  sink.commit(text.size() + 2);
  return true;
}

// What stands after the backslash for a byte that must be escaped: 'u' is \u00XX, 0 needs no escape.
constexpr std::array<char, 256> make_escapes() {
  std::array<char, 256> table{};
  for (size_t c = 0; c < 0x20; ++c) table[c] = 'u';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}
constexpr std::array<char, 256> kEscapes = make_escapes();

size_t count_escapes(std::string_view text) {
  size_t extra = 0;
  for (char c : text) {
    const char escape = kEscapes[static_cast<unsigned char>(c)];
    if (escape != 0) extra += escape == 'u' ? 5 : 1;
  }
  return extra;
}

// ---- numbers

bool plain_number(std::string_view text) {
  for (char c : text) {
    if (!((c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E')) return false;
  }
  return !text.empty();
}

// ---- texts of value_text.hpp, in quotes

// `put` writes the text and returns its end; null: it is `otherwise`, with JSON's escapes.
template <class Put>
bool write_quoted(size_t room, std::string_view otherwise, ByteSink& sink, Put put) {
  char* const begin = sink.reserve(room + 2);
  if (begin == nullptr) return false;
  *begin = '"';
  char* const end = put(begin + 1);
  if (end == nullptr) return write_json_string(otherwise, sink);
  *end = '"';
  sink.commit(static_cast<size_t>(end + 1 - begin));
  return true;
}

bool write_timestamptz(std::string_view utc, std::string_view wall, ByteSink& sink) {
  return write_quoted(timestamptz_room(utc, wall), utc, sink,
                      [&](char* out) { return put_timestamptz(utc, wall, out); });
}

bool write_timestamp(std::string_view text, ByteSink& sink) {
  if (count_escapes(text) != 0) return write_json_string(text, sink);
  return write_quoted(text.size(), text, sink, [text](char* out) { return put_timestamp(text, out); });
}

bool write_bytea(std::string_view text, ByteSink& sink) {
  return write_quoted(base64_room(text), text, sink, [text](char* out) { return put_base64(text, out); });
}

}  // namespace

char* StringSink::reserve(size_t size) {
  text.resize(committed_ + size);
  return text.data() + committed_;
}

void StringSink::commit(size_t size) {
  committed_ += size;
  text.resize(committed_);
}

// ---- values. `Sink`: a ByteSink; a room of one row is called without indirection.

namespace {

template <class Sink>
bool put_text(std::string_view text, Sink& sink) {
  char* room = sink.reserve(text.size());
  if (room == nullptr) return false;
  std::memcpy(room, text.data(), text.size());
  sink.commit(text.size());
  return true;
}

template <class Sink>
bool put_json_string(std::string_view text, Sink& sink) {
  size_t plain = plain_prefix(text.data(), text.size());
  if (plain == text.size()) return put_quoted(text, sink);
  char* room = sink.reserve(text.size() + count_escapes(text.substr(plain)) + 2);
  if (room == nullptr) return false;
  char* out = room;
  *out++ = '"';
  for (;;) {
    std::memcpy(out, text.data(), plain);
    out += plain;
    text.remove_prefix(plain);
    if (text.empty()) break;
    const char c = text.front();
    const char escape = kEscapes[static_cast<unsigned char>(c)];
    *out++ = '\\';
    *out++ = escape;
    if (escape == 'u') {
      *out++ = '0';
      *out++ = '0';
      *out++ = kLowerHex[static_cast<unsigned char>(c) >> 4U];
      *out++ = kLowerHex[static_cast<unsigned char>(c) & 15U];
    }
    text.remove_prefix(1);
    plain = plain_prefix(text.data(), text.size());
  }
  *out++ = '"';
  sink.commit(static_cast<size_t>(out - room));
  return true;
}

template <class Sink>
bool put_value(const Column& column, const Cell& cell, const Cell& wall, Sink& sink) {
  if (cell.data == nullptr) return put_text("null", sink);
  const std::string_view text(cell.data, cell.size);
  switch (column.type) {
    case ColumnType::int2:
    case ColumnType::int4:
    case ColumnType::int8:
    case ColumnType::float4:
    case ColumnType::float8:
    case ColumnType::numeric:
      // NaN and infinities have no JSON form: strings.
      return !column.as_string && plain_number(text) ? put_text(text, sink) : put_json_string(text, sink);
    case ColumnType::boolean: {
      const bool yes = text == "t";
      if (column.as_string) return put_text(yes ? "\"true\"" : "\"false\"", sink);
      return put_text(yes ? "true" : "false", sink);
    }
    case ColumnType::text:
    case ColumnType::interval:
    case ColumnType::date:
      return put_json_string(text, sink);
    case ColumnType::timestamp:
      return write_timestamp(text, sink);
    case ColumnType::timestamptz:
      return write_timestamptz(
          text, wall.data == nullptr ? std::string_view() : std::string_view(wall.data, wall.size), sink);
    case ColumnType::bytea:
      return write_bytea(text, sink);
    case ColumnType::json:
    case ColumnType::jsonb:
      return column.as_string ? put_json_string(text, sink) : put_text(text, sink);
  }
  return put_json_string(text, sink);
}

}  // namespace

bool write_text(std::string_view text, ByteSink& sink) {
  return put_text(text, sink);
}

bool write_json_string(std::string_view text, ByteSink& sink) {
  return put_json_string(text, sink);
}

bool write_value(const Column& column, const Cell& cell, const Cell& wall, ByteSink& sink) {
  return put_value(column, cell, wall, sink);
}

size_t output_columns(const Api& api) {
  size_t count = 0;
  for (const Column& column : api.columns) count += column.wall ? 2 : 1;
  return count;
}

// A timestamptz has an offset of its own; base64 is shorter than PostgreSQL's hexadecimal text; true and
// false are longer than its t and f. Escapes are not counted: they are rare.
size_t json_row_size(const Api& api, const Cell* cells) {
  constexpr size_t kAround = 16;
  size_t size = 2;
  for (const Column& column : api.columns) {
    size += column.key.size() + 1 + cells++->size + kAround;
    if (column.wall) size += cells++->size;
  }
  return size;
}

RowWriter::RowWriter(const Api& api, std::string_view request_id, ByteSink& sink, const PageAnswer* page,
                     Format format)
    : api_(api),
      request_id_(request_id),
      sink_(sink),
      page_(page),
      format_(format),
      most_(page != nullptr                   ? page->rows
            : api.result == ResultShape::list ? api.max_records
                                              : 1) {}

bool RowWriter::begin() {
  rows_ = 0;
  cut_ = false;
  if (format_ != Format::json) return format_ == Format::ndjson || write_text(api_.csv.header, sink_);
  if (page_ != nullptr) {
    return write_text(kDataKey, sink_) && write_text("{", sink_) && write_text(page_head(*page_), sink_) &&
           write_text("[", sink_);
  }
  return write_text(api_.result == ResultShape::list ? "{\"data\":[" : kDataKey, sink_);
}

bool RowWriter::row(const Cell* cells) {
  if (rows_ == most_) {
    cut_ = api_.result == ResultShape::list;
    return true;
  }
  if (format_ != Format::json) {
    ++rows_;
    return format_ == Format::csv ? write_csv_row(api_, cells, sink_) : write_json_line(api_, cells, sink_);
  }
  RowRoom room(sink_, json_row_size(api_, cells));
  if (rows_++ > 0 && !room.put(',')) return false;
  return put_object(api_, cells, room, [&room](const Column& column, const Cell& cell, const Cell& wall) {
    return put_value(column, cell, wall, room);
  });
}

bool RowWriter::end() {
  if (format_ != Format::json) return true;
  if (page_ != nullptr) {
    if (!write_text("]", sink_) || !write_text(page_tail(*page_), sink_) || !write_text("}", sink_))
      return false;
  } else if (api_.result == ResultShape::list) {
    if (!write_text("]", sink_)) return false;
  } else if (rows_ == 0 && !write_text("null", sink_)) {
    return false;
  }
  return end_success(api_.envelope, request_id_, sink_);
}

}  // namespace tablegate::core
