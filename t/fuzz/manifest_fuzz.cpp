// read_manifest() with any bytes: once unchanged, once under a header that fits
// them; lines of consumers become the credentials. An accepted manifest has all
// properties of the model.
#include <cstdint>
#include <string>

#include "core/answer/json_writer.hpp"
#include "core/call/parameters.hpp"
#include "core/manifest/manifest_reader.hpp"
#include "core/route/router.hpp"
#include "fuzzing.hpp"

using namespace tablegate;
using namespace tablegate::core;

namespace {

// What is bound is what the text has placeholders for, whichever parameters are present.
void check_program(const Manifest& manifest, const Api& api) {
  const Program& program = api.program;
  INVARIANT(program.parameters() == api.parameters.size() && program.tables().size() == api.tables.size());
  for (size_t i = 0; i < api.tables.size(); ++i)
    INVARIANT(manifest.tables.at(api.tables[i]) == program.tables()[i]);
  // All absent, all present, every second, every third one.
  for (const size_t every : {0, 1, 2, 3}) {
    std::vector<const char*> values(api.parameters.size(), nullptr);
    for (size_t i = 0; every > 0 && i < values.size(); i += every) values[i] = "v";
    BlockArena arena;
    Walk walk, again;
    const Problem problem = program.walk({values.data()}, arena, walk);
    const Problem same = program.walk({values.data()}, arena, again);
    INVARIANT(problem.slug == same.slug && problem.detail == same.detail);
    // A list is absent, the call takes too much, or it has no statement.
    INVARIANT(!problem || problem.slug == Slug::missing_parameter || problem.slug == Slug::invalid_parameter);
    if (problem) continue;
    INVARIANT(walk.path == again.path && walk.count == again.count);
    const Statement statement = program.statement(walk.path);
    INVARIANT(statement.types.size() == static_cast<size_t>(walk.count));
    for (const uint32_t type : statement.types) INVARIANT(type != 0);
    INVARIANT(walk.count == 0 || statement.sql.find("$" + std::to_string(walk.count)) != std::string::npos);
  }
}

void check_api(const Manifest& manifest, const Api& api, size_t place) {
  INVARIANT(api.index == place && api.id > 0);
  INVARIANT(!api.path.empty() && api.path[0] == '/' && api.path_segments.size() <= kMaxPathSegments);
  std::string joined;
  for (const std::string& segment : api.path_segments) joined += "/" + segment;
  INVARIANT(joined == api.path);
  INVARIANT(api.timeout_ms >= 1 && api.timeout_ms <= 90000 && api.max_records >= 1 &&
            api.max_records <= 10000);
  INVARIANT(api.stream_timeout_ms >= 1 && api.stream_timeout_ms <= 90000);
  INVARIANT(!api.columns.empty() && output_columns(api) >= api.columns.size());
  for (const Parameter& parameter : api.parameters)
    INVARIANT(compatible(parameter.type, parameter.column_type));
  check_program(manifest, api);
  // Every API can be reached at its own path, on each of its domains.
  const std::string host = api.domains.empty() ? std::string("\x01") : api.domains[0];
  if (api.version_key.in == VersionKey::In::none && !api.has_path_parameters &&
      host.compare(0, 1, "*") != 0) {
    INVARIANT(manifest.router->find(host, api.path, api.method).api == &api);
  }
}

void read(std::string_view text, std::string_view credentials) {
  Result<std::unique_ptr<const Manifest>> result = read_manifest(text, credentials);
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
  std::string manifest, consumers;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = rest.find('\n');
    const size_t size = end == std::string_view::npos ? rest.size() : end + 1;
    (rest.rfind("{\"kind\":\"consumer\"", 0) == 0 ? consumers : manifest).append(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  read(text, tablegate::fuzz::credentials_of({}, {}));
  read(tablegate::fuzz::with_header({}), text);
  read(tablegate::fuzz::with_header(manifest), tablegate::fuzz::credentials_of(consumers, manifest));
  return 0;
}
