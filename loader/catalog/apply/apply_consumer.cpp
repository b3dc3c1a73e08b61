#include "catalog/apply/apply_consumer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/sql_array.hpp"
#include "catalog/apply/consumer_state.hpp"
#include "catalog/credentials/jwt_settings.hpp"
#include "catalog/life/publications.hpp"
#include "catalog/near_object.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kConsumersAtOnce = 2000;  // consumers that are looked up and written at once

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

}  // namespace

// A consumer that is saved.
struct ConsumerApplier::Work {
  Definition& definition;
  AppliedObject& object;
  ConsumerState wanted, before;
  Consumer consumer;
  bool created = false;
};

void ConsumerApplier::save(const std::vector<ApplyItem>& consumers) {
  for (size_t first = 0; first < consumers.size(); first += kConsumersAtOnce) {
    std::vector<Work> works;
    for (size_t i = first; i < std::min(first + kConsumersAtOnce, consumers.size()); ++i) {
      const auto [definition, object] = consumers[i];
      if (definition->broken) continue;
      works.push_back(
          {*definition, *object, read_consumer_state(definition->document, context_.workspace), {}, {}});
      if (std::optional<JwtEntry>& jwt = works.back().wanted.jwt)
        object->warnings = drop_unusable_keys(jwt->keys);
      object->after = consumer_text(definition->name, works.back().wanted, context_.workspace);
    }
    if (!works.empty()) save_some(works);
  }
}

void ConsumerApplier::save_some(std::vector<Work>& works) {
  create_missing(works);
  std::vector<Consumer> consumers;
  consumers.reserve(works.size());
  for (const Work& work : works) consumers.push_back(work.consumer);
  std::vector<ConsumerState> states = read_consumer_states(context_.catalog, consumers);
  std::vector<Work*> changed;
  for (size_t i = 0; i < works.size(); ++i) {
    Work& work = works[i];
    work.before = std::move(states[i]);
    work.object.action = work.created ? "created" : "unchanged";
    if (work.created && !work.wanted.jwt)
      work.object.note = fmt::format("has no key yet: tablegate consumer add-key {} creates one",
                                     shell_word(work.definition.name));
    if (!work.created)
      work.object.before = consumer_text(work.definition.name, work.before, context_.workspace);
    if (same_state(work.before, work.wanted)) continue;
    if (!work.created) work.object.action = "changed";
    changed.push_back(&work);
  }
  if (changed.empty()) return;
  set_enabled(changed);
  find_targets(changed);
  write_grants(changed);
  for (Work* const work : changed) {
    if (!same_jwt(work->before, work->wanted)) save_jwt(work->definition, work->consumer, work->wanted.jwt);
    if (work->definition.broken) work->object.action.clear();
  }
  notify_change(context_.catalog, "");
}

// Looked for first: who may only read continues where nothing is to be changed.
void ConsumerApplier::create_missing(std::vector<Work>& works) {
  std::vector<std::string> names;
  names.reserve(works.size());
  for (const Work& work : works) names.push_back(work.definition.name);
  std::map<std::string, Consumer> found = find_consumers(context_.catalog, names);
  std::vector<std::string> missing;
  for (Work& work : works) {
    work.created = found.count(work.definition.name) == 0;
    if (work.created) missing.push_back(work.definition.name);
  }
  if (!missing.empty()) {
    context_.catalog.query("INSERT INTO tablegate.consumer (name) SELECT * FROM unnest($1::text[])",
                           {sql_array(missing)});
    found = find_consumers(context_.catalog, names);
  }
  for (Work& work : works) work.consumer = found.at(work.definition.name);
}

void ConsumerApplier::set_enabled(const std::vector<Work*>& changed) {
  SqlArray ids, enabled;
  for (const Work* const work : changed) {
    if (work->before.disabled == work->wanted.disabled) continue;
    ids.add(work->consumer.id);
    enabled.add(work->wanted.disabled ? "false" : "true");
  }
  context_.catalog.query(
      "UPDATE tablegate.consumer c SET enabled = x.enabled FROM unnest($1::bigint[], $2::boolean[]) AS x "
      "(consumer_id, enabled) WHERE c.consumer_id = x.consumer_id",
      {ids.take(), enabled.take()});
}

