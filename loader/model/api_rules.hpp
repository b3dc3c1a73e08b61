// The rules of kind Api: paths and parameters that must agree, and columns and
// types against the table. A definition that passes both
// can be compiled and served.
#pragma once

#include <string>

#include "core/manifest/manifest.hpp"
#include "model/api_definition.hpp"
#include "model/definition.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

// Why a header cannot tell versions of a REST API apart; empty: it can.
std::string bad_version_header(const std::string& name);

// What needs no table. False: something was added to the problems.
bool check_api_shape(const ApiDefinition& api, const Place& place, Problems& problems);

// That no parameter and no credential has the name by which requests choose the version of the REST API.
// False: one has.
bool check_version_name(const ApiDefinition& api, const Place& place, const core::VersionKey& key,
                        Problems& problems);

// Columns and types of its parameters against the table, values of `sample` and `default` against their
// types. `columns`: the hint for a column that the table does not have. False: something was added to the
// problems.
bool check_api_columns(const ApiDefinition& api, const Place& place, const TableInfo& table,
                       Problems& problems, const Hint& columns = {});

// The rules of both that protect values: of masks, order and pages. A version that breaks one is never
// served.
void check_exposure(const ApiDefinition& api, const Place& place, const TableInfo& table, Problems& problems);

}  // namespace tablegate::loader
