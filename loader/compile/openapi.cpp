#include "compile/openapi.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <map>
#include <set>

#include "base/refusal.hpp"
#include "compile/openapi_operation.hpp"
#include "core/digest.hpp"
#include "core/route/router.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

using Operations = std::vector<const OpenApiOperation*>;

constexpr size_t kVersionDigits = 12;

// "GET /v1/user/{id}" is getV1UserById; version v2 by a header of "GET /user" is getUserV2.
std::string operation_id(const OpenApiOperation& operation) {
  const CompiledApi& api = operation.api;
  std::string id = core::to_lower(api.method);
  bool upper = true;
  for (const char c : api.path + "/" + operation.entry->version_key.value) {
    if (c == '{') id += "By";
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
      upper = true;
      continue;
    }
    id += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = false;
  }
  return id;
}

// By id of the API: who was there first keeps the plain id whatever is published later.
// With `faults`, an API that cannot be described is left out and named there; else it throws.
std::vector<OpenApiOperation> read_operations(const ManifestContents& contents,
                                              std::vector<std::string>* faults) {
  std::vector<OpenApiOperation> operations;
  operations.reserve(contents.apis.size());
  for (const ApiEntry& entry : contents.apis) {
    try {
      operations.push_back(read_operation(entry));
    } catch (const Failure& failure) {
      if (faults == nullptr) throw;
      faults->push_back(
          fmt::format("API \"{}\" is not in the OpenAPI documents: {}", entry.name, failure.what()));
    }
  }
  std::sort(operations.begin(), operations.end(), [](const OpenApiOperation& a, const OpenApiOperation& b) {
    return a.entry->api_id < b.entry->api_id;
  });
  std::set<std::string> taken;
  for (OpenApiOperation& operation : operations) {
    operation.id = operation_id(operation);
    if (!taken.insert(operation.id).second) {
      operation.id += fmt::format("_{}", operation.entry->api_id);
      taken.insert(operation.id);
    }
  }
  return operations;
}

// The names of a path's parameters, and the path with their places only: OpenAPI takes "/a/{x}" and "/a/{y}"
// for the same.
struct Template {
  std::string route;
  std::vector<std::string> names;
};

Template template_of(const std::string& path) {
  Template result;
  bool inside = false;
  for (const char c : path) {
    if (c == '}') inside = false;
    if (inside) {
      result.names.back() += c;
    } else {
      result.route += c;
    }
    if (c != '{') continue;
    inside = true;
    result.names.emplace_back();
  }
  return result;
}

std::string server_of(const ManifestContents& contents, const std::string& domain) {
  for (const DomainDefinition& one : contents.domains) {
    if (one.name == domain) return one.url(contents.http_listen, contents.https_listen);
  }
  DomainDefinition unknown;
  unknown.name = domain;
  return unknown.url(contents.http_listen, contents.https_listen);
}

std::vector<std::string> servers_of(const ManifestContents& contents,
                                    const std::vector<std::string>& domains) {
  std::vector<std::string> servers;
  servers.reserve(domains.size() + 1);
  for (const std::string& domain : domains) servers.push_back(server_of(contents, domain));
  if (servers.empty()) servers.push_back(contents.address.empty() ? "/" : contents.address);
  std::sort(servers.begin(), servers.end());
  return servers;
}

class Document {
 public:
  Document(const ManifestContents& contents, const Operations& operations, std::vector<std::string> servers)
      : contents_(contents), operations_(operations), servers_(std::move(servers)) {}

  // `own_servers`: an operation names its servers where they are not all of the document's.
  std::string write(bool own_servers) {
    own_servers_ = own_servers;
    OpenApiJson body;
    body.object([&] { write_body(body); });
    const std::string rest = body.take();
    OpenApiJson json;
    json.object([&] {
      json.text("openapi", "3.1.0");
      json.object("info", [&] {
        json.text("title", "APIs of " + contents_.gateway);
        json.text("version", version_of(rest));
        json.object("license", [&] {  // which one is the publisher's to say
          json.text("name", "not stated");
          json.text("identifier", "LicenseRef-not-stated");
        });
      });
    });
    std::string text = json.take();
    text.back() = ',';
    return text + rest.substr(1);
  }

