// `tablegate gateway status|forget`: the nodes of gateways and what each serves.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "catalog/life/publications.hpp"
#include "catalog/lookup.hpp"
#include "catalog/near_object.hpp"
#include "catalog/nodes.hpp"
#include "cli/cli.hpp"
#include "cli/cut_text.hpp"
#include "cli/output.hpp"

namespace tablegate::loader {
namespace {

// "2 s", "5 min", "3 h", "4 d".
std::string age_text(long long seconds) {
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  if (seconds < 172800) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} d", seconds / 86400);
}

std::string status_word(const NodeState& node, uint64_t revision) {
  if (node.stale) return node.watching ? "stale" : "abandoned";
  if (node.serves(revision)) return "serving";
  if (!node.served_publication) return "not serving";
  // Written, but nginx has not taken it over.
  return node.written_revision > node.served_revision ? "pending reload" : "behind";
}

std::string number_text(const std::optional<long long>& number) {
  return number ? std::to_string(*number) : "-";
}

// "31", or "29 of 31" where an older state of the catalog is served.
std::string revision_text(const NodeState& node, uint64_t revision) {
  if (node.served_revision == 0) return "-";
  if (node.served_revision >= revision) return std::to_string(node.served_revision);
  return fmt::format("{} of {}", node.served_revision, revision);
}

void json_of(JsonOutput& json, const NodeState& node, uint64_t revision, long long publication) {
  json.begin_object().key("node").text(node.name).key("status").text(status_word(node, revision));
  json.key("watching").boolean(node.watching);
  json.key("served_publication").number(node.served_publication);
  json.key("written_publication").number(node.written_publication);
  json.key("served_revision").number(node.served_revision);
  json.key("lag");
  node.served_publication ? json.number(std::max(0LL, publication - *node.served_publication)) : json.null();
  json.key("serves_latest").boolean(node.serves(revision));
  json.key("sha256").text(node.sha256);
  json.key("master_pid").number(node.master_pid);
  json.key("last_seen").text(node.last_seen).key("age_seconds").number(node.age_seconds);
  json.key("last_error").text(node.last_error).key("loader_version").text(node.loader_version).end_object();
}

void print_gateways(Database& catalog, const std::vector<std::string>& gateways, bool single) {
  const uint64_t revision = current_revision(catalog);
  JsonOutput json;
  if (!single) json.begin_array();
  for (const std::string& gateway : gateways) {
    const long long publication = publication_of(catalog, gateway);
    const std::vector<NodeState> nodes = list_nodes(catalog, gateway);
    json.begin_object().key("gateway").text(gateway).key("publication").number(publication);
    json.key("revision").number(revision);
    json.key("served_by").number(std::count_if(nodes.begin(), nodes.end(), [&](const NodeState& node) {
      return node.serves(revision);
    }));
    json.key("nodes").begin_array();
    for (const NodeState& node : nodes) json_of(json, node, revision, publication);
    json.end_array().end_object();
  }
  if (!single) json.end_array();
  json.print();
}

// As much as a table holds; print_errors() prints all of it.
constexpr size_t kErrorWidth = 60;

std::string short_error(const NodeState& node) {
  if (node.last_error.empty()) return "-";
  const std::string line = node.last_error.substr(0, node.last_error.find('\n'));
  if (line.size() == node.last_error.size() && line.size() <= kErrorWidth) return line;
  return std::string(cut_text(line, kErrorWidth)) + "...";
}

void print_errors(const std::vector<NodeState>& nodes) {
  for (const NodeState& node : nodes) {
    if (short_error(node) == node.last_error || node.last_error.empty()) continue;
    print_line(fmt::format("last error of {}: {}", node.name, node.last_error));
  }
}

void print_people(Database& catalog, const std::vector<std::string>& gateways) {
  const uint64_t revision = current_revision(catalog);
  for (const std::string& gateway : gateways) {
    const std::vector<NodeState> nodes = list_nodes(catalog, gateway);
    print_line(fmt::format(
        "gateway {}: publication {}, revision {}, {}", gateway, publication_of(catalog, gateway), revision,
        nodes.empty()
            ? fmt::format("no node has synced it: run tablegate sync --output DIR --gateway {}", gateway)
            : plural(nodes.size(), "node")));
    if (nodes.empty()) continue;
    std::vector<std::vector<std::string>> table = {
        {"NODE", "STATUS", "SERVES", "WRITTEN", "REVISION", "MASTER", "SEEN", "FOLLOWS", "LAST ERROR"}};
    for (const NodeState& node : nodes) {
      table.push_back({node.name, status_word(node, revision), number_text(node.served_publication),
                       number_text(node.written_publication), revision_text(node, revision),
                       number_text(node.master_pid), age_text(node.age_seconds) + " ago",
                       node.watching ? "watching" : "by hand", short_error(node)});
    }
    print_table(table);
    print_errors(nodes);
  }
}

// A gateway that is named without --gateway.
void require_gateway(Database& catalog, const std::string& name) {
  const std::vector<std::string> names = gateway_names(catalog);
  if (std::find(names.begin(), names.end(), name) == names.end())
    throw Refused(missing_object(catalog, Kind::gateway_instance, name), Hint::command({"get", "gateways"}));
}

void status(const Settings& settings, const std::string& name) {
  Database catalog = settings.open_catalog();
  const std::string wanted = name.empty() ? settings.gateway : name;
  std::vector<std::string> gateways;
  if (!name.empty()) require_gateway(catalog, name);
  if (wanted.empty()) gateways = gateway_names(catalog);
  if (gateways.empty()) gateways.push_back(find_gateway(catalog, wanted));  // refused where there is none
  settings.json ? print_gateways(catalog, gateways, !wanted.empty()) : print_people(catalog, gateways);
}

void forget(const Settings& settings, const std::string& gateway, const std::string& node) {
  Database catalog = settings.open_catalog();
  require_gateway(catalog, gateway);
  if (!forget_node(catalog, gateway, node)) {
    throw Refused(fmt::format("gateway {} has no node \"{}\"", gateway, node),
                  Hint::command({"gateway", "status", gateway}));
  }
  if (settings.json) {
    print_action(node, "forgotten");
  } else if (!settings.quiet) {
    print_line(fmt::format("node {} of {}: forgotten", node, gateway));
  }
}

}  // namespace

void add_gateway(Verb& app, Settings& settings) {
  Verb* const noun = app.add_subcommand("gateway", "Show the nodes of a gateway and what they serve");
  noun->require_subcommand(1);
  noun->footer("Examples:\n  tablegate gateway status");
  const auto gateway = std::make_shared<std::string>();
  const auto node = std::make_shared<std::string>();

  Verb* const show =
      noun->add_subcommand("status", "Show what each node serves, since when, and its last error");
  show->add_option("G", *gateway, "the gateway instance (default: all)");
  show->footer("Examples:\n  tablegate gateway status\n  tablegate gateway status dataservice-prod -o json");
  show->callback([&settings, gateway] { status(settings, *gateway); });

  Verb* const forgetting =
      noun->add_subcommand("forget", "Remove a node that no longer exists from the list");
  forgetting->add_option("G", *gateway, "the gateway instance")->required();
  forgetting->add_option("NODE", *node, "the node, from gateway status")->required();
  forgetting->footer("Examples:\n  tablegate gateway forget dataservice-prod web3:/var/lib/tablegate");
  forgetting->callback([&settings, gateway, node] { forget(settings, *gateway, *node); });
}

}  // namespace tablegate::loader
