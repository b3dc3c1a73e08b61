// `tablegate consumer add-key|revoke-key`: API keys and HMAC key pairs. A secret is
// printed once, when it is made.
#include <fmt/format.h>

#include "base/iso_time.hpp"
#include "base/line_end.hpp"
#include "catalog/credentials/consumers.hpp"
#include "catalog/credentials/hmac_keys.hpp"
#include "cli/consumer/consumer_verbs.hpp"
#include "cli/output.hpp"
#include "cli/secret_file.hpp"
#include "cli/served.hpp"
#include "core/arena.hpp"
#include "core/proof/jwt_token.hpp"

namespace tablegate::loader {
namespace {

using Members = std::vector<std::pair<const char*, std::string>>;

KeyRequest read_request(const ConsumerOptions& options) {
  KeyRequest request;
  request.label = options.label;
  if (!options.not_before.empty()) request.not_before = read_iso_time(options.not_before, "--not-before");
  if (!options.expires.empty()) request.expires = read_iso_time(options.expires, "--expires");
  if (options.from_file.empty()) return request;
  std::string line = read_secret_file("--from-file", options.from_file, 4096);
  drop_line_end(line);
  request.imported = std::move(line);
  return request;
}

// `members`: what -o json and people see; `secret`: the line that -q prints.
void print_once(const Settings& settings, const Members& members, const std::string& secret,
                const std::string& kept) {
  if (settings.json) {
    JsonOutput json;
    json.begin_object();
    for (const auto& [name, value] : members) json.key(name).text(value);
    return json.end_object().print();
  }
  if (settings.quiet) return print_line(secret);
  std::vector<std::vector<std::string>> table;
  for (const auto& [name, value] : members) {
    if (std::string_view(name) != "type") table.push_back({name, value});
  }
  print_table(table);
  fmt::print(stderr, "The {} is shown only now; the catalog stores {}.\n", members.back().first, kept);
}

// Such a key opens APIs that take API keys alone; beside jwt the bearer value decides, and says token.
void warn_of_token(const std::optional<std::string>& imported) {
  core::BlockArena arena;
  if (!imported || !core::looks_like_token(*imported, arena)) return;
  fmt::print(stderr,
             "warning: the imported key looks like a token (JWT): an API that accepts both jwt and api_key "
             "will read it as a token and reject it\n");
}

}  // namespace

void consumer_add_key(const Settings& settings, const ConsumerOptions& options) {
  const bool hmac = options.type == "hmac";
  if (!hmac && !options.profile.empty()) {
    throw WrongUsage("--profile applies to HMAC key pairs only", Hint::again().set("--type", "hmac"));
  }
  const KeyRequest request = read_request(options);
  Database catalog = settings.open_catalog();
  const Consumer consumer = find_consumer(catalog, options.name);
  if (hmac) {
    const NewHmacKey key =
        add_hmac_key(catalog, consumer, request, options.profile.empty() ? "classic" : options.profile);
    print_once(settings,
               {{"id", key.id}, {"type", "hmac"}, {"access_key", key.access_key}, {"secret", key.secret}},
               key.access_key + ":" + key.secret, "it sealed with the master key");
  } else {
    const NewKey key = add_api_key(catalog, consumer, request);
    warn_of_token(request.imported);
    print_once(settings, {{"id", key.id}, {"type", "api_key"}, {"api_key", key.api_key}}, key.api_key,
               "only its SHA-256");
  }
  report_served(settings, catalog);
}

void consumer_revoke_key(const Settings& settings, const ConsumerOptions& options) {
  Database catalog = settings.open_catalog();
  std::optional<std::string> at;
  if (!options.at.empty()) at = read_iso_time(options.at, "--at");
  const bool done = revoke_key(catalog, find_consumer(catalog, options.name), options.key_id, at);
  report_consumer(settings, options.name, done,
                  at ? "key " + options.key_id + " expires " + *at : "key " + options.key_id + " revoked");
  report_served(settings, catalog, {}, done && !at ? "the key still works" : "");
}

}  // namespace tablegate::loader
