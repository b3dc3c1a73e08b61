// Signatures of MaxCompute requests (V2, and V4 with a region) over the text
// that the service builds from the received request. Pure: the time comes from
// the Date header.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source/maxcompute/maxcompute_credentials.hpp"

namespace tablegate::loader {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

// The signed parts of a request; values before URL encoding.
struct MaxComputeRequest {
  std::string method;
  std::string path;     // below the endpoint's own path: "/projects/p/tables/t"
  NamedValues query;    // an empty value is written without '=': "?data"
  NamedValues headers;  // names in lower case
};

std::string text_to_sign(const MaxComputeRequest& request);

// Values of the Authorization header. `day`: YYYYMMDD in UTC, of the Date header.
std::string sign_v2(const MaxComputeCredentials& credentials, std::string_view text);
std::string sign_v4(const MaxComputeCredentials& credentials, std::string_view text, const std::string& day,
                    const std::string& region);

}  // namespace tablegate::loader
