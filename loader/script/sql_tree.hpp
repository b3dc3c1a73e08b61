// The parse tree of PostgreSQL's own grammar (libpg_query), as its JSON: a node is an
// object with one member, whose name is the node's kind; {} is an empty place of a list.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json_text.hpp"
#include "script/sql_check.hpp"

namespace tablegate::loader {

// Of the text of a statement, in bytes.
inline constexpr size_t kMaxSqlSize = size_t{256} << 10U;

// Reads `sql`, valid UTF-8 without NUL, into `tree`: an object whose `stmts` are the statements. The fault
// has the place and PostgreSQL's message.
std::optional<SqlFault> parse_sql(const std::string& sql, JsonDocument& tree);

struct SqlNode {
  std::string_view kind;
  const JsonValue* members = nullptr;
};

// Of `{"Kind": {...}}`; without members where it is {}.
SqlNode parse_node(const JsonValue& value);
// The node that a member is; without members where there is none.
SqlNode sql_child(const JsonValue& members, const char* name);
// Items of a member that is a list; an empty range where there is none.
struct SqlItems {
  const JsonValue* first = nullptr;
  const JsonValue* behind = nullptr;

  const JsonValue* begin() const { return first; }
  const JsonValue* end() const { return behind; }
  size_t size() const { return static_cast<size_t>(behind - first); }
  bool empty() const { return first == behind; }
};
SqlItems sql_items(const JsonValue& members, const char* name);
// The text of a node of kind String; empty: it is another one.
std::string_view sql_text(const JsonValue& node);
// A member that is a number; `otherwise` where it is not there.
int sql_number(const JsonValue& members, const char* name, int otherwise = 0);
bool sql_flag(const JsonValue& members, const char* name);

}  // namespace tablegate::loader
