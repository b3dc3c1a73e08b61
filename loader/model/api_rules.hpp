// The rules of kind Api: paths and parameters that must agree, and columns and
// types against the table. A definition that passes both
// can be compiled and served.
#pragma once

#include <string>
#include <string_view>

#include "core/manifest/manifest.hpp"
#include "model/definition.hpp"

namespace tablegate::loader {

struct TableInfo;

// Where a request parameter without "in" stands: the body of a POST, else the query.
std::string default_place(const JsonValue& api);
// Whether `authentication` lists this type.
bool authenticates_by(const JsonValue& api, std::string_view type);

// Why a header cannot tell versions of a REST API apart; empty: it can.
std::string bad_version_header(const std::string& name);

// What needs no table. False: something was added to the problems.
bool check_api_shape(const Definition& definition, Problems& problems);

// That no parameter and no credential stands where requests name the version of the REST API. False: one
// does.
bool check_version_name(const JsonValue& api, const Place& place, const core::VersionKey& key,
                        Problems& problems);

// Columns and types of its parameters against the table, values of `sample` and `default` against their
// types. False: something was added to the problems.
bool check_api_columns(const JsonValue& api, const Place& place, const TableInfo& table, Problems& problems);

}  // namespace tablegate::loader
