// Goes through the parse tree of one SELECT, rejects what a script may not have and
// notes the tables, columns and functions that it uses. Used by sql_check.cpp only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "script/sql_check.hpp"
#include "script/sql_scope.hpp"
#include "script/sql_shapes.hpp"
#include "script/sql_tree.hpp"
#include "script/sql_words.hpp"

namespace tablegate::loader {

// The names of a SELECT's output columns, those of the first one of a UNION; "" for an expression without AS.
std::vector<std::string> sql_outputs(const JsonValue& select);
// The name of a column that stands alone or after its table's; empty: the node is another one.
std::string sql_column(const SqlNode& node);

// How many faults of one statement are looked for.
inline constexpr size_t kMaxSqlFaults = 10;

class SqlWalk {
 public:
  SqlWalk(const SqlWords& words, const std::vector<bool>& is_list, SqlFacts& facts,
          std::vector<SqlFault>& faults)
      : words_(words), is_list_(is_list), placed_(is_list.size(), false), facts_(facts), faults_(faults) {}

  // The members of the statement's SelectStmt.
  void statement(const JsonValue& select);
  // It has one SELECT, and no function that makes one row of many or many of one.
  bool row_by_row() const { return selects_ == 1 && !combines_rows_; }

 private:
  void fault(std::string text) { faults_.push_back({at_, std::move(text)}); }
  void visit(const JsonValue& value);
  void visit_as(std::string_view kind, const JsonValue& members);
  void unknown_member(std::string_view kind, std::string_view name, const JsonValue& value);
  void descend(const SqlShape& shape, const JsonValue& members);
  void check(std::string_view kind, const JsonValue& members);

  void select(const JsonValue& members);
  void with(const JsonValue& members);
  void visit_member(const JsonValue& members, const char* name);
  void table(const JsonValue& members);
  void subselect(const JsonValue& members);
  void from_function(const JsonValue& members);
  void join(const JsonValue& members);
  void add_relation(const JsonValue& members, const std::string& name, const std::set<std::string>* columns);

  void column(const JsonValue& members);
  void placeholder(const JsonValue& members);
  void function(const JsonValue& members);
  void operation(const JsonValue& members, const char* name);
  void cast(const JsonValue& members);
  void type_name(const JsonValue& members);
  void reject_bare(const JsonValue& node, std::string_view clause, bool through_casts);
  void keys(const JsonValue& members, const char* name, std::string_view clause);

  const SqlWords& words_;
  const std::vector<bool>& is_list_;
  std::vector<bool> placed_;  // placeholders that the tree has
  SqlFacts& facts_;
  std::vector<SqlFault>& faults_;
  SqlScope* scope_ = nullptr;
  size_t at_ = 0;  // the byte of the node that is looked at, or of one around it
  size_t depth_ = 0;
  size_t selects_ = 0;
  size_t column_refs_ = 0;
  bool combines_rows_ = false;
};

}  // namespace tablegate::loader
