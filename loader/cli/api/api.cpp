// `tablegate api ...`: the command line of its verbs.
#include <fmt/format.h>

#include <memory>

#include "cli/api/api_verbs.hpp"
#include "cli/served.hpp"

namespace tablegate::loader {
namespace {

using SharedOptions = std::shared_ptr<ApiOptions>;

Verb* add_verb(Verb& noun, const std::string& name, const std::string& text, const std::string& examples) {
  Verb* const verb = noun.add_subcommand(name, text);
  verb->footer("Examples:\n" + examples);
  return verb;
}

void take_names(Verb& verb, const SharedOptions& options) {
  verb.add_option("NAME", options->names, "APIs");
  verb.add_option("--business-process", options->business_process, "all APIs of this business process")
      ->type_name("P");
}

void take_name(Verb& verb, const SharedOptions& options) {
  verb.add_option("NAME", options->name, "the API")->required();
}

void take_parameters(Verb& verb, const SharedOptions& options) {
  verb.add_option("--param", options->parameters, "a parameter's value (default: its sample)")
      ->type_name("K=V")
      ->allow_extra_args(false);
}

void add_drafts(Verb& noun, Settings& settings, const SharedOptions& options) {
  Verb* const test =
      add_verb(noun, "test", "Run a draft through the gateway's own code and record the outcome",
               "  tablegate api test 'Query User by User ID'\n"
               "  tablegate api test 'Query User by User ID' --param user_id=10002 -o json\n"
               "  tablegate api test --business-process 'User Query Service'");
  take_names(*test, options);
  take_parameters(*test, options);
  test->callback([&settings, options] { api_test(settings, *options); });

  Verb* const commit = add_verb(noun, "commit", "Make a version of a draft that passed its test",
                                "  tablegate api commit 'Query User by User ID' -m 'first version'\n"
                                "  tablegate api commit --business-process 'User Query Service'");
  take_names(*commit, options);
  commit->add_option("-m,--message", options->message, "what changed");
  commit->add_flag("--breaking", options->breaking, "callers of the version before may break");
  add_later_flag(*commit, "--allow-scan");
  commit->callback([&settings, options] { api_commit(settings, *options); });
}

void add_publications(Verb& noun, Settings& settings, const SharedOptions& options) {
  Verb* const publish =
      add_verb(noun, "publish", "Put a version on a gateway instance",
               "  tablegate api publish 'Query User by User ID'\n"
               "  tablegate api publish 'Query User by User ID' --version 1 --domain api.example.com --yes\n"
               "  tablegate api publish 'Query User by User ID' --version 2 --weight 10");
  take_names(*publish, options);
  publish->add_option("--version", options->version, "the version (default: the latest)")
      ->check(positive_number());
  Option* const domain =
      publish->add_option("--domain", options->domains, "domain of the REST API (default: what is there)")
          ->allow_extra_args(false);
  Option* const no_domain =
      publish->add_flag("--no-domain", options->no_domain, "answer on any host")->excludes(domain);
  Option* const service = publish->add_option("--service", options->service,
                                              "service of the gateway instance (default: what is there)");
  Option* const weight =
      publish
          ->add_option("--weight", options->weight,
                       "percent of consumers that get it beside the published version; 100: all, as without")
          ->check(between(1, 100));
  for (Option* const other : {domain, service, no_domain}) weight->excludes(other);
  publish->add_flag("--yes", options->yes, "other published APIs of the REST API may change their domains");
  publish->add_flag("--breaking", options->breaking, "callers of the version served now may break");
  add_wait(*publish, settings);
  publish->callback([&settings, options] { api_publish(settings, *options); });

  Verb* const unpublish = add_verb(noun, "unpublish", "Take an API off a gateway instance",
                                   "  tablegate api unpublish 'Query User by User ID'\n"
                                   "  tablegate api unpublish 'Query User by User ID' --version 2");
  take_names(*unpublish, options);
  unpublish->add_option("--version", options->version, "a canary's version: take only that away")
      ->check(positive_number());
  unpublish->add_flag("--yes", options->yes, "also when it was called in the last 7 days");
  add_wait(*unpublish, settings);
  unpublish->callback([&settings, options] { api_unpublish(settings, *options); });
  add_api_deprecate(noun, settings, options);
}

void add_rollback(Verb& noun, Settings& settings, const SharedOptions& options) {
  Verb* const rollback =
      add_verb(noun, "rollback", "Put the version back that was published before, in one step",
               "  tablegate api rollback 'Query User by User ID'\n"
               "  tablegate api rollback 'Query User by User ID' --version 1");
  take_names(*rollback, options);
  rollback
      ->add_option("--version", options->version,
                   "one that was on this gateway (default: the one before what it serves)")
      ->check(positive_number());
  add_wait(*rollback, settings);
  rollback->callback([&settings, options] { api_rollback(settings, *options); });
}

void add_steps(Verb& noun, Settings& settings, const SharedOptions& options) {
  for (const auto& [name, text] : {std::pair{"submit", "Ask for the approval of a version"},
                                   {"approve", "Let a version that somebody else submitted be published"},
                                   {"reject", "Send a version that somebody else submitted back"}}) {
    Verb* const step =
        add_verb(noun, name, text,
                 fmt::format("  tablegate api {0} 'Query User by User ID'\n"
                             "  tablegate api {0} 'Query User by User ID' --version 2 -m 'ticket 4711'",
                             name));
    take_names(*step, options);
    step->add_option("--version", options->version, "the version (default: the latest that waits for this)")
        ->check(positive_number());
    step->add_option("-m,--message", options->message, "why");
    step->add_option("--as", options->as_user, "in whose name: for superusers and members of tablegate_owner")
        ->type_name("USER");
    step->callback([&settings, options, name = std::string(name)] { api_step(settings, *options, name); });
  }
}

void add_changes(Verb& noun, Settings& settings, const SharedOptions& options) {
  Verb* const diff = add_verb(noun, "diff", "What differs between two versions of an API",
                              "  tablegate api diff 'Query User by User ID' 1 2\n"
                              "  tablegate api diff 'Query User by User ID' 2 draft -o json");
  take_name(*diff, options);
  diff->add_option("A", options->from, "a version or the word draft")->required();
  diff->add_option("B", options->to, "another one")->required();
  diff->callback([&settings, options] { api_diff(settings, *options); });

  Verb* const rename = add_verb(noun, "rename", "Give an API another name; it keeps everything else",
                                "  tablegate api rename 'Query User by User ID' 'User by ID'");
  take_name(*rename, options);
  rename->add_option("NEW", options->new_name, "its new name")->required();
  add_wait(*rename, settings);
  rename->callback([&settings, options] { api_rename(settings, *options); });
}

void add_reports(Verb& noun, Settings& settings, const SharedOptions& options) {
  Verb* const list = add_verb(noun, "list", "APIs with their drafts, versions and publications",
                              "  tablegate api list\n  tablegate api list -o json");
  const auto pending = std::make_shared<bool>(false);
  list->add_flag("--pending", *pending, "only those with a version that waits for approval");
  list->callback([&settings, pending] { api_list(settings, *pending); });

  Verb* const versions = add_verb(noun, "versions", "The versions of APIs",
                                  "  tablegate api versions 'Query User by User ID' -o json\n"
                                  "  tablegate api versions --business-process 'User Query Service'");
  take_names(*versions, options);
  versions->callback([&settings, options] { api_versions(settings, *options); });

  Verb* const show = add_verb(noun, "show", "Address, parameters, authentication and a ready curl",
                              "  tablegate api show 'Query User by User ID'\n"
                              "  tablegate api show --business-process 'User Query Service' -o json");
  take_names(*show, options);
  show->callback([&settings, options] { api_show(settings, *options); });
}

void add_wizard(Verb& noun, Settings& settings, const SharedOptions& options) {
  Verb* const generate = add_verb(noun, "generate", "The wizard: print a definition over a loaded table",
                                  "  tablegate api generate 'Query User by User ID' --business-process "
                                  "'User Query Service' --table user_info --path /user/info\n"
                                  "  tablegate api generate 'Users by Age' --business-process 'User "
                                  "Query Service' --table user_info --path /user/age --by age\n"
                                  "      --return user_id --return user_name | tablegate apply -f -");
  take_name(*generate, options);
  generate->add_option("--business-process", options->business_process, "its business process")->required();
  generate->add_option("--table", options->table, "a loaded table")->required();
  generate->add_option("--path", options->path, "its path")->required();
  generate->add_option("--by", options->by, "a column to ask by (default: the primary key)")
      ->allow_extra_args(false)
      ->type_name("COL");
  generate->add_option("--return", options->returned, "a column to return (default: all)")
      ->allow_extra_args(false)
      ->type_name("COL");
  generate->callback([&settings, options] { api_generate(settings, *options); });
}

void add_call(Verb& noun, Settings& settings, const SharedOptions& options) {
  Verb* const call = add_verb(
      noun, "call", "Call a published API as its clients do",
      "  tablegate api call 'Query User by User ID' --credential key.txt\n"
      "  echo $KEY | tablegate api call 'Query User by User ID' --param user_id=10002 --credential -\n"
      "  tablegate api call 'Query User by User ID' --consumer partner-a");
  take_name(*call, options);
  take_parameters(*call, options);
  call->add_option("--credential", options->credential,
                   "file with an API key, access_key:secret, a token, or a private JWK or PEM to make one")
      ->type_name("FILE|-");
  call->add_option("--gateway-url", options->gateway_url,
                   "base URL (default: the domain's or the gateway's address)");
  call->add_option("--connect-to", options->connect_to, "connect there, whatever the URL's host is")
      ->type_name("HOST:PORT");
  call->add_option("--cacert", options->ca_file, "certificate authorities to trust")->type_name("FILE");
  call->add_option("--consumer", options->consumer,
                   "whose JWT setting the token follows; alone: sign with its HMAC secret or symmetric key");
  call->callback([&settings, options] { api_call(settings, *options); });
}

}  // namespace

std::vector<std::pair<std::string, std::string>> read_parameters(const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw WrongUsage(fmt::format("--param wants NAME=VALUE, not \"{}\"", text), "--param user_id=10001");
    }
    parameters.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return parameters;
}

std::vector<ApiRow> chosen_apis(Database& catalog, const Settings& settings, const ApiOptions& options) {
  if (options.names.empty() == options.business_process.empty()) {
    throw WrongUsage("give names of APIs or --business-process P", "tablegate api list");
  }
  return find_apis(catalog, find_workspace(catalog, settings.workspace), options.names,
                   options.business_process);
}

void add_api(Verb& app, Settings& settings) {
  Verb* const noun = app.add_subcommand("api", "Test, commit, publish and call APIs");
  noun->require_subcommand(1);
  noun->footer(
      "Examples:\n"
      "  tablegate api test 'Query User by User ID'\n"
      "  tablegate api commit 'Query User by User ID'\n"
      "  tablegate api publish 'Query User by User ID'");
  const auto options = std::make_shared<ApiOptions>();
  add_wizard(*noun, settings, options);
  add_drafts(*noun, settings, options);
  add_publications(*noun, settings, options);
  add_reports(*noun, settings, options);
  add_call(*noun, settings, options);
  add_rollback(*noun, settings, options);
  add_steps(*noun, settings, options);
  add_changes(*noun, settings, options);
}

}  // namespace tablegate::loader
