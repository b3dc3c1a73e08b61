#include "script/script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "script/script_cache.hpp"
#include "script/script_reader.hpp"

namespace tablegate::loader {

namespace {

// Whether the text has tags that decide something: `where` and `trim` do not.
bool has_conditions(const core::Nodes& nodes) {
  return std::any_of(nodes.begin(), nodes.end(), [](const core::Node& node) {
    if (const auto* where = std::get_if<core::WhereNode>(&node.is)) return has_conditions(where->content);
    if (const auto* trim = std::get_if<core::TrimNode>(&node.is)) return has_conditions(trim->content);
    return std::holds_alternative<core::IfNode>(node.is) ||
           std::holds_alternative<core::ChooseNode>(node.is) ||
           std::holds_alternative<core::ForeachNode>(node.is);
  });
}

// The parameters that are bound outside of conditions.
void add_bound(const core::Nodes& nodes, std::set<uint32_t>& places) {
  for (const core::Node& node : nodes) {
    if (const auto* value = std::get_if<core::ValueNode>(&node.is)) places.insert(value->parameter);
    if (const auto* list = std::get_if<core::ListNode>(&node.is)) places.insert(list->parameter);
    if (const auto* item = std::get_if<core::ListItemNode>(&node.is)) places.insert(item->parameter);
    if (const auto* where = std::get_if<core::WhereNode>(&node.is)) add_bound(where->content, places);
    if (const auto* trim = std::get_if<core::TrimNode>(&node.is)) add_bound(trim->content, places);
  }
}

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::string fault_text(const ScriptFault& fault, const std::string& file) {
  if (fault.line == 0) return file.empty() ? fault.text : file + ": " + fault.text;
  if (file.empty()) return fmt::format("line {}, column {}: {}", fault.line, fault.column, fault.text);
  return fmt::format("{}:{}:{}: {}", file, fault.line, fault.column, fault.text);
}

void ScriptReader::warn_of_absent(const core::Nodes& draft, Script& script) const {
  if (has_conditions(draft)) return;
  std::set<uint32_t> places;
  add_bound(draft, places);
  for (const uint32_t place : places) {
    if (place >= input_.parameters.size()) continue;
    const RequestParameter& parameter = input_.parameters[place];
    if (parameter.required || parameter.default_value) continue;
    const std::string absent = parameter.takes_list() ? "a call that leaves it out is answered with 400"
                                                      : "where a call leaves it out, NULL is bound";
    script.warnings.push_back({0, 0,
                               fmt::format("{} is optional and has no default: {}; a condition vanishes only "
                                           "inside <if>",
                                           parameter.name, absent)});
  }
}

void ScriptReader::check_outputs(Script& script) {
  if (valid_.empty()) return;
  script.outputs = valid_.front()->facts.outputs;
  for (const PathSql* path : valid_) {
    if (path->facts.outputs == script.outputs) continue;
    faults_.push_back({0, 0,
                       fmt::format("the output columns are not the same for all calls: {} {}, but {} {}",
                                   joined(script.outputs), with_parameters(*valid_.front()),
                                   joined(path->facts.outputs), with_parameters(*path))});
    return;
  }
}

void ScriptReader::common_facts(Script& script) const {
  bool simple = true;
  for (const PathSql* path : valid_) {
    const SqlFacts& facts = path->facts;
    script.columns.insert(facts.columns.begin(), facts.columns.end());
    script.all_columns = script.all_columns || facts.all_columns;
    script.immutable = script.immutable && facts.immutable;
    std::set<std::string> fixed;
    for (const auto& [column, placeholder] : facts.equal) {
      if (placeholder >= path->path.values.size()) continue;
      const PathValue& value = path->path.values[placeholder];
      if (!value.item && value.parameter < input_.parameters.size() &&
          input_.parameters[value.parameter].required && !input_.parameters[value.parameter].takes_list())
        fixed.insert(column);
    }
    std::vector<ScriptSortKey> sort;
    for (const SqlSortKey& key : facts.sort) sort.push_back({key.output, key.column, key.descending});
    const bool plain = facts.simple && std::none_of(sort.begin(), sort.end(), [](const ScriptSortKey& key) {
                         return key.output.empty();
                       });
    const auto same = [](const ScriptSortKey& a, const ScriptSortKey& b) {
      return a.output == b.output && a.column == b.column && a.descending == b.descending;
    };
    if (path == valid_.front()) {
      script.fixed = fixed;
      script.sort = sort;
    } else {
      std::set<std::string> both;
      std::set_intersection(script.fixed.begin(), script.fixed.end(), fixed.begin(), fixed.end(),
                            std::inserter(both, both.begin()));
      script.fixed = std::move(both);
    }
    simple =
        simple && plain && std::equal(sort.begin(), sort.end(), script.sort.begin(), script.sort.end(), same);
  }
  if (!simple) script.sort.clear();
}

Script read_script(const ScriptInput& input, std::vector<ScriptFault>& faults) {
  static ScriptCache cache;
  const ReadScript& read = cache.find(input, [&input] {
    ReadScript out;
    out.script = ScriptReader(input, out.faults).read();
    return out;
  });
  faults.insert(faults.end(), read.faults.begin(), read.faults.end());
  return read.script;
}

}  // namespace tablegate::loader
