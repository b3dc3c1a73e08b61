#include "catalog/apply/apply_apis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/sql_array.hpp"
#include "catalog/apply/apply_api.hpp"
#include "catalog/apply/ownership.hpp"
#include "model/api_rules.hpp"
#include "model/definition_schema.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kApisAtOnce = 2000;  // definitions that one statement reads or writes

struct Process {
  std::string id, rest_api_id;
  core::VersionKey version_key;
};

struct Table {
  Owner owner;
  TableInfo info;
};

// An API as the catalog has it.
struct Stored {
  std::string definition, id, rest_api_id;
  bool has_versions = false;
};

// The columns of the rows that one statement writes.
struct Written {
  SqlArray keys, processes, tables, definitions;
  size_t count = 0;

  void add(const std::string& key, const std::string& process, const std::string& table,
           const std::string& definition) {
    keys.add(key);
    processes.add(process);
    tables.add(table);
    definitions.add(definition);
    ++count;
  }
};

class ApiApplier {
 public:
  explicit ApiApplier(ApplyContext& context) : context_(context) {}

  void save(const ApplyItem* first, const ApplyItem* last) {
    std::vector<ApiDefinition> apis;
    for (const ApplyItem* item = first; item != last; ++item)
      apis.push_back(item->definition->broken ? ApiDefinition()
                                              : read_api_definition(item->definition->document));
    read_references(apis);
    read_stored(first, last);
    for (const ApplyItem* item = first; item != last; ++item) {
      if (item->definition->broken) continue;
      context_.object = item->object;
      item->object->action = save_one(*item->definition, apis[static_cast<size_t>(item - first)]);
    }
    insert();
    update();
  }

 private:
  // Business processes and tables that no API before has named.
  void read_references(const std::vector<ApiDefinition>& apis) {
    std::set<std::string> processes, tables;
    for (const ApiDefinition& api : apis) {
      if (seen_processes_.insert(api.business_process).second) processes.insert(api.business_process);
      if (seen_tables_.insert(api.table).second) tables.insert(api.table);
    }
    const Rows found = context_.catalog.query(
        "SELECT b.name, b.business_process_id, b.rest_api_id, r.version_in, r.version_name, r.version"
        " FROM tablegate.business_process b JOIN tablegate.rest_api r USING (rest_api_id)"
        " WHERE b.workspace_id = $1 AND b.name = ANY ($2::text[])",
        {context_.workspace.id, sql_array({processes.begin(), processes.end()})});
    for (int row = 0; row < found.size(); ++row)
      processes_[found.string(row, 0)] = {found.string(row, 1), found.string(row, 2),
                                          read_version_key(found, row, 3)};
    const std::vector<std::string> names(tables.begin(), tables.end());
    const Rows owners = context_.catalog.query(
        "SELECT t.name, w.workspace_id, w.name, t.shared FROM tablegate.mirror_table t JOIN "
        "tablegate.workspace w "
        "USING (workspace_id) WHERE t.name = ANY ($1::text[])",
        {sql_array(names)});
    std::map<std::string, TableInfo> infos = find_tables(context_.catalog, names);
    for (int row = 0; row < owners.size(); ++row)
      tables_[owners.string(row, 0)] = {read_owner(owners, row, 1),
                                        std::move(infos.at(owners.string(row, 0)))};
  }

  void read_stored(const ApplyItem* first, const ApplyItem* last) {
    SqlArray names;
    for (const ApplyItem* item = first; item != last; ++item) names.add(item->definition->name);
    const Rows rows = context_.catalog.query(
        "SELECT a.name, a.definition::text, a.api_id, b.rest_api_id, EXISTS (SELECT FROM "
        "tablegate.api_version v "
        "WHERE v.api_id = a.api_id)"
        " FROM tablegate.api a JOIN tablegate.business_process b USING (business_process_id)"
        " WHERE a.workspace_id = $1 AND a.name = ANY ($2::text[]) AND a.deleted_at IS NULL",
        {context_.workspace.id, names.take()});
    stored_.clear();
    for (int row = 0; row < rows.size(); ++row)
      stored_[rows.string(row, 0)] = {rows.string(row, 1), rows.string(row, 2), rows.string(row, 3),
                                      rows.boolean(row, 4)};
  }

