// OpenAPI 3.1 documents of what a gateway publishes: one for each set of hosts
// that serve the same APIs (the manifest carries them, `tablegate_openapi;`
// answers them), or one of the whole gateway (`tablegate openapi`). Made from
// definitions alone: examples are the definitions' `sample` values, never rows.
//
// Paths are whole (base path and API path), so that they stay as they are when a
// REST API with another base path joins; servers are origins. An operation's id
// comes from its method and path: renaming an API does not change it.
#pragma once

#include <string>
#include <vector>

#include "model/manifest_entries.hpp"

namespace tablegate::loader {

// For the manifest: a document for each set of domains with the same APIs, and one for any other host when
// there are APIs without a domain. Nothing published: none.
std::vector<DocumentEntry> openapi_documents(const ManifestContents& contents);

// What callers of this domain get. Throws Refused when no API is published there.
std::string openapi_of_domain(const ManifestContents& contents, const std::string& domain);

// All of it. Throws Refused when one method and path means several APIs, on different domains.
std::string openapi_of_gateway(const ManifestContents& contents);

}  // namespace tablegate::loader
