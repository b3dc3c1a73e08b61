// Finds what commands name: the workspace, the gateway, tables and APIs. What is
// not there is refused with the names that are.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "core/manifest/manifest.hpp"
#include "model/api_definition.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

struct Workspace {
  std::string id;
  std::string name;
};

// `wanted` empty: the only one there is.
Workspace find_workspace(Database& catalog, const std::string& wanted);
// The name of a gateway instance that exists; `wanted` empty: the only one.
std::string find_gateway(Database& catalog, const std::string& wanted);

bool has_business_process(Database& catalog, const Workspace& workspace, const std::string& name);

// A table as it is defined, or nullopt.
std::optional<TableInfo> find_table(Database& catalog, const std::string& name);
// Of the first of these tables that the catalog knows; empty: it knows none.
std::string data_source_of(Database& catalog, const std::vector<std::string>& tables);
// Those of these names that exist.
std::map<std::string, TableInfo> find_tables(Database& catalog, const std::vector<std::string>& names);

// An API's draft, and what it belongs to.
struct ApiRow {
  std::string id;
  std::string name;
  std::string workspace;
  std::string business_process;
  std::string rest_api;
  std::string rest_api_id;
  std::string base_path;            // of its URL: with the version where the scheme is path
  std::vector<std::string> tables;  // that it reads: of a wizard's API one
  std::string definition;
  core::VersionKey version_key;  // by schemes header and query
  std::string digest_name;       // the name that digests of its draft are made with
  bool script = false;           // its draft is in mode script

  // The draft, read. Throws SystemFailure when it is damaged.
  ApiDefinition draft() const { return read_api_definition(definition, "API \"" + name + "\""); }
};

// The APIs of these names, in this order and each once, or all of a business process, or (neither) all of the
// workspace, by name.
std::vector<ApiRow> find_apis(Database& catalog, const Workspace& workspace,
                              const std::vector<std::string>& names, const std::string& business_process);

// Their ids as a bigint[].
std::string id_array(const std::vector<ApiRow>& apis);

// Of three columns of a row: version_in, version_name and version of tablegate.rest_api.
core::VersionKey read_version_key(const Rows& rows, int row, int column);
// A REST API's id. `version` empty: the one there is, refused where there are several.
std::string find_rest_api(Database& catalog, const std::string& name, const std::string& version);

std::string join_path(const std::string& base_path, const std::string& path);

// "a, b and c" in quotes, or "none".
std::string name_list(const std::vector<std::string>& names);
std::vector<std::string> first_column(const Rows& rows);

}  // namespace tablegate::loader
