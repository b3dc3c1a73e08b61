// What a node's workers report: the JSON of a location with
// `tablegate_status;`, read by `sync --status URL`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "node/served_manifest.hpp"

namespace tablegate::loader {

// The body of a 200 that arrives within 5 s, at most 16 MiB; throws SystemFailure, naming the URL. The node's
// own nginx is asked: no proxy of the environment, no redirect. `argument` is added to the URL's arguments.
std::string fetch_status(const std::string& url, const std::string& argument);

// What the answering worker serves, from its "gateway", "publication" and "sha256"; nullopt: they are
// missing.
std::optional<ManifestIdentity> manifest_in_status(const std::string& json);

}  // namespace tablegate::loader
