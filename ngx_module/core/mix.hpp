// Spreads keys over tables and consumers over versions. The functions are
// fixed: their results must be the same in every process and release.
#pragma once

#include <cstdint>
#include <string_view>

namespace tablegate::core {

// The last step of SplitMix64: every bit of the result depends on every bit of the value.
constexpr uint64_t mix(uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31U);
}

// FNV-1a, started with `seed`, then mixed.
constexpr uint64_t mix(std::string_view text, uint64_t seed) {
  uint64_t hash = 0xCBF29CE484222325U ^ mix(seed);
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return mix(hash);
}

}  // namespace tablegate::core
