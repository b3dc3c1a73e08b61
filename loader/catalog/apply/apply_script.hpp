// What apply checks of an API in mode script: its text, its tables, which are of its
// data source and of the workspace or shared, and the names of its columns.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/apply/apply_context.hpp"
#include "catalog/apply/ownership.hpp"
#include "script/script.hpp"

namespace tablegate::loader {

// A table as the catalog has it.
struct KnownTable {
  Owner owner;
  TableInfo info;
  std::string data_source_id, data_source;
};
using KnownTables = std::map<std::string, KnownTable>;  // by name

// What a change of a table means for a script that reads it.
struct ColumnChanges {
  std::vector<std::string> gone;     // that the script reads, and none of its tables has any longer
  std::vector<std::string> retyped;  // column "a", which was text and is bigint
};
// `before`: the table's columns. `now`: the script's tables, by name.
ColumnChanges column_changes(const Script& script, const std::string& table,
                             const std::vector<TableColumn>& before,
                             const std::map<std::string, TableInfo>& now);

class ApplyScript {
 public:
  // Reads the text. What is wrong with it is reported, each fault with its place, and `definition` is broken.
  // `definition` and `api` outlive the object.
  ApplyScript(ApplyContext& context, Definition& definition, const ApiDefinition& api);

  // `tables`: has each table of script().tables that there is. False: something that it depends on is refused
  // in this very apply, and nothing more can be said of the API.
  bool check(const KnownTables& tables);

  const Script& script() const { return script_; }

 private:
  bool is_of(const KnownTable& table, const FoundDataSource& source) const;
  bool check_tables(const KnownTables& tables, const FoundDataSource& source);
  void check_columns();

  ApplyContext& context_;
  Definition& definition_;
  const ApiDefinition& api_;
  const std::string pointer_;  // of the text
  Script script_;
};

}  // namespace tablegate::loader
