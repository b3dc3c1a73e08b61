#include "core/digest.hpp"

#include <openssl/evp.h>

#include "core/text/ascii.hpp"

namespace tablegate::core {

struct Hasher::Context {
  explicit Context(const char* name) : algorithm(EVP_MD_fetch(nullptr, name, nullptr)) {}
  ~Context() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm);
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  EVP_MD* algorithm;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

Hasher::Hasher(const char* algorithm) : context_(std::make_unique<Context>(algorithm)) {}
Hasher::~Hasher() = default;

bool Hasher::digest(std::string_view bytes, unsigned char* out, size_t size) {
  if (context_->algorithm == nullptr || context_->context == nullptr) return false;
  if (static_cast<size_t>(EVP_MD_get_size(context_->algorithm)) != size) return false;
  unsigned written = 0;
  return EVP_DigestInit_ex(context_->context, context_->algorithm, nullptr) == 1 &&
         EVP_DigestUpdate(context_->context, bytes.data(), bytes.size()) == 1 &&
         EVP_DigestFinal_ex(context_->context, out, &written) == 1 && written == size;
}

std::string to_hex(const Digest& digest) {
  std::string hex;
  hex.reserve(digest.size() * 2);
  for (const unsigned char byte : digest) append_hex(hex, static_cast<char>(byte));
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

}  // namespace tablegate::core
