// Everything that definitions can say of a workspace and of the domains, gateway
// instances and REST APIs that are shared, as `tablegate export` writes it: applied again it is all
// unchanged.
#pragma once

#include <string>
#include <vector>

#include "catalog/lookup.hpp"
#include "model/definition.hpp"

namespace tablegate::loader {

struct ExportedObject {
  Kind kind;
  std::string name;
  std::string version;  // of a RestApi that has one
  std::string folder;   // an API's business process, else empty
  std::string text;     // JSON, compact

  // Name and version.
  std::string title() const { return version.empty() ? name : name + " " + version; }
};

// From one moment of the catalog, in the order of kinds(), each kind by name.
std::vector<ExportedObject> export_definitions(Database& catalog, const Workspace& workspace);

// Where an export puts each of them below its folder: "apis/User Query Service/....json" with characters that
// are safe in file names. No two are the same, not even where case does not count. `extension`: with its dot.
std::vector<std::string> export_files(const std::vector<ExportedObject>& objects, std::string_view extension);

}  // namespace tablegate::loader
