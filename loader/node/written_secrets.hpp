// The HMAC secrets in the credentials that a folder has already. A sync takes
// them for key pairs that it cannot open (a damaged row, no master key), so that
// those pairs stay valid and everything else of the sync takes effect. The file
// is read only when the first one is asked for.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "node/output_folder.hpp"

namespace tablegate::loader {

class WrittenSecrets {
 public:
  explicit WrittenSecrets(const OutputFolder& folder) : folder_(folder) {}
  // Null: it is not there.
  const std::string* find(const std::string& key_id, const std::string& access_key) const;

 private:
  void read() const;

  const OutputFolder& folder_;
  mutable std::optional<std::map<std::pair<std::string, std::string>, std::string>> secrets_;
};

}  // namespace tablegate::loader
