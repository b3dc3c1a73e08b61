#include "compile/openapi_pages.hpp"

#include <fmt/format.h>

#include "core/call/page.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kCursorPattern = "^[A-Za-z0-9_-]+$";

void write_range(OpenApiJson& json, int64_t most) {
  json.text("type", "integer");
  json.text("format", "int64");
  json.number("minimum", 1);
  json.number("maximum", most);
}

void write_nullable(OpenApiJson& json, const char* name, const char* type, const char* description) {
  json.object(name, [&] {
    json.texts("type", {type, "null"});
    json.text("description", description);
  });
}

}  // namespace

std::vector<std::string> page_parameter_notes(const CompiledPages& pages) {
  return {fmt::format("number of the page, from 1 (default: 1); pageNum x pageSize must not be more than {}",
                      core::kMaxPageDepth),
          fmt::format("rows of a page, 1 to {}", pages.max_size),
          pages.total ? "false: leave out totalNum, which saves the count of all rows"
                      : "must not be true: this API does not count its rows",
          "nextCursor of the page before: continues after it; not together with pageNum"};
}

void write_page_parameter_schema(OpenApiJson& json, const CompiledPages& pages, size_t place) {
  switch (place) {
    case core::kPageNum:
      return write_range(json, static_cast<int64_t>(core::kMaxPageDepth));
    case core::kPageSize:
      write_range(json, pages.max_size);
      return json.number("default", pages.default_size);
    case core::kReturnTotalNum:
      json.text("type", "boolean");
      return pages.total ? json.truth("default", true) : json.truth("const", false);
    default:
      json.text("type", "string");
      json.text("pattern", kCursorPattern);
  }
}

bool takes_page_parameter(const CompiledPages& pages, size_t place) {
  return place != core::kCursor || pages.cursors;
}

void write_page_schema(OpenApiJson& json, const CompiledPages& pages,
                       const std::function<void()>& write_row) {
  const auto number = [&](const char* name, const char* description) {
    json.object(name, [&] {
      json.text("type", "integer");
      json.text("description", description);
    });
  };
  json.text("type", "object");
  pages.cursors ? json.texts("required", {"pageSize", "rows", "nextCursor", "generation"})
                : json.texts("required", {"pageSize", "rows", "generation"});
  json.object("properties", [&] {
    if (pages.total) number("totalNum", "rows of all pages; not with returnTotalNum=false");
    number("pageSize", "rows of a page, as asked for");
    json.object("rows", [&] {
      json.text("type", "array");
      json.number("maxItems", pages.max_size);
      json.object("items", write_row);
    });
    number("pageNum", "number of the page; not with a cursor");
    if (pages.cursors)
      write_nullable(json, "nextCursor", "string", "continues after this page; null on the last page");
    if (pages.tables.empty())
      return write_nullable(json, "generation", "integer", "the load of the table that the rows are of");
    json.object("generation", [&] {
      json.text("type", "object");
      json.text("description", "the loads of the tables that the rows are of");
      json.texts("required", pages.tables);
      json.object("properties", [&] {
        for (const std::string& table : pages.tables)
          write_nullable(json, table.c_str(), "integer", "the load of the table");
      });
    });
  });
}

}  // namespace tablegate::loader
