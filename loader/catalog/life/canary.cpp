#include "catalog/life/canary.hpp"

#include <fmt/format.h>

#include "compile/manifest_writer.hpp"
#include "core/manifest/manifest_reader.hpp"

namespace tablegate::loader {
namespace {

ApiEntry entry_of(const ApiRow& api, const Rows& versions, int row) {
  ApiEntry entry;
  entry.api_id = std::stoll(api.id);
  entry.version = static_cast<int>(versions.integer(row, 0));
  entry.base_path = api.base_path;
  const std::string what = fmt::format("version {} of API \"{}\"", entry.version, api.name);
  entry.definition = read_api_definition(versions.string(row, 1), what);
  entry.source = read_api_source(versions.string(row, 2), "the source of " + what);
  return entry;
}

// "path differs from ..." of "line 3: /path: differs from ...".
std::string difference(const core::Error& error) {
  const std::string text = error.text();
  const size_t slash = text.find(": /");
  if (slash == std::string::npos) return text;
  const size_t colon = text.find(": ", slash + 3);
  if (colon == std::string::npos) return text.substr(slash + 3);
  return text.substr(slash + 3, colon - slash - 3) + text.substr(colon + 1);
}

// A manifest of the two alone, read as nginx will.
void refuse_different(Database& catalog, const ApiRow& api, int published, const Canary& canary) {
  const Rows versions = catalog.query(
      "SELECT version, definition, source FROM tablegate.api_version WHERE api_id = $1 AND version IN ($2, "
      "$3)"
      " ORDER BY version = $3",
      {api.id, std::to_string(published), std::to_string(canary.version)});
  ManifestContents contents;
  contents.apis.push_back(entry_of(api, versions, 0));
  contents.canaries.push_back(entry_of(api, versions, 1));
  contents.canaries.back().canary_weight = canary.weight;
  const auto read = core::read_manifest(write_manifest(contents));
  if (read) return;
  throw Refused(
      fmt::format(
          "version {} of API \"{}\" cannot be a canary beside version {}, which route and proof go by: {}",
          canary.version, api.name, published, difference(read.error())),
      Hint::command({"api", "diff", api.name, std::to_string(published), std::to_string(canary.version)}));
}

std::optional<Canary> find_canary(Database& catalog, const std::string& gateway, const std::string& api_id) {
  const Rows rows = catalog.query(
      "SELECT canary_version, canary_weight FROM tablegate.published_api WHERE gateway = $1 AND api_id = $2",
      {gateway, api_id});
  if (rows.empty() || rows.null(0, 0)) return std::nullopt;
  return Canary{static_cast<int>(rows.integer(0, 0)), static_cast<int>(rows.integer(0, 1))};
}

}  // namespace

bool start_canary(Database& catalog, const ApiRow& api, const std::string& gateway, const Canary& canary) {
  const Rows published = catalog.query(
      "SELECT version, canary_version = $3 AND canary_weight = $4 FROM tablegate.published_api"
      " WHERE gateway = $1 AND api_id = $2",
      {gateway, api.id, std::to_string(canary.version), std::to_string(canary.weight)});
  if (published.empty()) {
    throw Refused(
        fmt::format("API \"{}\" is not published on {}: there is no version for the other {} % of consumers",
                    api.name, gateway, 100 - canary.weight),
        Hint::command({"api", "versions", api.name}));
  }
  const int version = static_cast<int>(published.integer(0, 0));
  if (version == canary.version) {
    throw Refused(
        fmt::format("version {} of API \"{}\" is the one that {} serves to all: a canary is another one",
                    version, api.name, gateway),
        Hint::command({"api", "versions", api.name}));
  }
  if (published.boolean(0, 1)) return false;
  refuse_different(catalog, api, version, canary);
  catalog.query(
      "UPDATE tablegate.published_api SET canary_version = $3, canary_weight = $4, published_by = "
      "session_user,"
      " published_at = clock_timestamp() WHERE gateway = $1 AND api_id = $2",
      {gateway, api.id, std::to_string(canary.version), std::to_string(canary.weight)});
  return true;
}

int stop_canary(Database& catalog, const ApiRow& api, const std::string& gateway, int version) {
  const Rows stopped = catalog.query(
      "UPDATE tablegate.published_api SET canary_version = NULL, canary_weight = NULL, published_by = "
      "session_user,"
      " published_at = clock_timestamp() WHERE gateway = $1 AND api_id = $2 AND canary_version = $3 "
      "RETURNING version",
      {gateway, api.id, std::to_string(version)});
  if (!stopped.empty()) return static_cast<int>(stopped.integer(0, 0));
  const std::optional<Canary> canary = find_canary(catalog, gateway, api.id);
  throw Refused(
      canary
          ? fmt::format("version {} of API \"{}\" is the canary on {}, not version {}", canary->version,
                        api.name, gateway, version)
          : fmt::format(
                "version {} of API \"{}\" is not a canary on {}; without --version the API is taken offline",
                version, api.name, gateway),
      Hint::command({"api", "versions", api.name}));
}

}  // namespace tablegate::loader
