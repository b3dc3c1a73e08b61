// A request to an API made of the values that were given and, for all others, the
// samples of its definition: what `api test` runs, `api call` sends and `api show`
// prints for curl. All values are decoded; who sends the request encodes them.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/manifest/manifest.hpp"
#include "model/api_definition.hpp"

namespace tablegate::loader {

using Values = std::vector<std::pair<std::string, std::string>>;

struct SampleRequest {
  std::string method;
  std::string path;  // whole, with its {name} segments
  Values path_values, query, headers;
  Values form;                       // the body of a POST
  std::vector<std::string> missing;  // required parameters with neither value nor sample

  // The path with its values, each as `encode` returns it.
  std::string filled_path(const std::function<std::string(const std::string&)>& encode) const;
};

// `path`: base path and API path. `given`: values by name; a name may come several times, and those of a list
// parameter are then joined by commas, which every place and a signed request takes. `name`: of the API, for
// messages. Throws Refused for a name that the API does not have.
SampleRequest sample_request(const ApiDefinition& api, const std::string& name, const std::string& path,
                             const core::VersionKey& version, const Values& given);

}  // namespace tablegate::loader
