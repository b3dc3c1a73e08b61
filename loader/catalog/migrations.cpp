#include "catalog/migrations.hpp"

#include <fmt/format.h>

#include "catalog/embedded.hpp"

namespace tablegate::loader {
namespace {

// "001_catalog.sql" is version 1.
int number_of(const EmbeddedFile& file) { return std::stoi(std::string(file.name)); }

[[noreturn]] void refuse_newer(int version) {
  throw Refused(fmt::format("the catalog is of version {}, this loader knows up to {}: a newer tablegate made it", version, newest_migration()),
                "tablegate --version, then install that version or a later one");
}

}  // namespace

int newest_migration() { return number_of(embedded_migrations().back()); }

int catalog_version(Database& catalog) {
  if (catalog.query("SELECT pg_catalog.to_regclass('tablegate.migration')").null(0, 0)) return 0;
  return static_cast<int>(catalog.query("SELECT coalesce(max(version), 0) FROM tablegate.migration").integer(0, 0));
}

std::vector<std::string> run_migrations(Database& catalog) {
  catalog.script(
      "CREATE TABLE IF NOT EXISTS tablegate.migration (version integer PRIMARY KEY, name text NOT NULL,"
      " applied_at timestamptz NOT NULL DEFAULT clock_timestamp())");
  const int present = catalog_version(catalog);
  if (present > newest_migration()) refuse_newer(present);
  std::vector<std::string> ran;
  for (const EmbeddedFile& file : embedded_migrations()) {
    if (number_of(file) <= present) continue;
    catalog.script(std::string(file.content));
    catalog.query("INSERT INTO tablegate.migration (version, name) VALUES ($1, $2)",
                  {std::to_string(number_of(file)), std::string(file.name)});
    ran.emplace_back(file.name);
  }
  return ran;
}

void require_catalog(Database& catalog) {
  const int version = catalog_version(catalog);
  const std::string database = PQdb(catalog.connection());
  if (version == 0) {
    throw Refused(fmt::format("database \"{}\" holds no catalog", database), "tablegate init --workspace NAME");
  }
  if (version > newest_migration()) refuse_newer(version);
  if (version < newest_migration()) {
    throw Refused(fmt::format("the catalog in database \"{}\" is of version {}, this loader wants {}", database, version, newest_migration()),
                  "tablegate init --workspace NAME (upgrades it)");
  }
}

}  // namespace tablegate::loader
