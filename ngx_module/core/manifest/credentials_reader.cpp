#include "core/manifest/credentials_reader.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/digest.hpp"
#include "core/manifest/manifest_lines.hpp"
#include "core/proof/jwt_index.hpp"
#include "core/route/router.hpp"

namespace tablegate::core {
namespace {

constexpr LineForm kCredentialsForm = {"credentials file", kCredentialsFormat};

Validity read_validity(ObjectReader& in) {
  Validity out;
  if (in.has("not_before")) out.not_before = in.integer("not_before", INT64_MIN, INT64_MAX);
  if (in.has("expires")) out.expires = in.integer("expires", INT64_MIN, INT64_MAX);
  return out;
}

ApiKey read_api_key(ObjectReader& in, uint32_t consumer) {
  ApiKey out;
  out.consumer = consumer;
  out.id = in.string("id");
  if (!from_hex(in.string("sha256"), out.digest)) in.fail("sha256", "must be 64 hexadecimal digits");
  out.validity = read_validity(in);
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

class CredentialsReading {
 public:
  explicit CredentialsReading(Manifest& manifest) : manifest_(manifest) {
    for (const Api& api : manifest.apis) {
      if (!api.is_canary) apis_.emplace(api.id, api.index);
    }
  }

  void line(ObjectReader& in) {
    const std::string kind = in.string("kind");
    if (kind == "key") return read_key(in);
    if (kind != "consumer") return in.fail("kind", "is unknown");
    Consumer out;
    const auto place = static_cast<uint32_t>(manifest_.consumers.size());
    out.name = in.string("name");
    if (!names_.insert(out.name).second) in.fail("name", "is given twice");
    out.enabled = in.boolean("enabled");
    for (const int64_t id : in.integers("apis")) {
      if (const auto found = apis_.find(id); found != apis_.end()) out.apis.push_back(found->second);
    }
    std::sort(out.apis.begin(), out.apis.end());
    in.objects("api_keys",
               [&](ObjectReader& item) { manifest_.api_keys.push_back(read_api_key(item, place)); });
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

 private:
  void read_key(ObjectReader& in) {
    const std::string name = in.string("name");
    if (name != "cursor" && name != "mask") return in.fail("name", "is unknown");
    const bool mask = name == "mask";
    Digest secret{};
    if (!from_hex(in.secret("key").view(), secret)) return in.fail("key", "must be 64 hexadecimal digits");
    if (mask ? manifest_.mask_keys.usable : manifest_.cursor_key.usable())
      return in.fail("name", "is given twice");
    if (!add_answer_key(name, secret)) return in.fail("key", "cannot be digested");
    if (mask) {
      set_mask_keys(manifest_, secret);
    } else {
      manifest_.cursor_key = CursorKey(secret);
    }
    OPENSSL_cleanse(secret.data(), secret.size());
  }

  // Part of a digest of its own of the secret: nothing of the secret follows from it.
  bool add_answer_key(const std::string& name, const Digest& secret) {
    Sha256 sha256;
    Digest digest{};
    std::array<char, 1 + sizeof(Digest)> text{name[0]};
    std::memcpy(text.data() + 1, secret.data(), secret.size());
    const bool good = sha256.digest({text.data(), text.size()}, digest);
    OPENSSL_cleanse(text.data(), text.size());
    uint64_t part = 0;
    std::memcpy(&part, digest.data(), sizeof part);
    manifest_.answer_keys ^= part;
    return good;
  }

  Manifest& manifest_;
  std::unordered_map<int64_t, uint32_t> apis_;
  std::unordered_set<std::string> names_;
};

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

struct Header {
  std::string gateway;
  std::vector<std::string> manifests;
};

Status read_with(std::string_view text, Manifest& manifest, Header& header) {
  CredentialsReading reading(manifest);
  const auto read_header = [&](ObjectReader& in) {
    header.gateway = in.string("gateway");
    header.manifests = in.strings("manifests");
  };
  const auto read_line = [&](ObjectReader& in, std::string_view) { reading.line(in); };
  Status lines = read_lines(text, kCredentialsForm, read_header, read_line, manifest.credentials_sha256);
  if (!lines) return lines;
  if (Status keys = sort_keys("API keys", manifest.api_keys, &ApiKey::digest); !keys) return keys;
  if (Status keys = sort_keys("access keys of", manifest.hmac_keys, &HmacKey::access_key); !keys) return keys;
  return index_jwt(manifest);
}

}  // namespace

Status read_credentials(std::string_view text, Manifest& manifest) {
  Header header;
  if (Status read = read_with(text, manifest, header); !read) return read;
  if (header.gateway != manifest.gateway) {
    return Error{
        "is of gateway \"" + header.gateway + "\", the manifest is of gateway \"" + manifest.gateway + "\"",
        "line 1"};
  }
  const std::vector<std::string>& listed = header.manifests;
  if (std::find(listed.begin(), listed.end(), manifest.sha256) == listed.end())
    return Error{"was not written for this manifest", "line 1"};
  return Done{};
}

Status check_credentials(std::string_view text) {
  Manifest manifest;
  Header header;
  return read_with(text, manifest, header);
}

}  // namespace tablegate::core
