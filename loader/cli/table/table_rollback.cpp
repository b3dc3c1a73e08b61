// `tablegate table rollback`: the previous generation back.
#include <fmt/format.h>

#include <memory>

#include "cli/output.hpp"
#include "cli/table/table_verbs.hpp"
#include "mirror/rollback.hpp"

namespace tablegate::loader {

void report_generation(const Settings& settings, const std::string& table, const LoadOutcome& outcome) {
  if (settings.json) {
    JsonOutput json;
    json.begin_object().key("name").text(table).key("generation").number(outcome.generation);
    json.key("rows").number(outcome.rows);
    if (outcome.carried > 0) json.key("carried").number(outcome.carried);
    if (outcome.unchanged) json.key("unchanged").boolean(true);
    if (outcome.dry_run) json.key("dry_run").boolean(true);
    json.end_object().print();
    return;
  }
  if (settings.quiet) return;
  std::string text =
      fmt::format("generation {}, {}", outcome.generation, plural(static_cast<size_t>(outcome.rows), "row"));
  if (outcome.carried > 0) {
    text += fmt::format(" ({} new, {} taken over)", outcome.rows - outcome.carried, outcome.carried);
  }
  if (outcome.unchanged)
    text = "unchanged, " + text;
  else if (outcome.dry_run)
    text = fmt::format("the result would be {}; nothing was changed", text);
  print_line(fmt::format("{}: {}", table, text));
}

void add_table_rollback(Verb& table, Settings& settings) {
  Verb* const verb = table.add_subcommand("rollback", "Make the previous generation serve again");
  const auto name = std::make_shared<std::string>();
  verb->add_option("NAME", *name, "the Table")->required();
  const auto generation = std::make_shared<int64_t>(0);
  verb->add_option("--generation", *generation,
                   "the generation (default: the one that served before this one)")
      ->check(positive_number());
  verb->footer(
      "A second rollback undoes the first. The next load makes a new generation in either case.\n"
      "Examples:\n"
      "  tablegate table rollback user_info\n"
      "  tablegate table rollback user_info --generation 7");
  verb->callback([&settings, name, generation] {
    Database catalog = settings.open_catalog();
    const TableSpec spec = read_table_spec(catalog, *name);
    Database mirror = settings.open_mirror();
    report_generation(settings, spec.name, rollback_table(catalog, mirror, spec, *generation));
    warn_of_views(settings, spec.name);
  });
}

}  // namespace tablegate::loader