 private:
  // Documents of one version say the same.
  static std::string version_of(const std::string& text) {
    core::Sha256 sha256;
    core::Digest digest{};
    if (!sha256.digest(text, digest)) throw SystemFailure("OpenSSL has no SHA-256");
    return core::to_hex(digest).substr(0, kVersionDigits);
  }

  void write_body(OpenApiJson& json) {
    write_servers(json, servers_);
    write_tags(json);
    json.object("paths", [&] { write_paths(json); });
    if (!operations_.empty()) json.object("components", [&] { write_components(json, used_); });
  }

  static void write_servers(OpenApiJson& json, const std::vector<std::string>& servers) {
    json.array("servers", [&] {
      for (const std::string& server : servers) {
        const size_t star = server.find("*.");
        json.object([&] {
          if (star == std::string::npos) return json.text("url", server);
          json.text("url", server.substr(0, star) + "{name}" + server.substr(star + 1));
          json.object("variables", [&] { json.object("name", [&] { json.text("default", "www"); }); });
        });
      }
    });
  }

  void write_tags(OpenApiJson& json) const {
    std::map<std::string, std::string> tags;
    for (const OpenApiOperation* const operation : operations_) {
      const ApiEntry& entry = *operation->entry;
      const std::string& text = entry.process_description;
      tags.try_emplace(entry.business_process, text.empty() ? "APIs of " + entry.rest_api : text);
    }
    json.array("tags", [&] {
      for (const auto& [name, description] : tags) {
        json.object([&json, &name = name, &description = description] {
          json.text("name", name);
          json.text("description", description);
        });
      }
    });
  }

  void write_paths(OpenApiJson& json) {
    std::map<std::string, Operations> routes;
    for (const OpenApiOperation* const operation : operations_)
      routes[template_of(operation->api.path).route].push_back(operation);
    for (const auto& [route, operations] : routes) {
      const OpenApiOperation& first = *operations.front();
      const Operations& list = operations;
      json.object(first.api.path, [&] {
        for (const OpenApiOperation* const operation : list) write_one(json, *operation, first);
      });
    }
  }

  // `first` named the parameters of the path.
  void write_one(OpenApiJson& json, const OpenApiOperation& operation, const OpenApiOperation& first) {
    const std::vector<std::string> own = template_of(operation.api.path).names;
    const std::vector<std::string> wanted = template_of(first.api.path).names;
    std::map<std::string, std::string> names;
    for (size_t i = 0; i < own.size(); ++i) names[own[i]] = wanted[i];
    json.object(operation.api.method == "POST" ? "post" : "get", [&] {
      write_operation(json, operation, names, used_);
      if (!own_servers_) return;
      const std::vector<std::string> servers = servers_of(contents_, operation.entry->domains);
      if (servers != servers_) write_servers(json, servers);
    });
  }

  const ManifestContents& contents_;
  const Operations& operations_;
  std::vector<std::string> servers_;
  bool own_servers_ = false;
  UsedComponents used_;
};

bool serves(const OpenApiOperation& operation, const std::string& domain) {
  const std::vector<std::string>& domains = operation.entry->domains;
  return std::find(domains.begin(), domains.end(), domain) != domains.end();
}

std::string route_key(const CompiledApi& api) {
  return api.method + " " + template_of(api.path).route;
}

// Versions of one method and path that a header or a query parameter tells apart.
bool are_versions(const OpenApiOperation& a, const OpenApiOperation& b) {
  return !core::could_mean_both(a.entry->version_key, b.entry->version_key);
}

bool is_newer(const OpenApiOperation& a, const OpenApiOperation& b) {
  return strverscmp(a.entry->version_key.value.c_str(), b.entry->version_key.value.c_str()) > 0;
}

