#include "catalog/nodes.hpp"

#include "base/json_output.hpp"
#include "catalog/lookup.hpp"
#include "core/version.hpp"

namespace tablegate::loader {
namespace {

std::optional<long long> number(const Rows& rows, int row, int column) {
  return rows.null(row, column) ? std::nullopt : std::optional(rows.integer(row, column));
}

}  // namespace

void report_node(Database& catalog, const std::string& gateway, const std::string& node,
                 const NodeReport& report) {
  // What is left out stays as tablegate.report_node() has it.
  JsonOutput state;
  const auto number_if = [&state](const char* name, const std::optional<uint64_t>& value) {
    if (value) state.key(name).number(value);
  };
  state.begin_object().text("loader_version", core::kVersion);
  if (report.watching) state.truth("watching", *report.watching);
  if (report.poll_seconds) state.text("poll", std::to_string(*report.poll_seconds) + " s");
  number_if("written_publication", report.written_publication);
  number_if("written_revision", report.written_revision);
  if (report.served) {
    const NodeReport::Served& served = *report.served;
    state.key("served_publication").number(served.publication);
    state.text("served_sha256", served.sha256);
    state.key("master_pid");
    served.master_pid > 0 ? state.number(served.master_pid) : state.null();
    number_if("served_revision", served.revision);
  }
  if (report.last_error) state.text("last_error", *report.last_error);
  state.end_object();
  catalog.query("SELECT tablegate.report_node($1, $2, $3::jsonb)", {gateway, node, state.take()});
}

uint64_t current_revision(Database& catalog) {
  return static_cast<uint64_t>(
      catalog.query("SELECT revision FROM tablegate.catalog_revision").integer(0, 0));
}

std::vector<NodeState> list_nodes(Database& catalog, const std::string& gateway) {
  const Rows rows = catalog.query(
      "SELECT gateway, name, watching, last_seen < now() - CASE WHEN watching THEN greatest(interval '2 "
      "min', "
      "3 * poll) WHEN served_publication IS NULL THEN interval '1 hour' END,"
      " greatest(0, extract(epoch FROM now() - last_seen))::bigint, written_publication, served_publication,"
      " master_pid, coalesce(written_revision, 0), served_revision, coalesce(served_sha256, ''),"
      " loader_version, last_error, to_char(last_seen, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
      " FROM tablegate.node WHERE $1 = '' OR gateway = $1"
      " ORDER BY gateway COLLATE \"C\", name COLLATE \"C\"",
      {gateway});
  std::vector<NodeState> nodes;
  for (int row = 0; row < rows.size(); ++row) {
    NodeState node;
    node.gateway = rows.string(row, 0);
    node.name = rows.string(row, 1);
    node.watching = rows.boolean(row, 2);
    node.stale = !rows.null(row, 3) && rows.boolean(row, 3);
    node.age_seconds = rows.integer(row, 4);
    node.written_publication = number(rows, row, 5);
    node.served_publication = number(rows, row, 6);
    node.master_pid = number(rows, row, 7);
    node.written_revision = static_cast<uint64_t>(rows.integer(row, 8));
    node.served_revision = static_cast<uint64_t>(rows.integer(row, 9));
    node.sha256 = rows.string(row, 10);
    node.loader_version = rows.string(row, 11);
    node.last_error = rows.string(row, 12);
    node.last_seen = rows.string(row, 13);
    nodes.push_back(std::move(node));
  }
  return nodes;
}

std::vector<std::string> gateway_names(Database& catalog) {
  return first_column(
      catalog.query("SELECT name FROM tablegate.gateway_instance ORDER BY name COLLATE \"C\""));
}

std::vector<GatewayState> list_gateways(Database& catalog) {
  const Rows rows = catalog.query(
      "SELECT g.name, g.publication, (SELECT count(*) FROM tablegate.published_api p WHERE p.gateway = "
      "g.name) FROM tablegate.gateway_instance g ORDER BY g.name COLLATE \"C\"");
  std::vector<GatewayState> gateways;
  gateways.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row)
    gateways.push_back(
        {rows.string(row, 0), rows.integer(row, 1), static_cast<size_t>(rows.integer(row, 2))});
  return gateways;
}

bool forget_node(Database& catalog, const std::string& gateway, const std::string& node) {
  return catalog
             .query(
                 "SELECT FROM tablegate.delete_as_operator('node', "
                 "json_build_array(json_build_object('gateway', $1::text, 'name', $2::text)))",
                 {gateway, node})
             .affected() == 1;
}

}  // namespace tablegate::loader
