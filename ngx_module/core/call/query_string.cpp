// The query string half of parameters.hpp: splitting and decoding.
#include "core/call/parameters.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

bool encoded(std::string_view text) {
  return text.find_first_of("%+") != std::string_view::npos;
}

}  // namespace

int next_query_byte(std::string_view raw, size_t& at) {
  const char c = raw[at];
  if (c == '+') {
    ++at;
    return ' ';
  }
  if (c != '%') {
    ++at;
    return static_cast<unsigned char>(c);
  }
  if (at + 2 >= raw.size()) return -1;
  const int high = hex_value(raw[at + 1]);
  const int low = hex_value(raw[at + 2]);
  if (high < 0 || low < 0) return -1;
  at += 3;
  return high * 16 + low;
}

bool query_text_is(std::string_view raw, std::string_view text) {
  if (!encoded(raw)) return raw == text;
  if (raw.size() < text.size()) return false;
  size_t at = 0;
  for (char expected : text) {
    if (at >= raw.size()) return false;
    if (next_query_byte(raw, at) != static_cast<unsigned char>(expected)) return false;
  }
  return at == raw.size();
}

QueryValue find_query_value(std::string_view query, std::string_view name) {
  QueryValue found;
  size_t at = 0;
  while (at < query.size()) {
    size_t end = query.find('&', at);
    if (end == std::string_view::npos) end = query.size();
    const std::string_view pair = query.substr(at, end - at);
    const size_t equals = pair.find('=');
    if (query_text_is(pair.substr(0, equals), name)) {
      if (found.count++ == 0) {
        found.raw = equals == std::string_view::npos ? pair.substr(pair.size()) : pair.substr(equals + 1);
      }
    }
    at = end + 1;
  }
  return found;
}

char* decode_query_bytes(std::string_view raw, char* out) {
  for (size_t at = 0; at < raw.size();) {
    const int byte = next_query_byte(raw, at);
    if (byte < 0) return nullptr;
    *out++ = static_cast<char>(byte);
  }
  return out;
}

std::string_view decode_query_value(std::string_view raw, Arena& arena) {
  if (!encoded(raw)) {
    const char* copy = arena.copy(raw);
    return copy == nullptr ? std::string_view() : std::string_view(copy, raw.size());
  }
  char* out = static_cast<char*>(arena.allocate(raw.size() + 1));
  if (out == nullptr) return {};
  char* const end = decode_query_bytes(raw, out);
  if (end == nullptr) return {};
  *end = '\0';
  return {out, static_cast<size_t>(end - out)};
}

}  // namespace tablegate::core
