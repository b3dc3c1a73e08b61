#include "source/maxcompute/maxcompute_http.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <thread>
#include <utility>

#include "base/curl_headers.hpp"
#include "base/percent.hpp"
#include "core/text/ascii.hpp"
#include "core/text/http_date.hpp"
#include "model/ddl_lexer.hpp"
#include "source/maxcompute/maxcompute_error.hpp"

namespace tablegate::loader {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxAnswer = size_t{64} << 20;  // of an answer that is kept
constexpr size_t kMaxError = size_t{64} << 10;
constexpr size_t kMaxShown = 500;  // bytes of the service's message

int milliseconds_since(Clock::time_point then) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - then).count());
}

int environment_number(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  const int value =
      text == nullptr
          ? 0
          : std::atoi(text);  // NOLINT(cert-err34-c): 0 is rejected like text that is not a number
  return value > 0 ? value : otherwise;
}

void replace_all(std::string& text, const std::string& what) {
  if (what.empty()) return;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at))
    text.replace(at, what.size(), "***");
}

}  // namespace

HttpPatience HttpPatience::from_environment() {
  HttpPatience patience;
  patience.unit = environment_number("TABLEGATE_MAXCOMPUTE_RETRY_MS", patience.unit);
  patience.idle = environment_number("TABLEGATE_MAXCOMPUTE_IDLE_MS", patience.idle);
  return patience;
}

// --- account

MaxComputeAccount::MaxComputeAccount(const std::string& credentials, std::string region)
    : file_(credentials_file(credentials)),
      region_(std::move(region)),
      credentials_(read_credentials(file_)),
      v4_(!region_.empty()) {}

unsigned MaxComputeAccount::sign(MaxComputeRequest& request) const {
  const std::time_t now = std::time(nullptr);
  char date[core::kHttpDateSize + 1];
  core::format_http_date(now, date);
  std::tm day{};
  gmtime_r(&now, &day);
  const std::lock_guard<std::mutex> lock(mutex_);
  request.headers.emplace_back("date", date);
  if (!credentials_.security_token.empty())
    request.headers.emplace_back("authorization-sts-token", credentials_.security_token);
  const std::string text = text_to_sign(request);
  request.headers.emplace_back(
      "authorization",
      v4_ ? sign_v4(credentials_, text,
                    fmt::format("{:04}{:02}{:02}", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday), region_)
          : sign_v2(credentials_, text));
  return version_;
}

bool MaxComputeAccount::adapt(const ServiceError& error) {
  const std::string words = error.what();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (error.signed_with != version_) return true;
  if (v4_ && (error.code == "ODPS-0410051" || words.find("need ak v3 support") != std::string::npos)) {
    v4_ = false;
    ++version_;
    return true;
  }
  if (error.status != 401 || file_.empty()) return false;
  // Temporary credentials expire; the program that renews them writes the file.
  MaxComputeCredentials again = read_credentials(file_);
  if (again == credentials_) return false;
  credentials_ = std::move(again);
  ++version_;
  return true;
}

std::string MaxComputeAccount::shown(std::string words) const {
  words = without_secrets(std::move(words));  // before the text is cut: a part of a secret would not be found
  for (char& c : words) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (words.size() <= kMaxShown) return words;
  size_t end = kMaxShown;
  while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xc0U) == 0x80U) --end;  // whole characters
  return words.substr(0, end) + "...";
}

std::string MaxComputeAccount::without_secrets(std::string text) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  replace_all(text, credentials_.access_key);
  replace_all(text, credentials_.security_token);
  return text;
}

// --- one attempt

struct MaxComputeHttp::Transfer {
  MaxComputeHttp& http;
  const BodySink& sink;
  HttpAnswer answer;
  CurlHeaders headers;
  std::exception_ptr thrown;  // by the sink
  Clock::time_point last;     // byte received
  bool idle = false;
  char reason[CURL_ERROR_SIZE] = "";
};

MaxComputeHttp::MaxComputeHttp(MaxComputeAccount& account, const HttpPatience& patience,
                               const std::atomic<bool>& stop)
    : account_(account), patience_(patience), stop_(stop), curl_(nullptr, &curl_easy_cleanup) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  curl_.reset(curl_easy_init());
  if (started != CURLE_OK || !curl_) throw SystemFailure("libcurl could not be started");
}

