#include "script/sql_check.hpp"

#include <algorithm>

#include "core/text/utf8.hpp"
#include "script/sql_names.hpp"
#include "script/sql_tree.hpp"
#include "script/sql_walk.hpp"
#include "script/sql_words.hpp"

namespace tablegate::loader {

namespace {

// PostgreSQL's message with what to write instead, where that is known.
SqlFault with_hint(SqlFault fault, const std::string& sql, const SqlWords& words) {
  const SqlWord* word = words.beginning_at(fault.offset);
  if (word != nullptr && word->kind == SqlWord::Kind::parameter) {
    fault.text =
        "a placeholder is a value and cannot be a name, an operator or a keyword; write the forms to choose "
        "from "
        "inside <choose>";
    return fault;
  }
  const std::string_view text = word == nullptr
                                    ? std::string_view{}
                                    : std::string_view(sql).substr(word->begin, word->end - word->begin);
  const std::string_view hint = syntax_hint(text, fault.text);
  if (!hint.empty()) fault.text.append("; ").append(hint);
  // interval 1 day: MySQL and MaxCompute
  if (word != nullptr && word->kind == SqlWord::Kind::number && word != words.all().data() &&
      words.is(static_cast<size_t>(word - words.all().data()) - 1, "interval"))
    fault.text += "; write interval '1 day'";
  return fault;
}

// The members of the one statement; null: a fault was found.
const JsonValue* only_select(const JsonDocument& tree, const SqlWords& words, std::vector<SqlFault>& faults) {
  const SqlItems statements = sql_items(tree, "stmts");
  if (statements.empty()) {
    faults.push_back({0, "there is no statement", true});
    return nullptr;
  }
  if (statements.size() > 1) {
    const auto from = static_cast<size_t>(sql_number(*(statements.begin() + 1), "stmt_location"));
    const auto& all = words.all();
    const auto word =
        std::find_if(all.begin(), all.end(), [from](const SqlWord& each) { return each.begin >= from; });
    faults.push_back(
        {word == all.end() ? from : word->begin, "a script is one statement; remove the second one"});
    return nullptr;
  }
  const SqlNode statement = sql_child(*statements.begin(), "stmt");
  if (statement.kind == "SelectStmt") return statement.members;
  faults.push_back({words.all().empty() ? 0 : words.all().front().begin, shape_fault(statement.kind, {})});
  return nullptr;
}

void check_outputs(const JsonValue& select, SqlFacts& facts, std::vector<SqlFault>& faults) {
  const JsonValue* first = &select;
  while (first->HasMember("larg") && (*first)["larg"].IsObject()) first = &(*first)["larg"];
  facts.outputs = sql_outputs(select);
  if (facts.outputs.empty()) {
    faults.push_back({0, first->HasMember("valuesLists") ? "write SELECT: the columns of VALUES have no names"
                                                         : "the statement has no output columns"});
    return;
  }
  const SqlItems items = sql_items(*first, "targetList");
  std::set<std::string> seen;
  for (size_t i = 0; i < facts.outputs.size() && i < items.size(); ++i) {
    const SqlNode item = parse_node(*(items.begin() + i));
    const auto at = static_cast<size_t>(std::max(sql_number(*item.members, "location"), 0));
    const std::string& name = facts.outputs[i];
    if (name.empty())
      faults.push_back({at, "an expression requires a name; write AS and the name of the output column"});
    else if (!seen.insert(name).second)
      faults.push_back({at, "two output columns are called " + name + "; give one another name with AS"});
  }
}

// Where the outermost ORDER BY and LIMIT begin.
void find_clauses(const JsonValue& select, const SqlWords& words, SqlFacts& facts,
                  std::vector<SqlFault>& faults) {
  if (!sql_items(select, "sortClause").empty()) facts.order = words.last("order", 0, "by");
  const bool limited = select.HasMember("limitCount") || select.HasMember("limitOffset");
  if (limited)
    for (const std::string_view keyword : {"limit", "offset", "fetch"})
      if (const std::optional<size_t> at = words.last(keyword, 0))
        facts.limit = facts.limit ? std::min(*facts.limit, *at) : *at;
  facts.with_ties = json_member(select, "limitOption") == "LIMIT_OPTION_WITH_TIES";
  if ((!facts.order && !sql_items(select, "sortClause").empty()) || (!facts.limit && limited))
    faults.push_back({0, "remove the parentheses around the whole statement"});
}

// One table and each of its rows at most once.
bool is_simple(const JsonValue& select, const SqlFacts& facts, const SqlWalk& walk) {
  const SqlItems from = sql_items(select, "fromClause");
  return walk.row_by_row() && facts.tables.size() == 1 && from.size() == 1 &&
         parse_node(*from.begin()).kind == "RangeVar" && !select.HasMember("groupClause") &&
         !select.HasMember("havingClause") && !select.HasMember("distinctClause") &&
         !select.HasMember("windowClause") && !select.HasMember("withClause");
}

// `column = $N`, either way round.
void add_equal(const SqlNode& node, SqlFacts& facts) {
  if (node.kind != "A_Expr" || json_member(*node.members, "kind") != "AEXPR_OP") return;
  const SqlItems names = sql_items(*node.members, "name");
  if (names.size() != 1 || sql_text(*names.begin()) != "=") return;
  const SqlNode left = sql_child(*node.members, "lexpr"), right = sql_child(*node.members, "rexpr");
  const std::string column = sql_column(left.kind == "ColumnRef" ? left : right);
  const SqlNode& value = left.kind == "ParamRef" ? left : right;
  if (column.empty() || value.kind != "ParamRef") return;
  facts.equal.emplace_back(column, static_cast<size_t>(sql_number(*value.members, "number") - 1));
}

void find_equal(const JsonValue& select, SqlFacts& facts) {
  const SqlNode where = sql_child(select, "whereClause");
  if (where.kind == "BoolExpr" && json_member(*where.members, "boolop") == "AND_EXPR") {
    for (const JsonValue& part : sql_items(*where.members, "args")) add_equal(parse_node(part), facts);
  } else {
    add_equal(where, facts);
  }
}

// The key as an output column that shows a plain column; without a name where it is none.
SqlSortKey sort_key(const JsonValue& sort, const std::vector<std::string>& outputs,
                    const std::vector<std::string>& shown) {
  const std::string direction = json_member(sort, "sortby_dir"), nulls = json_member(sort, "sortby_nulls");
  SqlSortKey key;
  key.descending = direction == "SORTBY_DESC";
  if (nulls == (key.descending ? "SORTBY_NULLS_LAST" : "SORTBY_NULLS_FIRST")) return key;
  const SqlNode node = sql_child(sort, "node");
  size_t place = outputs.size();
  if (node.kind == "A_Const" && node.members->HasMember("ival")) {
    const int number = sql_number((*node.members)["ival"], "ival");
    if (number >= 1 && static_cast<size_t>(number) <= outputs.size()) place = static_cast<size_t>(number) - 1;
  } else if (node.kind == "ColumnRef") {
    const std::string name = sql_column(node);
    const bool alone = sql_items(*node.members, "fields").size() == 1;
    const auto output = std::find(outputs.begin(), outputs.end(), name);
    const auto show = std::find(shown.begin(), shown.end(), name);
    if (alone && output != outputs.end())
      place = static_cast<size_t>(output - outputs.begin());
    else if (show != shown.end())
      place = static_cast<size_t>(show - shown.begin());
  }
  if (place >= outputs.size() || shown[place].empty()) return key;
  key.output = outputs[place];
  key.column = shown[place];
  return key;
}

void find_sort(const JsonValue& select, SqlFacts& facts) {
  std::vector<std::string> shown;
  for (const JsonValue& item : sql_items(select, "targetList")) {
    const SqlNode target = parse_node(item);
    shown.push_back(target.kind == "ResTarget" ? sql_column(sql_child(*target.members, "val"))
                                               : std::string());
  }
  for (const JsonValue& item : sql_items(select, "sortClause")) {
    const SqlNode sort = parse_node(item);
    if (sort.kind == "SortBy" && shown.size() == facts.outputs.size())
      facts.sort.push_back(sort_key(*sort.members, facts.outputs, shown));
  }
}

}  // namespace

SqlFacts check_sql(const std::string& sql, const std::vector<bool>& is_list, std::vector<SqlFault>& faults) {
  SqlFacts facts;
  const size_t before = faults.size();
  if (!core::valid_text(sql)) {
    faults.push_back({0, "the statement is not valid UTF-8, or has a NUL byte"});
    return facts;
  }
  const SqlWords words = SqlWords::read(sql, faults);
  if (faults.size() != before) return facts;
  JsonDocument tree;
  if (std::optional<SqlFault> fault = parse_sql(sql, tree)) {
    faults.push_back(with_hint(std::move(*fault), sql, words));
    return facts;
  }
  const JsonValue* select = only_select(tree, words, faults);
  if (select == nullptr) return facts;
  for (const SqlWord& word : words.all())
    if (word.kind == SqlWord::Kind::mark && word.depth == 0 && sql[word.begin] == ';')
      facts.ends.push_back(word.begin);
  std::vector<SqlFault> found;
  SqlWalk walk(words, is_list, facts, found);
  walk.statement(*select);
  if (found.empty()) {
    check_outputs(*select, facts, found);
    find_clauses(*select, words, facts, found);
  }
  if (found.empty()) {
    std::sort(facts.tables.begin(), facts.tables.end(),
              [](const SqlTable& a, const SqlTable& b) { return a.begin < b.begin; });
    facts.simple = is_simple(*select, facts, walk);
    if (facts.simple) {
      find_equal(*select, facts);
      find_sort(*select, facts);
    }
  }
  faults.insert(faults.end(), found.begin(), found.end());
  return facts;
}

}  // namespace tablegate::loader
