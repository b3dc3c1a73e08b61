// `tablegate consumer ...`: callers, their keys and what they may call. A key is
// printed once, when it is made.
#include <fmt/format.h>

#include <memory>

#include "catalog/consumers.hpp"
#include "catalog/definition.hpp"
#include "catalog/iso_time.hpp"
#include "cli/cli.hpp"
#include "cli/output.hpp"

namespace tablegate::loader {
namespace {

struct ConsumerOptions {
  std::string name, key_id, at, api, rest_api;
  std::string type = "api_key", label, not_before, expires, from_file;
};

constexpr const char* kIso = "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'";

void report(const Settings& settings, const std::string& name, bool done, const std::string& action) {
  if (settings.json) {
    print_action(name, done ? action : "unchanged");
  } else if (!settings.quiet) {
    print_line(done ? fmt::format("consumer {}: {}", name, action) : "unchanged");
  }
}

Rows keys_of(Database& catalog, const std::string& consumer_id) {
  return catalog.query(
      fmt::format(
          "SELECT key_id, label, to_char(not_before, {0}), to_char(expires, {0}), to_char(created_at, {0}),"
          " CASE WHEN expires <= now() THEN 'expired' WHEN not_before > now() THEN 'not yet valid' ELSE "
          "'valid' END"
          " FROM tablegate.api_key WHERE consumer_id = $1 ORDER BY created_at, key_id",
          kIso),
      {consumer_id});
}

void write_keys(JsonOutput& json, const Rows& keys) {
  json.key("keys").begin_array();
  for (int i = 0; i < keys.size(); ++i) {
    json.begin_object()
        .key("id")
        .text(keys.text(i, 0))
        .key("type")
        .text("api_key")
        .key("label")
        .text(keys.text(i, 1));
    for (const auto& [name, column] : {std::pair{"not_before", 2}, {"expires", 3}, {"created_at", 4}}) {
      json.key(name);
      keys.null(i, column) ? json.null() : json.text(keys.text(i, column));
    }
    json.key("state").text(keys.text(i, 5)).end_object();
  }
  json.end_array();
}

void list(const Settings& settings) {
  Database catalog = settings.open_catalog();
  const Rows rows = catalog.query(
      "SELECT c.name, c.enabled, coalesce(w.name, ''), (SELECT count(*) FROM tablegate.api_key k WHERE "
      "k.consumer_id = c.consumer_id),"
      " (SELECT count(*) FROM tablegate.authorization z WHERE z.consumer_id = c.consumer_id)"
      " FROM tablegate.consumer c LEFT JOIN tablegate.workspace w USING (workspace_id) ORDER BY c.name "
      "COLLATE \"C\"");
  if (settings.json) {
    JsonOutput json;
    json.begin_array();
    for (int i = 0; i < rows.size(); ++i) {
      json.begin_object()
          .key("name")
          .text(rows.text(i, 0))
          .key("enabled")
          .boolean(rows.boolean(i, 1))
          .key("workspace");
      rows.text(i, 2).empty() ? json.null() : json.text(rows.text(i, 2));
      json.key("keys")
          .number(rows.integer(i, 3))
          .key("authorizations")
          .number(rows.integer(i, 4))
          .end_object();
    }
    return json.end_array().print();
  }
  std::vector<std::vector<std::string>> table = {{"NAME", "STATE", "KEYS", "AUTHORISED FOR"}};
  for (int i = 0; i < rows.size(); ++i) {
    table.push_back({rows.string(i, 0), rows.boolean(i, 1) ? "enabled" : "disabled", rows.string(i, 3),
                     rows.text(i, 2).empty()
                         ? plural(static_cast<size_t>(rows.integer(i, 4)), "authorisation")
                         : "all APIs of workspace " + rows.string(i, 2)});
  }
  print_table(table);
}

void show(const Settings& settings, const std::string& name) {
  Database catalog = settings.open_catalog();
  const Consumer consumer = find_consumer(catalog, name);
  const Rows keys = keys_of(catalog, consumer.id);
  const Rows grants = catalog.query(
      "SELECT a.name, r.name FROM tablegate.authorization z LEFT JOIN tablegate.api a USING (api_id)"
      " LEFT JOIN tablegate.rest_api r ON r.rest_api_id = z.rest_api_id WHERE z.consumer_id = $1 ORDER BY 1, "
      "2",
      {consumer.id});
  if (settings.json) {
    JsonOutput json;
    json.begin_object().key("name").text(name).key("enabled").boolean(consumer.enabled).key("workspace");
    consumer.workspace.empty() ? json.null() : json.text(consumer.workspace);
    write_keys(json, keys);
    json.key("authorizations").begin_array();
    for (int i = 0; i < grants.size(); ++i) {
      const bool api = !grants.null(i, 0);
      json.begin_object().key(api ? "api" : "rest_api").text(grants.text(i, api ? 0 : 1)).end_object();
    }
    return json.end_array().end_object().print();
  }
  print_line(fmt::format("consumer {} ({})", name, consumer.enabled ? "enabled" : "disabled"));
  if (!consumer.workspace.empty()) print_line("authorised for all APIs of workspace " + consumer.workspace);
  for (int i = 0; i < grants.size(); ++i) {
    print_line(grants.null(i, 0) ? "authorised for all APIs of REST API " + grants.string(i, 1)
                                 : "authorised for API " + grants.string(i, 0));
  }
  std::vector<std::vector<std::string>> table = {
      {"KEY ID", "TYPE", "LABEL", "STATE", "NOT BEFORE", "EXPIRES", "CREATED"}};
  const auto or_dash = [&](int row, int column) {
    return keys.text(row, column).empty() ? std::string("-") : keys.string(row, column);
  };
  for (int i = 0; i < keys.size(); ++i) {
    table.push_back({keys.string(i, 0), "api_key", or_dash(i, 1), keys.string(i, 5), or_dash(i, 2),
                     or_dash(i, 3), keys.string(i, 4)});
  }
  if (!keys.empty()) print_table(table);
  if (keys.empty()) print_line("no key");
}

void add_key(const Settings& settings, const ConsumerOptions& options) {
  if (options.type != "api_key")
    throw Refused(fmt::format("--type {} is not supported yet (supported: api_key)", options.type));
  KeyRequest request;
  request.label = options.label;
  if (!options.not_before.empty()) request.not_before = read_iso_time(options.not_before, "--not-before");
  if (!options.expires.empty()) request.expires = read_iso_time(options.expires, "--expires");
  if (!options.from_file.empty()) {
    request.imported = read_file(options.from_file, 4096);
    if (!request.imported->empty() && request.imported->back() == '\n') request.imported->pop_back();
  }
  Database catalog = settings.open_catalog();
  const NewKey key = add_api_key(catalog, find_consumer(catalog, options.name), request);
  if (settings.json) {
    JsonOutput json;
    json.begin_object()
        .key("id")
        .text(key.id)
        .key("type")
        .text("api_key")
        .key("api_key")
        .text(key.api_key)
        .end_object()
        .print();
  } else if (settings.quiet) {
    print_line(key.api_key);
  } else {
    print_table({{"id", key.id}, {"api_key", key.api_key}});
    fmt::print(stderr, "The key is shown this once; the catalog keeps its SHA-256 only.\n");
  }
}

void revoke(const Settings& settings, const ConsumerOptions& options) {
  Database catalog = settings.open_catalog();
  std::optional<std::string> at;
  if (!options.at.empty()) at = read_iso_time(options.at, "--at");
  const bool done = revoke_key(catalog, find_consumer(catalog, options.name), options.key_id, at);
  report(settings, options.name, done,
         at ? "key " + options.key_id + " expires " + *at : "key " + options.key_id + " revoked");
}

void grant(const Settings& settings, const ConsumerOptions& options, bool allow) {
  Database catalog = settings.open_catalog();
  const Consumer consumer = find_consumer(catalog, options.name);
  const Workspace workspace = options.api.empty() ? Workspace{} : find_workspace(catalog, settings.workspace);
  const bool done =
      (allow ? authorize : deauthorize)(catalog, consumer, workspace, options.api, options.rest_api);
  const std::string target = options.api.empty() ? "REST API " + options.rest_api : "API " + options.api;
  report(settings, options.name, done, (allow ? "authorised for " : "no longer authorised for ") + target);
}

void change(const Settings& settings, const std::string& name, const std::string& verb) {
  Database catalog = settings.open_catalog();
  if (verb == "create") return report(settings, name, create_consumer(catalog, name), "created");
  const Consumer consumer = find_consumer(catalog, name);
  if (verb == "delete") {
    delete_consumer(catalog, consumer);
    return report(settings, name, true, "deleted");
  }
  report(settings, name, enable_consumer(catalog, consumer, verb == "enable"), verb + "d");
}

using SharedOptions = std::shared_ptr<ConsumerOptions>;

CLI::App* add_verb(CLI::App& noun, const SharedOptions& options, const std::string& name,
                   const std::string& text, const std::string& example) {
  CLI::App* const verb = noun.add_subcommand(name, text);
  if (name != "list") verb->add_option("NAME", options->name, "the consumer")->required();
  verb->footer("Examples:\n  tablegate consumer " + example);
  return verb;
}

void add_key_verbs(CLI::App& noun, Settings& settings, const SharedOptions& options) {
  CLI::App* const adding = add_verb(noun, options, "add-key", "Make or import a key; it is printed once",
                                    "add-key partner-a --label 2027 --expires 2028-01-01T00:00:00Z\n"
                                    "  tablegate consumer add-key partner-a --from-file key.txt");
  adding->add_option("--type", options->type, "api_key")->check(CLI::IsMember({"api_key", "hmac"}));
  adding->add_option("--label", options->label, "a text for people");
  adding->add_option("--not-before", options->not_before, "ISO 8601 time with an offset");
  adding->add_option("--expires", options->expires, "ISO 8601 time with an offset");
  adding->add_option("--from-file", options->from_file, "a key of yours: 24 to 256 visible ASCII characters")
      ->type_name("FILE|-");
  add_later_option(*adding, "--profile");
  adding->callback([&settings, options] { add_key(settings, *options); });

  CLI::App* const revoking = add_verb(noun, options, "revoke-key", "Take a key away, now or at a time",
                                      "revoke-key partner-a ak_0123456789abcdef");
  revoking->add_option("ID", options->key_id, "the key's id, from consumer show")->required();
  revoking->add_option("--at", options->at, "ISO 8601 time with an offset");
  revoking->callback([&settings, options] { revoke(settings, *options); });
}

}  // namespace

void add_consumer(CLI::App& app, Settings& settings) {
  CLI::App* const noun = app.add_subcommand("consumer", "Callers, their keys and what they may call");
  noun->require_subcommand(1);
  noun->footer(
      "Examples:\n  tablegate consumer create partner-a\n  tablegate consumer add-key partner-a\n  tablegate "
      "consumer authorize partner-a --rest-api user-api");
  const auto options = std::make_shared<ConsumerOptions>();
  for (const auto& [name, text] : {std::pair{"create", "Make a consumer"},
                                   {"enable", "Let a consumer call again"},
                                   {"disable", "Refuse a consumer's calls, keeping its keys"},
                                   {"delete", "Delete a consumer with its keys and authorisations"}}) {
    add_verb(*noun, options, name, text, std::string(name) + " partner-a")
        ->callback([&settings, options, verb = std::string(name)] { change(settings, options->name, verb); });
  }
  add_verb(*noun, options, "list", "List consumers", "list")->callback([&settings] { list(settings); });
  add_verb(*noun, options, "show", "A consumer's keys and authorisations", "show partner-a")
      ->callback([&settings, options] { show(settings, options->name); });
  add_key_verbs(*noun, settings, options);
  for (const bool allow : {true, false}) {
    const std::string name = allow ? "authorize" : "deauthorize";
    CLI::App* const verb = add_verb(
        *noun, options, name, allow ? "Let a consumer call an API or all of a REST API" : "Take that back",
        fmt::format("{0} partner-a --api 'Query User by User ID'\n  tablegate consumer {0} partner-a "
                    "--rest-api user-api",
                    name));
    CLI::Option_group* const target = verb->add_option_group("target");
    target->add_option("--api", options->api, "an API of the workspace");
    target->add_option("--rest-api", options->rest_api, "all APIs of a REST API");
    target->require_option(1);
    verb->callback([&settings, options, allow] { grant(settings, *options, allow); });
  }
  for (CLI::App* const verb : noun->get_subcommands(nullptr)) {
    if (verb->get_name() != "list" && verb->get_name() != "show") add_later_wait(*verb);
  }
  add_later_verb(*noun, "set-jwt", "consumer set-jwt");
}

}  // namespace tablegate::loader
