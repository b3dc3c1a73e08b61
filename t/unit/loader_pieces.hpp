// Bytes of a test that arrive in pieces, for readers of a ByteSource.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "source/byte_source.hpp"

namespace tablegate::loader::testing {

// Returns its bytes in pieces of at most `step`.
class Pieces final : public ByteSource {
 public:
  Pieces(std::string bytes, size_t step) : bytes_(std::move(bytes)), step_(step) {}
  size_t read(char* buffer, size_t size) override {
    const size_t count = std::min({size, step_, bytes_.size() - at_});
    bytes_.copy(buffer, count, at_);
    at_ += count;
    return count;
  }
  uint64_t consumed() const override { return at_; }
  uint64_t total() const override { return bytes_.size(); }

 private:
  std::string bytes_;
  size_t step_;
  size_t at_ = 0;
};

}  // namespace tablegate::loader::testing
