#include "source/source_time.hpp"

#include <sys/stat.h>

#include <ctime>

namespace tablegate::loader {

SourceTime source_time_of(int64_t seconds) {
  return SourceTime(std::chrono::seconds(seconds));
}

int64_t source_seconds(SourceTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string source_time_text(SourceTime time) {
  const time_t seconds = source_seconds(time);
  std::tm fields{};
  char text[40];
  if (gmtime_r(&seconds, &fields) == nullptr) return {};
  return {text, strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &fields)};
}

std::optional<SourceTime> file_time(const std::string& path, const FileRoot& root) {
  struct stat about {};
  if (!root.stat(path, about) || !S_ISREG(about.st_mode)) return std::nullopt;
  return source_time_of(about.st_mtime);
}

}  // namespace tablegate::loader
