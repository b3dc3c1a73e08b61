// Rules of `formats` and `csv_safe`: what does not go together, and the parameter
// `format`, which an API has where callers choose between formats.
#pragma once

#include <string>

#include "core/manifest/manifest.hpp"
#include "model/api_definition.hpp"
#include "model/definition.hpp"

namespace tablegate::loader {

// Whether the name, in any case, is the parameter by which callers of this API choose a format.
bool is_format_name(const ApiDefinition& api, const std::string& name);

// Adds what is wrong to the problems.
void check_formats(const ApiDefinition& api, const Place& place, Problems& problems);
// `key`: how a request selects the version of the REST API.
void check_format_version(const ApiDefinition& api, const Place& place, const core::VersionKey& key,
                          Problems& problems);

}  // namespace tablegate::loader
