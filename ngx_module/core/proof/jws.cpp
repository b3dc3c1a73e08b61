#include "core/proof/jws.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/openssl.hpp"
#include "core/proof/jwk_key.hpp"
#include "core/proof/mac.hpp"

namespace tablegate::core {

namespace {

// The order n of each curve's generator, big-endian (SEC 2 version 2).
constexpr std::string_view kOrder256(
    "\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9"
    "\xca\xc2"
    "\xfc\x63\x25\x51",
    32);
constexpr std::string_view kOrder384(
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xc7\x63"
    "\x4d\x81"
    "\xf4\x37\x2d\xdf\x58\x1a\x0d\xb2\x48\xb0\xa7\x7a\xec\xec\x19\x6a\xcc\xc5\x29\x73",
    48);
constexpr std::string_view kOrder521(
    "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xff\xff"
    "\xff\xff\xff\xff\xff\xfa\x51\x86\x87\x83\xbf\x2f\x96\x6b\x7f\xcc\x01\x48\xf7\x09\xa5\xd0\x3b\xb5\xc9\xb8"
    "\x89\x9c"
    "\x47\xae\xbb\x6f\xb7\x1e\x91\x38\x64\x09",
    66);
// The base points (SEC 2; RFC 8032 section 5.1): valid keys whose private halves are public, used only for
// verifications whose result is ignored.
constexpr std::string_view kBase25519(
    "\x58\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66"
    "\x66\x66"
    "\x66\x66\x66\x66",
    32);

std::string_view order_of(JwkCurve curve) {
  return curve == JwkCurve::p256 ? kOrder256 : curve == JwkCurve::p384 ? kOrder384 : kOrder521;
}

// Both have the same size, big-endian.
bool in_range(std::string_view number, std::string_view order) {
  const bool zero = std::all_of(number.begin(), number.end(), [](char c) { return c == '\0'; });
  return !zero && std::char_traits<char>::compare(number.data(), order.data(), order.size()) < 0;
}

const char* digest_name(JwtAlgorithm algorithm) {
  switch (jwt_digest_size(algorithm)) {
    case 32:
      return "SHA256";
    case 48:
      return "SHA384";
    default:
      return "SHA512";
  }
}

bool is_pss(JwtAlgorithm algorithm) {
  return algorithm == JwtAlgorithm::ps256 || algorithm == JwtAlgorithm::ps384 ||
         algorithm == JwtAlgorithm::ps512;
}

// An ECDSA signature in OpenSSL's form: SEQUENCE of two INTEGERs (RFC 3279 section 2.2.3).
class DerSignature {
 public:
  explicit DerSignature(std::string_view pair) {
    const size_t half = pair.size() / 2;
    std::array<unsigned char, 2 * (2 + 67)> body{};
    size_t size = put(pair.substr(0, half), body.data());
    size += put(pair.substr(half), body.data() + size);
    bytes_[size_++] = 0x30;
    if (size > 127) bytes_[size_++] = 0x81;
    bytes_[size_++] = static_cast<unsigned char>(size);
    std::copy(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size),
              bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += size;
  }
  const unsigned char* data() const { return bytes_.data(); }
  size_t size() const { return size_; }

 private:
  // Not zero, as well_formed() has checked.
  static size_t put(std::string_view number, unsigned char* to) {
    number.remove_prefix(std::min(number.find_first_not_of('\0'), number.size() - 1));
    const bool sign = (static_cast<unsigned char>(number[0]) & 0x80U) != 0;
    size_t size = 0;
    to[size++] = 0x02;
    to[size++] = static_cast<unsigned char>(number.size() + (sign ? 1 : 0));
    if (sign) to[size++] = 0;
    std::copy(number.begin(), number.end(), to + size);
    return size + number.size();
  }

  std::array<unsigned char, 3 + 2 * (2 + 67)> bytes_{};
  size_t size_ = 0;
};

// One key under one algorithm, ready to be copied (asymmetric) or restarted (HMAC).
struct Prepared {
  MdCtxPtr verify;
  std::optional<Mac> mac;
};

HmacHash hash_of(JwtAlgorithm algorithm) {
  if (algorithm == JwtAlgorithm::hs256) return HmacHash::sha256;
  return algorithm == JwtAlgorithm::hs384 ? HmacHash::sha384 : HmacHash::sha512;
}

Prepared prepare(const Jwk& key, JwtAlgorithm algorithm) {
  Prepared out;
  if (key.type == JwkType::oct) {
    out.mac.emplace(hash_of(algorithm), key.secret.view());
    return out;
  }
  const char* const digest = algorithm == JwtAlgorithm::eddsa ? nullptr : digest_name(algorithm);
  EVP_PKEY_CTX* settings = nullptr;  // the context's own
  out.verify.reset(EVP_MD_CTX_new());
  const bool ready =
      out.verify &&
      EVP_DigestVerifyInit_ex(out.verify.get(), &settings, digest, nullptr, nullptr, key.key.get(),
                              nullptr) == 1 &&
      (!is_pss(algorithm) || (EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1 &&
                              // RFC 7518 section 3.5
                              EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) == 1));
  if (!ready) out.verify.reset();
  return out;
}

constexpr uint32_t kDummy = UINT32_MAX;  // the number of an unknown key; one for each algorithm
constexpr size_t kMaxPrepared = 4096;    // about 2 KiB each

}  // namespace

