// Writes a manifest: from what the catalog holds to the lines that
// core::read_manifest() reads. `api test` makes a manifest of one draft with it,
// `sync` one of everything that a gateway serves, so that both run the same.
// Consumers are in another file (compile/credentials_writer.hpp).
#pragma once

#include <string>
#include <vector>

#include "model/manifest_entries.hpp"

namespace tablegate::loader {

// The whole text of the manifest, in a fixed order (equal contents give equal bytes). Throws Refused when a
// definition cannot be served.
std::string write_manifest(ManifestContents contents);

// The same in two steps, for a sync. First the lines of domains and APIs: an API that cannot be served is
// removed from `contents` and named in `faults`.
std::string write_whole_lines(ManifestContents& contents, std::vector<std::string>& faults);
// Then the manifest of these lines and of contents.documents.
std::string with_manifest_header(const ManifestContents& contents, std::string lines);

}  // namespace tablegate::loader
