// One HTTP request to an API, as `api show` prints it for curl and `api call`
// sends it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "catalog/life/served_api.hpp"
#include "compile/sample_request.hpp"

namespace tablegate::loader {

// "?my-version=v1" where the query names the REST API's version: what a URL needs besides its path.
std::string version_query(const core::VersionKey& key);

struct ApiRequest {
  std::string method;
  std::string path;                         // encoded, without the query
  Values query;                             // decoded
  Values form;                              // decoded; the body of a POST
  Values headers;                           // of header parameters
  std::vector<std::string> authentication;  // types that the API takes; empty: open to all
  std::string key_header;                   // of an API key; empty: it goes into the query
  std::string key_query;
  std::string hmac_method;  // one that the API allows

  bool takes(std::string_view type) const;
  bool has_body() const { return method == "POST"; }
  // Path and query as they stand on the wire.
  std::string target() const;
};
// `parameters` by name; the others take their sample. Throws Refused for a name that the API does not have
// and for a required parameter without value and sample.
ApiRequest make_request(const ServedApi& api, const Values& parameters);

constexpr const char* kFormType = "application/x-www-form-urlencoded";
}  // namespace tablegate::loader
