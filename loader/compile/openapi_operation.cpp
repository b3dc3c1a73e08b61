#include "compile/openapi_operation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compile/openapi_formats.hpp"
#include "compile/openapi_json.hpp"
#include "compile/openapi_notes.hpp"
#include "compile/openapi_pages.hpp"
#include "compile/openapi_schema.hpp"
#include "core/call/page.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kFormType = "application/x-www-form-urlencoded";

bool in_body(const CompiledParameter& parameter) {
  return parameter.place == "body";
}

// The place in core::kPageParameters of the parameter at this place; nothing: it is none of pages.
std::optional<size_t> page_place(const CompiledApi& api, size_t place) {
  const size_t own = api.parameters.size() - (api.pages ? core::kPageParameterCount : 0);
  return place < own ? std::nullopt : std::optional<size_t>(place - own);
}

// Whether the parameter at this place chooses between formats: the last one before those of pages.
bool is_format(const CompiledApi& api, size_t place) {
  const size_t pages = api.pages ? core::kPageParameterCount : 0;
  return api.has_format_parameter() && place + pages + 1 == api.parameters.size();
}

// Whether callers can send the parameter at this place.
bool is_taken(const CompiledApi& api, size_t place) {
  const std::optional<size_t> page = page_place(api, place);
  return !page || takes_page_parameter(*api.pages, *page);
}

void write_schema_of(OpenApiJson& json, const CompiledApi& api, size_t place) {
  if (const std::optional<size_t> page = page_place(api, place))
    return write_page_parameter_schema(json, *api.pages, *page);
  if (is_format(api, place)) return write_format_parameter_schema(json, api.formats);
  write_parameter_schema(json, api.parameters[place]);
}

bool reads_body(const CompiledApi& api) {
  return std::any_of(api.parameters.begin(), api.parameters.end(), in_body);
}

std::vector<int> statuses_of(const CompiledApi& api) {
  std::vector<int> statuses = {400};
  if (!api.authentication.empty()) statuses.insert(statuses.end(), {401, 403});
  statuses.insert(statuses.end(), {404, 405});
  if (api.has_format_parameter()) statuses.push_back(406);
  if (reads_body(api)) statuses.insert(statuses.end(), {413, 415});
  statuses.insert(statuses.end(), {429, 500, 503, 504});
  return statuses;
}

// What asks for this version of the REST API.
void write_version(OpenApiJson& json, const core::VersionKey& version) {
  json.object([&] {
    json.text("name", version.name);
    json.text("in", version.in == core::VersionKey::In::header ? "header" : "query");
    json.truth("required", true);
    json.text("description", "the version of the REST API");
    json.object("schema", [&] {
      json.text("type", "string");
      json.array("enum", [&] { json.text(version.value); });
    });
  });
}

void write_parameters(OpenApiJson& json, const OpenApiOperation& operation,
                      const std::map<std::string, std::string>& names) {
  const std::vector<CompiledParameter>& list = operation.api.parameters;
  const core::VersionKey& version = operation.entry->version_key;
  const bool versioned = version.in != core::VersionKey::In::none;
  if (!versioned && std::all_of(list.begin(), list.end(), in_body)) return;
  json.array("parameters", [&] {
    if (versioned) write_version(json, version);
    for (size_t i = 0; i < list.size(); ++i) {
      if (in_body(list[i]) || !is_taken(operation.api, i)) continue;
      json.object([&] {
        const auto renamed = list[i].place == "path" ? names.find(list[i].name) : names.end();
        json.text("name", renamed == names.end() ? list[i].name : renamed->second);
        json.text("in", list[i].place);
        json.truth("required", list[i].required);
        json.text_if("description", operation.parameter_notes[i]);
        if (list[i].list && list[i].place == "query") {
          json.text("style", "form");
          json.truth("explode", true);
        }
        json.object("schema", [&] { write_schema_of(json, operation.api, i); });
        if (list[i].sample) {
          json.key("example");
          write_parameter_value(json, list[i], *list[i].sample);
        }
      });
    }
  });
}

void write_body_schema(OpenApiJson& json, const OpenApiOperation& operation) {
  const std::vector<CompiledParameter>& list = operation.api.parameters;
  const bool any_required = std::any_of(
      list.begin(), list.end(), [](const CompiledParameter& one) { return in_body(one) && one.required; });
  json.text("type", "object");
  if (any_required) {
    json.array("required", [&] {
      for (const CompiledParameter& one : list) {
        if (in_body(one) && one.required) json.text(one.name);
      }
    });
  }
  json.object("properties", [&] {
    for (size_t i = 0; i < list.size(); ++i) {
      if (!in_body(list[i]) || !is_taken(operation.api, i)) continue;
      json.object(list[i].name, [&] {
        write_schema_of(json, operation.api, i);
        json.text_if("description", operation.parameter_notes[i]);
        if (list[i].sample)
          json.array("examples", [&] { write_parameter_value(json, list[i], *list[i].sample); });
      });
    }
  });
  if (operation.api.rejects_unknown) json.truth("additionalProperties", false);
}

