// The texts of one sync, made and checked before anything is written: the
// manifest, its credentials and domains.conf. What cannot be served is isolated
// and named. When the gateway's parser rejects the manifest as a whole, the one
// in the folder stays, and the credentials take effect all the same.
#pragma once

#include <string>

#include "model/manifest_entries.hpp"
#include "node/domains_writer.hpp"
#include "node/output_folder.hpp"
#include "node/sync_report.hpp"

namespace tablegate::loader {

struct SyncTexts {
  std::string manifest, domains;
  std::string credentials;  // empty: the file in the folder is right as it is
};

// The files of the folder as they are; empty: missing.
struct FolderTexts {
  std::string manifest, credentials, domains;
};
FolderTexts read_texts(const OutputFolder& folder);

// Removes from `contents` what is left out. Throws Refused when there is nothing that nginx could serve.
SyncTexts make_texts(const OutputFolder& folder, ManifestContents& contents, const FolderTexts& before,
                     const DomainsPlace& place, SyncReport& report);

}  // namespace tablegate::loader
