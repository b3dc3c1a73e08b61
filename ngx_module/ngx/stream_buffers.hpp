// Memory for the bytes of long answers on their way to clients. Owned by the worker,
// which keeps a few buffers for later; all others go back to the system at once, so
// that a worker is small again after many large answers. Not from requests' pools:
// what those free stays in the heap of the process.
#pragma once

#include <cstddef>
#include <vector>

namespace tablegate::ngx {

class StreamBuffers {
 public:
  static constexpr size_t kSize = 65536;  // of most buffers

  StreamBuffers();
  ~StreamBuffers();
  StreamBuffers(const StreamBuffers&) = delete;
  StreamBuffers& operator=(const StreamBuffers&) = delete;

  // At least `size` bytes; `size` becomes what they are. Null: no memory.
  char* take(size_t& size);
  // `size` as take() has set it.
  void give_back(char* buffer, size_t size) noexcept;

 private:
  std::vector<char*> idle_;  // of kSize
};

}  // namespace tablegate::ngx
