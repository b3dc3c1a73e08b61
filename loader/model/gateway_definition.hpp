// The definitions of what serves several workspaces (Domain, GatewayInstance, RestApi)
// and of a BusinessProcess, read from their JSON once with every default.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json_text.hpp"

namespace tablegate::loader {

// The service that every gateway instance has.
inline constexpr const char* kDefaultService = "default";

// Empty texts: left out.
struct DomainDefinition {
  std::string name;
  std::string protocol = "HTTP";  // HTTP, HTTPS
  bool force_https = false;
  std::string certificate, certificate_key;  // paths on the nodes
  std::string tls_min = "TLSv1.2", tls_max = "TLSv1.3";
  bool http2 = true;
  bool server_block = true;
  int port = 0;                           // that callers use; 0: left out
  std::vector<std::string> cors_origins;  // of web pages that may read answers; "*": all

  // "https://api.example.com:8443". Without a `port` it is that of the listen addresses of its protocol, and
  // the protocol's own where one of them has it, or where the server block is somebody else's.
  std::string url(const std::vector<std::string>& http_listen,
                  const std::vector<std::string>& https_listen) const;
};
DomainDefinition read_domain_definition(const JsonValue& definition);
// From the catalog's text; `what` names it. Throws SystemFailure when it is no JSON object; so do the others.
DomainDefinition read_domain_definition(const std::string& text, const std::string& what);

struct GatewayDefinition {
  std::string name;
  std::string address;  // base URL, or empty
  std::vector<std::string> http_listen = {"80"};
  std::vector<std::string> https_listen = {"443"};
  // Services of nginx.conf and their resource groups.
  std::map<std::string, std::vector<std::string>> services;

  GatewayDefinition();
  bool has_service(const std::string& service) const { return services.count(service) != 0; }
  bool has_group(const std::string& service, const std::string& group) const;
};
GatewayDefinition read_gateway_definition(const JsonValue& definition);
GatewayDefinition read_gateway_definition(const std::string& text, const std::string& what);

// How requests name the version of a REST API.
struct Versioning {
  std::string scheme = "none";  // none, path, header, query
  std::string name;             // of the header or the query parameter
  std::string version;          // empty by scheme none

  // What callers notice when it changes; the version itself identifies the REST API.
  bool same_scheme(const Versioning& other) const { return scheme == other.scheme && name == other.name; }
  // "scheme header, name x-version"
  std::string label() const { return "scheme " + scheme + (name.empty() ? "" : ", name " + name); }
};
struct RestApiDefinition {
  std::string name, base_path;
  Versioning versioning;
};
RestApiDefinition read_rest_api_definition(const JsonValue& definition);
RestApiDefinition read_rest_api_definition(const std::string& text, const std::string& what);

struct BusinessProcessDefinition {
  std::string name, description, rest_api, rest_api_version;
};
BusinessProcessDefinition read_business_process_definition(const JsonValue& definition);
BusinessProcessDefinition read_business_process_definition(const std::string& text, const std::string& what);

}  // namespace tablegate::loader
