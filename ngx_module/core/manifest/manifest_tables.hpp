// The `tables` of a manifest's APIs: which mirrored tables a statement reads, and
// where in its text they stand, so that another relation can be put in. Internal
// to the manifest's readers.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "core/manifest/manifest.hpp"
#include "core/manifest/manifest_object.hpp"

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

// Reads the member "tables" of an API whose `select` is there. What is wrong lands in `in`.
void read_tables(ObjectReader& in, TableNames& names, Api& api);

}  // namespace tablegate::core
