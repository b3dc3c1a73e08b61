#include "node/written_secrets.hpp"

#include <string_view>

#include "base/json_text.hpp"
#include "node/served_manifest.hpp"

namespace tablegate::loader {

const WrittenSecrets::Secrets& WrittenSecrets::read() const {
  if (secrets_) return *secrets_;
  secrets_.emplace();
  const std::string text = folder_.read(kCredentialsFile).value_or("");
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = rest.find('\n');
    JsonDocument line;
    const bool whole = parse_json(rest.substr(0, end), line).empty() && line.IsObject();
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (whole && json_member(line, "kind") == "key")
      secrets_->gateway_keys.emplace(json_member(line, "name"), json_member(line, "key"));
    const JsonValue* const pairs = whole ? json_find(line, "hmac_keys") : nullptr;
    if (pairs == nullptr || !pairs->IsArray()) continue;
    for (const JsonValue& pair : pairs->GetArray()) {
      if (!pair.IsObject()) continue;
      secrets_->pairs.emplace(std::pair(json_member(pair, "id"), json_member(pair, "access_key")),
                              json_member(pair, "secret"));
    }
  }
  return *secrets_;
}

const std::string* WrittenSecrets::find(const std::string& key_id, const std::string& access_key) const {
  const auto& pairs = read().pairs;
  const auto found = pairs.find({key_id, access_key});
  return found == pairs.end() || found->second.empty() ? nullptr : &found->second;
}

const std::string* WrittenSecrets::gateway_key(const std::string& name) const {
  const auto& keys = read().gateway_keys;
  const auto found = keys.find(name);
  return found == keys.end() || found->second.empty() ? nullptr : &found->second;
}

}  // namespace tablegate::loader
