// `tablegate table load|status|columns`: loads a mirror and tells what it holds.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/cli.hpp"
#include "cli/output.hpp"
#include "cli/table/load_interrupt.hpp"
#include "cli/table/load_progress.hpp"
#include "cli/table/load_source.hpp"
#include "cli/table/table_report.hpp"
#include "cli/table/table_verbs.hpp"
#include "mirror/load.hpp"
#include "mirror/published_columns.hpp"
#include "mirror/table_spec.hpp"

namespace tablegate::loader {
namespace {

// A column that went or changed in the source is reported with the APIs that read it.
std::unique_ptr<TableSource> open_fitting(const LoadOptions& options, Database& catalog,
                                          const TableSpec& spec) {
  try {
    return open_source(options, spec);
  } catch (const SourceDrift& drift) {
    const std::vector<std::string> apis = apis_reading(catalog, spec.name, drift.columns);
    if (apis.empty()) throw;
    throw Refused(fmt::format("{}; published APIs read it: \"{}\"", drift.what(), fmt::join(apis, "\", \"")),
                  drift.next());
  }
}

LoadOutcome load_watched(const Settings& settings, const LoadOptions& options, Database& catalog,
                         const TableSpec& spec, TableSource& source) {
  Database mirror = settings.open_mirror();
  const LoadInterrupt interrupt(mirror);
  LoadProgress progress(spec.name, !settings.silent());
  const LoadWatch watch{[&progress](const CopyProgress& done) {
                          LoadInterrupt::check();
                          progress.copying(done);
                        },
                        [&progress](const std::string& step) {
                          LoadInterrupt::check();
                          progress.step(step);
                        }};
  try {
    return load_table(catalog, mirror, spec, source, options.limits, options.mode, watch);
  } catch (const Failure&) {  // what failed because the statement was cancelled
    LoadInterrupt::check();
    throw;
  }
}

LoadOutcome load_once(const Settings& settings, const LoadOptions& options, Database& catalog,
                      const TableSpec& spec) {
  const std::unique_ptr<TableSource> source = open_fitting(options, catalog, spec);
  const LoadOutcome outcome = load_watched(settings, options, catalog, spec, *source);
  if (const std::string remark = source->remark(); !remark.empty() && !settings.quiet)
    fmt::print(stderr, "{}: {}\n", spec.name, remark);
  return outcome;
}

// A source that changes while it is read gives nothing that can be kept, but may be still the next time.
LoadOutcome load_again(const Settings& settings, const LoadOptions& options, Database& catalog,
                       const TableSpec& spec) {
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    try {
      return load_once(settings, options, catalog, spec);
    } catch (const SourceChanged& changed) {
      if (attempt == kAttempts) throw;
      if (!settings.quiet) fmt::print(stderr, "{}: {}; starting again\n", spec.name, changed.what());
    }
  }
}

void load(const Settings& settings, const LoadOptions& options) {
  Database catalog = settings.open_catalog();
  const TableSpec spec = read_table_spec(catalog, options.table);
  report_generation(settings, spec.name, load_again(settings, options, catalog, spec));
  warn_of_views(settings, spec.name);
}

void add_mode_options(Verb& verb, LoadMode& mode) {
  verb.add_flag("--merge", mode.merge,
                "replace rows with the same primary_key, keep all others (default: replace the whole table)");
  verb.add_flag("--full", mode.full, "fetch all requested rows, keep nothing of the previous generation");
  verb.add_flag("--dry-run", mode.dry_run, "read and check everything, then roll back");
  verb.add_option("--keep", mode.keep, "generations to keep, including the serving one (default: 2)")
      ->check(between(2, 100));
}

void add_maxcompute_options(Verb& verb, MaxComputeOptions& options) {
  const std::string group = "MaxCompute";
  verb.add_option("--partition", options.partitions,
                  "ds=20260101[,hh=01]: all keys or the first ones; other partitions are kept; repeatable. "
                  "csv: values of "
                  "columns that are not in the file, which is the whole table")
      ->group(group)
      ->allow_extra_args(false);
  verb.add_flag("--all-partitions", options.all_partitions,
                "all partitions of the table; fetch the changed ones")
      ->group(group);
  verb.add_option("--jobs", options.jobs, "ranges fetched at the same time (default: 4)")
      ->check(between(1, 64))
      ->group(group);
  verb.add_option("--credentials", options.credentials,
                  "file in the form of odpscmd's odps_config.ini, mode 0600 (default: "
                  "TABLEGATE_MAXCOMPUTE_CREDENTIALS, else ALIBABA_CLOUD_ACCESS_KEY_ID, "
                  "ALIBABA_CLOUD_ACCESS_KEY_SECRET, ALIBABA_CLOUD_SECURITY_TOKEN)")
      ->group(group);
  verb.add_option_function(
          "--compression",
          [&options](const std::string& name) {
            options.encoding = name == "none" ? "" : name == "zlib" ? "deflate" : name;
          },
          "compression of the data: zlib (default), zstd or none")
      ->check(one_of({"zlib", "zstd", "none"}))
      ->group(group);
}

void add_load(Verb& table, Settings& settings) {
  Verb* verb = table.add_subcommand("load", "Load a new generation of a table, then make it serve");
  auto options = std::make_shared<LoadOptions>();
  verb->add_option("NAME", options->table, "the Table")->required();
  verb->add_option("--from", options->from,
                   "csv:FILE, csv:FILE.gz, csv:DIR, csv:GLOB, csv:-, sql:FILE, postgresql:DSN or maxcompute: "
                   "(default: its data source)");
  verb->add_option("--min-rows", options->limits.min_rows,
                   "reject fewer rows (default: 1 if the table has rows now, else 0)")
      ->check(non_negative_number());
  verb->add_option("--max-shrink", options->limits.max_shrink,
                   "reject a loss of more than this percentage of the rows")
      ->check(between(0.0, 100.0));
  verb->add_option(
          "--allow-source", options->allowed,
          "csv:/DIR, postgresql:HOST[:PORT] or maxcompute:URL: read no other data source; repeatable")
      ->allow_extra_args(false);
  add_mode_options(*verb, options->mode);
  add_csv_options(*verb, options->csv);
  add_maxcompute_options(*verb, options->maxcompute);
  verb->footer(
      "Examples:\n"
      "  tablegate table load user_info --from csv:user_info.csv --header\n"
      "  tablegate table load events --from 'csv:export/*.csv.gz' --max-errors 100\n"
      "  tablegate table load events --from csv:export.txt --format text --delimiter '\\u0001' --charset "
      "gbk\n"
      "  tablegate table load user_info --from sql:user_info.sql        (INSERT INTO ... VALUES)\n"
      "  tablegate table load orders --from 'postgresql:host=db2 dbname=shop'     (password: ~/.pgpass)\n"
      "  tablegate table load events --partition ds=20260101 --jobs 8 --credentials odps_config.ini\n"
      "  tablegate table load events --all-partitions --dry-run         (what changed, nothing is kept)\n"
      "  tablegate table load user_info --merge --from csv:changes.csv\n"
      "  zcat big.csv.gz | tablegate table load events --from csv:- --null '\\N'");
  verb->callback([&settings, options] { load(settings, *options); });
}

}  // namespace

