// Text that is wiped when destroyed: private keys. It can be moved but not
// copied, so that there is only one; fill it without letting it grow.
#pragma once

#include <openssl/crypto.h>

#include <string>
#include <utility>

namespace tablegate::loader {

struct WipedText {
  WipedText() = default;
  explicit WipedText(std::string text) : bytes(std::move(text)) {}
  ~WipedText() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  WipedText(WipedText&& other) noexcept : bytes(std::move(other.bytes)) {}
  WipedText& operator=(WipedText&& other) noexcept {
    bytes.swap(other.bytes);
    return *this;
  }
  WipedText(const WipedText&) = delete;
  WipedText& operator=(const WipedText&) = delete;

  std::string bytes;
};

}  // namespace tablegate::loader
