#include "source/maxcompute/maxcompute_credentials.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/descriptor.hpp"
#include "base/near_file.hpp"
#include "base/refusal.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMaxFile = size_t{64} << 10;

constexpr std::string_view kLineBlanks = " \t\r";

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// The values become headers: one line of visible characters each.
void check_values(const MaxComputeCredentials& credentials, const std::string& where) {
  for (const std::string* value :
       {&credentials.access_id, &credentials.access_key, &credentials.security_token}) {
    const bool good = std::all_of(value->begin(), value->end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (!good) throw Refused(fmt::format("{}: the credentials hold a blank or a control character", where));
  }
}

std::string read_private(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0) {
    const int reason = errno;
    const NearFile near = near_file(path);
    throw SystemFailure(
        fmt::format("cannot open credentials file {}: {}{}", path, std::strerror(reason), near.words),
        near.next);
  }
  struct stat about {};
  if (::fstat(file.number(), &about) != 0 || !S_ISREG(about.st_mode))
    throw Refused(fmt::format("credentials file {} is not a regular file", path),
                  Hint::program("ls -l " + shell_word(path)));
  if ((about.st_mode & 0077U) != 0) {
    throw Refused(
        fmt::format("credentials file {} can be read by others (mode {:04o})", path, about.st_mode & 07777U),
        Hint::program("chmod 600 " + shell_word(path)));
  }
  std::string text(kMaxFile, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.number(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      throw SystemFailure(fmt::format("cannot read credentials file {}: {}", path, std::strerror(errno)));
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size == kMaxFile) throw Refused(fmt::format("credentials file {} is longer than 64 KiB", path));
  text.resize(size);
  return text;
}

}  // namespace

MaxComputeCredentials parse_credentials(std::string_view text, const std::string& file) {
  MaxComputeCredentials credentials;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = core::trimmed(text.substr(0, end), kLineBlanks);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t equals = line.find('=');
    if (line.empty() || line[0] == '#' || line[0] == ';' || equals == std::string_view::npos) continue;
    const std::string_view name = core::trimmed(line.substr(0, equals), kLineBlanks);
    const std::string value(core::trimmed(line.substr(equals + 1), kLineBlanks));
    if (name == "access_id") credentials.access_id = value;
    if (name == "access_key") credentials.access_key = value;
    if (name == "sts_token" || name == "security_token") credentials.security_token = value;
  }
  if (credentials.access_id.empty() || credentials.access_key.empty()) {
    throw Refused(fmt::format(
        "credentials file {} does not set access_id and access_key (access_id=..., one per line)", file));
  }
  check_values(credentials, "credentials file " + file);
  return credentials;
}

std::string credentials_file(const std::string& given) {
  return given.empty() ? environment(kCredentialsVariable) : given;
}

MaxComputeCredentials read_credentials(const std::string& file) {
  if (!file.empty()) return parse_credentials(read_private(file), file);
  MaxComputeCredentials credentials;
  credentials.access_id = environment("ALIBABA_CLOUD_ACCESS_KEY_ID");
  credentials.access_key = environment("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
  credentials.security_token = environment("ALIBABA_CLOUD_SECURITY_TOKEN");
  if (credentials.access_id.empty() || credentials.access_key.empty()) {
    throw Refused(
        "no credentials of MaxCompute: ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET are "
        "not set; a file with lines access_id=... and access_key=... (mode 0600) can hold them",
        Hint::again().after("TABLEGATE_MAXCOMPUTE_CREDENTIALS=FILE"));
  }
  check_values(credentials, "the environment");
  return credentials;
}

}  // namespace tablegate::loader
