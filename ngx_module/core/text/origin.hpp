// Origins of web pages (RFC 6454 section 6.2), as tablegate_cors and a Domain's
// "cors" list them: compared byte by byte with what browsers send, and written
// into nginx.conf and headers. So only the form that browsers send is accepted.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tablegate::core {

// The most that one list may have: each request is compared with all of them.
inline constexpr size_t kMaxOrigins = 100;

struct OriginFault {
  size_t place = 0;    // in the list, from 0
  std::string reason;  // the rule, without the text
};

// The first fault of a list: "https://app.example", "http://localhost:3000", or "*" alone for all origins.
std::optional<OriginFault> find_origin_fault(const std::vector<std::string_view>& origins);

}  // namespace tablegate::core
