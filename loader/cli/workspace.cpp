// `tablegate workspace create|list|set|delete`.
#include <fmt/format.h>

#include <memory>

#include "catalog/workspaces.hpp"
#include "cli/cli.hpp"
#include "cli/output.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kEveryone = "everyone";

void create_or_tell(const Settings& settings, const std::string& name, const std::string& approval) {
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
      json.key("members").text_or_null(workspace.members);
      json.key("apis").number(workspace.apis).end_object();
    }
    return json.end_array().print();
  }
  std::vector<std::vector<std::string>> table = {{"NAME", "APPROVAL", "MEMBERS", "APIS"}};
  for (const WorkspaceState& workspace : workspaces)
    table.push_back({workspace.name, workspace.approval ? "on" : "off",
                     workspace.members.empty() ? kEveryone : workspace.members,
                     std::to_string(workspace.apis)});
  print_table(table);
}

// Empty texts: left as it is.
void set(const Settings& settings, const std::string& name, const std::string& approval,
         const std::string& members) {
  Database catalog = settings.open_catalog();
  require_workspace(catalog, name);
  Transaction transaction(catalog);
  std::string done;
  if (!approval.empty() && set_approval(catalog, name, approval == "on")) done = "approval " + approval;
  if (!members.empty() && set_members(catalog, name, members == kEveryone ? "" : members))
    done += (done.empty() ? "members " : ", members ") + members;
  transaction.commit();
  if (settings.json) {
    print_action(name, done.empty() ? "unchanged" : "changed");
  } else if (!settings.quiet) {
    print_line(done.empty() ? "unchanged" : fmt::format("workspace {}: {}", name, done));
  }
}

void remove(const Settings& settings, const std::string& name) {
  Database catalog = settings.open_catalog();
  delete_workspace(catalog, name);
  if (settings.json)
    print_action(name, "deleted");
  else if (!settings.quiet)
    print_line(fmt::format("workspace {} and its consumer deleted", name));
}

}  // namespace

void add_workspace(Verb& app, Settings& settings) {
  Verb* const noun = app.add_subcommand("workspace", "Create, list, change and delete workspaces");
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
  make->callback([&settings, name, approval] { create_or_tell(settings, *name, *approval); });

  Verb* const show = noun->add_subcommand("list", "List workspaces");
  show->footer("Examples:\n  tablegate workspace list -o json");
  show->callback([&settings] { list(settings); });

  Verb* const change = noun->add_subcommand("set", "Change a workspace");
  change->add_option("NAME", *name, "the workspace")->required();
  const auto wanted = std::make_shared<std::string>();
  change->add_option("--approval", *wanted, "whether versions require approval")
      ->check(one_of({"on", "off"}));
  const auto members = std::make_shared<std::string>();
  change->add_option("--members", *members,
                     "role whose members alone change what belongs to the workspace, or everyone");
  change->footer(
      "Examples:\n  tablegate workspace set reports --approval off\n"
      "  tablegate workspace set reports --members team_reports");
  change->callback([&settings, name, wanted, members] {
    if (wanted->empty() && members->empty()) throw WrongUsage("--approval or --members is missing", Hint());
    set(settings, *name, *wanted, *members);
  });

  Verb* const removing = noun->add_subcommand("delete", "Delete an empty workspace and its consumer");
  removing->add_option("NAME", *name, "the workspace")->required();
  removing->footer("Examples:\n  tablegate workspace delete demmo");
  removing->callback([&settings, name] { remove(settings, *name); });
}

}  // namespace tablegate::loader
