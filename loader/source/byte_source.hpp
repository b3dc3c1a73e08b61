// Where the bytes of a load come from: a file, a gzip file or standard input.
// Owned by the load; read once, from the beginning to the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/file_root.hpp"

namespace tablegate::loader {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Up to `size` bytes; 0 at the end. Throws SystemFailure, or Refused for a damaged gzip file.
  virtual size_t read(char* buffer, size_t size) = 0;
  // Bytes read from the file (of a gzip file: compressed bytes), and the file's size, or 0 where it is not
  // known.
  virtual uint64_t consumed() const = 0;
  virtual uint64_t total() const = 0;
};

// `path`: a file that `root` opens, or "-" for standard input; gzip is read by whatever name. Throws
// SystemFailure when it cannot be opened, Refused for a folder, beneath a folder of `root` for everything but
// regular files (a FIFO or a device may never answer), and for what its first bytes show to be packed
// otherwise or no text.
std::unique_ptr<ByteSource> open_bytes(const std::string& path, const FileRoot& root = {});

}  // namespace tablegate::loader
