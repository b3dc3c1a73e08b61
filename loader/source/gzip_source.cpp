#include "source/gzip_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/refusal.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kPiece = size_t{1} << 18;
constexpr int kGzipOnly = 15 + 16;  // inflateInit2: the largest window, gzip's header and checksum

// zlib's input is not const, but zlib does not write to it.
Bytef* bytes_of(char* text) {
  return reinterpret_cast<Bytef*>(text);
}

}  // namespace

GzipSource::GzipSource(std::unique_ptr<ByteSource> file, std::string name)
    : file_(std::move(file)), name_(std::move(name)), input_(kPiece, '\0') {
  if (::inflateInit2(&stream_, kGzipOnly) != Z_OK) throw SystemFailure(fmt::format("{}: no memory", name_));
}

GzipSource::~GzipSource() {
  ::inflateEnd(&stream_);
}

void GzipSource::refuse(const char* reason) const {
  throw Refused(fmt::format("{}: damaged gzip file ({})", name_, reason));
}

// Fills the buffer, so that the end of a short file is seen before its first row is used.
size_t GzipSource::read(char* buffer, size_t size) {
  const auto room = static_cast<uInt>(std::min(size, size_t{1} << 30));
  stream_.next_out = bytes_of(buffer);
  stream_.avail_out = room;
  for (;;) {
    if (state_ == State::member) {
      unpack();
      if (stream_.avail_out == 0) return room;
    }
    if (stream_.avail_in == 0 && !fill()) {
      if (state_ == State::member) refuse("it ends too early");
      return room - stream_.avail_out;
    }
    if (state_ != State::member) pass_end();
  }
}

// Unpacks as much as room and input allow.
void GzipSource::unpack() {
  const int done = ::inflate(&stream_, Z_NO_FLUSH);
  if (done == Z_STREAM_END) {
    state_ = State::behind;
    first_ = false;
  } else if (done == Z_MEM_ERROR) {
    throw SystemFailure(fmt::format("{}: no memory", name_));
  } else if (done != Z_OK && done != Z_BUF_ERROR) {  // Z_BUF_ERROR: nothing to do yet
    const std::string reason = stream_.msg == nullptr ? "unknown" : stream_.msg;
    if (first_ && reason == "incorrect header check")
      throw Refused(fmt::format("{}: has the suffix .gz but is not a gzip file", name_));
    refuse(reason.c_str());
  }
}

bool GzipSource::fill() {
  const size_t got = file_->read(input_.data(), input_.size());
  stream_.next_in = bytes_of(input_.data());
  stream_.avail_in = static_cast<uInt>(got);
  return got > 0;
}

// After a member comes the next one, or zeros (padding of a tape block) up to the file's end.
void GzipSource::pass_end() {
  if (state_ == State::behind && *stream_.next_in != 0) {
    ::inflateReset(&stream_);
    state_ = State::member;
    return;
  }
  state_ = State::padding;
  for (; stream_.avail_in > 0; --stream_.avail_in, ++stream_.next_in) {
    if (*stream_.next_in != 0) refuse("it has bytes after its end");
  }
}

}  // namespace tablegate::loader
