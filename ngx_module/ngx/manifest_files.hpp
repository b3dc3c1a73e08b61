// The files of tablegate_manifest: the manifest, the credentials and the OpenAPI
// documents beside it. The master reads them at start and reload.
#pragma once

#include <string>

#include "ngx/config.hpp"

namespace tablegate::ngx {

// Reads the manifest that config.manifest_file names, and its credentials. Returns the reason why they cannot
// be served, with what helps; empty: config.manifest is set. Warns of credentials that others can read.
std::string read_manifest_files(ngx_conf_t* cf, MainConfig& config);

// Opens the documents of config.manifest where a location sends them. What cannot be sent is no reason to
// serve nothing: it is a warning.
void open_documents(ngx_conf_t* cf, MainConfig& config);

}  // namespace tablegate::ngx
