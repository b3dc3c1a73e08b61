#include "core/answer/entity_tag.hpp"

namespace tablegate::core {

namespace {

constexpr char kDigits[] = "0123456789abcdef";
constexpr std::string_view kWeak = "W/";

std::string_view without_weak(std::string_view tag) {
  return tag.substr(0, kWeak.size()) == kWeak ? tag.substr(kWeak.size()) : tag;
}

char* write_hex(uint64_t number, char* out) {
  for (int shift = 60; shift >= 0; shift -= 4) *out++ = kDigits[number >> static_cast<unsigned>(shift) & 15U];
  return out;
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
