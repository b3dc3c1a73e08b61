// Copies of the domains' certificates and keys as they were last found good, in
// the output folder (certificates/NAME.pem, both in one file so that they
// always belong together; 0700 and 0600). A block that is kept because its own
// files went bad names the copy, so that nginx never reads files that an
// operator has half replaced.
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
  // `absolute`: the folder's path as written in domains.conf.
  CertificateCopies(const OutputFolder& folder, const std::string& absolute);

  // The copy for a domain, if nginx can read it. Marks the domain as in use.
  std::optional<NamedCertificate> find(const std::string& domain);
  // A good pair, in PEM; stored by keep() once everything else has been checked.
  void offer(const std::string& domain, WipedText pair);
  // Stores the offered pairs, and removes the copies for domains no longer in use. Failures go to `warnings`:
  // the files themselves are good and served.
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
