#include "catalog/apply/apply_consumer.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <tuple>

#include "catalog/credentials/jwt_settings.hpp"
#include "catalog/life/publications.hpp"
#include "model/consumer_definition.hpp"
#include "model/name_rules.hpp"

namespace tablegate::loader {
namespace {

// One of `rest_api` (with the version that it may have) and `api` (with its workspace).
struct Grant {
  std::string rest_api, version, workspace, api;
  bool operator<(const Grant& other) const {
    return std::tie(rest_api, version, workspace, api) <
           std::tie(other.rest_api, other.version, other.workspace, other.api);
  }
  bool operator==(const Grant& other) const { return !(*this < other) && !(other < *this); }
};

struct State {
  bool disabled = false;
  std::set<Grant> grants;
  std::optional<JwtEntry> jwt;
};

State read_state(Database& catalog, const Consumer& consumer) {
  State state;
  state.disabled = !consumer.enabled;
  const Rows grants = catalog.query(
      "SELECT coalesce(r.name, ''), coalesce(r.version, ''), coalesce(w.name, ''), coalesce(a.name, '') FROM "
      "tablegate.authorization z"
      " LEFT JOIN tablegate.rest_api r USING (rest_api_id) LEFT JOIN tablegate.api a ON a.api_id = z.api_id"
      " LEFT JOIN tablegate.workspace w ON w.workspace_id = a.workspace_id WHERE z.consumer_id = $1",
      {consumer.id});
  for (int i = 0; i < grants.size(); ++i)
    state.grants.insert({grants.string(i, 0), grants.string(i, 1), grants.string(i, 2), grants.string(i, 3)});
  state.jwt = public_jwt_setting(catalog, consumer);
  return state;
}

State read_state(const JsonValue& document, const Workspace& workspace) {
  ConsumerDefinition definition = read_consumer_definition(document);
  State state;
  state.disabled = definition.disabled;
  for (const AuthorizationDefinition& one : definition.authorizations) {
    const std::string of = one.workspace.empty() ? workspace.name : one.workspace;
    state.grants.insert({one.rest_api, one.rest_api_version, one.api.empty() ? "" : of, one.api});
  }
  state.jwt = std::move(definition.jwt);
  return state;
}

bool same_state(const State& a, const State& b) {
  if (a.disabled != b.disabled || a.grants != b.grants || a.jwt.has_value() != b.jwt.has_value())
    return false;
  return !a.jwt || same_jwt_setting(*a.jwt, *b.jwt);
}

// Writes objects; texts that are empty are left out.
class Members {
 public:
  explicit Members(JsonDocument& owner) : allocator_(owner.GetAllocator()), object_(rapidjson::kObjectType) {}
  Members& text(const char* name, const std::string& value) {
    if (value.empty()) return *this;
    return add(name, {value.c_str(), static_cast<rapidjson::SizeType>(value.size()), allocator_});
  }
  Members& add(const char* name, JsonValue value) {
    object_.AddMember(rapidjson::StringRef(name), value, allocator_);
    return *this;
  }
  JsonValue take() { return std::move(object_); }

