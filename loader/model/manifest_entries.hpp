// What a manifest, its credentials and domains.conf are made of, as the catalog holds it: typed
// definitions with what is decided beside them (versions, domains, canaries,
// credentials). Secrets are unsealed here and in clear.
// compile/manifest_writer.hpp and compile/credentials_writer.hpp write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/manifest/manifest.hpp"
#include "model/api_definition.hpp"
#include "model/api_source.hpp"
#include "model/gateway_definition.hpp"

namespace tablegate::loader {

// One version (or a draft, version 0) of an API.
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
  std::string service = kDefaultService;
  int canary_weight = 0;                      // of a canary: percent of consumers
  std::optional<int64_t> deprecated, sunset;  // seconds since 1970; both or none
  ApiDefinition definition;
  ApiSource source;  // what it is compiled against
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
  std::string secret;   // in clear: only root can read the credentials
  std::string profile;  // classic, raw-query
  Validity validity;
};

// Empty texts: the setting leaves them out.
struct JwtEntry {
  std::string source_in, source_name, source_prefix;
  std::string issuer, audience;
  std::string claim_name, claim_value;
  int64_t leeway = 60;  // seconds
  bool require_exp = false;
  std::string keys;  // JSON: a list of JWKs, symmetric ones in clear
};

// A key of the gateways that no caller has (catalog/credentials/gateway_keys.hpp).
struct GatewayKeyEntry {
  std::string name;  // cursor
  std::string key;   // in clear: 64 hexadecimal digits
};

struct ConsumerEntry {
  std::string name;
  bool enabled = true;
  std::vector<int64_t> apis;
  std::vector<KeyEntry> keys;
  std::vector<HmacKeyEntry> hmac_keys;
  std::optional<JwtEntry> jwt;
};

// Where an OpenAPI document is, and the domains that answer it; none: every other host.
struct DocumentEntry {
  std::vector<std::string> domains;
  std::string file;                // its name, beside the manifest
  int64_t offset = 0, length = 0;  // bytes
  std::string sha256;              // hex, of the document
};

struct ManifestContents {
  std::string gateway;
  std::string address;  // base URL of the gateway instance, or empty
  uint64_t publication = 0;
  uint64_t revision = 0;                  // of the catalog that this was read from; not in the manifest
  std::vector<DomainDefinition> domains;  // certificates and TLS: for domains.conf only
  std::vector<ApiEntry> apis;
  std::vector<ApiEntry> canaries;  // other versions of some of them
  size_t api_count = 0;            // published ones, without canaries
  // Digest of everything that the manifest is made from; empty: not known, or something was left out.
  std::string source;
  bool is_known = false;  // a manifest of this source is there already: `apis` and `canaries` were not read
  std::vector<GatewayKeyEntry> keys;
  std::vector<ConsumerEntry> consumers;
  std::vector<DocumentEntry> documents;
  // For domains.conf only.
  std::vector<std::string> http_listen = GatewayDefinition().http_listen;
  std::vector<std::string> https_listen = GatewayDefinition().https_listen;
};

}  // namespace tablegate::loader
