// What callers of an API rely on, and whether another version of it breaks that:
// path, method, parameters, answer, limits and proof. A pure function of two
// committed definitions. What is only added breaks no caller; neither does another
// query behind the same contract.
#pragma once

#include <string>
#include <vector>

#include "model/api_definition.hpp"
#include "model/api_source.hpp"

namespace tablegate::loader {

// One version of an API: what it says and what it is compiled against.
struct ContractSide {
  ApiDefinition definition;
  ApiSource source;
};

struct ContractBreak {
  std::string what;    // "parameter age", "response field user_name", "max_records"
  std::string reason;  // "is required now"

  std::string text() const { return what + " " + reason; }
};

// What callers of `before` lose with `after`, in the order of the definition; empty: nothing.
std::vector<ContractBreak> contract_breaks(const ContractSide& before, const ContractSide& after);

}  // namespace tablegate::loader
