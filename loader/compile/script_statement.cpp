#include "compile/script_statement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/refusal.hpp"
#include "compile/program_nodes.hpp"
#include "compile/script_page.hpp"
#include "core/manifest/types.hpp"
#include "core/plan/statement.hpp"
#include "model/schema_fields.hpp"
#include "model/script_rules.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kRows = "q";  // the script's rows, where an outer SELECT reads them

std::string title_of(const ApiEntry& entry) {
  return entry.name.empty() ? entry.definition.name : entry.name;
}

[[noreturn]] void refuse(const ApiEntry& entry, const std::string& pointer, const std::string& reason) {
  throw Refused(fmt::format("Api \"{}\": {}: {}", title_of(entry), pointer, reason),
                Hint::command({"explain", field_path(Kind::api, pointer)}));
}

// The statement as it is written.
core::Nodes script_text(const Script& script) {
  core::Nodes nodes = script.body;
  nodes.insert(nodes.end(), script.order.begin(), script.order.end());
  nodes.insert(nodes.end(), script.limit.begin(), script.limit.end());
  return nodes;
}

// The nodes that reject calls without a statement, at the end.
void add_rejections(const ApiDefinition& api, const Script& script, core::Nodes& nodes) {
  for (const InvalidPath& path : script.invalid) {
    core::RejectNode reject{path.when, {}};
    for (const std::string& name : path.parameters) {
      for (size_t i = 0; i < api.request_parameters.size(); ++i) {
        if (api.request_parameters[i].name == name) reject.parameters.push_back(static_cast<uint32_t>(i));
      }
    }
    nodes.push_back({std::move(reject)});
  }
}

class ScriptCompiler {
 public:
  ScriptCompiler(const ApiEntry& entry, CompiledApi& api)
      : entry_(entry), api_(api), script_(script_of(entry)) {}

  void compile() {
    read_tables();
    columns();
    api_.changing = !script_.immutable;
    if (entry_.definition.paginates()) {
      compile_script_page(entry_, script_, api_);
      return add_rejections(entry_.definition, script_, api_.statement);
    }
    api_.point = api_.result == "object" && finds_by_key();
    statement();
  }

 private:
  // Each table is one of those that the version was made for, which the catalog has checked.
  void read_tables() {
    for (const std::string& name : script_.tables) {
      const TableInfo* const table = entry_.source.find_table(name);
      if (table == nullptr)
        refuse(entry_, "/sql", fmt::format("table \"{}\" is not one that this version was made for", name));
      TableReads& reads = api_.reads.emplace_back();
      reads.table = name;
      for (const TableColumn& column : table->columns) {
        if (script_.all_columns || script_.columns.count(column.name) != 0)
          reads.columns[column.name] = core::column_type_name(column.type);
      }
    }
    std::sort(api_.reads.begin(), api_.reads.end(),
              [](const TableReads& a, const TableReads& b) { return a.table < b.table; });
  }

  void columns() {
    const std::vector<TableColumn>& described = entry_.source.columns;
    if (described.empty()) refuse(entry_, "/sql", "its columns are not known: it was not tested");
    if (column_names(described) != script_.outputs)
      refuse(entry_, "/sql", "its columns are not those that it was tested with");
    const std::vector<ResponseParameter> response = response_of(entry_.definition, entry_.source);
    if (response.size() != described.size())
      refuse(entry_, "/response_parameters",
             fmt::format("must be the {} columns of the script, in its order", described.size()));
    for (size_t i = 0; i < described.size(); ++i)
      column(response[i], described[i], "/response_parameters" + pointer_token(i));
  }

