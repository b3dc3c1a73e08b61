#include "cli/api/call_credential.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/json_text.hpp"
#include "base/line_end.hpp"
#include "catalog/credentials/consumers.hpp"
#include "catalog/credentials/hmac_keys.hpp"
#include "catalog/credentials/jwt_settings.hpp"
#include "catalog/credentials/key_text.hpp"
#include "cli/api/hmac_call.hpp"
#include "cli/api/token_maker.hpp"
#include "cli/secret_file.hpp"
#include "core/text/base64.hpp"
#include "core/text/http_date.hpp"
#include "model/definition.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMaxCredential = size_t{64} << 10;

std::string read_credential(const std::string& file) {
  std::string text = read_secret_file("--credential", file, kMaxCredential);
  drop_line_end(text);
  if (text.empty())
    throw Refused(fmt::format("{} holds no credential", file), Hint::again().set("--credential", "FILE"));
  return text;
}

// As the gateway tells a token from an API key: exactly two dots, the first part a JSON object.
bool is_token(const std::string& text) {
  if (std::count(text.begin(), text.end(), '.') != 2) return false;
  const std::optional<std::string> header = core::base64url_decode(text.substr(0, text.find('.')));
  JsonDocument document;
  return header && parse_json(*header, document).empty() && document.IsObject();
}

std::string type_of(const std::string& text, const ApiRequest& request) {
  if (text.find("-----BEGIN") != std::string::npos || text[0] == '{' || is_token(text)) return "jwt";
  if (request.takes("hmac") && text.find(':') != std::string::npos) return "hmac";
  return "api_key";
}

void refuse_other_type(const std::string& type, const ApiRequest& request, const ApiOptions& options) {
  if (request.takes(type) || (request.authentication.empty() && type == "api_key")) return;
  std::string taken;
  for (const std::string& one : request.authentication) taken += (taken.empty() ? "" : ", ") + one;
  throw Refused(fmt::format("{} holds a credential of type {}, but API \"{}\" accepts {}", options.credential,
                            type, options.name, taken.empty() ? "none: it is open" : taken),
                Hint::again().set("--credential", "FILE"));
}

CallCredential with_api_key(const ApiRequest& request, const std::string& key) {
  if (request.key_header.empty()) return {{}, {{request.key_query, key}}};
  if (request.key_header == "Authorization") return {{{"Authorization", "Bearer " + key}}, {}};
  return {{{request.key_header, key}}, {}};
}

// `setting`: the consumer's, or null: the place that is the default.
CallCredential with_token(const std::string& token, const JwtEntry* setting) {
  if (setting == nullptr) return {{{"Authorization", "Bearer " + token}}, {}};
  if (setting->source_in == "query") return {{}, {{setting->source_name, token}}};
  if (setting->source_in == "cookie") return {{{"Cookie", setting->source_name + "=" + token}}, {}};
  const std::string prefix = setting->source_prefix.empty() ? "" : setting->source_prefix + " ";
  return {{{setting->source_name, prefix + token}}, {}};
}

CallCredential with_signature(const ApiRequest& request, const std::string& access_key,
                              const std::string& secret) {
  constexpr size_t kNonceBytes = 16;
  char date[core::kHttpDateSize + 1];
  core::format_http_date(std::time(nullptr), date);
  const HmacHeaders headers = hmac_headers(request, access_key, date, random_hex(kNonceBytes));
  CallCredential credential{headers.values, {}};
  credential.headers.emplace_back(kSignatureHeader,
                                  sign_lines(request, secret, lines_to_sign(request, headers)));
  return credential;
}

std::optional<JwtEntry> jwt_setting(Database& catalog, const Consumer& consumer, bool open) {
  if (!open) return public_jwt_setting(catalog, consumer);
  LazyMasterKey master(catalog);
  std::map<std::string, JwtEntry> settings = read_jwt_settings(catalog, master);
  const auto found = settings.find(consumer.id);
  if (found == settings.end()) return std::nullopt;
  return std::move(found->second);
}

CallCredential of_consumer(Database& catalog, const ApiRequest& request, const ApiOptions& options) {
  const Consumer consumer = find_consumer(catalog, options.consumer);
  if (request.takes("hmac")) {
    if (const std::optional<HmacPair> pair = newest_hmac_pair(catalog, consumer))
      return with_signature(request, pair->access_key, pair->secret);
  }
  if (request.takes("jwt")) {
    if (const std::optional<JwtEntry> setting = jwt_setting(catalog, consumer, true)) {
      const TokenKey key = TokenKey::symmetric(*setting, consumer.name);
      return with_token(key.make_token(&*setting, std::time(nullptr)), &*setting);
    }
  }
  throw Refused(fmt::format("consumer \"{}\" has no stored credential for API \"{}\" that can sign a call: "
                            "the catalog holds only digests of API keys",
                            consumer.name, options.name),
                Hint::again().set("--credential", "FILE"));
}

CallCredential of_token(Database& catalog, const ApiOptions& options, const std::string& text) {
  std::optional<JwtEntry> setting;
  const bool ready = is_token(text);
  if (!options.consumer.empty()) {
    setting = jwt_setting(catalog, find_consumer(catalog, options.consumer), !ready);
    if (!setting) {
      throw Refused(fmt::format("consumer \"{}\" has no JWT setting", options.consumer),
                    Hint::command({"consumer", "set-jwt", options.consumer, "--jwks", "FILE"}));
    }
  }
  const JwtEntry* const chosen = setting ? &*setting : nullptr;
  if (ready) return with_token(text, chosen);
  TokenKey key = TokenKey::read(text, options.credential);
  if (chosen != nullptr) key.match(*chosen, options.consumer);
  return with_token(key.make_token(chosen, std::time(nullptr)), chosen);
}

}  // namespace

CallCredential make_credential(Database& catalog, const ApiRequest& request, const ApiOptions& options) {
  if (options.credential.empty()) {
    if (request.authentication.empty()) return {};
    if (!options.consumer.empty()) return of_consumer(catalog, request, options);
    throw Refused(
        fmt::format(
            "API \"{}\" requires a credential ({}), such as a key that `tablegate consumer add-key` made",
            options.name, fmt::join(request.authentication, ", ")),
        Hint::again().set("--credential", "FILE"));
  }
  const std::string text = read_credential(options.credential);
  const std::string type = type_of(text, request);
  refuse_other_type(type, request, options);
  if (type == "jwt") return of_token(catalog, options, text);
  if (type == "api_key") return with_api_key(request, text);
  const size_t colon = text.find(':');
  return with_signature(request, text.substr(0, colon), text.substr(colon + 1));
}

}  // namespace tablegate::loader
