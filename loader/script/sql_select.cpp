// SqlWalk's part for what names rows: SELECT with its clauses, WITH, FROM.
#include "script/sql_walk.hpp"

#include <algorithm>

namespace tablegate::loader {

namespace {

std::set<std::string> names_of(const SqlItems& items) {
  std::set<std::string> names;
  for (const JsonValue& item : items) names.emplace(sql_text(item));
  return names;
}

std::set<std::string> columns_of(const JsonValue& select) {
  const std::vector<std::string> outputs = sql_outputs(select);
  return {outputs.begin(), outputs.end()};
}

}  // namespace

void SqlWalk::statement(const JsonValue& select) {
  visit_as("SelectStmt", select);
  for (size_t i = 0; i < placed_.size() && faults_.empty(); ++i)
    if (!placed_[i]) fault("a placeholder is inside a text; write '...' || ${name} || '...'");
}

void SqlWalk::visit_member(const JsonValue& members, const char* name) {
  const auto found = members.FindMember(name);
  if (found != members.MemberEnd()) visit(found->value);
}

void SqlWalk::select(const JsonValue& members) {
  ++selects_;
  SqlScope scope;
  scope.outer = scope_;
  SqlScope* const outer = scope_;
  scope_ = &scope;
  if (members.HasMember("withClause")) with(members["withClause"]);
  for (const char* side : {"larg", "rarg"})
    if (members.HasMember(side)) visit_as("SelectStmt", members[side]);
  visit_member(members, "fromClause");
  for (const char* clause : {"targetList", "whereClause", "havingClause", "windowClause", "valuesLists",
                             "limitCount", "limitOffset"})
    visit_member(members, clause);
  // Their items may be names of output columns.
  scope.outputs = columns_of(members);
  keys(members, "groupClause", "GROUP BY");
  keys(members, "distinctClause", "DISTINCT ON");
  for (const char* clause : {"groupClause", "distinctClause", "sortClause"}) {
    for (const JsonValue& item : sql_items(members, clause)) {
      if (item.ObjectEmpty()) continue;
      const SqlNode sort = parse_node(item);
      const SqlNode key = sort.kind == "SortBy" ? sql_child(*sort.members, "node") : sort;
      if (key.kind == "ColumnRef" && sql_items(*key.members, "fields").size() == 1 &&
          scope.outputs.count(sql_column(key)) != 0) {
        if (sort.kind != "SortBy")
          facts_.columns.insert(sql_column(key));  // GROUP BY prefers a column of the table
        else if (sort.members->HasMember("useOp"))
          unknown_member("SortBy", "useOp", (*sort.members)["useOp"]);
        continue;
      }
      visit(item);
    }
  }
  scope_ = outer;
}

void SqlWalk::with(const JsonValue& members) {
  const bool recursive = sql_flag(members, "recursive");
  const auto columns = [](const JsonValue& query) {
    const SqlItems aliases = sql_items(query, "aliascolnames");
    if (!aliases.empty()) return names_of(aliases);
    const SqlNode select = sql_child(query, "ctequery");
    return select.kind == "SelectStmt" ? columns_of(*select.members) : std::set<std::string>();
  };
  const SqlShape& with_shape = *sql_shape("WithClause");
  for (const auto& member : members.GetObject())
    if (with_shape.count(json_string(member.name)) == 0)
      fault(shape_fault("WithClause", json_string(member.name)));
  const SqlItems queries = sql_items(members, "ctes");
  if (recursive) {
    for (const JsonValue& item : queries) {
      const SqlNode query = parse_node(item);
      if (query.kind == "CommonTableExpr")
        scope_->queries[json_member(*query.members, "ctename")] = columns(*query.members);
    }
  }
  for (const JsonValue& item : queries) {
    visit(item);
    const SqlNode query = parse_node(item);
    if (query.kind == "CommonTableExpr")
      scope_->queries[json_member(*query.members, "ctename")] = columns(*query.members);
  }
}

void SqlWalk::add_relation(const JsonValue& members, const std::string& name,
                           const std::set<std::string>* columns) {
  if (scope_ == nullptr) return;
  SqlRelation relation{name, columns != nullptr ? *columns : std::set<std::string>()};
  const auto alias = members.FindMember("alias");
  if (alias != members.MemberEnd() && alias->value.IsObject()) {
    relation.name = json_member(alias->value, "aliasname");
    const std::set<std::string> aliases = names_of(sql_items(alias->value, "colnames"));
    if (!aliases.empty()) relation.columns = aliases;
  }
  if (!relation.name.empty()) scope_->relations.push_back(std::move(relation));
}

void SqlWalk::table(const JsonValue& members) {
  const std::string name = json_member(members, "relname");
  const std::set<std::string>* query = scope_ != nullptr ? scope_->query(name) : nullptr;
  add_relation(members, name, query);
  if (query != nullptr) return;
  if (!sql_flag(members, "inh")) return fault("ONLY is not allowed in a script; write the table alone");
  if (name.compare(0, 3, "pg_") == 0)
    return fault("a script reads mirrored tables, no catalogs of PostgreSQL");
  const SqlWord* word = words_.beginning_at(at_);
  if (word == nullptr) return fault("the table cannot be read");
  // FROM t * is FROM t in an old form.
  if (words_.is_star_behind(*word)) return fault("write the table alone, without * behind its name");
  const auto alias = members.FindMember("alias");
  const bool has_alias = alias != members.MemberEnd();
  facts_.tables.push_back({name, word->begin, word->end, has_alias});
  // Columns under other names: which ones is not known here.
  if (has_alias && !sql_items(alias->value, "colnames").empty()) facts_.all_columns = true;
}

void SqlWalk::subselect(const JsonValue& members) {
  const SqlNode query = sql_child(members, "subquery");
  const std::set<std::string> columns =
      query.kind == "SelectStmt" ? columns_of(*query.members) : std::set<std::string>();
  add_relation(members, {}, &columns);
}

// generate_series() and unnest() make rows of what they get; other functions only where they read a column of
// a table before them.
void SqlWalk::from_function(const JsonValue& members) {
  combines_rows_ = true;
  std::set<std::string> columns;
  for (const JsonValue& item : sql_items(members, "functions")) {
    const SqlNode pair = parse_node(item);
    const SqlItems parts = pair.kind == "List" ? sql_items(*pair.members, "items") : SqlItems{};
    const SqlNode call = parts.empty() ? SqlNode{} : parse_node(*parts.begin());
    if (call.kind != "FuncCall")
      return fault("FROM takes tables, queries in parentheses, generate_series() and unnest()");
    for (const JsonValue* other = parts.begin() + 1; other < parts.end(); ++other)
      if (!other->IsObject() || !other->ObjectEmpty())
        return fault(shape_fault("RangeFunction", "coldeflist"));
    const SqlItems names = sql_items(*call.members, "funcname");
    const std::string name = names.empty() ? std::string() : std::string(sql_text(*(names.end() - 1)));
    const size_t before = column_refs_;
    const size_t faults = faults_.size();
    visit(*parts.begin());
    if (name != "generate_series" && name != "unnest" && column_refs_ == before && faults_.size() == faults) {
      at_ = static_cast<size_t>(std::max(sql_number(*call.members, "location"), 0));
      fault(
          name +
          "() in FROM requires a column of a table before it; alone only generate_series() and unnest() can "
          "be there");
    }
    columns.insert(name);
  }
  // The only column of a function is called as its alias.
  const auto alias = members.FindMember("alias");
  if (alias != members.MemberEnd() && alias->value.IsObject())
    columns.insert(json_member(alias->value, "aliasname"));
  add_relation(members, columns.empty() ? std::string() : *columns.begin(), &columns);
}

void SqlWalk::join(const JsonValue& members) {
  if (sql_flag(members, "isNatural")) facts_.all_columns = true;
  for (const JsonValue& name : sql_items(members, "usingClause")) facts_.columns.emplace(sql_text(name));
  add_relation(members, {}, nullptr);
  // Columns under other names, as in table().
  const auto renamed = members.FindMember("alias");
  if (renamed != members.MemberEnd() && renamed->value.IsObject() &&
      !sql_items(renamed->value, "colnames").empty())
    facts_.all_columns = true;
  const auto alias = members.FindMember("join_using_alias");
  if (alias != members.MemberEnd() && alias->value.IsObject() && scope_ != nullptr)
    scope_->relations.push_back({json_member(alias->value, "aliasname"), {}});
}

}  // namespace tablegate::loader
