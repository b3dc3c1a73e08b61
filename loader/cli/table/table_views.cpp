// `tablegate table views`: views that people have made over a mirrored table,
// and which generation each of them reads.
#include <fmt/format.h>

#include <memory>

#include "cli/output.hpp"
#include "cli/table/table_verbs.hpp"
#include "mirror/dependent_views.hpp"
#include "mirror/mirror_tables.hpp"

namespace tablegate::loader {
namespace {

void list_views(const Settings& settings, Database& mirror, const std::string& table) {
  const std::vector<DependentView> views = dependent_views(mirror, table);
  if (settings.json) {
    JsonOutput json;
    json.begin_array();
    for (const DependentView& view : views) {
      json.begin_object().key("view").text(view.name).key("table").text(view.table);
      json.key("generation").number(view.generation).key("current").boolean(view.serving);
      json.key("materialized").boolean(view.materialized).end_object();
    }
    return json.end_array().print();
  }
  std::vector<std::vector<std::string>> lines = {{"VIEW", "GENERATION", "STATE"}};
  for (const DependentView& view : views)
    lines.push_back({view.name, std::to_string(view.generation), view.serving ? "current" : "old"});
  print_table(lines);
}

void rebind(const Settings& settings, Database& mirror, const std::string& table) {
  lock_table_for_load(mirror, table);
  const std::vector<ReboundView> views = rebind_views(mirror, table);
  size_t failed = 0;
  JsonOutput json;
  json.begin_array();
  for (const ReboundView& view : views) {
    failed += view.fault.empty() ? 0 : 1;
    json.begin_object().key("view").text(view.name).key("rebound").boolean(view.fault.empty());
    json.key("fault").text(view.fault).end_object();
    if (settings.json || settings.quiet) continue;
    print_line(view.fault.empty() ? fmt::format("{}: rebound", view.name)
                                  : fmt::format("{}: {}", view.name, view.fault));
  }
  json.end_array();
  if (settings.json) json.print();
  if (views.empty() && !settings.json && !settings.quiet) print_line("unchanged");
  if (failed > 0)
    throw Refused(fmt::format("{} could not be rebound", plural(failed, "view")),
                  fmt::format("tablegate table views {}", table));
}

}  // namespace

void warn_of_views(const Settings& settings, const std::string& table) {
  if (settings.quiet) return;
  try {
    Database mirror = settings.open_mirror();
    for (const std::string& line : stale_view_lines(dependent_views(mirror, table)))
      fmt::print(stderr, "warning: {}\n", line);
  } catch (const Failure&) {  // NOLINT(bugprone-empty-catch): what was to be done is done
  }
}

void add_table_views(Verb& table, Settings& settings) {
  Verb* const verb = table.add_subcommand("views", "Views over a table, and which generation they read");
  const auto name = std::make_shared<std::string>();
  verb->add_option("NAME", *name, "the Table")->required();
  const auto again = std::make_shared<bool>(false);
  verb->add_flag("--rebind", *again, "make views that read an old generation read the current one");
  verb->footer(
      "A view reads the generation that served when it was made. --rebind replaces its definition; owner, "
      "rights\n"
      "and options stay. It requires the rights of the view's owner.\n"
      "Examples:\n"
      "  tablegate table views user_info\n"
      "  tablegate table views user_info --rebind");
  verb->callback([&settings, name, again] {
    Database catalog = settings.open_catalog();
    const TableSpec spec = read_table_spec(catalog, *name);
    Database mirror = settings.open_mirror();
    *again ? rebind(settings, mirror, spec.name) : list_views(settings, mirror, spec.name);
  });
}

}  // namespace tablegate::loader
