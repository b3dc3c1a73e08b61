// The JSON of an OpenAPI document.
#pragma once

#include <string>
#include <string_view>

#include "base/json_output.hpp"

namespace tablegate::loader {

inline constexpr const char* kJsonType = "application/json";

class OpenApiJson : public JsonOutput {
 public:
  void reference(std::string_view name, const std::string& to) {
    object(name, [&] { text("$ref", to); });
  }
};

}  // namespace tablegate::loader
