#include "catalog/credentials/key_text.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>

#include "core/text/ascii.hpp"
#include "core/text/base64.hpp"
#include "model/name_rules.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kSecretBytes = 32;  // 256 bits
constexpr size_t kMinImported = 24, kMaxImported = 256, kMaxLabel = 100;

std::string random_bytes(size_t count) {
  std::string bytes(count, '\0');
  unsigned char* const target =
      reinterpret_cast<unsigned char*>(bytes.data());  // NOLINT: characters as bytes
  if (RAND_bytes(target, static_cast<int>(count)) != 1)
    throw SystemFailure("OpenSSL could not make random bytes");
  return bytes;
}

}  // namespace

std::string random_hex(size_t bytes) {
  std::string hex;
  for (const char byte : random_bytes(bytes)) core::append_hex(hex, byte);
  return hex;
}

std::string random_secret() {
  return core::base64url_encode(random_bytes(kSecretBytes));
}

bool is_visible_ascii(std::string_view text, size_t least, size_t most) {
  return text.size() >= least && text.size() <= most &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

void check_imported_secret(std::string_view what, std::string_view secret) {
  if (is_visible_ascii(secret, kMinImported, kMaxImported)) return;
  throw Refused(
      fmt::format("an imported {} must be {} to {} visible ASCII characters on one line, and random: it "
                  "is not stretched; without --from-file a random one of 256 bits is made",
                  what, kMinImported, kMaxImported),
      Hint::command({"consumer", "add-key", "--help"}));
}

void check_label(const std::string& label) {
  if (label.empty()) return;
  if (const std::string reason = bad_text(label, kMaxLabel); !reason.empty())
    throw Refused("--label " + reason);
}

void check_expires(Database& catalog, const std::optional<std::string>& expires) {
  if (!expires || catalog.query("SELECT WHERE $1::timestamptz <= now()", {expires}).empty()) return;
  throw Refused(fmt::format("--expires {} is in the past: the key would never work", *expires),
                Hint::again().set("--expires", "TIME"));
}

void explain_key_conflict(const DatabaseError& error, const std::string& what) {
  if (error.sqlstate == "23505")
    throw Refused(what + " belongs to a consumer already", Hint::command({"consumer", "list"}));
  if (error.sqlstate == "23514") throw Refused("--not-before must be earlier than --expires");
}

}  // namespace tablegate::loader
