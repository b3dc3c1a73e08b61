#include "catalog/apply/consumer_state.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/json_text.hpp"
#include "base/sql_array.hpp"
#include "catalog/credentials/jwt_settings.hpp"
#include "model/consumer_definition.hpp"

namespace tablegate::loader {
namespace {

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

}  // namespace

ConsumerState read_consumer_state(const JsonValue& document, const Workspace& workspace) {
  ConsumerDefinition definition = read_consumer_definition(document);
  ConsumerState state;
  state.disabled = definition.disabled;
  for (const AuthorizationDefinition& one : definition.authorizations) {
    const std::string of = one.workspace.empty() ? workspace.name : one.workspace;
    state.grants[{one.rest_api, one.rest_api_version, one.api.empty() ? "" : of, one.api}];
  }
  state.jwt = std::move(definition.jwt);
  return state;
}

std::vector<ConsumerState> read_consumer_states(Database& catalog, const std::vector<Consumer>& consumers) {
  std::vector<ConsumerState> states(consumers.size());
  std::unordered_map<std::string, size_t> places;  // by id
  SqlArray ids;
  for (size_t i = 0; i < consumers.size(); ++i) {
    states[i].disabled = !consumers[i].enabled;
    places[consumers[i].id] = i;
    ids.add(consumers[i].id);
  }
  const std::string id_list = ids.take();
  const Rows grants = catalog.query(
      "SELECT z.consumer_id, coalesce(r.name, ''), coalesce(r.version, ''), coalesce(w.name, ''), "
      "coalesce(a.name, ''), coalesce(z.api_id, z.rest_api_id) FROM tablegate.authorization z"
      " LEFT JOIN tablegate.rest_api r USING (rest_api_id) LEFT JOIN tablegate.api a ON a.api_id = z.api_id"
      " LEFT JOIN tablegate.workspace w ON w.workspace_id = a.workspace_id WHERE z.consumer_id = ANY "
      "($1::bigint[])",
      {id_list});
  for (int i = 0; i < grants.size(); ++i) {
    ConsumerGrant grant{grants.string(i, 1), grants.string(i, 2), grants.string(i, 3), grants.string(i, 4)};
    states[places.at(grants.string(i, 0))].grants.emplace(std::move(grant), grants.string(i, 5));
  }
  for (auto& [id, setting] : public_jwt_settings(catalog, id_list))
    states[places.at(id)].jwt = std::move(setting);
  return states;
}

bool same_jwt(const ConsumerState& a, const ConsumerState& b) {
  return a.jwt.has_value() == b.jwt.has_value() && (!a.jwt || same_jwt_setting(*a.jwt, *b.jwt));
}

bool same_state(const ConsumerState& a, const ConsumerState& b) {
  const auto same_grant = [](const auto& x, const auto& y) {
    return !(x.first < y.first) && !(y.first < x.first);
  };
  return a.disabled == b.disabled &&
         std::equal(a.grants.begin(), a.grants.end(), b.grants.begin(), b.grants.end(), same_grant) &&
         same_jwt(a, b);
}

std::string consumer_text(const std::string& name, const ConsumerState& state, const Workspace& workspace) {
  JsonDocument owner;
  Members members(owner);
  members.text("kind", "Consumer").text("name", name);
  if (state.disabled) members.add("disabled", JsonValue(true));
  if (!state.grants.empty()) {
    JsonValue list(rapidjson::kArrayType);
    for (const auto& [grant, id] : state.grants) {
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

std::vector<ConsumerText> consumer_texts(Database& catalog, const Workspace& workspace,
                                         const std::vector<std::string>& names) {
  const std::map<std::string, Consumer> found = find_consumers(catalog, names);
  std::vector<Consumer> consumers;
  for (const std::string& name : names) {
    const auto one = found.find(name);
    consumers.push_back(one == found.end() ? find_consumer(catalog, name) : one->second);
  }
  const std::vector<ConsumerState> states = read_consumer_states(catalog, consumers);
  std::vector<ConsumerText> texts;
  for (size_t i = 0; i < consumers.size(); ++i)
    texts.push_back({consumers[i], consumer_text(consumers[i].name, states[i], workspace)});
  return texts;
}

}  // namespace tablegate::loader
