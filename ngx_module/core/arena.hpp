// Memory of one request: allocations live as long as the request and are never
// freed one by one. In nginx it is the request's pool; in `tablegate api test`
// and the unit tests, a list of blocks.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace tablegate::core {

class Arena {
 public:
  virtual ~Arena() = default;
  // `size` bytes aligned for any pointer, or null when memory is exhausted.
  virtual void* allocate(size_t size) = 0;

  // NUL-terminated copy of `text`, or null.
  char* copy(std::string_view text);
};

// An arena with its own memory, freed with it.
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
