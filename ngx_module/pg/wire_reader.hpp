// The messages that a PostgreSQL server sends, decoded from any bytes (PostgreSQL
// manual, "Message Formats", protocol 3.0): where a message ends, the types of the
// columns, the cells of a row, the fields of an error. Pure functions: nothing is
// copied, no state, no socket. What they return points into the bytes they were given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/answer/json_writer.hpp"

namespace tablegate::pg {

struct Message {
  char type = 0;
  const char* body = nullptr;
  std::size_t size = 0;  // of the body
};

enum class Frame : uint8_t {
  whole,
  incomplete,  // so far it may be a message
  invalid,     // no server sends this: what follows cannot be understood
};

// A type and a length come before each body.
constexpr std::size_t kFrameHeader = 5;
// PostgreSQL makes no message longer than this (MaxAllocSize in its sources).
constexpr std::size_t kLongestMessage = 0x3fffffff;

// The message that the bytes begin with. `message` is set when it is whole.
Frame read_frame(const char* bytes, std::size_t size, Message& message);

// RowDescription: appends the OID of each column's type. False: not a RowDescription.
bool read_columns(const Message& message, std::vector<uint32_t>& types);

// DataRow: whether the body is a row of so many columns. The two others require that it is.
bool is_row(const Message& message, std::size_t columns);
void read_row(const char* body, std::size_t columns, core::Cell* cells);
core::Cell read_cell(const char* body, std::size_t column);

struct ErrorFields {
  std::string_view severity;  // not translated, if the server says it in that way
  std::string_view sqlstate;
  std::string_view message;
};

// ErrorResponse. False: its fields have no end.
bool read_error(const Message& message, ErrorFields& fields);

}  // namespace tablegate::pg
