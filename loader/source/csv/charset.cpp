#include "source/csv/charset.hpp"

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/refusal.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kPiece = size_t{1} << 16;

struct Mark {
  std::string_view bytes;
  const char* charset;
};

constexpr Mark kMarks[] = {
    {{"\xff\xfe\0\0", 4}, "UTF-32LE"}, {{"\0\0\xfe\xff", 4}, "UTF-32BE"}, {"\xef\xbb\xbf", "UTF-8"},
    {"\xff\xfe", "UTF-16LE"},          {"\xfe\xff", "UTF-16BE"},
};

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

bool is_utf8(const std::string& charset) {
  const std::string name = upper(charset);
  return name.empty() || name == "UTF-8" || name == "UTF8";
}

bool begins_with(const std::string& text, const char* word) {
  return text.compare(0, std::strlen(word), word) == 0;
}

bool is_handle(void* handle) {
  return reinterpret_cast<intptr_t>(handle) != -1;
}

iconv_t handle_of(void* handle) {
  return static_cast<iconv_t>(handle);
}

}  // namespace

std::string charset_of_mark(std::string_view bytes, size_t& size) {
  for (const Mark& mark : kMarks) {
    if (bytes.substr(0, mark.bytes.size()) != mark.bytes) continue;
    size = mark.bytes.size();
    return mark.charset;
  }
  size = 0;
  return {};
}

Transcoder::Transcoder(const std::string& charset) : handle_(::iconv_open("UTF-8", charset.c_str())) {
  // iconv's suffixes ("//IGNORE") would drop bytes.
  if (!is_handle(handle_) || charset.find('/') != std::string::npos) {
    if (is_handle(handle_)) ::iconv_close(handle_of(handle_));
    throw Refused(fmt::format("iconv does not know the charset \"{}\"", charset), Hint::program("iconv -l"));
  }
  const std::string name = upper(charset);
  if (begins_with(name, "UTF-16") || begins_with(name, "UTF16") || begins_with(name, "UCS-2") ||
      begins_with(name, "UCS2"))
    unit_ = 2;
  if (begins_with(name, "UTF-32") || begins_with(name, "UTF32") || begins_with(name, "UCS-4") ||
      begins_with(name, "UCS4"))
    unit_ = 4;
}

Transcoder::~Transcoder() {
  ::iconv_close(handle_of(handle_));
}

void Transcoder::convert(std::string_view bytes, std::string& out) {
  std::string input(bytes);
  char* from = input.data();
  size_t left = input.size();
  while (left > 0) {
    const size_t before = out.size();
    out.resize(before + std::max<size_t>(64, left * 2));
    char* to = out.data() + before;
    size_t room = out.size() - before;
    const size_t done = ::iconv(handle_of(handle_), &from, &left, &to, &room);
    const int reason = errno;
    out.resize(out.size() - room);
    if (done != static_cast<size_t>(-1) || reason == E2BIG) continue;
    if (reason == EINVAL) break;
    const size_t skipped = std::min(unit_, left);
    out += kBadByte;
    from += skipped;
    left -= skipped;
  }
  held_.assign(from, left);
}

void Transcoder::add(std::string_view bytes, std::string& out) {
  if (held_.empty()) return convert(bytes, out);
  const std::string whole = std::exchange(held_, {}) + std::string(bytes);
  convert(whole, out);
}

void Transcoder::finish(std::string& out) {
  if (!held_.empty()) out += kBadByte;
  held_.clear();
  char rest[16];
  char* to = rest;
  size_t room = sizeof rest;
  ::iconv(handle_of(handle_), nullptr, nullptr, &to, &room);
  out.append(rest, sizeof rest - room);
}

TextSource::TextSource(std::unique_ptr<ByteSource> bytes, std::string charset)
    : bytes_(std::move(bytes)), charset_(std::move(charset)) {
  begin();
}

// Looks for a byte order mark, which needs the first four bytes.
void TextSource::begin() {
  std::string first(kPiece, '\0');
  size_t size = 0;
  while (size < 4) {
    const size_t got = bytes_->read(first.data() + size, first.size() - size);
    if (got == 0) break;
    size += got;
  }
  first.resize(size);
  at_end_ = size == 0;
  size_t mark = 0;
  if (const std::string marked = charset_of_mark(first, mark); !marked.empty()) charset_ = marked;
  first.erase(0, mark);
  if (is_utf8(charset_)) {
    charset_ = "UTF-8";
    ready_ = std::move(first);
    return;
  }
  transcoder_ = std::make_unique<Transcoder>(charset_);
  transcoder_->add(first, ready_);
}

size_t TextSource::read(char* buffer, size_t size) {
  if (given_ < ready_.size()) {
    const size_t count = std::min(size, ready_.size() - given_);
    std::memcpy(buffer, ready_.data() + given_, count);
    given_ += count;
    return count;
  }
  if (transcoder_ == nullptr) return bytes_->read(buffer, size);
  ready_.clear();
  given_ = 0;
  std::string piece(kPiece, '\0');
  while (ready_.empty() && !at_end_) {
    const size_t got = bytes_->read(piece.data(), piece.size());
    at_end_ = got == 0;
    if (at_end_)
      transcoder_->finish(ready_);
    else
      transcoder_->add(std::string_view(piece).substr(0, got), ready_);
  }
  return ready_.empty() ? 0 : read(buffer, size);
}

}  // namespace tablegate::loader
