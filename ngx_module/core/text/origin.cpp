#include "core/text/origin.hpp"

#include <algorithm>
#include <set>

#include "core/text/ascii.hpp"

namespace tablegate::core {
namespace {

constexpr size_t kMaxOrigin = 300;  // a host name has at most 253
constexpr const char* kForm =
    "must be an origin as browsers send it, SCHEME://HOST or SCHEME://HOST:PORT in lower case and without a "
    "path, or \"*\"";

bool all_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_lower(c) || is_digit(c) || others.find(c) != std::string_view::npos;
  });
}

bool is_host(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    return host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
  }
  return !host.empty() && all_of(host, "-_.") && host.front() != '.' && host.back() != '.' &&
         host.find("..") == std::string_view::npos;
}

bool is_port(std::string_view port) {
  if (port.empty() || port.size() > 5 || port.front() == '0') return false;
  if (!std::all_of(port.begin(), port.end(), is_digit)) return false;
  return port.size() < 5 || port <= "65535";
}

// Empty: a good one.
std::string fault_of(std::string_view origin) {
  const size_t colon = origin.find("://");
  if (origin.size() > kMaxOrigin || colon == std::string_view::npos) return kForm;
  const std::string_view scheme = origin.substr(0, colon);
  if (scheme.empty() || !is_lower(scheme.front()) || !all_of(scheme, "+.-")) return kForm;
  const std::string_view authority = origin.substr(colon + 3);
  const size_t bracket = authority.rfind(']');
  const size_t at = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (!is_host(authority.substr(0, at))) return kForm;
  if (at == std::string_view::npos) return {};
  const std::string_view port = authority.substr(at + 1);
  if (!is_port(port)) return kForm;
  if ((scheme == "https" && port == "443") || (scheme == "http" && port == "80"))
    return "must not name the port of its scheme, because browsers leave it out";
  return {};
}

}  // namespace

std::optional<OriginFault> find_origin_fault(const std::vector<std::string_view>& origins) {
  if (origins.size() > kMaxOrigins)
    return OriginFault{kMaxOrigins,
                       "is one too many: at most " + std::to_string(kMaxOrigins) + " origins can be listed"};
  std::set<std::string_view> seen;
  for (size_t i = 0; i < origins.size(); ++i) {
    if (origins[i] == "*") {
      if (origins.size() > 1) return OriginFault{i, "must be alone, because it is every origin"};
      continue;
    }
    if (std::string reason = fault_of(origins[i]); !reason.empty()) return OriginFault{i, std::move(reason)};
    if (!seen.insert(origins[i]).second) return OriginFault{i, "is listed twice"};
  }
  return std::nullopt;
}

}  // namespace tablegate::core
