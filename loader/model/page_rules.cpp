#include "model/page_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/near_name.hpp"
#include "core/call/page.hpp"
#include "core/text/ascii.hpp"
#include "model/mask_rules.hpp"

namespace tablegate::loader {

bool is_page_name(const ApiDefinition& api, const std::string& name) {
  return api.paginates() && std::any_of(std::begin(core::kPageParameters), std::end(core::kPageParameters),
                                        [&name](const core::PageParameter& one) {
                                          return core::same_in_any_case(one.name, name);
                                        });
}

void check_order(const ApiDefinition& api, const Place& place, Problems& problems) {
  std::set<std::string> columns;
  for (size_t i = 0; i < api.order_by.size(); ++i) {
    const std::string& column = api.order_by[i].column;
    const std::string here = "/order_by" + pointer_token(i) + "/column";
    if (!columns.insert(column).second) problems.add(place, here, fmt::format("\"{}\" is repeated", column));
    if (is_masked(api, column))
      problems.add(place, here, fmt::format("\"{}\" is masked: its order would show its values", column));
  }
}

void check_pages(const ApiDefinition& api, const Place& place, Problems& problems) {
  if (!api.paginates()) {
    if (api.result == "page")
      problems.add(place, "/result", "\"page\" requires \"pagination\": {\"enabled\": true}");
    return;
  }
  const Pagination& pages = *api.pagination;
  if (pages.default_size > pages.max_size)
    problems.add(place, "/pagination/default_size",
                 fmt::format("must not be more than max_size ({})", pages.max_size));
  if (api.result == "object")
    problems.add(place, "/result", "\"object\" does not go with pagination: a page is a list");
  if (api.max_records_given)
    problems.add(place, "/max_records", "does not go with pagination: pagination.max_size limits the rows");
  if (api.api_key_source && api.api_key_source->in == "query" && is_page_name(api, api.api_key_source->name))
    problems.add(place, "/api_key_source/name", "this name is a parameter of pages");
}

void check_page_version(const ApiDefinition& api, const Place& place, const core::VersionKey& key,
                        Problems& problems) {
  if (key.in != core::VersionKey::In::query || !is_page_name(api, key.name)) return;
  problems.add(place, "/pagination",
               fmt::format("the REST API takes its version from the query parameter \"{}\", which is a "
                           "parameter of pages",
                           key.name));
}

void check_sorted_table(const ApiDefinition& api, const Place& place, const TableInfo& table,
                        Problems& problems, const Hint& columns) {
  for (size_t i = 0; i < api.order_by.size(); ++i) {
    const std::string& name = api.order_by[i].column;
    const std::string here = "/order_by" + pointer_token(i) + "/column";
    const TableColumn* const column = table.find(name);
    if (column == nullptr) {
      problems.add(place, here,
                   fmt::format("table \"{}\" has no column \"{}\"{}", table.name, name,
                               did_you_mean(name, column_names(table.columns))),
                   columns);
    } else if (column->type == core::ColumnType::json) {
      problems.add(place, here, fmt::format("column \"{}\" is json, which has no order", name));
    }
  }
  if (!api.paginates() || !api.order_by.empty()) return;
  const std::vector<std::string>& key = table.primary_key;
  if (std::any_of(key.begin(), key.end(), [&api](const std::string& one) { return !is_masked(api, one); }))
    return;
  problems.add(
      place, "/pagination",
      fmt::format("requires an order of the rows: {}, so add order_by",
                  key.empty() ? fmt::format("table \"{}\" has no primary key", table.name)
                              : fmt::format("the primary key of table \"{}\" is masked", table.name)));
}

}  // namespace tablegate::loader
