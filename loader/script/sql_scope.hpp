// What names mean at a place of a statement: WITH queries and the tables of FROM.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace tablegate::loader {

// What a query of FROM is called, and its columns where they are known.
struct SqlRelation {
  std::string name;
  std::set<std::string> columns;
};

struct SqlScope {
  const SqlScope* outer = nullptr;
  std::map<std::string, std::set<std::string>> queries;  // of WITH: their columns
  std::vector<SqlRelation> relations;
  std::set<std::string> outputs;  // that ORDER BY and GROUP BY may name

  // The columns of the WITH query of this name; null: there is none.
  const std::set<std::string>* query(const std::string& name) const {
    for (const SqlScope* scope = this; scope != nullptr; scope = scope->outer) {
      const auto found = scope->queries.find(name);
      if (found != scope->queries.end()) return &found->second;
    }
    return nullptr;
  }

  // Whether `name` alone is a whole row: the name of a relation that has no such column.
  bool is_row(const std::string& name) const {
    for (const SqlScope* scope = this; scope != nullptr; scope = scope->outer)
      for (const SqlRelation& relation : scope->relations)
        if (relation.name == name && relation.columns.count(name) == 0) return true;
    return false;
  }
};

}  // namespace tablegate::loader
