#include "catalog/migrations.hpp"

#include <fmt/format.h>

#include "base/embedded.hpp"

namespace tablegate::loader {
namespace {

struct Migrations {
  const char* what;    // in messages
  const char* schema;  // holds the table `migration`
  const std::vector<EmbeddedFile>& files;
};

Migrations of_catalog() {
  return {"catalog", "tablegate", embedded_migrations()};
}
Migrations of_mirror() {
  return {"mirror", "mirror_load", embedded_mirror_migrations()};
}

// "001_catalog.sql" is version 1.
int number_of(const EmbeddedFile& file) {
  return std::stoi(std::string(file.name));
}

int newest(const Migrations& set) {
  return number_of(set.files.back());
}

int version_of(Database& database, const Migrations& set) {
  const std::string table = fmt::format("{}.migration", set.schema);
  if (database.query("SELECT pg_catalog.to_regclass($1)", {table}).null(0, 0)) return 0;
  return static_cast<int>(
      database.query(fmt::format("SELECT coalesce(max(version), 0) FROM {}", table)).integer(0, 0));
}

[[noreturn]] void refuse_newer(const Migrations& set, int version) {
  throw Refused(fmt::format("the {} is of version {}, this loader knows up to {}: a newer tablegate made it",
                            set.what, version, newest(set)),
                "tablegate --version, then install that version or a later one");
}

std::vector<std::string> run(Database& database, const Migrations& set) {
  database.script(
      fmt::format("CREATE TABLE IF NOT EXISTS {}.migration (version integer PRIMARY KEY, name text NOT NULL,"
                  " applied_at timestamptz NOT NULL DEFAULT clock_timestamp())",
                  set.schema));
  const int present = version_of(database, set);
  if (present > newest(set)) refuse_newer(set, present);
  std::vector<std::string> ran;
  for (const EmbeddedFile& file : set.files) {
    if (number_of(file) <= present) continue;
    database.script(std::string(file.content));
    database.query(fmt::format("INSERT INTO {}.migration (version, name) VALUES ($1, $2)", set.schema),
                   {std::to_string(number_of(file)), std::string(file.name)});
    ran.emplace_back(file.name);
  }
  return ran;
}

void require(Database& database, const Migrations& set) {
  const int version = version_of(database, set);
  const std::string name = PQdb(database.connection());
  if (version == 0) {
    throw Refused(fmt::format("database \"{}\" holds no {}", name, set.what),
                  "tablegate init --workspace NAME");
  }
  if (version > newest(set)) refuse_newer(set, version);
  if (version < newest(set)) {
    throw Refused(fmt::format("the {} in database \"{}\" is of version {}, this loader requires {}", set.what,
                              name, version, newest(set)),
                  "tablegate init --workspace NAME (upgrades it)");
  }
}

}  // namespace

int newest_migration() {
  return newest(of_catalog());
}
int catalog_version(Database& catalog) {
  return version_of(catalog, of_catalog());
}
std::vector<std::string> run_migrations(Database& catalog) {
  return run(catalog, of_catalog());
}
std::vector<std::string> run_mirror_migrations(Database& mirror) {
  return run(mirror, of_mirror());
}
void require_catalog(Database& catalog) {
  require(catalog, of_catalog());
}
void require_mirror(Database& mirror) {
  require(mirror, of_mirror());
}

}  // namespace tablegate::loader
