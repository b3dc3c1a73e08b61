// `tablegate table load|status|columns`: loads a mirror and tells what it holds.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/cli.hpp"
#include "cli/load_source.hpp"
#include "cli/output.hpp"
#include "cli/table_report.hpp"
#include "cli/table_verbs.hpp"
#include "mirror/load.hpp"
#include "mirror/table_spec.hpp"

namespace tablegate::loader {
namespace {

// Ctrl-C must not leave the server at work on an index that nobody wants any more.
PGcancel* cancel_handle = nullptr;

extern "C" void stop_load(int signal_number) {
  char reason[64];
  if (cancel_handle != nullptr) PQcancel(cancel_handle, reason, sizeof reason);
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

class CancelOnSignal {
 public:
  explicit CancelOnSignal(Database& database) {
    cancel_handle = PQgetCancel(database.connection());
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, stop_load);
  }
  ~CancelOnSignal() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_DFL);
    PQfreeCancel(cancel_handle);
    cancel_handle = nullptr;
  }
  CancelOnSignal(const CancelOnSignal&) = delete;
  CancelOnSignal& operator=(const CancelOnSignal&) = delete;
};

// One line on a terminal, rewritten at most ten times a second; nothing where stderr is none.
class ProgressLine {
 public:
  ProgressLine(std::string table, bool shown)
      : table_(std::move(table)), shown_(shown && isatty(STDERR_FILENO) != 0), start_(Clock::now()) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void copying(const CopyProgress& progress) {
    const auto now = Clock::now();
    if (!shown_ || now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    std::string text = fmt::format("{}: {} rows, {:.1f} MB", table_, progress.rows,
                                   static_cast<double>(progress.bytes) / 1e6);
    if (progress.total > 0) text += fmt::format(" of {:.1f} MB", static_cast<double>(progress.total) / 1e6);
    if (seconds > 0) text += fmt::format(", {:.0f} rows/s", static_cast<double>(progress.rows) / seconds);
    print(text);
  }
  void step(const std::string& name) {
    if (shown_) print(fmt::format("{}: {}", table_, name));
  }
  void clear() {
    if (shown_ && printed_) fmt::print(stderr, "\r\x1b[K");
    printed_ = false;
  }

 private:
  using Clock = std::chrono::steady_clock;
  void print(const std::string& text) {
    fmt::print(stderr, "\r\x1b[K{}", text);
    std::fflush(stderr);
    printed_ = true;
  }

  std::string table_;
  bool shown_;
  bool printed_ = false;
  Clock::time_point start_;
  Clock::time_point last_;
};

LoadOutcome load_once(const Settings& settings, const LoadOptions& options, Database& catalog,
                      const TableSpec& spec) {
  const std::unique_ptr<TableSource> source = open_source(options, spec);
  Database mirror = settings.open_mirror();
  const CancelOnSignal cancel(mirror);
  ProgressLine line(spec.name, !settings.silent());
  const LoadWatch watch{[&line](const CopyProgress& progress) { line.copying(progress); },
                        [&line](const std::string& step) { line.step(step); }};
  const LoadOutcome outcome = load_table(catalog, mirror, spec, *source, options.limits, watch);
  line.clear();
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
      if (!settings.quiet)
        fmt::print(stderr, "{}: {}; once more from the beginning\n", spec.name, changed.what());
    }
  }
}

void load(const Settings& settings, const LoadOptions& options) {
  Database catalog = settings.open_catalog();
  const TableSpec spec = read_table_spec(catalog, options.table);
  report_generation(settings, spec.name, load_again(settings, options, catalog, spec));
}

// Options of the contract that a later release brings: refused by name.
void add_later_options(Verb& verb) {
  for (const char* name : {"--merge", "--dry-run"}) add_later_flag(verb, name);
}

