// A call of one draft or version without a gateway: its manifest, read by the
// gateway's parser, and a request made of values and samples, routed and bound by
// the gateway's own code. `api test` runs it; the plan gate explains it.
//   SampleCall call(entry, {});
//   if (call.problem()) ...what the caller would be answered...
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "compile/sample_request.hpp"
#include "core/answer/problem.hpp"
#include "core/arena.hpp"
#include "core/call/parameters.hpp"
#include "core/manifest/manifest.hpp"
#include "core/plan/bound_values.hpp"
#include "model/manifest_entries.hpp"

namespace tablegate::loader {

class SampleCall {
 public:
  // `given` as in sample_request(). Throws Refused when the gateway would not serve it, or for a name that it
  // does not have.
  SampleCall(const ApiEntry& entry, const Values& given);
  SampleCall(const SampleCall&) = delete;
  SampleCall& operator=(const SampleCall&) = delete;

  // Why nothing is bound: no route leads to the API, or the gateway's binder rejects the request.
  const core::Problem& problem() const { return problem_; }
  const core::Manifest& manifest() const { return *manifest_; }
  // Null: no route leads to it.
  const core::Api* api() const { return api_; }
  // That problems are answered in.
  core::Envelope envelope() const { return envelope_; }
  // Where there is no problem. Valid as long as this object.
  const core::BoundValues& bound() const { return bound_; }
  core::Arena& arena() { return arena_; }
  // Required parameters with neither value nor sample.
  const std::vector<std::string>& missing() const { return missing_; }

 private:
  // The request's headers as nginx would hand them to core.
  class Headers final : public core::HeaderSource {
   public:
    void add(const std::string& name, const std::string& value) { headers_.emplace_back(name, value); }
    void visit(Visitor& visitor) const override {
      for (const auto& [name, value] : headers_) visitor.header(name, value);
    }

   private:
    Values headers_;
  };

  void make_request(const ApiEntry& entry, const Values& given);
  void bind();

  std::unique_ptr<const core::Manifest> manifest_;
  const core::Api* api_ = nullptr;
  core::Envelope envelope_{};
  std::string path_, query_;
  std::string form_;  // the body of a POST
  Headers headers_;
  std::vector<std::string> missing_;
  core::BlockArena arena_;
  core::BoundValues bound_;
  core::Problem problem_;
};

}  // namespace tablegate::loader
