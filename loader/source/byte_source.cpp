#include "source/byte_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/near_file.hpp"
#include "base/refusal.hpp"
#include "source/file_kind.hpp"
#include "source/gzip_source.hpp"

namespace tablegate::loader {
namespace {

class PlainSource final : public ByteSource {
 public:
  PlainSource(Descriptor file, std::string name, uint64_t total)
      : file_(std::move(file)), name_(std::move(name)), total_(total) {}

  size_t read(char* buffer, size_t size) override {
    for (;;) {
      const ssize_t got = ::read(file_.number() < 0 ? STDIN_FILENO : file_.number(), buffer, size);
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
  Descriptor file_;  // none: standard input
  std::string name_;
  uint64_t total_;
  uint64_t consumed_ = 0;
};

// Bytes whose first ones have been looked at.
class PeekedSource final : public ByteSource {
 public:
  explicit PeekedSource(std::unique_ptr<ByteSource> bytes)
      : bytes_(std::move(bytes)), begin_(kKindBytes, '\0') {
    size_t size = 0;
    while (size < kFewBytes) {
      const size_t got = bytes_->read(begin_.data() + size, begin_.size() - size);
      if (got == 0) break;
      size += got;
    }
    begin_.resize(size);
  }
  std::string_view begin() const { return begin_; }

  size_t read(char* buffer, size_t size) override {
    if (given_ == begin_.size()) return bytes_->read(buffer, size);
    const size_t count = std::min(size, begin_.size() - given_);
    std::memcpy(buffer, begin_.data() + given_, count);
    given_ += count;
    return count;
  }
  uint64_t consumed() const override { return bytes_->consumed(); }
  uint64_t total() const override { return bytes_->total(); }

 private:
  static constexpr size_t kFewBytes = 8;  // to wait for: a pipe may give a line at a time

  std::unique_ptr<ByteSource> bytes_;
  std::string begin_;
  size_t given_ = 0;
};

bool ends_in_gz(const std::string& path) {
  return path.size() > 3 && path[path.size() - 3] == '.' && (path[path.size() - 2] | 0x20) == 'g' &&
         (path.back() | 0x20) == 'z';
}

std::string with_file(std::string command, const std::string& path) {
  if (const size_t at = command.find("FILE"); at != std::string::npos)
    command.replace(at, 4, shell_word(path));
  return command;
}

// Where the bytes come from. `by_hand`: by a load that may read any file; a message proposes --from only
// then.
struct Origin {
  std::string name;  // in messages
  std::string path;
  bool by_hand;
};

// What is packed or of another program would become rows of nonsense, or a fault in some column.
void refuse_foreign(std::string_view begin, const Origin& origin, bool packed) {
  const FileKind kind = file_kind(begin);
  if (kind.name == nullptr) return;
  const bool reads = *kind.way != '\0' && !packed && origin.path != "-";
  const std::string way = with_file(kind.way, origin.path);
  throw Refused(fmt::format("{}: is {}{}, which is not read: only CSV and text, as they are or in gzip",
                            origin.name, kind.name, packed ? " in gzip" : ""),
                !reads                                   ? Hint()
                : way.compare(0, 11, "libreoffice") == 0 ? Hint::program(way)
                : origin.by_hand ? Hint::again().set("--from", "csv:-").after(way + " |")
                                 : Hint());
}

std::unique_ptr<ByteSource> unpacked(std::unique_ptr<ByteSource> file, const Origin& origin) {
  auto peeked = std::make_unique<PeekedSource>(std::move(file));
  if (!is_gzip(peeked->begin())) {
    refuse_foreign(peeked->begin(), origin, false);
    if (!ends_in_gz(origin.path)) return peeked;
  }
  auto inside = std::make_unique<PeekedSource>(std::make_unique<GzipSource>(std::move(peeked), origin.name));
  refuse_foreign(inside->begin(), origin, true);
  return inside;
}

const char* special_kind(mode_t mode) {
  return S_ISFIFO(mode)   ? "a FIFO"
         : S_ISSOCK(mode) ? "a socket"
         : S_ISCHR(mode)  ? "a character device"
         : S_ISBLK(mode)  ? "a block device"
                          : "no regular file";
}

void refuse_special(mode_t mode, const std::string& path) {
  const Hint look = Hint::program("ls -ld " + shell_word(path));
  if (S_ISDIR(mode)) throw Refused(fmt::format("{}: is a directory, a file was expected", path), look);
  throw Refused(
      fmt::format("{}: is {}; from an allowed folder only regular files are read", path, special_kind(mode)),
      look);
}

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::string& path, const FileRoot& root) {
  if (path == "-") {
    const std::string name = "standard input";
    return unpacked(std::make_unique<PlainSource>(Descriptor(), name, 0), {name, path, true});
  }
  struct stat about {};
  // Before it is opened: a device may act on that.
  if (root.bounded() && root.stat(path, about) && !S_ISREG(about.st_mode))
    refuse_special(about.st_mode, path);
  Descriptor file = root.open(path, O_RDONLY);
  if (file.number() < 0) {
    const int reason = errno;
    const NearFile near = near_file(path);
    throw SystemFailure(fmt::format("cannot open {}: {}{}", path, std::strerror(reason), near.words),
                        near.next);
  }
  if (::fstat(file.number(), &about) != 0)
    throw SystemFailure(fmt::format("cannot read {}: {}", path, std::strerror(errno)),
                        Hint::program("ls -l " + shell_word(path)));
  if (S_ISDIR(about.st_mode) || (root.bounded() && !S_ISREG(about.st_mode)))
    refuse_special(about.st_mode, path);
  const uint64_t total = S_ISREG(about.st_mode) ? static_cast<uint64_t>(about.st_size) : 0;
  return unpacked(std::make_unique<PlainSource>(std::move(file), path, total), {path, path, !root.bounded()});
}

}  // namespace tablegate::loader
