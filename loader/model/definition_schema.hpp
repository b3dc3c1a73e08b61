// The shape of definitions: schema/definitions/*.schema.json, checked by
// RapidJSON's validator (draft 4). What the validator rejects is then reported in
// words, every fault of the object. "x-later" in a schema lists what the
// contract has and this version has not: it is rejected with a clear error.
#pragma once

#include <string>

#include "model/definition.hpp"

namespace tablegate::loader {

// The JSON Schema of a kind, as it is in schema/definitions.
const JsonValue& schema_text(Kind kind);

// Adds what is wrong with the shape and marks the definition as broken.
void check_schema(Definition& definition, Problems& problems);

// The text that the catalog keeps: compact, members in the order of the schema, nothing added, "$schema" left
// out. Equal definitions give equal bytes.
std::string normalised_text(const Definition& definition);

}  // namespace tablegate::loader
