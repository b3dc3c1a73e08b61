// When a published API ends, announced to its callers by the headers Deprecation (RFC
// 9745) and Sunset (RFC 8594). Kept per gateway and API, whatever version is
// published there; gone once the API is taken off. A change counts as a
// publication.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/life/publications.hpp"

namespace tablegate::loader {

struct DeprecationRequest {
  std::string gateway;
  std::string since;  // as read_iso_time() gives it; empty: now, or what is there
  std::string sunset;
  bool undo = false;
};

struct Deprecation {
  std::string since, sunset;  // "2027-01-31T00:00:00Z"
};

// All of the APIs or none. Throws Refused: not published, over already, ends before it begins.
std::vector<Published> deprecate_apis(Database& catalog, const std::vector<ApiRow>& apis,
                                      const DeprecationRequest& request);

std::optional<Deprecation> find_deprecation(Database& catalog, const std::string& gateway,
                                            const std::string& api_id);

}  // namespace tablegate::loader
