#include "node/status_page.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>

#include "base/json_text.hpp"
#include "base/refusal.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMaxBody = size_t{16} << 20;
constexpr long kSeconds = 5;

size_t collect(char* data, size_t size, size_t count, void* to) noexcept try {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + size * count > kMaxBody) return 0;  // libcurl ends the transfer
  body.append(data, size * count);
  return size * count;
} catch (...) {
  return 0;
}

}  // namespace

std::string fetch_status(const std::string& url, const std::string& argument) {
  const std::string whole = url + (url.find('?') == std::string::npos ? '?' : '&') + argument;
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), &curl_easy_cleanup);
  if (!curl) throw SystemFailure("libcurl could not be started");
  std::string body;
  curl_easy_setopt(curl.get(), CURLOPT_URL, whole.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, kSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "tablegate");
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &collect);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  const CURLcode outcome = curl_easy_perform(curl.get());
  if (outcome != CURLE_OK) throw SystemFailure(fmt::format("{}: {}", url, curl_easy_strerror(outcome)));
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) throw SystemFailure(fmt::format("{}: the answer has status {}", url, status));
  return body;
}

std::optional<ManifestIdentity> manifest_in_status(const std::string& json) {
  JsonDocument document;
  return parse_json(json, document).empty() ? identity_in(document) : std::nullopt;
}

}  // namespace tablegate::loader
