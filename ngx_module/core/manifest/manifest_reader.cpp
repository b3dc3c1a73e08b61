#include "core/manifest/manifest_reader.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/digest.hpp"
#include "core/manifest/credentials_reader.hpp"
#include "core/manifest/manifest_api.hpp"
#include "core/manifest/manifest_lines.hpp"
#include "core/mix.hpp"
#include "core/proof/jwt_index.hpp"
#include "core/route/canary.hpp"
#include "core/route/router.hpp"

namespace tablegate::core {

namespace {

constexpr LineForm kManifestForm = {"manifest", kManifestFormat};
constexpr int64_t kMaxOffset = int64_t{1} << 50;  // no sum of two overflows
constexpr size_t kEtagDigits = 32;

Domain read_domain(ObjectReader& in) {
  Domain out;
  out.name = in.string("name");
  out.https = in.word<bool>("protocol", {{"HTTP", false}, {"HTTPS", true}});
  out.force_https = in.boolean("force_https");
  return out;
}

// The state of reading one manifest: what later lines refer to.
class ManifestReading {
 public:
  explicit ManifestReading(Manifest& manifest) : manifest_(manifest) {}

  void line(ObjectReader& in, std::string_view text) {
    const std::string kind = in.string("kind");
    if (kind == "domain") {
      manifest_.domains.push_back(read_domain(in));
      if (!domains_.insert(manifest_.domains.back().name).second) in.fail("name", "is given twice");
    } else if (kind == "api") {
      Api api = read_api(in, tables_);
      api.index = static_cast<uint32_t>(manifest_.apis.size());
      if (!apis_.emplace(api.id, api.index).second) in.fail("id", "is given twice");
      api.mark = mix(text, 0);
      manifest_.apis.push_back(std::move(api));
    } else if (kind == "canary") {
      canary(in, text);
    } else if (kind == "openapi") {
      document(in);
    } else {
      in.fail("kind", "is unknown");
    }
  }

  void finish() { tables_.finish(manifest_); }

 private:
  // Another version of an API of a line before.
  void canary(ObjectReader& in, std::string_view text) {
    Api canary = read_api(in, tables_);
    canary.mark = mix(text, 0);
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

  void document(ObjectReader& in) {
    Document out;
    const std::string file = in.string("file");
    if (file.empty() || file.front() == '.' || file.find('/') != std::string::npos)
      in.fail("file", "must be the name of a file beside the manifest");
    if (!manifest_.documents.empty() && file != manifest_.documents_file)
      in.fail("file", "is not that of the other documents");
    manifest_.documents_file = file;
    out.offset = static_cast<uint64_t>(in.integer("offset", 0, kMaxOffset));
    out.length = static_cast<uint64_t>(in.integer("length", 2, kMaxOffset));
    const std::string sha256 = in.string("sha256");
    if (Digest digest{}; !from_hex(sha256, digest)) in.fail("sha256", "must be 64 hexadecimal digits");
    out.etag = '"' + sha256.substr(0, kEtagDigits) + '"';
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
};

Result<std::unique_ptr<Manifest>> read_without_credentials(std::string_view text) {
  auto manifest = std::make_unique<Manifest>();
  ManifestReading reading(*manifest);
  const auto read_header = [&manifest](ObjectReader& in) {
    manifest->gateway = in.string("gateway");
    manifest->publication = static_cast<uint64_t>(in.integer("publication", 0, INT64_MAX));
    if (in.has("source")) in.string("source");  // only for the program that wrote it
  };
  const auto read_line = [&reading](ObjectReader& in, std::string_view line) { reading.line(in, line); };
  if (Status lines = read_lines(text, kManifestForm, read_header, read_line, manifest->sha256); !lines)
    return lines.error();
  reading.finish();
  Result<std::unique_ptr<const Router>> router = Router::build(*manifest);
  if (!router) return router.error();
  manifest->router = std::move(*router);
  for (Api& api : manifest->apis) api.pages.cursor_key = &manifest->cursor_key;
  return manifest;
}

}  // namespace

Result<std::unique_ptr<const Manifest>> read_manifest(std::string_view text) {
  Result<std::unique_ptr<Manifest>> manifest = read_without_credentials(text);
  if (!manifest) return manifest.error();
  (*manifest)->jwt_index = JwtIndex::build((*manifest)->jwt_settings);
  return std::unique_ptr<const Manifest>(std::move(*manifest));
}

Result<std::unique_ptr<const Manifest>> read_manifest(std::string_view text, std::string_view credentials) {
  Result<std::unique_ptr<Manifest>> manifest = read_without_credentials(text);
  if (!manifest) return manifest.error();
  if (Status read = read_credentials(credentials, **manifest); !read)
    return Error{read.error().text(), "credentials.json"};
  return std::unique_ptr<const Manifest>(std::move(*manifest));
}

}  // namespace tablegate::core
