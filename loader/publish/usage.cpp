#include "publish/usage.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "catalog/json_text.hpp"
#include "catalog/refusal.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMaxReport = size_t{64} << 20;  // of some 17,000 pairs: 4 MiB
constexpr const char* kHelp = "curl URL, where URL is a location with tablegate_status on this node";

size_t collect(char* data, size_t size, size_t count, void* target) noexcept {
  auto& body = *static_cast<std::string*>(target);
  if (body.size() + size * count > kMaxReport) return 0;
  try {
    body.append(data, size * count);
  } catch (...) {
    return 0;
  }
  return size * count;
}

}  // namespace

std::string fetch_usage(const std::string& url) {
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), &curl_easy_cleanup);
  if (!curl) throw SystemFailure("libcurl could not be started");
  const std::string whole = url + (url.find('?') == std::string::npos ? "?usage" : "&usage");
  std::string body;
  curl_easy_setopt(curl.get(), CURLOPT_URL, whole.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "tablegate");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, 5L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 30L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &collect);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");  // the node itself, whatever proxies there are
  const CURLcode outcome = curl_easy_perform(curl.get());
  if (outcome != CURLE_OK)
    throw SystemFailure(fmt::format("{} does not answer: {}", url, curl_easy_strerror(outcome)), kHelp);
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) throw SystemFailure(fmt::format("{} answers {}", url, status), kHelp);
  return body;
}

long long collect_usage(Database& catalog, const std::string& gateway, const std::string& node,
                        const std::string& json) {
  JsonDocument report;
  const std::string fault = parse_json(json, report);
  if (!fault.empty() || !report.IsObject() || json_find(report, "usage") == nullptr ||
      json_find(report, "epoch") == nullptr) {
    throw Refused("this is no answer of tablegate_status with the argument usage", kHelp);
  }
  if (const std::string of = json_member(report, "gateway"); of != gateway) {
    throw Refused(fmt::format("this nginx serves gateway \"{}\", not \"{}\"", of, gateway),
                  fmt::format("tablegate sync --gateway {}", of));
  }
  return catalog.query("SELECT tablegate.record_usage($1, $2, $3::json)", {gateway, node, json})
      .integer(0, 0);
}

std::string node_name() {
  char name[256] = {};
  if (gethostname(name, sizeof(name) - 1) != 0) throw SystemFailure("this machine has no name");
  return name;
}

}  // namespace tablegate::loader
