#include "compile/openapi_schema.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <string_view>

#include "core/call/parameters.hpp"
#include "core/manifest/types.hpp"

namespace tablegate::loader {
namespace {

using core::ColumnType;
using core::ParameterType;

constexpr int64_t kInt2Most = 32767;

bool is_json_number(const std::string& text) {
  rapidjson::Document document;
  return !document.Parse(text.c_str()).HasParseError() && document.IsNumber();
}

// Text that is a JSON number goes out as it stands; anything else as a string.
void write_number(OpenApiJson& json, const std::string& text) {
  is_json_number(text) ? json.raw(text, rapidjson::kNumberType) : json.text(text);
}

void write_integer_format(OpenApiJson& json, ColumnType column) {
  if (column == ColumnType::int8) json.text("format", "int64");
  if (column == ColumnType::int4) json.text("format", "int32");
  if (column != ColumnType::int2) return;
  json.text("format", "int32");
  json.number("minimum", -kInt2Most - 1);
  json.number("maximum", kInt2Most);
}

// The words of a type: "integer", or ["integer","null"].
void write_type(OpenApiJson& json, std::string_view type, bool nullable) {
  nullable ? json.texts("type", {type, "null"}) : json.text("type", type);
}

ColumnType column_type(const std::string& name) {
  return core::parse_column_type(name).value_or(ColumnType::text);
}

ParameterType parameter_type(const CompiledParameter& parameter) {
  return core::parse_parameter_type(parameter.type).value_or(ParameterType::string);
}

// NaN and infinities have no JSON number: they come as strings.
void write_real(OpenApiJson& json, bool nullable, std::string_view format) {
  json.array("anyOf", [&] {
    json.object([&] {
      json.text("type", "number");
      json.text_if("format", format);
    });
    json.object([&] {
      json.text("type", "string");
      json.texts("enum", {"NaN", "Infinity", "-Infinity"});
    });
    if (nullable) json.object([&] { json.text("type", "null"); });
  });
}

// Times that RFC 3339 has no form for come as PostgreSQL's text, and are accepted so.
void write_time(OpenApiJson& json, bool nullable, std::string_view format, std::string_view clock,
                std::string_view more_digits) {
  json.array("anyOf", [&] {
    json.object([&] {
      json.text("type", "string");
      json.text("format", format);
    });
    json.object([&] {
      json.text("type", "string");
      json.text("description", "infinity, -infinity, or a year BC or after 9999");
      json.text(
          "pattern",
          fmt::format(
              "^(-?infinity|[0-9]{{5,{1}}}-[0-9]{{2}}-[0-9]{{2}}{0}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{0} BC)$",
              clock, more_digits));
    });
    if (nullable) json.object([&] { json.text("type", "null"); });
  });
}

constexpr std::string_view kClock = " [0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?";

void write_date(OpenApiJson& json, bool nullable) {
  write_time(json, nullable, "date", "", "7");
}

bool is_time(ColumnType type) {
  return type == ColumnType::date || type == ColumnType::timestamp || type == ColumnType::timestamptz;
}

void write_time_column(OpenApiJson& json, ColumnType type, bool nullable) {
  if (type == ColumnType::date) return write_date(json, nullable);
  if (type == ColumnType::timestamp) return write_time(json, nullable, "date-time-local", kClock, "6");
  write_time(json, nullable, "date-time", fmt::format("{}[+]00", kClock), "6");
}

bool is_integer(ColumnType type) {
  return type == ColumnType::int2 || type == ColumnType::int4 || type == ColumnType::int8;
}

bool is_real(ColumnType type) {
  return type == ColumnType::float4 || type == ColumnType::float8 || type == ColumnType::numeric;
}

// A sample that the column could not give is no example.
void write_example(OpenApiJson& json, ColumnType type, bool as_string, const std::string& sample) {
  const bool number = !as_string && (is_integer(type) || is_real(type));
  if (number && !is_json_number(sample)) return;
  if (type == ColumnType::json || type == ColumnType::jsonb || type == ColumnType::bytea) return;
  if (!as_string && type == ColumnType::boolean && sample != "true" && sample != "false") return;
  json.array("examples", [&] {
    if (number) return write_number(json, sample);
    if (!as_string && type == ColumnType::boolean) return (void)json.boolean(sample == "true");
    json.text(sample);
  });
}

// A sample has no mask, so it is no example.
void write_masked_schema(OpenApiJson& json, const std::string& mask, bool nullable,
                         const SchemaNotes& notes) {
  if (mask == "null") {
    json.text("type", "null");
  } else {
    write_type(json, "string", nullable);
  }
  if (mask == "hash") json.text("pattern", "^[0-9a-f]{64}$");
  json.text_if("description", notes.description);
}

void write_scalar(OpenApiJson& json, const CompiledParameter& parameter, const std::string& text) {
  const ParameterType type = parameter_type(parameter);
  if (core::is_number(type)) return write_number(json, text);
  if (type == ParameterType::boolean) return (void)json.boolean(text == "true" || text == "1");
  json.text(text);
}

// Of one value.
void write_scalar_schema(OpenApiJson& json, const CompiledParameter& parameter) {
  switch (parameter_type(parameter)) {
    case ParameterType::int_:
    case ParameterType::long_:
      json.text("type", "integer");
      write_integer_format(json, column_type(parameter.column_type));
      break;
    case ParameterType::float_:
    case ParameterType::double_:
      json.text("type", "number");
      json.text("format", column_type(parameter.column_type) == ColumnType::float4 ? "float" : "double");
      break;
    case ParameterType::decimal:
      json.text("type", "number");
      break;
    case ParameterType::boolean:
      json.text("type", "boolean");
      break;
    case ParameterType::date:
      write_date(json, false);
      break;
    case ParameterType::datetime:  // its offset may be left out, so it is no "date-time"
    case ParameterType::string:
      json.text("type", "string");
      break;
  }
}

}  // namespace

void write_parameter_value(OpenApiJson& json, const CompiledParameter& parameter,
                           const DefaultOrSample& value) {
  if (!parameter.list) return write_scalar(json, parameter, value.text);
  json.begin_array();
  for (const std::string& item : value.items()) write_scalar(json, parameter, item);
  json.end_array();
}

void write_parameter_schema(OpenApiJson& json, const CompiledParameter& parameter) {
  if (parameter.list) {
    json.text("type", "array");
    json.number("maxItems", static_cast<int64_t>(core::kMaxListItems));
    json.object("items", [&] { write_scalar_schema(json, parameter); });
  } else {
    write_scalar_schema(json, parameter);
  }
  if (!parameter.default_value) return;
  json.key("default");
  write_parameter_value(json, parameter, *parameter.default_value);
}

void write_column_schema(OpenApiJson& json, const CompiledColumn& column, bool nullable,
                         const SchemaNotes& notes) {
  const ColumnType type = column_type(column.type);
  if (!column.mask.empty()) return write_masked_schema(json, column.mask, nullable, notes);
  if (column.as_string) {
    write_type(json, "string", nullable);
  } else if (is_integer(type)) {
    write_type(json, "integer", nullable);
    write_integer_format(json, type);
  } else if (is_real(type)) {
    write_real(json, nullable,
               type == ColumnType::float4   ? "float"
               : type == ColumnType::float8 ? "double"
                                            : "");
  } else if (type == ColumnType::boolean) {
    write_type(json, "boolean", nullable);
  } else if (is_time(type)) {
    write_time_column(json, type, nullable);
  } else if (type != ColumnType::json && type != ColumnType::jsonb) {
    write_type(json, "string", nullable);
    if (type == ColumnType::bytea) json.text("contentEncoding", "base64");
  }
  json.text_if("description", notes.description);
  if (notes.sample) write_example(json, type, column.as_string, *notes.sample);
}

}  // namespace tablegate::loader