// The ids of what the consumers are to be authorized for now. What there is not is refused.
void ConsumerApplier::find_targets(const std::vector<Work*>& changed) {
  std::set<std::string> rest_apis, apis;
  for (const Work* const work : changed) {
    for (const auto& [grant, id] : work->wanted.grants)
      if (work->before.grants.count(grant) == 0)
        (grant.api.empty() ? rest_apis : apis).insert(grant.api.empty() ? grant.rest_api : grant.api);
  }
  std::map<ConsumerGrant, std::string> targets;
  const Rows found = context_.catalog.query(
      "SELECT name, version, '', '', rest_api_id FROM tablegate.rest_api WHERE name = ANY ($1::text[])"
      " UNION ALL SELECT '', '', w.name, a.name, a.api_id FROM tablegate.workspace w JOIN tablegate.api a "
      "USING "
      "(workspace_id) WHERE a.name = ANY ($2::text[]) AND a.deleted_at IS NULL",
      {sql_array({rest_apis.begin(), rest_apis.end()}), sql_array({apis.begin(), apis.end()})});
  for (int i = 0; i < found.size(); ++i)
    targets[{found.string(i, 0), found.string(i, 1), found.string(i, 2), found.string(i, 3)}] =
        found.string(i, 4);
  for (Work* const work : changed) {
    for (auto& [grant, id] : work->wanted.grants) {
      if (work->before.grants.count(grant) != 0) continue;
      const auto target = targets.find(grant);
      if (target != targets.end()) {
        id = target->second;
      } else if (grant.api.empty() ? !context_.refused_here(Kind::rest_api, grant.rest_api, grant.version)
                                   : !context_.refused_here(Kind::api, grant.api)) {
        refuse_target(work->definition, grant);
      }
    }
  }
}

void ConsumerApplier::refuse_target(Definition& definition, const ConsumerGrant& grant) {
  if (!grant.api.empty()) {
    const bool own = grant.workspace == context_.workspace.name;
    return context_.refuse_missing(
        definition, "/authorizations",
        own ? context_.missing(Kind::api, grant.api, &context_.workspace)
            : fmt::format("there is no API \"{}\" in workspace {}", grant.api, grant.workspace));
  }
  const std::string version =
      grant.version.empty() ? " without a version" : fmt::format(" of version \"{}\"", grant.version);
  context_.refuse_missing(definition, "/authorizations",
                          fmt::format("there is no REST API \"{}\"{}{}", grant.rest_api, version,
                                      near_object(context_.catalog, Kind::rest_api, grant.rest_api)));
}

void ConsumerApplier::write_grants(const std::vector<Work*>& changed) {
  for (const char* const column : {"api_id", "rest_api_id"}) {
    SqlArray lost_by, lost, given_to, given;
    for (const Work* const work : changed) {
      for (const auto& [grant, id] : work->before.grants) {
        if (work->wanted.grants.count(grant) != 0 || grant.api.empty() != (column[0] == 'r')) continue;
        lost_by.add(work->consumer.id);
        lost.add(id);
      }
      for (const auto& [grant, id] : work->wanted.grants) {
        if (id.empty() || grant.api.empty() != (column[0] == 'r')) continue;
        given_to.add(work->consumer.id);
        given.add(id);
      }
    }
    context_.catalog.query(
        fmt::format(
            "SELECT FROM tablegate.delete_as_operator('authorization', (SELECT json_agg(json_build_object("
            "'consumer_id', x.consumer_id, '{}', x.target)) FROM unnest($1::bigint[], $2::bigint[]) AS x "
            "(consumer_id, target)))",
            column),
        {lost_by.take(), lost.take()});
    context_.catalog.query(
        fmt::format(
            "INSERT INTO tablegate.authorization (consumer_id, {}) SELECT * FROM unnest($1::bigint[], "
            "$2::bigint[])",
            column),
        {given_to.take(), given.take()});
  }
}

void ConsumerApplier::save_jwt(Definition& definition, const Consumer& consumer,
                               const std::optional<JwtEntry>& wanted) {
  if (!wanted) {
    unset_jwt(context_.catalog, consumer);
    return;
  }
  if (!master_) master_.emplace(context_.catalog);
  JwtEntry setting = *wanted;
  JsonDocument keys;
  parse_json(setting.keys, keys);
  bool symmetric = false;
  for (const JsonValue& key : keys.GetArray()) symmetric = symmetric || is_symmetric(key);
  if (symmetric) {
    if (!saved_) saved_ = read_jwt_settings(context_.catalog, *master_);  // its own is written below
    const auto own = saved_->find(consumer.id);
    if (const auto missing = fill_secrets(keys, own == saved_->end() ? "[]" : own->second.keys)) {
      return context_.refuse(
          definition, "/jwt/keys" + pointer_token(*missing),
          fmt::format("the catalog holds no such symmetric key of consumer \"{0}\": give it one with "
                      "`tablegate consumer create {0}` and `tablegate consumer set-jwt {0}`",
                      consumer.name));
    }
    setting.keys = json_text(keys);
  }
  try {
    write_jwt_setting(context_.catalog, consumer, setting, *master_);
    with_new_setting_.emplace_back(&definition, consumer);
  } catch (const Refused& refused) {
    context_.refuse(definition, "/jwt", refused.what());
  }
}

void ConsumerApplier::check_settings() {
  if (with_new_setting_.empty()) return;
  std::map<std::string, Definition*> definitions;  // by id of the consumer
  for (const auto& [definition, consumer] : with_new_setting_) definitions[consumer.id] = definition;
  std::set<std::string> ids;
  for (const auto& [id, definition] : definitions) ids.insert(id);
  for (const auto& [id, text] : find_jwt_conflicts(context_.catalog, ids))
    context_.refuse(*definitions.at(id), "/jwt", text);
}

}  // namespace tablegate::loader
