// The command `tablegate`: global options, the nouns, and the one place where a
// failure becomes a message and an exit status.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "base/near_name.hpp"
#include "cli/cli.hpp"
#include "cli/command_line.hpp"
#include "cli/output.hpp"
#include "cli/program.hpp"
#include "cli/secret_file.hpp"
#include "cli/table/csv_options.hpp"
#include "cli/usage_words.hpp"

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
      ->check(one_of({"table", "json"}).validator())
      ->type_name("FORMAT")
      ->group("Global options");
  app.add_flag("-q", settings.quiet, "print results and errors only")->group("Global options");
  for (CLI::App* const verb : app.get_subcommands(nullptr)) {
    if (!verb->get_name().empty()) add_global_options(*verb, settings, false);  // option groups have no name
  }
}

// Whether the words are a command that could run: nothing runs.
bool is_command(const std::vector<std::string>& words);

// The verb that the arguments name, for "try: tablegate api test --help".
std::string command_of(const CLI::App& app) {
  std::string command = app.get_name();
  for (const CLI::App* const verb : app.get_subcommands()) return command + " " + command_of(*verb);
  return command;
}

// The last verb that the arguments name.
const CLI::App& named_verb(const CLI::App& app) {
  const std::vector<CLI::App*> below = app.get_subcommands();
  return below.empty() ? app : named_verb(*below.front());
}

// The verbs of an app that its help shows.
std::vector<std::string> verbs_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* const verb : app.get_subcommands(nullptr)) {
    if (!verb->get_name().empty() && !verb->get_group().empty()) names.push_back(verb->get_name());
  }
  return names;
}

// The options of an app and of its groups, with their dashes.
std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* const option : app.get_options(nullptr)) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// A word that the command line has too many, and the one that was meant.
struct Extra {
  std::string message, word, near;
};

Extra describe_extra(const CLI::App& app, const std::string& word, bool missing_verb, bool secret) {
  const CLI::App& verb = named_verb(app);
  if (word.rfind('-', 0) == 0) {
    const std::string name = word.substr(0, word.find('='));
    const std::vector<std::string> names = options_of(verb);
    return {fmt::format("unknown option {}{}", secret ? name : word, did_you_mean(name, names)), name,
            nearest_name(name, names)};
  }
  if (!missing_verb && !app.get_subcommands().empty())
    return {secret ? "unexpected argument" : fmt::format("unexpected argument \"{}\"", word), word, {}};
  const std::vector<std::string> names = verbs_of(verb);
  return {fmt::format("unknown command \"{}\"{}", word, did_you_mean(word, names)), word,
          nearest_name(word, names)};
}

// The typed words with the one that was meant, when that is a command; otherwise the help of the verb.
std::string advice(const CommandLine& typed, const std::vector<std::string>& words, const Extra& extra) {
  if (extra.near.empty()) return typed.help();
  std::vector<std::string> meant = words;
  for (std::string& word : meant) {
    const bool option = word.rfind(extra.word + "=", 0) == 0;
    if (word != extra.word && !option) continue;
    word.replace(0, extra.word.size(), extra.near);
    break;
  }
  if (!is_command(meant)) return typed.help();
  return CommandLine(meant, {}).text(Hint::again());
}

// `apply x.json`: what is required of `option` is there, without the option. The words with it, or none.
std::vector<std::string> with_option(const CLI::App& app, const std::string& message,
                                     const std::vector<std::string>& words, const std::string& extra) {
  const std::string option = message.substr(0, message.find(' '));
  if (message != option + " is required" || extra.rfind('-', 0) == 0 || names_secret(words)) return {};
  const CLI::Option* const missing = named_verb(app).get_option_no_throw(option);
  const auto at = std::find(words.begin(), words.end(), extra);
  if (missing == nullptr || missing->get_positional() || at == words.end()) return {};
  std::vector<std::string> meant = words;
  const std::vector<std::string>& letters = missing->get_snames();
  meant.insert(meant.begin() + (at - words.begin()), letters.empty() ? option : "-" + letters.front());
  return is_command(meant) ? meant : std::vector<std::string>();
}

// "NAME (the API) is required": what an argument without dashes means.
std::string with_meaning(const CLI::App& app, const std::string& message) {
  const std::string name = message.substr(0, message.find(' '));
  if (message != name + " is required" || name.rfind('-', 0) == 0) return message;
  const CLI::Option* const missing = named_verb(app).get_option_no_throw(name);
  if (missing == nullptr || missing->get_description().empty()) return message;
  return fmt::format("{} ({}) is required", name, missing->get_description());
}

