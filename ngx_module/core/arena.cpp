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

}  // namespace tablegate::core
