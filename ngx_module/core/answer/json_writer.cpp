#include "core/answer/json_writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/answer/page_answer.hpp"
#include "core/answer/row_room.hpp"
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

// ---- times

// The end of `text` where PostgreSQL's ISO output has its offset: "+08", "-03:30", "+08:05:43". npos: none.
size_t offset_start(std::string_view text) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return space;
  return text.find_first_of("+-", space);
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// YYYY-MM-DD hh:mm:ss[.f] -> the same with T, trailing zeros of the fraction dropped. PostgreSQL drops them
// already.
void put_instant(std::string_view text, char*& out) {
  const size_t space = text.find(' ');
  std::memcpy(out, text.data(), text.size());
  if (space != std::string_view::npos) out[space] = 'T';
  out += text.size();
}

// Seconds since a day near the date given (a civil-day count, Howard Hinnant's public algorithm); only
// differences of two of them are used. False when the text has another form; a year BC is one.
bool wall_seconds(std::string_view text, int64_t& seconds) {
  if (ends_with(text, " BC")) return false;
  int64_t fields[6] = {0, 0, 0, 0, 0, 0};
  size_t field = 0;
  bool any = false;
  for (char c : text) {
    if (c >= '0' && c <= '9') {
      fields[field] = fields[field] * 10 + (c - '0');
      if (fields[field] > 9999999) return false;
      any = true;
      continue;
    }
    if (c == '.' && field == 5 && any) break;
    if ((c != '-' && c != ' ' && c != ':') || !any || ++field > 5) return false;
    any = false;
  }
  const size_t point = text.find('.');
  if (field != 5 || (point != std::string_view::npos &&
                     text.find_first_not_of("0123456789", point + 1) != std::string_view::npos)) {
    return false;
  }
  int64_t year = fields[0];
  const int64_t month = fields[1];
  year -= month <= 2 ? 1 : 0;
  const int64_t era = year / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + fields[2] - 1;
  const int64_t days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  seconds = days * 86400 + fields[3] * 3600 + fields[4] * 60 + fields[5];
  return true;
}

void put_two_digits(int64_t number, char*& out) {
  *out++ = static_cast<char>('0' + number / 10);
  *out++ = static_cast<char>('0' + number % 10);
}

// Whether RFC 3339 has a form for the year of a time that is not BC: it has four digits.
bool has_plain_year(std::string_view text) {
  return text.size() > 4 && text[4] == '-';
}

// `clock` is PostgreSQL's, without its offset.
bool put_date_time(std::string_view clock, std::string_view offset, ByteSink& sink) {
  char* room = sink.reserve(clock.size() + offset.size() + 2);
  if (room == nullptr) return false;
  char* out = room;
  *out++ = '"';
  put_instant(clock, out);
  out = std::copy(offset.begin(), offset.end(), out);  // may be empty, without data
  *out++ = '"';
  sink.commit(static_cast<size_t>(out - room));
  return true;
}

// A timestamptz: `utc` is its text with offset +00, `wall` the clock of the table's zone (empty: UTC). Their
// difference is the offset, so the zone's rules stay PostgreSQL's own. RFC 3339 (section 5.6) knows offsets
// of whole minutes and years of four digits: what the zone's clock cannot say is said in UTC, with Z.
bool write_timestamptz(std::string_view utc, std::string_view wall, ByteSink& sink) {
  const size_t offset_at = offset_start(utc);
  int64_t utc_clock = 0;
  int64_t wall_clock = 0;
  if (offset_at == std::string_view::npos || ends_with(utc, " BC") ||
      !wall_seconds(utc.substr(0, offset_at), utc_clock)) {
    return write_json_string(utc, sink);  // infinity, -infinity, BC: PostgreSQL's text
  }
  const std::string_view clock = utc.substr(0, offset_at);
  if (wall.empty() && has_plain_year(clock)) return put_date_time(clock, "+00:00", sink);
  if (has_plain_year(wall) && wall_seconds(wall, wall_clock)) {
    const int64_t offset = wall_clock - utc_clock;
    if (offset % 60 == 0 && offset > -86400 && offset < 86400) {
      char text[] = "+hh:mm";
      char* out = text;
      *out++ = offset < 0 ? '-' : '+';
      const int64_t minutes = (offset < 0 ? -offset : offset) / 60;
      put_two_digits(minutes / 60, out);
      ++out;
      put_two_digits(minutes % 60, out);
      return put_date_time(wall, {text, sizeof text - 1}, sink);
    }
  }
  return has_plain_year(clock) ? put_date_time(clock, "Z", sink) : write_json_string(utc, sink);
}

