// Checks credentials with the gateway's own parser before nginx gets them. What
// the parser rejects (a damaged JWT setting, two settings that one token would
// satisfy) is left out and named; everybody else's keys take effect.
#pragma once

#include <string>
#include <vector>

#include "model/manifest_entries.hpp"
#include "node/sync_report.hpp"

namespace tablegate::loader {

// The lines of credentials.json. Removes what is left out from the consumers of `contents`. `known`: lines
// that have passed this check already. Throws Refused when the parser rejects what remains.
std::string checked_credentials(ManifestContents& contents, const std::string& known, SyncReport& report);

}  // namespace tablegate::loader
