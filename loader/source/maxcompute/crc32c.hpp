// CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of MaxCompute's
// record stream. Debian 12 has no library for it. Processes eight bytes per
// step with tables made at compile time; its only state is the sum.
#pragma once

#include <cstdint>
#include <string_view>

namespace tablegate::loader {

class Crc32c {
 public:
  void add(std::string_view bytes);
  // Adds the value's bytes in little-endian order on any machine.
  void add32(uint32_t value);
  void add64(uint64_t value);
  uint32_t value() const { return ~state_; }

 private:
  uint32_t state_ = 0xffffffffU;
};

}  // namespace tablegate::loader
