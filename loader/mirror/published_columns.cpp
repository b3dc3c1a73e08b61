#include "mirror/published_columns.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/refusal.hpp"
#include "catalog/life/version_reads.hpp"
#include "compile/sort.hpp"
#include "core/manifest/types.hpp"

namespace tablegate::loader {

std::vector<std::string> apis_reading(Database& catalog, const std::string& table,
                                      const std::vector<std::string>& columns) {
  std::vector<std::string> names;
  for (const PublishedRead& read : published_reads(catalog, table)) {
    const bool one = std::find(columns.begin(), columns.end(), read.column) != columns.end();
    if (one && (names.empty() || names.back() != read.api)) names.push_back(read.api);
  }
  return names;
}

namespace {

void check_published_pages(Database& catalog, const TableSpec& spec) {
  const TableInfo now{spec.name, spec.time_zone, spec.primary_key, spec.columns};
  for (const PublishedPages& pages : published_pages(catalog, spec.name)) {
    const std::string fault = cursor_fault(pages.definition, pages.table, now);
    if (fault.empty()) continue;
    throw Refused(
        fmt::format("Table \"{}\": pages by cursor of the published API \"{}\" would leave out rows: {}; "
                    "publish a version that fits both, or unpublish it, before the table changes",
                    spec.name, pages.api, fault),
        Hint::command({"api", "versions", pages.api}));
  }
}

}  // namespace

void check_published_columns(Database& catalog, const TableSpec& spec) {
  for (const PublishedRead& read : published_reads(catalog, spec.name)) {
    const auto column =
        std::find_if(spec.columns.begin(), spec.columns.end(),
                     [&](const TableColumn& candidate) { return candidate.name == read.column; });
    const Hint next = Hint::command({"api", "versions", read.api});
    if (column == spec.columns.end()) {
      throw Refused(
          fmt::format("Table \"{}\" no longer has column \"{}\", which the published API \"{}\" reads",
                      spec.name, read.column, read.api),
          next);
    }
    if (core::column_type_name(column->type) != read.type) {
      throw Refused(
          fmt::format("Table \"{}\": column \"{}\" is now {}, but the published API \"{}\" reads it as {}",
                      spec.name, column->name, core::column_type_name(column->type), read.api, read.type),
          next);
    }
  }
  check_published_pages(catalog, spec);
}

}  // namespace tablegate::loader
