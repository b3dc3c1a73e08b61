#include "core/proof/jwk_key.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <string>

#include "core/openssl.hpp"

namespace tablegate::core {

void PkeyFree::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

namespace {

PkeyPtr from_parameters(const char* type, OSSL_PARAM_BLD* builder) {
  const ParamPtr parameters(OSSL_PARAM_BLD_to_param(builder));
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    ERR_clear_error();  // nginx would report what is left in the queue as its own error
    return nullptr;
  }
  return PkeyPtr(key);
}

BnPtr number(std::string_view big_endian) {
  return BnPtr(BN_bin2bn(bytes_of(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

}  // namespace

PkeyPtr make_rsa_key(std::string_view modulus, std::string_view exponent) {
  const ParamBldPtr builder(OSSL_PARAM_BLD_new());
  const BnPtr n = number(modulus);
  const BnPtr e = number(exponent);
  if (!builder || !n || !e || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return nullptr;
  }
  return from_parameters("RSA", builder.get());
}

size_t ec_coordinate_size(JwkCurve curve) {
  switch (curve) {
    case JwkCurve::p256:
      return 32;
    case JwkCurve::p384:
      return 48;
    case JwkCurve::p521:
      return 66;
    default:
      return 0;
  }
}

const char* ec_group_name(JwkCurve curve) {
  switch (curve) {
    case JwkCurve::p256:
      return "prime256v1";
    case JwkCurve::p384:
      return "secp384r1";
    case JwkCurve::p521:
      return "secp521r1";
    default:
      return "";
  }
}

// OpenSSL rejects coordinates that are not field elements and points off the curve. These curves have
// cofactor 1, so that every point is good except infinity, which this form cannot express.
PkeyPtr make_ec_key(JwkCurve curve, std::string_view point) {
  const ParamBldPtr builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, ec_group_name(curve), 0) !=
          1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) !=
          1) {
    return nullptr;
  }
  return from_parameters("EC", builder.get());
}

std::string ec_base_point(JwkCurve curve) {
  using GroupPtr = std::unique_ptr<EC_GROUP, OpenSslFree<EC_GROUP_free>>;
  const GroupPtr group(EC_GROUP_new_by_curve_name(OBJ_txt2nid(ec_group_name(curve))));
  std::string point(1 + 2 * ec_coordinate_size(curve), '\0');
  if (!group || EC_POINT_point2oct(
                    group.get(), EC_GROUP_get0_generator(group.get()), POINT_CONVERSION_UNCOMPRESSED,
                    reinterpret_cast<unsigned char*>(point.data()), point.size(), nullptr) != point.size()) {
    return {};
  }
  return point;
}

PkeyPtr make_ed25519_key(std::string_view point) {
  PkeyPtr key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(point), point.size()));
  if (!key) ERR_clear_error();
  return key;
}

const char* bad_rsa_key(std::string_view modulus, std::string_view exponent) {
  const BnPtr n = number(modulus);
  const BnPtr e = number(exponent);
  if (!n || !e) return "cannot be read: no memory";
  const auto bits = static_cast<size_t>(BN_num_bits(n.get()));
  if (bits < kMinRsaBits) return "has a modulus of less than 2048 bits";
  if (bits > kMaxRsaBits) return "has a modulus of more than 16384 bits";
  if (BN_is_odd(n.get()) == 0) return "has an even modulus";
  if (BN_is_odd(e.get()) == 0) return "has an even exponent";
  // FIPS 186-5 section 5.1; OpenSSL does not verify longer exponents with long moduli.
  if (BN_num_bits(e.get()) <= 16) return "has an exponent of less than 65537";
  if (BN_num_bits(e.get()) > 64) return "has an exponent of more than 64 bits";
  return nullptr;
}

bool looks_like_key(std::string_view secret) {
  if (secret.find("-----BEGIN ") != std::string_view::npos) return true;
  const size_t first = secret.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && secret[first] == '{' &&
      secret.find("\"kty\"") != std::string_view::npos) {
    return true;
  }
  const unsigned char* at = bytes_of(secret);
  const PkeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(secret.size())));
  ERR_clear_error();
  return key != nullptr;
}

namespace {

// The y coordinates of Ed25519's points of order 1, 2, 4 and 8, little-endian (see RFC 7748 section 7):
// anyone can make signatures for such a key.
constexpr std::array<std::string_view, 5> kSmallOrder = {
    std::string_view("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
                     32),
    std::string_view("\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
                     32),
    std::string_view("\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                     "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
                     32),
    std::string_view("\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
                     "\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
                     32),
    std::string_view("\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
                     "\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
                     32)};

// 2^255 - 19 and the curve's d (RFC 8032 section 5.1).
constexpr const char* kPrime = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed";
constexpr const char* kD = "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3";

BnPtr number_from_hex(const char* hex) {
  BIGNUM* out = nullptr;
  BN_hex2bn(&out, hex);
  return BnPtr(out);
}

// Whether y, below the prime, belongs to a point: x^2 = (y^2 - 1) / (d y^2 + 1) must be a square, which is so
// when numerator times denominator is one.
bool on_curve(const BIGNUM* y, const BIGNUM* prime) {
  const BnCtxPtr context(BN_CTX_new());
  const BnPtr d = number_from_hex(kD);
  const BnPtr square(BN_new());
  const BnPtr numerator(BN_new());
  const BnPtr denominator(BN_new());
  BN_CTX* const work = context.get();
  return context && d && square && numerator && denominator &&
         BN_mod_sqr(square.get(), y, prime, work) == 1 &&
         BN_mod_sub(numerator.get(), square.get(), BN_value_one(), prime, work) == 1 &&
         BN_mod_mul(denominator.get(), square.get(), d.get(), prime, work) == 1 &&
         BN_mod_add(denominator.get(), denominator.get(), BN_value_one(), prime, work) == 1 &&
         BN_mod_mul(square.get(), numerator.get(), denominator.get(), prime, work) == 1 &&
         BN_kronecker(square.get(), prime, work) == 1;
}

}  // namespace

// RFC 8032 section 5.1.3, which OpenSSL checks only when it verifies.
const char* bad_ed25519_key(std::string_view point) {
  std::string y(point);
  y.back() = static_cast<char>(static_cast<unsigned char>(y.back()) & 0x7FU);  // the sign of x
  if (std::find(kSmallOrder.begin(), kSmallOrder.end(), y) != kSmallOrder.end()) {
    return "is a point of small order";
  }
  const BnPtr value(BN_lebin2bn(bytes_of(y), static_cast<int>(y.size()), nullptr));
  const BnPtr prime = number_from_hex(kPrime);
  if (!value || !prime) return "cannot be read: no memory";
  if (BN_cmp(value.get(), prime.get()) >= 0 || !on_curve(value.get(), prime.get())) {
    return "is not a point of the curve";
  }
  return nullptr;
}

}  // namespace tablegate::core
