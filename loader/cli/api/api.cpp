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
      add_verb(noun, "test", "Run a draft through the gateway's own code and record the result",
               "  tablegate api test 'Query User by User ID'\n"
               "  tablegate api test 'Query User by User ID' --param user_id=10002 -o json\n"
               "  tablegate api test --business-process 'User Query Service'");
  take_names(*test, options);
  take_parameters(*test, options);
  test->add_flag("--full", options->full, "print the whole answer, however long");
  test->add_flag("--explain", options->explain, "print the statement that was run and its bound values");
  test->callback([&settings, options] { api_test(settings, *options); });

  Verb* const commit = add_verb(noun, "commit", "Create a version of a draft that passed its test",
                                "  tablegate api commit 'Query User by User ID' -m 'first version'\n"
                                "  tablegate api commit --business-process 'User Query Service'");
  take_names(*commit, options);
  commit->add_option("-m,--message", options->message, "message that is stored with the version");
  commit->add_flag("--breaking", options->breaking,
                   "allow changes that break callers of the previous version");
  commit->add_flag("--allow-scan", options->allow_scan,
                   "allow calls that read a whole table of more than 10,000 rows");
  commit->callback([&settings, options] { api_commit(settings, *options); });
}

void add_publications(Verb& noun, Settings& settings, const SharedOptions& options) {
  Verb* const publish =
      add_verb(noun, "publish", "Publish a version on a gateway instance",
               "  tablegate api publish 'Query User by User ID'\n"
               "  tablegate api publish 'Query User by User ID' --version 1 --domain api.example.com --yes\n"
               "  tablegate api publish 'Query User by User ID' --version 2 --weight 10");
  take_names(*publish, options);
  publish->add_option("--version", options->version, "the version (default: the latest)")
      ->check(positive_number());
  Option* const domain =
      publish->add_option("--domain", options->domains, "domain of the REST API (default: unchanged)")
          ->allow_extra_args(false);
  Option* const no_domain =
      publish->add_flag("--no-domain", options->no_domain, "answer on any host")->excludes(domain);
  Option* const service = publish->add_option("--service", options->service,
                                              "service of the gateway instance (default: unchanged)");
  Option* const weight =
      publish
          ->add_option("--weight", options->weight,
                       "percent of consumers that get this version, others the published one (default: 100)")
          ->check(between(1, 100));
  for (Option* const other : {domain, service, no_domain}) weight->excludes(other);
  publish->add_flag("--yes", options->yes, "allow that published APIs change or lose hosts");
  publish->add_flag("--breaking", options->breaking,
                    "allow changes that break callers of the served version");
  add_wait(*publish, settings);
  publish->callback([&settings, options] { api_publish(settings, *options); });

  Verb* const unpublish = add_verb(noun, "unpublish", "Remove an API from a gateway instance",
                                   "  tablegate api unpublish 'Query User by User ID'\n"
                                   "  tablegate api unpublish 'Query User by User ID' --version 2");
  take_names(*unpublish, options);
  unpublish->add_option("--version", options->version, "remove only the canary with this version")
      ->check(positive_number());
  unpublish->add_flag("--yes", options->yes, "also if it was called in the last 7 days");
  add_wait(*unpublish, settings);
  unpublish->callback([&settings, options] { api_unpublish(settings, *options); });
  add_api_deprecate(noun, settings, options);
}

void add_rollback(Verb& noun, Settings& settings, const SharedOptions& options) {
  Verb* const rollback = add_verb(noun, "rollback", "Publish the previous version again, in one step",
                                  "  tablegate api rollback 'Query User by User ID'\n"
                                  "  tablegate api rollback 'Query User by User ID' --version 1");
  take_names(*rollback, options);
  rollback
      ->add_option("--version", options->version,
                   "a version published here before (default: the previous one)")
      ->check(positive_number());
  add_wait(*rollback, settings);
  rollback->callback([&settings, options] { api_rollback(settings, *options); });
}

void add_steps(Verb& noun, Settings& settings, const SharedOptions& options) {
  for (const auto& [name, text] : {std::pair{"submit", "Submit a version for approval"},
                                   {"approve", "Approve a version that another user submitted"},
                                   {"reject", "Reject a version that another user submitted"}}) {
    Verb* const step =
        add_verb(noun, name, text,
                 fmt::format("  tablegate api {0} 'Query User by User ID'\n"
                             "  tablegate api {0} 'Query User by User ID' --version 2 -m 'ticket 4711'",
                             name));
    take_names(*step, options);
    step->add_option("--version", options->version,
                     "the version (default: the latest that waits for this step)")
        ->check(positive_number());
    step->add_option("-m,--message", options->message, "the reason, kept in the audit");
    step->add_option("--as", options->as_user,
                     "act for this user (superusers and members of tablegate_owner)")
        ->type_name("USER");
    step->callback([&settings, options, name = std::string(name)] { api_step(settings, *options, name); });
  }
}

void add_changes(Verb& noun, Settings& settings, const SharedOptions& options) {
  Verb* const diff = add_verb(noun, "diff", "Show the differences between two versions of an API",
                              "  tablegate api diff 'Query User by User ID' 1 2\n"
                              "  tablegate api diff 'Query User by User ID' 2 draft -o json");
  take_name(*diff, options);
  diff->add_option("A", options->from, "a version, or draft")->required();
  diff->add_option("B", options->to, "another version, or draft")->required();
  diff->callback([&settings, options] { api_diff(settings, *options); });

  Verb* const rename = add_verb(noun, "rename", "Rename an API; everything else remains",
                                "  tablegate api rename 'Query User by User ID' 'User by ID'");
  take_name(*rename, options);
  rename->add_option("NEW", options->new_name, "its new name")->required();
  add_wait(*rename, settings);
  rename->callback([&settings, options] { api_rename(settings, *options); });
}

