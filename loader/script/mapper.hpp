// A <select> of a MyBatis mapper file as a script: its text with the fragments that
// it includes, and what its parameters may be. Guesses, which an author reads before
// they are applied.
//   MapperScript script = read_mapper(file, "findUsers", faults);
#pragma once

#include <string>
#include <vector>

#include "model/api_definition.hpp"
#include "script/script.hpp"
#include "script/source_text.hpp"

namespace tablegate::loader {

struct MapperScript {
  SourceText text;  // its bytes know their place in the file
  std::vector<RequestParameter> parameters;
};

// `file`: its text. `id`: of the select. Faults have places in the file.
MapperScript read_mapper(const std::string& file, const std::string& id, std::vector<ScriptFault>& faults);

// A fault of the script's text, with its place in the file.
ScriptFault mapper_fault(const std::string& file, const SourceText& script, const ScriptFault& fault);

}  // namespace tablegate::loader