 private:
  JsonDocument::AllocatorType& allocator_;
  JsonValue object_;
};

JsonValue jwt_value(const JwtEntry& jwt, JsonDocument& owner) {
  Members members(owner);
  if (!has_default_source(jwt)) {
    members.add("source", Members(owner)
                              .text("in", jwt.source_in)
                              .text("name", jwt.source_name)
                              .text("prefix", jwt.source_prefix)
                              .take());
  }
  members.text("issuer", jwt.issuer).text("audience", jwt.audience);
  if (!jwt.claim_name.empty()) {
    members.add("claim", Members(owner).text("name", jwt.claim_name).text("value", jwt.claim_value).take());
  }
  if (jwt.leeway != JwtEntry().leeway) members.add("leeway", JsonValue(jwt.leeway));
  if (jwt.require_exp) members.add("require_exp", JsonValue(true));
  JsonDocument keys(&owner.GetAllocator());
  if (!parse_json(jwt.keys, keys).empty()) throw SystemFailure("the keys of a JWT setting are damaged");
  return members.add("keys", std::move(static_cast<JsonValue&>(keys))).take();
}

std::string state_text(const std::string& name, const State& state, const Workspace& workspace) {
  JsonDocument owner;
  Members members(owner);
  members.text("kind", "Consumer").text("name", name);
  if (state.disabled) members.add("disabled", JsonValue(true));
  if (!state.grants.empty()) {
    JsonValue list(rapidjson::kArrayType);
    for (const Grant& grant : state.grants) {
      list.PushBack(Members(owner)
                        .text("rest_api", grant.rest_api)
                        .text("rest_api_version", grant.version)
                        .text("api", grant.api)
                        .text("workspace", grant.workspace == workspace.name ? "" : grant.workspace)
                        .take(),
                    owner.GetAllocator());
    }
    members.add("authorizations", std::move(list));
  }
  if (state.jwt) members.add("jwt", jwt_value(*state.jwt, owner));
  return json_text(members.take());
}

bool is_symmetric(const JsonValue& key) {
  return json_member(key, "kty") == "oct";
}

// Puts the secrets of `opened` (the catalog's keys with their "k") into the symmetric keys of `keys`. The
// place of one that the catalog does not have, or nullopt.
std::optional<size_t> fill_secrets(JsonDocument& keys, const std::string& opened) {
  JsonDocument known;
  if (!parse_json(opened, known).empty() || !known.IsArray()) known.SetArray();
  for (rapidjson::SizeType i = 0; i < keys.Size(); ++i) {
    if (!is_symmetric(keys[i])) continue;
    bool found = false;
    for (auto candidate = known.Begin(); candidate != known.End() && !found; ++candidate) {
      if (!is_symmetric(*candidate)) continue;
      JsonValue secret((*candidate)["k"], keys.GetAllocator());
      JsonValue rest(*candidate, keys.GetAllocator());
      rest.RemoveMember("k");
      if (rest != keys[i]) continue;
      keys[i].AddMember("k", secret, keys.GetAllocator());
      known.Erase(candidate);  // two alike: each stands for one
      found = true;
    }
    if (!found) return i;
  }
  return std::nullopt;
}

Parameter find_target(Database& catalog, const Grant& grant) {
  const Rows rows =
      grant.api.empty()
          ? catalog.query("SELECT rest_api_id FROM tablegate.rest_api WHERE name = $1 AND version = $2",
                          {grant.rest_api, grant.version})
          : catalog.query(
                "SELECT a.api_id FROM tablegate.api a JOIN tablegate.workspace w USING "
                "(workspace_id) WHERE w.name = $1 AND a.name = $2 AND a.deleted_at IS NULL",
                {grant.workspace, grant.api});
  return rows.empty() ? std::nullopt : Parameter(rows.string(0, 0));
}

void add_grant(Database& catalog, const Consumer& consumer, const Grant& grant, const std::string& target) {
  catalog.query(fmt::format("INSERT INTO tablegate.authorization (consumer_id, {}) VALUES ($1, $2)",
                            grant.api.empty() ? "rest_api_id" : "api_id"),
                {consumer.id, target});
}

void remove_grant(Database& catalog, const Consumer& consumer, const Grant& grant) {
  const Parameter target = find_target(catalog, grant);
  catalog.query(fmt::format("DELETE FROM tablegate.authorization WHERE consumer_id = $1 AND {} = $2",
                            grant.api.empty() ? "rest_api_id" : "api_id"),
                {consumer.id, target});
}

}  // namespace

std::string consumer_text(Database& catalog, const Workspace& workspace, const Consumer& consumer) {
  return state_text(consumer.name, read_state(catalog, consumer), workspace);
}

std::string ConsumerApplier::save(Definition& definition) {
  State wanted = read_state(definition.document, context_.workspace);
  AppliedObject& object = *context_.object;
  if (wanted.jwt) object.warnings = drop_unusable_keys(wanted.jwt->keys);
  object.after = state_text(definition.name, wanted, context_.workspace);
  // Looked for first: who may only read gets on where nothing is to be changed.
  const bool there =
      !context_.catalog.query("SELECT FROM tablegate.consumer WHERE name = $1", {definition.name}).empty();
  std::string action = there || !create_consumer(context_.catalog, definition.name) ? "unchanged" : "created";
  const Consumer consumer = find_consumer(context_.catalog, definition.name);
  const State before = read_state(context_.catalog, consumer);
  if (action == "unchanged") object.before = state_text(definition.name, before, context_.workspace);
  if (same_state(before, wanted)) return action;
  if (action == "unchanged") action = "changed";
  enable_consumer(context_.catalog, consumer, !wanted.disabled);
  for (const Grant& grant : before.grants) {
    if (wanted.grants.count(grant) == 0) remove_grant(context_.catalog, consumer, grant);
  }
  for (const Grant& grant : wanted.grants) {
    if (before.grants.count(grant) != 0) continue;
    const bool api = !grant.api.empty();
    if (api ? context_.refused_here(Kind::api, grant.api)
            : context_.refused_here(Kind::rest_api, grant.rest_api, grant.version))
      continue;
    if (const Parameter target = find_target(context_.catalog, grant)) {
      add_grant(context_.catalog, consumer, grant, *target);
    } else {
      context_.refuse(
          definition, "/authorizations",
          api ? fmt::format("there is no API \"{}\" in workspace {}", grant.api, grant.workspace)
              : fmt::format("there is no REST API \"{}\"{}", grant.rest_api,
                            grant.version.empty() ? " without a version"
                                                  : fmt::format(" of version \"{}\"", grant.version)));
    }
  }
  const bool same_jwt = before.jwt.has_value() == wanted.jwt.has_value() &&
                        (!before.jwt || same_jwt_setting(*before.jwt, *wanted.jwt));
  if (!same_jwt) save_jwt(definition, consumer, wanted.jwt);
  notify_change(context_.catalog, "");
  return definition.broken ? std::string() : action;
}

void ConsumerApplier::save_jwt(Definition& definition, const Consumer& consumer,
                               const std::optional<JwtEntry>& wanted) {
  if (!wanted) {
    unset_jwt(context_.catalog, consumer);
    return;
  }
  LazyMasterKey master(context_.catalog);
  JwtEntry setting = *wanted;
  JsonDocument keys;
  parse_json(setting.keys, keys);
  bool symmetric = false;
  for (const JsonValue& key : keys.GetArray()) symmetric = symmetric || is_symmetric(key);
  if (symmetric) {
    const std::map<std::string, JwtEntry> saved = read_jwt_settings(context_.catalog, master);
    const auto own = saved.find(consumer.id);
    if (const auto missing = fill_secrets(keys, own == saved.end() ? "[]" : own->second.keys)) {
      return context_.refuse(
          definition, "/jwt/keys" + pointer_token(*missing),
          fmt::format("the catalog holds no such symmetric key of consumer \"{0}\": give it one with "
                      "`tablegate consumer create {0}` and `tablegate consumer set-jwt {0}`",
                      consumer.name));
    }
    setting.keys = json_text(keys);
  }
  try {
    write_jwt_setting(context_.catalog, consumer, setting, master);
    with_new_setting_.emplace_back(&definition, consumer);
  } catch (const Refused& refused) {
    context_.refuse(definition, "/jwt", refused.what());
  }
}

void ConsumerApplier::check_settings() {
  for (const auto& [definition, consumer] : with_new_setting_) {
    try {
      refuse_jwt_conflict(context_.catalog, consumer);
    } catch (const Refused& refused) {
      context_.refuse(*definition, "/jwt", refused.what());
    }
  }
}

}  // namespace tablegate::loader
