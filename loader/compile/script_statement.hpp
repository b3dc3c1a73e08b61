// The statement of an API in mode script. Its text is read again at each compile:
// nothing that a version stores as SQL is believed, and it may read only tables that
// the version was made for. The columns are those that PostgreSQL described when the
// draft was tested (script_description.hpp).
#pragma once

#include <string>
#include <vector>

#include "compile/compiled_api.hpp"
#include "core/plan/node.hpp"
#include "core/plan/program.hpp"
#include "model/manifest_entries.hpp"
#include "script/script.hpp"

namespace tablegate::loader {

// The script of an entry whose definition has one. Throws Refused with each fault and its place.
Script script_of(const ApiEntry& entry);

// Its statement as it is written, and nodes that reject calls without a statement.
core::Nodes script_nodes(const ApiDefinition& api, const Script& script);

// What Program::build() takes for them.
std::vector<core::PlaceholderType> script_placeholders(const ApiDefinition& api);

// Sets statement, columns, reads and point of an API whose parameters are compiled. Throws Refused.
void compile_script(const ApiEntry& entry, CompiledApi& api);

}  // namespace tablegate::loader
