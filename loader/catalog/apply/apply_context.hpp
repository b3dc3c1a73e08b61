// What one apply has in hand while it saves a definition: the catalog (inside
// the transaction and under lock_catalog()), the workspace, every definition of
// the same apply, the problems so far, and what is reported for each object.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"
#include "model/definition.hpp"

namespace tablegate::loader {

struct AppliedObject {
  Kind kind;
  std::string name;
  std::string action;   // "created", "changed", "unchanged"; empty: refused
  std::string version;  // of a RestApi that has one
  // The definitions as the catalog holds them; `before` empty: it was not there.
  std::string before, after;
  std::string note;  // what was saved in another form than it is written, or empty
  std::vector<std::string> warnings;
};

// Whether callers notice at the gateways: drafts they never see, what is new of the rest nothing uses yet,
// but a consumer or a domain that is served changes without a publication.
bool concerns_callers(const std::vector<AppliedObject>& objects);

struct ApplyContext {
  Database& catalog;
  const Workspace& workspace;
  std::vector<Definition>& definitions;
  Problems& problems;
  AppliedObject* object = nullptr;  // what is being saved

  // Adds a problem at `pointer` of the definition; what depends on it hears no more.
  void refuse(Definition& definition, const std::string& pointer, const std::string& reason);
  // Whether this apply tried to define the object and refused it already. `version`: of a RestApi.
  bool refused_here(Kind kind, const std::string& name, const std::string& version = {}) const;
  // "created", "changed" or "unchanged" by the definition that is there: the first column of `before`, which
  // has no row where there is none.
  std::string action_of(const Rows& before, const std::string& text);
};

}  // namespace tablegate::loader
