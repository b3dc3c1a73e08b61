// `tablegate api plan`: how PostgreSQL finds the rows of a version, as it was planned
// when the version was committed.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/near_name.hpp"
#include "catalog/life/version_plan.hpp"
#include "cli/api/api_verbs.hpp"
#include "cli/output.hpp"
#include "compile/plan_scans.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names;
  for (size_t at = 0; at < text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    const std::string_view name = core::trimmed(std::string_view(text).substr(at, comma - at), " ");
    if (!name.empty()) names.emplace_back(name);
    at = comma + 1;
  }
  return names;
}

// The optional ones of the named parameters, sorted.
std::vector<std::string> optional_names(const ApiDefinition& api, const std::vector<std::string>& names) {
  std::vector<std::string> optional;
  for (const std::string& name : names) {
    const RequestParameter* const parameter = api.request_parameter(name);
    if (api.paginates() && (name == "pageNum" || name == "returnTotalNum" || name == "cursor")) {
      optional.push_back(name);
      continue;
    }
    if (parameter == nullptr) {
      std::vector<std::string> known;
      for (const RequestParameter& one : api.request_parameters) known.push_back(one.name);
      const std::string near = nearest_name(name, known);
      throw Refused(fmt::format("--with: API \"{}\" has no request parameter \"{}\"{}", api.name, name,
                                near.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", near)),
                    Hint::command({"api", "show", api.name}));
    }
    if (!parameter->required && !parameter->default_value) optional.push_back(name);
  }
  std::sort(optional.begin(), optional.end());
  optional.erase(std::unique(optional.begin(), optional.end()), optional.end());
  return optional;
}

void keep_paths(VersionPlan& plan, const std::vector<std::string>& with) {
  const auto other = [&](PathPlan& path) {
    std::sort(path.with.begin(), path.with.end());
    return path.with != with;
  };
  plan.paths.erase(std::remove_if(plan.paths.begin(), plan.paths.end(), other), plan.paths.end());
  if (!plan.paths.empty()) return;
  throw Refused(fmt::format("version {} of API \"{}\" has no plan of {}: an API with more than 8 optional "
                            "parameters is planned without them, with each, with each two, and with all",
                            plan.version, plan.api, call_words(with, false)),
                Hint::command({"api", "show", plan.api}));
}

void write_plan(const VersionPlan& plan) {
  JsonOutput json;
  json.begin_object()
      .key("name")
      .text(plan.api)
      .key("version")
      .number(plan.version)
      .key("paths")
      .begin_array();
  for (const PathPlan& path : plan.paths) {
    json.object([&] {
      json.texts("with", path.with);
      json.text("statement", path.statement);
      json.key("samples");
      path.samples.empty() ? json.null() : json.raw(path.samples);
      json.key("generic").raw(path.generic);
    });
  }
  json.end_array().end_object().print();
}

std::string indented(const std::string& explained) {
  JsonDocument document;
  parse_json(explained, document);
  std::string text = "    " + plan_text(document);
  text.pop_back();
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 5) text.insert(at + 1, "    ");
  return text;
}

// `only`: there is no other path.
void print_plan(const VersionPlan& plan, bool only) {
  print_line(fmt::format("{} (version {})", plan.api, plan.version));
  for (const PathPlan& path : plan.paths) {
    print_line(fmt::format("\n{}:", call_words(path.with, only)));
    print_line("  " + path.statement);
    if (path.samples.empty()) {
      print_line("  no plan with samples: a parameter has none");
    } else {
      print_line("  with the samples:\n" + indented(path.samples));
    }
    print_line("  with unknown values:\n" + indented(path.generic));
  }
}

}  // namespace

void add_api_plan(Verb& noun, Settings& settings, const std::shared_ptr<ApiOptions>& options) {
  Verb* const verb = noun.add_subcommand(
      "plan", "Show how PostgreSQL finds the rows of a version, as planned at its commit");
  verb->add_option("NAME", options->name, "the API")->required();
  verb->add_option("--version", options->version, "the version (default: the latest)")
      ->check(positive_number());
  const auto with = std::make_shared<std::optional<std::string>>();
  verb->add_option("--with", *with, "only of calls with these optional parameters and no others; '' for none")
      ->type_name("NAME,NAME");
  verb->footer(
      "Examples:\n"
      "  tablegate api plan 'Query User by User ID'\n"
      "  tablegate api plan 'Query User by User ID' --version 2 --with user_name,age -o json");
  verb->callback([&settings, options, with] {
    Database catalog = settings.open_catalog();
    const ApiRow api = std::move(
        find_apis(catalog, find_workspace(catalog, settings.workspace), {options->name}, {}).front());
    VersionPlan plan = read_version_plan(catalog, api, options->version);
    const bool only = plan.paths.size() == 1;
    if (*with) keep_paths(plan, optional_names(plan.definition, split_names(**with)));
    settings.json ? write_plan(plan) : print_plan(plan, only);
  });
}

}  // namespace tablegate::loader
