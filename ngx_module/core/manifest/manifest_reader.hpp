// Reads a manifest (schema/README.md has its form). The one parser for both
// sides: `tablegate sync` runs it over what it is about to write, nginx's
// master over what it is about to serve.
#pragma once

#include <memory>
#include <string_view>

#include "core/manifest/manifest.hpp"
#include "core/result.hpp"

namespace tablegate::core {

constexpr int kManifestFormat = 1;

// Parses a whole manifest. `text` is needed during the call only. Refused with
// the line and the reason: a missing or torn header, a newer format, bytes that
// do not have the header's digest, unknown kinds, fields and values, ids and
// routes given twice, references to what is not there.
Result<std::unique_ptr<const Manifest>> read_manifest(std::string_view text);

}  // namespace tablegate::core
