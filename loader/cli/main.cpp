// The command `tablegate`: global options, the nouns, and the one place where a
// failure becomes a message and an exit status.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "cli/cli.hpp"
#include "cli/command_line.hpp"
#include "cli/output.hpp"
#include "cli/table/csv_options.hpp"

namespace tablegate::loader {

namespace {

// Every verb takes the global options too, so that they may stand before or after it. Not by CLI11's
// fallthrough: with it a name such as "sync" after a verb would count as the command.
void add_global_options(CLI::App& app, Settings& settings, bool root) {
  const auto option = [&](const char* name, std::string& value, const char* variable, const char* text) {
    CLI::Option* const added = app.add_option(name, value, text)->group("Global options");
    if (root) added->envname(variable);
  };
  option("--catalog", settings.catalog, "TABLEGATE_CATALOG",
         "libpq connection string of the catalog (default: as psql)");
  option("--mirror", settings.mirror, "TABLEGATE_MIRROR",
         "libpq connection string of the mirror (default: the catalog's)");
  option("--workspace", settings.workspace, "TABLEGATE_WORKSPACE", "workspace (default: the only one)");
  option("--gateway", settings.gateway, "TABLEGATE_GATEWAY", "gateway instance (default: the only one)");
  app.add_option_function<std::string>(
         "-o", [&settings](const std::string& format) { settings.json = format == "json"; }, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("FORMAT")
      ->group("Global options");
  app.add_flag("-q", settings.quiet, "print results and errors only")->group("Global options");
  for (CLI::App* const verb : app.get_subcommands(nullptr)) {
    if (!verb->get_name().empty()) add_global_options(*verb, settings, false);  // option groups have no name
  }
}

// The verb that the arguments name, for "try: tablegate api test --help".
std::string command_of(const CLI::App& app) {
  std::string command = app.get_name();
  for (const CLI::App* const verb : app.get_subcommands()) return command + " " + command_of(*verb);
  return command;
}

int report_usage(const CLI::App& app, const CLI::ParseError& error) {
  std::string message = error.what();
  const std::vector<std::string> extras = app.remaining(true);
  const bool missing_verb =
      dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && message == "A subcommand is required";
  if (missing_verb) message = "a verb is missing";
  if (!extras.empty() && (missing_verb || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr)) {
    const bool option = extras.front().rfind('-', 0) == 0;
    const bool command = missing_verb || app.get_subcommands().empty();
    message = option ? fmt::format("unknown option {}", extras.front())
                     : fmt::format("{} \"{}\"", command ? "unknown command" : "unexpected argument",
                                   extras.front());
  }
  fmt::print(stderr, "tablegate: {}\ntry: {} --help\n", message, command_of(app));
  return 2;
}

int report(const CommandLine& command, const Failure& failure) {
  int status = failure.status();
  std::string message = failure.what();
  std::string next = command.text(failure.next());
  if (const auto* const database = dynamic_cast<const DatabaseError*>(&failure)) {
    if (database->sqlstate == "42501") {  // insufficient_privilege
      status = 1;
      message = fmt::format(
          "this PostgreSQL user lacks the privilege: {}; ROLE is tablegate_developer (definitions, loads, "
          "tests, commits), tablegate_operator (publish, consumers) or tablegate_approver (approve, reject)",
          message);
      next = "psql -c 'GRANT ROLE TO USER'";
    }
  }
  if (const auto* const database = dynamic_cast<const DatabaseError*>(&failure)) {
    if (database->sqlstate.compare(0, 2, "54") == 0) status = 1;  // a limit of PostgreSQL that the data pass
    if (database->sqlstate.compare(0, 2, "TG") == 0) status = 1;  // a rule of the catalog
    if (database->sqlstate == "TG006") next = command.text(Hint::command({"workspace", "list"}));
  }
  if (next.empty() && (status == 1 || status == 2)) next = command.help();
  if (!message.empty()) fmt::print(stderr, "tablegate: {}\n", message);
  if (!next.empty()) fmt::print(stderr, "try: {}\n", next);
  return status;
}

// Reads the command line and runs nothing: the tests check the commands that messages name by it.
constexpr const char* kParseOnly = "--parse-only";

void add_verbs(Verb& root, Settings& settings) {
  add_init(root, settings);
  add_workspace(root, settings);
  add_definitions(root, settings);
  add_files(root, settings);
  add_table(root, settings);
  add_api(root, settings);
  add_consumer(root, settings);
  add_sync(root, settings);
  add_gateway(root, settings);
  add_usage(root, settings);
  add_doctor(root, settings);
  add_audit(root, settings);
}

int run(int count, char** arguments) {
  Settings settings;
  std::vector<std::string> typed(arguments + 1, arguments + count);
  std::optional<CommandLine> command;
  CLI::App app{"Builds, publishes and serves HTTP APIs over tables in PostgreSQL", "tablegate"};
  app.set_version_flag("--version", std::string("tablegate ") + kVersion);
  app.require_subcommand(0, 1);
  app.footer(
      "Exit status: 0 done, 1 rejected, 2 wrong usage, 3 database or file system failed, 4 diff --exit-code "
      "found "
      "differences.\n"
      "Examples:\n"
      "  tablegate init --workspace demo\n"
      "  tablegate apply -f definitions/\n"
      "  tablegate api test --help");
  Verb root(app);
  add_verbs(root, settings);
  add_global_options(app, settings, true);
  const bool parse_only = !typed.empty() && typed.front() == kParseOnly;
  if (parse_only) typed.erase(typed.begin());
  // Before the verb's callback.
  app.parse_complete_callback([&] {
    if (parse_only) throw CLI::Success();
    settings.command = &command.emplace(typed, command_of(app));
  });
  try {
    std::vector<std::string> words = typed;
    join_header_words(words);
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    app.parse(std::move(words));
    if (app.get_subcommands().empty()) {
      fmt::print(stderr, "{}", app.help());
      return 2;
    }
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::Success&) {
    return 0;
  } catch (const CLI::ParseError& error) {
    return report_usage(app, error);
  } catch (const Failure& failure) {
    return report(command ? *command : CommandLine(typed, command_of(app)), failure);
  }
  // What was to be printed must have got out: a full disk is a failure.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fmt::print(stderr, "tablegate: the output could not be written\n");
    return 3;
  }
  return 0;
}

}  // namespace
}  // namespace tablegate::loader

int main(int count, char** arguments) {
  // Where both streams go to one file (2>&1), their lines keep the order in which they were printed.
  (void)std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  try {
    return tablegate::loader::run(count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tablegate: %s\n", error.what());
    return 3;
  }
}