void write_body(OpenApiJson& json, const OpenApiOperation& operation) {
  const std::vector<CompiledParameter>& list = operation.api.parameters;
  if (!reads_body(operation.api)) return;
  json.object("requestBody", [&] {
    json.truth("required", std::any_of(list.begin(), list.end(), [](const CompiledParameter& one) {
                 return in_body(one) && one.required;
               }));
    json.object("content", [&] {
      for (const char* const type : {kJsonType, kFormType}) {
        json.object(type, [&] { json.object("schema", [&] { write_body_schema(json, operation); }); });
      }
    });
  });
}

void write_row(OpenApiJson& json, const OpenApiOperation& operation, bool nullable) {
  nullable ? json.texts("type", {"object", "null"}) : json.text("type", "object");
  json.array("required", [&] {
    for (const CompiledColumn& column : operation.api.columns) json.text(column.name);
  });
  json.object("properties", [&] {
    for (size_t i = 0; i < operation.api.columns.size(); ++i) {
      json.object(operation.api.columns[i].name, [&] {
        write_column_schema(json, operation.api.columns[i], operation.nullable[i],
                            {operation.column_notes[i], operation.column_samples[i]});
      });
    }
  });
}

void write_answer(OpenApiJson& json, const OpenApiOperation& operation) {
  const bool list = operation.api.result == "list";
  json.text("description", operation.api.pages ? "a page of the rows"
                           : list              ? "the rows"
                                               : "the row, or null where there is none");
  json.object("headers", [&] {
    json.reference("X-Ca-Request-Id", "#/components/headers/X-Ca-Request-Id");
    if (operation.api.pages && operation.api.method == "GET") {
      json.object("Link", [&] {
        json.text("description", "other pages (RFC 8288): first, prev, next, last");
        json.truth("required", false);
        json.object("schema", [&] { json.text("type", "string"); });
      });
    }
    write_format_headers(json, operation.api);
    if (!list) return;
    json.object("X-Tablegate-Truncated", [&] {
      json.text("description", "max_records=N: there are more rows than these N");
      json.truth("required", false);
      json.object("schema", [&] { json.text("type", "string"); });
    });
    json.object("X-Tablegate-Max-Records", [&] {
      json.text("description", "the list is longer than 64 KiB: if it has so many rows, there may be more");
      json.truth("required", false);
      json.object("schema", [&] { json.text("type", "string"); });
    });
  });
  const auto write_one_row = [&] { write_row(json, operation, false); };
  const auto write_json = [&] {
    json.object("schema", [&] {
      write_success_schema(json, operation.api.envelope, [&] {
        if (operation.api.pages) return write_page_schema(json, *operation.api.pages, write_one_row);
        if (!list) return write_row(json, operation, true);
        json.text("type", "array");
        json.number("maxItems", operation.api.max_records);
        json.object("items", write_one_row);
      });
    });
  };
  json.object("content", [&] { write_contents(json, operation.api, write_json, write_one_row); });
}

// The scheme's name; what it is goes to `used`.
std::string scheme_of(const std::string& type, const CompiledApi& api, UsedComponents& used) {
  if (type == "jwt") {
    used.schemes["jwt"] = {"jwt", ""};
    return "jwt";
  }
  if (type == "hmac") {
    used.schemes["hmac"] = {"hmac", "X-Ca-Key"};
    return "hmac";
  }
  if (!api.api_key_source) {
    used.schemes["apiKey"] = {"bearer", ""};
    return "apiKey";
  }
  const ApiKeySource& source = *api.api_key_source;
  const std::string scheme = (source.in == "header" ? "apiKeyInHeader." : "apiKeyInQuery.") + source.name;
  used.schemes[scheme] = {source.in, source.name};
  return scheme;
}

void write_security(OpenApiJson& json, const CompiledApi& api, UsedComponents& used) {
  json.array("security", [&] {
    for (const std::string& type : api.authentication) {
      const std::string scheme = scheme_of(type, api, used);
      json.object([&] { json.array(scheme, [] {}); });
    }
  });
}

// ---- components

