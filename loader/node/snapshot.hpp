// What a gateway serves, read from the catalog at one moment.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"
#include "base/hint.hpp"
#include "model/manifest_entries.hpp"
#include "node/output_folder.hpp"

namespace tablegate::loader {

// Everything that `gateway` serves, from one REPEATABLE READ transaction; secrets are opened with the master
// key file (needed only if there are any). A row that cannot be used is left out and named in `faults`: a
// domain, an API, a credential that does not open. The secret of an HMAC key pair that does not open is taken
// from the credentials in `folder`. `known`: the source of the manifest that is there (source_digest.hpp);
// when it is the same, no API is read. `next`: what helps against the first
// secret that does not open.
ManifestContents read_snapshot(Database& catalog, const std::string& gateway, const OutputFolder& folder,
                               const std::string& known, std::vector<std::string>& faults, Hint& next);

// APIs and domains only. Throws where a row cannot be used.
ManifestContents read_published(Database& catalog, const std::string& gateway);

}  // namespace tablegate::loader
