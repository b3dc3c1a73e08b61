// Which indexes the APIs of a table need, and which of its indexes none of them uses:
// from the conditions and the sort of drafts and published versions, whatever the
// table holds today. What is wanted can be built on the generation that serves; the
// Table's definition gets it too, so that later generations have it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"
#include "compile/index_advice.hpp"

namespace tablegate::loader {

struct AdvisedIndex {
  IndexColumns columns;
  std::vector<std::string> apis;  // that it serves
  bool defined = false;           // the Table's definition has it
  bool built = false;             // the generation that serves has it
};

struct TableAdvice {
  std::string table;
  int64_t generation = 0;  // 0: never loaded
  int64_t rows = 0;
  std::vector<AdvisedIndex> wanted;   // by an API; defined and built ones are left out
  std::vector<IndexColumns> unused;   // defined or built; serves no API, or another index begins with it
  std::vector<IndexColumns> indexes;  // of the definition
};

// Throws Refused when there is no such table.
TableAdvice advise_table(Database& catalog, Database& mirror, const std::string& name);

struct AdviceWatch {
  // Before each index, then while it is built.
  std::function<void(const IndexColumns& columns, size_t place, size_t count, double percent)> building;
  std::function<void(const AdvisedIndex& index)> built;
};

// Builds what is wanted, one after the other, each complete with its definition before the next. Drops
// nothing. Throws Refused: the table was never loaded, is being loaded, or this user may not change it.
// Returns what is advised then.
TableAdvice create_indexes(Database& catalog, Database& mirror, const Workspace& workspace,
                           const std::string& name, const AdviceWatch& watch);

}  // namespace tablegate::loader
