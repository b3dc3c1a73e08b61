// Where an API is published and what callers get there: for `list`, `show`,
// `call` and `versions`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/life/canary.hpp"
#include "catalog/life/deprecation.hpp"
#include "catalog/lookup.hpp"

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
// Each API on `gateway`, or (empty) on the first by name that it is published on; one that is published
// nowhere has the only gateway there is, if any. By a fixed number of queries.
std::vector<ServedApi> find_served(Database& catalog, const std::vector<ApiRow>& apis,
                                   const std::string& gateway);
ServedApi find_served(Database& catalog, const ApiRow& api, const std::string& gateway);

// Whether pages have cursors. `none`: there are no pages either. `untested`: it depends on the columns of a
// script, which the first test asks PostgreSQL for.
enum class PageCursors : uint8_t { none, some, untested };

// Of each of them. By two queries at most.
std::vector<PageCursors> served_cursors(Database& catalog, const std::vector<ApiRow>& apis,
                                        const std::vector<ServedApi>& served);

// What one gateway serves of an API.
struct Served {
  std::string gateway;
  int version = 0;
  std::optional<Canary> canary;
  std::optional<Deprecation> deprecation;
};
// For each API its gateways, by name. One query.
std::vector<std::vector<Served>> served_everywhere(Database& catalog, const std::vector<ApiRow>& apis);
// Gateways that an API of this name is published on.
std::vector<std::string> gateways_of(Database& catalog, const Workspace& workspace, const std::string& api);

struct VersionSummary {
  long long version = 0;
  std::string status, message, author;
  std::string committed_at;     // "2027-01-31T08:00:00Z"
  std::string published_on;     // a JSON list of gateways
  std::string published_words;  // "prod, test (10 %)", or "-"
  std::string allow_scan;       // a JSON list of tables
};
// For each API its versions, the oldest first. One query.
std::vector<std::vector<VersionSummary>> list_versions(Database& catalog, const std::vector<ApiRow>& apis);

}  // namespace tablegate::loader