bool write_timestamp(std::string_view text, ByteSink& sink) {
  if (ends_with(text, " BC") || !has_plain_year(text) || count_escapes(text) != 0)
    return write_json_string(text, sink);
  return put_date_time(text, {}, sink);
}

// ---- bytea

// PostgreSQL's \x6162 to standard padded base64 (RFC 4648 section 4).
bool write_bytea(std::string_view text, ByteSink& sink) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() < 2 || text.substr(0, 2) != "\\x" || text.size() % 2 != 0)
    return write_json_string(text, sink);
  text.remove_prefix(2);
  const size_t size = text.size() / 2;
  char* room = sink.reserve((size + 2) / 3 * 4 + 2);
  if (room == nullptr) return false;
  char* out = room;
  *out++ = '"';
  for (size_t at = 0; at < size; at += 3) {
    unsigned bits = 0;
    const size_t count = std::min<size_t>(3, size - at);
    for (size_t i = 0; i < 3; ++i) {
      bits <<= 8U;
      if (i < count) {
        bits |= static_cast<unsigned>(hex_value(text[2 * (at + i)]) * 16 + hex_value(text[2 * (at + i) + 1]));
      }
    }
    *out++ = kAlphabet[bits >> 18U & 63U];
    *out++ = kAlphabet[bits >> 12U & 63U];
    *out++ = count > 1 ? kAlphabet[bits >> 6U & 63U] : '=';
    *out++ = count > 2 ? kAlphabet[bits & 63U] : '=';
  }
  *out++ = '"';
  sink.commit(static_cast<size_t>(out - room));
  return true;
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

namespace {

// A timestamptz has an offset of its own; base64 is shorter than PostgreSQL's hexadecimal text; true and
// false are longer than its t and f. Escapes are not counted: they are rare.
size_t row_size(const Api& api, const Cell* cells) {
  constexpr size_t kAround = 16;
  size_t size = 2;
  for (const Column& column : api.columns) {
    size += column.key.size() + 1 + cells++->size + kAround;
    if (column.wall) size += cells++->size;
  }
  return size;
}

}  // namespace

RowWriter::RowWriter(const Api& api, std::string_view request_id, ByteSink& sink, const PageAnswer* page)
    : api_(api),
      request_id_(request_id),
      sink_(sink),
      page_(page),
      most_(page != nullptr                   ? page->rows
            : api.result == ResultShape::list ? api.max_records
                                              : 1) {}

bool RowWriter::begin() {
  rows_ = 0;
  cut_ = false;
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
  RowRoom room(sink_, row_size(api_, cells));
  if (rows_++ > 0 && !room.put(',')) return false;
  char before = '{';
  for (const Column& column : api_.columns) {
    char* out = room.reserve(column.key.size() + 1);
    if (out == nullptr) return false;
    *out = before;
    std::memcpy(out + 1, column.key.data(), column.key.size());
    room.commit(column.key.size() + 1);
    before = ',';
    const Cell& cell = *cells++;
    const Cell wall = column.wall ? *cells++ : Cell{};
    if (!put_value(column, cell, wall, room)) return false;
  }
  return room.put('}');
}

bool RowWriter::end() {
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
