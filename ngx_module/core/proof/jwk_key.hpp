// Converts key material to OpenSSL's public keys, with checks that OpenSSL does
// not make. Internal to jwk.cpp and jws.cpp.
#pragma once

#include <string>
#include <string_view>

#include "core/proof/jwk.hpp"
#include "core/result.hpp"

namespace tablegate::core {

constexpr size_t kMinRsaBits = 2048;
constexpr size_t kMaxRsaBits = 16384;  // OpenSSL does not verify longer ones

// Big-endian, no leading zero. Null: OpenSSL failed. Checks nothing.
PkeyPtr make_rsa_key(std::string_view modulus, std::string_view exponent);
// An uncompressed point (04, x, y) of P-256, P-384 or P-521. Null: not on the curve.
PkeyPtr make_ec_key(JwkCurve curve, std::string_view point);
// The curve's generator in that form; empty when memory is exhausted.
std::string ec_base_point(JwkCurve curve);
// Null: OpenSSL failed. Checks nothing.
PkeyPtr make_ed25519_key(std::string_view point);

// Why the key must not be trusted; null: it is good.
const char* bad_rsa_key(std::string_view modulus, std::string_view exponent);
const char* bad_ed25519_key(std::string_view point);

// Whether a shared secret is the text or the DER of a key: everyone who has that public key could sign with
// it.
bool looks_like_key(std::string_view secret);

// Whether a JWK has a member that only private keys have.
bool has_private_part(const json_t* key);

// Bytes of a coordinate.
size_t ec_coordinate_size(JwkCurve curve);
// OpenSSL's name of the curve's group.
const char* ec_group_name(JwkCurve curve);

}  // namespace tablegate::core
