// CRC-32C (Castagnoli, RFC 3720 appendix B.4), which MaxCompute's record stream
// is checked with. Debian 12 has no library of it. Eight bytes a step from
// tables made at compile time; no state but the sum itself.
#pragma once

#include <cstdint>
#include <string_view>

namespace tablegate::loader {

class Crc32c {
 public:
  void add(std::string_view bytes);
  // The value's bytes in little-endian order, whatever the machine's is.
  void add32(uint32_t value);
  void add64(uint64_t value);
  uint32_t value() const { return ~state_; }

 private:
  uint32_t state_ = 0xffffffffU;
};

}  // namespace tablegate::loader
