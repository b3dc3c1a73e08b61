#include "cli/api/api_parameters.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "cli/output.hpp"
#include "compile/openapi_formats.hpp"
#include "compile/openapi_pages.hpp"
#include "core/answer/format.hpp"
#include "core/call/page.hpp"
#include "core/manifest/types.hpp"
#include "model/api_source.hpp"

namespace tablegate::loader {
namespace {

// What callers get where it is not the column's own value and type.
std::string form_words(const ResponseParameter& one) {
  if (one.mask) return fmt::format("{} (mask {})", *one.mask == "null" ? "null" : "string", *one.mask);
  return one.as.empty() ? "-" : one.as;
}

std::string scalar_words(const std::optional<DefaultOrSample>& value) {
  if (!value || !value->plain) return "-";
  return value->array && value->array_items.empty() ? "[]" : value->text;
}

// A parameter that the definition does not declare. A wizard's rows have an operator, which it does not have.
std::vector<std::string> added_row(const ApiDefinition& definition, std::string_view name,
                                   core::ParameterType type, const std::string& otherwise,
                                   const std::string& note) {
  std::vector<std::string> row = {std::string(name),
                                  std::string(core::parameter_type_name(type)),
                                  definition.method == "POST" ? "body" : "query",
                                  "no",
                                  otherwise,
                                  "-",
                                  note};
  if (!definition.is_script()) row.insert(row.begin() + 1, "-");
  return row;
}

// What chooses between formats.
void add_format_parameter(const ApiDefinition& definition, std::vector<std::vector<std::string>>& table) {
  if (!definition.has_format_parameter()) return;
  table.push_back(added_row(definition, core::kFormatParameter, core::ParameterType::string, "-",
                            format_parameter_note(definition.formats)));
}

// What asks for a page.
void add_page_parameters(const ApiDefinition& definition, bool cursors,
                         std::vector<std::vector<std::string>>& table) {
  if (!definition.paginates()) return;
  const Pagination& pages = *definition.pagination;
  const CompiledPages compiled{pages.default_size, pages.max_size, pages.total, cursors};
  const std::vector<std::string> notes = page_parameter_notes(compiled);
  for (size_t i = 0; i < core::kPageParameterCount; ++i) {
    if (!takes_page_parameter(compiled, i)) continue;
    const core::PageParameter& one = core::kPageParameters[i];
    table.push_back(added_row(definition, one.name, one.type,
                              i == core::kPageSize ? std::to_string(pages.default_size) : "-", notes[i]));
  }
}

void show_wizard(const ApiDefinition& definition, bool cursors) {
  std::vector<std::vector<std::string>> table = {
      {"PARAMETER", "OPERATOR", "TYPE", "IN", "REQUIRED", "DEFAULT", "SAMPLE", "DESCRIPTION"}};
  for (const RequestParameter& one : definition.request_parameters) {
    table.push_back({one.name, std::string(comparison_text(one.comparison)), one.type, one.place,
                     one.required ? "yes" : "no", scalar_words(one.default_value), scalar_words(one.sample),
                     one.description});
  }
  add_format_parameter(definition, table);
  add_page_parameters(definition, cursors, table);
  print_table(table);
  print_line("");
  table = {{"RETURNS", "COLUMN", "AS", "DESCRIPTION"}};
  for (const ResponseParameter& one : definition.response_parameters)
    table.push_back({one.name, one.column, form_words(one), one.description});
  print_table(table);
}

void show_script(const ApiDefinition& definition, const TableInfo& source, bool cursors) {
  std::vector<std::vector<std::string>> table = {
      {"PARAMETER", "TYPE", "IN", "REQUIRED", "DEFAULT", "SAMPLE", "DESCRIPTION"}};
  for (const RequestParameter& one : definition.request_parameters) {
    table.push_back({one.name, one.type_text(), one.place, one.required ? "yes" : "no",
                     scalar_words(one.default_value), scalar_words(one.sample), one.description});
  }
  add_format_parameter(definition, table);
  add_page_parameters(definition, cursors, table);
  print_table(table);
  print_line("");
  table = {{"RETURNS", "AS", "DESCRIPTION"}};
  for (const ResponseParameter& one : response_of(definition, source))
    table.push_back({one.name, form_words(one), one.description});
  table.size() == 1 ? print_line("(what it returns is known after `api test`)") : print_table(table);
}

}  // namespace

void show_parameters(const ApiDefinition& definition, const TableInfo& source, bool cursors) {
  definition.is_script() ? show_script(definition, source, cursors) : show_wizard(definition, cursors);
}

}  // namespace tablegate::loader
