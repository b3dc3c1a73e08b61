#include "source/byte_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "catalog/refusal.hpp"

namespace tablegate::loader {
namespace {

class PlainSource final : public ByteSource {
 public:
  PlainSource(int descriptor, std::string name, uint64_t total)
      : descriptor_(descriptor), name_(std::move(name)), total_(total) {}
  ~PlainSource() override {
    if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
  }
  PlainSource(const PlainSource&) = delete;
  PlainSource& operator=(const PlainSource&) = delete;

  size_t read(char* buffer, size_t size) override {
    for (;;) {
      const ssize_t got = ::read(descriptor_, buffer, size);
      if (got >= 0) {
        consumed_ += static_cast<uint64_t>(got);
        return static_cast<size_t>(got);
      }
      if (errno != EINTR) throw SystemFailure(fmt::format("cannot read {}: {}", name_, std::strerror(errno)));
    }
  }
  uint64_t consumed() const override { return consumed_; }
  uint64_t total() const override { return total_; }

 private:
  int descriptor_;
  std::string name_;
  uint64_t total_;
  uint64_t consumed_ = 0;
};

// Members one after another, as gzip(1) reads them. Never a smaller table: zlib's own gzread() takes what is
// no member for the end.
class GzipSource final : public ByteSource {
 public:
  GzipSource(std::unique_ptr<PlainSource> file, std::string name)
      : file_(std::move(file)), name_(std::move(name)), input_(1U << 18U) {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw SystemFailure(name_ + ": no memory");
  }
  ~GzipSource() override { inflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  size_t read(char* buffer, size_t size) override {
    stream_.next_out = reinterpret_cast<Bytef*>(buffer);
    stream_.avail_out = static_cast<uInt>(std::min<size_t>(size, 1U << 30U));
    const uInt room = stream_.avail_out;
    while (stream_.avail_out == room) {
      if (stream_.avail_in == 0 && !fill()) {
        if (inside_) refuse(members_ == 0 && !begun_ ? "it is empty" : "unexpected end of file");
        return 0;
      }
      if (!inside_ && !begin_member()) return 0;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        inside_ = false;
        ++members_;
        if (inflateReset(&stream_) != Z_OK) throw SystemFailure(name_ + ": no memory");
      } else if (result == Z_MEM_ERROR) {
        throw SystemFailure(name_ + ": no memory");
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        refuse_member(stream_.msg == nullptr ? "bad data" : stream_.msg);
      }
    }
    return room - stream_.avail_out;
  }
  uint64_t consumed() const override { return file_->consumed() - stream_.avail_in; }
  uint64_t total() const override { return file_->total(); }

 private:
  bool fill() {
    const size_t got = file_->read(reinterpret_cast<char*>(input_.data()), input_.size());
    stream_.next_in = input_.data();
    stream_.avail_in = static_cast<uInt>(got);
    begun_ = begun_ || got > 0;
    return got > 0;
  }

  // Zeros may stand behind the last member (tapes and blocks), and only zeros. False: they did.
  bool begin_member() {
    bool padded = false;
    for (;;) {
      while (stream_.avail_in > 0 && *stream_.next_in == 0) {
        ++stream_.next_in;
        --stream_.avail_in;
        padded = true;
      }
      if (stream_.avail_in > 0) break;
      if (!fill()) return false;
    }
    if (padded) refuse("bytes behind the padding of its end");
    inside_ = true;
    return true;
  }

  [[noreturn]] void refuse_member(const char* why) {
    if (members_ == 0 && stream_.total_out == 0 && std::strcmp(why, "incorrect header check") == 0)
      throw Refused(fmt::format("{}: ends in .gz and is no gzip file", name_));
    refuse(fmt::format("{}{}", why, members_ == 0 ? "" : " behind a whole member"));
  }
  [[noreturn]] void refuse(const std::string& why) {
    throw Refused(fmt::format("{}: damaged gzip file ({})", name_, why), "gzip -t " + name_);
  }

  std::unique_ptr<PlainSource> file_;
  std::string name_;
  std::vector<Bytef> input_;
  z_stream stream_{};
  uint64_t members_ = 0;  // that came to their end
  bool inside_ = true;    // of a member, or before the first
  bool begun_ = false;
};

bool ends_in_gz(const std::string& path) {
  return path.size() > 3 && path.compare(path.size() - 3, 3, ".gz") == 0;
}

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::string& path) {
  if (path == "-") return std::make_unique<PlainSource>(STDIN_FILENO, "standard input", 0);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    const int reason = errno;
    throw SystemFailure(fmt::format("cannot open {}: {}", path, std::strerror(reason)), "ls -l " + path);
  }
  struct stat about {};
  if (::fstat(descriptor, &about) != 0 || S_ISDIR(about.st_mode)) {
    ::close(descriptor);
    throw Refused(fmt::format("{}: is a directory, a file was expected", path), "ls -l " + path);
  }
  const uint64_t total = S_ISREG(about.st_mode) ? static_cast<uint64_t>(about.st_size) : 0;
  auto file = std::make_unique<PlainSource>(descriptor, path, total);
  if (!ends_in_gz(path)) return file;
  return std::make_unique<GzipSource>(std::move(file), path);
}

}  // namespace tablegate::loader
