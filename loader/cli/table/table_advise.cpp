// `tablegate table advise`: the indexes that a table's APIs need, and those that none
// of them uses.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <memory>

#include "catalog/lookup.hpp"
#include "cli/output.hpp"
#include "cli/table/load_interrupt.hpp"
#include "cli/table/load_progress.hpp"
#include "cli/table/table_verbs.hpp"
#include "mirror/table_advice.hpp"

namespace tablegate::loader {
namespace {

void write_advice(const TableAdvice& advice, const std::vector<IndexColumns>& created, bool create) {
  JsonOutput json;
  json.begin_object().key("name").text(advice.table).key("generation");
  advice.generation == 0 ? json.null() : json.number(advice.generation);
  json.number("rows", advice.rows);
  json.array("wanted", [&] {
    for (const AdvisedIndex& index : advice.wanted) {
      json.object([&] {
        json.texts("columns", index.columns);
        json.texts("apis", index.apis);
        json.truth("defined", index.defined);
        json.truth("built", index.built);
      });
    }
  });
  const auto lists = [&](const char* name, const std::vector<IndexColumns>& indexes) {
    json.array(name, [&] {
      for (const IndexColumns& columns : indexes) json.raw(names_text(columns));
    });
  };
  lists("unused", advice.unused);
  lists("indexes", advice.indexes);
  if (create) lists("created", created);
  json.end_object().print();
}

std::string state_words(const AdvisedIndex& index) {
  if (index.defined) return "in the definition, built by the next load";
  return index.built ? "built, not in the definition" : "not built";
}

void print_table_advice(const TableAdvice& advice) {
  if (advice.wanted.empty() && advice.unused.empty())
    return print_line(fmt::format("{}: no index is missing, and none is unused", advice.table));
  std::vector<std::vector<std::string>> lines = {{"INDEX", "ADVICE", "STATE", "APIS"}};
  for (const AdvisedIndex& index : advice.wanted)
    lines.push_back({index_text(index.columns), "wanted", state_words(index), name_list(index.apis)});
  for (const IndexColumns& columns : advice.unused)
    lines.push_back({index_text(columns), "unused", "-", "-"});
  print_table(lines);
}

// For the file of the definition: what is built is gone with the next `apply` of a file without it.
void print_definition(const TableAdvice& advice) {
  std::vector<std::string> lists;
  for (const IndexColumns& columns : advice.indexes) lists.push_back(names_text(columns));
  print_line(fmt::format("Write it into the file of the definition as well: \"indexes\": [{}]",
                         fmt::join(lists, ", ")));
}

void create_advised(const Settings& settings, const std::string& name) {
  Database catalog = settings.open_catalog();
  const Workspace workspace = find_workspace(catalog, settings.workspace);
  Database mirror = settings.open_mirror();
  std::vector<IndexColumns> created;
  LoadProgress progress(name, !settings.silent());
  const AdviceWatch watch{
      [&progress](const IndexColumns& columns, size_t place, size_t count, double percent) {
        progress.working(
            fmt::format("building index {}, {} of {}, {:.0f} %", index_text(columns), place, count, percent));
      },
      [&](const AdvisedIndex& index) {
        created.push_back(index.columns);
        if (!settings.silent()) progress.done(fmt::format("built index {}", index_text(index.columns)));
      }};
  const LoadInterrupt interrupt(mirror);
  try {
    const TableAdvice advice = create_indexes(catalog, mirror, workspace, name, watch);
    if (settings.json) return write_advice(advice, created, true);
    if (settings.quiet) return;
    if (created.empty()) return print_line(fmt::format("{}: unchanged, no index is missing", name));
    print_definition(advice);
  } catch (const Failure&) {  // what failed because the statement was cancelled
    if (const int signal = LoadInterrupt::signal(); signal != 0) {
      throw Interrupted(signal,
                        fmt::format("interrupted ({}): the index that was being built is not there, {} "
                                    "built before remain",
                                    strsignal(signal), created.size()));
    }
    throw;
  }
}

}  // namespace

void add_table_advise(Verb& table, Settings& settings) {
  Verb* const verb =
      table.add_subcommand("advise", "Show the indexes that APIs need, and those that no API uses");
  const auto name = std::make_shared<std::string>();
  const auto creates = std::make_shared<bool>(false);
  verb->add_option("NAME", *name, "the Table")->required();
  verb->add_flag(
      "--create", *creates,
      "build the wanted indexes on the serving generation and write them into the Table's definition");
  verb->footer(
      "Callers read the table while an index is built. Nothing is dropped.\n"
      "Examples:\n"
      "  tablegate table advise user_info\n"
      "  tablegate table advise user_info --create");
  verb->callback([&settings, name, creates] {
    if (*creates) return create_advised(settings, *name);
    Database catalog = settings.open_catalog();
    Database mirror = settings.open_mirror();
    const TableAdvice advice = advise_table(catalog, mirror, *name);
    settings.json ? write_advice(advice, {}, false) : print_table_advice(advice);
  });
}

}  // namespace tablegate::loader
