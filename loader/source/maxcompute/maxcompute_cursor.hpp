// Reads the items of MaxCompute's record stream from bytes that may end too
// early. A failed read returns zero, and so do all reads after it: want() says
// how many bytes are needed if there are too few, fault() what is wrong if more
// bytes cannot help. Check once after a value, and before a loop over a count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tablegate::loader {

class RecordCursor {
 public:
  static constexpr size_t kMaxItems = size_t{1} << 22U;

  explicit RecordCursor(std::string_view bytes) : bytes_(bytes) {}

  bool good() const { return wanted_ == 0 && fault_ == nullptr; }
  size_t wanted() const { return wanted_; }     // bytes that there must at least be; 0: enough
  const char* fault() const { return fault_; }  // or null
  size_t at() const { return at_; }

  void fail(const char* reason) {
    if (good()) fault_ = reason;
  }

  // At most 10 bytes, and no bit past the 64th.
  uint64_t varint() {
    if (!good()) return 0;
    uint64_t value = 0;
    for (unsigned i = 0; i < 10; ++i) {
      if (at_ + i >= bytes_.size()) return want(i + 1);
      const auto byte = static_cast<unsigned char>(bytes_[at_ + i]);
      if (i == 9 && byte > 1) break;
      value |= uint64_t{byte & 0x7fU} << (7 * i);
      if (byte < 0x80) {
        at_ += i + 1;
        return value;
      }
    }
    fail("a number of more than 64 bits");
    return 0;
  }
  uint32_t varint32() {
    const uint64_t value = varint();
    if (value > UINT32_MAX) fail("a number of more than 32 bits");
    return good() ? static_cast<uint32_t>(value) : 0;
  }
  int64_t zigzag() {
    const uint64_t value = varint();
    return static_cast<int64_t>((value >> 1U) ^ (~(value & 1U) + 1));
  }
  // One byte: a longer encoding could hide what follows it, because null flags are in no checksum.
  bool flag() {
    if (!good()) return false;
    const std::string_view byte = raw(1);
    if (byte.empty()) return false;
    if (byte[0] != '\0' && byte[0] != '\1') fail("a boolean that is neither 0 nor 1");
    return byte[0] == '\1';
  }
  uint32_t fixed32() { return static_cast<uint32_t>(fixed(4)); }
  uint64_t fixed64() { return fixed(8); }

  // Call before each element of a nested value. It limits the memory of one record: each element takes some
  // 70 times the one byte that a null has in the stream.
  bool next_item() {
    if (++items_ > kMaxItems) fail("a record of more than 4 million nested values");
    return good();
  }

  // A length, then that many bytes.
  std::string_view text(size_t limit) {
    const uint64_t size = varint();
    if (size > limit) fail("a length above the limit");
    return good() ? raw(static_cast<size_t>(size)) : std::string_view();
  }

 private:
  uint64_t want(size_t more) {
    wanted_ = at_ + more;
    return 0;
  }
  std::string_view raw(size_t size) {
    if (bytes_.size() - at_ < size) {
      want(size);
      return {};
    }
    const std::string_view piece = bytes_.substr(at_, size);
    at_ += size;
    return piece;
  }
  uint64_t fixed(size_t size) {
    if (!good()) return 0;
    const std::string_view piece = raw(size);
    uint64_t value = 0;
    for (size_t i = piece.size(); i > 0; --i) value = value << 8U | static_cast<unsigned char>(piece[i - 1]);
    return value;
  }

  std::string_view bytes_;
  size_t at_ = 0;
  size_t wanted_ = 0;
  size_t items_ = 0;
  const char* fault_ = nullptr;
};

}  // namespace tablegate::loader
