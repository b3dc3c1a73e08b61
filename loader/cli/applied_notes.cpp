#include "cli/applied_notes.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "catalog/definition_list.hpp"
#include "model/allowed_sources.hpp"

namespace tablegate::loader {
namespace {

// The list of this machine, or none where there is none that the user can read and trust.
AllowedSources known_list() {
  try {
    return AllowedSources(read_sources_file());
  } catch (const Failure&) {
    return {};
  }
}

// Why `table watch` would not load from it, or "".
std::string why_not(const AllowedSources& allowed, const DataSourceDefinition& source) {
  try {
    const std::string missing = allowed.missing(source);
    return missing.empty()
               ? ""
               : fmt::format("DataSource \"{}\": {} is not in {}", source.name, missing, sources_file());
  } catch (const Refused& refused) {
    return refused.what();
  }
}

}  // namespace

void print_notes(const Settings& settings, Database& catalog, const Workspace& workspace,
                 const std::vector<AppliedObject>& objects) {
  for (const AppliedObject& object : objects) {
    for (const std::string& warning : object.warnings)
      fmt::print(stderr, "warning: {} \"{}\": {}\n", kind_info(object.kind).name, object.name, warning);
  }
  if (settings.quiet) return;
  std::vector<std::string> tables, sources;
  for (const AppliedObject& object : objects) {
    if (object.action == "unchanged") continue;
    if (!object.note.empty())
      fmt::print(stderr, "{} \"{}\": {}\n", kind_info(object.kind).name, object.name, object.note);
    if (object.kind == Kind::table) tables.push_back(object.name);
    if (object.kind == Kind::data_source) sources.push_back(object.name);
  }
  if (tables.empty() && sources.empty()) return;
  const AllowedSources allowed = known_list();
  if (allowed.empty()) return;
  for (const DataSourceDefinition& source : refreshed_sources(catalog, workspace, tables, sources)) {
    if (const std::string reason = why_not(allowed, source); !reason.empty())
      fmt::print(stderr, "{}: table watch on this machine would not load from it\n", reason);
  }
}

}  // namespace tablegate::loader
