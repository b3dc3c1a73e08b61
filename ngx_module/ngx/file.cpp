#include "ngx/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tablegate::ngx {

core::Result<std::string> read_file(const std::string& name) {
  auto failed = [](const char* what) {
    std::string message = std::string(what) + ": " + std::strerror(errno);
    if (errno == EACCES && geteuid() != 0) message += " (run nginx -t as root)";
    return core::Error{message, {}};
  };
  const int fd = open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed("cannot be opened");
  std::string text;
  struct stat info {};
  if (fstat(fd, &info) == 0 && info.st_size > 0) text.reserve(static_cast<size_t>(info.st_size));
  char block[65536];
  ssize_t got = 0;
  while ((got = read(fd, block, sizeof(block))) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) text.append(block, static_cast<size_t>(got));
  }
  if (got < 0) {
    const core::Error error = failed("cannot be read");
    close(fd);
    return error;
  }
  close(fd);
  return text;
}

}  // namespace tablegate::ngx
