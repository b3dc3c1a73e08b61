// The paths of a statement program that are looked at before it serves, enumerated
// over the truth of its conditions, without those that no call takes: all of them
// where they are at most kAllPaths, else those with as few conditions true as
// possible, with each alone, each pair, and as many as possible. Works on the nodes
// alone: nothing here knows how a definition was written. The work is bounded: where it
// does not suffice, contradictions are not searched, then no pairs are looked at.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/plan/node.hpp"
#include "core/plan/path.hpp"

namespace tablegate::loader {

inline constexpr size_t kAllPaths = 256;
// With more conditions than this, pairs are not looked at.
inline constexpr size_t kPairedConditions = 90;

// What a placeholder is bound to.
struct PathValue {
  uint32_t parameter = 0;
  std::optional<size_t> item = {};  // of the parameter's list: of a foreach that goes through it, or named
  std::string number = {};          // not empty: the number of a foreach's round is bound
};

// A condition that a path decides and that nothing before it has decided.
struct PathDecision {
  core::Expression test;  // a list alone: it has items. Items of a foreach are those of its list: (at ids 0)
  bool outcome = false;
  bool of_item = false;  // it depends on the item or the number of a foreach's round
};

struct ProgramPath {
  std::vector<uint32_t> present;  // parameters that its conditions require to be present, ascending
  std::vector<PathValue> values;  // of the placeholders, in their order
  std::string decisions;          // eight a byte, as core::Path::more has them
  std::vector<PathDecision> decided;

  // Valid as long as this object.
  core::Path path() const;
};

struct PathParameters {
  // Whether a parameter is present in every request.
  std::function<bool(uint32_t parameter)> always;
  // How many items its list has, at least 1.
  std::function<size_t(uint32_t parameter)> items;
  // False: it is a list that has items wherever it is present. Empty: there is none.
  std::function<bool(uint32_t parameter)> may_be_empty = {};
};

struct ProgramPaths {
  std::vector<ProgramPath> paths;
  bool complete = false;  // no call takes another path; items of lists aside, which may be more
  bool combined = true;   // what follows from several conditions together was looked for
};

// Each path once, those with few parameters first. A path of a call that a RejectNode of `nodes` rejects is
// left out.
ProgramPaths program_paths(const core::Nodes& nodes, const PathParameters& parameters);

// The paths through `nodes` of the calls that take `paths` through other nodes, which ask the same conditions
// in another order. Nullopt: it is not known.
std::vector<std::optional<ProgramPath>> same_paths(const core::Nodes& nodes, const PathParameters& parameters,
                                                   const std::vector<const ProgramPath*>& paths,
                                                   bool combined);

}  // namespace tablegate::loader
