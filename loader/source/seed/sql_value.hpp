// What a literal of a seed file becomes in a column of the mirror.
#pragma once

#include "model/ddl.hpp"
#include "model/ddl_type.hpp"
#include "source/copy_text.hpp"
#include "source/seed/sql_literal.hpp"

namespace tablegate::loader {

// Adds it as the next field, as a value of `column`; `nested` is the type of an ARRAY, MAP or STRUCT, else
// null. Throws Refused with its place where it cannot be one. What only PostgreSQL knows (ranges, the
// calendar) is left to COPY.
void copy_sql_literal(const SqlLiteral& literal, const TableColumn& column, const DdlType* nested,
                      CopyText& copy);

}  // namespace tablegate::loader
