// Which functions and types a script may use, and what to write instead of those of
// other databases (MaxCompute, MySQL, Oracle). The functions are those of
// loader/script/functions.txt, which make_functions.sh writes.
#pragma once

#include <string>
#include <string_view>

namespace tablegate::loader {

struct SqlFunction {
  bool aggregate = false;  // of some argument types
  bool window = false;
  bool rows = false;  // it returns rows
};

// Null: a script may not call it.
const SqlFunction* sql_function(std::string_view name);
// Whether its result depends on when it is called. Settings do not count: they are the same in each session
// of ours.
bool depends_on_time(std::string_view name);
// Whether `t.NAME` would call a function with the whole row of t, where t has no such column.
bool takes_whole_row(std::string_view name);
// Why a script may not call it, and what to write instead.
std::string function_fault(std::string_view name);

// `name` as the parser has it: int4 for INTEGER.
bool is_sql_type(std::string_view name);
std::string type_fault(std::string_view name);
std::string system_column_fault(std::string_view name);
// A type of times or dates.
bool is_time_type(std::string_view name);

// "now": what to write instead of 'now'::timestamp, which is the moment at which the statement was prepared.
// Empty: the text of such a type is no moment that changes.
std::string_view moment_hint(std::string_view text);

// What to write, after a syntax error at this word; empty: nothing is known.
std::string_view syntax_hint(std::string_view word, std::string_view message);

}  // namespace tablegate::loader
