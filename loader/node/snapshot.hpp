// What a gateway is to serve, read from the catalog at one moment.
#pragma once

#include <string>

#include "base/database.hpp"
#include "compile/manifest_writer.hpp"

namespace tablegate::loader {

// Everything that `gateway` serves, from one REPEATABLE READ transaction, secrets unsealed with the master
// key file (which is needed only where something is sealed: throws Refused, naming it).
ManifestContents read_snapshot(Database& catalog, const std::string& gateway);

// The same without consumers, their secrets and documents: APIs and domains only.
ManifestContents read_published(Database& catalog, const std::string& gateway);

}  // namespace tablegate::loader
