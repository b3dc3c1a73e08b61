// Bytes of any charset as UTF-8, by iconv. A byte order mark at the beginning
// tells the charset whatever was said, and is no part of the text. Bytes that are
// none of the charset become kBadByte, which is no UTF-8, so that whoever checks
// the row names its place.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "source/byte_source.hpp"

namespace tablegate::loader {

constexpr char kBadByte = '\xff';

// "UTF-16LE" and its like where the bytes begin with a mark of `size` bytes, else "".
std::string charset_of_mark(std::string_view bytes, size_t& size);

// Bytes in pieces cut anywhere into UTF-8.
class Transcoder {
 public:
  // Throws Refused when iconv knows no such charset.
  explicit Transcoder(const std::string& charset);
  ~Transcoder();
  Transcoder(const Transcoder&) = delete;
  Transcoder& operator=(const Transcoder&) = delete;

  // Adds what the bytes become to `out`; the beginning of a character that is cut is kept.
  void add(std::string_view bytes, std::string& out);
  // The end of the bytes.
  void finish(std::string& out);

 private:
  void convert(std::string_view bytes, std::string& out);

  void* handle_;      // iconv_t
  size_t unit_ = 1;   // bytes that a bad character is at least
  std::string held_;  // of a character that is not whole yet
};

// `bytes` as UTF-8 without mark. `charset` empty: UTF-8, which is passed on unlooked at. `used` gets the name
// of the charset: known once something was read.
class TextSource final : public ByteSource {
 public:
  TextSource(std::unique_ptr<ByteSource> bytes, std::string charset);

  size_t read(char* buffer, size_t size) override;
  uint64_t consumed() const override { return bytes_->consumed(); }
  uint64_t total() const override { return bytes_->total(); }
  // "UTF-8", or what the bytes really were.
  const std::string& charset() const { return charset_; }
  bool converts() const { return transcoder_ != nullptr; }

 private:
  void begin();

  std::unique_ptr<ByteSource> bytes_;
  std::string charset_;
  std::unique_ptr<Transcoder> transcoder_;
  std::string ready_;  // read and not given out yet
  size_t given_ = 0;
  bool at_end_ = false;
};

}  // namespace tablegate::loader
