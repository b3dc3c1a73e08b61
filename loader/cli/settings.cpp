// What every noun shares of cli.hpp: connections by the global options.
#include "catalog/migrations.hpp"
#include "cli/cli.hpp"

namespace tablegate::loader {

Database Settings::open_catalog(std::chrono::milliseconds patience) const {
  Database database = Database::connect(catalog, "the catalog", patience);
  database.limit_lock_waits();
  require_catalog(database);
  return database;
}

Database Settings::open_mirror() const {
  return Database::connect(mirror_dsn(), "the mirror");
}

}  // namespace tablegate::loader
