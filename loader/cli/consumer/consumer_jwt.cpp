// `tablegate consumer set-jwt|unset-jwt`: which tokens prove a consumer.
#include <fmt/format.h>

#include "base/json_text.hpp"
#include "base/line_end.hpp"
#include "catalog/credentials/jwt_settings.hpp"
#include "cli/consumer/consumer_verbs.hpp"
#include "cli/secret_file.hpp"
#include "cli/served.hpp"
#include "core/proof/jwk.hpp"
#include "model/definition.hpp"
#include "model/name_rules.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMaxKeyFile = size_t{1} << 20;
constexpr size_t kMaxWord = 1024;

void check_word(const std::string& option, const std::string& text) {
  if (const std::string reason = bad_text(text, kMaxWord); !reason.empty())
    throw Refused(option + " " + reason);
}

// "header:NAME[:PREFIX]", "query:NAME", "cookie:NAME".
void read_source(const std::string& text, JwtEntry& setting) {
  const size_t colon = text.find(':');
  setting.source_in = text.substr(0, colon);
  const bool header = setting.source_in == "header";
  if (colon == std::string::npos ||
      (!header && setting.source_in != "query" && setting.source_in != "cookie")) {
    throw WrongUsage(
        fmt::format("--source requires header:NAME[:PREFIX], query:NAME or cookie:NAME, not \"{}\"", text),
        Hint::again().set("--source", "header:Authorization:Bearer"));
  }
  setting.source_name = text.substr(colon + 1);
  if (header) {
    const size_t second = setting.source_name.find(':');
    if (second != std::string::npos) {
      setting.source_prefix = setting.source_name.substr(second + 1);
      setting.source_name.resize(second);
    }
  }
  const std::string reason =
      header ? bad_credential_header(setting.source_name) : bad_parameter_name(setting.source_name);
  if (!reason.empty()) throw Refused("--source: the name " + reason);
}

void read_claim(const std::string& text, JwtEntry& setting) {
  const size_t equals = text.find('=');
  setting.claim_name = equals == std::string::npos ? "uid" : text.substr(0, equals);
  setting.claim_value = equals == std::string::npos ? text : text.substr(equals + 1);
  if (setting.claim_name.empty() || setting.claim_value.empty())
    throw WrongUsage("--claim requires NAME=VALUE, or the VALUE of uid",
                     Hint::again().set("--claim", "NAME=VALUE"));
  check_word("--claim", setting.claim_name);
  check_word("--claim", setting.claim_value);
}

core::JwtAlgorithm read_algorithm(const std::string& name) {
  const auto algorithm = core::parse_jwt_algorithm(name);
  if (algorithm) return *algorithm;
  throw WrongUsage(fmt::format("--alg \"{}\" is not a signature algorithm of RFC 7518 or RFC 8037 (HS, RS, "
                               "PS or ES with 256, 384 or 512, or EdDSA)",
                               name),
                   Hint::again().set("--alg", "ALG"));
}

// The text of a JWK Set, a list of JWKs or one JWK, as a list.
std::string key_list(const std::string& text, const std::string& file) {
  JsonDocument document;
  if (const TextFault fault = parse_json(text, document); !fault.empty())
    throw Refused(fmt::format("{}: {}", file, fault.text()), Hint::again().set("--jwks", "FILE"));
  if (document.IsArray()) return json_text(document);
  if (const JsonValue* const keys = json_find(document, "keys")) return json_text(*keys);
  throw Refused(fmt::format("{}: not a JWK Set: it has no {{\"keys\": [...]}}", file),
                Hint::again().set("--jwks", "FILE"));
}

std::string read_keys(const ConsumerOptions& options) {
  const int given =
      (options.jwks.empty() ? 0 : 1) + (options.pem.empty() ? 0 : 1) + (options.secret_file.empty() ? 0 : 1);
  if (given != 1)
    throw WrongUsage("one of --jwks, --pem and --secret-file is required",
                     Hint::command({"consumer", "set-jwt", "--help"}));
  if (!options.jwks.empty()) {
    if (!options.algorithm.empty() || options.kid)
      throw WrongUsage("--alg and --kid apply to --pem and --secret-file only: a JWK holds its own", Hint());
    const bool key_itself = options.jwks.find('{') != std::string::npos;
    const std::string text = key_itself ? read_secret_file("--jwks", options.jwks, kMaxKeyFile)
                                        : read_file(options.jwks, kMaxKeyFile);
    // Core's reader sees the file as it is: members given twice would be lost in another tree.
    if (const auto keys = core::parse_jwks(text, core::UnusableJwks::ignored); !keys)
      throw Refused(options.jwks + " " + keys.error().text());
    std::string list = key_list(text, options.jwks);
    for (const std::string& line : drop_unusable_keys(list))
      fmt::print(stderr, "warning: {}: {}\n", options.jwks, line);
    return list;
  }
  const std::string& file = options.pem.empty() ? options.secret_file : options.pem;
  if (options.algorithm.empty())
    throw WrongUsage("--alg is missing: the file does not name its algorithm",
                     Hint::again().set("--alg", "ALG"));
  if (options.pem.empty() && options.kid)
    throw WrongUsage("--kid requires --pem; for a secret with a kid use a JWK", Hint());
  const core::JwtAlgorithm algorithm = read_algorithm(options.algorithm);
  std::string bytes = options.pem.empty() ? read_secret_file("--secret-file", file, kMaxKeyFile)
                                          : read_file(file, kMaxKeyFile);
  if (options.pem.empty()) drop_line_end(bytes);
  const auto jwk = options.pem.empty() ? core::jwk_from_secret(bytes, algorithm, options.kid)
                                       : core::jwk_from_pem(bytes, algorithm, options.kid);
  if (!jwk) throw Refused(file + " " + jwk.error().text());
  return "[" + *jwk + "]";
}

}  // namespace

void consumer_set_jwt(const Settings& settings, const ConsumerOptions& options) {
  JwtEntry setting;
  read_source(options.source.empty() ? "header:Authorization:Bearer" : options.source, setting);
  if (!options.claim.empty()) read_claim(options.claim, setting);
  for (const auto& [option, text] :
       {std::pair{"--issuer", &options.issuer}, {"--audience", &options.audience}}) {
    if (!text->empty()) check_word(option, *text);
  }
  setting.issuer = options.issuer;
  setting.audience = options.audience;
  setting.leeway = options.leeway;
  setting.require_exp = options.require_exp;
  setting.keys = read_keys(options);
  Database catalog = settings.open_catalog();
  const bool done = set_jwt(catalog, find_consumer(catalog, options.name), setting);
  report_consumer(settings, options.name, done, "JWT setting saved");
  report_served(settings, catalog);
}

void consumer_unset_jwt(const Settings& settings, const ConsumerOptions& options) {
  Database catalog = settings.open_catalog();
  const bool done = unset_jwt(catalog, find_consumer(catalog, options.name));
  report_consumer(settings, options.name, done, "JWT setting removed");
  report_served(settings, catalog);
}

}  // namespace tablegate::loader
