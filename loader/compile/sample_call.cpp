#include "compile/sample_call.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <utility>

#include "base/percent.hpp"
#include "base/refusal.hpp"
#include "compile/compiled_api.hpp"
#include "compile/credentials_writer.hpp"
#include "compile/manifest_line.hpp"
#include "compile/manifest_writer.hpp"
#include "core/digest.hpp"
#include "core/manifest/manifest_reader.hpp"
#include "core/route/router.hpp"

namespace tablegate::loader {
namespace {

// Encrypts the cursors of tests, so that a test takes the cursor of another one. No gateway has this key.
constexpr std::string_view kTestKey = "746573747320686176652061206b6579206f66207468656972206f776e2e2e2e";
constexpr std::string_view kFormBody = "application/x-www-form-urlencoded";

// With a random mask key: who tests a draft needs no secret of the catalog.
std::string test_credentials(const std::string& gateway, std::string_view manifest) {
  core::Digest key{};
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1)
    throw SystemFailure("OpenSSL could not make random bytes");
  const std::string digest = digest_of_lines(manifest.substr(manifest.find('\n') + 1));
  return write_credentials(
      gateway, {digest},
      credentials_lines({{"cursor", std::string(kTestKey)}, {"mask", core::to_hex(key)}}, {}));
}

}  // namespace

SampleCall::SampleCall(const ApiEntry& entry, const Values& given) {
  ManifestContents contents;
  contents.gateway = "api test";
  contents.apis.push_back(entry);
  contents.apis.back().domains.clear();  // any host: there is none
  const std::string text = write_manifest(contents);
  auto manifest = core::read_manifest(text, test_credentials(contents.gateway, text));
  if (!manifest) throw Refused("the gateway would not serve this draft: " + manifest.error().text());
  manifest_ = std::move(*manifest);
  make_request(contents.apis.back(), given);
  const core::RouteMatch match =
      manifest_->router->find("", path_, manifest_->apis.front().method, query_, &headers_);
  api_ = match.api;
  envelope_ = match.envelope;
  if (api_ == nullptr) {
    problem_ = {core::Slug::api_not_found, {}, {}};
  } else {
    bind();
  }
}

// The gateway's own code reports what is missing.
void SampleCall::make_request(const ApiEntry& entry, const Values& given) {
  const CompiledApi compiled = compile_api(entry);
  const SampleRequest sample =
      sample_request(entry.definition, compiled.name, compiled.path, entry.version_key, given);
  path_ = sample.filled_path([](std::string value) {
    std::replace(value.begin(), value.end(), '/', '\0');  // RequestData::path: data within a segment
    return value;
  });
  query_ = encode_values(sample.query);
  form_ = encode_values(sample.form);
  missing_ = sample.missing;
  for (const auto& [name, value] : sample.headers) headers_.add(name, value);
}

void SampleCall::bind() {
  core::RequestData data;
  data.path = path_;
  data.query = query_;
  data.headers = &headers_;
  data.method = api_->method;
  const core::Body body{core::body_kind(kFormBody, form_), form_};
  data.body = &body;
  problem_ = core::bind_parameters(*api_, data, arena_, bound_);
}

}  // namespace tablegate::loader
