// Reads from the catalog the domains of a gateway and where it listens. Rows
// may have been written without `apply`; the writers check everything again.
#pragma once

#include "base/database.hpp"
#include "model/manifest_entries.hpp"

namespace tablegate::loader {

// Fills `contents` with the domains that something published on `contents.gateway` uses, sorted by name.
// Throws SystemFailure where a definition cannot be read.
void read_domains(Database& catalog, ManifestContents& contents);

}  // namespace tablegate::loader