  void column(const ResponseParameter& from, const TableColumn& described, const std::string& here) {
    if (from.name != described.name)
      refuse(entry_, here + "/name",
             fmt::format("the column of the script is \"{}\", not \"{}\"", described.name, from.name));
    if (from.mask) refuse(entry_, here + "/mask", "is for mode wizard: write the masking in the script");
    if (from.type) {
      const auto type = core::parse_parameter_type(*from.type);
      if (!type || !core::compatible(*type, described.type))
        refuse(entry_, here + "/type",
               fmt::format("{} does not go with column \"{}\" of the script ({})", *from.type, described.name,
                           core::column_type_name(described.type)));
    }
    CompiledColumn column;
    column.name = described.name;
    column.type = core::column_type_name(described.type);
    column.as_string = from.as == "string";
    const bool number =
        described.type == core::ColumnType::int2 || described.type == core::ColumnType::int4 ||
        described.type == core::ColumnType::int8 || described.type == core::ColumnType::numeric;
    if (column.as_string && !number)
      refuse(entry_, here + "/as",
             fmt::format("is for integers and decimals; column \"{}\" is {}", column.name, column.type));
    column.wall =
        described.type == core::ColumnType::timestamptz && entry_.source.time_zone != kDefaultTimeZone;
    api_.columns.push_back(std::move(column));
  }

  // Whether required parameters fix the whole primary key of its only table.
  bool finds_by_key() const {
    if (entry_.source.tables.size() != 1) return false;
    const std::vector<std::string>& key = entry_.source.tables.front().primary_key;
    return !key.empty() && std::all_of(key.begin(), key.end(), [this](const std::string& column) {
      return script_.fixed.count(column) != 0;
    });
  }

  // The items of an outer SELECT; nothing where the script's own columns are the answer's.
  std::string outer_columns() const {
    const bool walls = std::any_of(api_.columns.begin(), api_.columns.end(),
                                   [](const CompiledColumn& one) { return one.wall; });
    if (!walls) return {};
    std::string list;
    for (const CompiledColumn& column : api_.columns) {
      const std::string name = core::quote_identifier(column.name);
      list += (list.empty() ? "" : ", ") + name;
      if (column.wall)
        list += fmt::format(", {} AT TIME ZONE {}", name, core::quote_literal(entry_.source.time_zone));
    }
    return list;
  }

  void statement() {
    // One more than is answered says that there are more; a whole key finds no second row.
    const int64_t limit = api_.result == "object" ? 1 : api_.max_records + (finds_by_key() ? 0 : 1);
    std::string outer = outer_columns();
    if (outer.empty() && !script_.limit.empty()) outer = "*";
    core::Nodes nodes = script_text(script_);
    if (!outer.empty()) nodes.insert(nodes.begin(), {core::TextNode{fmt::format("SELECT {} FROM (", outer)}});
    const std::string end = outer.empty() ? std::string() : fmt::format(") AS {}", kRows);
    nodes.push_back({core::TextNode{fmt::format("{} LIMIT {}", end, limit)}});
    add_rejections(entry_.definition, script_, nodes);
    api_.statement = std::move(nodes);
  }

  const ApiEntry& entry_;
  CompiledApi& api_;
  const Script script_;
};

}  // namespace

Script script_of(const ApiEntry& entry) {
  const ApiDefinition& api = entry.definition;
  std::vector<ScriptFault> faults;
  Script script = read_script({api.script_text(), api.request_parameters, api.paginates()}, faults);
  if (faults.empty()) return script;
  std::string lines;
  for (const ScriptFault& fault : faults) lines += (lines.empty() ? "" : "\n") + fault_text(fault, {});
  refuse(entry, "/sql", lines);
}

core::Nodes script_nodes(const ApiDefinition& api, const Script& script) {
  core::Nodes nodes = script_text(script);
  add_rejections(api, script, nodes);
  return nodes;
}

std::vector<core::PlaceholderType> script_placeholders(const ApiDefinition& api) {
  std::vector<core::PlaceholderType> types;
  for (const RequestParameter& parameter : api.request_parameters) {
    const auto type = core::parse_parameter_type(parameter.type);
    const core::ColumnType column = script_type(type.value_or(core::ParameterType::string));
    const uint32_t item = core::column_type_oid(column);
    parameter.list ? types.emplace_back(core::array_type_oid(column), item) : types.emplace_back(item);
  }
  return types;
}

void compile_script(const ApiEntry& entry, CompiledApi& api) {
  ScriptCompiler(entry, api).compile();
}

}  // namespace tablegate::loader
