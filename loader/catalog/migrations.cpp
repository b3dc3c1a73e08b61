#include "catalog/migrations.hpp"

#include <fmt/format.h>

#include "base/embedded.hpp"

namespace tablegate::loader {
namespace {

struct Migrations {
  const char* what;    // in messages
  const char* schema;  // holds the table `migration`
  const std::vector<EmbeddedFile>& files;
  const EmbeddedFile& functions;
};

Migrations of_catalog() {
  return {"catalog", "tablegate", embedded_migrations(), embedded_functions().front()};
}
Migrations of_mirror() {
  return {"mirror", "mirror_load", embedded_mirror_migrations(), embedded_mirror_functions().front()};
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
  throw Refused(fmt::format("the {} is of version {}, this loader knows up to {}: a newer tablegate made it; "
                            "install that version or a later one",
                            set.what, version, newest(set)),
                Hint::command({"--version"}));
}

// All functions and triggers of the schema as one text, with who may call them.
std::string functions_of(Database& database, const Migrations& set) {
  return database
      .query(
          "SELECT coalesce((SELECT string_agg(pg_get_functiondef(p.oid) || coalesce(p.proacl::text, ''), '' "
          "ORDER BY "
          "p.oid::regprocedure::text) FROM pg_proc p WHERE p.pronamespace = to_regnamespace($1)), '')"
          " || coalesce((SELECT string_agg(pg_get_triggerdef(t.oid), '' ORDER BY t.tgrelid::regclass::text, "
          "t.tgname)"
          " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND "
          "c.relnamespace = "
          "to_regnamespace($1)), '')",
          {set.schema})
      .string(0, 0);
}

Upgrade run(Database& database, const Migrations& set) {
  database.script(
      fmt::format("CREATE TABLE IF NOT EXISTS {}.migration (version integer PRIMARY KEY, name text NOT NULL,"
                  " applied_at timestamptz NOT NULL DEFAULT clock_timestamp())",
                  set.schema));
  const int present = version_of(database, set);
  if (present > newest(set)) refuse_newer(set, present);
  Upgrade done;
  for (const EmbeddedFile& file : set.files) {
    if (number_of(file) <= present) continue;
    database.script(std::string(file.content));
    database.query(fmt::format("INSERT INTO {}.migration (version, name) VALUES ($1, $2)", set.schema),
                   {std::to_string(number_of(file)), std::string(file.name)});
    done.migrations.emplace_back(file.name);
  }
  const std::string before = functions_of(database, set);
  database.script(std::string(set.functions.content));
  done.functions_changed = functions_of(database, set) != before;
  return done;
}

void require(Database& database, const Migrations& set) {
  const int version = version_of(database, set);
  const std::string name = PQdb(database.connection());
  if (version == 0) {
    throw Refused(fmt::format("database \"{}\" holds no {}", name, set.what),
                  Hint::command({"init", "--workspace", "NAME"}));
  }
  if (version > newest(set)) refuse_newer(set, version);
  if (version < newest(set)) {
    throw Refused(fmt::format("the {} in database \"{}\" is of version {}, this loader requires {}; init "
                              "upgrades it",
                              set.what, name, version, newest(set)),
                  init_hint(database));
  }
}

}  // namespace

Hint init_hint(Database& catalog) {
  std::string workspace = "NAME";
  const char* const readable =
      "SELECT has_table_privilege(to_regclass('tablegate.workspace'), 'SELECT') IS TRUE";
  if (catalog.query(readable).boolean(0, 0)) {
    const Rows names = catalog.query("SELECT name FROM tablegate.workspace ORDER BY name LIMIT 1");
    if (!names.empty()) workspace = names.string(0, 0);
  }
  return Hint::command({"init", "--workspace", workspace});
}

int newest_migration() {
  return newest(of_catalog());
}
Upgrade run_migrations(Database& catalog) {
  return run(catalog, of_catalog());
}
Upgrade run_mirror_migrations(Database& mirror) {
  return run(mirror, of_mirror());
}
void require_catalog(Database& catalog) {
  require(catalog, of_catalog());
}
void require_mirror(Database& mirror) {
  require(mirror, of_mirror());
}

}  // namespace tablegate::loader
