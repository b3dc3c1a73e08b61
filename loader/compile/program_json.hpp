// A statement program in the form that the manifest carries it in
// (schema/README.md); core/manifest/manifest_program.cpp reads it back.
#pragma once

#include <string>

#include "core/plan/node.hpp"

namespace tablegate::loader {

// A JSON list.
std::string program_json(const core::Nodes& nodes);

}  // namespace tablegate::loader
