// The values of a call in one spelling, for digests: equal for two calls only if they mean the same. A sink
// gets number(uint64_t), text(std::string_view) and absent() for each.
#pragma once

#include "core/call/canonical_value.hpp"
#include "core/manifest/manifest.hpp"
#include "core/plan/bound_values.hpp"

namespace tablegate::core {

// The first `count` parameters of the API. `values`, `items`: BoundValues'. False: no memory.
template <class Sink>
bool add_parameters(const Api& api, size_t count, const char* const* values, const BoundItems* items,
                    Arena& arena, Sink& sink) {
  for (size_t i = 0; i < count; ++i) {
    if (i == api.formats.parameter && api.formats.list.size() > 1) continue;  // it chooses no rows
    if (values[i] == nullptr) {
      sink.absent();
      continue;
    }
    const Parameter& parameter = api.parameters[i];
    const size_t item_count = parameter.list ? items[i].count : 1;
    sink.number(item_count);
    for (size_t item = 0; item < item_count; ++item) {
      const char* const value = parameter.list ? items[i].items[item] : values[i];
      const std::string_view text = canonical_value(parameter.type, value, arena);
      if (text.data() == nullptr) return false;
      sink.text(text);
    }
  }
  return true;
}

}  // namespace tablegate::core
