// A NUL-terminated string whose bytes are wiped before its memory is freed: a
// password or an HMAC key (which may itself hold NUL). A move passes the buffer
// on, so that no copy stays behind (std::string would leave short ones in the
// moved-from object). Never logged; compared in constant time only.
#pragma once

#include <string.h>

#include <string_view>
#include <utility>
#include <vector>

namespace tablegate::core {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) {
    bytes_.reserve(text.size() + 1);
    bytes_.assign(text.begin(), text.end());
    bytes_.push_back('\0');
  }
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      bytes_ = std::move(other.bytes_);
      other.bytes_.clear();
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  std::string_view view() const { return {c_str(), bytes_.empty() ? 0 : bytes_.size() - 1}; }
  const char* c_str() const { return bytes_.empty() ? "" : bytes_.data(); }
  bool empty() const { return bytes_.size() <= 1; }

 private:
  void wipe() noexcept {
    if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
  }

  std::vector<char> bytes_;
};

}  // namespace tablegate::core
