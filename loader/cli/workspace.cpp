// `tablegate workspace create|list|set`.
#include <fmt/format.h>

#include <memory>

#include "catalog/lookup.hpp"
#include "catalog/workspaces.hpp"
#include "cli/cli.hpp"
#include "cli/output.hpp"

namespace tablegate::loader {
namespace {

void create(const Settings& settings, const std::string& name, const std::string& approval) {
  Database catalog = settings.open_catalog();
  Transaction transaction(catalog);
  const bool created = create_workspace(catalog, name, approval == "on");
  transaction.commit();
  if (settings.json) {
    print_action(name, created ? "created" : "unchanged");
  } else if (!settings.quiet) {
    print_line(created ? fmt::format("workspace {} and its consumer created", name) : "unchanged");
  }
}

void list(const Settings& settings) {
  Database catalog = settings.open_catalog();
  const std::vector<WorkspaceState> workspaces = list_workspaces(catalog);
  if (settings.json) {
    JsonOutput json;
    json.begin_array();
    for (const WorkspaceState& workspace : workspaces) {
      json.begin_object().key("name").text(workspace.name).key("approval").boolean(workspace.approval);
      json.key("apis").number(workspace.apis).end_object();
    }
    return json.end_array().print();
  }
  std::vector<std::vector<std::string>> table = {{"NAME", "APPROVAL", "APIS"}};
  for (const WorkspaceState& workspace : workspaces)
    table.push_back({workspace.name, workspace.approval ? "on" : "off", std::to_string(workspace.apis)});
  print_table(table);
}

void set(const Settings& settings, const std::string& name, const std::string& approval) {
  Database catalog = settings.open_catalog();
  find_workspace(catalog, name);
  const bool done = set_approval(catalog, name, approval == "on");
  if (settings.json) {
    print_action(name, done ? "changed" : "unchanged");
  } else if (!settings.quiet) {
    print_line(done ? fmt::format("workspace {}: approval {}", name, approval) : "unchanged");
  }
}

}  // namespace

void add_workspace(Verb& app, Settings& settings) {
  Verb* const noun = app.add_subcommand("workspace", "Create and list workspaces");
  noun->require_subcommand(1);
  noun->footer("Examples:\n  tablegate workspace list\n  tablegate workspace create reports");
  const auto name = std::make_shared<std::string>();

  Verb* const make = noun->add_subcommand("create", "Create a workspace and its consumer");
  make->add_option("NAME", *name, "the workspace")->required();
  const auto approval = std::make_shared<std::string>("off");
  make->add_option("--approval", *approval, "whether versions require approval (default: off)")
      ->check(one_of({"on", "off"}));
  make->footer(
      "Examples:\n  tablegate workspace create reports\n  tablegate workspace create pay --approval on");
  make->callback([&settings, name, approval] { create(settings, *name, *approval); });

  Verb* const show = noun->add_subcommand("list", "List workspaces");
  show->footer("Examples:\n  tablegate workspace list -o json");
  show->callback([&settings] { list(settings); });

  Verb* const change = noun->add_subcommand("set", "Change a workspace");
  change->add_option("NAME", *name, "the workspace")->required();
  change->add_option("--approval", *approval, "whether versions require approval")
      ->check(one_of({"on", "off"}))
      ->required();
  change->footer("Examples:\n  tablegate workspace set reports --approval off");
  change->callback([&settings, name, approval] { set(settings, *name, *approval); });
}

}  // namespace tablegate::loader
