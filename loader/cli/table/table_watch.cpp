// `tablegate table watch`: refreshes on schedule, from the sources that are allowed.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "cli/output.hpp"
#include "cli/table/table_verbs.hpp"
#include "mirror/refresh_watch.hpp"
#include "mirror/table_status.hpp"
#include "model/allowed_sources.hpp"
#include "source/maxcompute/maxcompute_credentials.hpp"

namespace tablegate::loader {
namespace {

// The loads get our settings by their environment: a command line is everybody's to read.
void pass_on(const char* name, const std::string& value) {
  if (!value.empty()) setenv(name, value.c_str(), 1);
}

void check_tables(Database& catalog, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!list_tables(catalog, name).front().refreshed) {
      throw Refused(fmt::format("Table \"{}\" has no refresh in its definition", name),
                    Hint::command({"get", "table", name, "-o", "json"}));
    }
  }
}

// Those of the command line and of the file, which is read again for each load.
std::vector<std::string> allowed_sources(const std::vector<std::string>& given) {
  std::vector<std::string> rules = given;
  for (std::string& rule : read_sources_file()) rules.push_back(std::move(rule));
  return rules;
}

void run_watch(const Settings& settings, WatchOptions options, const std::string& credentials,
               const std::vector<std::string>& given) {
  const AllowedSources checked(given);
  if (!credentials.empty()) read_credentials(credentials);  // a file that cannot be used is reported now
  options.allowed = [&given] { return allowed_sources(given); };
  if (options.allowed().empty()) {
    throw Refused(
        fmt::format("no source is allowed, so nothing would be loaded: --allow-source is missing, and {} "
                    "has no line",
                    sources_file()),
        Hint::again().add("--allow-source", "csv:/DIR"));
  }
  {
    Database catalog = settings.open_catalog(kCatalogPatience);
    check_tables(catalog, options.tables);
  }
  pass_on("TABLEGATE_CATALOG", settings.catalog);
  pass_on("TABLEGATE_MIRROR", settings.mirror);
  pass_on(kCredentialsVariable, credentials);
  std::error_code error;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) throw SystemFailure("/proc/self/exe: " + error.message());
  options.command = {self, "table", "load", "--keep", std::to_string(options.keep)};
  const int failed = watch_tables([&settings] { return settings.open_catalog(kCatalogPatience); }, options);
  if (options.once && failed > 0)
    throw Refused(fmt::format("{} failed", plural(static_cast<size_t>(failed), "load")),
                  Hint::command({"table", "status"}));
}

}  // namespace

void add_table_watch(Verb& table, Settings& settings) {
  Verb* const verb = table.add_subcommand("watch", "Reload tables on their refresh schedules");
  const auto options = std::make_shared<WatchOptions>();
  verb->add_option("NAME", options->tables, "Tables (default: all with a refresh)");
  verb->add_option("--jobs", options->jobs, "loads at the same time (default: 2)")->check(between(1, 64));
  verb->add_option("--retries", options->retries,
                   "retries after a failed load, before its next time (default: 3)")
      ->check(between(0, 100));
  verb->add_option("--retry-pause", options->retry_pause,
                   "seconds before the first retry, then doubled (default: 60)")
      ->check(between(1, 86400));
  verb->add_option("--jitter", options->jitter, "the most seconds by which a load is delayed (default: 10)")
      ->check(between(0, 86400));
  verb->add_flag("--once", options->once, "load what is due now, then end: exit 1 if a load failed");
  verb->add_option("--keep", options->keep, "generations to keep, as for table load (default: 2)")
      ->check(between(2, 100));
  const auto allowed = std::make_shared<std::vector<std::string>>();
  verb->add_option(
          "--allow-source", *allowed,
          "csv:/DIR, postgresql:HOST[:PORT] or maxcompute:URL: load from it; repeatable, beside the lines "
          "of /etc/tablegate/sources")
      ->allow_extra_args(false);
  const auto credentials = std::make_shared<std::string>();
  verb->add_option(
      "--credentials", *credentials,
      "of MaxCompute, for the loads: file of odpscmd's odps_config.ini form, mode 0600 (default: "
      "TABLEGATE_MAXCOMPUTE_CREDENTIALS, else the variables of table load)");
  verb->footer(
      "`refresh` of a Table is an interval (\"15m\"), a cron expression in the table's time_zone (\"0 3 * * "
      "*\"),\n"
      "or {\"schedule\": \"0 3 * * *\", \"time_zone\": \"Europe/Berlin\"}. A time that was missed is made up "
      "once.\n"
      "Examples:\n"
      "  tablegate table watch --allow-source csv:/srv/exports --allow-source postgresql:db2\n"
      "  tablegate table watch user_info --retries 5 --retry-pause 30\n"
      "  tablegate table watch --credentials /etc/tablegate/odps_config.ini\n"
      "  tablegate table watch --once");
  verb->callback(
      [&settings, options, credentials, allowed] { run_watch(settings, *options, *credentials, *allowed); });
}

}  // namespace tablegate::loader
