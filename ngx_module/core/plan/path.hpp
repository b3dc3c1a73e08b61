// Which way a request took through a statement program: the outcome of every
// decision, in order, among them how often a foreach node was gone through (a
// number is as many decisions as it has bits). Within one program two paths are equal exactly when their
// statements are made of the same nodes, so a path is a key of prepared
// statements. The bits are exact: two paths cannot collide, however many there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tablegate::core {

struct Path {
  static constexpr size_t kShort = 64;

  uint64_t bits = 0;  // the first 64 decisions; the first one is the lowest bit
  // The decisions after those, eight a byte in the same order; empty in a program with no more than 64. Not
  // owned: of the arena of the walk, or of whoever keeps the path.
  std::string_view more;

  // Decision number `place`, from 0. One that the path does not have is false.
  bool decision(size_t place) const {
    if (place < kShort) return (bits >> place & 1U) != 0;
    const size_t byte = (place - kShort) / 8;
    return byte < more.size() && (static_cast<unsigned char>(more[byte]) >> (place - kShort) % 8 & 1U) != 0;
  }

  // The number that `size` decisions from `place` on make; the first one is the lowest bit.
  size_t number(size_t place, size_t size) const {
    size_t out = 0;
    for (size_t bit = 0; bit < size; ++bit) out |= size_t{decision(place + bit)} << bit;
    return out;
  }

  bool operator==(const Path& other) const { return bits == other.bits && more == other.more; }
  bool operator!=(const Path& other) const { return !(*this == other); }
};

}  // namespace tablegate::core
