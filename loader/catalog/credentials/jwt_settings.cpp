#include "catalog/credentials/jwt_settings.hpp"

#include <fmt/format.h>
#include <jansson.h>

#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "base/json_text.hpp"
#include "base/sql_array.hpp"
#include "catalog/life/publications.hpp"
#include "catalog/lookup.hpp"
#include "catalog/row_lock.hpp"
#include "core/proof/jwt_setting.hpp"
#include "model/name_rules.hpp"

namespace tablegate::loader {
namespace {

// Columns of jwt_setting that are not secret, in the order of read_row().
constexpr const char* kPublicColumns =
    "consumer_id, source_in, source_name, source_prefix, issuer, audience,"
    " coalesce(claim ->> 'name', ''), coalesce(claim ->> 'value', ''), leeway, require_exp, keys::text";

JwtEntry read_row(const Rows& rows, int row) {
  JwtEntry entry;
  std::string* const texts[] = {&entry.source_in, &entry.source_name, &entry.source_prefix, &entry.issuer,
                                &entry.audience,  &entry.claim_name,  &entry.claim_value};
  int column = 1;
  for (std::string* const text : texts) *text = rows.string(row, column++);
  entry.leeway = rows.integer(row, 8);
  entry.require_exp = rows.boolean(row, 9);
  entry.keys = rows.string(row, 10);
  return entry;
}

void parse_list(const std::string& text, JsonDocument& list) {
  if (!parse_json(text, list).empty() || !list.IsArray())
    throw SystemFailure("the keys of a JWT setting are damaged in the catalog");
}

JsonValue text_value(const std::string& text, JsonDocument& owner) {
  return {text.c_str(), static_cast<rapidjson::SizeType>(text.size()), owner.GetAllocator()};
}

// The identity of a sealed key: its setting and its place there.
std::string key_id(const std::string& consumer_id, rapidjson::SizeType place) {
  return fmt::format("{}:{}", consumer_id, place);
}

// Puts the opened "k" members of `sealed` back into `keys`; both are lists as the catalog holds them.
std::string opened_keys(const std::string& keys, const std::string& sealed, const std::string& consumer_id,
                        LazyMasterKey& master) {
  JsonDocument list, secrets;
  parse_list(keys, list);
  parse_list(sealed, secrets);
  if (list.Size() != secrets.Size())
    throw SystemFailure("the keys of a JWT setting are damaged in the catalog");
  for (rapidjson::SizeType i = 0; i < list.Size(); ++i) {
    if (!secrets[i].IsString()) continue;
    const std::string secret =
        open_sealed(master.get(), {"jwt_key", key_id(consumer_id, i)}, json_string(secrets[i]));
    list[i].AddMember("k", text_value(secret, list), list.GetAllocator());
  }
  return json_text(list);
}

struct SplitKeys {
  std::string keys, sealed;
};

// Takes the "k" members out of a list of JWKs and seals them.
SplitKeys split_keys(const std::string& keys, const std::string& consumer_id, LazyMasterKey& master) {
  JsonDocument list, secrets(rapidjson::kArrayType);
  parse_list(keys, list);
  for (rapidjson::SizeType i = 0; i < list.Size(); ++i) {
    JsonValue sealed;
    if (const JsonValue* const secret = json_find(list[i], "k"); secret != nullptr && secret->IsString()) {
      const SealedPlace place{"jwt_key", key_id(consumer_id, i)};
      sealed = text_value(seal_text(master.get(), place, json_string(*secret)), secrets);
      list[i].RemoveMember("k");
    }
    secrets.PushBack(sealed, secrets.GetAllocator());
  }
  return {json_text(list), json_text(secrets)};
}

std::string pair_text(std::initializer_list<std::pair<const char*, const std::string*>> members) {
  JsonDocument object(rapidjson::kObjectType);
  for (const auto& [name, value] : members) {
    object.AddMember(rapidjson::StringRef(name), text_value(*value, object), object.GetAllocator());
  }
  return json_text(object);
}

void save(Database& catalog, const Consumer& consumer, const JwtEntry& setting, const SplitKeys& keys) {
  Parameter claim;
  if (!setting.claim_name.empty())
    claim = pair_text({{"name", &setting.claim_name}, {"value", &setting.claim_value}});
  catalog.query(
      "INSERT INTO tablegate.jwt_setting (consumer_id, source_in, source_name, source_prefix, issuer, "
      "audience,"
      " claim, leeway, require_exp, keys, sealed_keys) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
      " ON CONFLICT (consumer_id) DO UPDATE SET source_in = $2, source_name = $3, source_prefix = $4,"
      " issuer = $5, audience = $6, claim = $7, leeway = $8, require_exp = $9, keys = $10, sealed_keys = $11,"
      " updated_at = now()",
      {consumer.id, setting.source_in, setting.source_name, setting.source_prefix, setting.issuer,
       setting.audience, claim, std::to_string(setting.leeway), setting.require_exp ? "true" : "false",
       keys.keys, keys.sealed});
}

// The members of a JWK may be in any order.
bool same_keys(const std::string& a, const std::string& b) {
  JsonDocument left, right;
  parse_list(a, left);
  parse_list(b, right);
  return left == right;
}

core::JwtSetting read_setting(const JwtEntry& entry, uint32_t place, const std::string& consumer) {
  const std::string text = jwt_setting_json(entry);
  const std::unique_ptr<json_t, decltype(&json_decref)> json(
      json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, nullptr), &json_decref);
  core::Result<core::JwtSetting> setting = core::read_jwt_setting(json.get(), place);
  if (!setting) {
    throw Refused(fmt::format("the JWT setting of consumer \"{}\" cannot be used: {}", consumer,
                              setting.error().text()),
                  Hint::command({"consumer", "set-jwt", "--help"}));
  }
  return std::move(*setting);
}

// Settings that are checked together, as nginx does.
struct CheckedSettings {
  std::vector<std::string> ids, names;  // of the consumers
  std::vector<core::JwtSetting> settings;

