#include "pg/wire_writer.hpp"

#include <arpa/inet.h>

#include <cstring>

namespace tablegate::pg {
namespace {

constexpr std::size_t kLength = sizeof(uint32_t);  // of a length, which counts itself

char* put_long(char* to, std::size_t number) {
  const uint32_t bytes = htonl(static_cast<uint32_t>(number));
  std::memcpy(to, &bytes, sizeof bytes);
  return to + sizeof bytes;
}

char* put_short(char* to, std::size_t number) {
  const uint16_t bytes = htons(static_cast<uint16_t>(number));
  std::memcpy(to, &bytes, sizeof bytes);
  return to + sizeof bytes;
}

// With its NUL.
char* put_text(char* to, const char* text, std::size_t size) {
  std::memcpy(to, text, size);
  to[size] = '\0';
  return to + size + 1;
}

// Where the body of a message goes. `length`: of the body and of the length itself.
char* begin_message(std::string& out, char type, std::size_t length) {
  const std::size_t at = out.size();
  out.resize(at + 1 + length);
  out[at] = type;
  return put_long(&out[at] + 1, length);
}

// Describe of the unnamed portal, then its Execute without a limit.
constexpr char kDescribeExecute[] = "D\0\0\0\6P\0E\0\0\0\11\0\0\0\0";
constexpr char kSync[] = "S\0\0\0\4";

}  // namespace

void write_parse(std::string& out, const std::string& name, const char* sql,
                 const std::vector<uint32_t>& types) {
  const std::size_t size = std::strlen(sql);
  const std::size_t length =
      kLength + name.size() + 1 + size + 1 + sizeof(uint16_t) + types.size() * sizeof(uint32_t);
  char* at = begin_message(out, 'P', length);
  at = put_text(at, name.data(), name.size());
  at = put_text(at, sql, size);
  at = put_short(at, types.size());
  for (const uint32_t type : types) at = put_long(at, type);
}

void write_run(std::string& out, const std::string& name, const char* const* values, std::size_t count) {
  // The portal's name, which is empty; no formats of parameters and none of results: all are texts.
  std::size_t length = kLength + 1 + name.size() + 1 + 3 * sizeof(uint16_t);
  for (std::size_t i = 0; i < count; ++i)
    length += sizeof(uint32_t) + (values[i] != nullptr ? std::strlen(values[i]) : 0);
  char* at = begin_message(out, 'B', length);
  *at++ = '\0';
  at = put_text(at, name.data(), name.size());
  at = put_short(at, 0);
  at = put_short(at, count);
  for (std::size_t i = 0; i < count; ++i) {
    if (values[i] == nullptr) {
      at = put_long(at, UINT32_MAX);
      continue;
    }
    const std::size_t size = std::strlen(values[i]);
    at = put_long(at, size);
    std::memcpy(at, values[i], size);
    at += size;
  }
  put_short(at, 0);
  out.append(kDescribeExecute, sizeof kDescribeExecute);  // its NUL is the last byte of Execute
}

void write_sync(std::string& out) {
  out.append(kSync, sizeof kSync - 1);
}

}  // namespace tablegate::pg