  // Returns the action; what is written is only noted.
  std::string save_one(Definition& definition, const ApiDefinition& api) {
    const auto process = processes_.find(api.business_process);
    if (process == processes_.end()) {
      refuse_process(definition, api.business_process);
    }
    const bool table_known = check_table(definition, api);
    // What tells versions of its REST API apart is no parameter and no credential of the API's.
    if (process != processes_.end() &&
        !check_version_name(api, definition.place, process->second.version_key, context_.problems))
      definition.broken = true;
    if (definition.broken || process == processes_.end() || !table_known) return {};
    const Process& of = process->second;
    const std::string text = normalised_text(definition);
    const auto before = stored_.find(definition.name);
    if (before == stored_.end()) {
      created_.add(definition.name, of.id, api.table, text);
      return context_.action_of(nullptr, text);
    }
    std::string action = context_.action_of(&before->second.definition, text);
    if (before->second.has_versions && before->second.rest_api_id != of.rest_api_id) {
      context_.refuse(
          definition, "/business_process",
          "an API with versions stays with its REST API, and this business process belongs to another one");
    } else if (action == "changed") {
      changed_.add(before->second.id, of.id, api.table, text);
    }
    return action;
  }

  void refuse_process(Definition& definition, const std::string& process) {
    if (context_.refused_here(Kind::business_process, process) || depends_on_refused(context_, process))
      return;
    context_.refuse_missing(definition, "/business_process",
                            context_.missing(Kind::business_process, process, &context_.workspace),
                            Hint::command({"get", "businessprocesses"}));
  }

  // False: the table is refused in this very apply, and nothing more can be said of the API.
  bool check_table(Definition& definition, const ApiDefinition& api) {
    if (const Definition* const here = context_.index.find(Kind::table, api.table)) {
      if (here->broken ||
          context_.refused_here(Kind::data_source, read_table_definition(here->document).data_source))
        return false;
    }
    const auto found = tables_.find(api.table);
    if (found == tables_.end()) {
      context_.refuse_missing(definition, "/table", context_.missing(Kind::table, api.table),
                              Hint::command({"get", "tables"}));
    } else if (const Owner& owner = found->second.owner;
               owner.workspace_id != context_.workspace.id && !owner.shared) {
      context_.refuse(definition, "/table",
                      not_shared(fmt::format("table \"{}\"", api.table), owner.workspace));
    } else if (!check_api_columns(api, definition.place, found->second.info, context_.problems,
                                  columns_hint(api.table))) {
      definition.broken = true;
    }
    return true;
  }

  // What this apply itself defines is not in the catalog after a refusal.
  Hint columns_hint(const std::string& table) const {
    return context_.index.find(Kind::table, table) == nullptr ? Hint::command({"table", "columns", table})
                                                              : Hint();
  }

  void insert() {
    Written rows = std::exchange(created_, {});
    if (rows.count == 0) return;
    context_.catalog.query(
        "INSERT INTO tablegate.api (workspace_id, name, business_process_id, table_name, definition)"
        " SELECT $1, x.name, x.process, x.table_name, x.definition::json FROM unnest($2::text[], "
        "$3::bigint[], "
        "$4::text[], $5::text[]) WITH ORDINALITY AS x (name, process, table_name, definition, place) ORDER "
        "BY x.place",
        {context_.workspace.id, rows.keys.take(), rows.processes.take(), rows.tables.take(),
         rows.definitions.take()});
  }

  void update() {
    Written rows = std::exchange(changed_, {});
    if (rows.count == 0) return;
    context_.catalog.query(
        "UPDATE tablegate.api a SET business_process_id = x.process, table_name = x.table_name, definition = "
        "x.definition::json, updated_at = now()"
        " FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) AS x (api_id, process, table_name, "
        "definition) WHERE a.api_id = x.api_id",
        {rows.keys.take(), rows.processes.take(), rows.tables.take(), rows.definitions.take()});
  }

  ApplyContext& context_;
  std::set<std::string> seen_processes_, seen_tables_;
  std::map<std::string, Process> processes_;  // by name, of the workspace
  std::map<std::string, Table> tables_;       // by name
  std::map<std::string, Stored> stored_;      // by name, of the rows at hand
  Written created_, changed_;
};

}  // namespace

void save_apis(ApplyContext& context, const std::vector<ApplyItem>& apis) {
  ApiApplier applier(context);
  for (size_t first = 0; first < apis.size(); first += kApisAtOnce)
    applier.save(apis.data() + first, apis.data() + std::min(first + kApisAtOnce, apis.size()));
}

}  // namespace tablegate::loader
