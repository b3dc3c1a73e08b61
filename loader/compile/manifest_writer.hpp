// Writes a manifest: from what the catalog holds to the lines that
// core::read_manifest() reads. `api test` makes a manifest of one draft with it,
// `sync` one of everything that a gateway serves, so that both run the same.
// Secrets come unsealed and go out in clear.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/manifest/manifest.hpp"

namespace tablegate::loader {

// An API as one version (or a draft, version 0) of it stands in the catalog.
struct ApiEntry {
  int64_t api_id = 0;
  int version = 0;
  std::string name;  // empty: as the definition says it
  std::string workspace;
  std::string rest_api;
  std::string base_path;                              // with the version where the scheme is path
  core::VersionKey version_key;                       // by schemes header and query
  std::string business_process, process_description;  // for people: OpenAPI's tags
  std::vector<std::string> domains;
  std::string service = "default";
  int canary_weight = 0;                      // of a canary: percent of consumers
  std::optional<int64_t> deprecated, sunset;  // seconds since 1970; both or none
  std::string definition;                     // JSON of kind Api
  std::string
      source;  // JSON: {"table","time_zone","primary_key":[...],"columns":[{"name","type","not_null"}]}
};

struct Validity {
  std::optional<int64_t> not_before, expires;  // seconds since 1970
};

struct KeyEntry {
  std::string id;
  std::string sha256;  // hex
  Validity validity;
};

struct HmacKeyEntry {
  std::string id, access_key;
  std::string secret;   // in clear: the manifest is root's alone
  std::string profile;  // classic, raw-query
  Validity validity;
};

// Empty texts stand for what the setting leaves out.
struct JwtEntry {
  std::string source_in, source_name, source_prefix;
  std::string issuer, audience;
  std::string claim_name, claim_value;
  int64_t leeway = 60;  // seconds
  bool require_exp = false;
  std::string keys;  // JSON: a list of JWKs, symmetric ones in clear
};

struct ConsumerEntry {
  std::string name;
  bool enabled = true;
  std::vector<int64_t> apis;
  std::vector<KeyEntry> keys;
  std::vector<HmacKeyEntry> hmac_keys;
  std::optional<JwtEntry> jwt;
};

struct DomainEntry {
  std::string name, protocol;
  bool force_https = false;
  // For domains.conf only.
  std::string certificate, certificate_key;
  std::string tls_min = "TLSv1.2", tls_max = "TLSv1.3";
  bool http2 = true;
  bool server_block = true;
};

// An OpenAPI document and the domains that answer it; none: every other host.
struct DocumentEntry {
  std::vector<std::string> domains;
  std::string text;
};

struct ManifestContents {
  std::string gateway;
  std::string address;  // base URL of the gateway instance, or empty
  uint64_t publication = 0;
  uint64_t revision = 0;  // of the catalog that this was read from; not in the manifest
  std::vector<DomainEntry> domains;
  std::vector<ApiEntry> apis;
  std::vector<ApiEntry> canaries;  // other versions of some of them
  std::vector<ConsumerEntry> consumers;
  std::vector<DocumentEntry> documents;
  std::vector<std::string> http_listen{"80"}, https_listen{"443"};  // for domains.conf only
};

// The value of a consumer's "jwt", as core::read_jwt_setting() reads it.
std::string jwt_setting_json(const JwtEntry& jwt);

// The whole text of the manifest, in a fixed order (equal contents give equal bytes). Throws Refused when a
// definition cannot be served.
std::string write_manifest(const ManifestContents& contents);

}  // namespace tablegate::loader
