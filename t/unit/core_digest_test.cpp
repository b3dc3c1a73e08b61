// core/digest and core/mac: OpenSSL's results against published values.
#include "core/digest.hpp"

#include "core/proof/mac.hpp"
#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

START_TEST(sha256_has_the_published_digests) {
  ck_text_eq(testing::sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  ck_text_eq(testing::sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  ck_text_eq(testing::sha256_hex(std::string(1000000, 'a')),
             "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  Sha256 sha256;
  Digest first;
  Digest second;
  ck_assert(sha256.digest("abc", first) && sha256.digest("x", second) && sha256.digest("abc", second));
  ck_assert(first == second);
}
END_TEST

START_TEST(hexadecimal_goes_back_and_forth) {
  Digest digest;
  for (size_t i = 0; i < digest.size(); ++i) digest[i] = static_cast<unsigned char>(i * 8 + 7);
  Digest again{};
  ck_assert(from_hex(to_hex(digest), again));
  ck_assert(digest == again);
  for (const std::string& bad : {std::string(), std::string(62, '0'), std::string(66, '0'),
                                 std::string(64, 'G'), std::string(64, 'A'), std::string(63, '0') + " "}) {
    ck_assert(!from_hex(bad, again));
  }
}
END_TEST

template <size_t Size>
std::string hex(const std::array<unsigned char, Size>& bytes, size_t size = Size) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (size_t i = 0; i < size; ++i) out += {kHex[bytes[i] >> 4U], kHex[bytes[i] & 15U]};
  return out;
}

START_TEST(md5_has_the_published_digests) {
  Md5 md5;
  Md5Digest digest{};
  ck_assert(md5.digest("", digest));
  ck_text_eq(hex(digest), "d41d8cd98f00b204e9800998ecf8427e");  // RFC 1321, A.5
  ck_assert(md5.digest("message digest", digest));
  ck_text_eq(hex(digest), "f96b697d7cb7938d525a2f31aaf161d0");
}
END_TEST

// RFC 4231, test cases 2 and 6; RFC 2202, test case 2.
START_TEST(hmac_has_the_published_signatures_again_and_again) {
  const std::string long_key(131, '\xaa');
  const struct {
    HmacHash hash;
    std::string key, text, signature;
  } cases[] = {
      {HmacHash::sha256, "Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {HmacHash::sha384, "Jefe", "what do ya want for nothing?",
       "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"},
      {HmacHash::sha512, "Jefe", "what do ya want for nothing?",
       "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd"
       "caeab1a34d4a6b4b636e070a38bce737"},
      {HmacHash::sha1, "Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
      {HmacHash::sha256, long_key, "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
  };
  for (const auto& one : cases) {
    Mac mac(one.hash, one.key);
    for (int round = 0; round < 3; ++round) {
      std::array<unsigned char, kMaxMacSize> out{};
      ck_assert(mac.compute(one.text, out.data()));
      ck_text_eq(hex(out, mac_size(one.hash)), one.signature);
      ck_assert(mac.compute("another text between", out.data()));
    }
  }
}
END_TEST

START_TEST(an_empty_key_is_a_key) {
  Mac mac(HmacHash::sha256, "");
  std::array<unsigned char, kMaxMacSize> out{};
  ck_assert(mac.compute("", out.data()));
  ck_text_eq(hex(out, 32), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_digest", sha256_has_the_published_digests, hexadecimal_goes_back_and_forth,
                md5_has_the_published_digests, hmac_has_the_published_signatures_again_and_again,
                an_empty_key_is_a_key);
