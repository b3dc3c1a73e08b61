// What a gateway serves, read from the catalog at one moment.
#pragma once

#include <string>

#include "base/database.hpp"
#include "model/manifest_entries.hpp"

namespace tablegate::loader {

// Everything that `gateway` serves, from one REPEATABLE READ transaction; secrets are opened with the master
// key file (needed only if there are any; throws Refused, naming it).
ManifestContents read_snapshot(Database& catalog, const std::string& gateway);

// The same without consumers, their secrets and documents: APIs and domains only.
ManifestContents read_published(Database& catalog, const std::string& gateway);

}  // namespace tablegate::loader
