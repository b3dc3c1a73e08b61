// Random bytes of OpenSSL's generator, drawn 4 KiB at a time: one call of
// RAND_bytes for each 16 bytes costs more than all else that an answer does with its
// id. Bytes are given out once and wiped then. What is kept never crosses a
// fork: the kernel clears it in the child (madvise(2), MADV_WIPEONFORK), which
// draws bytes of its own. Where it cannot, nothing is kept. One per worker; not
// shared by threads.
#pragma once

#include <cstddef>

namespace tablegate::core {

class RandomBytes {
 public:
  RandomBytes();
  ~RandomBytes();
  RandomBytes(const RandomBytes&) = delete;
  RandomBytes& operator=(const RandomBytes&) = delete;

  // Writes `size` bytes. False: OpenSSL's generator failed, nothing of `out` may be used.
  bool take(unsigned char* out, size_t size);

 private:
  struct Page;

  Page* page_ = nullptr;  // null: nothing is kept
};

}  // namespace tablegate::core
