#include "core/answer/entity_tag.hpp"

#include <endian.h>

#include <cstring>

namespace tablegate::core {

namespace {

constexpr std::string_view kWeak = "W/";

std::string_view without_weak(std::string_view tag) {
  return tag.substr(0, kWeak.size()) == kWeak ? tag.substr(kWeak.size()) : tag;
}

// Eight digits at once: each four bits get a byte of their own, to which the distance to its digit is added.
char* write_hex(uint32_t number, char* out) {
  constexpr uint64_t kOnes = 0x0101010101010101U;
  uint64_t digits = number;
  digits = (digits | digits << 16U) & 0x0000FFFF0000FFFFU;
  digits = (digits | digits << 8U) & 0x00FF00FF00FF00FFU;
  digits = (digits | digits << 4U) & 0x0F0F0F0F0F0F0F0FU;
  const uint64_t letters = (digits + kOnes * 6) >> 4U & kOnes;
  digits = htobe64(digits + kOnes * '0' + letters * ('a' - '9' - 1));
  std::memcpy(out, &digits, sizeof digits);
  return out + sizeof digits;
}

char* write_hex(uint64_t number, char* out) {
  return write_hex(static_cast<uint32_t>(number), write_hex(static_cast<uint32_t>(number >> 32U), out));
}

}  // namespace

std::string_view write_entity_tag(const CallDigest& call, uint64_t generations, bool weak, char* out) {
  char* end = out;
  if (weak) {
    *end++ = 'W';
    *end++ = '/';
  }
  *end++ = '"';
  for (const uint64_t half : call) end = write_hex(half, end);
  *end++ = '-';
  end = write_hex(generations, end);
  *end++ = '"';
  return {out, static_cast<size_t>(end - out)};
}

bool names_entity_tag(std::string_view value, std::string_view tag) {
  constexpr std::string_view kBetween = " \t,";
  tag = without_weak(tag);
  size_t at = value.find_first_not_of(" \t");
  if (at != value.npos && value[at] == '*') return value.find_first_not_of(" \t", at + 1) == value.npos;
  for (at = value.find_first_not_of(kBetween); at != value.npos; at = value.find_first_not_of(kBetween, at)) {
    if (value.substr(at, kWeak.size()) == kWeak) at += kWeak.size();
    if (at >= value.size() || value[at] != '"') return false;
    const size_t end = value.find('"', at + 1);
    if (end == value.npos) return false;
    if (value.substr(at, end + 1 - at) == tag) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace tablegate::core
