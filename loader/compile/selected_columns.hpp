// The SELECT list of a wizard's statement: the columns that the API returns, in
// their order, masked where the definition says so. A mask is an expression in
// SQL, so the clear value never leaves PostgreSQL.
#pragma once

#include "compile/compiled_api.hpp"

namespace tablegate::loader {

// The items of the SELECT. Adds the columns to `api`, and the internal values that masks bind: call it when
// `api` has all of its parameters, because the numbers of internal values follow theirs. The columns are
// those of `source`. Throws Refused, naming the API and the field.
core::Nodes selected_columns(const ApiDefinition& definition, const TableInfo& source, CompiledApi& api);

}  // namespace tablegate::loader
