// One HTTP conversation with MaxCompute's REST and tunnel endpoints, by libcurl:
// signs each request, reads the service's errors, and tries again what is worth
// it, with the pauses that the vendor's clients make. One object a thread; they
// share a MaxComputeAccount.
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

// The service refused: its own code and words.
struct ServiceError : Refused {
  ServiceError(long http_status, std::string service_code, int hold_ms, unsigned signature,
               const std::string& message)
      : Refused(message),
        status(http_status),
        code(std::move(service_code)),
        hold(hold_ms),
        signed_with(signature) {}
  long status;
  std::string code;      // "NoSuchTable"; empty where the answer had none
  int hold;              // milliseconds that the service asks to wait
  unsigned signed_with;  // MaxComputeAccount::sign()
};

// No whole answer came.
struct TransferBroken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Another thread has failed, the load ends.
struct Stopped : std::exception {};

// Whom requests are signed for; may change while it is in use: credentials are read again once they are
// refused, and V4 is given up where the service does not know it.
class MaxComputeAccount {
 public:
  // `credentials`: a file, or empty, as credentials_file() takes it. `region` empty: V2.
  MaxComputeAccount(const std::string& credentials, std::string region);

  // Adds Date, Authorization and, with temporary credentials, their token. Returns what they were signed
  // with: another number once anything changed.
  unsigned sign(MaxComputeRequest& request) const;
  // True where the request is worth another attempt with what has changed, by this thread or another.
  bool adapt(const ServiceError& error);
  // The text without any secret of ours, should the service repeat one.
  std::string without_secrets(std::string text) const;
  // Words of the service's for people: without secrets, in one line without control characters, at most 500
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

// Pauses and patience. Everything is in milliseconds.
struct HttpPatience {
  int unit = 1000;      // the first pause, doubled up to 64 of them
  int connect = 10000;  // for a connection
  int idle = 120000;    // without a byte
  static HttpPatience from_environment();
};

struct HttpAnswer {
  std::string body;      // empty where a sink took it
  std::string location;  // header
};

// What the service sends with a success, piece by piece. Whatever it throws ends the transfer and comes out.
using BodySink = std::function<void(std::string_view)>;

class MaxComputeHttp {
 public:
  // `stop` ends transfers and pauses of all threads.
  MaxComputeHttp(MaxComputeAccount& account, const HttpPatience& patience, const std::atomic<bool>& stop);

  // One attempt. `endpoint` is "https://host[:port][/path]". Throws ServiceError for what is no success,
  // TransferBroken, Stopped.
  HttpAnswer perform(const std::string& endpoint, MaxComputeRequest request, const std::string& body,
                     const BodySink& sink = {});
  // Attempts until one succeeds or none can (see Retry). Throws ServiceError, SystemFailure, Stopped.
  HttpAnswer request(const std::string& endpoint, const MaxComputeRequest& request,
                     const std::string& body = {});

  // Sleeps, unless `stop` comes.
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

// Counts attempts of one task: 429 for ever, 5xx seven times, broken transfers five times in a row.
class Retry {
 public:
  explicit Retry(MaxComputeHttp& http) : http_(http) {}

  // Pauses where another attempt is worth it; false where none is: throw it again. Throws SourceChanged for
  // errors that tell of it, SystemFailure after the last attempt.
  [[nodiscard]] bool after(const ServiceError& error);
  // The same; throws SystemFailure when it was the last one.
  void after_break(const std::string& reason);
  // Something was achieved: breaks are counted anew.
  void progress();

 private:
  void back_off(int at_least);

  MaxComputeHttp& http_;
  int failures_ = 0;  // 5xx
  int breaks_ = 0;
  int step_ = 0;
};

}  // namespace tablegate::loader
