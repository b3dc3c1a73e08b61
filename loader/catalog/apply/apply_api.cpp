#include "catalog/apply/apply_api.hpp"

#include <fmt/format.h>

#include "catalog/apply/ownership.hpp"
#include "model/api_rules.hpp"
#include "model/definition_schema.hpp"
#include "model/gateway_definition.hpp"

namespace tablegate::loader {
namespace {

void refuse_rest_api(ApplyContext& context, Definition& definition, const std::string& name,
                     const std::string& version) {
  std::vector<std::string> versions = first_column(context.catalog.query(
      "SELECT version FROM tablegate.rest_api WHERE name = $1 ORDER BY version", {name}));
  if (versions.empty())
    return context.refuse(definition, "/rest_api", fmt::format("there is no REST API \"{}\"", name));
  for (std::string& one : versions) one = one.empty() ? "none" : one;
  context.refuse(definition, "/rest_api_version",
                 version.empty() ? fmt::format("is missing: REST API \"{}\" has the versions {}", name,
                                               name_list(versions))
                                 : fmt::format("REST API \"{}\" has no version \"{}\" (there is {})", name,
                                               version, name_list(versions)));
}

// What tells versions of its REST API apart is no parameter and no credential of the API's.
void check_version_key(ApplyContext& context, Definition& definition, const std::string& rest_api_id) {
  const Rows rows = context.catalog.query(
      "SELECT version_in, version_name, version FROM tablegate.rest_api WHERE rest_api_id = $1",
      {rest_api_id});
  if (!check_version_name(read_api_definition(definition.document), definition.place,
                          read_version_key(rows, 0, 0), context.problems))
    definition.broken = true;
}

// A business process of this apply that was not saved because its REST API was refused.
bool depends_on_refused(const ApplyContext& context, const std::string& process) {
  for (const Definition& definition : context.definitions) {
    if (definition.kind == Kind::business_process && definition.name == process) {
      const BusinessProcessDefinition of = read_business_process_definition(definition.document);
      return definition.broken || context.refused_here(Kind::rest_api, of.rest_api, of.rest_api_version);
    }
  }
  return false;
}

void check_columns_of(ApplyContext& context, Definition& definition, const std::string& name) {
  const Rows owner = context.catalog.query(
      "SELECT w.workspace_id, w.name, t.shared FROM tablegate.mirror_table t JOIN tablegate.workspace w "
      "USING "
      "(workspace_id) WHERE t.name = $1",
      {name});
  if (owner.empty())
    return context.refuse(definition, "/table", fmt::format("there is no table \"{}\"", name));
  if (owner.text(0, 0) != context.workspace.id && !owner.boolean(0, 2)) {
    return context.refuse(definition, "/table",
                          not_shared(fmt::format("table \"{}\"", name), owner.string(0, 1)));
  }
  if (!check_api_columns(read_api_definition(definition.document), definition.place,
                         *find_table(context.catalog, name), context.problems))
    definition.broken = true;
}

// False: the table is refused in this very apply, and nothing more can be said of the API.
bool check_table_of(ApplyContext& context, Definition& definition, const std::string& name) {
  for (const Definition& other : context.definitions) {
    if (other.kind != Kind::table || other.name != name) continue;
    if (other.broken ||
        context.refused_here(Kind::data_source, read_table_definition(other.document).data_source))
      return false;
  }
  check_columns_of(context, definition, name);
  return true;
}

}  // namespace

std::string save_business_process(ApplyContext& context, Definition& definition) {
  const BusinessProcessDefinition process = read_business_process_definition(definition.document);
  const std::string& rest_api = process.rest_api;
  const std::string& version = process.rest_api_version;
  if (context.refused_here(Kind::rest_api, rest_api, version)) return {};
  const Rows found = context.catalog.query(
      "SELECT r.rest_api_id, w.workspace_id, w.name, r.shared FROM tablegate.rest_api r JOIN "
      "tablegate.workspace w USING (workspace_id) WHERE r.name = $1 AND r.version = $2",
      {rest_api, version});
  if (found.empty()) {
    refuse_rest_api(context, definition, rest_api, version);
    return {};
  }
  const Owner owner = read_owner(found, 0, 1);
  if (owner.workspace_id != context.workspace.id && !owner.shared) {
    context.refuse(definition, "/rest_api",
                   not_shared(fmt::format("REST API \"{}\"", rest_api), owner.workspace));
    return {};
  }
  const std::string text = normalised_text(definition);
  const Rows before = context.catalog.query(
      "SELECT b.definition::text, b.rest_api_id, concat_ws(' ', r.name, nullif(r.version, '')) FROM "
      "tablegate.business_process b JOIN "
      "tablegate.rest_api r"
      " USING (rest_api_id) WHERE b.workspace_id = $1 AND b.name = $2",
      {context.workspace.id, definition.name});
  std::string action = context.action_of(before, text);
  if (action == "created") {
    context.catalog.query(
        "INSERT INTO tablegate.business_process (workspace_id, name, rest_api_id, definition) VALUES ($1, "
        "$2, $3, $4)",
        {context.workspace.id, definition.name, found.string(0, 0), text});
  } else if (action == "changed") {
    if (before.text(0, 1) != found.text(0, 0)) {
      context.refuse(
          definition, "/rest_api",
          fmt::format("a business process stays with its REST API, here \"{}\"", before.text(0, 2)));
    }
    context.catalog.query(
        "UPDATE tablegate.business_process SET definition = $3, updated_at = now() WHERE workspace_id = $1 "
        "AND name = $2",
        {context.workspace.id, definition.name, text});
  }
  return action;
}

std::string save_api(ApplyContext& context, Definition& definition) {
  const ApiDefinition api = read_api_definition(definition.document);
  const std::string& process = api.business_process;
  const std::string& table_name = api.table;
  const bool process_known = !context.refused_here(Kind::business_process, process);
  const Rows found = context.catalog.query(
      "SELECT business_process_id, rest_api_id FROM tablegate.business_process WHERE workspace_id = $1 AND "
      "name = $2",
      {context.workspace.id, process});
  if (found.empty() && process_known && !depends_on_refused(context, process)) {
    context.refuse(
        definition, "/business_process",
        fmt::format("there is no business process \"{}\" in workspace {}", process, context.workspace.name));
  }
  const bool table_known = check_table_of(context, definition, table_name);
  if (!found.empty()) check_version_key(context, definition, found.string(0, 1));
  if (definition.broken || found.empty() || !table_known) return {};
  const std::string text = normalised_text(definition);
  const Rows before = context.catalog.query(
      "SELECT a.definition::text, a.api_id, b.rest_api_id, EXISTS (SELECT FROM tablegate.api_version v "
      "WHERE v.api_id = a.api_id)"
      " FROM tablegate.api a JOIN tablegate.business_process b USING (business_process_id)"
      " WHERE a.workspace_id = $1 AND a.name = $2 AND a.deleted_at IS NULL",
      {context.workspace.id, definition.name});
  std::string action = context.action_of(before, text);
  if (!before.empty() && before.boolean(0, 3) && before.text(0, 2) != found.text(0, 1)) {
    context.refuse(
        definition, "/business_process",
        "an API with versions stays with its REST API, and this business process belongs to another one");
  } else if (action == "created") {
    context.catalog.query(
        "INSERT INTO tablegate.api (workspace_id, business_process_id, name, table_name, definition) "
        "VALUES ($1, $2, $3, $4, $5)",
        {context.workspace.id, found.string(0, 0), definition.name, table_name, text});
  } else if (action == "changed") {
    context.catalog.query(
        "UPDATE tablegate.api SET business_process_id = $2, table_name = $3, definition = $4, updated_at = "
        "now() WHERE api_id = $1",
        {before.string(0, 1), found.string(0, 0), table_name, text});
  }
  return action;
}

}  // namespace tablegate::loader
