#include "script/sql_shapes.hpp"

#include <algorithm>

namespace tablegate::loader {

namespace {

struct ShapeLine {
  std::string_view kind;
  std::string_view members;  // name: nodes; name#: a value; name:Kind: the members of such a node
};

constexpr ShapeLine kShapes[] = {
    {"SelectStmt",
     "distinctClause targetList fromClause whereClause groupClause groupDistinct# havingClause windowClause "
     "valuesLists sortClause limitOffset limitCount limitOption# op# all# larg:SelectStmt rarg:SelectStmt "
     "withClause:WithClause"},
    {"WithClause", "ctes recursive# location#"},
    {"CommonTableExpr",
     "ctename# aliascolnames# ctematerialized# ctequery location# search_clause# "
     "cycle_clause:CTECycleClause"},
    {"CTECycleClause",
     "cycle_col_list# cycle_mark_column# cycle_mark_value cycle_mark_default "
     "cycle_path_column# location#"},
    {"ResTarget", "name# val location#"},
    {"ColumnRef", "fields# location#"},
    {"A_Const", "ival# fval# boolval# sval# bsval# isnull# location#"},
    {"ParamRef", "number# location#"},
    {"A_Expr", "kind# name# lexpr rexpr location#"},
    {"BoolExpr", "boolop# args location#"},
    {"NullTest", "arg nulltesttype# argisrow# location#"},
    {"BooleanTest", "arg booltesttype# location#"},
    {"CaseExpr", "arg args defresult location#"},
    {"CaseWhen", "expr result location#"},
    {"CoalesceExpr", "args location#"},
    {"MinMaxExpr", "op# args location#"},
    {"SubLink", "subLinkType# testexpr operName# subselect location#"},
    {"A_ArrayExpr", "elements location#"},
    {"RowExpr", "args row_format# location#"},
    {"A_Indirection", "arg indirection"},
    {"A_Indices", "is_slice# lidx uidx"},
    {"TypeCast", "arg typeName:TypeName location#"},
    {"TypeName", "names# typmods typemod# arrayBounds# location#"},
    {"CollateClause", "arg collname# location#"},
    {"FuncCall",
     "funcname# args agg_order agg_filter over:WindowDef agg_within_group# agg_star# agg_distinct# "
     "func_variadic# funcformat# location#"},
    {"NamedArgExpr", "arg name# argnumber# location#"},
    {"WindowDef", "name# refname# partitionClause orderClause frameOptions# startOffset endOffset location#"},
    {"SortBy", "node sortby_dir# sortby_nulls# location#"},
    {"GroupingSet", "kind# content location#"},
    {"GroupingFunc", "args location#"},
    {"SQLValueFunction", "op# typmod# location#"},
    {"RangeVar", "relname# inh# relpersistence# alias# location#"},
    {"RangeSubselect", "lateral# subquery alias#"},
    {"RangeFunction", "lateral# ordinality# is_rowsfrom# functions alias#"},
    {"JoinExpr", "jointype# isNatural# larg rarg usingClause# join_using_alias# quals alias#"},
    {"List", "items"},
};

// With the member, where it is not "".
struct ShapeFault {
  std::string_view kind, member, text;
};

constexpr ShapeFault kFaults[] = {
    {"SelectStmt", "intoClause", "a script only reads: SELECT INTO is not allowed"},
    {"SelectStmt", "lockingClause", "a script only reads: FOR UPDATE and FOR SHARE are not allowed"},
    {"RangeVar", "schemaname", "a table is written by its bare name, without a schema"},
    {"RangeVar", "catalogname", "a table is written by its bare name, without database and schema"},
    {"RangeFunction", "coldeflist", "a function in FROM takes no list of column definitions here"},
    {"SortBy", "useOp", "ORDER BY ... USING is not allowed; write ASC or DESC"},
    {"TypeName", "setof", "SETOF is not allowed in a script"},
    {"TypeName", "pct_type", "a type is written by its name, without %TYPE"},
    {"RangeTableSample", "", "TABLESAMPLE is not allowed; write a condition, or ORDER BY with LIMIT"},
    {"RangeTableFunc", "", "XMLTABLE is not allowed in a script"},
    {"XmlExpr", "", "XML is not allowed in a script"},
    {"XmlSerialize", "", "XML is not allowed in a script"},
    {"SetToDefault", "", "DEFAULT is not allowed in a script"},
};

std::unordered_map<std::string_view, SqlShape> read_shapes() {
  std::unordered_map<std::string_view, SqlShape> shapes;
  for (const ShapeLine& line : kShapes) {
    SqlShape& shape = shapes[line.kind];
    std::string_view left = line.members;
    while (!left.empty()) {
      std::string_view member = left.substr(0, left.find(' '));
      left.remove_prefix(std::min(member.size() + 1, left.size()));
      const size_t colon = member.find(':');
      if (member.back() == '#')
        shape[member.substr(0, member.size() - 1)] = {SqlMember::Kind::value, {}};
      else if (colon != std::string_view::npos)
        shape[member.substr(0, colon)] = {SqlMember::Kind::typed, member.substr(colon + 1)};
      else
        shape[member] = {SqlMember::Kind::nodes, {}};
    }
  }
  return shapes;
}

}  // namespace

const SqlShape* sql_shape(std::string_view kind) {
  static const std::unordered_map<std::string_view, SqlShape> shapes = read_shapes();
  const auto found = shapes.find(kind);
  return found == shapes.end() ? nullptr : &found->second;
}

std::string shape_fault(std::string_view kind, std::string_view member) {
  for (const ShapeFault& fault : kFaults)
    if (fault.kind == kind && (fault.member.empty() || fault.member == member))
      return std::string(fault.text);
  constexpr std::string_view kStatement = "Stmt";
  if (kind.size() > kStatement.size() && kind.substr(kind.size() - kStatement.size()) == kStatement)
    return "a script only reads: write one SELECT, or WITH ... SELECT";
  std::string text = "this form of SQL is not allowed in a script (" + std::string(kind);
  if (!member.empty()) text.append(".").append(member);
  return text + ")";
}

}  // namespace tablegate::loader
