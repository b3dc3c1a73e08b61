// Writes a literal of a seed file into a column of the mirror.
#pragma once

#include "model/ddl.hpp"
#include "model/ddl_type.hpp"
#include "source/copy_text.hpp"
#include "source/seed/sql_literal.hpp"

namespace tablegate::loader {

// Adds the literal as the next field, as a value of `column`; `nested` is the type of an ARRAY, MAP or
// STRUCT, else null. Throws Refused with the place where the literal does not fit. Ranges and the calendar
// are checked by COPY.
void copy_sql_literal(const SqlLiteral& literal, const TableColumn& column, const DdlType* nested,
                      CopyText& copy);

}  // namespace tablegate::loader