struct JwsVerifier::State {
  MdCtxPtr scratch{EVP_MD_CTX_new()};
  std::unordered_map<uint64_t, Prepared> prepared;
  std::array<std::unique_ptr<Jwk>, kJwtAlgorithms> dummies;
  uint64_t count = 0;

  Prepared& of(uint32_t number, const Jwk& key, JwtAlgorithm algorithm);
  const Jwk& dummy(JwtAlgorithm algorithm);
  bool check(uint32_t number, const Jwk& key, JwtAlgorithm algorithm, std::string_view input,
             std::string_view signature);
  void pretend(JwtAlgorithm algorithm, std::string_view input, std::string_view signature);
};

Prepared& JwsVerifier::State::of(uint32_t number, const Jwk& key, JwtAlgorithm algorithm) {
  const uint64_t name = uint64_t{number} << 8U | static_cast<uint64_t>(algorithm);
  const auto found = prepared.find(name);
  if (found != prepared.end()) return found->second;
  if (prepared.size() >= kMaxPrepared) prepared.clear();
  return prepared.emplace(name, prepare(key, algorithm)).first->second;
}

const Jwk& JwsVerifier::State::dummy(JwtAlgorithm algorithm) {
  std::unique_ptr<Jwk>& slot = dummies[static_cast<size_t>(algorithm)];
  if (slot) return *slot;
  slot = std::make_unique<Jwk>();
  slot->type = jwt_key_type(algorithm);
  slot->curve = jwt_key_curve(algorithm);
  switch (slot->type) {
    case JwkType::oct:
      slot->secret = Secret(std::string(64, '\0'));
      break;
    case JwkType::rsa:
      slot->modulus = std::string(kMinRsaBits / 8, '\xC5');  // any odd number of this size
      slot->key = make_rsa_key(slot->modulus, std::string_view("\x01\x00\x01", 3));
      break;
    case JwkType::ec:
      slot->key = make_ec_key(slot->curve, ec_base_point(slot->curve));
      break;
    case JwkType::okp:
      slot->key = make_ed25519_key(kBase25519);
      break;
  }
  return *slot;
}

bool JwsVerifier::State::check(uint32_t number, const Jwk& key, JwtAlgorithm algorithm,
                               std::string_view input, std::string_view signature) {
  Prepared& ready = of(number, key, algorithm);
  if (key.type == JwkType::oct) {
    std::array<unsigned char, kMaxMacSize> wanted{};
    const size_t size = mac_size(hash_of(algorithm));
    return ready.mac->compute(input, wanted.data()) && size == signature.size() &&
           CRYPTO_memcmp(wanted.data(), signature.data(), size) == 0;
  }
  if (!ready.verify || !scratch || EVP_MD_CTX_copy_ex(scratch.get(), ready.verify.get()) != 1) return false;
  if (key.type == JwkType::ec) {
    const DerSignature der(signature);
    return EVP_DigestVerify(scratch.get(), der.data(), der.size(), bytes_of(input), input.size()) == 1;
  }
  return EVP_DigestVerify(scratch.get(), bytes_of(signature), signature.size(), bytes_of(input),
                          input.size()) == 1;
}

void JwsVerifier::State::pretend(JwtAlgorithm algorithm, std::string_view input, std::string_view signature) {
  const Jwk& key = dummy(algorithm);
  // For RSA: a number that OpenSSL does not reject before the exponentiation.
  const std::string fitting(key.modulus.size(), '\x42');
  check(kDummy, key, algorithm, input, key.type == JwkType::rsa ? std::string_view(fitting) : signature);
}

JwsVerifier::JwsVerifier() : state_(std::make_unique<State>()) {}
JwsVerifier::~JwsVerifier() = default;

bool JwsVerifier::well_formed(JwtAlgorithm algorithm, std::string_view signature) {
  switch (jwt_key_type(algorithm)) {
    case JwkType::oct:
      return signature.size() == jwt_digest_size(algorithm);
    case JwkType::rsa:
      return signature.size() >= kMinRsaBits / 8 && signature.size() <= kMaxRsaBits / 8;
    case JwkType::okp:
      return signature.size() == 64;
    case JwkType::ec:
      break;
  }
  const std::string_view order = order_of(jwt_key_curve(algorithm));
  return signature.size() == 2 * order.size() && in_range(signature.substr(0, order.size()), order) &&
         in_range(signature.substr(order.size()), order);
}

bool JwsVerifier::verify(uint32_t number, const Jwk& key, JwtAlgorithm algorithm, std::string_view input,
                         std::string_view signature) {
  ++state_->count;
  bool good = false;
  // For RSA: OpenSSL rejects at once a signature of another size than the modulus, and one that is not below
  // it. Without this, the time would show whether the key is known.
  if (key.type == JwkType::rsa && (signature.size() != key.modulus.size() || signature >= key.modulus)) {
    state_->pretend(algorithm, input, signature);
  } else {
    good = state_->check(number, key, algorithm, input, signature);
  }
  if (!good) ERR_clear_error();  // nginx would report what is left in the queue as its own error
  return good;
}

void JwsVerifier::pretend(JwtAlgorithm algorithm, std::string_view input, std::string_view signature) {
  ++state_->count;
  state_->pretend(algorithm, input, signature);
  ERR_clear_error();
}

uint64_t JwsVerifier::count() const {
  return state_->count;
}

}  // namespace tablegate::core
