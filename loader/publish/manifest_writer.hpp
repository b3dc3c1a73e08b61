// Writes a manifest: from what the catalog holds to the lines that
// core::read_manifest() reads. `api test` makes a manifest of one draft with it,
// `sync` one of everything that a gateway serves, so that both run the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tablegate::loader {

// An API as one version (or a draft, version 0) of it stands in the catalog.
struct ApiEntry {
  int64_t api_id = 0;
  int version = 0;
  std::string workspace;
  std::string rest_api;
  std::string base_path;
  std::vector<std::string> domains;
  std::string service = "default";
  std::string definition;  // JSON of kind Api
  std::string
      source;  // JSON: {"table","time_zone","primary_key":[...],"columns":[{"name","type","not_null"}]}
};

struct KeyEntry {
  std::string id;
  std::string sha256;                          // hex
  std::optional<int64_t> not_before, expires;  // seconds since 1970
};

struct ConsumerEntry {
  std::string name;
  bool enabled = true;
  std::vector<int64_t> apis;
  std::vector<KeyEntry> keys;
};

struct DomainEntry {
  std::string name, protocol;
  bool force_https = false;
};

struct ManifestContents {
  std::string gateway;
  uint64_t publication = 0;
  std::vector<DomainEntry> domains;
  std::vector<ApiEntry> apis;
  std::vector<ConsumerEntry> consumers;
};

// The whole text of the manifest, in a fixed order (equal contents give equal bytes). Throws Refused when a
// definition cannot be served.
std::string write_manifest(const ManifestContents& contents);

}  // namespace tablegate::loader
