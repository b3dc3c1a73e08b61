// Texts of credentials that consumers.cpp and hmac_keys.cpp share: random ones,
// and what an imported one must look like. Refusals never show them.
#pragma once

#include <string>
#include <string_view>

#include "base/database.hpp"

namespace tablegate::loader {

// Random bytes in hex.
std::string random_hex(size_t bytes);
// 256 random bits, base64url.
std::string random_secret();

bool is_visible_ascii(std::string_view text, size_t least, size_t most);
// 24 to 256 visible ASCII characters; they are not stretched, so short ones would be guessed. Throws Refused;
// `what`: "key" or "secret".
void check_imported_secret(std::string_view what, std::string_view secret);
void check_label(const std::string& label);

// Throws what an INSERT's error means: `what` is someone's already, or the times are in the wrong order.
// Comes back from any other error, which the caller throws again.
void explain_key_conflict(const DatabaseError& error, const std::string& what);

}  // namespace tablegate::loader
