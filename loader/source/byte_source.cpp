#include "source/byte_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

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

class GzipSource final : public ByteSource {
 public:
  GzipSource(gzFile file, std::string name, uint64_t total)
      : file_(file), name_(std::move(name)), total_(total) {
    gzbuffer(file_, 1U << 18U);
  }
  ~GzipSource() override { gzclose_r(file_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  size_t read(char* buffer, size_t size) override {
    const int got = gzread(file_, buffer, static_cast<unsigned>(std::min<size_t>(size, 1U << 30U)));
    int error = Z_OK;
    const char* text = gzerror(file_, &error);
    // A file that was cut off gives its bytes first and Z_BUF_ERROR at the end: never a smaller table.
    if (got < 0 || error == Z_BUF_ERROR) {
      if (error == Z_ERRNO)
        throw SystemFailure(fmt::format("cannot read {}: {}", name_, std::strerror(errno)));
      throw Refused(fmt::format("{}: damaged gzip file ({})", name_, text));
    }
    if (!checked_) {
      checked_ = true;
      if (got > 0 && gzdirect(file_) != 0)
        throw Refused(fmt::format("{}: ends in .gz and is no gzip file", name_));
    }
    return static_cast<size_t>(got);
  }
  uint64_t consumed() const override { return static_cast<uint64_t>(std::max<z_off_t>(gzoffset(file_), 0)); }
  uint64_t total() const override { return total_; }

 private:
  gzFile file_;
  std::string name_;
  uint64_t total_;
  bool checked_ = false;
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
  if (!ends_in_gz(path)) return std::make_unique<PlainSource>(descriptor, path, total);
  gzFile file = gzdopen(descriptor, "rb");
  if (file == nullptr) {
    ::close(descriptor);
    throw SystemFailure(fmt::format("{}: no memory", path));
  }
  return std::make_unique<GzipSource>(file, path, total);
}

}  // namespace tablegate::loader
