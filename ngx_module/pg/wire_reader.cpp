#include "pg/wire_reader.hpp"

#include <arpa/inet.h>

#include <cstring>

namespace tablegate::pg {
namespace {

// Of other types than those below, which hold values, names or texts.
constexpr std::size_t kLongestOther = 30000;
constexpr uint32_t kNull = UINT32_MAX;
constexpr std::size_t kColumnFields = 18;  // behind a column's name in a RowDescription
constexpr std::size_t kTypeAt = 6;         // of them: the type's OID

uint32_t wire_number(const char* bytes) {
  uint32_t number = 0;
  std::memcpy(&number, bytes, sizeof number);
  return ntohl(number);
}

std::size_t short_number(const char* bytes) {
  uint16_t number = 0;
  std::memcpy(&number, bytes, sizeof number);
  return ntohs(number);
}

bool may_be_long(char type) {
  return std::strchr("TDENA", type) != nullptr && type != '\0';
}

}  // namespace

Frame read_frame(const char* bytes, std::size_t size, Message& message) {
  if (size < kFrameHeader) return Frame::incomplete;
  const std::size_t length = wire_number(bytes + 1);  // counts itself
  if (length < sizeof(uint32_t) || length > kLongestMessage) return Frame::invalid;
  if (length > kLongestOther && !may_be_long(bytes[0])) return Frame::invalid;
  if (size - 1 < length) return Frame::incomplete;
  message = {bytes[0], bytes + kFrameHeader, length - sizeof(uint32_t)};
  return Frame::whole;
}

bool read_columns(const Message& message, std::vector<uint32_t>& types) {
  if (message.size < sizeof(uint16_t)) return false;
  const char* at = message.body + sizeof(uint16_t);
  const char* const end = message.body + message.size;
  for (std::size_t left = short_number(message.body); left > 0; --left) {
    const void* name_end = std::memchr(at, '\0', static_cast<std::size_t>(end - at));
    if (name_end == nullptr) return false;
    at = static_cast<const char*>(name_end) + 1;
    if (static_cast<std::size_t>(end - at) < kColumnFields) return false;
    types.push_back(wire_number(at + kTypeAt));
    at += kColumnFields;
  }
  return at == end;
}

bool is_row(const Message& message, std::size_t columns) {
  if (message.size < sizeof(uint16_t) || short_number(message.body) != columns) return false;
  const char* at = message.body + sizeof(uint16_t);
  std::size_t left = message.size - sizeof(uint16_t);
  for (; columns > 0; --columns) {
    if (left < sizeof(uint32_t)) return false;
    const uint32_t length = wire_number(at);
    at += sizeof(uint32_t);
    left -= sizeof(uint32_t);
    if (length == kNull) continue;
    if (length > left) return false;
    at += length;
    left -= length;
  }
  return left == 0;
}

void read_row(const char* body, std::size_t columns, core::Cell* cells) {
  const char* at = body + sizeof(uint16_t);
  for (std::size_t column = 0; column < columns; ++column) {
    const uint32_t length = wire_number(at);
    at += sizeof(uint32_t);
    if (length == kNull) {
      cells[column] = {};
      continue;
    }
    cells[column] = {at, length};
    at += length;
  }
}

core::Cell read_cell(const char* body, std::size_t column) {
  core::Cell cell;
  const char* at = body + sizeof(uint16_t);
  for (std::size_t i = 0; i <= column; ++i) {
    const uint32_t length = wire_number(at);
    at += sizeof(uint32_t);
    cell = length == kNull ? core::Cell{} : core::Cell{at, length};
    at += cell.size;
  }
  return cell;
}

bool read_error(const Message& message, ErrorFields& fields) {
  fields = {};
  const char* at = message.body;
  const char* const end = message.body + message.size;
  bool has_plain_severity = false;
  while (at != end && *at != '\0') {
    const char name = *at++;
    const void* text_end = std::memchr(at, '\0', static_cast<std::size_t>(end - at));
    if (text_end == nullptr) return false;
    const auto size = static_cast<std::size_t>(static_cast<const char*>(text_end) - at);
    const std::string_view text(at, size);
    at += size + 1;
    if (name == 'V' || (name == 'S' && !has_plain_severity)) fields.severity = text;
    has_plain_severity = has_plain_severity || name == 'V';
    if (name == 'C') fields.sqlstate = text;
    if (name == 'M') fields.message = text;
  }
  return at != end && at + 1 == end;
}

}  // namespace tablegate::pg
