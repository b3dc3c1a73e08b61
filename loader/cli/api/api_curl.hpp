// The curl commands that `api show` prints, one for each type of authentication;
// they run as they are once the placeholders in <> are replaced.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/api/api_request.hpp"

namespace tablegate::loader {

// (type, command): in the order in which the API lists the types; one of type "" for an open API. That of
// hmac is several lines of POSIX shell: openssl computes the signature.
std::vector<std::pair<std::string, std::string>> curl_commands(const ServedApi& served,
                                                               const ApiRequest& request);

}  // namespace tablegate::loader
