#include "catalog/apply/apply_script.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tablegate::loader {
namespace {

constexpr size_t kNamedFaults = 10;

}  // namespace

ColumnChanges column_changes(const Script& script, const std::string& table,
                             const std::vector<TableColumn>& before,
                             const std::map<std::string, TableInfo>& now) {
  ColumnChanges out;
  const auto own = now.find(table);
  for (const TableColumn& old : before) {
    if (script.columns.count(old.name) == 0) continue;
    const TableColumn* const column = own == now.end() ? nullptr : own->second.find(old.name);
    if (column != nullptr) {
      if (column->type != old.type)
        out.retyped.push_back(
            fmt::format("column \"{}\", which was {} and is {}", old.name, old.sql_type, column->sql_type));
    } else if (std::none_of(now.begin(), now.end(),
                            [&old](const auto& one) { return one.second.find(old.name) != nullptr; })) {
      out.gone.push_back(old.name);
    }
  }
  return out;
}

ApplyScript::ApplyScript(ApplyContext& context, Definition& definition, const ApiDefinition& api)
    : context_(context),
      definition_(definition),
      api_(api),
      pointer_(definition.sql_file.empty() ? "/sql" : "/sql_file") {
  std::vector<ScriptFault> faults;
  // cppcheck-suppress useInitializationList
  script_ = read_script({api.script_text(), api.request_parameters, api.paginates()}, faults);
  for (const uint32_t place : script_.unread)
    context_.refuse(
        definition, "/request_parameters" + pointer_token(place),
        fmt::format("the script does not read \"{0}\": write ${{{0}}} in it, or remove the parameter",
                    api.request_parameters[place].name));
  for (size_t i = 0; i < std::min(faults.size(), kNamedFaults); ++i)
    context_.refuse(definition, pointer_, fault_text(faults[i], definition.sql_file));
  if (faults.size() > kNamedFaults)
    context_.refuse(definition, pointer_, fmt::format("has {} more faults", faults.size() - kNamedFaults));
}

bool ApplyScript::check(const KnownTables& tables) {
  if (definition_.broken) return false;
  for (const ScriptFault& warning : script_.warnings)
    context_.object->warnings.push_back(fault_text(warning, definition_.sql_file));
  check_columns();
  if (context_.refused_here(Kind::data_source, api_.data_source)) return false;
  const FoundDataSource source = find_data_source(context_.catalog, context_.workspace, api_.data_source);
  const bool shared = std::any_of(script_.tables.begin(), script_.tables.end(), [&](const std::string& name) {
    const auto found = tables.find(name);
    return found != tables.end() && is_of(found->second, source);
  });
  if (source.id.empty() && !shared) {
    context_.refuse(definition_, "/data_source", source.reason);
    return false;
  }
  if (script_.tables.empty())
    context_.refuse(definition_, pointer_,
                    fmt::format("reads no table of data source \"{}\"", api_.data_source));
  return check_tables(tables, source);
}

// A shared table may be read whether or not its data source is shared.
bool ApplyScript::is_of(const KnownTable& table, const FoundDataSource& source) const {
  if (table.data_source_id == source.id) return true;
  return table.owner.workspace_id != context_.workspace.id && table.owner.shared &&
         table.data_source == api_.data_source;
}

bool ApplyScript::check_tables(const KnownTables& tables, const FoundDataSource& source) {
  for (size_t i = 0; i < script_.tables.size(); ++i) {
    const std::string& name = script_.tables[i];
    const auto placed = [this, i](const std::string& reason) {
      ScriptFault fault = script_.table_places[i];
      fault.text = reason;
      return fault_text(fault, definition_.sql_file);
    };
    if (const Definition* const here = context_.index.find(Kind::table, name)) {
      if (here->broken ||
          context_.refused_here(Kind::data_source, read_table_definition(here->document).data_source))
        return false;
    }
    const auto found = tables.find(name);
    if (found == tables.end()) {
      context_.refuse_missing(definition_, pointer_, placed(context_.missing(Kind::table, name)));
      continue;
    }
    const KnownTable& table = found->second;
    if (table.owner.workspace_id != context_.workspace.id && !table.owner.shared) {
      context_.refuse(definition_, pointer_,
                      placed(not_shared(fmt::format("table \"{}\"", name), table.owner.workspace)));
    } else if (!is_of(table, source)) {
      context_.refuse(
          definition_, pointer_,
          placed(fmt::format("table \"{}\" is of data source \"{}\": a script reads tables of its own data "
                             "source, \"{}\"",
                             name, table.data_source, api_.data_source)));
    }
  }
  return true;
}

void ApplyScript::check_columns() {
  if (!api_.response_parameters_given) return;
  const std::vector<ResponseParameter>& given = api_.response_parameters;
  for (size_t i = 0; i < std::min(given.size(), script_.outputs.size()); ++i) {
    if (given[i].name == script_.outputs[i]) continue;
    return context_.refuse(definition_, "/response_parameters" + pointer_token(i) + "/name",
                           fmt::format("column {} of the script is \"{}\", not \"{}\"", i + 1,
                                       script_.outputs[i], given[i].name));
  }
  if (given.size() != script_.outputs.size())
    context_.refuse(
        definition_, "/response_parameters",
        fmt::format("must be the {} columns of the script, in its order", script_.outputs.size()));
}

}  // namespace tablegate::loader
