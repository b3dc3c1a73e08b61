#include "core/manifest_reader.hpp"

#include <jansson.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/credential.hpp"
#include "core/json_writer.hpp"
#include "core/jwt_index.hpp"
#include "core/manifest_object.hpp"
#include "core/router.hpp"

namespace tablegate::core {

namespace {

// Splits "/a/{b}/c" into "a", "{b}", "c".
void split_path(Api& api) {
  size_t at = 0;
  while (at < api.path.size()) {
    size_t end = api.path.find('/', at + 1);
    if (end == std::string::npos) end = api.path.size();
    api.path_segments.push_back(api.path.substr(at + 1, end - at - 1));
    const std::string& segment = api.path_segments.back();
    if (segment.size() > 2 && segment.front() == '{' && segment.back() == '}') api.has_path_parameters = true;
    at = end;
  }
}

Parameter read_parameter(ObjectReader& in) {
  Parameter out;
  out.name = in.string("name");
  out.place = in.word<ParameterPlace>(
      "in",
      {{"query", ParameterPlace::query}, {"path", ParameterPlace::path}, {"header", ParameterPlace::header}});
  if (auto type = parse_parameter_type(in.string("type"))) {
    out.type = *type;
  } else {
    in.fail("type", "is no parameter type");
  }
  if (auto type = parse_column_type(in.string("column_type"))) {
    out.column_type = *type;
  } else {
    in.fail("column_type", "is no column type");
  }
  if (!compatible(out.type, out.column_type)) in.fail("type", "does not go with column_type");
  const std::vector<std::string> condition = in.strings("condition");
  if (condition.size() == 2) {
    out.condition_before = condition[0];
    out.condition_after = condition[1];
  } else {
    in.fail("condition", "must have two parts");
  }
  out.required = in.boolean("required");
  if (in.has("default")) out.default_value = in.string("default");
  if (in.has("time_zone")) out.time_zone = in.string("time_zone");
  return out;
}

Column read_column(ObjectReader& in) {
  Column out;
  out.name = in.string("name");
  StringSink key;
  write_json_string(out.name, key);
  out.key = key.text + ":";
  if (auto type = parse_column_type(in.string("type"))) {
    out.type = *type;
  } else {
    in.fail("type", "is no column type");
  }
  if (in.has("as")) out.as_string = in.word<bool>("as", {{"string", true}});
  if (in.has("wall")) out.wall = in.boolean("wall");
  return out;
}

constexpr int kMaxOptionalParameters = 64;  // bits of the presence mask

void read_parameters(ObjectReader& in, Api& out) {
  int bit = 0;
  in.objects("parameters", [&](ObjectReader& item) {
    Parameter parameter = read_parameter(item);
    if (!parameter.required && !parameter.default_value) {
      if (bit == kMaxOptionalParameters) item.fail("required", "at most 64 parameters may be optional");
      parameter.optional_bit = bit++;
    }
    out.parameters.push_back(std::move(parameter));
  });
}

Api read_api(ObjectReader& in) {
  Api out;
  out.id = static_cast<uint32_t>(in.integer("id", 1, UINT32_MAX));
  out.name = in.string("name");
  out.workspace = in.string("workspace");
  out.rest_api = in.string("rest_api");
  out.version = static_cast<uint32_t>(in.integer("version", 0, UINT32_MAX));
  out.method = in.string("method");
  if (out.method != "GET" && out.method != "POST") in.fail("method", "must be GET or POST");
  out.path = in.string("path");
  if (out.path.empty() || out.path[0] != '/') in.fail("path", "must start with /");
  split_path(out);
  if (out.path_segments.size() > kMaxPathSegments) in.fail("path", "has too many segments");
  out.domains = in.strings("domains");
  out.service = in.string("service");
  out.resource_group = in.string("resource_group");
  out.timeout_ms = static_cast<uint32_t>(in.integer("timeout_ms", 1, 90000));
  out.max_records = static_cast<uint32_t>(in.integer("max_records", 1, 10000));
  out.result = in.word<ResultShape>("result", {{"object", ResultShape::object}, {"list", ResultShape::list}});
  out.point = in.boolean("point");
  for (const std::string& type : in.strings("authentication")) {
    if (type != "api_key") in.fail("authentication", "has a type that this module does not know");
    out.authentication.push_back(AuthenticationType::api_key);
  }
  if (in.has("api_key_source")) {
    in.object("api_key_source", [&out](ObjectReader& source) {
      out.api_key_source.in = source.word<ApiKeySource::In>(
          "in", {{"header", ApiKeySource::In::header}, {"query", ApiKeySource::In::query}});
      out.api_key_source.name = source.string("name");
    });
  }
  out.select = in.string("select");
  out.tail = in.string("tail");
  read_parameters(in, out);
  in.objects("columns", [&out](ObjectReader& item) { out.columns.push_back(read_column(item)); });
  if (out.columns.empty()) in.fail("columns", "must not be empty");
  return out;
}

Domain read_domain(ObjectReader& in) {
  Domain out;
  out.name = in.string("name");
  out.https = in.word<bool>("protocol", {{"HTTP", false}, {"HTTPS", true}});
  out.force_https = in.boolean("force_https");
  return out;
}

// The state of reading one manifest: what later lines refer to.
class Reading {
 public:
  explicit Reading(Manifest& manifest) : manifest_(manifest) {}

