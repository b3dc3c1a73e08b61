// The verbs of `tablegate api`, one file for each group of them; api.cpp puts
// them on the command line.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/life/drafts.hpp"
#include "catalog/life/publications.hpp"
#include "catalog/lookup.hpp"
#include "cli/cli.hpp"

namespace tablegate::loader {

struct ApiOptions {
  std::vector<std::string> names;
  std::string business_process;
  std::string name;  // generate, call: of one API

  // -o json prints one object, not an array of them.
  bool single() const { return names.size() == 1; }

  std::vector<std::string> parameters;  // k=v
  bool full = false;                    // test: the whole answer
  // commit, submit, approve, reject
  std::string message;
  bool breaking = false;  // publish too
  bool allow_scan = false;
  bool explain = false;                // test
  std::optional<std::string> as_user;  // submit, approve, reject
  std::string from, to;                // diff
  std::string new_name;                // rename
  // publish
  std::optional<int> version;
  std::vector<std::string> domains;
  bool no_domain = false;
  std::optional<std::string> service;
  bool yes = false;
  std::optional<int> weight;
  // generate
  std::string table, path, from_mapper;
  std::vector<std::string> by, where, order, returned;
  bool paginate = false;
  bool script = false;
  // call
  std::string credential, consumer, gateway_url, connect_to, ca_file;
};

// "k=v" each; throws WrongUsage.
std::vector<std::pair<std::string, std::string>> read_parameters(const std::vector<std::string>& texts);

// The APIs that `names` or --business-process select; WrongUsage when neither is given.
std::vector<ApiRow> chosen_apis(Database& catalog, const Settings& settings, const ApiOptions& options);

// What publish, unpublish and their like print.
void report_publications(const Settings& settings, const ApiOptions& options,
                         const std::vector<Published>& results, const std::string& gateway);

// On stderr: what a commit found and accepted.
void print_remarks(const Settings& settings, const Version& version);

void add_api_deprecate(Verb& noun, Settings& settings, const std::shared_ptr<ApiOptions>& options);

void api_test(const Settings& settings, const ApiOptions& options);
void api_commit(const Settings& settings, const ApiOptions& options);
void api_publish(const Settings& settings, const ApiOptions& options);
void api_unpublish(const Settings& settings, const ApiOptions& options);
void api_rollback(const Settings& settings, const ApiOptions& options);
// `step`: submit, approve or reject.
void api_step(const Settings& settings, const ApiOptions& options, const std::string& step);
void api_diff(const Settings& settings, const ApiOptions& options);
void api_rename(const Settings& settings, const ApiOptions& options);
// `text`: that definitions have to contain; empty: all.
void api_list(const Settings& settings, bool pending, const std::string& text);
void api_versions(const Settings& settings, const ApiOptions& options);
void add_api_plan(Verb& noun, Settings& settings, const std::shared_ptr<ApiOptions>& options);
void api_show(const Settings& settings, const ApiOptions& options);
void api_generate(const Settings& settings, const ApiOptions& options);
void api_from_mapper(const Settings& settings, const ApiOptions& options);
void api_call(const Settings& settings, const ApiOptions& options);

}  // namespace tablegate::loader
