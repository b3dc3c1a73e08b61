#include "catalog/apply/apply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "catalog/apply/apply_api.hpp"
#include "catalog/apply/apply_apis.hpp"
#include "catalog/apply/apply_consumer.hpp"
#include "catalog/apply/apply_gateway.hpp"
#include "catalog/apply/apply_script.hpp"
#include "catalog/apply/apply_table.hpp"
#include "catalog/apply/source_ddl.hpp"
#include "catalog/domains_in_use.hpp"
#include "catalog/nodes.hpp"
#include "catalog/row_lock.hpp"
#include "model/api_rules.hpp"
#include "model/definition_rules.hpp"
#include "model/definition_schema.hpp"
#include "model/text_rules.hpp"

namespace tablegate::loader {
namespace {

class Applier {
 public:
  Applier(Database& catalog, const Workspace& workspace, std::vector<Definition>& definitions,
          Problems& problems, const SourceDdlReader& read)
      : read_(read), context_{catalog, workspace, definitions, problems}, consumers_(context_) {}

  // `keep`: else everything is taken back.
  std::vector<AppliedObject> run(bool keep) {
    std::vector<AppliedObject> objects;
    auto& [catalog, workspace, definitions, problems, index, object, zones] = context_;
    for (Definition& definition : definitions) {
      if (!definition.broken) check_schema(definition, problems);
      if (!definition.broken) check_rules(definition, problems);
      if (!definition.broken) check_blank_texts(definition, problems);
      objects.push_back({definition.kind,
                         definition.name,
                         {},
                         definition.version,
                         {},
                         {},
                         make_path_absolute(definition),
                         {}});
    }
    fill_source_ddl(catalog, workspace, definitions, read_, problems);
    Transaction transaction(catalog);
    lock_catalog(catalog);
    std::vector<ApplyItem> apis, callers;
    const std::map<std::string, std::string> socket_faults = find_socket_faults();
    for (const KindInfo& info : kinds()) {
      for (size_t i = 0; i < definitions.size(); ++i) {
        Definition& definition = definitions[i];
        if (definition.kind != info.kind) continue;
        if (definition.kind == Kind::api || definition.kind == Kind::consumer) {
          (definition.kind == Kind::api ? apis : callers).push_back({&definition, &objects[i]});
          continue;
        }
        object = &objects[i];
        std::vector<TableColumn> columns;
        object->action = save(definition, columns);
        if (definition.kind == Kind::table && object->action == "changed")
          changed_tables_.push_back({&definition, object, std::move(columns)});
      }
      if (info.kind == Kind::consumer) consumers_.save(callers);
      if (info.kind != Kind::api) continue;
      save_apis(context_, apis);
      for (const ApplyItem& api : apis) {
        if (!api.object->action.empty()) saved_apis_.insert(api.definition->name);
      }
    }
    check_other_drafts();
    check_sockets(socket_faults);
    consumers_.check_settings();
    problems.raise();
    if (keep) transaction.commit();
    return objects;
  }

 private:
  struct ChangedTable {
    Definition* definition;
    AppliedObject* object;
    std::vector<TableColumn> columns;  // as they were
  };

  // `columns`: gets those that a table had.
  std::string save(Definition& definition, std::vector<TableColumn>& columns) {
    if (definition.broken) return {};
    switch (definition.kind) {
      case Kind::domain:
        return save_domain(context_, definition);
      case Kind::gateway_instance:
        return save_gateway(context_, definition);
      case Kind::rest_api:
        return save_rest_api(context_, definition);
      case Kind::data_source:
        return save_data_source(context_, definition);
      case Kind::business_process:
        return save_business_process(context_, definition);
      case Kind::table:
        return save_table(context_, definition, columns);
      case Kind::consumer:
      case Kind::api:
        break;  // saved together
    }
    return {};
  }

  // By gateway; none where no domain is applied.
  std::map<std::string, std::string> find_socket_faults() {
    std::map<std::string, std::string> faults;
    const auto& definitions = context_.definitions;
    const bool domains = std::any_of(definitions.begin(), definitions.end(),
                                     [](const Definition& one) { return one.kind == Kind::domain; });
    if (!domains) return faults;
    for (const std::string& gateway : gateway_names(context_.catalog))
      faults[gateway] = socket_fault(context_.catalog, gateway);
    return faults;
  }

