// The paths of a statement program that are looked at before it serves, enumerated
// over the truth of its conditions: all of them where they are at most kAllPaths, else
// those with no condition true, each alone, each pair, and all. Works on the nodes
// alone: nothing here knows how a definition was written.
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

// What a placeholder is bound to.
struct PathValue {
  uint32_t parameter = 0;
  std::optional<size_t> item = {};  // of the parameter's list, where a foreach goes through it
};

// A condition that a path decided.
struct PathDecision {
  core::Expression test;
  bool outcome = false;
  bool in_loop = false;  // it reads the item or the index of a foreach
};

struct ProgramPath {
  std::vector<uint32_t> present;  // parameters that a condition requires and that are present, ascending
  std::vector<PathValue> values;  // of the placeholders, in their order
  std::vector<PathDecision> decided;
  std::string decisions;          // eight a byte, as core::Path::more has them

  // Valid as long as this object.
  core::Path path() const;
};

struct PathParameters {
  // Whether a parameter is present in every request, so that its conditions are never false.
  std::function<bool(uint32_t parameter)> always;
  // How many items its list has, at least 1.
  std::function<size_t(uint32_t parameter)> items;
};

// Each path once, those with few parameters first.
std::vector<ProgramPath> program_paths(const core::Nodes& nodes, const PathParameters& parameters);

}  // namespace tablegate::loader
