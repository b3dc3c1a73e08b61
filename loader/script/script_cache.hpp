// Scripts that this process has read, so that the steps of a command, which read the
// same script several times, parse its SQL once. Bounded: when it is full, it is
// emptied. Not for several threads: read_script() is called by one.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "script/script.hpp"

namespace tablegate::loader {

// Of the inputs together, in bytes, each with 1 KiB more.
inline constexpr size_t kMaxCachedScripts = size_t{4} << 20U;

struct ReadScript {
  Script script;
  std::vector<ScriptFault> faults;
};

class ScriptCache {
 public:
  // `read`: called where no input like this one is known. The result is valid until the next call.
  const ReadScript& find(const ScriptInput& input, const std::function<ReadScript()>& read);
  size_t size() const { return known_.size(); }

 private:
  std::unordered_map<std::string, ReadScript> known_;
  size_t bytes_ = 0;
};

}  // namespace tablegate::loader
