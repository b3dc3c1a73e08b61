#include "core/proof/jwk.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <iterator>

#include "core/digest.hpp"
#include "core/manifest/manifest_object.hpp"
#include "core/proof/jwk_key.hpp"
#include "core/text/base64.hpp"

namespace tablegate::core {

namespace {

constexpr size_t kMinSecret = 32;  // of the smallest hash
constexpr size_t kMaxSecret = 4096;
constexpr size_t kMaxKid = 256;

bool has_private_part(const json_t* key) {
  constexpr const char* kMembers[] = {"d", "p", "q", "dp", "dq", "qi", "oth"};
  return std::any_of(std::begin(kMembers), std::end(kMembers),
                     [key](const char* member) { return json_object_get(key, member) != nullptr; });
}

// Reads the members of one JWK; keeps the first problem.
class KeyReader {
 public:
  KeyReader(const json_t* json, std::string pointer) : json_(json), pointer_(std::move(pointer)) {}

  Result<Jwk> read();

 private:
  void fail(const char* member, const std::string& message) {
    if (problem_) return;
    problem_ = Error{message, *member == '\0' ? pointer_ : pointer_ + "/" + member};
  }
  const json_t* get(const char* member) const { return json_object_get(json_, member); }
  std::optional<std::string> text(const char* member);
  std::string required(const char* member);
  std::string bytes(const char* member);
  std::string unsigned_number(const char* member);

  void read_use();
  void read_kid();
  void read_type();
  void read_algorithm();
  void read_oct();
  void read_rsa();
  void read_ec();
  void read_okp();
  void set_fingerprint(std::string_view material);

