// Applies data sources and tables. A table's data source is its workspace's or a
// shared one (ownership.hpp); its columns are read here, from its DDL.
#pragma once

#include <string>
#include <vector>

#include "catalog/apply/apply_context.hpp"

namespace tablegate::loader {

// Each saves one definition and returns its action, as AppliedObject has it.
std::string save_data_source(ApplyContext& context, Definition& definition);
// `columns`: gets those that the table had before.
std::string save_table(ApplyContext& context, Definition& definition, std::vector<TableColumn>& columns);

}  // namespace tablegate::loader
