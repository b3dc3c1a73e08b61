// read_manifest() with any bytes: once unchanged, once under a header that fits
// them. An accepted manifest has all properties of the model.
#include <cstdint>

#include "core/answer/json_writer.hpp"
#include "core/manifest/manifest_reader.hpp"
#include "core/plan/statement.hpp"
#include "core/route/router.hpp"
#include "fuzzing.hpp"

using namespace tablegate;
using namespace tablegate::core;

namespace {

void check_api(const Manifest& manifest, const Api& api, size_t place) {
  INVARIANT(api.index == place && api.id > 0);
  INVARIANT(!api.path.empty() && api.path[0] == '/' && api.path_segments.size() <= kMaxPathSegments);
  std::string joined;
  for (const std::string& segment : api.path_segments) joined += "/" + segment;
  INVARIANT(joined == api.path);
  INVARIANT(api.timeout_ms >= 1 && api.timeout_ms <= 90000 && api.max_records >= 1 &&
            api.max_records <= 10000);
  INVARIANT(!api.columns.empty() && output_columns(api) >= api.columns.size());
  uint64_t mask = 0;
  for (const Parameter& parameter : api.parameters) {
    INVARIANT(compatible(parameter.type, parameter.column_type));
    INVARIANT(parameter.optional_bit < 64);
    if (parameter.optional_bit >= 0) {
      INVARIANT(!parameter.required && (mask >> parameter.optional_bit & 1U) == 0);
      mask |= uint64_t{1} << parameter.optional_bit;
    }
  }
  INVARIANT(statement_types(api, mask).size() == api.parameters.size());
  INVARIANT(statement_sql(api, mask).compare(0, api.select.size(), api.select) == 0);
  // Every API can be reached at its own path, on each of its domains.
  const std::string host = api.domains.empty() ? std::string("\x01") : api.domains[0];
  if (api.version_key.in == VersionKey::In::none && !api.has_path_parameters &&
      host.compare(0, 1, "*") != 0) {
    INVARIANT(manifest.router->find(host, api.path, api.method).api == &api);
  }
}

void read(std::string_view text) {
  Result<std::unique_ptr<const Manifest>> result = read_manifest(text);
  if (!result) {
    INVARIANT(!result.error().message.empty());
    return;
  }
  const Manifest& manifest = **result;
  INVARIANT(manifest.router != nullptr);
  for (size_t i = 0; i < manifest.apis.size(); ++i) check_api(manifest, manifest.apis[i], i);
  for (size_t i = 0; i < manifest.api_keys.size(); ++i) {
    const ApiKey& key = manifest.api_keys[i];
    INVARIANT(i == 0 || manifest.api_keys[i - 1].digest < key.digest);
    INVARIANT(key.consumer < manifest.consumers.size() && manifest.find_api_key(key.digest) == &key);
  }
  for (size_t i = 0; i < manifest.consumers.size(); ++i) {
    for (uint32_t api : manifest.consumers[i].apis) {
      INVARIANT(api < manifest.apis.size() &&
                manifest.authorized(static_cast<uint32_t>(i), manifest.apis[api]));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read(text);
  read(tablegate::fuzz::with_header(text));
  return 0;
}
