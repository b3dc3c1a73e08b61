#include "compile/openapi_formats.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/answer/format.hpp"

namespace tablegate::loader {
namespace {

bool has(const CompiledApi& api, core::Format format) {
  const auto& list = api.formats;
  return std::find(list.begin(), list.end(), core::format_kind(format).name) != list.end();
}

std::string csv_words(const CompiledApi& api) {
  std::string names;
  for (const CompiledColumn& column : api.columns)
    names += fmt::format("{}`{}`", names.empty() ? "" : ", ", column.name);
  return fmt::format(
      "RFC 4180. The first line is the header: {}. NULL is an empty cell, an empty text is \"\".{}", names,
      api.csv_safe ? " A cell that a spreadsheet could take for a formula begins with an apostrophe." : "");
}

void write_csv(OpenApiJson& json, const CompiledApi& api) {
  json.object("schema", [&] {
    json.text("type", "string");
    json.text("description", csv_words(api));
  });
}

// OpenAPI 3.1 cannot say what one line is: 3.2 has itemSchema for it.
void write_ndjson(OpenApiJson& json, const std::function<void()>& write_row) {
  json.object("schema", [&] {
    json.text("type", "string");
    json.text("description", "one row a line, each a JSON object and LF: x-itemSchema is its schema");
  });
  json.object("x-itemSchema", write_row);
}

void write_optional_header(OpenApiJson& json, const char* name, const char* type, const char* description) {
  json.object(name, [&] {
    json.text("description", description);
    json.truth("required", false);
    json.object("schema", [&] { json.text("type", type); });
  });
}

}  // namespace

std::string format_parameter_note(const std::vector<std::string>& formats) {
  std::string words;
  for (const std::string& format : formats) words += fmt::format("{}{}", words.empty() ? "" : ", ", format);
  return fmt::format("format of the rows: {}; without it the header Accept chooses, otherwise it is {}",
                     words, formats.front());
}

void write_format_parameter_schema(OpenApiJson& json, const std::vector<std::string>& formats) {
  json.text("type", "string");
  json.array("enum", [&] {
    for (const std::string& format : formats) json.text(format);
  });
}

void write_contents(OpenApiJson& json, const CompiledApi& api, const std::function<void()>& write_json,
                    const std::function<void()>& write_row) {
  for (const std::string& name : api.formats) {
    const core::Format format = core::parse_format(name).value_or(core::Format::json);
    json.object(core::format_kind(format).media_type, [&] {
      switch (format) {
        case core::Format::json:
          return write_json();
        case core::Format::csv:
          return write_csv(json, api);
        case core::Format::ndjson:
          return write_ndjson(json, write_row);
      }
    });
  }
}

void write_format_headers(OpenApiJson& json, const CompiledApi& api) {
  const bool csv = has(api, core::Format::csv);
  if (csv) write_optional_header(json, "Content-Disposition", "string", "the name of the file; in CSV");
  if (api.pages && api.pages->total && (csv || has(api, core::Format::ndjson)))
    write_optional_header(json, "X-Total-Count", "integer",
                          "rows of all pages; in CSV and NDJSON, as totalNum");
}

}  // namespace tablegate::loader
