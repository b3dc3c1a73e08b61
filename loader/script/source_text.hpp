// A piece of a script as it is read: entities decoded, CDATA opened, comments left
// out. Each byte knows the byte of the script that it comes from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "script/script.hpp"

namespace tablegate::loader {

struct SourceText {
  std::string text;
  std::vector<uint32_t> at;  // of each byte of `text`, from 0

  void add(char byte, size_t place) {
    text += byte;
    at.push_back(static_cast<uint32_t>(place));
  }
  // Of the byte at `offset`, or behind the last one.
  size_t place(size_t offset) const {
    if (offset < at.size()) return at[offset];
    if (at.empty()) return 0;
    return size_t{at.back()} + 1;
  }
  bool blank() const { return text.find_first_not_of(" \t\r\n\f\v") == std::string::npos; }
};

// The faults of one script. Of many only the first ones are kept.
class ScriptFaults {
 public:
  ScriptFaults(const std::string& script, std::vector<ScriptFault>& faults)
      : script_(script), faults_(faults) {}

  // `offset`: byte of the script. An empty text is none: the fault has another cause, which was added.
  void add(size_t offset, std::string text);

 private:
  static constexpr size_t kMost = 20;

  const std::string& script_;
  std::vector<ScriptFault>& faults_;
};

}  // namespace tablegate::loader
