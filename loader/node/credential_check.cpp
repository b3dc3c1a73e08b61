#include "node/credential_check.hpp"

#include <fmt/format.h>
#include <jansson.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/refusal.hpp"
#include "compile/credentials_writer.hpp"
#include "core/manifest/credentials_reader.hpp"
#include "core/proof/jwt_index.hpp"
#include "core/proof/jwt_setting.hpp"

namespace tablegate::loader {
namespace {

// The parser's reason; empty: accepted.
std::string rejection_of(const std::vector<ConsumerEntry>& consumers) {
  const core::Status read =
      core::check_credentials(write_credentials("", {}, credentials_lines({}, consumers)));
  return read ? std::string() : read.error().text();
}

void leave_out(const ConsumerEntry& consumer, const char* what, const std::string& fault,
               SyncReport& report) {
  report.add(fmt::format("{} of consumer \"{}\" left out: {}", what, consumer.name, fault));
}

// Removes what is rejected of one consumer alone. False: nothing of it can be written.
bool keep_whole_parts(ConsumerEntry& consumer, SyncReport& report) {
  const auto fault = [&consumer] { return rejection_of({consumer}); };
  if (fault().empty()) return true;
  if (std::optional<JwtEntry> setting = std::exchange(consumer.jwt, std::nullopt)) {
    std::vector<ConsumerEntry> alone(1);
    alone[0].name = consumer.name;
    alone[0].jwt = std::move(setting);
    if (const std::string why = rejection_of(alone); !why.empty())
      leave_out(consumer, "the JWT setting", why, report);
    else
      consumer.jwt = std::move(alone[0].jwt);
  }
  if (fault().empty()) return true;
  const auto is_rejected = [&](const HmacKeyEntry& key) {
    std::vector<ConsumerEntry> alone(1);
    alone[0].hmac_keys.push_back(key);
    const std::string why = rejection_of(alone);
    if (!why.empty()) leave_out(consumer, ("HMAC key pair " + key.id).c_str(), why, report);
    return !why.empty();
  };
  auto& pairs = consumer.hmac_keys;
  pairs.erase(std::remove_if(pairs.begin(), pairs.end(), is_rejected), pairs.end());
  const std::string left = fault();
  if (!left.empty()) leave_out(consumer, "everything", left, report);
  return left.empty();
}

// Settings of which one token could satisfy two: neither of them identifies anybody.
void remove_jwt_conflicts(std::vector<ConsumerEntry>& consumers, SyncReport& report) {
  std::vector<core::JwtSetting> settings;
  std::vector<ConsumerEntry*> owners;
  for (ConsumerEntry& consumer : consumers) {
    if (!consumer.jwt) continue;
    const std::string text = jwt_setting_json(*consumer.jwt);
    const std::unique_ptr<json_t, decltype(&json_decref)> json(
        json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, nullptr), &json_decref);
    auto setting = core::read_jwt_setting(json.get(), static_cast<uint32_t>(settings.size()));
    if (!setting) continue;
    settings.push_back(std::move(*setting));
    owners.push_back(&consumer);
  }
  while (const std::optional<core::JwtConflict> conflict = core::find_jwt_conflict(settings)) {
    const std::set<size_t> both = {conflict->first, conflict->second};
    report.add(fmt::format("the JWT settings are left out: {}",
                           conflict->text(owners[conflict->first]->name, owners[conflict->second]->name)));
    for (auto place = both.rbegin(); place != both.rend(); ++place) {
      owners[*place]->jwt.reset();
      owners.erase(owners.begin() + static_cast<std::ptrdiff_t>(*place));
      settings.erase(settings.begin() + static_cast<std::ptrdiff_t>(*place));
    }
  }
}

}  // namespace

std::string checked_credentials(ManifestContents& contents, const std::string& known, SyncReport& report) {
  std::vector<ConsumerEntry>& consumers = contents.consumers;
  std::string lines = credentials_lines(contents.keys, consumers);
  if (lines == known) return lines;
  const auto fault = [&] {
    const core::Status read = core::check_credentials(write_credentials(contents.gateway, {}, lines));
    return read ? std::string() : read.error().text();
  };
  if (fault().empty()) return lines;
  const auto is_rejected = [&report](ConsumerEntry& one) { return !keep_whole_parts(one, report); };
  consumers.erase(std::remove_if(consumers.begin(), consumers.end(), is_rejected), consumers.end());
  remove_jwt_conflicts(consumers, report);
  lines = credentials_lines(contents.keys, consumers);
  if (const std::string left = fault(); !left.empty()) {
    throw Refused("the gateway would reject these credentials; nothing was written: " + left,
                  Hint::command({"consumer", "list"}));
  }
  return lines;
}

}  // namespace tablegate::loader
