// The versions of the catalog (schema/catalog/NNN_name.sql) and of the mirror's
// database (schema/mirror/NNN_name.sql): each file is run once, in order, and
// recorded in tablegate.migration and mirror_load.migration. The functions and
// triggers (functions.sql beside them) are applied each time. Part of `init`.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"

namespace tablegate::loader {

// The version that this loader brings the catalog to.
int newest_migration();

struct Upgrade {
  std::vector<std::string> migrations;  // names of those that ran
  bool functions_changed = false;       // functions, triggers or grants on them
};
// Run what is missing. Inside a transaction, as tablegate_owner, to whom the schemas belong.
Upgrade run_migrations(Database& catalog);
Upgrade run_mirror_migrations(Database& mirror);
// Throw Refused when the catalog, or the mirror's part, is missing, older or newer than this loader.
void require_catalog(Database& catalog);
void require_mirror(Database& mirror);
// The init that finishes this catalog: of a workspace that there is, so that none is made.
Hint init_hint(Database& catalog);

}  // namespace tablegate::loader
