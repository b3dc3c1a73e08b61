// One HTTP conversation with MaxCompute's REST and tunnel endpoints, by
// libcurl: signs each request, reads the service's errors, and repeats requests
// that may succeed later, with the pauses of the vendor's clients. One object
// per thread; the threads share a MaxComputeAccount.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/refusal.hpp"
#include "source/maxcompute/maxcompute_credentials.hpp"
#include "source/maxcompute/maxcompute_signer.hpp"
#include "source/table_source.hpp"

namespace tablegate::loader {

// The service rejected the request: its own code and message.
struct ServiceError : Refused {
  ServiceError(long http_status, std::string service_code, int hold_ms, unsigned signature,
               const std::string& message)
      : Refused(message),
        status(http_status),
        code(std::move(service_code)),
        hold(hold_ms),
        signed_with(signature) {}
  long status;
  std::string code;      // "NoSuchTable"; empty where the answer has none
  int hold;              // milliseconds that the service asks to wait
  unsigned signed_with;  // MaxComputeAccount::sign()
};

// No complete answer arrived.
struct TransferBroken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Another thread has failed, the load ends.
struct Stopped : std::exception {};

// Signs requests. It may change while it is in use: credentials are read again once they are rejected, and V4
// signatures are given up where the service does not know them.
class MaxComputeAccount {
 public:
  // `credentials`: a file, or empty, as credentials_file() returns it. `region` empty: V2.
  MaxComputeAccount(const std::string& credentials, std::string region);

  // Adds Date, Authorization and, with temporary credentials, their token. Returns the number of the
  // credentials used: another one once anything has changed.
  unsigned sign(MaxComputeRequest& request) const;
  // True: another attempt may succeed, because this thread or another one has changed something.
  bool adapt(const ServiceError& error);
  // The text without our secrets, in case the service repeats one.
  std::string without_secrets(std::string text) const;
  // A message of the service for people: without secrets, one line without control characters, at most 500
  // bytes.
  std::string shown(std::string words) const;

 private:
  mutable std::mutex mutex_;
  std::string file_;
  std::string region_;
  MaxComputeCredentials credentials_;
  bool v4_;
  unsigned version_ = 0;
};

// Pauses and limits, in milliseconds.
struct HttpPatience {
  int unit = 1000;      // the first pause; doubled up to 64 times this
  int connect = 10000;  // for a connection
  int idle = 120000;    // without a byte
  static HttpPatience from_environment();
};

struct HttpAnswer {
  std::string body;      // empty where a sink took it
  std::string location;  // header
};

// Receives a successful answer piece by piece. An exception that it throws ends the transfer and is rethrown.
using BodySink = std::function<void(std::string_view)>;

class MaxComputeHttp {
 public:
  // `stop` ends the transfers and pauses of all threads.
  MaxComputeHttp(MaxComputeAccount& account, const HttpPatience& patience, const std::atomic<bool>& stop);

  // One attempt. `endpoint` is "https://host[:port][/path]". Throws ServiceError when the status is not a
  // success, TransferBroken, Stopped.
  HttpAnswer perform(const std::string& endpoint, MaxComputeRequest request, const std::string& body,
                     const BodySink& sink = {});
  // Attempts until one succeeds or Retry gives up. Throws ServiceError, SystemFailure, Stopped.
  HttpAnswer request(const std::string& endpoint, const MaxComputeRequest& request,
                     const std::string& body = {});

  // Sleeps, or returns early once `stop` is set.
  void pause(int milliseconds) const;
  const HttpPatience& patience() const { return patience_; }
  MaxComputeAccount& account() { return account_; }
  uint64_t received() const { return received_; }  // bytes of bodies, decompressed

 private:
  struct Transfer;
  static size_t take_body(char* data, size_t size, size_t count, void* transfer) noexcept;
  static size_t take_header(char* data, size_t size, size_t count, void* transfer) noexcept;
  static int watch(void* transfer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept;
  void prepare(const std::string& url, const MaxComputeRequest& request, const std::string& body,
               Transfer& transfer);
  std::string url_of(const std::string& endpoint, const MaxComputeRequest& request) const;

  MaxComputeAccount& account_;
  HttpPatience patience_;
  const std::atomic<bool>& stop_;
  std::unique_ptr<CURL, void (*)(CURL*)> curl_;
  uint64_t received_ = 0;
};

// Counts the attempts of one task: 429 without limit, 5xx seven times, broken transfers five times in a row.
class Retry {
 public:
  explicit Retry(MaxComputeHttp& http) : http_(http) {}

  // Pauses if another attempt may succeed; false: rethrow the error. Throws SourceChanged for errors that
  // mean this, SystemFailure after the last attempt.
  [[nodiscard]] bool after(const ServiceError& error);
  // The same; throws SystemFailure when it was the last one.
  void after_break(const std::string& reason);
  // Progress was made: the count of broken transfers starts again.
  void progress();

 private:
  void back_off(int at_least);

  MaxComputeHttp& http_;
  int failures_ = 0;  // 5xx
  int breaks_ = 0;
  int step_ = 0;
};

}  // namespace tablegate::loader
