// Tokens against a fixed manifest. The input is a token, and three texts
// (lines) that are encoded and, depending on the first byte, signed with a key
// of the manifest, so that the fuzzer gets past the signature. What core reads
// as JSON, jansson reads too; a proved token was signed here.
#include <jansson.h>
#include <openssl/evp.h>

#include <cstdint>

#include "core/manifest/manifest_object.hpp"
#include "core/manifest/manifest_reader.hpp"
#include "core/proof/jwt.hpp"
#include "core/text/base64.hpp"
#include "fuzzing.hpp"

using namespace tablegate::core;
using tablegate::fuzz::next_line;

namespace {

constexpr std::string_view kSecret =
    "a secret of the fuzzer's, of more than sixty-four bytes, for every hash there is";
constexpr int64_t kNow = 1000;

std::string consumer(const std::string& name, const std::string& setting) {
  return R"({"kind":"consumer","name":")" + name + R"(","enabled":true,"apis":[],"api_keys":[],"jwt":{)" +
         setting + "}}\n";
}

std::unique_ptr<const Manifest> make_manifest() {
  const std::string secret = R"({"kty":"oct","kid":"h","k":")" + base64url_encode(kSecret) + "\"}";
  const std::string body =
      consumer("uid", R"("issuer":"i","claim":{"name":"uid","value":"1"},"keys":[)" + secret + "]") +
      consumer("aud",
               R"("issuer":"j","audience":"a","leeway":0,"require_exp":true,"keys":[)" + secret + "]") +
      // A key that has signed no claims, and the key of RFC 8037 appendix A.2, which has signed none either.
      consumer("ec", R"("keys":[{"kty":"EC","crv":"P-256","x":"4q2FSUzx20n9JvjKdBWqFaxEVr4AtkZhwPBdfYITEOI",)"
                     R"("y":"L25_xvLsiPZifYctH3yZPHLaANAVkmXSH6NeIqEoi40"}])") +
      consumer(
          "ed",
          R"("keys":[{"kty":"OKP","crv":"Ed25519","kid":"e","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}])");
  Result<std::unique_ptr<const Manifest>> manifest =
      read_manifest(tablegate::fuzz::with_header({}), tablegate::fuzz::credentials_of(body, {}));
  INVARIANT(static_cast<bool>(manifest));
  return std::move(*manifest);
}

std::string mac(const std::string& input, const char* digest) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  size_t size = 0;
  INVARIANT(EVP_Q_mac(nullptr, "HMAC", nullptr, digest, nullptr, kSecret.data(), kSecret.size(),
                      reinterpret_cast<const unsigned char*>(input.data()), input.size(),
                      reinterpret_cast<unsigned char*>(out.data()), out.size(), &size) != nullptr);
  out.resize(size);
  return out;
}

// Slug::none or the fault; `signed_by_us`: the token may be proved.
void prove(const Manifest& manifest, JwtVerifier& verifier, std::string_view token, bool signed_by_us) {
  BlockArena arena;
  JwtProof proof;
  const uint64_t before = verifier.verifications();
  const Problem problem = verifier.verify(0, token, kNow, arena, proof);
  INVARIANT(verifier.verifications() - before <= kMaxVerifications);
  if (problem) {
    INVARIANT(problem.slug == Slug::invalid_credential ||
              (problem.slug == Slug::expired_credential && signed_by_us));
    INVARIANT(!proof.reason.empty() && proof.kid.empty());
    INVARIANT(problem.subject.empty() && problem.detail.empty());
  } else {
    INVARIANT(signed_by_us && proof.reason.empty() && proof.kid == "h" && !proof.cached);
    INVARIANT(proof.consumer < 2 && token.size() <= kMaxToken);
    INVARIANT(manifest.consumers[proof.consumer].name == "uid" ||
              manifest.consumers[proof.consumer].name == "aud");
  }
}

// What is read as a flat object is an object for jansson too, with the same members.
void check_json(std::string_view text) {
  BlockArena arena;
  char* copy = arena.copy(text);
  FlatObject object;
  if (read_flat_object(copy, text.size(), arena, object) != FlatResult::read) return;
  json_error_t error;
  const JsonPtr json(
      json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error));
  // jansson alone rejects reals that underflow, as it does those that overflow.
  if (!json && json_error_code(&error) == json_error_numeric_overflow) return;
  INVARIANT(json_is_object(json.get()));
  size_t own = 0;
  for (size_t i = 0; i < object.count; ++i) {
    const FlatMember& member = object.members[i];
    if (member.object != 0 || member.element) continue;
    ++own;
    const json_t* value = json_object_getn(json.get(), member.name.data(), member.name.size());
    INVARIANT(value != nullptr && object.find(member.name) == &member);
    INVARIANT(json_is_string(value) == (member.kind == FlatMember::Kind::text));
    INVARIANT(json_is_number(value) == (member.kind == FlatMember::Kind::number));
    INVARIANT(json_is_object(value) == (member.kind == FlatMember::Kind::object));
    if (json_is_string(value)) {
      INVARIANT(member.text == std::string_view(json_string_value(value), json_string_length(value)));
    }
    if (member.kind != FlatMember::Kind::strings) continue;
    for (size_t j = 0; j < json_array_size(value); ++j) {
      const json_t* item = json_array_get(value, j);
      INVARIANT(json_is_string(item) &&
                object.has_string(member, {json_string_value(item), json_string_length(item)}));
    }
  }
  INVARIANT(own == json_object_size(json.get()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::unique_ptr<const Manifest> manifest = make_manifest();
  static JwtVerifier verifier(*manifest);
  std::string_view text(reinterpret_cast<const char*>(data), size);
  BlockArena arena;
  prove(*manifest, verifier, text, false);
  looks_like_token(text, arena);
  if (text.empty()) return 0;
  const unsigned how = static_cast<unsigned char>(text[0]) % 4;
  text.remove_prefix(1);
  const std::string_view header = next_line(text);
  const std::string_view payload = next_line(text);
  check_json(header);
  check_json(payload);
  const std::string input = base64url_encode(header) + "." + base64url_encode(payload);
  constexpr const char* kDigests[] = {"SHA256", "SHA384", "SHA512"};
  const std::string signature = how < 3 ? mac(input, kDigests[how]) : std::string(text);
  const std::string token = input + "." + base64url_encode(signature);
  prove(*manifest, verifier, token, how < 3);
  return 0;
}
