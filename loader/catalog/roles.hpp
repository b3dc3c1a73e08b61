// The roles of an installation and what they may do with the database
// (loader/README.md, "init"). Roles are the cluster's: they may exist
// already, made for another catalog. Inside init's transaction.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/database.hpp"

namespace tablegate::loader {

struct PinnedSetting {
  std::string_view name;
  std::string_view value;
};
// What nginx's role always starts its sessions with.
const std::vector<PinnedSetting>& reader_settings();
// The NOLOGIN roles that people become members of; tablegate_reader is not among them.
const std::vector<std::string_view>& group_roles();

// Until the transaction ends or become_self(): what is created belongs to tablegate_owner.
void become_owner(Database& database);
void become_self(Database& database);

// Creates what is missing; true when something was.
bool ensure_roles(Database& catalog);
// Throws Refused if schemas of ours belong to somebody else: the dump was restored without the roles, or with
// --no-owner, and its grants are lost too.
void refuse_lost_owners(Database& database);
// Schemas, their owner, and what PUBLIC and the reader may do in the catalog's database and in the mirror's,
// which may be one; true when something changed.
bool ensure_database_grants(Database& catalog);
bool ensure_mirror_grants(Database& mirror);
// The server keeps only its hash, and no log ever sees the password.
void set_reader_password(Database& catalog, const std::string& password);

// What `doctor` looks at. Roles that do not exist; tablegate_reader also where it cannot sign in or is a
// superuser.
std::vector<std::string> missing_roles(Database& catalog);
// Settings of reader_settings() that the cluster does not have for tablegate_reader.
std::vector<std::string> unpinned_settings(Database& catalog);
bool reader_sees_catalog(Database& catalog);

}  // namespace tablegate::loader
