// Consumers as definitions (consumer_state.hpp) are saved: those of one apply are
// looked up and written together. A symmetric JWK, which a definition has without
// its "k", means the key that the catalog holds sealed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/apply/apply_context.hpp"
#include "catalog/apply/consumer_state.hpp"
#include "catalog/credentials/master_key.hpp"

namespace tablegate::loader {

// Saves consumers inside the transaction of an apply and under lock_catalog().
class ConsumerApplier {
 public:
  explicit ConsumerApplier(ApplyContext& context) : context_(context) {}

  // Fills `action`, `before` and `after` of each object; what is refused has no action.
  void save(const std::vector<ApplyItem>& consumers);

  // After all of them: no token may prove two consumers.
  void check_settings();

 private:
  struct Work;

  void save_some(std::vector<Work>& works);
  void create_missing(std::vector<Work>& works);
  void set_enabled(const std::vector<Work*>& changed);
  void find_targets(const std::vector<Work*>& changed);
  void refuse_target(Definition& definition, const ConsumerGrant& grant);
  void write_grants(const std::vector<Work*>& changed);
  void save_jwt(Definition& definition, const Consumer& consumer, const std::optional<JwtEntry>& wanted);

  ApplyContext& context_;
  std::vector<std::pair<Definition*, Consumer>> with_new_setting_;
  std::optional<LazyMasterKey> master_;
  std::optional<std::map<std::string, JwtEntry>> saved_;  // settings before this apply, by consumer
};

}  // namespace tablegate::loader
