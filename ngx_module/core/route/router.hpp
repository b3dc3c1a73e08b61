// Finds the API for a host, a path and a method. Built once with the manifest,
// immutable, allocates nothing per request.
// Order: first the domain's own routes, then those without a domain; a literal
// segment before a parameter. An exact domain comes before a wildcard, a longer
// wildcard before a shorter one. The request's header or query parameter
// selects one of the versions of a REST API at one path; a request that selects
// none finds none of them. Where no API is found at a path that APIs have (another
// method, no version), the answer has their envelope if they all have the same.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/manifest/manifest.hpp"
#include "core/result.hpp"

namespace tablegate::core {

constexpr size_t kMaxPathSegments = 100;  // a path has at most 200 characters

class HeaderSource;

struct RouteMatch {
  enum class Outcome : uint8_t { found, method_not_allowed, not_found } outcome = Outcome::not_found;
  const Api* api = nullptr;                 // found
  const Domain* domain = nullptr;           // the host's domain if it is in the manifest, else null
  Envelope envelope = Envelope::tablegate;  // of the answer, whatever the outcome is
  std::string_view allow;  // method_not_allowed: the value of the Allow header; lives as long as the router
};

class Router {
 public:
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // An error if one request could mean two APIs.
  static Result<std::unique_ptr<const Router>> build(const Manifest& manifest);

  // `host` in lower case without port; `path` normalised (nginx's r->uri). HEAD finds GET, and so does QUERY
  // where the API takes it. `query` (raw,
  // without '?') and `headers` (null: none) are used only to select a version.
  RouteMatch find(std::string_view host, std::string_view path, std::string_view method,
                  std::string_view query = {}, const HeaderSource* headers = nullptr) const;

 private:
  struct Data;
  explicit Router(std::unique_ptr<const Data> data);
  std::unique_ptr<const Data> data_;
};

// Whether one request could ask for both of two versions at one path and method. One value of one name
// selects at most one version; with two names a request could give both; without a key a version is meant by
// every request.
bool could_mean_both(const VersionKey& a, const VersionKey& b);

// The path parameters of an API within a path that the router matched, in their order. Values are as in the
// path.
class PathParameters {
 public:
  PathParameters(const Api& api, std::string_view path) : segments_(api.path_segments), rest_(path) {}
  // False: there are no more.
  bool next(std::string_view& name, std::string_view& value);

 private:
  const std::vector<std::string>& segments_;
  size_t segment_ = 0;
  std::string_view rest_;
};

}  // namespace tablegate::core
