// The statement of an API in mode script with pages. Its outermost LIMIT and OFFSET
// count for nothing. Where the script's ORDER BY is one over the whole primary key of
// its only table, pages are those of the wizard, with cursors, over the script's rows;
// otherwise they are divided by their number alone.
#pragma once

#include <string>
#include <vector>

#include "compile/compiled_api.hpp"
#include "compile/sort.hpp"
#include "model/api_source.hpp"
#include "script/script.hpp"

namespace tablegate::loader {

// The total order of the script's rows, by names of its output columns; empty: there is none, and so there
// are no cursors. `source`: its columns are known.
std::vector<SortKey> script_sort(const Script& script, const ApiSource& source);

// Why pages of the script have no cursors; empty: they have them.
std::string no_cursor_reason(const Script& script, const ApiSource& source);

// The sort of pages by cursor, of a wizard's API or of a script, by columns of its table; empty: its pages
// have no cursors.
std::vector<SortKey> cursor_sort(const ApiDefinition& api, const ApiSource& source);

// Sets statement, internal and pages of an API whose parameters and columns are compiled.
void compile_script_page(const ApiEntry& entry, const Script& script, CompiledApi& api);

}  // namespace tablegate::loader