void add_reports(Verb& noun, Settings& settings, const SharedOptions& options) {
  Verb* const list = add_verb(noun, "list", "List APIs with their drafts, versions and publications",
                              "  tablegate api list\n  tablegate api list -o json");
  const auto pending = std::make_shared<bool>(false);
  list->add_flag("--pending", *pending, "only APIs with a version that waits for approval");
  const auto text = std::make_shared<std::string>();
  list->add_option("--grep", *text, "only APIs whose definition or script contains this text")
      ->type_name("TEXT");
  list->callback([&settings, pending, text] { api_list(settings, *pending, *text); });

  Verb* const versions = add_verb(noun, "versions", "List the versions of APIs",
                                  "  tablegate api versions 'Query User by User ID' -o json\n"
                                  "  tablegate api versions --business-process 'User Query Service'");
  take_names(*versions, options);
  versions->callback([&settings, options] { api_versions(settings, *options); });

  Verb* const show = add_verb(noun, "show", "Show address, parameters, authentication and a curl command",
                              "  tablegate api show 'Query User by User ID'\n"
                              "  tablegate api show --business-process 'User Query Service' -o json");
  take_names(*show, options);
  show->callback([&settings, options] { api_show(settings, *options); });
}

void add_wizard(Verb& noun, Settings& settings, const SharedOptions& options) {
  Verb* const generate =
      add_verb(noun, "generate", "Print a definition for a loaded table",
               "  tablegate api generate 'Query User by User ID' --business-process "
               "'User Query Service' --table user_info --path /user/info\n"
               "  tablegate api generate 'Users by Age' --business-process 'User "
               "Query Service' --table user_info --path /user/age --by age\n"
               "      --return user_id --return user_name | tablegate apply -f -\n"
               "  tablegate api generate 'Users' --business-process 'User Query Service' "
               "--table user_info --path /users\n"
               "      --where 'age>=:min_age' --where 'age<:max_age?' --where 'user_name LIKE "
               ":pattern?' --order age:desc --paginate");
  take_name(*generate, options);
  generate->add_option("--business-process", options->business_process, "its business process")->required();
  Option* const table = generate->add_option("--table", options->table, "a loaded table");
  generate->add_option("--path", options->path, "its path")->required();
  generate
      ->add_option(
          "--from-mapper", options->from_mapper,
          "a MyBatis mapper and the id of its <select>, in place of --table: a definition in mode script")
      ->excludes(table)
      ->type_name("FILE#ID");
  generate->add_option("--by", options->by, "a column to query by (default: the primary key)")
      ->allow_extra_args(false)
      ->type_name("COL");
  generate
      ->add_option("--where", options->where,
                   "a condition, for example 'age>=:min_age' or 'id IN :ids'; :NAME? is optional")
      ->allow_extra_args(false)
      ->type_name("COND");
  generate->add_option("--order", options->order, "a column to sort by, COL, COL:asc or COL:desc")
      ->allow_extra_args(false)
      ->type_name("COL");
  generate->add_flag("--paginate", options->paginate, "answer in pages");
  generate->add_flag("--script", options->script, "print it as a script, SQL with tags");
  generate->add_option("--return", options->returned, "a column to return (default: all)")
      ->allow_extra_args(false)
      ->type_name("COL");
  generate->callback([&settings, options] {
    if (!options->from_mapper.empty()) return api_from_mapper(settings, *options);
    if (options->table.empty())
      throw WrongUsage("--table is required", Hint::again().add("--table", "TABLE"));
    api_generate(settings, *options);
  });
}

void add_call(Verb& noun, Settings& settings, const SharedOptions& options) {
  Verb* const call = add_verb(
      noun, "call", "Call a published API as its clients do",
      "  tablegate api call 'Query User by User ID' --credential key.txt\n"
      "  echo $KEY | tablegate api call 'Query User by User ID' --param user_id=10002 --credential -\n"
      "  tablegate api call 'Query User by User ID' --consumer partner-a");
  take_name(*call, options);
  take_parameters(*call, options);
  call->add_option(
          "--credential", options->credential,
          "file with an API key, access_key:secret, a token, or a private key (JWK, PEM) to sign one")
      ->type_name("FILE|-");
  call->add_option("--gateway-url", options->gateway_url,
                   "base URL (default: the domain's or the gateway's address)");
  call->add_option("--connect-to", options->connect_to, "connect to this address instead of the URL's host")
      ->type_name("HOST:PORT");
  call->add_option("--cacert", options->ca_file, "certificate authorities to trust")->type_name("FILE");
  call->add_option(
      "--consumer", options->consumer,
      "consumer whose JWT setting the token follows; without --credential: sign with its stored secret");
  call->callback([&settings, options] { api_call(settings, *options); });
}

}  // namespace

std::vector<std::pair<std::string, std::string>> read_parameters(const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw WrongUsage(fmt::format("--param requires NAME=VALUE, not \"{}\"", text), Hint());
    }
    parameters.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return parameters;
}

std::vector<ApiRow> chosen_apis(Database& catalog, const Settings& settings, const ApiOptions& options) {
  if (options.names.empty() == options.business_process.empty()) {
    throw WrongUsage("name APIs, or use --business-process P", Hint::command({"api", "list"}));
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
  add_api_plan(*noun, settings, options);
  add_call(*noun, settings, options);
  add_rollback(*noun, settings, options);
  add_steps(*noun, settings, options);
  add_changes(*noun, settings, options);
}

}  // namespace tablegate::loader
