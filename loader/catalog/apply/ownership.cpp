#include "catalog/apply/ownership.hpp"

#include <fmt/format.h>

#include "catalog/near_object.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kShared = "shared";

bool decides_what_is_shared(Database& catalog) {
  return catalog
      .query(
          "SELECT pg_catalog.pg_has_role(session_user, 'tablegate_operator', 'MEMBER') OR "
          "pg_catalog.pg_has_role(session_user, 'tablegate_owner', 'MEMBER')")
      .boolean(0, 0);
}

}  // namespace

Owner read_owner(const Rows& rows, int row, int column) {
  return {rows.string(row, column), rows.string(row, column + 1), rows.boolean(row, column + 2)};
}

bool settle_shared(Definition& definition, const Rows& before, int column) {
  JsonDocument& document = definition.document;
  const JsonValue* const given = json_find(document, kShared);
  const bool always = definition.kind == Kind::gateway_instance;
  const bool was = !before.empty() && read_owner(before, 0, column).shared;
  const bool shared = always || (given == nullptr ? was : given->IsTrue());
  document.RemoveMember(kShared);
  if (shared && !always) document.AddMember(rapidjson::StringRef(kShared), true, document.GetAllocator());
  return shared;
}

bool may_change(ApplyContext& context, Definition& definition, const Rows& before, int column, bool shared,
                const OwnedRow& row) {
  const Owner owner = before.empty() ? Owner{context.workspace.id, context.workspace.name, false}
                                     : read_owner(before, 0, column);
  if (owner.workspace_id != context.workspace.id) {
    context.refuse(definition, "/name",
                   fmt::format("this {} belongs to workspace {}: only that workspace changes it",
                               kind_info(definition.kind).label, owner.workspace));
    return false;
  }
  if (shared == owner.shared || definition.kind == Kind::gateway_instance) return true;
  if (!decides_what_is_shared(context.catalog)) {
    context.refuse(definition, "/shared",
                   "an operator decides what is shared (GRANT tablegate_operator TO who applies it)");
    return false;
  }
  if (shared) return true;
  const std::vector<std::string> users = first_column(
      context.catalog.query("SELECT tablegate.other_users($1, $2)", {std::string(row.table), row.id}));
  if (users.empty()) return true;
  context.refuse(definition, "/shared",
                 fmt::format("stays true while other workspaces use it: {}", name_list(users)));
  return false;
}

void require_own(const Workspace& workspace, const Owner& owner, const std::string& what) {
  if (owner.workspace_id == workspace.id) return;
  throw Refused(
      fmt::format("{} belongs to workspace {}: only that workspace deletes it", what, owner.workspace),
      Hint::again().set("--workspace", owner.workspace));
}

std::string not_shared(const std::string& what, const std::string& workspace) {
  return fmt::format("{} belongs to workspace {} and is not shared", what, workspace);
}

FoundDataSource find_data_source(Database& catalog, const Workspace& workspace, const std::string& name) {
  const Rows rows = catalog.query(
      "SELECT d.data_source_id, d.type, d.definition::text, w.workspace_id, w.name, d.shared FROM "
      "tablegate.data_source d JOIN tablegate.workspace w USING (workspace_id) WHERE d.name = $2"
      " ORDER BY w.workspace_id <> $1, NOT d.shared, w.name",
      {workspace.id, name});
  const bool own = !rows.empty() && rows.text(0, 3) == workspace.id;
  if (own || (!rows.empty() && rows.boolean(0, 5) && (rows.size() == 1 || !rows.boolean(1, 5))))
    return {rows.string(0, 0), rows.string(0, 1), rows.string(0, 2), {}};
  FoundDataSource none;
  const std::string what = fmt::format("data source \"{}\"", name);
  if (rows.empty())
    none.reason = missing_object(catalog, Kind::data_source, name, &workspace);
  else if (!rows.boolean(0, 5))
    none.reason = not_shared(what, rows.string(0, 4));
  else
    none.reason = fmt::format("workspaces {} and {} share a {} each: rename one of them", rows.text(0, 4),
                              rows.text(1, 4), what);
  return none;
}

}  // namespace tablegate::loader
