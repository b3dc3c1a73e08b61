// Copies of the domains' certificates and keys as they were last proved good, in
// the output folder (certificates/NAME.pem, both in one file so that they cannot
// come apart; 0700 and 0600). A block that is kept because its own files went bad
// names the copy, so that nginx never stumbles over what an operator left half-way.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/domain_block.hpp"
#include "node/output_folder.hpp"
#include "node/wiped_text.hpp"

namespace tablegate::loader {

class CertificateCopies {
 public:
  // `absolute`: the folder's path as it stands in domains.conf.
  CertificateCopies(const OutputFolder& folder, const std::string& absolute);

  // The copy of a domain, as long as nginx can read it. The domain counts as in use.
  std::optional<NamedCertificate> find(const std::string& domain);
  // A good pair, in PEM: to be kept once everything else has been proved, too.
  void offer(const std::string& domain, WipedText pair);
  // Writes what was offered, and removes the copies of domains that are in use no longer. What fails is told
  // in `warnings`: the files themselves stand and are served.
  void keep(std::vector<std::string>& warnings);

 private:
  bool is_safe() const;
  void write_offered();
  void remove_others();
  bool is_named(const std::string& name) const;

  const OutputFolder& folder_;
  std::string absolute_;                      // of the copies' own folder
  std::map<std::string, WipedText> offered_;  // by file name
  std::set<std::string> in_use_;              // file names
};

}  // namespace tablegate::loader