  void add(const std::string& id, const std::string& name, const JwtEntry& entry) {
    settings.push_back(read_setting(entry, static_cast<uint32_t>(settings.size()), name));
    ids.push_back(id);
    names.push_back(name);
  }
};

// Of the consumers that have a setting, by id.
std::map<std::string, std::string> names_with_setting(Database& catalog) {
  const Rows rows = catalog.query(
      "SELECT c.consumer_id, c.name FROM tablegate.jwt_setting j JOIN tablegate.consumer c USING "
      "(consumer_id)");
  std::map<std::string, std::string> names;
  for (int row = 0; row < rows.size(); ++row) names[rows.string(row, 0)] = rows.string(row, 1);
  return names;
}

void refuse_conflict(Database& catalog, const Consumer& consumer, const JwtEntry& setting,
                     const std::map<std::string, JwtEntry>& saved) {
  CheckedSettings all;
  all.add(consumer.id, consumer.name, setting);
  const std::map<std::string, std::string> names = names_with_setting(catalog);
  for (const auto& [id, other] : saved) {
    if (id != consumer.id) all.add(id, names.at(id), other);
  }
  const std::optional<core::JwtConflict> conflict = core::find_jwt_conflict(all.settings);
  if (!conflict) return;
  throw Refused(conflict->text(all.names[conflict->first], all.names[conflict->second]),
                Hint::command({"consumer", "show", all.names[conflict->second]}));
}

}  // namespace

std::vector<std::string> drop_unusable_keys(std::string& keys) {
  const std::unique_ptr<json_t, decltype(&json_decref)> json(json_loadb(keys.data(), keys.size(), 0, nullptr),
                                                             &json_decref);
  JsonDocument list;
  parse_list(keys, list);
  std::vector<std::string> lines;
  JsonValue left(rapidjson::kArrayType);
  for (rapidjson::SizeType i = 0; i < list.Size(); ++i) {
    const auto reason = core::why_unusable(json_array_get(json.get(), i));
    if (!reason) {
      left.PushBack(list[i], list.GetAllocator());
      continue;
    }
    const std::string kid = json_member(list[i], "kid");
    lines.push_back(fmt::format(
        "key {}{} is ignored: {}", i + 1,
        kid.empty() || !bad_text(kid, 256).empty() ? "" : fmt::format(" (kid \"{}\")", kid), *reason));
  }
  if (lines.empty() || left.Empty()) return {};
  keys = json_text(left);
  return lines;
}

bool same_jwt_setting(const JwtEntry& a, const JwtEntry& b) {
  const auto plain = [](const JwtEntry& one) {
    return std::tie(one.source_in, one.source_name, one.source_prefix, one.issuer, one.audience,
                    one.claim_name, one.claim_value, one.leeway, one.require_exp);
  };
  return plain(a) == plain(b) && same_keys(a.keys, b.keys);
}

void write_jwt_setting(Database& catalog, const Consumer& consumer, const JwtEntry& setting,
                       LazyMasterKey& master) {
  read_setting(setting, 0, consumer.name);
  save(catalog, consumer, setting, split_keys(setting.keys, consumer.id, master));
}

