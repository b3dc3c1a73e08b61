// OpenAPI 3.1 documents of what a gateway publishes: one for each set of hosts
// that serve the same APIs (`sync` writes them beside the manifest,
// `tablegate_openapi;` answers them), or one of the whole gateway (`tablegate openapi`). Made from
// definitions alone: examples are the definitions' `sample` values, never rows.
//
// Paths are whole (base path and API path), so that they stay as they are when a
// REST API with another base path joins; servers are origins. An operation's id
// comes from its method and path: renaming an API does not change it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/manifest_entries.hpp"

namespace tablegate::loader {

struct OpenApiOperation;

// A document for each set of domains with the same APIs, and one for any other host when there are APIs
// without a domain. Nothing published: none. Each is written when it is asked for, so that only one needs
// memory.
class OpenApiDocuments {
 public:
  // `contents` must outlive it. With `faults`, an API that cannot be described is left out and named there;
  // null: throws Refused.
  OpenApiDocuments(const ManifestContents& contents, std::vector<std::string>* faults);
  ~OpenApiDocuments();
  OpenApiDocuments(const OpenApiDocuments&) = delete;
  OpenApiDocuments& operator=(const OpenApiDocuments&) = delete;

  size_t size() const { return groups_.size(); }
  // Empty: every other host.
  const std::vector<std::string>& domains(size_t place) const { return groups_[place].domains; }
  // Throws Refused.
  std::string write(size_t place) const;

 private:
  struct Group {
    std::vector<std::string> domains;
    std::vector<const OpenApiOperation*> operations;
  };
  const ManifestContents& contents_;
  std::unique_ptr<const std::vector<OpenApiOperation>> operations_;
  std::vector<Group> groups_;
};

// What callers of this domain get. Throws Refused when no API is published there.
std::string openapi_of_domain(const ManifestContents& contents, const std::string& domain);

// All of it. Throws Refused when one method and path means several APIs, on different domains.
std::string openapi_of_gateway(const ManifestContents& contents);

}  // namespace tablegate::loader
