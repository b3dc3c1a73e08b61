#include "cli/api/hmac_call.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/proof/hmac.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::loader {
HmacHeaders hmac_headers(const ApiRequest& request, const std::string& access_key, const std::string& date,
                         const std::string& nonce) {
  HmacHeaders headers;
  headers.accept = "application/json";
  if (request.has_body()) headers.content_type = kFormType;
  headers.date = date;
  headers.covered = {{kNonceHeader, nonce}};
  for (const auto& [name, value] : request.headers) headers.covered.emplace_back(core::to_lower(name), value);
  // HmacSHA256 is what a gateway takes when the header is absent.
  if (request.hmac_method != "HmacSHA256")
    headers.covered.emplace_back("x-ca-signature-method", request.hmac_method);
  std::sort(headers.covered.begin(), headers.covered.end());
  std::string names;
  for (const auto& [name, value] : headers.covered) names.append(names.empty() ? "" : ",").append(name);
  headers.values = {
      {"Accept", headers.accept}, {"Date", date}, {"x-ca-key", access_key}, {kNonceHeader, nonce}};
  if (request.has_body()) headers.values.emplace_back("Content-Type", headers.content_type);
  if (request.hmac_method != "HmacSHA256")
    headers.values.emplace_back("x-ca-signature-method", request.hmac_method);
  headers.values.emplace_back("x-ca-signature-headers", names);
  return headers;
}

std::vector<std::string> lines_to_sign(const ApiRequest& request, const HmacHeaders& headers) {
  std::vector<std::string> lines = {request.method, headers.accept, "", headers.content_type, headers.date};
  for (const auto& [name, value] : headers.covered) lines.push_back(fmt::format("{}:{}", name, value));
  Values parameters = request.query;
  parameters.insert(parameters.end(), request.form.begin(), request.form.end());
  std::sort(parameters.begin(), parameters.end());
  std::string resource = request.path;
  char before = '?';
  for (const auto& [name, value] : parameters) {
    resource += before + name;
    if (!value.empty()) resource += "=" + value;
    before = '&';
  }
  lines.push_back(resource);
  return lines;
}

std::string sign_lines(const ApiRequest& request, const std::string& secret,
                       const std::vector<std::string>& lines) {
  std::string text;
  for (size_t i = 0; i < lines.size(); ++i) text += (i == 0 ? "" : "\n") + lines[i];
  const bool sha1 = request.hmac_method == "HmacSHA1";
  return core::hmac_signature(sha1 ? core::HmacHash::sha1 : core::HmacHash::sha256, secret, text);
}

}  // namespace tablegate::loader