size_t MaxComputeHttp::take_body(char* data, size_t size, size_t count, void* target) noexcept {
  auto& transfer = *static_cast<Transfer*>(target);
  const std::string_view piece(data, size * count);
  try {
    long status = 0;
    curl_easy_getinfo(transfer.http.curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    const bool success = status >= 200 && status < 300;
    if (success && transfer.sink) {
      transfer.http.received_ += piece.size();
      transfer.sink(piece);
    } else {
      std::string& body = transfer.answer.body;
      const size_t room = (success ? kMaxAnswer : kMaxError) - body.size();
      body.append(piece, 0, room);
      if (success && piece.size() > room)
        throw SystemFailure(fmt::format("MaxCompute's answer is longer than {} MiB", kMaxAnswer >> 20U));
    }
    transfer.last = Clock::now();  // after the sink, which may have waited for PostgreSQL
    return piece.size();
  } catch (...) {
    transfer.thrown = std::current_exception();
    return 0;
  }
}

size_t MaxComputeHttp::take_header(char* data, size_t size, size_t count, void* target) noexcept {
  constexpr std::string_view kLocation = "location:";
  auto& transfer = *static_cast<Transfer*>(target);
  try {
    const std::string line(data, size * count);
    if (core::same_in_any_case(std::string_view(line).substr(0, kLocation.size()), kLocation)) {
      const std::string_view location =
          core::trimmed(std::string_view(line).substr(kLocation.size()), " \t\r\n");
      if (!location.empty()) transfer.answer.location = location;
    }
    transfer.last = Clock::now();
    return size * count;
  } catch (...) {
    return 0;
  }
}

// libcurl calls it at least once a second.
int MaxComputeHttp::watch(void* target, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
  auto& transfer = *static_cast<Transfer*>(target);
  transfer.idle = milliseconds_since(transfer.last) > transfer.http.patience_.idle;
  return transfer.idle || transfer.http.stop_ ? 1 : 0;
}

std::string MaxComputeHttp::url_of(const std::string& endpoint, const MaxComputeRequest& request) const {
  std::string url = endpoint;
  for (size_t at = 0; at < request.path.size();) {
    const size_t end = std::min(request.path.find('/', at + 1), request.path.size());
    url += "/" + percent_encode(request.path.substr(at + 1, end - at - 1));
    at = end;
  }
  char before = '?';
  for (const auto& [name, value] : request.query) {
    url += before + percent_encode(name);
    if (!value.empty()) url += "=" + percent_encode(value);
    before = '&';
  }
  return url;
}

void MaxComputeHttp::prepare(const std::string& url, const MaxComputeRequest& request,
                             const std::string& body, Transfer& transfer) {
  CURL* const curl = curl_.get();
  curl_easy_reset(curl);
  for (const auto& [name, value] : request.headers) {
    if (name != "accept-encoding") transfer.headers.add(fmt::format("{}: {}", name, value));
  }
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  if (request.method == "POST") {
    transfer.headers.add("Expect:");
    if (body.empty()) transfer.headers.add("Content-Type:");  // the signature covers no content type
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
  }
  for (const auto& [name, value] : request.headers) {
    // By its own option, so that libcurl decompresses the answer.
    if (name == "accept-encoding") curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, value.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer.headers.get());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 262144L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(patience_.connect));
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, static_cast<char*>(transfer.reason));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &watch);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

HttpAnswer MaxComputeHttp::perform(const std::string& endpoint, MaxComputeRequest request,
                                   const std::string& body, const BodySink& sink) {
  if (stop_) throw Stopped();
  const std::string url = url_of(endpoint, request);
  request.headers.emplace_back("user-agent", "tablegate");
  request.headers.emplace_back("x-odps-user-agent", "tablegate");
  const unsigned signed_with = account_.sign(request);
  Transfer transfer{*this, sink, {}, {}, nullptr, Clock::now()};
  prepare(url, request, body, transfer);
  const CURLcode done = curl_easy_perform(curl_.get());
  if (transfer.thrown) std::rethrow_exception(transfer.thrown);
  if (stop_) throw Stopped();
  if (done != CURLE_OK) {
    const std::string reason = *transfer.reason != '\0' ? transfer.reason : curl_easy_strerror(done);
    throw TransferBroken(transfer.idle ? fmt::format("no byte for {} ms", patience_.idle) : reason);
  }
  long status = 0;
  curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status >= 200 && status < 300) return std::move(transfer.answer);
  const ServiceFault fault = read_service_fault(transfer.answer.body);
  std::string words =
      fault.message.empty() ? fmt::format("HTTP status {}", status) : account_.shown(fault.message);
  if (!fault.code.empty()) words = fmt::format("{}: {}", account_.shown(fault.code), words);
  if (!fault.request_id.empty()) words += fmt::format(" (request {})", account_.shown(fault.request_id));
  throw ServiceError(status, fault.code, fault.hold, signed_with, "MaxCompute: " + words);
}

HttpAnswer MaxComputeHttp::request(const std::string& endpoint, const MaxComputeRequest& request,
                                   const std::string& body) {
  Retry retry(*this);
  for (;;) {
    try {
      return perform(endpoint, request, body);
    } catch (const ServiceError& error) {
      if (!retry.after(error)) throw;
    } catch (const TransferBroken& broken) {
      retry.after_break(broken.what());
    }
  }
}

void MaxComputeHttp::pause(int milliseconds) const {
  constexpr int kStep = 50;
  for (int left = milliseconds; left > 0; left -= kStep) {
    if (stop_) throw Stopped();
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(left, kStep)));
  }
}

// --- attempts

void Retry::back_off(int at_least) {
  constexpr int kMaxStep = 6;  // 1, 2, 4 ... 64 units
  http_.pause(std::max(at_least, http_.patience().unit << step_));
  step_ = std::min(step_ + 1, kMaxStep);
}

bool Retry::after(const ServiceError& error) {
  constexpr int kMaxFailures = 7;
  if (http_.account().adapt(error)) return true;
  if (error.code == "DataVersionConflict" || error.code == "TableModified") {
    throw SourceChanged(fmt::format("the table changed while it was read ({})", error.what()), Hint::again());
  }
  if (error.code == "StatusConflict") {
    throw SourceChanged(fmt::format("the download session has ended ({})", error.what()), Hint::again());
  }
  const bool busy = error.status == 429 || error.code == "FlowExceeded";
  if (!busy && error.status < 500) return false;
  if (!busy && ++failures_ >= kMaxFailures)
    throw SystemFailure(fmt::format("failed {} times: {}", failures_, error.what()), Hint::again());
  back_off(error.hold);
  return true;
}

void Retry::after_break(const std::string& reason) {
  constexpr int kMaxBreaks = 5;
  if (++breaks_ >= kMaxBreaks) {
    throw SystemFailure(
        fmt::format("MaxCompute cannot be read, failed {} times (is the data source's endpoint right?): {}",
                    breaks_, reason),
        Hint::again());
  }
  back_off(0);
}

void Retry::progress() {
  breaks_ = 0;
  step_ = 0;
}

}  // namespace tablegate::loader
