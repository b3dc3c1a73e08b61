// What consumers.cpp and hmac_keys.cpp share: random credentials, and the rules
// for imported ones. No message shows a credential.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/database.hpp"

namespace tablegate::loader {

// Random bytes in hex.
std::string random_hex(size_t bytes);
// 256 random bits, base64url.
std::string random_secret();

bool is_visible_ascii(std::string_view text, size_t least, size_t most);
// 24 to 256 visible ASCII characters. Short secrets could be guessed, because they are not stretched. Throws
// Refused; `what`: "key" or "secret".
void check_imported_secret(std::string_view what, std::string_view secret);
// Throws Refused for an --expires that is in the past by the catalog's clock: such a key never works.
void check_expires(Database& catalog, const std::optional<std::string>& expires);
void check_label(const std::string& label);

// Throws Refused for what an INSERT's error means: `what` belongs to a consumer already, or the times are in
// the wrong order. Returns for any other error, which the caller rethrows.
void explain_key_conflict(const DatabaseError& error, const std::string& what);

}  // namespace tablegate::loader
