#include "core/answer/csv_writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/answer/ndjson_writer.hpp"
#include "core/answer/value_text.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

constexpr std::string_view kLineEnd = "\r\n";
// What a cell may need beside its text: comma, quotes, the prefix of csv_safe, an offset.
constexpr size_t kCellRoom = 12;
// Room for shorter texts is not counted: each byte may be a quote.
constexpr size_t kShort = 128;

constexpr std::array<bool, 256> make_special() {
  std::array<bool, 256> table{};
  for (const char c : {',', '"', '\r', '\n'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kSpecial = make_special();

bool is_special(char c) {
  return kSpecial[static_cast<unsigned char>(c)];
}

const char* skip_digits(const char* at, const char* end) {
  while (at != end && is_digit(*at)) ++at;
  return at;
}

// [+-]?digits[.digits][e[+-]digits]
bool is_number_text(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto digits = [&at, end] {
    const char* const begin = at;
    at = skip_digits(at, end);
    return at != begin;
  };
  const auto sign = [&at, end] {
    if (at != end && (*at == '+' || *at == '-')) ++at;
  };
  sign();
  if (!digits()) return false;
  if (at != end && *at == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at != end && *at == 'e') {
    ++at;
    sign();
    if (!digits()) return false;
  }
  return at == end;
}

// What a spreadsheet may take for a formula.
bool is_formula(std::string_view text) {
  constexpr std::string_view kBegins = "=+-@\t\r";
  return kBegins.find(text.front()) != std::string_view::npos && !is_number_text(text);
}

char* put_in_quotes(std::string_view text, bool prefixed, char* out) {
  *out++ = '"';
  if (prefixed) *out++ = '\'';
  while (!text.empty()) {
    const size_t size = std::min(text.find('"'), text.size());
    std::memcpy(out, text.data(), size);
    out += size;
    if (size == text.size()) break;
    *out++ = '"';
    *out++ = '"';
    text.remove_prefix(size + 1);
  }
  *out++ = '"';
  return out;
}

// `out` has room for cell_room().
char* put_text_cell(std::string_view text, bool safe, char* out) {
  // COPY would take a line \. for the end of its data.
  if (text.empty() || text == "\\.") return put_in_quotes(text, false, out);
  const bool prefixed = safe && is_formula(text);
  char* const begin = out;
  if (prefixed) *out++ = '\'';
  bool special = false;
  for (const char c : text) {
    *out++ = c;
    special |= is_special(c);
  }
  return special ? put_in_quotes(text, prefixed, begin) : out;
}

char* put_json(std::string_view text, char* out) {
  if (std::none_of(text.begin(), text.end(), [](char c) { return c == '"' || c == ','; }))
    return put_compact_json(text, out);
  *out++ = '"';
  bool in_string = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (!in_string && (kBlanks.find(c) != std::string_view::npos || c == '\r' || c == '\n')) continue;
    *out++ = c;
    if (c == '"') {
      *out++ = c;
      in_string = !in_string;
    }
    if (c != '\\' || at + 1 == text.size()) continue;
    *out++ = text[++at];
    if (text[at] == '"') *out++ = '"';
  }
  *out++ = '"';
  return out;
}

// Numbers have no special byte, and but for infinities none that a formula begins with.
char* put_number_cell(std::string_view text, bool safe, char* out) {
  if (safe) return put_text_cell(text, safe, out);
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

std::string_view view(const Cell& cell) {
  return cell.data == nullptr ? std::string_view() : std::string_view(cell.data, cell.size);
}

char* put_bytes(std::string_view text, bool safe, char* out) {
  char* const end = put_base64(text, out);
  if (end == nullptr) return put_text_cell(text, safe, out);
  if (end == out) return put_in_quotes({}, false, out);
  if (!safe || !is_formula({out, static_cast<size_t>(end - out)})) return end;
  std::memmove(out + 1, out, static_cast<size_t>(end - out));
  *out = '\'';
  return end + 1;
}

char* put_cell(const Column& column, const Cell& cell, const Cell& wall, bool safe, char* out) {
  const std::string_view text(cell.data, cell.size);
  char* end = nullptr;
  switch (column.type) {
    case ColumnType::int2:
    case ColumnType::int4:
    case ColumnType::int8:
    case ColumnType::float4:
    case ColumnType::float8:
    case ColumnType::numeric:
      return put_number_cell(text, safe, out);
    case ColumnType::boolean:
      return put_text_cell(text == "t" ? "true" : "false", false, out);
    case ColumnType::json:
    case ColumnType::jsonb:
      return column.as_string ? put_text_cell(text, safe, out) : put_json(text, out);
    case ColumnType::bytea:
      return put_bytes(text, safe, out);
    case ColumnType::timestamp:
      end = put_timestamp(text, out);
      break;
    case ColumnType::timestamptz:
      end = put_timestamptz(text, view(wall), out);
      break;
    case ColumnType::text:
    case ColumnType::interval:
    case ColumnType::date:
      break;
  }
  return end != nullptr ? end : put_text_cell(text, safe, out);
}

// Counts the quotes of a long text, so that no large room stays unused.
size_t cell_room(const Cell& cell) {
  if (cell.size < kShort) return 2 * cell.size + kCellRoom;
  return cell.size + kCellRoom + static_cast<size_t>(std::count(cell.data, cell.data + cell.size, '"'));
}

size_t row_room(const Api& api, const Cell* cells) {
  size_t size = kLineEnd.size();
  for (const Column& column : api.columns) {
    size += cell_room(*cells++);
    if (column.wall) size += cell_room(*cells++);
  }
  return size;
}

}  // namespace

bool write_csv_row(const Api& api, const Cell* cells, ByteSink& sink) {
  char* const room = sink.reserve(row_room(api, cells));
  if (room == nullptr) return false;
  char* out = room;
  for (const Column& column : api.columns) {
    const Cell& cell = *cells++;
    const Cell wall = column.wall ? *cells++ : Cell{};
    if (cell.data != nullptr) out = put_cell(column, cell, wall, api.csv.safe, out);
    *out++ = ',';
  }
  out = std::copy(kLineEnd.begin(), kLineEnd.end(), out - 1);  // in place of the last comma
  sink.commit(static_cast<size_t>(out - room));
  return true;
}

std::string csv_header(const Api& api) {
  std::string header;
  for (const Column& column : api.columns) {
    std::string cell(cell_room({column.name.data(), column.name.size()}), '\0');
    cell.resize(static_cast<size_t>(put_text_cell(column.name, api.csv.safe, cell.data()) - cell.data()));
    header.append(header.empty() ? "" : ",").append(cell);
  }
  return header.append(kLineEnd);
}

// RFC 8187 section 3.2.
std::string csv_disposition(std::string_view api_name) {
  std::string plain;
  std::string encoded;
  bool ascii = true;
  for (const char c : api_name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool kept = is_letter(c) || is_digit(c) || c == '-' || c == '_';
    if (byte >= 0x80) {
      ascii = false;
      if ((byte & 0xC0U) != 0x80) plain += '_';  // once a character
      encoded += '%';
      append_hex(encoded, c, kUpperHex);
      continue;
    }
    plain += kept ? c : c == ' ' ? '-' : '_';
    encoded += plain.back();
  }
  const std::string header = "attachment; filename=\"" + plain + ".csv\"";
  return ascii ? header : header + "; filename*=UTF-8''" + encoded + ".csv";
}

}  // namespace tablegate::core
