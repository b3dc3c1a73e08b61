#include "core/arena.hpp"

#include <cstring>
#include <new>

namespace tablegate::core {

char* Arena::copy(std::string_view text) {
  char* bytes = static_cast<char*>(allocate(text.size() + 1));
  if (bytes == nullptr) return nullptr;
  if (!text.empty()) std::memcpy(bytes, text.data(), text.size());
  bytes[text.size()] = '\0';
  return bytes;
}

void* BlockArena::allocate(size_t size) {
  auto block = std::unique_ptr<std::byte[]>(new (std::nothrow) std::byte[size == 0 ? 1 : size]);
  if (!block) return nullptr;
  blocks_.push_back(std::move(block));
  return blocks_.back().get();
}

void* ReusableArena::allocate(size_t size) {
  const size_t rounded = (size + alignof(void*) - 1) / alignof(void*) * alignof(void*);
  if (rounded < size) return nullptr;
  if (rounded > static_cast<size_t>(end_ - next_)) return allocate_block(rounded);
  std::byte* start = next_;
  next_ += rounded;
  return start;
}

void* ReusableArena::allocate_block(size_t size) {
  const bool large = size > kBlock / 4;  // gets a block of its own; the room that is left stays in use
  const size_t bytes = large ? size : kBlock;
  auto block = std::unique_ptr<std::byte[]>(new (std::nothrow) std::byte[bytes]);
  if (!block) return nullptr;
  blocks_.push_back(std::move(block));
  std::byte* start = blocks_.back().get();
  if (large) return start;
  next_ = start + size;
  end_ = start + bytes;
  return start;
}

void ReusableArena::clear() {
  next_ = first_;
  end_ = first_ + kFirst;
  if (!blocks_.empty()) blocks_.clear();
}

}  // namespace tablegate::core
