// Consumers as definitions: whether one is disabled, what it may call, its JWT
// setting. Unlike other kinds the catalog keeps no text of them: it is written
// from the rows, so that `consumer` commands and files agree. API keys
// and HMAC pairs are in no definition; a symmetric JWK is there without
// its "k", and then means the key that the catalog holds sealed.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/apply/apply_context.hpp"
#include "catalog/credentials/consumers.hpp"
#include "model/manifest_entries.hpp"

namespace tablegate::loader {

// The definition of a consumer that exists, members in the order of the schema, defaults left out. APIs of
// another workspace are named with theirs.
std::string consumer_text(Database& catalog, const Workspace& workspace, const Consumer& consumer);

// Saves consumers inside the transaction of an apply and under lock_catalog().
class ConsumerApplier {
 public:
  explicit ConsumerApplier(ApplyContext& context) : context_(context) {}

  // Returns the action, as AppliedObject has it.
  std::string save(Definition& definition);

  // After all of them: no token may prove two consumers.
  void check_settings();

 private:
  void save_jwt(Definition& definition, const Consumer& consumer, const std::optional<JwtEntry>& wanted);

  ApplyContext& context_;
  std::vector<std::pair<Definition*, Consumer>> with_new_setting_;
};

}  // namespace tablegate::loader
