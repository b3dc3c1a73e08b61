#include "node/domain_block.hpp"

#include <fmt/format.h>

namespace tablegate::loader {
namespace {

constexpr const char* kComment = "    # ends ";
constexpr const char* kCertificate = "    ssl_certificate ";
constexpr const char* kKey = "    ssl_certificate_key ";

std::string begin_mark(const std::string& what) {
  return fmt::format("# begin {}\n", what);
}

std::string end_mark(const std::string& what) {
  return fmt::format("# end {}\n", what);
}

// The position of certificate_lines() in a block; empty where there are none.
struct BlockPlace {
  size_t from = std::string::npos;
  size_t size = 0;
};
BlockPlace find_lines(const std::string& block) {
  const size_t from = block.find(kComment);
  if (from == std::string::npos) return {};
  const size_t key = block.find(kKey, from);
  if (key == std::string::npos) return {};
  const size_t end = block.find('\n', key);
  if (end == std::string::npos) return {};
  return {from, end + 1 - from};
}

std::string argument_of(const std::string& lines, const std::string& directive) {
  const size_t from = lines.find(directive) + directive.size();
  return lines.substr(from, lines.find(';', from) - from);
}

}  // namespace

std::string marked_block(const std::string& what, const std::string& text) {
  return begin_mark(what) + text + end_mark(what);
}

std::optional<std::string> find_block(const std::string& text, const std::string& what) {
  const std::string end = end_mark(what);
  size_t from = text.rfind("\n" + begin_mark(what));
  if (from == std::string::npos) return std::nullopt;
  ++from;
  const size_t until = text.find("\n" + end, from);
  if (until == std::string::npos) return std::nullopt;
  return text.substr(from, until + 1 + end.size() - from);
}

std::string certificate_lines(const NamedCertificate& named) {
  return fmt::format("{}{}, sha256 {}\n{}{};\n{}{};\n", kComment, named.ends, named.fingerprint, kCertificate,
                     named.certificate, kKey, named.key);
}

std::string with_certificate(const std::string& block, const std::string& lines) {
  const BlockPlace place = find_lines(block);
  if (place.size == 0) return block;
  std::string text = block;
  return text.replace(place.from, place.size, lines);
}

std::vector<std::string> files_named(const std::string& block) {
  const BlockPlace place = find_lines(block);
  if (place.size == 0) return {};
  const std::string lines = block.substr(place.from, place.size);
  return {argument_of(lines, kCertificate), argument_of(lines, kKey)};
}

std::string domain_file_name(const std::string& domain, const std::string& suffix) {
  return (domain[0] == '*' ? "_" + domain.substr(1) : domain) + suffix;
}

}  // namespace tablegate::loader
