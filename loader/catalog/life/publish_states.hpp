// What a publication has to know of each of its APIs before it decides: the
// version that is to be published, and what the gateway serves now. One query
// for all of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"

namespace tablegate::loader {

struct PublishState {
  // The chosen version; 0: the API has none such.
  int version = 0;
  std::string status, group;
  // What the gateway serves of the API.
  struct Served {
    int version = 0;
    std::string service, group;
    int canary = 0;  // version; 0: none
    std::string canary_group;
  };
  std::optional<Served> now;
};

// One for each API. `versions`: which one is to be published, in the order of the APIs; nullopt: the latest.
std::vector<PublishState> read_publish_states(Database& catalog, const std::string& gateway,
                                              const std::vector<ApiRow>& apis,
                                              const std::vector<std::optional<int>>& versions);

}  // namespace tablegate::loader
