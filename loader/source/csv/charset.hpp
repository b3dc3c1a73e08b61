// Converts bytes of any charset to UTF-8, by iconv. A byte order mark at the
// beginning decides the charset, whatever the options say, and is not part of
// the text. Bytes that are invalid in the charset become kBadByte, which is
// invalid UTF-8, so that the check of the row reports their place.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "source/byte_source.hpp"

namespace tablegate::loader {

constexpr char kBadByte = '\xff';

// The charset ("UTF-16LE" ...) of a byte order mark at the beginning, `size` bytes long, else "".
std::string charset_of_mark(std::string_view bytes, size_t& size);

// Converts bytes to UTF-8; the pieces may be cut anywhere.
class Transcoder {
 public:
  // Throws Refused when iconv does not know the charset.
  explicit Transcoder(const std::string& charset);
  ~Transcoder();
  Transcoder(const Transcoder&) = delete;
  Transcoder& operator=(const Transcoder&) = delete;

  // Appends the converted bytes to `out`; keeps the beginning of a character that is cut.
  void add(std::string_view bytes, std::string& out);
  // Converts what is left at the end.
  void finish(std::string& out);

 private:
  void convert(std::string_view bytes, std::string& out);

  void* handle_;      // iconv_t
  size_t unit_ = 1;   // the fewest bytes that an invalid character has
  std::string held_;  // bytes of an unfinished character
};

// `bytes` as UTF-8 without a byte order mark. An empty `charset` is UTF-8: such bytes pass unchecked.
// charset() is known once something was read.
class TextSource final : public ByteSource {
 public:
  TextSource(std::unique_ptr<ByteSource> bytes, std::string charset);

  size_t read(char* buffer, size_t size) override;
  uint64_t consumed() const override { return bytes_->consumed(); }
  uint64_t total() const override { return bytes_->total(); }
  // "UTF-8", or the charset that the bytes had.
  const std::string& charset() const { return charset_; }
  bool converts() const { return transcoder_ != nullptr; }

 private:
  void begin();

  std::unique_ptr<ByteSource> bytes_;
  std::string charset_;
  std::unique_ptr<Transcoder> transcoder_;
  std::string ready_;  // read and not yet returned
  size_t given_ = 0;
  bool at_end_ = false;
};

}  // namespace tablegate::loader
