// Reads the literals of MaxCompute's INSERT ... VALUES from tokens into a value
// with its place: 1Y 1S 1L 3.5BD 3.14F 1E7, 'a' "b", true, NULL, DATE'...' and
// the other times, X'...', unhex('...'), JSON '...', array(), map(),
// named_struct(). No expressions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/ddl_lexer.hpp"

namespace tablegate::loader {

struct SqlLiteral {
  enum class Kind {
    null,
    boolean,
    number,
    string,
    date,
    datetime,
    timestamp,
    timestamp_ntz,
    binary,
    json,
    array,
    map,
    named_struct
  };

  Kind kind = Kind::null;
  std::string text;               // digits without suffix, decoded text, bytes, "true" or "false"
  std::vector<SqlLiteral> items;  // array: elements; map: key, value, ...; named_struct: name, value, ...
  size_t line = 1;
  size_t column = 1;
};

// Reads the literal that begins at `token`; afterwards `token` is the first token after it. Throws Refused
// (refuse_ddl) with the place.
SqlLiteral read_sql_literal(DdlLexer& lexer, DdlToken& token);

}  // namespace tablegate::loader
