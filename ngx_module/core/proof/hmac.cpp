#include "core/proof/hmac.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include "core/text/ascii.hpp"
#include "core/text/base64.hpp"
#include "core/text/http_date.hpp"

namespace tablegate::core {

namespace {

constexpr size_t kMaxMessage = 4096;
constexpr size_t kMaxKeys = 4096;

// A header that is used only if it is signed. Null data(): it is absent, empty or not signed.
std::string_view covered_header(const RequestData& request, const SignedRequest& signed_request,
                                std::string_view name) {
  unsigned count = 0;
  const std::string_view value = request.headers->find(name, count);
  return value.empty() || !signed_request.covers(name) ? std::string_view() : value;
}

// Standard base64 of exactly `size` bytes (at most kMaxMacSize).
bool decode_exactly(std::string_view text, unsigned char* out, size_t size) {
  std::array<char, base64_decoded_room(kMaxMacSize / 3 * 4 + 4)> bytes{};
  size_t decoded = 0;
  if (text.size() != (size + 2) / 3 * 4 || !base64_decode(text, bytes.data(), decoded) || decoded != size)
    return false;
  std::memcpy(out, bytes.data(), size);
  return true;
}

std::string_view kept(const std::string& text, Arena& arena) {
  const char* copy = arena.copy(text);
  return copy == nullptr ? std::string_view() : std::string_view(copy, text.size());
}

}  // namespace

HmacVerifier::HmacVerifier(const Manifest& manifest)
    : manifest_(manifest), macs_(2 * (manifest.hmac_keys.size() + 1)) {}

Mac& HmacVerifier::mac_of(const HmacKey* key, HmacHash hash) {
  const size_t place =
      key == nullptr ? manifest_.hmac_keys.size() : static_cast<size_t>(key - manifest_.hmac_keys.data());
  std::unique_ptr<Mac>& mac = macs_[2 * place + (hash == HmacHash::sha1 ? 1 : 0)];
  constexpr std::string_view kNobodys = "the key of an access key that nobody has";
  if (!mac && ++made_ > kMaxKeys) {  // a Mac uses about 2 KiB
    for (std::unique_ptr<Mac>& one : macs_) one.reset();
    made_ = 1;
  }
  if (!mac) mac = std::make_unique<Mac>(hash, key == nullptr ? kNobodys : key->secret.view());
  return *mac;
}

Problem HmacVerifier::verify(const Api& api, const RequestData& request, const HmacPolicy& policy,
                             int64_t now, Sha256& sha256, Arena& arena, HmacProof& proof) {
  proof = {};
  bool repeated = false;
  const std::string_view access_key = single_header(*request.headers, "x-ca-key", repeated);
  const std::string_view encoded = single_header(*request.headers, "x-ca-signature", repeated);
  if (repeated) return {Slug::invalid_credential, {}, {}, "repeated_credential"};
  const HmacKey* key = manifest_.find_hmac_key(access_key);
  // Until the signature is checked, an unknown key is handled like a known one, except for the spelling of
  // its client.
  SignedRequest signed_request;
  if (Problem problem =
          signed_request.read(request, key == nullptr ? HmacProfile::classic : key->profile, arena))
    return problem;
  HmacHash hash = HmacHash::sha256;
  if (Problem problem = check_form(api, request, signed_request, hash)) return problem;
  if (Problem problem = check_body(api, request)) return problem;
  std::array<unsigned char, kMaxMacSize> sent{};
  if (!decode_exactly(encoded, sent.data(), mac_size(hash))) return invalid_signature("malformed_signature");

  Mac& mac = mac_of(key, hash);
  bool held = false;
  for (unsigned number = 0; number < signed_request.spellings() && !held; ++number) {
    std::array<unsigned char, kMaxMacSize> wanted{};
    ++signatures_;
    if (!mac.compute(signed_request.text(signed_request.spelling(number)), wanted.data()))
      return {Slug::internal_error, {}, {}, "openssl"};
    held = CRYPTO_memcmp(sent.data(), wanted.data(), mac_size(hash)) == 0 && key != nullptr;
  }
  if (!held) {
    proof.string_to_sign = signed_request.text({});
    return invalid_signature(key == nullptr ? "unknown_access_key" : "signature_mismatch");
  }
  if (policy.window > 0) {
    if (Problem problem = check_time(request, signed_request, policy, now, arena)) return problem;
    if (Problem problem = check_nonce(request, signed_request, policy, *key, now, sha256, arena))
      return problem;
  }
  proof.key = key;
  return {};
}

Problem HmacVerifier::check_form(const Api& api, const RequestData& request,
                                 const SignedRequest& signed_request, HmacHash& hash) {
  bool repeated = false;
  const std::string_view method = single_header(*request.headers, "x-ca-signature-method", repeated);
  const std::string_view nonce = single_header(*request.headers, "x-ca-nonce", repeated);
  single_header(*request.headers, "x-ca-timestamp", repeated);
  if (repeated) return invalid_signature("repeated_header");
  if (method == "HmacSHA1") {
    hash = HmacHash::sha1;
  } else if (!method.empty() && method != "HmacSHA256") {
    return invalid_signature("unknown_method");
  }
  if (!(hash == HmacHash::sha1 ? api.hmac.sha1 : api.hmac.sha256))
    return invalid_signature("method_not_allowed");
  if (api.hmac.require_nonce && (nonce.empty() || !signed_request.covers("x-ca-nonce")))
    return {Slug::invalid_signature, {}, "this API requires a signed X-Ca-Nonce", "nonce_missing"};
  for (const Parameter& parameter : api.parameters) {
    if (parameter.place != ParameterPlace::header || signed_request.covers(parameter.name)) continue;
    unsigned count = 0;
    request.headers->find(parameter.name, count);
    if (count != 0)
      return {Slug::invalid_signature, {}, "a header parameter is not signed", "unsigned_parameter"};
  }
  return {};
}

// A form is part of the string; other bodies are covered by their Content-MD5.
Problem HmacVerifier::check_body(const Api& api, const RequestData& request) {
  const Body none;
  const Body& body = request.body == nullptr ? none : *request.body;
  unsigned count = 0;
  const std::string_view sent = request.headers->find("content-md5", count);
  if (sent.empty()) {
    const bool covered = body.kind == Body::Kind::none || body.kind == Body::Kind::form;
    if (covered || !api.hmac.require_content_md5) return {};
    return {Slug::invalid_signature,
            {},
            "the body is not covered: Content-MD5 is missing",
            "content_md5_missing"};
  }
  Md5Digest wanted{};
  Md5Digest actual{};
  if (!decode_exactly(sent, wanted.data(), wanted.size())) return invalid_signature("content_md5_malformed");
  if (!md5_.digest(body.bytes, actual)) return {Slug::internal_error, {}, {}, "openssl"};
  if (CRYPTO_memcmp(wanted.data(), actual.data(), actual.size()) != 0)
    return {Slug::invalid_signature, {}, "Content-MD5 is not that of the body", "content_md5_mismatch"};
  return {};
}

Problem HmacVerifier::check_time(const RequestData& request, const SignedRequest& signed_request,
                                 const HmacPolicy& policy, int64_t now, Arena& arena) const {
  unsigned count = 0;
  const std::string_view date = request.headers->find("date", count);
  const std::string_view timestamp = covered_header(request, signed_request, "x-ca-timestamp");
  if (date.empty() && timestamp.empty()) {
    return {Slug::stale_request,
            {},
            "no time is signed: send Date, or X-Ca-Timestamp as a signed header",
            "no_signed_time"};
  }
  for (const auto& [text, is_date] : {std::pair{date, true}, {timestamp, false}}) {
    if (text.empty()) continue;
    const std::optional<int64_t> time = is_date ? parse_http_date(text, now) : parse_milliseconds(text);
    if (!time) {
      return {Slug::stale_request,
              {},
              is_date ? "Date is not an HTTP date" : "X-Ca-Timestamp is not a number of milliseconds",
              "malformed_time"};
    }
    if (*time < now - policy.window || *time > now + policy.window) {
      char server_time[kHttpDateSize + 1];
      format_http_date(now, server_time);
      return {
          Slug::stale_request,
          {},
          kept("outside the window of " + std::to_string(policy.window) + " s, server time " + server_time,
               arena),
          "outside_window"};
    }
    if (*time < policy.times.valid_from) {
      return {Slug::stale_request,
              {},
              "signed before this gateway began to remember nonces: sign it again",
              "before_start"};
    }
    if (*time < policy.times.aged_until && *time < now - policy.times.aged_window) {
      return {Slug::stale_request,
              {},
              "signed before this gateway's window was made larger: sign it again",
              "before_window"};
    }
  }
  return {};
}

Problem HmacVerifier::check_nonce(const RequestData& request, const SignedRequest& signed_request,
                                  const HmacPolicy& policy, const HmacKey& key, int64_t now, Sha256& sha256,
                                  Arena& arena) const {
  const std::string_view nonce = covered_header(request, signed_request, "x-ca-nonce");
  if (nonce.empty()) return {};
  // Access keys and headers hold no LF.
  auto* text = static_cast<char*>(arena.allocate(key.access_key.size() + 1 + nonce.size()));
  if (policy.nonces == nullptr || text == nullptr) return {Slug::internal_error, {}, {}, "no_nonce_store"};
  size_t size = key.access_key.copy(text, key.access_key.size());
  text[size++] = '\n';
  size += nonce.copy(text + size, nonce.size());
  Digest digest{};
  if (!sha256.digest({text, size}, digest)) return {Slug::internal_error, {}, {}, "openssl"};
  if (request.nonce != nullptr && *request.nonce == digest) return {};
  // The owner of the quota: the same for all keys of a consumer, for all workers and configurations.
  const uint64_t owner = std::hash<std::string_view>()(manifest_.consumers[key.consumer].name);
  switch (policy.nonces->remember(digest, owner, now, policy.times.hold)) {
    case NonceTable::Outcome::fresh:
      if (request.nonce != nullptr) *request.nonce = digest;
      return {};
    case NonceTable::Outcome::replayed:
      return {Slug::replayed_nonce, {}, {}, "replayed"};
    case NonceTable::Outcome::full:
      break;
  }
  return {Slug::nonce_store_full, {}, {}, "nonce_store_full"};
}

std::string hmac_signature(HmacHash hash, std::string_view secret, std::string_view text) {
  std::array<unsigned char, kMaxMacSize> bytes{};
  Mac mac(hash, secret);
  if (!mac.compute(text, bytes.data())) return {};
  return base64_encode({reinterpret_cast<const char*>(bytes.data()), mac_size(hash)});
}

std::string string_to_sign_message(std::string_view text) {
  std::string message = "Server StringToSign:`";
  for (const char c : text) {
    if (message.size() >= kMaxMessage) {
      message += "...";
      break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      message += '#';
    } else if (byte < 0x20 || byte == 0x7f) {
      message += '%';
      append_hex(message, c, kUpperHex);
    } else {
      message += c;
    }
  }
  return message + '`';
}

}  // namespace tablegate::core