  void line(ObjectReader& in) {
    const std::string kind = in.string("kind");
    if (kind == "domain") {
      manifest_.domains.push_back(read_domain(in));
      if (!domains_.insert(manifest_.domains.back().name).second) in.fail("name", "is given twice");
    } else if (kind == "api") {
      Api api = read_api(in);
      api.index = static_cast<uint32_t>(manifest_.apis.size());
      if (!apis_.emplace(api.id, api.index).second) in.fail("id", "is given twice");
      manifest_.apis.push_back(std::move(api));
    } else if (kind == "consumer") {
      consumer(in);
    } else {
      in.fail("kind", "is unknown");
    }
  }

 private:
  void consumer(ObjectReader& in) {
    Consumer out;
    const uint32_t place = static_cast<uint32_t>(manifest_.consumers.size());
    out.name = in.string("name");
    if (!consumers_.insert(out.name).second) in.fail("name", "is given twice");
    out.enabled = in.boolean("enabled");
    for (int64_t id : in.integers("apis")) {
      const auto found = apis_.find(id);
      if (found == apis_.end()) {
        in.fail("apis", "names an API that the manifest does not have");
        return;
      }
      out.apis.push_back(found->second);
    }
    std::sort(out.apis.begin(), out.apis.end());
    in.objects("api_keys", [&](ObjectReader& item) {
      ApiKey key;
      key.consumer = place;
      key.id = item.string("id");
      if (!from_hex(item.string("sha256"), key.digest)) item.fail("sha256", "must be 64 hexadecimal digits");
      if (item.has("not_before")) key.not_before = item.integer("not_before", INT64_MIN, INT64_MAX);
      if (item.has("expires")) key.expires = item.integer("expires", INT64_MIN, INT64_MAX);
      manifest_.api_keys.push_back(std::move(key));
    });
    if (in.has("jwt")) {
      in.object("jwt",
                [&](ObjectReader& item) { manifest_.jwt_settings.push_back(read_jwt_setting(item, place)); });
    }
    manifest_.consumers.push_back(std::move(out));
  }

