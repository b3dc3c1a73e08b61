// One HTTP request to an API, as `api show` prints it for curl and `api call`
// sends it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "catalog/lookup.hpp"

namespace tablegate::loader {

// An API as callers know it: its published version on the gateway, else its draft.
struct ServedApi {
  std::string definition;
  std::string base_path;
  int version = 0;                   // 0: not published, this is the draft
  std::string gateway;               // empty: there is none, or several
  std::string address;               // the gateway instance's, or empty
  std::vector<std::string> domains;  // URLs: "https://api.example.com"
};
// `gateway` empty: the only one there is, if any.
ServedApi find_served(Database& catalog, const ApiRow& api, const std::string& gateway);

struct ApiRequest {
  std::string path;                                          // with the query string, encoded
  std::vector<std::pair<std::string, std::string>> headers;  // of header parameters
  bool wants_key = false;
  std::string key_header = "Authorization";  // empty: the key goes into the query
  std::string key_query;
};
// `parameters` by name; the others take their sample. Throws Refused for a name that the API does not have
// and for a required parameter without value and sample.
ApiRequest make_request(const ServedApi& api,
                        const std::vector<std::pair<std::string, std::string>>& parameters);

// RFC 3986 section 2.1, all but unreserved characters.
std::string percent_encode(std::string_view text);

}  // namespace tablegate::loader
