// What a request gives for the parameters of its API: made by bind_parameters(),
// read by the walk through the API's program. Lives in the arena of the request.
#pragma once

namespace tablegate::core {

struct BoundValues {
  // One for each of Api::parameters, in their order: text form, NUL-terminated. Null: it is absent, which
  // only an optional parameter without a default can be.
  const char* const* values = nullptr;
};

}  // namespace tablegate::core