// `-o csv`: the words with a format that there is, or none.
std::vector<std::string> with_format(const std::string& message, std::vector<std::string> words) {
  const auto at = std::find(words.begin(), words.end(), "-o");
  if (message.rfind("-o must be ", 0) != 0 || at == words.end() || at + 1 == words.end()) return {};
  *(at + 1) = "json";
  return is_command(words) ? words : std::vector<std::string>();
}

int report_usage(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words) {
  std::string message = plain_usage(error.what());
  const std::vector<std::string> extras = app.remaining(true);
  const bool missing_verb =
      dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && message == "A subcommand is required";
  if (missing_verb) message = "a verb is missing";
  Extra extra;
  if (!extras.empty() && (missing_verb || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr)) {
    extra = describe_extra(app, extras.front(), missing_verb, names_secret(words));
    message = extra.message;
  }
  std::vector<std::string> meant = with_format(message, words);
  if (meant.empty() && extra.word.empty() && !extras.empty()) {
    meant = with_option(app, message, words, extras.front());
    if (!meant.empty()) message += fmt::format(" before \"{}\"", extras.front());
  }
  fmt::print(stderr, "tablegate: {}\ntry: {}\n", with_meaning(app, message),
             meant.empty() ? advice(CommandLine(words, command_of(app)), words, extra)
                           : CommandLine(meant, {}).text(Hint::again()));
  return 2;
}

int print_failure(const CommandLine& command, const Failure& failure) {
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
  add_explain(root, settings);
  add_version(root, settings);
}

// Lists a verb by its name alone, without its plural.
struct HelpText : CLI::Formatter {
  std::string make_subcommand(const CLI::App* verb) const override {
    std::stringstream text;
    CLI::detail::format_help(text, verb->get_name(), verb->get_description(), get_column_width());
    return text.str();
  }
};

// The whole command line.
struct Program {
  Program() {
    app.formatter(std::make_shared<HelpText>());
    app.set_version_flag("--version", std::string("tablegate ") + kVersion);
    app.require_subcommand(0, 1);
    app.footer(
        "Exit status: 0 done, 1 rejected, 2 wrong usage, 3 database or file system failed, 4 diff "
        "--exit-code found differences.\n"
        "Examples:\n"
        "  tablegate init --workspace demo\n"
        "  tablegate apply -f definitions/\n"
        "  tablegate explain Api\n"
        "  tablegate api test --help");
    add_verbs(root, settings);
    // `tablegate tables load` is `tablegate table load`.
    for (CLI::App* const noun : app.get_subcommands(nullptr)) {
      if (!noun->get_subcommands(nullptr).empty()) noun->alias(noun->get_name() + "s");
    }
    add_global_options(app, settings, true);
  }
  void parse(std::vector<std::string> words) {
    join_header_words(words);
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    app.parse(std::move(words));
  }

  Settings settings;
  CLI::App app{"Builds, publishes and serves HTTP APIs over tables in PostgreSQL", "tablegate"};
  Verb root{app};
};

bool is_command(const std::vector<std::string>& words) {
  Program program;
  program.app.parse_complete_callback([] { throw CLI::Success(); });
  try {
    program.parse(words);
  } catch (const CLI::Success&) {
    return true;
  } catch (const CLI::ParseError&) {
    return false;
  } catch (const Failure&) {  // an option that is not supported yet
    return false;
  }
  return false;  // no verb
}

}  // namespace

int run_program(int count, char** arguments) {
  std::vector<std::string> typed(arguments + 1, arguments + count);
  // `tablegate help api show` is `tablegate api show --help`.
  if (!typed.empty() && typed.front() == "help") {
    typed.erase(typed.begin());
    typed.emplace_back("--help");
  }
  std::optional<CommandLine> command;
  Program program;
  CLI::App& app = program.app;
  const bool parse_only = !typed.empty() && typed.front() == kParseOnly;
  if (parse_only) typed.erase(typed.begin());
  // Before the verb's callback.
  app.parse_complete_callback([&] {
    if (parse_only) throw CLI::Success();
    program.settings.command = &command.emplace(typed, command_of(app));
  });
  try {
    program.parse(typed);
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
    return report_usage(app, error, typed);
  } catch (const Failure& failure) {
    return print_failure(command ? *command : CommandLine(typed, command_of(app)), failure);
  }
  // What was to be printed must have got out: a full disk is a failure.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fmt::print(stderr, "tablegate: the output could not be written\n");
    return 3;
  }
  return 0;
}

}  // namespace tablegate::loader