  // Domains in use on one gateway share what nginx sets for a whole socket.
  void check_sockets(const std::map<std::string, std::string>& before) {
    for (const auto& [gateway, fault_before] : before) {
      const std::string fault = socket_fault(context_.catalog, gateway);
      if (fault.empty() || !fault_before.empty()) continue;
      for (Definition& definition : context_.definitions) {
        if (definition.kind != Kind::domain || fault.find('"' + definition.name + '"') == std::string::npos)
          continue;
        context_.refuse(definition, "", fault);
        break;
      }
    }
  }

  // Drafts that this apply does not define must still fit a table that it changes.
  void check_other_drafts() {
    for (const ChangedTable& one : changed_tables_) {
      check_other_scripts(one);
      Definition* const changed = one.definition;
      const TableInfo table = *find_table(context_.catalog, changed->name);
      const Rows drafts = context_.catalog.query(
          "SELECT name, definition::text FROM tablegate.api WHERE table_name = $1 AND deleted_at IS NULL "
          "ORDER BY name",
          {changed->name});
      for (int i = 0; i < drafts.size(); ++i) {
        if (saved_apis_.count(drafts.string(i, 0)) != 0 ||
            context_.refused_here(Kind::api, drafts.string(i, 0)))
          continue;
        const std::string what = fmt::format("API \"{}\"", drafts.text(i, 0));
        Problems found;
        if (check_api_columns(read_api_definition(drafts.string(i, 1), what), {what, ""}, table, found))
          continue;
        for (const std::string& line : found.lines())
          context_.refuse(*changed, "/ddl", "no longer fits " + line);
      }
    }
  }

  // Whether their statements fit a column's new type, only a test shows.
  void check_other_scripts(const ChangedTable& changed) {
    const Rows drafts = context_.catalog.query(
        "SELECT name, definition::text FROM tablegate.api WHERE table_names @> ARRAY[$1::text]"
        " AND script_tables IS NOT NULL AND deleted_at IS NULL ORDER BY name",
        {changed.definition->name});
    for (int i = 0; i < drafts.size(); ++i) {
      const std::string name = drafts.string(i, 0);
      if (saved_apis_.count(name) != 0 || context_.refused_here(Kind::api, name)) continue;
      const std::string what = fmt::format("API \"{}\"", name);
      const ApiDefinition api = read_api_definition(drafts.string(i, 1), what);
      std::vector<ScriptFault> faults;
      const Script script = read_script({api.script_text(), api.request_parameters, api.paginates()}, faults);
      if (!faults.empty()) continue;
      const ColumnChanges changes = column_changes(script, changed.definition->name, changed.columns,
                                                   find_tables(context_.catalog, script.tables));
      for (const std::string& column : changes.gone) {
        context_.refuse(*changed.definition, "/ddl",
                        fmt::format("no longer fits {}: its script reads column \"{}\"", what, column));
      }
      for (const std::string& text : changes.retyped)
        changed.object->warnings.push_back(fmt::format("{} reads {}: test it again", what, text));
    }
  }

  const SourceDdlReader& read_;
  ApplyContext context_;
  ConsumerApplier consumers_;
  std::vector<ChangedTable> changed_tables_;
  std::set<std::string> saved_apis_;
};

}  // namespace

std::vector<AppliedObject> apply_definitions(Database& catalog, const Workspace& workspace,
                                             std::vector<Definition>& definitions, Problems& problems,
                                             const SourceDdlReader& read) {
  return Applier(catalog, workspace, definitions, problems, read).run(true);
}

std::vector<AppliedObject> try_definitions(Database& catalog, const Workspace& workspace,
                                           std::vector<Definition>& definitions, Problems& problems,
                                           const SourceDdlReader& read) {
  return Applier(catalog, workspace, definitions, problems, read).run(false);
}

}  // namespace tablegate::loader
