// Writes a manifest: from what the catalog holds to the lines that
// core::read_manifest() reads. `api test` makes a manifest of one draft with it,
// `sync` one of everything that a gateway serves, so that both run the same.
#pragma once

#include <string>

#include "model/manifest_entries.hpp"

namespace tablegate::loader {

// The value of a consumer's "jwt", as core::read_jwt_setting() reads it.
std::string jwt_setting_json(const JwtEntry& jwt);

// The whole text of the manifest, in a fixed order (equal contents give equal bytes). Throws Refused when a
// definition cannot be served.
std::string write_manifest(const ManifestContents& contents);

}  // namespace tablegate::loader
