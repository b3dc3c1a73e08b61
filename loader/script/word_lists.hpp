// Lists of words for word_check.cpp, all in lower case.
#pragma once

#include <string_view>

namespace tablegate::loader {

// A keyword with `(` behind it that calls nothing by that name, or a type with a length.
bool may_precede_parenthesis(std::string_view word);
// A value of the session that is written without parentheses.
bool is_session_value(std::string_view word);
// A schema that a role of ours, or any role, may read. PostgreSQL's others begin with pg_.
bool is_schema_name(std::string_view word);
// A type whose texts are names of the catalogs.
bool is_catalog_type(std::string_view word);
// What is behind such a word would be something else without it: no <trim> may cut it off.
bool is_never_cut(std::string_view word);
// What begins another statement than a SELECT. Without FETCH, which requires a cursor.
bool begins_other_statement(std::string_view word);
// UNION, INTERSECT, EXCEPT
bool is_set_operation(std::string_view word);

}  // namespace tablegate::loader
