// The definitions of one kind that the catalog holds, for `get`.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"
#include "model/definition.hpp"

namespace tablegate::loader {

struct DefinitionList {
  std::vector<std::string> headings;  // of `cells`
  struct Item {
    std::string name;
    std::string definition;  // its JSON
    std::vector<std::string> cells;
  };
  std::vector<Item> items;  // by name
};
// Of any kind but Consumer, which has no stored definition. `name` empty: all. Kinds that belong to a
// workspace: those of `workspace` (empty: the only one). Throws Refused where
// there is none of this name.
DefinitionList list_definitions(Database& catalog, const std::string& workspace, Kind kind,
                                const std::string& name);

}  // namespace tablegate::loader
