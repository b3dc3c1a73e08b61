#include "catalog/apply/apply_gateway.hpp"

#include <fmt/format.h>

#include "catalog/apply/ownership.hpp"
#include "model/definition_schema.hpp"
#include "model/gateway_definition.hpp"

namespace tablegate::loader {
namespace {

// Of `table`, whose key is the name.
std::string save_plain(ApplyContext& context, Definition& definition, const char* table) {
  const Rows before = context.catalog.query(
      fmt::format("SELECT o.definition::text, w.workspace_id, w.name, o.shared FROM tablegate.{} o JOIN "
                  "tablegate.workspace w USING (workspace_id) WHERE o.name = $1",
                  table),
      {definition.name});
  const bool shared = settle_shared(definition, before, 1);
  const std::string text = normalised_text(definition);
  std::string action = context.action_of(before, text);
  if (action == "unchanged") return action;
  if (!may_change(context, definition, before, 1, shared, {table, definition.name})) return {};
  const std::vector<Parameter> values = {definition.name, text, shared ? "true" : "false"};
  if (action == "changed") {
    context.catalog.query(
        fmt::format(
            "UPDATE tablegate.{} SET definition = $2, shared = $3, updated_at = now() WHERE name = $1",
            table),
        values);
    return action;
  }
  context.catalog.query(
      fmt::format("INSERT INTO tablegate.{} (name, definition, shared, workspace_id) VALUES ($1, $2, $3, $4)",
                  table),
      {values[0], values[1], values[2], context.workspace.id});
  return action;
}

void refuse_if_published(ApplyContext& context, Definition& definition, const std::string& pointer,
                         const std::string& rest_api_id, const std::string& value) {
  const std::vector<std::string> published = first_column(context.catalog.query(
      "SELECT DISTINCT a.name FROM tablegate.published_api p JOIN tablegate.api a USING (api_id)"
      " JOIN tablegate.business_process b USING (business_process_id) WHERE b.rest_api_id = $1 ORDER BY 1",
      {rest_api_id}));
  if (published.empty()) return;
  context.refuse(definition, pointer,
                 fmt::format("stays {} while APIs of it are published: {}", value, name_list(published)));
}

}  // namespace

std::string save_domain(ApplyContext& context, Definition& definition) {
  const Rows widened = context.catalog.query(
      "SELECT tablegate.domain_widened(name, definition, $2::json) FROM tablegate.domain WHERE name = $1",
      {definition.name, normalised_text(definition)});
  if (!widened.empty() && !widened.null(0, 0)) {
    const std::string pointer = widened.string(0, 0);
    context.refuse(definition, pointer,
                   fmt::format("published APIs have this domain: only a member of tablegate_operator may {}",
                               pointer == "/cors" ? "let web pages of more origins read its answers"
                                                  : "open it to calls in clear"));
    return {};
  }
  return save_plain(context, definition, "domain");
}

std::string save_gateway(ApplyContext& context, Definition& definition) {
  const Rows used = context.catalog.query(
      "SELECT p.service, v.resource_group, a.name FROM "
      "tablegate.published_api p"
      " JOIN tablegate.api_version v USING (api_id, version) JOIN tablegate.api a USING (api_id)"
      " WHERE p.gateway = $1 ORDER BY a.name",
      {definition.name});
  const GatewayDefinition gateway = read_gateway_definition(definition.document);
  for (int i = 0; i < used.size(); ++i) {
    if (gateway.has_group(used.string(i, 0), used.string(i, 1))) continue;
    context.refuse(definition, "/services",
                   fmt::format("API \"{}\" is published to service \"{}\", resource group \"{}\"",
                               used.text(i, 2), used.text(i, 0), used.text(i, 1)));
  }
  if (definition.broken) return {};
  return save_plain(context, definition, "gateway_instance");
}

std::string save_rest_api(ApplyContext& context, Definition& definition) {
  const RestApiDefinition rest_api = read_rest_api_definition(definition.document);
  const std::string& base_path = rest_api.base_path;
  const Rows before = context.catalog.query(
      "SELECT r.definition::text, r.base_path, r.rest_api_id, w.workspace_id, w.name, r.shared FROM "
      "tablegate.rest_api r JOIN tablegate.workspace w USING (workspace_id) WHERE r.name = $1 AND r.version "
      "= "
      "$2",
      {definition.name, definition.version});
  const bool shared = settle_shared(definition, before, 3);
  const std::string text = normalised_text(definition);
  std::string action = context.action_of(before, text);
  if (action == "unchanged") return action;
  const OwnedRow row{"rest_api", before.empty() ? std::string() : before.string(0, 2)};
  if (!may_change(context, definition, before, 3, shared, row)) return {};
  if (action == "created") {
    context.catalog.query(
        "INSERT INTO tablegate.rest_api (name, version, base_path, definition, shared, workspace_id) VALUES "
        "($1, $2, $3, $4, $5, $6)",
        {definition.name, definition.version, base_path, text, shared ? "true" : "false",
         context.workspace.id});
  } else {
    if (before.text(0, 1) != base_path)
      refuse_if_published(context, definition, "/base_path", before.string(0, 2), before.string(0, 1));
    // The version is what identifies it: only scheme and name can differ.
    const Versioning versioning =
        read_rest_api_definition(before.string(0, 0), fmt::format("REST API \"{}\"", definition.name))
            .versioning;
    if (!versioning.same_scheme(rest_api.versioning))
      refuse_if_published(context, definition, "/versioning", before.string(0, 2), versioning.label());
    if (definition.broken) return action;
    context.catalog.query(
        "UPDATE tablegate.rest_api SET base_path = $2, definition = $3, shared = $4, updated_at = now() "
        "WHERE "
        "rest_api_id = $1",
        {before.string(0, 2), base_path, text, shared ? "true" : "false"});
  }
  return action;
}

}  // namespace tablegate::loader
