#include "source/maxcompute/crc32c.hpp"

#include <array>
#include <cstddef>

namespace tablegate::loader {
namespace {

using Tables = std::array<std::array<uint32_t, 256>, 8>;

// Table 0 is the usual reflected one; table k advances a byte that is followed by k more bytes.
constexpr Tables make_tables() {
  constexpr uint32_t kPolynomial = 0x82f63b78U;
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t sum = byte;
    for (int bit = 0; bit < 8; ++bit) sum = (sum & 1U) != 0 ? (sum >> 1U) ^ kPolynomial : sum >> 1U;
    tables[0][byte] = sum;
  }
  for (size_t k = 1; k < tables.size(); ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8U) ^ tables[0][before & 0xffU];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

uint32_t byte_of(uint32_t word, unsigned place) {
  return (word >> (8 * place)) & 0xffU;
}

uint32_t step8(uint32_t state, uint32_t low, uint32_t high) {
  const uint32_t first = state ^ low;
  return kTables[7][byte_of(first, 0)] ^ kTables[6][byte_of(first, 1)] ^ kTables[5][byte_of(first, 2)] ^
         kTables[4][byte_of(first, 3)] ^ kTables[3][byte_of(high, 0)] ^ kTables[2][byte_of(high, 1)] ^
         kTables[1][byte_of(high, 2)] ^ kTables[0][byte_of(high, 3)];
}

uint32_t load32(const char* at) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(at);
  return uint32_t{bytes[0]} | uint32_t{bytes[1]} << 8U | uint32_t{bytes[2]} << 16U |
         uint32_t{bytes[3]} << 24U;
}

}  // namespace

void Crc32c::add(std::string_view bytes) {
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) state_ = step8(state_, load32(at), load32(at + 4));
  for (; left > 0; --left, ++at) {
    state_ = (state_ >> 8U) ^ kTables[0][(state_ ^ static_cast<unsigned char>(*at)) & 0xffU];
  }
}

void Crc32c::add32(uint32_t value) {
  const uint32_t mixed = state_ ^ value;
  state_ = kTables[3][byte_of(mixed, 0)] ^ kTables[2][byte_of(mixed, 1)] ^ kTables[1][byte_of(mixed, 2)] ^
           kTables[0][byte_of(mixed, 3)];
}

void Crc32c::add64(uint64_t value) {
  state_ = step8(state_, static_cast<uint32_t>(value), static_cast<uint32_t>(value >> 32U));
}

}  // namespace tablegate::loader
