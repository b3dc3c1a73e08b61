#include "compile/sample_call.hpp"

#include <algorithm>
#include <utility>

#include "base/percent.hpp"
#include "base/refusal.hpp"
#include "compile/compiled_api.hpp"
#include "compile/manifest_writer.hpp"
#include "core/manifest/manifest_reader.hpp"
#include "core/route/router.hpp"

namespace tablegate::loader {
namespace {

constexpr std::string_view kFormBody = "application/x-www-form-urlencoded";

}  // namespace

SampleCall::SampleCall(const ApiEntry& entry, const Values& given) {
  ManifestContents contents;
  contents.gateway = "api test";
  contents.apis.push_back(entry);
  contents.apis.back().domains.clear();  // any host: there is none
  auto manifest = core::read_manifest(write_manifest(contents));
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
