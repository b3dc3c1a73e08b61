// The HMAC secrets and the keys of gateways in the credentials that a folder has
// already. A sync takes them for what it cannot open (a damaged row, no master
// key), so that key pairs, cursors and masks stay valid and everything else of the sync takes effect. The
// file is read only when the first one is asked for.
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
  const std::string* gateway_key(const std::string& name) const;

 private:
  struct Secrets {
    std::map<std::pair<std::string, std::string>, std::string> pairs;  // by key id and access key
    std::map<std::string, std::string> gateway_keys;                   // by name
  };
  const Secrets& read() const;

  const OutputFolder& folder_;
  mutable std::optional<Secrets> secrets_;
};

}  // namespace tablegate::loader
