// What `api show` and `api call` sign of a request of ours (ngx_module/README.md,
// "HMAC", profile classic): Date, a nonce and the header parameters are signed
// headers, so that the call works whatever the API and its gateway demand.
#pragma once

#include <string>
#include <vector>

#include "cli/api/api_request.hpp"

namespace tablegate::loader {

constexpr const char* kNonceHeader = "x-ca-nonce";
constexpr const char* kSignatureHeader = "x-ca-signature";

struct HmacHeaders {
  Values values;  // to send beside those of the request and the signature
  std::string accept, content_type, date;
  Values covered;  // the signed headers, sorted
};
// `date`: RFC 1123 with GMT. `nonce`: any text, another one for each call.
HmacHeaders hmac_headers(const ApiRequest& request, const std::string& access_key, const std::string& date,
                         const std::string& nonce);

// The lines of the string to sign; LF is between them.
std::vector<std::string> lines_to_sign(const ApiRequest& request, const HmacHeaders& headers);

// Base64 of the HMAC by the request's method over the lines.
std::string sign_lines(const ApiRequest& request, const std::string& secret,
                       const std::vector<std::string>& lines);

}  // namespace tablegate::loader
