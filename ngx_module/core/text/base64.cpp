#include "core/text/base64.hpp"

#include <array>
#include <cstdint>

namespace tablegate::core {

namespace {

constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Values of characters; a character outside of the alphabet has a bit that no value has.
constexpr uint8_t kBad = 0x80;
using Table = std::array<uint8_t, 256>;

constexpr Table make_table(std::string_view alphabet) {
  Table table{};
  for (uint8_t& value : table) value = kBad;
  for (size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<uint8_t>(i);
  }
  return table;
}

constexpr Table kUrlTable = make_table(kUrl);
constexpr Table kStandardTable = make_table(kStandard);

std::string encode(std::string_view bytes, std::string_view alphabet, bool padded) {
  std::string out;
  out.reserve(bytes.size() / 3 * 4 + 4);
  uint32_t held = 0;
  unsigned bits = 0;
  for (const char byte : bytes) {
    held = (held << 8U) | static_cast<unsigned char>(byte);
    for (bits += 8; bits >= 6; bits -= 6) out += alphabet[(held >> (bits - 6)) & 63U];
  }
  if (bits > 0) out += alphabet[(held << (6 - bits)) & 63U];
  while (padded && out.size() % 4 != 0) out += '=';
  return out;
}

// Decodes `text`, which has no padding.
bool decode(std::string_view text, const Table& table, char* out, size_t& size) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  auto* to = reinterpret_cast<unsigned char*>(out);
  uint32_t bad = 0;
  size_t left = text.size();
  for (; left >= 4; left -= 4, p += 4, to += 3) {
    const uint32_t a = table[p[0]];
    const uint32_t b = table[p[1]];
    const uint32_t c = table[p[2]];
    const uint32_t d = table[p[3]];
    bad |= a | b | c | d;
    const uint32_t group = a << 18U | b << 12U | c << 6U | d;
    to[0] = static_cast<unsigned char>(group >> 16U);
    to[1] = static_cast<unsigned char>(group >> 8U);
    to[2] = static_cast<unsigned char>(group);
  }
  uint32_t trailing = 0;
  if (left == 1) return false;
  if (left >= 2) {
    const uint32_t a = table[p[0]];
    const uint32_t b = table[p[1]];
    const uint32_t c = left == 3 ? table[p[2]] : 0U;
    bad |= a | b | c;
    const uint32_t group = a << 18U | b << 12U | c << 6U;
    *to++ = static_cast<unsigned char>(group >> 16U);
    if (left == 3) *to++ = static_cast<unsigned char>(group >> 8U);
    trailing = left == 3 ? c & 3U : b & 15U;
  }
  if ((bad & kBad) != 0 || trailing != 0) return false;
  size = static_cast<size_t>(reinterpret_cast<char*>(to) - out);
  return true;
}

}  // namespace

std::string base64url_encode(std::string_view bytes) {
  return encode(bytes, kUrl, false);
}

std::string base64_encode(std::string_view bytes) {
  return encode(bytes, kStandard, true);
}

bool base64url_decode(std::string_view text, char* out, size_t& size) {
  return decode(text, kUrlTable, out, size);
}

bool base64_decode(std::string_view text, char* out, size_t& size) {
  if (text.size() % 4 != 0) return false;
  if (!text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    if (text.back() == '=') text.remove_suffix(1);
  }
  return decode(text, kStandardTable, out, size);
}

std::optional<std::string> base64url_decode(std::string_view text) {
  std::string out(base64_decoded_room(text.size()), '\0');
  size_t size = 0;
  if (!base64url_decode(text, out.data(), size)) return std::nullopt;
  out.resize(size);
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string out(base64_decoded_room(text.size()), '\0');
  size_t size = 0;
  if (!base64_decode(text, out.data(), size)) return std::nullopt;
  out.resize(size);
  return out;
}

}  // namespace tablegate::core
