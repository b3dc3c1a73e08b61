// Reads credentials.json: the keys of the gateways, and consumers with their keys, their JWT settings and the
// APIs that they may call. The file is beside the manifest and changes alone.
// Its header lists the digests of the manifests that it may be served with, so
// that nginx never combines a manifest with credentials of another time. Part
// of read_manifest() (manifest_reader.hpp).
#pragma once

#include <string_view>

#include "core/manifest/manifest.hpp"
#include "core/result.hpp"

namespace tablegate::core {

constexpr int kCredentialsFormat = 1;

// Adds the consumers of `text` to `manifest`, which has its APIs. An authorization for an API that the
// manifest does not have gives nothing. The error has the line and the reason: another gateway's file, one of
// another manifest, damage, unknown members and values, names and keys given twice.
Status read_credentials(std::string_view text, Manifest& manifest);

// Whether `text` could be read with the manifests that it lists.
Status check_credentials(std::string_view text);

}  // namespace tablegate::core
