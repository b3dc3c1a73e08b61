#include "script/sql_walk.hpp"

#include <algorithm>
#include <iterator>

#include "model/ddl.hpp"
#include "script/sql_compared.hpp"
#include "script/sql_names.hpp"

namespace tablegate::loader {

namespace {

// How deep nodes may be nested: `a + b + c` has a level for each sign.
constexpr size_t kMaxSqlDepth = 500;

// "name", or "schema.name".
std::string joined_name(const SqlItems& names) {
  std::string text;
  for (const JsonValue& name : names) text.append(text.empty() ? "" : ".").append(sql_text(name));
  return text;
}

// The last part of a name that has no schema, or pg_catalog's, which the grammar writes; empty: another
// schema's.
std::string_view own_name(const SqlItems& names) {
  if (names.size() == 2 && sql_text(*names.begin()) == "pg_catalog") return sql_text(*(names.begin() + 1));
  return names.size() == 1 ? sql_text(*names.begin()) : std::string_view{};
}

const JsonValue* without_casts(const JsonValue* node) {
  for (;;) {
    const SqlNode found = parse_node(*node);
    if (found.kind != "TypeCast" && found.kind != "CollateClause") return node;
    const auto arg = found.members->FindMember("arg");
    if (arg == found.members->MemberEnd()) return node;
    node = &arg->value;
  }
}

}  // namespace

void SqlWalk::visit(const JsonValue& value) {
  if (value.IsArray()) {
    for (const JsonValue& item : value.GetArray()) visit(item);
    return;
  }
  if (value.IsObject() && value.ObjectEmpty()) return;
  const SqlNode node = parse_node(value);
  if (node.members == nullptr) {
    fault("the statement cannot be read");
    return;
  }
  visit_as(node.kind, *node.members);
}

void SqlWalk::visit_as(std::string_view kind, const JsonValue& members) {
  if (faults_.size() >= kMaxSqlFaults) return;
  const size_t outer = at_;
  const int location = sql_number(members, "location", -1);
  if (location >= 0) at_ = static_cast<size_t>(location);
  if (++depth_ > kMaxSqlDepth) {
    if (faults_.empty()) fault("the statement is nested too deeply");
  } else if (const SqlShape* shape = sql_shape(kind)) {
    const auto unknown =
        std::find_if(members.MemberBegin(), members.MemberEnd(),
                     [shape](const auto& member) { return shape->count(json_string(member.name)) == 0; });
    if (unknown != members.MemberEnd())
      unknown_member(kind, json_string(unknown->name), unknown->value);
    else if (kind == "SelectStmt")
      select(members);
    else if (kind == "RangeFunction")
      from_function(members);
    else {
      check(kind, members);
      descend(*shape, members);
      // A table of FROM is known to what is written behind it.
      if (kind == "RangeVar") table(members);
      if (kind == "RangeSubselect") subselect(members);
      if (kind == "JoinExpr") join(members);
    }
  } else {
    fault(shape_fault(kind, {}));
  }
  --depth_;
  at_ = outer;
}

void SqlWalk::unknown_member(std::string_view kind, std::string_view name, const JsonValue& value) {
  if (name == "lockingClause") at_ = words_.last_at_any_depth("for").value_or(at_);
  if (name == "useOp") at_ = words_.last_at_any_depth("using").value_or(at_);
  if (name == "intoClause" && value.IsObject() && value.HasMember("rel"))
    at_ = static_cast<size_t>(std::max(sql_number(value["rel"], "location"), 0));
  fault(shape_fault(kind, name));
}

void SqlWalk::descend(const SqlShape& shape, const JsonValue& members) {
  for (const auto& member : members.GetObject()) {
    const SqlMember& form = shape.at(json_string(member.name));
    if (form.kind == SqlMember::Kind::nodes) visit(member.value);
    if (form.kind == SqlMember::Kind::typed && member.value.IsObject()) visit_as(form.of, member.value);
  }
}

void SqlWalk::check(std::string_view kind, const JsonValue& members) {
  if (kind == "ColumnRef") return column(members);
  if (kind == "ParamRef") return placeholder(members);
  if (kind == "FuncCall") return function(members);
  if (kind == "A_Expr") return operation(members, "name");
  if (kind == "SubLink") return operation(members, "operName");
  if (kind == "TypeCast") return cast(members);
  if (kind == "TypeName") return type_name(members);
  if (kind == "GroupingSet") return keys(members, "content", "GROUP BY");
  if (kind == "WindowDef") return keys(members, "partitionClause", "PARTITION BY");
  if (kind == "CollateClause" && own_name(sql_items(members, "collname")).empty())
    return fault("a collation is written by its bare name, without a schema");
  if (kind == "ResTarget" && members.HasMember("val"))
    return reject_bare(members["val"], "an item of SELECT", false);
  if (kind == "SortBy" && members.HasMember("node"))
    return reject_bare(members["node"], "a key of ORDER BY", true);
  if (kind == "SQLValueFunction") {
    const std::string op = json_member(members, "op");
    facts_.immutable = false;
    for (const std::string_view allowed : {"SVFOP_CURRENT_DATE", "SVFOP_CURRENT_TIME", "SVFOP_LOCALTIME"})
      if (op.compare(0, allowed.size(), allowed) == 0) return;
    return fault(
        "a script cannot ask for the user, role, database or schema: they are the same for all callers");
  }
  if (kind == "A_Indirection") {
    for (const JsonValue& step : sql_items(members, "indirection"))
      if (parse_node(step).kind != "A_Indices")
        return fault("a field of a row is not allowed in a script; write TABLE.COLUMN without parentheses");
  }
}

void SqlWalk::column(const JsonValue& members) {
  const SqlItems fields = sql_items(members, "fields");
  ++column_refs_;
  for (const JsonValue& field : fields)
    if (parse_node(field).kind != "String")
      return fault("name the columns instead of *: what an API answers must not change with its table");
  if (fields.empty() || fields.size() > 2) return fault("a column is written as COLUMN or TABLE.COLUMN");
  const std::string name(sql_text(*(fields.end() - 1)));
  if (is_system_column(name)) return fault(system_column_fault(name));
  if (fields.size() == 2 && takes_whole_row(name))
    return fault(name + " after a table is the function " + name +
                 "() of its whole row, which is not allowed");
  if (fields.size() == 1 && scope_ != nullptr && scope_->is_row(name))
    return fault(name + " is a table here, and its whole row is not allowed; write " + name + ".COLUMN");
  facts_.columns.insert(name);
}

void SqlWalk::placeholder(const JsonValue& members) {
  const int number = sql_number(members, "number");
  const auto place = static_cast<size_t>(number > 0 ? number - 1 : 0);
  if (number < 1 || place >= placed_.size() || placed_[place])
    return fault("$" + std::to_string(number) + " is no placeholder; write ${name}");
  placed_[place] = true;
}

void SqlWalk::function(const JsonValue& members) {
  const SqlItems names = sql_items(members, "funcname");
  const std::string_view name = own_name(names);
  if (name.empty())
    return fault("a function is written by its bare name, without a schema: " + joined_name(names));
  const SqlFunction* found = sql_function(name);
  if (found == nullptr) return fault(function_fault(name));
  // date('now') is a cast of a text.
  const SqlItems args = sql_items(members, "args");
  if (depends_on_time(name) ||
      (is_time_type(name) && (args.empty() || parse_node(*args.begin()).kind != "ColumnRef")))
    facts_.immutable = false;
  if (found->aggregate || found->window || found->rows || members.HasMember("over")) combines_rows_ = true;
}

void SqlWalk::operation(const JsonValue& members, const char* name) {
  const SqlItems names = sql_items(members, name);
  if (names.size() > 1) return fault("an operator is written alone, without OPERATOR(schema.name)");
  const std::string_view sign = names.empty() ? std::string_view{} : sql_text(*names.begin());
  if (sign == "==") return fault("== is no operator of SQL; write =");
  if (sign == "<=>") return fault("<=> is no operator of PostgreSQL; write IS NOT DISTINCT FROM");
  if (const JsonValue* const placeholder = compared_placeholder(members)) {
    at_ = static_cast<size_t>(std::max(sql_number(*placeholder, "location"), 0));
    return fault(
        "a placeholder is a value and cannot be the name of a column, and here only placeholders are "
        "compared with each other; write the columns to choose from inside <choose>, or compare parameters "
        "in the test of an <if>");
  }
  const std::string kind = json_member(members, "kind");
  if (kind != "AEXPR_OP_ANY" && kind != "AEXPR_OP_ALL") return;
  const SqlNode list = sql_child(members, "rexpr");
  if (list.kind != "ParamRef") return;
  const auto number = static_cast<size_t>(sql_number(*list.members, "number"));
  if (number >= 1 && number <= is_list_.size() && !is_list_[number - 1])
    fault("ANY and ALL require a parameter of a list type, such as STRING_LIST");
}

void SqlWalk::cast(const JsonValue& members) {
  if (!members.HasMember("typeName") || !members["typeName"].IsObject())
    return fault("the type cannot be read");
  const SqlNode arg = sql_child(members, "arg");
  // The parser reads it, PostgreSQL does not.
  if (arg.kind == "ParamRef" && sql_number(members, "location", -1) < 0) {
    at_ = static_cast<size_t>(std::max(sql_number(*arg.members, "location"), 0));
    return fault("a placeholder cannot be written behind a type; write CAST(${name} AS TYPE)");
  }
  if (!is_time_type(own_name(sql_items(members["typeName"], "names")))) return;
  if (arg.kind != "A_Const") {
    // A text of a caller may be 'now'.
    if (arg.kind != "ColumnRef") facts_.immutable = false;
    return;
  }
  const auto text = arg.members->FindMember("sval");
  if (text == arg.members->MemberEnd() || !text->value.IsObject()) return;
  const std::string_view instead = moment_hint(json_member(text->value, "sval"));
  if (!instead.empty())
    fault("the text would be the moment at which the statement was prepared; write " + std::string(instead));
}

void SqlWalk::type_name(const JsonValue& members) {
  const SqlItems names = sql_items(members, "names");
  const std::string_view name = own_name(names);
  if (name.empty() || !is_sql_type(name))
    return fault(type_fault(name.empty() ? joined_name(names) : std::string(name)));
  for (const JsonValue& length : sql_items(members, "typmods")) {
    const SqlNode number = parse_node(length);
    if (number.kind == "A_Const") continue;
    if (number.kind == "ParamRef")
      at_ = static_cast<size_t>(std::max(sql_number(*number.members, "location"), 0));
    return fault("the length of a type is a number, no placeholder");
  }
}

void SqlWalk::reject_bare(const JsonValue& node, std::string_view clause, bool through_casts) {
  const SqlNode found = parse_node(through_casts ? *without_casts(&node) : node);
  if (found.kind != "ParamRef") return;
  const size_t outer = at_;
  at_ = static_cast<size_t>(std::max(sql_number(*found.members, "location"), 0));
  std::string text = "a placeholder is a value and cannot be " + std::string(clause) +
                     "; write the columns to choose from inside <choose>";
  if (!through_casts) text += ", or CAST(${name} AS text) for the value itself";
  fault(std::move(text));
  at_ = outer;
}

void SqlWalk::keys(const JsonValue& members, const char* name, std::string_view clause) {
  for (const JsonValue& key : sql_items(members, name))
    if (!key.ObjectEmpty()) reject_bare(key, "a key of " + std::string(clause), true);
}

std::string sql_column(const SqlNode& node) {
  if (node.kind != "ColumnRef") return {};
  const SqlItems fields = sql_items(*node.members, "fields");
  return fields.empty() || fields.size() > 2 ? std::string() : std::string(sql_text(*(fields.end() - 1)));
}

std::vector<std::string> sql_outputs(const JsonValue& select) {
  const JsonValue* first = &select;
  while (first->HasMember("larg") && (*first)["larg"].IsObject()) first = &(*first)["larg"];
  std::vector<std::string> outputs;
  for (const JsonValue& item : sql_items(*first, "targetList")) {
    const SqlNode target = parse_node(item);
    if (target.kind != "ResTarget") continue;
    std::string name = json_member(*target.members, "name");
    outputs.push_back(name.empty() ? sql_column(sql_child(*target.members, "val")) : std::move(name));
  }
  return outputs;
}

}  // namespace tablegate::loader
