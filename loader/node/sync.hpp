// `tablegate sync`: writes the files of a gateway's folder from the catalog,
// checks and reloads nginx, and puts both files back when either fails. A sync
// that dies in between leaves a mark, so that the next one checks and reloads
// even if the files are the same. Files that nginx has taken over, or may have,
// are never replaced by older ones: a revoked key would be valid again.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "base/refusal.hpp"
#include "compile/manifest_writer.hpp"
#include "node/domains_writer.hpp"
#include "node/output_folder.hpp"
#include "node/shell_command.hpp"

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

// Writes manifest.json and domains.conf of `contents` into the folder. Throws Refused when the manifest's own
// parser rejects it, the folder holds another gateway's files (nothing was written), or a command failed
// (both files are put back, unless nginx may have taken the new ones over; its output is in the message). A
// domain whose certificate cannot be served is no error: it is in `domains`, and the caller must report it.
// `reload_owed`: nginx does not serve the folder's files, so check and reload even without a change.
SyncResult sync_folder(const OutputFolder& folder, const ManifestContents& contents,
                       const SyncCommands& commands, bool reload_owed, DomainReport& domains);

// Two gateways that share a folder would each take the other's APIs out of service. Works without the lock,
// so that a wrong folder is reported at once; sync_folder() checks again.
void refuse_other_gateway(const std::string& folder, const std::string& gateway);

}  // namespace tablegate::loader