  const json_t* json_;
  std::string pointer_;
  std::optional<Error> problem_;
  Jwk out_;
};

std::optional<std::string> KeyReader::text(const char* member) {
  const json_t* value = get(member);
  if (value == nullptr) return std::nullopt;
  if (!json_is_string(value)) {
    fail(member, "must be a string");
    return std::nullopt;
  }
  return std::string(json_string_value(value), json_string_length(value));
}

std::string KeyReader::required(const char* member) {
  std::optional<std::string> value = text(member);
  if (!value) fail(member, "is missing");
  return value ? std::move(*value) : std::string();
}

std::string KeyReader::bytes(const char* member) {
  std::string encoded = required(member);
  std::optional<std::string> value = base64url_decode(encoded);
  if (!value) fail(member, "is not base64url without padding (RFC 7515 section 2)");
  if (std::string_view(member) == "k") OPENSSL_cleanse(encoded.data(), encoded.size());
  return value ? std::move(*value) : std::string();
}

// Base64urlUInt of RFC 7518 section 2: no leading zero bytes.
std::string KeyReader::unsigned_number(const char* member) {
  std::string value = bytes(member);
  if (value.empty() || value[0] == '\0') fail(member, "must be a number without leading zero bytes");
  return value;
}

void KeyReader::read_use() {
  if (has_private_part(json_)) fail("", "is a private key: give only the public key");
  if (const std::optional<std::string> use = text("use"); use && *use != "sig") {
    fail("use", "must be sig: a key with another use must not verify signatures");
  }
  const json_t* operations = get("key_ops");
  if (operations == nullptr) return;
  if (!json_is_array(operations)) return fail("key_ops", "must be a list of strings");
  std::vector<std::string> seen;
  for (size_t i = 0; i < json_array_size(operations); ++i) {
    const json_t* operation = json_array_get(operations, i);
    if (!json_is_string(operation)) return fail("key_ops", "must be a list of strings");
    seen.emplace_back(json_string_value(operation));
  }
  if (std::find(seen.begin(), seen.end(), "verify") == seen.end()) {
    fail("key_ops", "must name verify");
  }
  std::sort(seen.begin(), seen.end());
  if (std::adjacent_find(seen.begin(), seen.end()) != seen.end()) {
    fail("key_ops", "repeats an operation");
  }
}

void KeyReader::read_kid() {
  out_.kid = text("kid");
  if (!out_.kid) return;
  const bool plain = std::none_of(out_.kid->begin(), out_.kid->end(),
                                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (out_.kid->empty() || out_.kid->size() > kMaxKid || !plain) {
    fail("kid", "must be 1 to 256 bytes without control characters");
  }
}

void KeyReader::read_type() {
  const std::string type = required("kty");
  if (type == "oct") {
    out_.type = JwkType::oct;
  } else if (type == "RSA") {
    out_.type = JwkType::rsa;
  } else if (type == "EC") {
    out_.type = JwkType::ec;
    const std::string curve = required("crv");
    if (curve == "P-256") {
      out_.curve = JwkCurve::p256;
    } else if (curve == "P-384") {
      out_.curve = JwkCurve::p384;
    } else if (curve == "P-521") {
      out_.curve = JwkCurve::p521;
    } else {
      fail("crv", "must be P-256, P-384 or P-521");
    }
  } else if (type == "OKP") {
    out_.type = JwkType::okp;
    out_.curve = JwkCurve::ed25519;
    if (required("crv") != "Ed25519") fail("crv", "must be Ed25519");
  } else {
    fail("kty", "must be oct, RSA, EC or OKP");
  }
}

void KeyReader::read_algorithm() {
  const std::optional<std::string> name = text("alg");
  if (!name) return;
  out_.algorithm = parse_jwt_algorithm(*name);
  if (!out_.algorithm) {
    fail("alg",
         "must be one of HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA");
  } else if (jwt_key_type(*out_.algorithm) != out_.type || jwt_key_curve(*out_.algorithm) != out_.curve) {
    fail("alg", "is not an algorithm for this type of key");
  }
}

void KeyReader::set_fingerprint(std::string_view material) {
  std::string all;
  all.reserve(material.size() + 2);
  all += static_cast<char>(out_.type);
  all += static_cast<char>(out_.curve);
  all += material;
  Sha256 sha256;
  if (!sha256.digest(all, out_.fingerprint)) fail("", "cannot be read: SHA-256 is not available");
  OPENSSL_cleanse(all.data(), all.size());
}

void KeyReader::read_oct() {
  std::string secret = bytes("k");
  const size_t least = out_.algorithm ? jwt_digest_size(*out_.algorithm) : kMinSecret;
  if (secret.size() < least) {
    fail("k",
         "must have at least " + std::to_string(least) + " bytes, as the hash has (RFC 7518 section 3.2)");
  }
  if (secret.size() > kMaxSecret) fail("k", "must have at most " + std::to_string(kMaxSecret) + " bytes");
  if (!problem_ && looks_like_key(secret)) fail("k", "is the text of a key, not a secret");
  set_fingerprint(secret);
  out_.secret = Secret(secret);
  out_.secret_size = secret.size();
  OPENSSL_cleanse(secret.data(), secret.size());
}

void KeyReader::read_rsa() {
  out_.modulus = unsigned_number("n");
  const std::string exponent = unsigned_number("e");
  if (problem_) return;
  if (const char* reason = bad_rsa_key(out_.modulus, exponent)) return fail("", reason);
  out_.key = make_rsa_key(out_.modulus, exponent);
  if (!out_.key) fail("", "is rejected by OpenSSL");
  // The exponent's size comes first, so that no two pairs give the same text.
  set_fingerprint(std::string(1, static_cast<char>(exponent.size())) + exponent + out_.modulus);
}

void KeyReader::read_ec() {
  const std::string x = bytes("x");
  const std::string y = bytes("y");
  const size_t size = ec_coordinate_size(out_.curve);
  if (x.size() != size) fail("x", "must have " + std::to_string(size) + " bytes");
  if (y.size() != size) fail("y", "must have " + std::to_string(size) + " bytes");
  if (problem_) return;
  out_.key = make_ec_key(out_.curve, "\x04" + x + y);
  if (!out_.key) fail("", "is not a point of the curve");
  set_fingerprint(x + y);
}

void KeyReader::read_okp() {
  const std::string x = bytes("x");
  if (x.size() != 32) fail("x", "must have 32 bytes");
  if (problem_) return;
  if (const char* reason = bad_ed25519_key(x)) return fail("", reason);
  out_.key = make_ed25519_key(x);
  if (!out_.key) fail("", "is rejected by OpenSSL");
  set_fingerprint(x);
}

Result<Jwk> KeyReader::read() {
  if (!json_is_object(json_)) return Error{"must be an object", pointer_};
  read_type();
  read_use();
  read_kid();
  read_algorithm();
  if (problem_) return *problem_;
  switch (out_.type) {
    case JwkType::oct:
      read_oct();
      break;
    case JwkType::rsa:
      read_rsa();
      break;
    case JwkType::ec:
      read_ec();
      break;
    case JwkType::okp:
      read_okp();
      break;
  }
  if (problem_) return *problem_;
  return std::move(out_);
}

// A member that is a short word, which a message may repeat.
std::optional<std::string> word_of(const json_t* key, const char* member) {
  const json_t* const value = json_object_get(key, member);
  if (!json_is_string(value)) return std::nullopt;
  std::string word(json_string_value(value), json_string_length(value));
  const bool plain =
      std::all_of(word.begin(), word.end(), [](char c) { return c > ' ' && c < 0x7F && c != '"'; });
  if (!plain || word.size() > kMaxKid) word = "?";
  return word;
}

template <size_t Count>
bool is_one_of(const std::string& word, const std::string_view (&words)[Count]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// A list of strings without "verify".
bool is_for_other_operations(const json_t* operations) {
  if (!json_is_array(operations)) return false;
  for (size_t i = 0; i < json_array_size(operations); ++i) {
    const json_t* const operation = json_array_get(operations, i);
    if (!json_is_string(operation) || std::string_view(json_string_value(operation)) == "verify")
      return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> why_unusable(const json_t* key) {
  constexpr std::string_view kTypes[] = {"oct", "RSA", "EC", "OKP"};
  constexpr std::string_view kEcCurves[] = {"P-256", "P-384", "P-521"};
  const auto type = word_of(key, "kty");
  if (!type) return std::nullopt;
  if (!is_one_of(*type, kTypes))
    return "its kty \"" + *type + "\" is none that tokens are verified with here";
  if (has_private_part(key)) return std::nullopt;
  if (const auto use = word_of(key, "use"); use && *use != "sig")
    return "its use is \"" + *use + "\", not \"sig\"";
  if (is_for_other_operations(json_object_get(key, "key_ops"))) return "its key_ops do not name \"verify\"";
  const auto curve = word_of(key, "crv");
  const bool other_curve =
      curve && ((*type == "EC" && !is_one_of(*curve, kEcCurves)) || (*type == "OKP" && *curve != "Ed25519"));
  if (other_curve) return "its crv \"" + *curve + "\" is none that tokens are verified with here";
  if (const auto alg = word_of(key, "alg"); alg && !parse_jwt_algorithm(*alg))
    return "its alg \"" + *alg + "\" is none that tokens are verified with here";
  return std::nullopt;
}

bool Jwk::allows(JwtAlgorithm wanted) const {
  if (algorithm && *algorithm != wanted) return false;
  if (jwt_key_type(wanted) != type || jwt_key_curve(wanted) != curve) return false;
  return type != JwkType::oct || secret_size >= jwt_digest_size(wanted);
}

Result<std::vector<Jwk>> read_jwks(const json_t* set, const std::string& pointer, UnusableJwks unusable) {
  const json_t* list = set;
  std::string where = pointer;
  if (json_is_object(set)) {
    list = json_object_get(set, "keys");
    where += "/keys";
    if (list == nullptr) return Error{"is missing: a JWK Set is {\"keys\": [...]}", where};
  }
  if (!json_is_array(list)) return Error{"must be a list of keys", where};
  const size_t count = json_array_size(list);
  if (count == 0) return Error{"has no key", where};
  if (count > kMaxJwksPerSet) {
    return Error{"has more than " + std::to_string(kMaxJwksPerSet) + " keys", where};
  }
  std::vector<Jwk> keys;
  std::string reason;
  for (size_t i = 0; i < count; ++i) {
    const std::string at = where + "/" + std::to_string(i);
    const json_t* const json = json_array_get(list, i);
    if (unusable == UnusableJwks::ignored) {
      const std::optional<std::string> why = why_unusable(json);
      if (why && reason.empty()) reason = *why;
      if (why) continue;
    }
    Result<Jwk> key = KeyReader(json, at).read();
    if (!key) return key.error();
    for (const Jwk& other : keys) {
      if (key->kid && other.kid == key->kid)
        return Error{"is the kid of another key of the set", at + "/kid"};
    }
    keys.push_back(std::move(*key));
  }
  if (keys.empty()) return Error{"has no key that tokens are verified with: of the first, " + reason, where};
  return keys;
}

Result<std::vector<Jwk>> parse_jwks(std::string_view text, UnusableJwks unusable) {
  json_error_t error;
  const JsonPtr json(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, &error));
  // jansson's message may quote the text, which may hold a secret.
  if (!json) return Error{"is not JSON", "line " + std::to_string(error.line)};
  return read_jwks(json.get(), {}, unusable);
}

}  // namespace tablegate::core
