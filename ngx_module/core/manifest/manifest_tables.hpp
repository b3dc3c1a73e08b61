// The mirrored tables that the APIs of a manifest read, numbered while its lines
// are read. Internal to the manifest's readers.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "core/manifest/manifest.hpp"

namespace tablegate::core {

// The names that came so far, numbered in the order they came.
class TableNames {
 public:
  uint32_t number(const std::string& name);
  // All lines are read: puts the names into the manifest, sorted, and renumbers its APIs' uses.
  void finish(Manifest& manifest) const;

 private:
  std::unordered_map<std::string, uint32_t> numbers_;
};

}  // namespace tablegate::core