  Manifest& manifest_;
  std::unordered_map<int64_t, uint32_t> apis_;
  std::unordered_set<std::string> domains_;
  std::unordered_set<std::string> consumers_;
};

Status read_header(std::string_view line, std::string_view rest, Manifest& manifest) {
  json_error_t error;
  JsonPtr json(json_loadb(line.data(), line.size(), JSON_REJECT_DUPLICATES, &error));
  if (!json) return Error{std::string("is no manifest header: ") + error.text, "line 1"};
  // The format first: a newer one may have other fields.
  const json_t* format = json_object_get(json.get(), "format");
  if (!json_is_integer(format)) return Error{"has no format, so this is no manifest", "line 1"};
  if (json_integer_value(format) != kManifestFormat) {
    return Error{"has format " + std::to_string(json_integer_value(format)) + ", this program reads format " +
                     std::to_string(kManifestFormat),
                 "line 1"};
  }
  std::optional<Error> problem;
  ObjectReader in(json.get(), "", problem);
  in.integer("format", 1, kManifestFormat);
  manifest.gateway = in.string("gateway");
  manifest.publication = static_cast<uint64_t>(in.integer("publication", 0, INT64_MAX));
  manifest.sha256 = in.string("sha256");
  in.done();
  if (problem) return Error{problem->text(), "line 1"};
  Digest digest;
  Sha256 sha256;
  if (!sha256.digest(rest, digest)) return Error{"SHA-256 is not available", {}};
  if (to_hex(digest) != manifest.sha256) {
    return Error{"is damaged or was edited: its bytes do not have the SHA-256 of the header", {}};
  }
  return Done{};
}

// Whose key set or secret it is: a pointer alone does not tell people.
std::string consumer_of(const json_t* line, const Error& problem) {
  const char* name = json_string_value(json_object_get(line, "name"));
  if (name == nullptr || problem.where.compare(0, 4, "/jwt") != 0) return {};
  return "consumer \"" + std::string(name) + "\": ";
}

Status index_jwt(Manifest& manifest) {
  if (const std::optional<JwtConflict> conflict = find_jwt_conflict(manifest.jwt_settings)) {
    auto name = [&manifest](uint32_t setting) {
      return manifest.consumers[manifest.jwt_settings[setting].consumer].name;
    };
    return Error{conflict->text(name(conflict->first), name(conflict->second)), {}};
  }
  manifest.jwt_index = JwtIndex::build(manifest.jwt_settings);
  return Done{};
}

Status read_lines(std::string_view rest, Manifest& manifest) {
  Reading reading(manifest);
  size_t number = 1;
  while (!rest.empty()) {
    ++number;
    const std::string where = "line " + std::to_string(number);
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) return Error{"does not end", where};
    json_error_t error;
    JsonPtr json(json_loadb(rest.data(), end, JSON_REJECT_DUPLICATES, &error));
    if (!json) return Error{error.text, where};
    if (!json_is_object(json.get())) return Error{"must be an object", where};
    std::optional<Error> problem;
    ObjectReader in(json.get(), "", problem);
    reading.line(in);
    in.done();
    if (problem) return Error{consumer_of(json.get(), *problem) + problem->text(), where};
    rest.remove_prefix(end + 1);
  }
  return Done{};
}

}  // namespace

Result<std::unique_ptr<const Manifest>> read_manifest(std::string_view text) {
  auto manifest = std::make_unique<Manifest>();
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return Error{"is empty or has no header line", {}};
  const std::string_view rest = text.substr(end + 1);
  if (Status header = read_header(text.substr(0, end), rest, *manifest); !header) return header.error();
  if (Status lines = read_lines(rest, *manifest); !lines) return lines.error();
  std::sort(manifest->api_keys.begin(), manifest->api_keys.end(),
            [](const ApiKey& a, const ApiKey& b) { return a.digest < b.digest; });
  for (size_t i = 1; i < manifest->api_keys.size(); ++i) {
    if (manifest->api_keys[i].digest == manifest->api_keys[i - 1].digest) {
      return Error{
          "API keys " + manifest->api_keys[i - 1].id + " and " + manifest->api_keys[i].id + " are the same",
          {}};
    }
  }
  if (Status jwt = index_jwt(*manifest); !jwt) return jwt.error();
  Result<std::unique_ptr<const Router>> router = Router::build(*manifest);
  if (!router) return router.error();
  manifest->router = std::move(*router);
  return std::unique_ptr<const Manifest>(std::move(manifest));
}

}  // namespace tablegate::core
