#include "core/credential.hpp"

#include <openssl/evp.h>

namespace tablegate::core {

struct Sha256::Context {
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~Context() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm);
  }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;

bool Sha256::digest(std::string_view bytes, Digest& out) {
  unsigned size = 0;
  return context_->algorithm != nullptr && context_->context != nullptr &&
         EVP_DigestInit_ex(context_->context, context_->algorithm, nullptr) == 1 &&
         EVP_DigestUpdate(context_->context, bytes.data(), bytes.size()) == 1 &&
         EVP_DigestFinal_ex(context_->context, out.data(), &size) == 1 && size == out.size();
}

std::string to_hex(const Digest& digest) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(digest.size() * 2);
  for (unsigned char byte : digest) {
    hex += kHex[byte >> 4U];
    hex += kHex[byte & 15U];
  }
  return hex;
}

bool from_hex(std::string_view hex, Digest& out) {
  if (hex.size() != out.size() * 2) return false;
  auto value = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  for (size_t i = 0; i < out.size(); ++i) {
    const int high = value(hex[2 * i]);
    const int low = value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return true;
}

namespace {

bool blank(char c) {
  return c == ' ' || c == '\t';
}

// The key of `Bearer KEY`: scheme in any case, one or more blanks. Null data(): another scheme.
std::string_view bearer_token(std::string_view value) {
  constexpr std::string_view kScheme = "bearer";
  if (value.size() <= kScheme.size() || !blank(value[kScheme.size()])) return {};
  for (size_t i = 0; i < kScheme.size(); ++i) {
    if ((value[i] | 0x20) != kScheme[i]) return {};
  }
  size_t start = kScheme.size();
  while (start < value.size() && blank(value[start])) ++start;
  return value.substr(start);
}

// The key that the request carries, or why there is none.
Problem find_key(const ApiKeySource& source, const RequestData& request, Arena& arena,
                 std::string_view& key) {
  unsigned count = 0;
  if (source.in == ApiKeySource::In::query) {
    const QueryValue value = find_query_value(request.query, source.name);
    count = value.count;
    if (count == 1) {
      key = decode_query_value(value.raw, arena);
      if (key.data() == nullptr) return {Slug::invalid_credential, {}, {}};
    }
  } else if (source.in == ApiKeySource::In::header) {
    key = request.headers->find(source.name, count);
  } else {
    const std::string_view value = request.headers->find("authorization", count);
    if (count == 1) {
      key = bearer_token(value);
      if (key.empty()) count = 0;
    }
  }
  if (count > 1) return {Slug::invalid_credential, {}, {}};
  if (count == 0 || key.empty()) return {Slug::missing_credential, {}, {}};
  return {};
}

}  // namespace

Problem authenticate(const Manifest& manifest, const Api& api, const RequestData& request, int64_t now,
                     Sha256& sha256, Arena& arena, Identity& identity) {
  identity = {};
  if (api.authentication.empty()) return {};
  std::string_view key;
  if (Problem problem = find_key(api.api_key_source, request, arena, key)) return problem;
  Digest digest;
  if (!sha256.digest(key, digest)) return {Slug::internal_error, {}, {}};
  const ApiKey* found = manifest.find_api_key(digest);
  if (found == nullptr) return {Slug::invalid_credential, {}, {}};
  const Consumer& consumer = manifest.consumers[found->consumer];
  if (!consumer.enabled || now < found->not_before) return {Slug::invalid_credential, {}, {}};
  if (now >= found->expires) return {Slug::expired_credential, {}, {}};
  identity = {&consumer, found};
  if (!manifest.authorized(found->consumer, api)) return {Slug::consumer_not_authorized, {}, {}};
  return {};
}

std::string www_authenticate(const Api& api, Slug slug) {
  std::string value = "Bearer realm=\"";
  for (char c : api.rest_api) {
    if (c == '"' || c == '\\') value += '\\';
    value += c;
  }
  value += '"';
  if (slug != Slug::missing_credential) value += ", error=\"invalid_token\"";
  return value;
}

}  // namespace tablegate::core
