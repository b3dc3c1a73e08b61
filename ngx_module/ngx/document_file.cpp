#include "ngx/document_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tablegate::ngx {

DocumentFile::~DocumentFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::string DocumentFile::open(const std::string& name, const std::vector<core::Document>& documents) {
  const int descriptor = ::open(name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return std::string("cannot be opened: ") + std::strerror(errno);
  struct stat about {};
  const bool known = fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
  const uint64_t size = known ? static_cast<uint64_t>(about.st_size) : 0;
  const auto fits = [size](const core::Document& one) { return one.offset + one.length <= size; };
  if (known && std::all_of(documents.begin(), documents.end(), fits)) {
    descriptor_ = descriptor;
    return {};
  }
  close(descriptor);
  return known ? "are shorter than the manifest says" : "are no regular file";
}

}  // namespace tablegate::ngx