void add_table(Verb& app, Settings& settings) {
  Verb* table = app.add_subcommand("table", "Load mirrored tables and show their generations");
  table->require_subcommand(1);
  table->footer(
      "Examples:\n"
      "  tablegate table load user_info --from csv:user_info.csv --header\n"
      "  tablegate table status");
  add_load(*table, settings);

  Verb* status = table->add_subcommand("status", "Show generations, rows and age of one table or of all");
  auto name = std::make_shared<std::string>();
  status->add_option("NAME", *name, "the Table (default: all)");
  status->footer("Examples:\n  tablegate table status\n  tablegate table status user_info -o json");
  status->callback([&settings, name] {
    Database catalog = settings.open_catalog();
    print_table_status(settings, catalog, *name);
  });

  Verb* columns =
      table->add_subcommand("columns", "Show columns, their types, and the parameter type for each");
  auto of = std::make_shared<std::string>();
  columns->add_option("NAME", *of, "the Table")->required();
  columns->footer("Examples:\n  tablegate table columns user_info");
  columns->callback([&settings, of] {
    Database catalog = settings.open_catalog();
    print_table_columns(catalog, *of, settings.json);
  });

  add_table_rollback(*table, settings);
  add_table_views(*table, settings);
  add_table_watch(*table, settings);
  add_table_advise(*table, settings);
}

}  // namespace tablegate::loader
