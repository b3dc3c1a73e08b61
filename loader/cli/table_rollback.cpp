// `tablegate table rollback`: the previous generation back.
#include <fmt/format.h>

#include <memory>

#include "cli/output.hpp"
#include "cli/table_verbs.hpp"
#include "mirror/rollback.hpp"

namespace tablegate::loader {

void report_generation(const Settings& settings, const std::string& table, const LoadOutcome& outcome) {
  if (settings.json) {
    JsonOutput json;
    json.begin_object().key("name").text(table).key("generation").number(outcome.generation);
    json.key("rows").number(outcome.rows).end_object().print();
  } else if (!settings.quiet) {
    print_line(fmt::format("{}: generation {}, {}", table, outcome.generation,
                           plural(static_cast<size_t>(outcome.rows), "row")));
  }
}

void add_table_rollback(Verb& table, Settings& settings) {
  Verb* const verb = table.add_subcommand("rollback", "Let the generation serve again that served before");
  const auto name = std::make_shared<std::string>();
  verb->add_option("NAME", *name, "the Table")->required();
  verb->footer(
      "Done twice, it is as it was. The next load makes a new generation, whichever serves.\n"
      "Examples:\n"
      "  tablegate table rollback user_info");
  verb->callback([&settings, name] {
    Database catalog = settings.open_catalog();
    const TableSpec spec = read_table_spec(catalog, *name);
    Database mirror = settings.open_mirror();
    report_generation(settings, spec.name, rollback_table(catalog, mirror, spec));
  });
}

}  // namespace tablegate::loader