// Of an OpenAPI document, which has one operation for a method and path: of several versions the newest.
class Choice {
 public:
  // The other API that answers the same, where that is no version of it; else null.
  const OpenApiOperation* add(const OpenApiOperation& one) {
    const auto [place, added] = places_.try_emplace(route_key(one.api), chosen_.size());
    if (added) {
      chosen_.push_back(&one);
      return nullptr;
    }
    const OpenApiOperation*& other = chosen_[place->second];
    if (!are_versions(one, *other)) return other;
    if (is_newer(one, *other)) other = &one;
    return nullptr;
  }
  Operations take() { return std::move(chosen_); }

 private:
  Operations chosen_;
  std::map<std::string, size_t> places_;  // by route
};

// What a host serves: a domain's own routes first, then those without domain. "": any other host.
Operations operations_of(const std::vector<OpenApiOperation>& all, const std::string& domain) {
  Choice choice;
  for (const OpenApiOperation& one : all) {
    if (!domain.empty() && serves(one, domain)) choice.add(one);
  }
  for (const OpenApiOperation& one : all) {
    if (one.entry->domains.empty()) choice.add(one);
  }
  return choice.take();
}

std::vector<std::string> used_domains(const ManifestContents& contents) {
  std::set<std::string> names;
  for (const ApiEntry& entry : contents.apis) names.insert(entry.domains.begin(), entry.domains.end());
  return {names.begin(), names.end()};
}

std::string write_document(const ManifestContents& contents, const Operations& operations,
                           const std::vector<std::string>& domains) {
  return Document(contents, operations, servers_of(contents, domains)).write(false);
}

}  // namespace

OpenApiDocuments::OpenApiDocuments(const ManifestContents& contents, std::vector<std::string>* faults)
    : contents_(contents),
      operations_(std::make_unique<std::vector<OpenApiOperation>>(read_operations(contents, faults))) {
  std::map<Operations, std::vector<std::string>> groups;  // hosts that serve the same
  for (const std::string& domain : used_domains(contents))
    groups[operations_of(*operations_, domain)].push_back(domain);
  for (auto& [operations, domains] : groups) {
    if (!operations.empty()) groups_.push_back({domains, operations});
  }
  std::sort(groups_.begin(), groups_.end(),
            [](const Group& a, const Group& b) { return a.domains < b.domains; });
  const Operations anywhere = operations_of(*operations_, "");
  if (!anywhere.empty()) groups_.push_back({{}, anywhere});
}

OpenApiDocuments::~OpenApiDocuments() = default;

std::string OpenApiDocuments::write(size_t place) const {
  const Group& group = groups_[place];
  return write_document(contents_, group.operations, group.domains);
}

std::string openapi_of_domain(const ManifestContents& contents, const std::string& domain) {
  const OpenApiDocuments documents(contents, nullptr);
  for (size_t place = 0; place < documents.size(); ++place) {
    const std::vector<std::string>& domains = documents.domains(place);
    if (std::find(domains.begin(), domains.end(), domain) != domains.end()) return documents.write(place);
  }
  throw Refused(fmt::format("gateway {} publishes nothing on domain \"{}\"", contents.gateway, domain),
                Hint::command({"api", "list"}));
}

std::string openapi_of_gateway(const ManifestContents& contents) {
  const std::vector<OpenApiOperation> all = read_operations(contents, nullptr);
  Choice choice;
  std::set<std::string> servers;
  for (const OpenApiOperation& one : all) {
    if (const OpenApiOperation* const other = choice.add(one)) {
      const std::vector<std::string> domains = used_domains(contents);
      throw Refused(
          fmt::format(
              "APIs \"{}\" and \"{}\" both answer {} {}, on different hosts: a document is of one host",
              other->api.name, one.api.name, one.api.method, one.api.path),
          Hint::again().set("--domain", domains.front()));
    }
    for (std::string& server : servers_of(contents, one.entry->domains)) servers.insert(std::move(server));
  }
  if (all.empty()) servers.insert(servers_of(contents, {}).front());
  return Document(contents, choice.take(), {servers.begin(), servers.end()}).write(true);
}

}  // namespace tablegate::loader
