// `tablegate apply|get|delete`: definitions in and out of the catalog.
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "catalog/apply/apply.hpp"
#include "catalog/apply/consumer_state.hpp"
#include "catalog/apply/removal.hpp"
#include "catalog/definition_list.hpp"
#include "cli/applied_notes.hpp"
#include "cli/cli.hpp"
#include "cli/output.hpp"
#include "cli/served.hpp"
#include "mirror/mirror_tables.hpp"
#include "mirror/read_source_ddl.hpp"

namespace tablegate::loader {
namespace {

void report_applied(const Settings& settings, const std::vector<AppliedObject>& objects) {
  if (settings.json) {
    JsonOutput json;
    json.begin_array();
    for (const AppliedObject& object : objects) {
      json.begin_object().key("kind").text(kind_info(object.kind).name).key("name").text(object.name);
      json.key("action").text(object.action).end_object();
    }
    return json.end_array().print();
  }
  if (settings.quiet) return;
  std::vector<std::vector<std::string>> table;
  table.reserve(objects.size());
  for (const AppliedObject& object : objects)
    table.push_back({std::string(kind_info(object.kind).name),
                     object.name + (object.version.empty() ? "" : " " + object.version), object.action});
  print_table(table);
}

// Consumers have no definition of their own in the catalog: it is written from what they have.
void get_consumers(const Settings& settings, const std::string& name) {
  Database catalog = settings.open_catalog();
  const Workspace workspace = find_workspace(catalog, settings.workspace);
  std::vector<std::string> names = {name};
  if (name.empty()) names = consumer_names(catalog);
  std::vector<std::vector<std::string>> table = {{"NAME", "STATE"}};
  std::string list;
  for (const ConsumerText& one : consumer_texts(catalog, workspace, names)) {
    table.push_back({one.consumer.name, one.consumer.enabled ? "enabled" : "disabled"});
    list += (list.empty() ? "\n " : ",\n ") + one.text;
  }
  if (!settings.json) return print_table(table);
  print_line(name.empty() ? "[" + list + (list.empty() ? "]" : "\n]") : list.substr(2));
}

void apply_files(const Settings& settings, const std::vector<std::string>& sources) {
  Problems problems;
  std::vector<Definition> definitions = read_definitions(sources, problems);
  Database catalog = settings.open_catalog();
  const Workspace workspace = find_workspace(catalog, settings.workspace);
  const std::vector<AppliedObject> objects =
      apply_definitions(catalog, workspace, definitions, problems, read_source_ddl);
  report_applied(settings, objects);
  print_notes(settings, catalog, workspace, objects);
  if (settings.wait || concerns_callers(objects)) report_served(settings, catalog);
}

void get(const Settings& settings, const std::string& word, const std::string& name) {
  const Kind kind = read_kind(word);
  if (kind == Kind::consumer) return get_consumers(settings, name);
  Database catalog = settings.open_catalog();
  const std::vector<ListedDefinition> list = list_definitions(catalog, settings.workspace, kind, name);
  if (settings.json) {
    // Several: versions of a REST API.
    if (!name.empty() && list.size() == 1) return print_line(list.front().text);
    std::string text = "[";
    for (const ListedDefinition& one : list) text += (&one == &list.front() ? "\n " : ",\n ") + one.text;
    return print_line(text + (list.empty() ? "]" : "\n]"));
  }
  std::vector<std::vector<std::string>> table = {{"NAME"}};
  const std::vector<std::string> headings = list_headings(kind);
  table[0].insert(table[0].end(), headings.begin(), headings.end());
  for (const ListedDefinition& one : list) {
    table.push_back({one.name});
    table.back().insert(table.back().end(), one.fields.begin(), one.fields.end());
  }
  print_table(table);
}

// What the mirror holds of a table, to be dropped with its definition. Taken hold of before the definition
// goes, so that neither a load that runs nor a missing right leaves half of it.
class MirrorTable {
 public:
  MirrorTable(const Settings& settings, const std::string& name)
      : mirror_(settings.open_mirror()), name_(name) {
    open_load_session(mirror_);
    lock_.emplace(mirror_, name_);
    require_droppable(mirror_, name_);
  }
  void drop() { drop_table(mirror_, name_); }
  bool holds_rows() { return !list_generations(mirror_, name_).empty(); }

 private:
  Database mirror_;
  std::string name_;
  std::optional<TableLock> lock_;
};

void delete_one(const Settings& settings, const std::string& word, const std::string& name,
                const std::string& version) {
  const Kind kind = read_kind(word);
  if (!version.empty() && kind != Kind::rest_api)
    throw WrongUsage("--version applies to REST APIs only", Hint());
  Database catalog = settings.open_catalog();
  const Workspace workspace = find_workspace(catalog, settings.workspace);
  std::optional<MirrorTable> mirror;
  if (kind == Kind::table) mirror.emplace(settings, name);
  // Rows whose definition went before, when somebody held them.
  const bool rows_only = mirror && !find_table(catalog, name) && mirror->holds_rows();
  if (!rows_only) delete_definition(catalog, workspace, kind, name, version);
  if (mirror) mirror->drop();
  if (settings.json) {
    JsonOutput json;
    json.begin_object()
        .key("kind")
        .text(kind_info(kind).name)
        .key("name")
        .text(name)
        .key("action")
        .text("deleted")
        .end_object()
        .print();
  } else if (!settings.quiet) {
    print_line(fmt::format("{} {} deleted", kind_info(kind).name, name));
  }
  if (settings.wait || kind == Kind::consumer) report_served(settings, catalog);
}

}  // namespace

void add_definitions(Verb& app, Settings& settings) {
  const char* const kinds_text =
      "Domain, GatewayInstance, RestApi, DataSource, BusinessProcess, Table, Api or Consumer";

  Verb* const applying = app.add_subcommand("apply", "Save definitions, all of them or none");
  const auto sources = std::make_shared<std::vector<std::string>>();
  applying->add_option("-f,--file", *sources, "file (JSON or YAML), folder or - for standard input")
      ->required()
      ->type_name("FILE|DIR|-");
  add_wait(*applying, settings);
  applying->footer(
      "Examples:\n"
      "  tablegate apply -f user-api.json\n"
      "  tablegate apply -f definitions/ -f gateway.json -o json\n"
      "  tablegate api generate ... | tablegate apply -f -");
  applying->callback([&settings, sources] { apply_files(settings, *sources); });

  const auto kind = std::make_shared<std::string>();
  const auto name = std::make_shared<std::string>();
  Verb* const getting = app.add_subcommand("get", "List definitions, or print them with -o json");
  getting->add_option("KIND", *kind, kinds_text)->required();
  getting->add_option("NAME", *name, "name of a definition (default: all)");
  getting->footer("Examples:\n  tablegate get apis\n  tablegate get table user_info -o json");
  getting->callback([&settings, kind, name] { get(settings, *kind, *name); });

  Verb* const deleting = app.add_subcommand("delete", "Delete a definition that nothing refers to");
  deleting->add_option("KIND", *kind, kinds_text)->required();
  deleting->add_option("NAME", *name, "its name")->required();
  deleting->footer(
      "Examples:\n  tablegate delete api 'Query User by User ID'\n  tablegate delete table user_info");
  const auto version = std::make_shared<std::string>();
  deleting->add_option("--version", *version, "version of a REST API that has several");
  add_wait(*deleting, settings);
  deleting->callback([&settings, kind, name, version] { delete_one(settings, *kind, *name, *version); });
}

}  // namespace tablegate::loader
