#include "ngx/stream_buffers.hpp"

#include <sys/mman.h>

#include <algorithm>

namespace tablegate::ngx {

namespace {

constexpr size_t kIdleBuffers = 32;  // 2 MiB

}  // namespace

StreamBuffers::StreamBuffers() {
  idle_.reserve(kIdleBuffers);
}

StreamBuffers::~StreamBuffers() {
  for (char* buffer : idle_) munmap(buffer, kSize);
}

char* StreamBuffers::take(size_t& size) {
  size = (std::max(size, kSize) + kSize - 1) / kSize * kSize;
  if (size == kSize && !idle_.empty()) {
    char* buffer = idle_.back();
    idle_.pop_back();
    return buffer;
  }
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<char*>(memory);
}

void StreamBuffers::give_back(char* buffer, size_t size) noexcept {
  if (size == kSize && idle_.size() < kIdleBuffers) {
    idle_.push_back(buffer);
  } else {
    munmap(buffer, size);
  }
}

}  // namespace tablegate::ngx
