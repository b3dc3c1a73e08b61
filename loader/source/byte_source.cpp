#include "source/byte_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/refusal.hpp"
#include "source/gzip_source.hpp"

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
  std::unique_ptr<ByteSource> file = std::make_unique<PlainSource>(descriptor, path, total);
  if (!ends_in_gz(path)) return file;
  return std::make_unique<GzipSource>(std::move(file), path);
}

}  // namespace tablegate::loader
