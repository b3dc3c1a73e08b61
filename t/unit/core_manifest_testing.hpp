// Manifests with one fault, and the reason for which they are rejected.
#pragma once

#include <string>

#include "core_testing.hpp"

namespace tablegate::core::testing::faults {

inline std::string refused(const std::string& body) {
  return testing::refusal_of(testing::manifest_text(body));
}

// The reason for rejecting an API whose line has one change.
inline std::string refused_api(const std::string& from, const std::string& to) {
  return refused(api_line("1", "GET", "/x", "[]", {{from, to}}));
}

inline constexpr const char* kParameter =
    R"({"name":"p","in":"query","type":"LONG","column_type":"int8","required":true})";

inline std::string refused_parameter(const std::string& from, const std::string& to) {
  std::string parameter = kParameter;
  const size_t at = parameter.find(from);
  ck_assert_msg(at != std::string::npos, "%s", from.c_str());
  parameter.replace(at, from.size(), to);
  return refused_api(R"("parameters":[])", R"("parameters":[)" + parameter + "]");
}

}  // namespace tablegate::core::testing::faults
