#include "catalog/roles.hpp"

#include <fmt/format.h>

#include <memory>

#include "base/refusal.hpp"

namespace tablegate::loader {
namespace {

bool exists(Database& catalog, std::string_view role) {
  return !catalog.query("SELECT FROM pg_catalog.pg_roles WHERE rolname = $1", {std::string(role)}).empty();
}

// Another catalog's init may make the same role at the same time, in another database.
bool create_role(Database& catalog, std::string_view role, std::string_view options) {
  if (exists(catalog, role)) return false;
  catalog.script(fmt::format(
      "DO $$ BEGIN CREATE ROLE {} {}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
      role, options));
  return true;
}

bool is_member(Database& catalog, std::string_view role, std::string_view of) {
  return !catalog
              .query(
                  "SELECT FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles r ON r.oid = m.member "
                  "JOIN pg_catalog.pg_roles g"
                  " ON g.oid = m.roleid WHERE r.rolname = $1 AND g.rolname = $2",
                  {std::string(role), std::string(of)})
              .empty();
}

bool is_pinned(Database& catalog, const PinnedSetting& setting) {
  return !catalog
              .query(
                  "SELECT FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_roles r ON r.oid = "
                  "s.setrole "
                  "WHERE s.setdatabase = 0 AND r.rolname = 'tablegate_reader'"
                  " AND lower($1 || '=' || $2) = ANY (SELECT lower(c) FROM unnest(s.setconfig) c)",
                  {std::string(setting.name),
                   setting.value.empty() ? std::string("\"\"") : std::string(setting.value)})
              .empty();
}

bool pin_settings(Database& catalog) {
  bool changed = false;
  for (const PinnedSetting& setting : reader_settings()) {
    if (is_pinned(catalog, setting)) continue;
    catalog.script(
        setting.value.empty()
            ? fmt::format("ALTER ROLE tablegate_reader SET {} = ''", setting.name)
            : fmt::format("ALTER ROLE tablegate_reader SET {} = '{}'", setting.name, setting.value));
    changed = true;
  }
  return changed;
}

bool create_schema(Database& database, const char* schema) {
  if (!database.query("SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1", {schema}).empty())
    return false;
  database.script(fmt::format("CREATE SCHEMA {} AUTHORIZATION tablegate_owner", schema));
  return true;
}

// Only our roles and those whom someone granted it may do anything in the database.
void close_to_public(Database& database) {
  const Rows names = database.query("SELECT pg_catalog.quote_ident(current_database())");
  std::string roles = "tablegate_reader";
  for (const std::string_view role : group_roles()) roles += ", " + std::string(role);
  database.script(
      fmt::format("REVOKE TEMP, CREATE ON DATABASE {0} FROM PUBLIC; GRANT CONNECT ON DATABASE {0} TO {1}",
                  names.text(0, 0), roles));
  if (!database.query("SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public'").empty())
    database.script("REVOKE ALL ON SCHEMA public FROM PUBLIC");
}

}  // namespace

const std::vector<PinnedSetting>& reader_settings() {
  static const std::vector<PinnedSetting> settings = {
      {"default_transaction_read_only", "on"},
      {"statement_timeout", "90s"},
      {"idle_in_transaction_session_timeout", "90s"},
      {"DateStyle", "ISO, YMD"},
      {"IntervalStyle", "postgres"},
      {"TimeZone", "UTC"},
      {"extra_float_digits", "1"},
      {"bytea_output", "hex"},
      {"search_path", ""},
  };
  return settings;
}

const std::vector<std::string_view>& group_roles() {
  static const std::vector<std::string_view> roles = {
      "tablegate_owner", "tablegate_developer", "tablegate_approver", "tablegate_operator", "tablegate_node"};
  return roles;
}

void become_owner(Database& database) {
  database.script("SET LOCAL ROLE tablegate_owner");
}
void become_self(Database& database) {
  database.script("RESET ROLE");
}

bool ensure_roles(Database& catalog) {
  // Roles are the cluster's, the catalog's lock only its database's: two inits in two databases would alter
  // the same row. Sign-ins are not held up. Who is no superuser may not lock it, and meets the other rarely.
  if (catalog.query("SELECT pg_catalog.current_setting('is_superuser')").text(0, 0) == "on")
    catalog.script("LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE");
  bool changed = false;
  for (const std::string_view role : group_roles()) changed |= create_role(catalog, role, "NOLOGIN");
  changed |= create_role(catalog, "tablegate_reader", "LOGIN NOINHERIT");
  changed |= pin_settings(catalog);
  // `api test` runs as the reader: SET ROLE requires the membership.
  if (!is_member(catalog, "tablegate_developer", "tablegate_reader")) {
    catalog.script("GRANT tablegate_reader TO tablegate_developer");
    changed = true;
  }
  // Who is no superuser must be a member of the owner to make things in its name.
  const Rows able = catalog.query("SELECT pg_catalog.pg_has_role(current_user, 'tablegate_owner', 'MEMBER')");
  if (!able.boolean(0, 0)) catalog.script("GRANT tablegate_owner TO CURRENT_USER");
  return changed;
}

void refuse_lost_owners(Database& database) {
  const Rows rows = database.query(
      "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname IN ('tablegate', 'mirror', 'mirror_load')"
      " AND pg_catalog.pg_get_userbyid(nspowner) <> 'tablegate_owner' ORDER BY 1");
  if (rows.empty()) return;
  throw Refused(fmt::format("schema {} does not belong to tablegate_owner: this database was restored before "
                            "its roles existed, "
                            "or without owners, so its grants are missing too. Create the roles, then "
                            "restore the dump again into an empty "
                            "database",
                            rows.text(0, 0)),
                "tablegate init --roles");
}

bool ensure_database_grants(Database& catalog) {
  const bool changed = create_schema(catalog, "tablegate");
  close_to_public(catalog);
  catalog.script("REVOKE ALL ON SCHEMA tablegate FROM PUBLIC, tablegate_reader");
  return changed;
}

bool ensure_mirror_grants(Database& mirror) {
  bool changed = create_schema(mirror, "mirror");
  changed |= create_schema(mirror, "mirror_load");
  close_to_public(mirror);
  mirror.script(
      "REVOKE ALL ON SCHEMA mirror FROM PUBLIC, tablegate_reader, tablegate_developer;"
      "REVOKE ALL ON SCHEMA mirror_load FROM PUBLIC, tablegate_reader;"
      "GRANT USAGE ON SCHEMA mirror TO tablegate_reader, tablegate_developer;"
      "GRANT SELECT ON ALL TABLES IN SCHEMA mirror TO tablegate_reader;"
      "ALTER DEFAULT PRIVILEGES FOR ROLE tablegate_owner IN SCHEMA mirror GRANT SELECT ON TABLES TO "
      "tablegate_reader");
  return changed;
}

void set_reader_password(Database& catalog, const std::string& password) {
  const std::unique_ptr<char, void (*)(void*)> hashed(
      PQencryptPasswordConn(catalog.connection(), password.c_str(), "tablegate_reader", "scram-sha-256"),
      &PQfreemem);
  if (!hashed) throw SystemFailure("libpq could not hash the reader's password");
  const std::unique_ptr<char, void (*)(void*)> literal(
      PQescapeLiteral(catalog.connection(), hashed.get(), std::string_view(hashed.get()).size()), &PQfreemem);
  if (!literal) throw SystemFailure("libpq could not quote the hash of the reader's password");
  catalog.script(fmt::format("ALTER ROLE tablegate_reader PASSWORD {}", literal.get()));
}

std::vector<std::string> missing_roles(Database& catalog) {
  std::vector<std::string> missing;
  for (const std::string_view role : group_roles()) {
    if (!exists(catalog, role)) missing.emplace_back(role);
  }
  const Rows reader = catalog.query(
      "SELECT FROM pg_catalog.pg_roles WHERE rolname = 'tablegate_reader' AND rolcanlogin AND NOT rolsuper");
  if (reader.empty()) missing.emplace_back("tablegate_reader");
  return missing;
}

std::vector<std::string> unpinned_settings(Database& catalog) {
  std::vector<std::string> missing;
  for (const PinnedSetting& setting : reader_settings()) {
    if (!is_pinned(catalog, setting)) missing.emplace_back(setting.name);
  }
  return missing;
}

bool reader_sees_catalog(Database& catalog) {
  return catalog.query("SELECT has_schema_privilege('tablegate_reader', 'tablegate', 'USAGE')").boolean(0, 0);
}

}  // namespace tablegate::loader
