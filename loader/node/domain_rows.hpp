// The domains of a gateway from the catalog: as they are stored there, which may
// be what nobody ever applied. The writers check everything again.
#pragma once

#include "base/database.hpp"
#include "model/manifest_entries.hpp"

namespace tablegate::loader {

// Fills `contents` with the domains that something published on `contents.gateway` uses, by name. Throws
// SystemFailure where a definition cannot be read.
void read_domains(Database& catalog, ManifestContents& contents);

}  // namespace tablegate::loader
