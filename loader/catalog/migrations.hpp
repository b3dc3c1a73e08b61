// The versions of the catalog: schema/catalog/NNN_name.sql, each run once, in
// order, recorded in tablegate.migration. Part of `init`'s one transaction.
#pragma once

#include <string>
#include <vector>

#include "catalog/database.hpp"

namespace tablegate::loader {

// The version that this loader brings the catalog to.
int newest_migration();
// The catalog's version; 0 where there is none.
int catalog_version(Database& catalog);
// Runs what is missing and returns the names of what ran. Inside a transaction, as the owner of schema tablegate.
std::vector<std::string> run_migrations(Database& catalog);
// Throws Refused when the catalog is missing, older or newer than this loader.
void require_catalog(Database& catalog);

}  // namespace tablegate::loader
