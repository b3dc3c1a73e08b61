// The tables and columns that versions of APIs read: computed by compile, stored
// when a version is committed (tablegate.api_version_read, never changed) and asked
// for wherever a table changes or a version is published. Nothing here knows how
// many tables a version reads.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"
#include "compile/compiled_api.hpp"
#include "model/api_definition.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

// In the transaction that commits the version.
void store_reads(Database& catalog, const std::string& api_id, int version,
                 const std::vector<TableReads>& reads);

// A column that a published version, or a canary, reads.
struct PublishedRead {
  std::string api;  // its name
  std::string column, type;
};
// Of one table, by API and column.
std::vector<PublishedRead> published_reads(Database& catalog, const std::string& table);

// A published version, or a canary, with pages.
struct PublishedPages {
  std::string api;  // its name
  ApiDefinition definition;
  TableInfo table;  // that it was compiled for
};
// Of one table, by API.
std::vector<PublishedPages> published_pages(Database& catalog, const std::string& table);

// The APIs with a published version or a canary that reads the table, by name.
std::vector<std::string> published_readers(Database& catalog, const std::string& table);

struct VersionName {
  std::string api_id, api_name, version;
};

// Throws Refused where the mirror could not answer one of the versions: a table of it was deleted, or the
// generation that serves, or one that a load is building, has no such column or another type, or a key with
// which its pages by cursor would leave out rows. In the
// transaction of a publication and under lock_catalog(): a load checks what is published once more before it
// swaps.
void require_columns(Database& catalog, const std::vector<VersionName>& versions);

}  // namespace tablegate::loader
