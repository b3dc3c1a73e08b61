// The JWT setting of a consumer: which tokens prove it (authentication.md, "JWT").
// Key sets are checked by core, with the code that nginx reads a manifest with.
// Public keys stand in the catalog as they are, the "k" of a symmetric one apart
// and sealed.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "catalog/credentials/consumers.hpp"
#include "catalog/credentials/master_key.hpp"
#include "compile/manifest_writer.hpp"

namespace tablegate::loader {

// In place of the setting that is there. False: it is this one already. Throws Refused: keys that core
// refuses, or a token could satisfy another consumer's setting too (which is named).
bool set_jwt(Database& catalog, const Consumer& consumer, const JwtEntry& setting);
// False: there is none.
bool unset_jwt(Database& catalog, const Consumer& consumer);

// The same for an apply, inside its transaction and under lock_catalog(): first each setting is written
// (throws Refused: keys that core refuses), then all are looked at together.
void write_jwt_setting(Database& catalog, const Consumer& consumer, const JwtEntry& setting,
                       LazyMasterKey& master);
void refuse_jwt_conflict(Database& catalog, const Consumer& consumer);
// Whether they say the same; members of a JWK may stand in any order.
bool same_jwt_setting(const JwtEntry& a, const JwtEntry& b);

// All settings, by consumer id, keys opened; the master key is needed only where one is symmetric.
std::map<std::string, JwtEntry> read_jwt_settings(Database& catalog, LazyMasterKey& master);

// Without what is sealed, for `consumer show`: `keys` lists symmetric keys without "k".
std::optional<JwtEntry> public_jwt_setting(Database& catalog, const Consumer& consumer);

// Seals every symmetric key with another key, inside the caller's transaction and under lock_catalog(); how
// many.
size_t reseal_jwt_keys(Database& catalog, const SealingKey& before, const SealingKey& after);

}  // namespace tablegate::loader
