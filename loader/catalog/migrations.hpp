// The versions of the catalog (schema/catalog/NNN_name.sql) and of the mirror's
// database (schema/mirror/NNN_name.sql): each file run once, in order, recorded
// in tablegate.migration and mirror_load.migration. Part of `init`.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"

namespace tablegate::loader {

// The version that this loader brings the catalog to.
int newest_migration();
// The catalog's version; 0 where there is none.
int catalog_version(Database& catalog);
// Run what is missing and return the names of what ran. Inside a transaction, as tablegate_owner, to whom the
// schemas belong.
std::vector<std::string> run_migrations(Database& catalog);
std::vector<std::string> run_mirror_migrations(Database& mirror);
// Throw Refused when the catalog, or the mirror's part, is missing, older or newer than this loader.
void require_catalog(Database& catalog);
void require_mirror(Database& mirror);

}  // namespace tablegate::loader
