// A sealed value can be opened with its key, for its row, unchanged; nothing
// else opens it.

#include <array>
#include <string>

#include "catalog/credentials/seal.hpp"

#include "loader_testing.hpp"  // last: see there

using tablegate::loader::seal;
using tablegate::loader::SealedPlace;
using tablegate::loader::SealingKey;
using tablegate::loader::unseal;

using tablegate::loader::testing::same_text;

namespace {

SealingKey key_of(unsigned char fill) {
  std::array<unsigned char, SealingKey::kBytes> bytes{};
  bytes.fill(fill);
  return SealingKey(bytes);
}

const SealedPlace kPlace{"hmac_key", "hk_1"};

START_TEST(round_trip) {
  const SealingKey key = key_of(7);
  for (const std::string& secret :
       {std::string("a secret"), std::string(), std::string("\0\xff\n", 3), std::string(4096, 'x')}) {
    const std::string sealed = seal(key, kPlace, secret);
    ck_assert_uint_eq(sealed.size(), secret.size() + 29);
    const auto opened = unseal(key_of(7), kPlace, sealed);
    ck_assert(opened.has_value());
    same_text(*opened, secret);
    ck_assert_uint_eq(opened->size(), secret.size());
  }
}
END_TEST

START_TEST(never_twice_the_same) {
  const SealingKey key = key_of(7);
  const std::string sealed = seal(key, kPlace, "a secret of some length");
  ck_assert(sealed != seal(key, kPlace, "a secret of some length"));
  ck_assert(sealed.find("secret") == std::string::npos);
}
END_TEST

START_TEST(bound_to_key_and_row) {
  const std::string sealed = seal(key_of(7), kPlace, "a secret");
  ck_assert(!unseal(key_of(8), kPlace, sealed));
  ck_assert(!unseal(key_of(7), {"hmac_key", "hk_2"}, sealed));
  ck_assert(!unseal(key_of(7), {"jwt_key", "hk_1"}, sealed));
  // If kinds could hold ':', "a" + "b:c" and "a:b" + "c" would be bound by the same bytes; ids may hold it.
  ck_assert(!unseal(key_of(7), {"jwt_key", "1:1"}, seal(key_of(7), {"jwt_key", "1:11"}, "x")));
}
END_TEST

START_TEST(any_change_is_noticed) {
  const std::string sealed = seal(key_of(7), kPlace, "a secret");
  for (size_t at = 0; at < sealed.size(); ++at) {
    std::string other = sealed;
    other[at] = static_cast<char>(other[at] ^ 1);
    ck_assert_msg(!unseal(key_of(7), kPlace, other), "byte %zu", at);
  }
  for (size_t size = 0; size < sealed.size(); ++size)
    ck_assert(!unseal(key_of(7), kPlace, sealed.substr(0, size)));
  ck_assert(!unseal(key_of(7), kPlace, sealed + '\0'));
}
END_TEST

START_TEST(fingerprint_is_of_the_bytes) {
  // SHA-256 of 32 zero bytes.
  same_text(key_of(0).fingerprint(), "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_seal", round_trip, never_twice_the_same, bound_to_key_and_row, any_change_is_noticed,
                fingerprint_is_of_the_bytes);
