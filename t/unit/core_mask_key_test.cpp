// core/manifest/mask_key: the pads of the mask key are those of HMAC-SHA-256, and
// every API with a hash mask binds those of its workspace.
#include "core/manifest/mask_key.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core_testing.hpp"

using namespace tablegate::core;
using testing::api_line;

namespace {

constexpr const char* kKeyLine =
    "{\"kind\":\"key\",\"name\":\"mask\",\"key\":"
    "\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"}\n";

std::string masked_line(const std::string& id, const std::string& path, const std::string& workspace = "w") {
  return api_line(id, "GET", path, "[]",
                  {{R"("workspace":"w")", R"("workspace":")" + workspace + "\""},
                   {R"("statement")",
                    R"("internal":[{"is":"mask_outer","type":"bytea"},{"is":"mask_inner","type":"bytea"}],)"
                    R"("statement")"}});
}

// The bytes of PostgreSQL's text of a bytea.
std::string bytes_of(std::string_view text) {
  ck_assert(text.substr(0, 2) == "\\x" && text.size() % 2 == 0);
  std::string bytes;
  for (size_t at = 2; at < text.size(); at += 2)
    bytes += static_cast<char>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16));
  return bytes;
}

std::string sha256(const std::string& bytes) {
  Digest digest{};
  ck_assert(Sha256().digest(bytes, digest));
  return {digest.begin(), digest.end()};
}

std::string hmac(const std::string& key, const std::string& text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
  return {reinterpret_cast<const char*>(out), size};
}

START_TEST(the_pads_make_hmac) {
  const std::string body =
      masked_line("1", "/a") + api_line("2", "GET", "/plain", "[]") + masked_line("3", "/b");
  const auto manifest =
      read_manifest(testing::manifest_text(body), testing::credentials_text(kKeyLine, body));
  ck_assert(static_cast<bool>(manifest));
  for (const size_t place : {size_t{0}, size_t{2}}) {
    const std::vector<InternalValue>& pads = (*manifest)->apis[place].internal;
    ck_assert_uint_eq(pads.size(), 2);
    const std::string outer = bytes_of(pads[0].fixed), inner = bytes_of(pads[1].fixed);
    ck_assert_uint_eq(inner.size(), 64);
    std::string key;
    for (char c = 0; c < 32; ++c) key += c;
    for (const std::string text : {"", "Alice", "\xE6\xBC\xA2"})
      ck_assert(sha256(outer + sha256(inner + text)) == hmac(hmac(key, "w"), text));
  }
  ck_assert((*manifest)->apis[1].internal.empty());
}
END_TEST

START_TEST(each_workspace_has_a_key_of_its_own) {
  const std::string body = masked_line("1", "/a") + masked_line("2", "/b", "evil") + masked_line("3", "/c");
  const auto manifest =
      read_manifest(testing::manifest_text(body), testing::credentials_text(kKeyLine, body));
  ck_assert(static_cast<bool>(manifest));
  const auto pad = [&](size_t api, size_t place) {
    return std::string((*manifest)->apis[api].internal[place].fixed);
  };
  for (const size_t place : {size_t{0}, size_t{1}}) {
    ck_assert(pad(0, place) == pad(2, place));
    ck_assert(pad(0, place) != pad(1, place));
  }
}
END_TEST

START_TEST(without_credentials_there_is_no_key) {
  const std::string body = masked_line("1", "/a");
  for (const auto& manifest :
       {read_manifest(testing::manifest_text(body)),
        read_manifest(testing::manifest_text(body), testing::credentials_text({}, body))}) {
    ck_assert(static_cast<bool>(manifest));
    ck_assert(!(*manifest)->mask_keys.usable);
    ck_assert_ptr_null((*manifest)->apis[0].internal[0].fixed);
  }
}
END_TEST

START_TEST(a_damaged_key_is_refused) {
  const auto changed = [](const std::string& from, const std::string& to) {
    std::string line = kKeyLine;
    return testing::refusal_of_credentials(line.replace(line.find(from), from.size(), to));
  };
  ck_text_eq(changed("00", "00"), "accepted");
  ck_assert(changed("00", "").find("/key: must be 64 hexadecimal digits") != std::string::npos);
  ck_assert(changed("00", "zz").find("/key: must be 64 hexadecimal digits") != std::string::npos);
  ck_assert(changed("\"mask\"", "\"other\"").find("/name: is unknown") != std::string::npos);
  ck_assert(testing::refusal_of_credentials(std::string(kKeyLine) + kKeyLine).find("/name: is given twice") !=
            std::string::npos);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_mask_key", the_pads_make_hmac, each_workspace_has_a_key_of_its_own,
                without_credentials_there_is_no_key, a_damaged_key_is_refused);
