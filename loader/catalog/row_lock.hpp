// The locks of commands: rows of the tables tablegate.lock (catalog) and
// mirror_load.lock (mirror), which only functions of ours lock, so that no other
// role can hold them. Held until the caller's transaction ends. A wait of more
// than two seconds is reported on stderr, with who holds the lock; after ten
// minutes it fails.
#pragma once

#include <string>

#include "base/database.hpp"

namespace tablegate::loader {

// Everything that changes definitions, publications and credentials, one after the other.
void lock_catalog(Database& catalog);
// The same for init, which makes the table of locks. `schema`: tablegate or mirror_load.
void lock_for_init(Database& database, const std::string& schema);
// Does not wait. Empty once the lock is taken, else who holds it.
std::string try_lock(Database& database, const std::string& schema, const std::string& name);

}  // namespace tablegate::loader