void add_maxcompute_options(Verb& verb, MaxComputeOptions& options) {
  const std::string group = "MaxCompute";
  verb.add_option(
          "--partition", options.partitions,
          "ds=20260101[,hh=01]: all keys or the first ones; repeat for more. Of csv: values of columns "
          "that the file does not have")
      ->group(group)
      ->allow_extra_args(false);
  verb.add_flag("--all-partitions", options.all_partitions, "all that the table has")->group(group);
  verb.add_option("--jobs", options.jobs, "ranges fetched at the same time (default: 4)")
      ->check(between(1, 64))
      ->group(group);
  verb.add_option("--credentials", options.credentials,
                  "file of odpscmd's odps_config.ini form, mode 0600 (default: ALIBABA_CLOUD_ACCESS_KEY_ID, "
                  "ALIBABA_CLOUD_ACCESS_KEY_SECRET, ALIBABA_CLOUD_SECURITY_TOKEN)")
      ->group(group);
  verb.add_option_function(
          "--compression",
          [&options](const std::string& name) {
            options.encoding = name == "none" ? "" : name == "zlib" ? "deflate" : name;
          },
          "of the data: zlib (default), zstd or none")
      ->check(one_of({"zlib", "zstd", "none"}))
      ->group(group);
}

void add_load(Verb& table, Settings& settings) {
  Verb* verb = table.add_subcommand("load", "Load a new generation beside the old one, then swap");
  auto options = std::make_shared<LoadOptions>();
  verb->add_option("NAME", options->table, "the Table")->required();
  verb->add_option("--from", options->from,
                   "csv:FILE, csv:FILE.gz, csv:DIR, csv:GLOB, csv:-, sql:FILE, postgresql:DSN or maxcompute: "
                   "(default: its data source)");
  verb->add_option("--min-rows", options->limits.min_rows,
                   "refuse fewer rows (default: 1 where the table has rows now, else 0)")
      ->check(non_negative_number());
  verb->add_option("--max-shrink", options->limits.max_shrink,
                   "refuse to lose more than so many percent of the rows")
      ->check(between(0.0, 100.0));
  add_csv_options(*verb, options->csv);
  add_maxcompute_options(*verb, options->maxcompute);
  add_later_options(*verb);
  verb->footer(
      "Examples:\n"
      "  tablegate table load user_info --from csv:user_info.csv --header\n"
      "  tablegate table load events --from 'csv:export/*.csv.gz' --partition ds=20260101 --max-errors 100\n"
      "  tablegate table load events --from csv:export.txt --format text --delimiter '\\u0001' --charset "
      "gbk\n"
      "  tablegate table load user_info --from sql:user_info.sql        (INSERT INTO ... VALUES)\n"
      "  tablegate table load orders --from 'postgresql:host=db2 dbname=shop'     (password: ~/.pgpass)\n"
      "  tablegate table load events --partition ds=20260101 --jobs 8 --credentials odps_config.ini\n"
      "  zcat big.csv.gz | tablegate table load events --from csv:- --null '\\N'");
  verb->callback([&settings, options] { load(settings, *options); });
}

}  // namespace

void add_table(Verb& app, Settings& settings) {
  Verb* table = app.add_subcommand("table", "Load mirrored tables and show what they hold");
  table->require_subcommand(1);
  table->footer(
      "Examples:\n"
      "  tablegate table load user_info --from csv:user_info.csv --header\n"
      "  tablegate table status");
  add_load(*table, settings);

  Verb* status = table->add_subcommand("status", "Generations, rows and age of one table or of all");
  auto name = std::make_shared<std::string>();
  status->add_option("NAME", *name, "the Table (default: all)");
  status->footer("Examples:\n  tablegate table status\n  tablegate table status user_info -o json");
  status->callback([&settings, name] {
    Database catalog = settings.open_catalog();
    print_table_status(catalog, *name, settings.json);
  });

  Verb* columns =
      table->add_subcommand("columns", "Columns, their types, and the parameter type that suits each");
  auto of = std::make_shared<std::string>();
  columns->add_option("NAME", *of, "the Table")->required();
  columns->footer("Examples:\n  tablegate table columns user_info");
  columns->callback([&settings, of] {
    Database catalog = settings.open_catalog();
    print_table_columns(catalog, *of, settings.json);
  });

  add_table_rollback(*table, settings);
  add_table_watch(*table, settings);
  add_later_verb(*table, "advise", "table advise");
}

}  // namespace tablegate::loader
