// The form that manifest.json and credentials.json share: a header line with
// the format and the SHA-256 of all bytes after it, then one JSON object per
// line, each ending in LF. Internal to manifest_reader.cpp and
// credentials_reader.cpp.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/manifest/manifest_object.hpp"
#include "core/result.hpp"

namespace tablegate::core {

struct LineForm {
  const char* what;  // "manifest": for messages
  int format;        // the one that is read
};

using ReadObject = std::function<void(ObjectReader&)>;
using ReadLine = std::function<void(ObjectReader&, std::string_view text)>;  // with its bytes

// Calls `header` with the first line, whose members `format` and `sha256` are read here, then `line` with
// each of the others. `sha256` gets the digest. `text` is needed during the call only.
Status read_lines(std::string_view text, const LineForm& form, const ReadObject& header, const ReadLine& line,
                  std::string& sha256);

}  // namespace tablegate::core
