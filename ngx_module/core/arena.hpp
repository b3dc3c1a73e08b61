// Memory of one request: what is taken from it lives as long as the request and
// is never given back piece by piece. nginx hands out its request pool,
// `tablegate api test` and the unit tests a list of blocks.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace tablegate::core {

class Arena {
 public:
  virtual ~Arena() = default;
  // `size` bytes aligned for any pointer, or null when there is no memory.
  virtual void* allocate(size_t size) = 0;

  // NUL-terminated copy of `text`, or null.
  char* copy(std::string_view text);
};

// An arena of its own, freed with it.
class BlockArena final : public Arena {
 public:
  void* allocate(size_t size) override;

 private:
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
};

// An arena that is used again and again. What fits its first block costs no malloc; the rest comes in blocks.
class ReusableArena final : public Arena {
 public:
  void* allocate(size_t size) override;
  // Nothing that was allocated may be used any more.
  void clear();

 private:
  static constexpr size_t kFirst = 512;
  static constexpr size_t kBlock = 4096;

  void* allocate_block(size_t size);

  alignas(std::max_align_t) std::byte first_[kFirst];
  std::byte* next_ = first_;
  std::byte* end_ = first_ + kFirst;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
};

}  // namespace tablegate::core
