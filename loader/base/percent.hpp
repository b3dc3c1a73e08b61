// Percent-encoding of URLs and forms (RFC 3986 section 2.1).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tablegate::loader {

// All but unreserved characters is encoded.
std::string percent_encode(std::string_view text);

// name=value joined by '&', both encoded: a query or a form.
std::string encode_values(const std::vector<std::pair<std::string, std::string>>& values);

}  // namespace tablegate::loader