void write_header(OpenApiJson& json, const std::string& name) {
  const bool id = name == "X-Ca-Request-Id";
  json.text("description", id                      ? "names this request in the gateway's logs"
                           : name == "Allow"       ? "the methods that this path takes"
                           : name == "Retry-After" ? "seconds after which to try again"
                                                   : "the schemes that prove a caller");
  json.object("schema", [&] { json.text("type", name == "Retry-After" ? "integer" : "string"); });
}

void write_scheme(OpenApiJson& json, const std::string& kind, const std::string& name) {
  if (kind == "bearer" || kind == "jwt") {
    json.text("type", "http");
    json.text("scheme", "bearer");
    if (kind == "jwt") json.text("bearerFormat", "JWT");
    json.text("description",
              kind == "jwt" ? "A token that one of the consumer's keys signed; a consumer's setting may name "
                              "another header, a query parameter or a cookie for it."
                            : "An API key of a consumer.");
    return;
  }
  json.text("type", "apiKey");
  json.text("in", kind == "query" ? "query" : "header");
  json.text("name", name);
  json.text("description",
            kind == "hmac"
                ? "Alibaba's AccessKey signature: X-Ca-Key holds the access key, X-Ca-Signature the HMAC of "
                  "the string to sign, X-Ca-Signature-Headers which X-Ca-* headers it covers, "
                  "X-Ca-Signature-Method HmacSHA256 (default) or HmacSHA1; Date or X-Ca-Timestamp and, "
                  "where the API requires one, X-Ca-Nonce keep requests from being sent twice."
                : "An API key of a consumer.");
}

}  // namespace

OpenApiOperation read_operation(const ApiEntry& entry) {
  OpenApiOperation operation;
  operation.entry = &entry;
  operation.api = compile_api(entry);
  operation.description = entry.definition.description;
  for (const RequestParameter& one : entry.definition.request_parameters)
    operation.parameter_notes.push_back(parameter_note(entry.definition, one));
  if (operation.api.has_format_parameter())
    operation.parameter_notes.push_back(format_parameter_note(operation.api.formats));
  if (operation.api.pages) {
    for (std::string& note : page_parameter_notes(*operation.api.pages))
      operation.parameter_notes.push_back(std::move(note));
  }
  for (const ResponseParameter& one : response_of(entry.definition, entry.source)) {
    operation.column_notes.push_back(one.description);
    const TableColumn* const column = entry.source.find(one.column);
    operation.nullable.push_back(column == nullptr || !column->not_null);
    operation.column_samples.push_back(
        one.sample && one.sample->plain ? std::optional<std::string>(one.sample->text) : std::nullopt);
  }
  return operation;
}

void write_operation(OpenApiJson& json, const OpenApiOperation& operation,
                     const std::map<std::string, std::string>& names, UsedComponents& used) {
  json.text("operationId", operation.id);
  json.text("summary", operation.api.name);
  // OpenAPI 3.1 has no operation for QUERY.
  if (operation.api.query_method) json.truth("x-tablegate-query-method", true);
  if (operation.entry->deprecated) json.truth("deprecated", true);
  json.text_if("description", operation.description);
  json.array("tags", [&] { json.text(operation.entry->business_process); });
  write_security(json, operation.api, used);
  write_parameters(json, operation, names);
  write_body(json, operation);
  json.object("responses", [&] {
    json.object("200", [&] { write_answer(json, operation); });
    for (const int status : statuses_of(operation.api)) {
      const ErrorAnswer error = {operation.api.envelope, status};
      used.errors.insert(error);
      json.reference(std::to_string(status), "#/components/responses/" + error.component());
    }
  });
}

void write_components(OpenApiJson& json, const UsedComponents& used) {
  std::set<std::string> headers;
  json.object("schemas", [&] {
    if (!used.errors.empty()) json.object(kProblemSchema, [&] { write_problem_schema(json); });
    for (const ErrorAnswer& error : used.errors)
      json.object(error.component(), [&] { write_error_schema(json, error); });
  });
  json.object("responses", [&] {
    for (const ErrorAnswer& error : used.errors) {
      json.object(error.component(), [&] { write_error(json, error); });
      for (std::string& header : headers_of(error)) headers.insert(std::move(header));
    }
  });
  json.object("headers", [&] {
    for (const std::string& header : headers) json.object(header, [&] { write_header(json, header); });
  });
  if (used.schemes.empty()) return;
  json.object("securitySchemes", [&] {
    for (const auto& [scheme, what] : used.schemes) {
      const auto& [kind, name] = what;
      json.object(scheme, [&json, &kind = kind, &name = name] { write_scheme(json, kind, name); });
    }
  });
}

}  // namespace tablegate::loader
