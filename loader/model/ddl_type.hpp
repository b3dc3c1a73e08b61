// MaxCompute's types and what they become in PostgreSQL. VARCHAR and CHAR become
// text: a changed length must not change a statement's result type under a
// running gateway. ARRAY, MAP and STRUCT become jsonb.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/ddl.hpp"
#include "model/ddl_lexer.hpp"

namespace tablegate::loader {

struct DdlType {
  std::string name;                    // lower case
  std::vector<std::string> arguments;  // DECIMAL(p,s), VARCHAR(n)
  std::vector<DdlType> children;       // ARRAY: element; MAP: key, value; STRUCT: fields
  std::vector<std::string> fields;     // names of a STRUCT's fields
};

// Sets type and sql_type of the column; returns the reason when the type cannot be mapped, else "".
std::string map_ddl_type(const DdlType& type, TableColumn& column);

// Reads a type that begins at `token`, which afterwards is the first token behind it. `subject` is put before
// what is refused: `column "a"`.
DdlType read_ddl_type(DdlLexer& lexer, DdlToken& token, const std::string& subject);

// The ARRAYs, MAPs and STRUCTs of a CREATE TABLE by the names of their columns. Throws as parse_ddl().
std::map<std::string, DdlType> parse_nested_types(std::string_view ddl);

// A type alone, as a table's schema has it: "map<string,array<bigint>>". Throws Refused.
DdlType parse_type_text(std::string_view text, const std::string& subject);

}  // namespace tablegate::loader
