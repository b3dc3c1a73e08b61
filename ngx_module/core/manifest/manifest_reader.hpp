// Reads a manifest and the credentials beside it (schema/README.md has their
// form). The one parser for both sides: `tablegate sync` runs it over what it is
// about to write, nginx's master over what it is about to serve.
#pragma once

#include <memory>
#include <string_view>

#include "core/manifest/manifest.hpp"
#include "core/result.hpp"

namespace tablegate::core {

constexpr int kManifestFormat = 2;

// Parses a whole manifest, without consumers: no caller has a right. `text` is needed during the call only.
// The error has the line and the reason: a missing or torn header, a newer format, bytes that do not have the
// header's digest, unknown kinds, members and values, ids and routes given twice, references to what is not
// there.
Result<std::unique_ptr<const Manifest>> read_manifest(std::string_view text);

// The same with the consumers of `credentials` (credentials_reader.hpp).
Result<std::unique_ptr<const Manifest>> read_manifest(std::string_view text, std::string_view credentials);

}  // namespace tablegate::core
