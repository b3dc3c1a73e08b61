// A libpq connection string (keyword/value or URI) taken apart once, at
// configuration: a list of endpoints, tried one by one by the pool (libpq's own loop
// over hosts would start again at the first), and the other keywords. Owned by
// the configuration, never changed once pools run, not copyable. Values are
// wiped in the destructor; no error and no log line ever holds the DSN's text.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/secret.hpp"

namespace tablegate::pg {

// One server. Empty fields are libpq's defaults.
struct Endpoint {
  std::string host;      // name, address or directory of a unix socket
  std::string hostaddr;  // numeric address; when set, libpq looks up nothing
  std::string port;

  // True when libpq would have to look the name up, which blocks: the caller gives
  // addresses first (Dsn::set_addresses or Dsn::resolve).
  bool needs_resolution() const;
  // For log lines: "db1.example:5433", "/run/postgresql", "default host".
  std::string label() const;
};

// NULL-terminated arrays for PQconnectStartParams (expand_dbname = 0). They point into
// the Dsn (and the Endpoint) they came from.
struct ConnectKeywords {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
};

class Dsn {
 public:
  // All numeric addresses of a host name; none when it is unknown.
  using Resolver = std::function<std::vector<std::string>(const std::string& host)>;

  Dsn(Dsn&&) noexcept = default;
  Dsn& operator=(Dsn&&) noexcept = default;

  const std::vector<Endpoint>& endpoints() const { return endpoints_; }  // never empty
  bool needs_resolution() const;

  // Replaces endpoint `index` by one endpoint an address (numeric, host kept for TLS's
  // name check). Error: index out of range, no address, an address that is not numeric.
  core::Status set_addresses(std::size_t index, const std::vector<std::string>& addresses);
  // set_addresses for every endpoint that needs it. Endpoints whose host is unknown are left out: returns
  // their hosts, each once. Error: none would be left (`where` is the first unknown host); nothing changed.
  core::Result<std::vector<std::string>> resolve(const Resolver& resolver);
  // Overrides a password in the DSN (password_file). Copied.
  void set_password(std::string_view password) { password_ = core::Secret(password); }

  // What to connect with to endpoint `index` (< endpoints().size()): exactly one host,
  // client_encoding=UTF8, fallback_application_name=tablegate, gssencmode=disable. Valid
  // while this Dsn lives unchanged.
  ConnectKeywords keywords(std::size_t index) const;

 private:
  friend core::Result<Dsn> parse_dsn(std::string_view text);

  struct Parameter {
    std::string keyword;
    core::Secret value;
  };

  Dsn() = default;

  std::vector<Endpoint> endpoints_;
  std::vector<Parameter> parameters_;
  core::Secret password_;
};

// Errors: not a libpq string, `service` or `replication` used, lists of host, hostaddr and port
// whose lengths do not match (the rules of the libpq manual, 34.1.1.3).
core::Result<Dsn> parse_dsn(std::string_view text);

}  // namespace tablegate::pg
