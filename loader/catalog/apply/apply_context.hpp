// What one apply has in hand while it saves a definition: the catalog (inside
// the transaction and under lock_catalog()), the workspace, every definition of
// the same apply, the problems so far, and what is reported for each object.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
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

// Finds the definitions of one apply by what identifies them.
class DefinitionIndex {
 public:
  // `definitions` stays where it is and outlives the object.
  explicit DefinitionIndex(const std::vector<Definition>& definitions);
  // Null: this apply does not define it. `version`: of a RestApi.
  const Definition* find(Kind kind, const std::string& name, const std::string& version = {}) const;
  // Whether a definition of the name, with whatever version, is broken.
  bool broken(Kind kind, const std::string& name) const;

 private:
  std::map<std::tuple<Kind, std::string_view, std::string_view>, const Definition*> places_;
};

// One definition to be saved with others of its kind, and what is reported of it.
struct ApplyItem {
  Definition* definition;
  AppliedObject* object;
};

struct ApplyContext {
  Database& catalog;
  const Workspace& workspace;
  std::vector<Definition>& definitions;
  Problems& problems;
  DefinitionIndex index{definitions};
  AppliedObject* object = nullptr;  // what is being saved
  // Whether PostgreSQL knows a time zone: it reads all its files for each question.
  std::map<std::string, bool> zones = {};

  // Adds a problem at `pointer` of the definition; what depends on it hears no more.
  void refuse(Definition& definition, const std::string& pointer, const std::string& reason,
              const Hint& next = {});
  // refuse() with what there is not, unless an object of this apply that could not be read may define it.
  void refuse_missing(Definition& definition, const std::string& pointer, const std::string& reason,
                      const Hint& next = {});
  // As missing_object(); the nearest name is looked for in the first problems only.
  std::string missing(Kind kind, const std::string& name, const Workspace* of = nullptr) const;
  // Whether this apply tried to define the object and refused it already. `version`: of a RestApi; the
  // version of one that is broken may be wrong, so each broken one of the name counts.
  bool refused_here(Kind kind, const std::string& name, const std::string& version = {}) const;
  // "created", "changed" or "unchanged" by the definition that is there: the first column of `before`, which
  // has no row where there is none.
  std::string action_of(const Rows& before, const std::string& text);
  // The same by that definition; null: there is none.
  std::string action_of(const std::string* before, const std::string& text);
};

}  // namespace tablegate::loader
