// The JWT setting of a consumer: which tokens identify it
// (ngx_module/README.md, "Tokens (JWT)"). Key sets are checked by core, with
// the code with which nginx reads a manifest. The catalog holds public keys in
// clear, and the "k" of a symmetric key separately and sealed.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/credentials/consumers.hpp"
#include "catalog/credentials/master_key.hpp"
#include "compile/credentials_writer.hpp"

namespace tablegate::loader {

// Takes the keys that are not for us out of `keys`, the text of a list of JWKs, as long as one is left. A
// line for each: "key 2 (kid \"a\") is ignored: its use is ...".
std::vector<std::string> drop_unusable_keys(std::string& keys);

// Replaces the setting. False: it is the same already. Throws Refused: keys that core rejects, or a setting
// whose tokens could also satisfy another consumer's (which the message names).
bool set_jwt(Database& catalog, const Consumer& consumer, const JwtEntry& setting);
// False: there is none.
bool unset_jwt(Database& catalog, const Consumer& consumer);

// The same for an apply, inside its transaction and under lock_catalog(): first write each setting (throws
// Refused for keys that core rejects), then check all of them together.
void write_jwt_setting(Database& catalog, const Consumer& consumer, const JwtEntry& setting,
                       LazyMasterKey& master);
// Of the consumers of these ids those whose setting conflicts, with another or one another: what is wrong, by
// id.
std::map<std::string, std::string> find_jwt_conflicts(Database& catalog, const std::set<std::string>& ids);
// Whether they are equal; the members of a JWK may be in any order.
bool same_jwt_setting(const JwtEntry& a, const JwtEntry& b);

// All settings, by consumer id, keys opened; the master key is needed only if one is symmetric. With
// `on_fault`, a setting whose keys cannot be opened is left out and reported to it with its consumer's id.
using OnJwtFault = std::function<void(const std::string& consumer_id, const Failure& failure)>;
std::map<std::string, JwtEntry> read_jwt_settings(Database& catalog, LazyMasterKey& master,
                                                  const OnJwtFault& on_fault = {});

// Without secrets, for `consumer show`: `keys` lists symmetric keys without "k".
// `ids`: a bigint[] of consumers; by id, those that have one.
std::map<std::string, JwtEntry> public_jwt_settings(Database& catalog, const std::string& ids);
std::optional<JwtEntry> public_jwt_setting(Database& catalog, const Consumer& consumer);

// Seals every symmetric key with another key, inside the caller's transaction and under lock_catalog();
// returns how many.
size_t reseal_jwt_keys(Database& catalog, const SealingKey& before, const SealingKey& after);

}  // namespace tablegate::loader
