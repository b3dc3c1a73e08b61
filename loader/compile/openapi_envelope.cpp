#include "compile/openapi_envelope.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <set>

#include "core/answer/problem.hpp"

namespace tablegate::loader {
namespace {

constexpr int kUnauthorized = 401;
constexpr int kNotAllowed = 405;

bool is_dataworks(const std::string& envelope) {
  return envelope == "dataworks";
}

std::vector<const core::ProblemKind*> kinds_of(int status) {
  std::vector<const core::ProblemKind*> kinds;
  for (size_t i = 1; i < static_cast<size_t>(core::Slug::count); ++i) {
    const core::ProblemKind& kind = core::problem_kind(static_cast<core::Slug>(i));
    if (kind.status == status) kinds.push_back(&kind);
  }
  return kinds;
}

std::string words_of(int status) {
  std::string words;
  for (const core::ProblemKind* const kind : kinds_of(status))
    words += fmt::format("{}`{}`: {}", words.empty() ? "" : "; ", kind->name, kind->message);
  return words;
}

void write_truth(OpenApiJson& json, const char* name, bool value) {
  json.object(name, [&] {
    json.text("type", "boolean");
    json.truth("const", value);
  });
}

void write_type_of_value(OpenApiJson& json, const char* name, const char* type) {
  json.object(name, [&] { json.text("type", type); });
}

}  // namespace

void write_problem_schema(OpenApiJson& json) {
  json.text("type", "object");
  json.texts("required", {"type", "title", "status", "detail"});
  json.object("properties", [&] {
    json.object("type", [&] {
      json.text("type", "string");
      json.text("const", "about:blank");
    });
    write_type_of_value(json, "title", "string");
    write_type_of_value(json, "status", "integer");
    write_type_of_value(json, "detail", "string");
  });
}

std::string ErrorAnswer::component() const {
  return fmt::format("{}Error{}", is_dataworks(envelope) ? "DataWorks" : "", status);
}

void write_success_schema(OpenApiJson& json, const std::string& envelope,
                          const std::function<void()>& write_data) {
  json.text("type", "object");
  if (is_dataworks(envelope)) {
    json.texts("required", {"data", "errCode", "errMsg", "requestId", "apiLog"});
  } else {
    json.texts("required", {"data", "success"});
  }
  json.object("properties", [&] {
    json.object("data", write_data);
    if (!is_dataworks(envelope)) return write_truth(json, "success", true);
    json.object("errCode", [&] {
      json.text("type", "integer");
      json.number("const", 0);
    });
    json.object("errMsg", [&] {
      json.text("type", "string");
      json.text("const", "success");
    });
    write_type_of_value(json, "requestId", "string");
    write_type_of_value(json, "apiLog", "null");
  });
}

void write_error_schema(OpenApiJson& json, const ErrorAnswer& error) {
  const bool dataworks = is_dataworks(error.envelope);
  json.text("type", "object");
  if (dataworks) {
    json.texts("required", {"data", "errCode", "errMsg", "requestId", "apiLog"});
  } else {
    json.texts("required", {"data", "success", "errCode", "error", "errMsg", "requestId"});
  }
  json.object("properties", [&] {
    write_type_of_value(json, "data", "null");
    if (!dataworks) write_truth(json, "success", false);
    json.object("errCode", [&] {
      json.text("type", "integer");
      json.array("enum", [&] {
        std::set<int64_t> codes;
        for (const core::ProblemKind* const kind : kinds_of(error.status)) codes.insert(kind->code);
        for (const int64_t code : codes) json.number(code);
      });
    });
    if (!dataworks) {
      json.object("error", [&] {
        json.text("type", "string");
        json.array("enum", [&] {
          for (const core::ProblemKind* const kind : kinds_of(error.status)) json.text(kind->name);
        });
      });
    }
    write_type_of_value(json, "errMsg", "string");
    write_type_of_value(json, "requestId", "string");
    if (dataworks) write_type_of_value(json, "apiLog", "null");
  });
}

void write_error(OpenApiJson& json, const ErrorAnswer& error) {
  json.text("description", words_of(error.status));
  json.object("headers", [&] {
    for (const std::string& header : headers_of(error))
      json.reference(header, "#/components/headers/" + header);
  });
  json.object("content", [&] {
    const std::string schema = "#/components/schemas/" + error.component();
    json.object(kJsonType, [&] { json.reference("schema", schema); });
    json.object(core::kProblemType, [&] {
      json.object("schema", [&] {
        json.array("allOf", [&] {
          for (const std::string& part : {std::string("#/components/schemas/") + kProblemSchema, schema})
            json.object([&] { json.text("$ref", part); });
        });
      });
    });
  });
}

std::vector<std::string> headers_of(const ErrorAnswer& error) {
  std::vector<std::string> headers = {"X-Ca-Request-Id"};
  if (error.status == kUnauthorized) headers.emplace_back("WWW-Authenticate");
  if (error.status == kNotAllowed) headers.emplace_back("Allow");
  for (const core::ProblemKind* const kind : kinds_of(error.status)) {
    if (!kind->retry_after) continue;
    headers.emplace_back("Retry-After");
    break;
  }
  return headers;
}

}  // namespace tablegate::loader
