#include "source/maxcompute/maxcompute_signer.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "base/refusal.hpp"
#include "core/text/ascii.hpp"
#include "core/text/base64.hpp"

namespace tablegate::loader {
namespace {

std::string hmac(const EVP_MD* digest, std::string_view key, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(digest, key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size) == nullptr) {
    throw SystemFailure("OpenSSL could not sign");
  }
  return {reinterpret_cast<const char*>(out), size};
}

std::string header(const MaxComputeRequest& request, std::string_view name) {
  for (const auto& [known, value] : request.headers) {
    if (known == name) return value;
  }
  return {};
}

// The x-odps-* headers and query arguments, as "name:value" lines.
std::string odps_lines(const MaxComputeRequest& request) {
  NamedValues found;
  for (const NamedValues* values : {&request.headers, &request.query}) {
    for (const auto& [name, value] : *values) {
      std::string small = core::to_lower(name);
      if (small.rfind("x-odps-", 0) == 0) found.emplace_back(std::move(small), value);
    }
  }
  std::sort(found.begin(), found.end());
  std::string lines;
  for (const auto& [name, value] : found) lines += fmt::format("{}:{}\n", name, value);
  return lines;
}

}  // namespace

std::string text_to_sign(const MaxComputeRequest& request) {
  std::string text = fmt::format("{}\n{}\n{}\n{}\n", request.method, header(request, "content-md5"),
                                 header(request, "content-type"), header(request, "date"));
  text += odps_lines(request) + request.path;
  NamedValues query = request.query;
  std::sort(query.begin(), query.end());
  char before = '?';
  for (const auto& [name, value] : query) {
    text += before + name;
    if (!value.empty()) text += "=" + value;
    before = '&';
  }
  return text;
}

std::string sign_v2(const MaxComputeCredentials& credentials, std::string_view text) {
  return fmt::format("ODPS {}:{}", credentials.access_id,
                     core::base64_encode(hmac(EVP_sha1(), credentials.access_key, text)));
}

std::string sign_v4(const MaxComputeCredentials& credentials, std::string_view text, const std::string& day,
                    const std::string& region) {
  std::string key = hmac(EVP_sha256(), "aliyun_v4" + credentials.access_key, day);
  key = hmac(EVP_sha256(), key, region);
  key = hmac(EVP_sha256(), key, "odps");
  key = hmac(EVP_sha256(), key, "aliyun_v4_request");
  return fmt::format("ODPS {}/{}/{}/odps/aliyun_v4_request:{}", credentials.access_id, day, region,
                     core::base64_encode(hmac(EVP_sha1(), key, text)));
}

}  // namespace tablegate::loader
