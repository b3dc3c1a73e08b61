// The findings of one sync, one line each: what could not be written, and what
// an operator should look at. A fault never stops the rest of a sync.
#pragma once

#include <string>
#include <vector>

#include "base/hint.hpp"

namespace tablegate::loader {

struct SyncReport {
  std::vector<std::string> faults;      // for this node's log
  std::vector<std::string> reported;    // the same lines for the catalog, without the faults of files
  std::vector<std::string> kept_files;  // files that kept blocks of domains name because there is no copy
  std::vector<std::string> warnings;    // certificates that an operator should look at
  std::vector<std::string> notes;       // what new listen lines mean beside the server blocks of others

  Hint next;  // what helps against the faults; none: the same sync again

  // A fault that is no secret of this node.
  void add(const std::string& fault) {
    faults.push_back(fault);
    reported.push_back(fault);
  }
};

}  // namespace tablegate::loader
