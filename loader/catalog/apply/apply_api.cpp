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
    return context.refuse_missing(definition, "/rest_api", context.missing(Kind::rest_api, name));
  for (std::string& one : versions) one = one.empty() ? "none" : one;
  context.refuse_missing(definition, "/rest_api_version",
                         version.empty() ? fmt::format("is missing: REST API \"{}\" has the versions {}",
                                                       name, name_list(versions))
                                         : fmt::format("REST API \"{}\" has no version \"{}\" (there is {})",
                                                       name, version, name_list(versions)));
}

}  // namespace

bool depends_on_refused(const ApplyContext& context, const std::string& process) {
  const Definition* const here = context.index.find(Kind::business_process, process);
  if (here == nullptr) return false;
  const BusinessProcessDefinition of = read_business_process_definition(here->document);
  return here->broken || context.refused_here(Kind::rest_api, of.rest_api, of.rest_api_version);
}

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

}  // namespace tablegate::loader
