// The digest of everything that a manifest is made from: rows of the catalog, as
// texts, and the program that makes it. When it is that of the manifest in the
// folder, nothing has to be compiled again: a sync of one key costs the same,
// however many APIs there are.
#pragma once

#include <string>
#include <string_view>

#include "base/database.hpp"
#include "node/output_folder.hpp"

namespace tablegate::loader {

class SourceDigest {
 public:
  void add(std::string_view text);
  void add(const Rows& rows);
  // Hex.
  std::string finish();

 private:
  void fold();
  std::string pending_;
};

// The source of a manifest, if its bytes are what its header says and its documents are in the folder; empty:
// it must be made again.
std::string source_of(const OutputFolder& folder, const std::string& manifest);

}  // namespace tablegate::loader
