#include "core/manifest/manifest_reader.hpp"

#include <jansson.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/digest.hpp"
#include "core/manifest/manifest_api.hpp"
#include "core/manifest/manifest_object.hpp"
#include "core/proof/jwt_index.hpp"
#include "core/route/canary.hpp"
#include "core/route/router.hpp"

namespace tablegate::core {

namespace {

constexpr size_t kMaxDocument = size_t{64} << 20;
constexpr size_t kEtagDigits = 32;

Domain read_domain(ObjectReader& in) {
  Domain out;
  out.name = in.string("name");
  out.https = in.word<bool>("protocol", {{"HTTP", false}, {"HTTPS", true}});
  out.force_https = in.boolean("force_https");
  return out;
}

Validity read_validity(ObjectReader& in) {
  Validity out;
  if (in.has("not_before")) out.not_before = in.integer("not_before", INT64_MIN, INT64_MAX);
  if (in.has("expires")) out.expires = in.integer("expires", INT64_MIN, INT64_MAX);
  return out;
}

HmacKey read_hmac_key(ObjectReader& in, uint32_t consumer) {
  HmacKey out;
  out.consumer = consumer;
  out.id = in.string("id");
  out.access_key = in.string("access_key");
  if (out.access_key.empty()) in.fail("access_key", "must not be empty");
  out.secret = in.secret("secret");
  if (out.secret.empty()) in.fail("secret", "must not be empty");
  out.profile = in.word<HmacProfile>(
      "profile", {{"classic", HmacProfile::classic}, {"raw-query", HmacProfile::raw_query}});
  out.validity = read_validity(in);
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
      Api api = read_api(in, tables_);
      api.index = static_cast<uint32_t>(manifest_.apis.size());
      if (!apis_.emplace(api.id, api.index).second) in.fail("id", "is given twice");
      manifest_.apis.push_back(std::move(api));
    } else if (kind == "canary") {
      canary(in);
    } else if (kind == "consumer") {
      consumer(in);
    } else if (kind == "openapi") {
      document(in);
    } else {
      in.fail("kind", "is unknown");
    }
  }

  void finish() { tables_.finish(manifest_); }

 private:
  // Another version of an API of a line before.
  void canary(ObjectReader& in) {
    Api canary = read_api(in, tables_);
    const auto weight = static_cast<uint32_t>(in.integer("weight", 1, 99));
    const auto found = apis_.find(canary.id);
    if (found == apis_.end()) return in.fail("id", "names an API that the manifest does not have");
    Api& api = manifest_.apis[found->second];
    if (api.canary_weight != 0) return in.fail("id", "has two canaries");
    if (api.version == canary.version) return in.fail("version", "is that of the API");
    if (const std::string fault = canary_fault(api, canary); !fault.empty())
      return in.fail(fault.c_str(), "differs from that of the API's other version");
    canary.index = static_cast<uint32_t>(manifest_.apis.size());
    canary.is_canary = true;
    api.canary = canary.index;
    api.canary_weight = weight;
    manifest_.apis.push_back(std::move(canary));
  }

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
      key.validity = read_validity(item);
      manifest_.api_keys.push_back(std::move(key));
    });
    if (in.has("hmac_keys")) {
      in.objects("hmac_keys",
                 [&](ObjectReader& item) { manifest_.hmac_keys.push_back(read_hmac_key(item, place)); });
    }
    if (in.has("jwt")) {
      in.object("jwt",
                [&](ObjectReader& item) { manifest_.jwt_settings.push_back(read_jwt_setting(item, place)); });
    }
    manifest_.consumers.push_back(std::move(out));
  }

  void document(ObjectReader& in) {
    Document out;
    out.text = in.string("document");
    if (out.text.size() > kMaxDocument) in.fail("document", "is larger than 64 MiB");
    if (out.text.size() < 2 || out.text.front() != '{' || out.text.back() != '}')
      in.fail("document", "is no JSON object");
    Digest digest{};
    Sha256 sha256;
    if (!sha256.digest(out.text, digest)) in.fail("document", "has no digest: SHA-256 is not available");
    out.etag = '"' + to_hex(digest).substr(0, kEtagDigits) + '"';
    const int place = static_cast<int>(manifest_.documents.size());
    const std::vector<std::string> domains = in.strings("domains");
    for (const std::string& name : domains) {
      const auto domain = std::find_if(manifest_.domains.begin(), manifest_.domains.end(),
                                       [&name](const Domain& one) { return one.name == name; });
      if (domain == manifest_.domains.end()) {
        in.fail("domains", "names a domain that the manifest does not have");
      } else if (domain->document >= 0) {
        in.fail("domains", "has a domain that another document has");
      } else {
        domain->document = place;
      }
    }
    if (domains.empty()) {
      if (manifest_.any_host_document >= 0) in.fail("domains", "is empty in another document too");
      manifest_.any_host_document = place;
    }
    manifest_.documents.push_back(std::move(out));
  }

  Manifest& manifest_;
  TableNames tables_;
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
  reading.finish();
  return Done{};
}

// Sorts keys by what a request names them by, which no two may share.
template <class Key, class Name>
Status sort_keys(const char* what, std::vector<Key>& keys, Name Key::*name) {
  std::sort(keys.begin(), keys.end(), [name](const Key& a, const Key& b) { return a.*name < b.*name; });
  for (size_t i = 1; i < keys.size(); ++i) {
    if (keys[i].*name == keys[i - 1].*name) {
      return Error{std::string(what) + " " + keys[i - 1].id + " and " + keys[i].id + " are the same", {}};
    }
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
  if (Status keys = sort_keys("API keys", manifest->api_keys, &ApiKey::digest); !keys) return keys.error();
  if (Status keys = sort_keys("access keys of", manifest->hmac_keys, &HmacKey::access_key); !keys)
    return keys.error();
  if (Status jwt = index_jwt(*manifest); !jwt) return jwt.error();
  Result<std::unique_ptr<const Router>> router = Router::build(*manifest);
  if (!router) return router.error();
  manifest->router = std::move(*router);
  return std::unique_ptr<const Manifest>(std::move(manifest));
}

}  // namespace tablegate::core
