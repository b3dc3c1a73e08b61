// `tablegate api test|commit|publish|unpublish`: the life of an API. One name
// gives one JSON object, --business-process or several names give an array.
#include <fmt/format.h>

#include "catalog/life/draft_states.hpp"
#include "catalog/life/drafts.hpp"
#include "catalog/life/publications.hpp"
#include "catalog/life/rollback.hpp"
#include "cli/api/api_verbs.hpp"
#include "cli/cut_text.hpp"
#include "cli/output.hpp"
#include "cli/served.hpp"

namespace tablegate::loader {
namespace {

void begin(JsonOutput& json, const ApiOptions& options) {
  if (!options.single()) json.begin_array();
}

void finish(JsonOutput& json, const ApiOptions& options) {
  if (!options.single()) json.end_array();
  json.print();
}

// What people read of an answer; -o json has all of it.
constexpr size_t kShownAnswer = 2000;  // bytes

void print_answer(const std::string& answer, bool full) {
  if (full || answer.size() <= kShownAnswer) return print_line("  " + answer);
  const std::string_view shown = cut_text(answer, kShownAnswer);
  print_line(fmt::format("  {}...", shown));
  print_line(fmt::format("  ({} of {} bytes of the answer; --full shows all)", shown.size(), answer.size()));
}

void report_test(const std::string& name, const TestOutcome& outcome, const Settings& settings, bool full) {
  if (!settings.quiet) {
    print_line(fmt::format("{}: {} ({}, {:.1f} ms)", name, outcome.passed ? "passed" : "failed",
                           outcome.status, outcome.duration_ms));
    print_answer(outcome.response, full);
  }
  if (outcome.passed && outcome.empty)
    fmt::print(stderr, "warning: \"{}\" found no row; --param NAME=VALUE tests with other values\n", name);
  if (outcome.truncated > 0)
    fmt::print(stderr, "warning: \"{}\": more rows matched than max_records {}; the others are left out\n",
               name, outcome.truncated);
  if (!outcome.detail.empty()) fmt::print(stderr, "  {}\n", outcome.detail);
}

void print_statement(const TestOutcome& outcome) {
  if (outcome.statement.empty()) return print_line("  no statement was run");
  print_line("  " + outcome.statement);
  for (size_t i = 0; i < outcome.values.size(); ++i) {
    const TestValue& value = outcome.values[i];
    print_line(fmt::format("  ${} = {} ({})", i + 1, value.text.value_or("-"), value.name));
  }
}

void write_statement(JsonOutput& json, const TestOutcome& outcome) {
  json.key("statement").text_or_null(outcome.statement);
  json.array("values", [&] {
    for (const TestValue& value : outcome.values) {
      json.object([&] {
        json.text("name", value.name);
        json.key("value").text(value.text);
      });
    }
  });
}

// "version 2 for 10 % of consumers on G", "off G".
std::string words_of(const Published& result, const std::string& gateway) {
  if (!result.version) return "off " + gateway;
  const std::string share = result.weight < 100 ? fmt::format(" for {} % of consumers", result.weight) : "";
  return fmt::format("version {}{} on {}", *result.version, share, gateway);
}

}  // namespace

void print_remarks(const Settings& settings, const Version& version) {
  if (settings.quiet) return;
  for (const std::string& note : version.notes) fmt::print(stderr, "note: {}\n", note);
  for (const std::string& warning : version.warnings) fmt::print(stderr, "warning: {}\n", warning);
}

void report_publications(const Settings& settings, const ApiOptions& options,
                         const std::vector<Published>& results, const std::string& gateway) {
  if (settings.json) {
    JsonOutput json;
    begin(json, options);
    for (const Published& result : results) {
      json.begin_object().key("name").text(result.name).key("version");
      result.version ? json.number(*result.version) : json.null();
      json.key("gateway").text(gateway).key("publication").number(result.publication).end_object();
    }
    return finish(json, options);
  }
  if (settings.quiet) return;
  for (const Published& result : results) {
    const std::string what = words_of(result, gateway);
    print_line(result.unchanged
                   ? fmt::format("{}: unchanged ({})", result.name, what)
                   : fmt::format("{}: {}, publication {}", result.name, what, result.publication));
  }
}

// The same call with this parameter's value to be chosen.
Hint with_other_value(const ApiOptions& options, const std::string& api, const std::string& parameter) {
  if (!options.single()) return Hint::command({"api", "test", api}).add("--param", parameter + "=VALUE");
  for (const std::string& given : options.parameters) {
    if (given.compare(0, parameter.size() + 1, parameter + "=") == 0)
      return Hint::again().replace(given, parameter + "=VALUE");
  }
  return Hint::again().add("--param", parameter + "=VALUE");
}

void api_test(const Settings& settings, const ApiOptions& options) {
  const auto parameters = read_parameters(options.parameters);
  Database catalog = settings.open_catalog();
  const std::vector<ApiRow> apis = chosen_apis(catalog, settings, options);
  JsonOutput json;
  begin(json, options);
  std::vector<std::string> failed;
  std::vector<std::string> missing;  // of the first API that lacks samples
  Hint with_samples;
  Hint next = Hint::command({"table", "status"});  // of the first that failed
  std::string wrong;
  ApiTester tester(settings.mirror_dsn());
  for (const ApiRow& api : apis) {
    const TestOutcome outcome = test_draft(catalog, api, parameters, tester);
    if (!outcome.passed && failed.empty() && outcome.status < 500)
      next = Hint::command({"api", "show", api.name});
    if (!outcome.wrong.empty() && wrong.empty()) {
      if (failed.empty()) next = with_other_value(options, api.name, outcome.wrong);
      wrong = fmt::format(": the value of parameter \"{}\" is not valid", outcome.wrong);
    }
    if (!outcome.passed) failed.push_back(api.name);
    if (missing.empty() && !outcome.missing.empty()) {
      missing = outcome.missing;
      with_samples = options.single() ? Hint::again() : Hint::command({"api", "test", api.name});
    }
    json.begin_object()
        .key("name")
        .text(api.name)
        .key("passed")
        .boolean(outcome.passed)
        .key("status")
        .number(outcome.status);
    json.key("duration_ms")
        .raw(fmt::format("{:.3f}", outcome.duration_ms))
        .key("response")
        .raw(outcome.response);
    if (outcome.truncated > 0) json.key("truncated").boolean(true);
    if (options.explain) write_statement(json, outcome);
    json.end_object();
    if (settings.json) continue;
    report_test(api.name, outcome, settings, options.full);
    if (options.explain) print_statement(outcome);
  }
  if (settings.json) finish(json, options);
  if (failed.empty()) return;
  if (missing.empty())
    throw Refused(fmt::format("API {} did not pass{}", name_list(failed), failed.size() == 1 ? wrong : ""),
                  next);
  for (const std::string& name : missing) with_samples = with_samples.add("--param", name + "=VALUE");
  throw Refused(
      fmt::format("API {} did not pass: a \"sample\" in the definition, or --param, gives {} a value",
                  name_list(failed), name_list(missing)),
      with_samples);
}

void api_commit(const Settings& settings, const ApiOptions& options) {
  Database catalog = settings.open_catalog();
  const std::vector<ApiRow> apis = chosen_apis(catalog, settings, options);
  // Of all before the first commit, so that --breaking allows what was named and no more.
  if (!options.breaking && apis.size() > 1) refuse_draft_breaks(catalog, apis);
  PlanGate gate(settings.mirror_dsn());
  if (apis.size() > 1) check_plans(read_draft_states(catalog, apis), apis, gate, options.allow_scan);
  const std::vector<Version> versions =
      commit_drafts(catalog, apis, {options.message, options.breaking, options.allow_scan}, gate);
  JsonOutput json;
  begin(json, options);
  for (size_t i = 0; i < apis.size(); ++i) {
    const ApiRow& api = apis[i];
    const Version& version = versions[i];
    print_remarks(settings, version);
    json.begin_object()
        .key("name")
        .text(api.name)
        .key("version")
        .number(version.version)
        .key("status")
        .text(version.status)
        .end_object();
    if (settings.silent()) continue;
    print_line(version.unchanged
                   ? fmt::format("{}: unchanged (version {}, {})", api.name, version.version, version.status)
                   : fmt::format("{}: version {}, {}", api.name, version.version, version.status));
  }
  if (settings.json) finish(json, options);
}

void api_publish(const Settings& settings, const ApiOptions& options) {
  Database catalog = settings.open_catalog();
  const std::vector<ApiRow> apis = chosen_apis(catalog, settings, options);
  PublishRequest request;
  request.gateway = find_gateway(catalog, settings.gateway);
  request.version = options.version;
  request.domains = options.domains;
  request.no_domain = options.no_domain;
  request.service = options.service;
  request.yes = options.yes;
  request.weight = options.weight;
  request.breaking = options.breaking;
  report_publications(settings, options, publish_apis(catalog, apis, request), request.gateway);
  report_served(settings, catalog, {request.gateway});
}

void api_unpublish(const Settings& settings, const ApiOptions& options) {
  Database catalog = settings.open_catalog();
  const std::vector<ApiRow> apis = chosen_apis(catalog, settings, options);
  const UnpublishRequest request{find_gateway(catalog, settings.gateway), options.version, options.yes};
  report_publications(settings, options, unpublish_apis(catalog, apis, request), request.gateway);
  report_served(settings, catalog, {request.gateway});
}

void api_rollback(const Settings& settings, const ApiOptions& options) {
  Database catalog = settings.open_catalog();
  const std::vector<ApiRow> apis = chosen_apis(catalog, settings, options);
  const std::string gateway = find_gateway(catalog, settings.gateway);
  const std::vector<RolledBack> results = rollback_apis(catalog, apis, gateway, options.version);
  std::vector<Published> published;
  published.reserve(results.size());
  for (const RolledBack& result : results) published.push_back(result.published);
  report_publications(settings, options, published, gateway);
  for (const RolledBack& result : results) {
    for (const std::string& lost : settings.quiet ? std::vector<std::string>() : result.lost)
      fmt::print(stderr, "callers lose what version {} of \"{}\" had: {}\n", result.from.value_or(0),
                 result.published.name, lost);
  }
  report_served(settings, catalog, {gateway});
}

}  // namespace tablegate::loader
