// The definitions of one kind as `tablegate get` lists them: the text as it is
// stored and, for people, a few fields with their defaults.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"
#include "model/definition.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

struct ListedDefinition {
  std::string name;
  std::string text;                 // JSON
  std::vector<std::string> fields;  // one for each of list_headings()
};

// Of the columns after the name. Not for consumers, of which the catalog stores no text.
std::vector<std::string> list_headings(Kind kind);

// By name. `name` empty: all of the kind, of the workspace where the kind belongs to one.
std::vector<ListedDefinition> list_definitions(Database& catalog, const std::string& workspace, Kind kind,
                                               const std::string& name);

// The DataSources that tables with a refresh are loaded from: of these tables, and those of these names in
// the workspace.
std::vector<DataSourceDefinition> refreshed_sources(Database& catalog, const Workspace& workspace,
                                                    const std::vector<std::string>& tables,
                                                    const std::vector<std::string>& sources);

}  // namespace tablegate::loader
