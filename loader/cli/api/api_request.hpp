// One HTTP request to an API, as `api show` prints it for curl and `api call`
// sends it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "catalog/lookup.hpp"
#include "compile/sample_request.hpp"

namespace tablegate::loader {

// An API as callers know it: its published version on the gateway, else its draft.
struct ServedApi {
  std::string name;
  ApiDefinition definition;
  std::string text;  // of the definition, JSON
  std::string base_path;
  core::VersionKey version_key;      // of the REST API
  int version = 0;                   // 0: not published, this is the draft
  std::string gateway;               // empty: there is none, or several
  std::string address;               // the gateway instance's, or empty
  std::vector<std::string> domains;  // URLs: "https://api.example.com"
};
// "?my-version=v1" where the query names the REST API's version: what a URL needs besides its path.
std::string version_query(const core::VersionKey& key);
// `gateway` empty: the only one there is, if any.
ServedApi find_served(Database& catalog, const ApiRow& api, const std::string& gateway);

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
// name=value joined by '&', both percent-encoded: a query or a form.
std::string encode_values(const Values& values);

// RFC 3986 section 2.1, all but unreserved characters.
std::string percent_encode(std::string_view text);

}  // namespace tablegate::loader
