#include "core/answer/ndjson_writer.hpp"

#include "core/answer/row_room.hpp"

namespace tablegate::core {

namespace {

bool write_compact_json(std::string_view text, ByteSink& sink) {
  char* const room = sink.reserve(text.size());
  if (room == nullptr) return false;
  sink.commit(static_cast<size_t>(put_compact_json(text, room) - room));
  return true;
}

}  // namespace

char* put_compact_json(std::string_view text, char* out) {
  bool in_string = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (!in_string && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) continue;
    *out++ = c;
    if (c == '"') in_string = !in_string;
    if (c == '\\' && at + 1 < text.size()) *out++ = text[++at];
  }
  return out;
}

bool write_json_line(const Api& api, const Cell* cells, ByteSink& sink) {
  RowRoom room(sink, json_row_size(api, cells));
  const auto put = [&room](const Column& column, const Cell& cell, const Cell& wall) {
    const bool compact = column.is_json() && !column.as_string && cell.data != nullptr;
    return compact ? write_compact_json({cell.data, cell.size}, room) : write_value(column, cell, wall, room);
  };
  return put_object(api, cells, room, put) && room.put('\n');
}

}  // namespace tablegate::core
