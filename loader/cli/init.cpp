// `tablegate init`: makes a database into a catalog and mirror, or brings one up
// to date. One transaction under a lock; run again, it changes nothing.
#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/line_end.hpp"
#include "catalog/credentials/gateway_keys.hpp"
#include "catalog/credentials/key_rotation.hpp"
#include "catalog/credentials/master_key.hpp"
#include "catalog/lookup.hpp"
#include "catalog/migrations.hpp"
#include "catalog/roles.hpp"
#include "catalog/row_lock.hpp"
#include "catalog/workspaces.hpp"
#include "cli/cli.hpp"
#include "cli/output.hpp"
#include "model/definition.hpp"
#include "model/name_rules.hpp"

namespace tablegate::loader {
namespace {

// It gave what existed its workspace: whose everything is now is reported.
constexpr const char* kOwnersMigration = "012_workspaces.sql";

struct InitOptions {
  std::string workspace;
  std::string password_file;
  bool approval = false;
  bool rotate = false;
  bool rotate_cursor_key = false;
  bool roles = false;
};

void refuse_shared_database(const std::string& database) {
  for (const char* const shared : {"postgres", "template0", "template1"}) {
    if (database == shared) {
      throw Refused(fmt::format("database \"{}\" is shared by all users: catalog and mirror require a "
                                "database of their own: make one, "
                                "and name it with --catalog dbname=tablegate",
                                database),
                    Hint::program("createdb tablegate"));
    }
  }
}

void refuse_other_encoding(const Database& database) {
  const std::string encoding = database.encoding();
  if (encoding == "UTF8") return;
  const char* const name = PQdb(database.connection());
  throw Refused(
      fmt::format("database \"{}\" has the encoding {}: catalog and mirror require UTF8", name, encoding),
      Hint::program("createdb --template template0 --encoding UTF8 " +
                    shell_word(fmt::format("{}_utf8", name))));
}

// The password without its line's end.
std::string read_password(const std::string& file) {
  std::string password = read_file(file, 4096);
  drop_line_end(password);
  if (password.empty()) throw Refused(fmt::format("{} holds no password", file));
  if (password.find('\n') != std::string::npos || password.find('\0') != std::string::npos) {
    throw Refused(fmt::format("{} must hold the password on one line", file));
  }
  return password;
}

// Adds the names of the migrations that ran; true when something changed.
bool upgraded(Upgrade upgrade, std::vector<std::string>& ran) {
  const bool changed = upgrade.functions_changed || !upgrade.migrations.empty();
  for (std::string& name : upgrade.migrations) ran.push_back(std::move(name));
  return changed;
}

// Inside a transaction; as tablegate_owner afterwards.
bool prepare_mirror(Database& mirror, std::vector<std::string>& ran) {
  const bool changed = ensure_mirror_grants(mirror);
  become_owner(mirror);
  return upgraded(run_mirror_migrations(mirror), ran) || changed;
}

// A mirror apart from the catalog may be another cluster's: the roles are made there too.
bool prepare_separate_mirror(Database& mirror, const std::string& password, std::vector<std::string>& ran) {
  Transaction transaction(mirror);
  join_owner(mirror);
  lock_for_init(mirror, "mirror_load");
  bool changed = ensure_roles(mirror);
  refuse_lost_owners(mirror);
  if (!password.empty()) set_reader_password(mirror, password);
  changed |= prepare_mirror(mirror, ran);
  transaction.commit();
  return changed;
}

void print_advice(const std::string& database) {
  print_line(
      fmt::format("\nnginx's user (www-data on Debian) signs in as tablegate_reader. In pg_ident.conf:\n"
                  "  tablegate  www-data  tablegate_reader\n"
                  "and in pg_hba.conf, above the lines for \"all\", then SELECT pg_reload_conf():\n"
                  "  local  \"{0}\"  tablegate_reader  peer map=tablegate\n"
                  "or, with a password over TCP (init --reader-password-file FILE):\n"
                  "  host   \"{0}\"  tablegate_reader  127.0.0.1/32  scram-sha-256\n\n"
                  "People sign in as themselves and become members:\n"
                  "  GRANT tablegate_developer TO alice;   -- definitions, loads, tests, commits\n"
                  "  GRANT tablegate_operator TO bob;      -- publish, consumers, keys\n"
                  "  GRANT tablegate_node TO \"root\";       -- who runs tablegate sync",
                  database));
}

void init(const Settings& settings, const InitOptions& options) {
  if (const std::string reason = bad_plain_name(options.workspace); !reason.empty())
    throw Refused("--workspace " + reason);
  Database catalog = Database::connect(settings.catalog, "the catalog");
  catalog.limit_lock_waits();
  refuse_shared_database(PQdb(catalog.connection()));
  refuse_other_encoding(catalog);
  std::optional<Database> mirror;  // where it is apart from the catalog, or might be
  if (!settings.mirror.empty()) {
    mirror.emplace(settings.open_mirror());
    refuse_shared_database(PQdb(mirror->connection()));
    refuse_other_encoding(*mirror);
  }
  std::string password;
  if (!options.password_file.empty()) password = read_password(options.password_file);
  const std::string key_path = master_key_path();
  std::vector<std::string> ran, owners;
  bool changed = false;
  MasterKey key;
  {
    Transaction transaction(catalog);
    join_owner(catalog);
    lock_for_init(catalog, "tablegate");
    changed |= ensure_roles(catalog);
    refuse_lost_owners(catalog);
    changed |= ensure_database_grants(catalog);
    if (!mirror) {
      changed |= prepare_mirror(catalog, ran);
      become_self(catalog);
    }
    become_owner(catalog);
    changed |= upgraded(run_migrations(catalog), ran);
    if (std::find(ran.begin(), ran.end(), kOwnersMigration) != ran.end()) owners = list_owners(catalog);
    const std::string known = known_fingerprint(catalog);
    changed |= create_workspace(catalog, options.workspace, options.approval);
    if (options.approval) changed |= set_approval(catalog, options.workspace, true);
    become_self(catalog);
    if (!password.empty()) {
      set_reader_password(catalog, password);
      changed = true;
    }
    // The file last: everything that could be refused has been done.
    changed |= finish_rotation(key_path, known);
    key = ensure_master_key(key_path, known);
    become_owner(catalog);
    if (known.empty()) {
      save_fingerprint(catalog, key.fingerprint);
      changed = true;
    }
    LazyMasterKey master(catalog);
    changed |= ensure_gateway_keys(catalog, master);
    transaction.commit();
  }
  if (mirror) changed |= prepare_separate_mirror(*mirror, password, ran);
  OPENSSL_cleanse(password.data(), password.size());
  if (settings.json) {
    JsonOutput json;
    json.begin_object().key("workspace").text(options.workspace).key("version").number(newest_migration());
    json.key("migrations").begin_array();
    for (const std::string& name : ran) json.text(name);
    json.end_array().key("owners").begin_array();
    for (const std::string& owner : owners) json.text(owner);
    json.end_array()
        .key("master_key_file")
        .text(key_path)
        .key("changed")
        .boolean(changed || !ran.empty())
        .end_object()
        .print();
    return;
  }
  if (settings.quiet) return;
  if (!changed && ran.empty()) return print_line("unchanged");
  for (const std::string& name : ran) print_line("migration " + name);
  for (const std::string& owner : owners) print_line(owner);
  print_line(fmt::format("catalog in database \"{}\", version {}, workspace {}", PQdb(catalog.connection()),
                         newest_migration(), options.workspace));
  print_line(fmt::format("master key file {} ({}): copy it to every node that runs tablegate sync", key_path,
                         key.created ? "created" : "found"));
  print_advice(PQdb((mirror ? *mirror : catalog).connection()));
}

// They belong to the cluster, and a dump does not contain them: any database of it will do.
void make_roles(const Settings& settings) {
  Database database = Database::connect(settings.catalog, "the catalog");
  Transaction transaction(database);
  const bool changed = ensure_roles(database);
  transaction.commit();
  if (settings.json) {
    JsonOutput json;
    json.begin_object().key("changed").boolean(changed).end_object().print();
  } else if (!settings.quiet) {
    print_line(changed ? "the roles are there; restore the dump now, then: tablegate init --workspace NAME"
                       : "unchanged");
  }
}

void rotate(const Settings& settings) {
  Database catalog = settings.open_catalog();
  const std::string path = master_key_path();
  const Rotation rotation = rotate_master_key(catalog, path);
  if (settings.json) {
    JsonOutput json;
    json.begin_object().key("master_key_file").text(path).key("kept_key_file").text(rotation.kept_key);
    json.key("sealed").number(static_cast<int64_t>(rotation.sealed)).end_object().print();
  } else if (!settings.quiet) {
    print_line(fmt::format("master key file {}: a new key, {} sealed with it", path,
                           plural(rotation.sealed, "secret")));
    print_line(
        fmt::format("copy it to every node that runs tablegate sync (mode 0600): the old one opens nothing "
                    "there any more\n"
                    "the previous key is {}: older dumps of the catalog require it; keep it with them or "
                    "delete it",
                    rotation.kept_key));
  }
}

void rotate_cursors(const Settings& settings) {
  Database catalog = settings.open_catalog();
  replace_gateway_key(catalog, kCursorKey);
  if (settings.json) {
    JsonOutput json;
    json.begin_object().key("changed").boolean(true).end_object().print();
  } else if (!settings.quiet) {
    print_line(
        "the cursor key is a new one: each gateway rejects the cursors it gave out before, from its next "
        "sync "
        "on");
  }
}

}  // namespace

void add_init(Verb& app, Settings& settings) {
  Verb* const verb = app.add_subcommand("init", "Create or upgrade the catalog, its roles and a workspace");
  const auto options = std::make_shared<InitOptions>();
  verb->add_option("--reader-password-file", options->password_file,
                   "file with a password for tablegate_reader");
  verb->add_flag("--approval", options->approval, "versions of the workspace require approval");
  verb->add_flag("--rotate-master-key", options->rotate,
                 "seal all secrets of the catalog with a new key (alone: without --workspace)");
  verb->add_flag("--rotate-cursor-key", options->rotate_cursor_key,
                 "make a new key for cursors, which ends all cursors of pages (alone: without --workspace)");
  verb->add_flag("--roles", options->roles, "create the roles only, before a dump is restored (alone)");
  verb->footer(
      "Examples:\n"
      "  tablegate init --workspace demo\n"
      "  tablegate --catalog dbname=postgres init --roles\n"
      "  tablegate --catalog 'host=db1 dbname=tablegate' init --workspace demo --reader-password-file "
      "reader.password\n"
      "  tablegate init --rotate-master-key\n"
      "  tablegate init --rotate-cursor-key");
  verb->callback([&settings, options] {
    options->workspace = settings.workspace;
    if (options->roles) {
      if (options->rotate || options->rotate_cursor_key || options->approval ||
          !options->password_file.empty())
        throw WrongUsage("--roles takes no other option of init", Hint::command({"init", "--roles"}));
      return make_roles(settings);
    }
    if (options->rotate && options->rotate_cursor_key)
      throw WrongUsage("--rotate-master-key and --rotate-cursor-key are used one at a time",
                       Hint::command({"init", "--rotate-cursor-key"}));
    if (options->rotate_cursor_key) return rotate_cursors(settings);
    if (options->workspace.empty() && !options->rotate)
      throw WrongUsage("--workspace is missing", Hint::command({"init", "--workspace", "NAME"}));
    if (options->rotate) return rotate(settings);
    init(settings, *options);
  });
}

}  // namespace tablegate::loader
