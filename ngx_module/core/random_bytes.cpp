#include "core/random_bytes.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/mman.h>

#include <cstring>

namespace tablegate::core {

// A mapping of its own. All zero, as in a child of fork(2): nothing is left.
struct RandomBytes::Page {
  static constexpr size_t kBytes = 4096 - sizeof(size_t);

  size_t left;
  unsigned char bytes[kBytes];
};

RandomBytes::RandomBytes() {
#ifdef MADV_WIPEONFORK
  void* page = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (madvise(page, sizeof(Page), MADV_WIPEONFORK) != 0) {
    munmap(page, sizeof(Page));
    return;
  }
  page_ = static_cast<Page*>(page);
#endif
}

RandomBytes::~RandomBytes() {
  if (page_ == nullptr) return;
  OPENSSL_cleanse(page_, sizeof(Page));
  munmap(page_, sizeof(Page));
}

bool RandomBytes::take(unsigned char* out, size_t size) {
  if (page_ == nullptr || size > Page::kBytes) return RAND_bytes(out, static_cast<int>(size)) == 1;
  if (page_->left < size) {
    page_->left = 0;
    if (RAND_bytes(page_->bytes, static_cast<int>(Page::kBytes)) != 1) return false;
    page_->left = Page::kBytes;
  }
  page_->left -= size;
  unsigned char* const taken = page_->bytes + page_->left;
  std::memcpy(out, taken, size);
  std::memset(taken, 0, size);  // stays: the mapping outlives this call
  return true;
}

}  // namespace tablegate::core