std::map<std::string, std::string> find_jwt_conflicts(Database& catalog, const std::set<std::string>& ids) {
  LazyMasterKey master(catalog);
  std::map<std::string, JwtEntry> saved = read_jwt_settings(catalog, master);
  const std::map<std::string, std::string> names = names_with_setting(catalog);
  std::map<std::string, std::string> conflicts;
  for (;;) {
    CheckedSettings all;
    for (const auto& [id, entry] : saved) all.add(id, names.at(id), entry);
    const std::optional<core::JwtConflict> conflict = core::find_jwt_conflict(all.settings);
    if (!conflict) return conflicts;
    // The one to blame; where both were there before, it is reported of the first that was asked for.
    const std::string& first = all.ids[conflict->first];
    const std::string& second = all.ids[conflict->second];
    const std::string blamed = ids.count(second) != 0 ? second : ids.count(first) != 0 ? first : *ids.begin();
    if (!conflicts.emplace(blamed, conflict->text(all.names[conflict->first], all.names[conflict->second]))
             .second)
      return conflicts;
    saved.erase(blamed);
  }
}

bool set_jwt(Database& catalog, const Consumer& consumer, const JwtEntry& setting) {
  Transaction transaction(catalog);
  lock_catalog(catalog);
  LazyMasterKey master(catalog);
  const std::map<std::string, JwtEntry> settings = read_jwt_settings(catalog, master);
  if (const auto own = settings.find(consumer.id);
      own != settings.end() && same_jwt_setting(own->second, setting))
    return false;
  refuse_conflict(catalog, consumer, setting, settings);
  save(catalog, consumer, setting, split_keys(setting.keys, consumer.id, master));
  notify_change(catalog, "");
  transaction.commit();
  return true;
}

bool unset_jwt(Database& catalog, const Consumer& consumer) {
  if (catalog
          .query("SELECT FROM tablegate.delete_as_operator('jwt_setting', "
                 "json_build_array(json_build_object('consumer_id', $1::text)))",
                 {consumer.id})
          .affected() == 0)
    return false;
  notify_change(catalog, "");
  return true;
}

std::map<std::string, JwtEntry> read_jwt_settings(Database& catalog, LazyMasterKey& master,
                                                  const OnJwtFault& on_fault) {
  const Rows rows = catalog.query(fmt::format(
      "SELECT {}, sealed_keys::text FROM tablegate.jwt_setting ORDER BY consumer_id", kPublicColumns));
  std::map<std::string, JwtEntry> settings;
  for (int row = 0; row < rows.size(); ++row) {
    const std::string id = rows.string(row, 0);
    try {
      JwtEntry entry = read_row(rows, row);
      entry.keys = opened_keys(entry.keys, rows.string(row, 11), id, master);
      settings.emplace(id, std::move(entry));
    } catch (const Failure& failure) {
      if (!on_fault || !catalog.usable()) throw;
      on_fault(id, failure);
    }
  }
  return settings;
}

std::map<std::string, JwtEntry> public_jwt_settings(Database& catalog, const std::string& ids) {
  const Rows rows =
      catalog.query(fmt::format("SELECT {} FROM tablegate.jwt_setting WHERE consumer_id = ANY ($1::bigint[])",
                                kPublicColumns),
                    {ids});
  std::map<std::string, JwtEntry> settings;
  for (int row = 0; row < rows.size(); ++row) settings.emplace(rows.string(row, 0), read_row(rows, row));
  return settings;
}

std::optional<JwtEntry> public_jwt_setting(Database& catalog, const Consumer& consumer) {
  std::map<std::string, JwtEntry> settings = public_jwt_settings(catalog, sql_array({consumer.id}));
  return settings.empty() ? std::nullopt : std::optional(std::move(settings.begin()->second));
}

size_t reseal_jwt_keys(Database& catalog, const SealingKey& before, const SealingKey& after) {
  const Rows rows =
      catalog.query("SELECT consumer_id, keys::text, sealed_keys::text FROM tablegate.jwt_setting");
  LazyMasterKey old_key(before), new_key(after);
  size_t sealed = 0;
  for (int row = 0; row < rows.size(); ++row) {
    const std::string id = rows.string(row, 0);
    const SplitKeys keys =
        split_keys(opened_keys(rows.string(row, 1), rows.string(row, 2), id, old_key), id, new_key);
    catalog.query("UPDATE tablegate.jwt_setting SET sealed_keys = $2 WHERE consumer_id = $1",
                  {id, keys.sealed});
    JsonDocument list;
    parse_list(keys.sealed, list);
    for (const JsonValue& one : list.GetArray()) sealed += one.IsString() ? 1 : 0;
  }
  return sealed;
}

}  // namespace tablegate::loader
