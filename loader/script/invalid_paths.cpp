#include "script/invalid_paths.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "script/path_condition.hpp"

namespace tablegate::loader {

namespace {

using Decisions = std::vector<const PathDecision*>;

// Whether a path may have decided all of these: nothing that it decided is the other way round.
bool may_match(const ProgramPath& path, const Decisions& decisions) {
  return std::all_of(decisions.begin(), decisions.end(), [&path](const PathDecision* one) {
    return std::none_of(path.decided.begin(), path.decided.end(), [one](const PathDecision& other) {
      return other.test == one->test && other.outcome != one->outcome;
    });
  });
}

core::Expression all_of(const Decisions& decisions) {
  std::vector<core::Expression> operands;
  for (const PathDecision* one : decisions) {
    core::Expression operand = one->test;
    if (!one->outcome) {
      core::Expression negated;
      negated.kind = core::Expression::Kind::logical_not;
      negated.operands.push_back(std::move(operand));
      operand = std::move(negated);
    }
    operands.push_back(std::move(operand));
  }
  if (operands.size() == 1) return std::move(operands.front());
  core::Expression all;
  all.kind = core::Expression::Kind::logical_and;
  all.operands = std::move(operands);
  return all;
}

}  // namespace

std::vector<InvalidPath> invalid_paths(const std::vector<CheckedPath>& paths, bool complete,
                                       const std::vector<RequestParameter>& parameters,
                                       std::vector<std::string>& unsaid) {
  std::vector<InvalidPath> invalid;
  for (const CheckedPath& each : paths) {
    if (each.reason.empty()) continue;
    Decisions kept;
    bool in_loop = false;
    for (const PathDecision& one : each.path->decided) {
      if (one.of_item)
        in_loop = true;
      else
        kept.push_back(&one);
    }
    const auto matches_valid = [&paths](const Decisions& decisions) {
      return std::any_of(paths.begin(), paths.end(), [&decisions](const CheckedPath& other) {
        return other.reason.empty() && may_match(*other.path, decisions);
      });
    };
    if (kept.empty() || (in_loop && (!complete || matches_valid(kept)))) {
      unsaid.push_back(each.reason);
      continue;
    }
    for (size_t i = 0; complete && kept.size() > 1 && i < kept.size();) {
      Decisions fewer = kept;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      if (matches_valid(fewer))
        ++i;
      else
        kept = std::move(fewer);
    }
    InvalidPath path{all_of(kept), {}, each.reason};
    if (std::any_of(invalid.begin(), invalid.end(),
                    [&path](const InvalidPath& other) { return other.when == path.when; }))
      continue;
    std::set<uint32_t> places;
    add_parameters(path.when, places);
    for (const uint32_t place : places)
      if (place < parameters.size()) path.parameters.push_back(parameters[place].name);
    invalid.push_back(std::move(path));
  }
  return invalid;
}

}  // namespace tablegate::loader
