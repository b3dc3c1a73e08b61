// `tablegate consumer ...`: callers and what they may call, and where the verbs of
// their credentials stand on the command line.
#include <fmt/format.h>

#include <memory>

#include "catalog/credentials/consumers.hpp"
#include "cli/cli.hpp"
#include "cli/consumer/consumer_verbs.hpp"
#include "cli/output.hpp"
#include "cli/served.hpp"

namespace tablegate::loader {

void report_consumer(const Settings& settings, const std::string& name, bool done,
                     const std::string& action) {
  if (settings.json) {
    print_action(name, done ? action : "unchanged");
  } else if (!settings.quiet) {
    print_line(done ? fmt::format("consumer {}: {}", name, action) : "unchanged");
  }
}

namespace {

void grant(const Settings& settings, const ConsumerOptions& options, bool allow) {
  Database catalog = settings.open_catalog();
  const Consumer consumer = find_consumer(catalog, options.name);
  const Workspace workspace = options.api.empty() ? Workspace{} : find_workspace(catalog, settings.workspace);
  const bool done = (allow ? authorize : deauthorize)(catalog, consumer, workspace, options.api,
                                                      {options.rest_api, options.rest_api_version});
  const std::string version = options.rest_api_version.empty() ? "" : " " + options.rest_api_version;
  const std::string target =
      options.api.empty() ? "REST API " + options.rest_api + version : "API " + options.api;
  report_consumer(settings, options.name, done,
                  (allow ? "authorized for " : "no longer authorized for ") + target);
  report_served(settings, catalog, {}, done && !allow ? "the consumer can still call it" : "");
}

void change_one(const Settings& settings, Database& catalog, const std::string& name,
                const std::string& verb) {
  if (verb == "create") return report_consumer(settings, name, create_consumer(catalog, name), "created");
  const Consumer consumer = find_consumer(catalog, name);
  if (verb == "delete") {
    delete_consumer(catalog, consumer);
    return report_consumer(settings, name, true, "deleted");
  }
  report_consumer(settings, name, enable_consumer(catalog, consumer, verb == "enable"), verb + "d");
}

void change(const Settings& settings, const std::string& name, const std::string& verb) {
  Database catalog = settings.open_catalog();
  change_one(settings, catalog, name, verb);
  const bool ends = verb == "disable" || verb == "delete";
  report_served(settings, catalog, {}, ends ? "its keys still work" : "");
}

using SharedConsumerOptions = std::shared_ptr<ConsumerOptions>;

Verb* add_consumer_verb(Verb& noun, const SharedConsumerOptions& options, const std::string& name,
                        const std::string& text, const std::string& example) {
  Verb* const verb = noun.add_subcommand(name, text);
  if (name != "list") verb->add_option("NAME", options->name, "the consumer")->required();
  verb->footer("Examples:\n  tablegate consumer " + example);
  return verb;
}

void add_key_verbs(Verb& noun, Settings& settings, const SharedConsumerOptions& options) {
  Verb* const adding =
      add_consumer_verb(noun, options, "add-key", "Create or import a key; it is printed only once",
                        "add-key partner-a --label 2027 --expires 2028-01-01T00:00:00Z\n"
                        "  tablegate consumer add-key partner-a --from-file key.txt\n"
                        "  tablegate consumer add-key partner-a --type hmac");
  adding->add_option("--type", options->type, "api_key")->check(one_of({"api_key", "hmac"}));
  adding->add_option("--label", options->label, "a description of the key");
  adding->add_option("--not-before", options->not_before, "ISO 8601 time with an offset");
  adding->add_option("--expires", options->expires, "ISO 8601 time with an offset");
  adding
      ->add_option("--from-file", options->from_file,
                   "import this key: 24 to 256 visible ASCII characters; hmac: access_key:secret")
      ->type_name("FILE|-");
  adding
      ->add_option("--profile", options->profile,
                   "which form of the query an HMAC signature covers (default: classic)")
      ->check(one_of({"classic", "raw-query"}));
  adding->callback([&settings, options] { consumer_add_key(settings, *options); });

  Verb* const revoking = add_consumer_verb(noun, options, "revoke-key", "Revoke a key, now or at a time",
                                           "revoke-key partner-a ak_0123456789abcdef");
  revoking->add_option("ID", options->key_id, "the key's id, from consumer show")->required();
  revoking->add_option("--at", options->at, "ISO 8601 time with an offset (default: now)");
  revoking->callback([&settings, options] { consumer_revoke_key(settings, *options); });
}

void add_jwt_verbs(Verb& noun, Settings& settings, const SharedConsumerOptions& options) {
  Verb* const setting = add_consumer_verb(
      noun, options, "set-jwt", "Set which tokens identify a consumer, replacing the previous setting",
      "set-jwt partner-a --jwks keys.json --issuer https://issuer.example --claim sub=partner-a\n"
      "  tablegate consumer set-jwt partner-a --pem public.pem --alg RS256 --require-exp\n"
      "  tablegate consumer set-jwt partner-a --secret-file secret.txt --alg HS256 --source query:token");
  setting->add_option("--jwks", options->jwks, "a JWK Set: public keys, or symmetric ones")
      ->type_name("FILE|-");
  setting->add_option("--pem", options->pem, "a public key or a certificate")->type_name("FILE");
  setting
      ->add_option("--secret-file", options->secret_file, "a shared secret; one line end after it is ignored")
      ->type_name("FILE");
  setting->add_option("--alg", options->algorithm, "HS256 to EdDSA, with --pem or --secret-file");
  setting->add_option("--kid", options->kid, "the key's id in tokens, with --pem");
  setting->add_option("--issuer", options->issuer, "required value of \"iss\"");
  setting->add_option("--audience", options->audience, "required value of \"aud\" or of one of its items");
  setting->add_option("--claim", options->claim, "required value of a claim (without NAME: of uid)")
      ->type_name("NAME=VALUE");
  setting->add_option("--leeway", options->leeway, "tolerated clock difference in seconds (default: 60)")
      ->check(between(0, 3600));
  setting->add_flag("--require-exp", options->require_exp, "reject tokens without \"exp\"");
  setting
      ->add_option("--source", options->source,
                   "where the token is sent (default: header:Authorization:Bearer)")
      ->type_name("header:NAME[:PREFIX]|query:NAME|cookie:NAME");
  setting->callback([&settings, options] { consumer_set_jwt(settings, *options); });

  add_consumer_verb(noun, options, "unset-jwt",
                    "Remove a consumer's JWT setting, so that no token identifies it", "unset-jwt partner-a")
      ->callback([&settings, options] { consumer_unset_jwt(settings, *options); });
}

}  // namespace

void add_consumer(Verb& app, Settings& settings) {
  Verb* const noun = app.add_subcommand("consumer", "Manage callers, their keys and what they may call");
  noun->require_subcommand(1);
  noun->footer(
      "Examples:\n  tablegate consumer create partner-a\n  tablegate consumer add-key partner-a\n  tablegate "
      "consumer authorize partner-a --rest-api user-api");
  const auto options = std::make_shared<ConsumerOptions>();
  for (const auto& [name, text] : {std::pair{"create", "Create a consumer"},
                                   {"enable", "Enable a consumer again"},
                                   {"disable", "Reject a consumer's calls, but keep its keys"},
                                   {"delete", "Delete a consumer with its keys and authorizations"}}) {
    add_consumer_verb(*noun, options, name, text, std::string(name) + " partner-a")
        ->callback([&settings, options, verb = std::string(name)] { change(settings, options->name, verb); });
  }
  add_consumer_verb(*noun, options, "list", "List consumers", "list")->callback([&settings] {
    consumer_list(settings);
  });
  add_consumer_verb(*noun, options, "show", "Show a consumer's keys, JWT setting and authorizations",
                    "show partner-a")
      ->callback([&settings, options] { consumer_show(settings, options->name); });
  add_key_verbs(*noun, settings, options);
  for (const bool allow : {true, false}) {
    const std::string name = allow ? "authorize" : "deauthorize";
    Verb* const verb = add_consumer_verb(
        *noun, options, name,
        allow ? "Allow a consumer to call an API or all APIs of a REST API" : "Withdraw that permission",
        fmt::format("{0} partner-a --api 'Query User by User ID'\n  tablegate consumer {0} partner-a "
                    "--rest-api user-api",
                    name));
    Verb* const target = verb->add_option_group("target");
    target->add_option("--api", options->api, "an API of the workspace");
    Option* const rest_api = target->add_option("--rest-api", options->rest_api, "all APIs of a REST API");
    verb->add_option("--rest-api-version", options->rest_api_version,
                     "version of the REST API if it has several")
        ->needs(rest_api);
    target->require_option(1);
    verb->callback([&settings, options, allow] { grant(settings, *options, allow); });
  }
  add_jwt_verbs(*noun, settings, options);
  for (const std::unique_ptr<Verb>& verb : noun->verbs()) {
    if (verb->name() != "list" && verb->name() != "show") add_wait(*verb, settings);
  }
}

}  // namespace tablegate::loader
