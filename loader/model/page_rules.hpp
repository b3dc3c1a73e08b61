// Rules of order_by and pagination: what an API can be sorted by, and what does not
// go with pages.
#pragma once

#include "core/manifest/manifest.hpp"
#include "model/api_definition.hpp"
#include "model/definition.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

// Whether the name, in any case, is a parameter that pages add to this API.
bool is_page_name(const ApiDefinition& api, const std::string& name);

// What needs no table.
void check_order(const ApiDefinition& api, const Place& place, Problems& problems);
void check_pages(const ApiDefinition& api, const Place& place, Problems& problems);
// `key`: how a request selects the version of the REST API.
void check_page_version(const ApiDefinition& api, const Place& place, const core::VersionKey& key,
                        Problems& problems);

// The columns of order_by, and that pages have an order.
// `columns`: the hint for a column that the table does not have.
void check_sorted_table(const ApiDefinition& api, const Place& place, const TableInfo& table,
                        Problems& problems, const Hint& columns = {});

}  // namespace tablegate::loader
