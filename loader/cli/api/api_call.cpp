// `tablegate api call`: the real HTTP call, as a client makes it, by libcurl. The
// key comes from a file or standard input, never from the command line.
#include <curl/curl.h>
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "base/curl_headers.hpp"
#include "base/percent.hpp"
#include "cli/api/api_request.hpp"
#include "cli/api/api_verbs.hpp"
#include "cli/api/call_credential.hpp"
#include "cli/output.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMaxAnswer = size_t{256} << 20;

struct Answer {
  long status = 0;
  double duration_ms = 0;
  std::string body;
};

size_t collect(char* data, size_t size, size_t count, void* target) noexcept {
  auto& body = *static_cast<std::string*>(target);
  if (body.size() + size * count > kMaxAnswer) return 0;
  try {
    body.append(data, size * count);
  } catch (...) {
    return 0;
  }
  return size * count;
}

// curl takes "Name:" as the wish to leave it out, "Name;" as one without a value.
void add_header(CurlHeaders& headers, const std::string& name, const std::string& value) {
  const std::string line = value.empty() ? name + ";" : name + ": " + value;
  if (line.find_first_of("\r\n") != std::string::npos) throw Refused("a header's value must be one line");
  headers.add(line);
}

bool is_unknown_authority(CURLcode outcome) {
  return outcome == CURLE_PEER_FAILED_VERIFICATION || outcome == CURLE_SSL_CACERT_BADFILE;
}

const char* advice_of(CURLcode outcome) {
  return is_unknown_authority(outcome)
             ? "; --cacert names the file of the authority that signed the gateway's certificate"
             : "";
}

Hint hint_of(CURLcode outcome) {
  if (is_unknown_authority(outcome)) return Hint::again().set("--cacert", "FILE");
  const bool unreachable = outcome == CURLE_COULDNT_RESOLVE_HOST || outcome == CURLE_COULDNT_CONNECT ||
                           outcome == CURLE_OPERATION_TIMEDOUT;
  return unreachable ? Hint::again().set("--connect-to", "HOST:PORT")
                     : Hint::again().set("--gateway-url", "URL");
}

Answer perform(const std::string& url, const CurlHeaders& headers, const ApiRequest& request,
               const ApiOptions& options) {
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), &curl_easy_cleanup);
  if (!curl) throw SystemFailure("libcurl could not be started");
  Answer answer;
  const std::string connect_to = options.connect_to.empty() ? "" : "::" + options.connect_to;
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> targets(
      connect_to.empty() ? nullptr : curl_slist_append(nullptr, connect_to.c_str()), &curl_slist_free_all);
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  const std::string form = encode_values(request.form);
  if (request.has_body()) {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(form.size()));
    curl_easy_setopt(curl.get(), CURLOPT_COPYPOSTFIELDS, form.c_str());  // with the form's Content-Type
  }
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "tablegate");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, 10L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 120L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &collect);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer.body);
  // The gateway itself is asked, whatever proxies the environment names.
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  if (targets) curl_easy_setopt(curl.get(), CURLOPT_CONNECT_TO, targets.get());
  if (!options.ca_file.empty()) curl_easy_setopt(curl.get(), CURLOPT_CAINFO, options.ca_file.c_str());
  const auto start = std::chrono::steady_clock::now();
  const CURLcode outcome = curl_easy_perform(curl.get());
  answer.duration_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  if (outcome != CURLE_OK) {
    throw SystemFailure(fmt::format("the call failed: {}{}", curl_easy_strerror(outcome), advice_of(outcome)),
                        hint_of(outcome));
  }
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

}  // namespace

void api_call(const Settings& settings, const ApiOptions& options) {
  Database catalog = settings.open_catalog();
  const ApiRow row =
      find_apis(catalog, find_workspace(catalog, settings.workspace), {options.name}, {}).front();
  const ServedApi served = find_served(catalog, row, settings.gateway);
  if (served.version == 0) {
    throw Refused(fmt::format("API \"{}\" is not published", row.name),
                  Hint::command({"api", "versions", row.name}));
  }
  ApiRequest request = make_request(served, read_parameters(options.parameters));
  std::string base = !options.gateway_url.empty() ? options.gateway_url
                     : served.domains.empty()     ? served.address
                                                  : served.domains.front();
  if (base.empty())
    throw Refused(fmt::format("gateway instance \"{}\" has no address", served.gateway),
                  Hint::again().set("--gateway-url", "http://HOST:PORT"));
  while (base.back() == '/') base.pop_back();
  const std::string shown = base + request.target();  // without a credential in the query
  const CallCredential credential = make_credential(catalog, request, options);
  CurlHeaders headers;
  for (const auto& [name, value] : request.headers) add_header(headers, name, value);
  for (const auto& [name, value] : credential.headers) add_header(headers, name, value);
  request.query.insert(request.query.end(), credential.query.begin(), credential.query.end());
  const Answer answer = perform(base + request.target(), headers, request, options);
  if (settings.json) {
    JsonOutput json;
    json.begin_object().key("name").text(row.name).key("status").number(answer.status);
    json.key("duration_ms")
        .raw(fmt::format("{:.3f}", answer.duration_ms))
        .key("response")
        .raw(answer.body)
        .end_object()
        .print();
  } else {
    if (!settings.quiet) fmt::print(stderr, "{} {} ({:.1f} ms)\n", shown, answer.status, answer.duration_ms);
    print_line(answer.body);
  }
  if (answer.status < 200 || answer.status > 299) {
    throw Refused(fmt::format("the gateway answered {}", answer.status),
                  answer.status == 404   ? Hint::command({"gateway", "status", served.gateway})
                  : answer.status == 400 ? Hint::command({"api", "show", row.name})
                                         : Hint());
  }
}

}  // namespace tablegate::loader
