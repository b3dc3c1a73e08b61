// Keys that all gateways of a catalog share and that no caller has: 32 random
// bytes each, made by init, sealed with the master key in tablegate.gateway_key,
// carried to nginx in the credentials. "cursor" encrypts the cursors of pages,
// "mask" is the key of hash masks and never changes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/credentials/master_key.hpp"
#include "model/manifest_entries.hpp"

namespace tablegate::loader {

inline constexpr const char* kCursorKey = "cursor";
inline constexpr const char* kMaskKey = "mask";

// Makes the keys that are missing; true when there was one. Inside a transaction, as tablegate_owner.
bool ensure_gateway_keys(Database& catalog, LazyMasterKey& master);
// A new key in the place of the one with this name, in a transaction of its own.
void replace_gateway_key(Database& catalog, const std::string& name);
// Seals all of them with another master key; returns how many. Inside the caller's transaction.
size_t reseal_gateway_keys(Database& catalog, const SealingKey& before, const SealingKey& after);
// Those that what the gateway serves requires (the cursor key: an API with pages; the mask key: one with a
// hash mask), in clear, by name. One that cannot be opened goes to `on_fault`, with its name, and is left
// out.
std::vector<GatewayKeyEntry> read_gateway_keys(
    Database& catalog, const std::string& gateway, LazyMasterKey& master,
    const std::function<void(const std::string& name, const Failure& failure)>& on_fault);

}  // namespace tablegate::loader
