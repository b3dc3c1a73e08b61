// `tablegate sync`: writes the files of a gateway's folder from the catalog,
// checks and reloads nginx, and puts the manifest and domains.conf back when
// either fails. The credentials are written first and never put back: a revoked
// key would be valid again. They list the manifests that they may be served with,
// so nginx can read the folder at any moment. A sync that dies leaves a mark, so
// that the next one checks and reloads even if the files are the same. Files that
// nginx has taken over, or may have, are never replaced by older ones.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "base/refusal.hpp"
#include "model/manifest_entries.hpp"
#include "node/output_folder.hpp"
#include "node/shell_command.hpp"
#include "node/sync_report.hpp"
#include "node/sync_texts.hpp"

namespace tablegate::loader {

struct SyncCommands {
  std::string check;   // empty: none
  std::string reload;  // empty: none
  // The version of the nginx that reads the files; empty: found by nginx_version.hpp.
  std::string nginx_version;
  std::chrono::milliseconds limit = kHookTimeout;  // for check and reload, each
};

// A command failed, perhaps because of certificates that stay in domains.conf: what is wrong with their files
// is in what(), for this node's own log, and not in reported().
class CertificateRefusal : public Refused {
 public:
  CertificateRefusal(const std::string& message, std::string reported, Hint next)
      : Refused(message, std::move(next)), reported_(std::move(reported)) {}
  const std::string& reported() const { return reported_; }

 private:
  std::string reported_;
};

enum class SyncResult { written, unchanged };

// Writes credentials.json, manifest.json and domains.conf of `contents` into the folder. Throws Refused when
// there is nothing that nginx could serve, the folder holds another gateway's files (nothing was written), or
// a command failed: then the manifest and domains.conf are put back, unless nginx may have taken the new ones
// over, and nginx reads the new credentials with the old manifest if they pass the check so. The command's
// output is in the message. What is left out is no error: it is in `report`, and the caller must say it.
// `before`: the files as they are. `reload_owed`: nginx does not serve them, so check and reload even without
// a change.
SyncResult sync_folder(const OutputFolder& folder, ManifestContents& contents, const FolderTexts& before,
                       const SyncCommands& commands, bool reload_owed, SyncReport& report);

// Two gateways that share a folder would each take the other's APIs out of service. Works without the lock,
// so that a wrong folder is reported at once; sync_folder() checks again.
void refuse_other_gateway(const std::string& folder, const std::string& gateway);

}  // namespace tablegate::loader
