// What a key of a set is for (jwk.hpp): RFC 7517 sections 4 and 5.
#include <algorithm>
#include <iterator>

#include "core/manifest/manifest_object.hpp"
#include "core/proof/jwk.hpp"
#include "core/proof/jwk_key.hpp"

namespace tablegate::core {

namespace {

constexpr size_t kMaxWord = 256;

// A member that is a short word, which a message may repeat.
std::optional<std::string> word_of(const json_t* key, const char* member) {
  const json_t* const value = json_object_get(key, member);
  if (!json_is_string(value)) return std::nullopt;
  std::string word(json_string_value(value), json_string_length(value));
  const bool plain =
      std::all_of(word.begin(), word.end(), [](char c) { return c > ' ' && c < 0x7F && c != '"'; });
  if (!plain || word.size() > kMaxWord) word = "?";
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

bool has_private_part(const json_t* key) {
  constexpr const char* kMembers[] = {"d", "p", "q", "dp", "dq", "qi", "oth"};
  return std::any_of(std::begin(kMembers), std::end(kMembers),
                     [key](const char* member) { return json_object_get(key, member) != nullptr; });
}

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

}  // namespace tablegate::core
