// Envelopes in an OpenAPI document: the schema around an answer's "data", and
// the error answers, which are components that operations refer to. There is
// one for each envelope and HTTP status that a document uses.
#pragma once

#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "compile/openapi_json.hpp"

namespace tablegate::loader {

// The component with the members of RFC 9457, which come before those of an error.
inline constexpr const char* kProblemSchema = "Problem";
// The members of its schema.
void write_problem_schema(OpenApiJson& json);

struct ErrorAnswer {
  std::string envelope;  // as definitions name it
  int status = 0;        // of HTTP

  // The name of its schema and of its response: Error400, DataWorksError400.
  std::string component() const;
  bool operator<(const ErrorAnswer& other) const {
    return std::tie(envelope, status) < std::tie(other.envelope, other.status);
  }
};

// The members of the schema of an answer that is no error. `write_data` writes those of the schema of "data".
void write_success_schema(OpenApiJson& json, const std::string& envelope,
                          const std::function<void()>& write_data);

// The members of the component in "schemas", and of that in "responses".
void write_error_schema(OpenApiJson& json, const ErrorAnswer& error);
void write_error(OpenApiJson& json, const ErrorAnswer& error);
// The headers that the answer has or may have.
std::vector<std::string> headers_of(const ErrorAnswer& error);

}  // namespace tablegate::loader
