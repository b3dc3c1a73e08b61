// One API's line of the manifest (schema/README.md), read strictly. Internal to
// manifest_reader.cpp.
#pragma once

#include "core/manifest/manifest.hpp"
#include "core/manifest/manifest_object.hpp"
#include "core/manifest/manifest_tables.hpp"

namespace tablegate::core {

// What is wrong lands in `in`. Api::index is the caller's to set.
// Table numbers are those of `tables`.
Api read_api(ObjectReader& in, TableNames& tables);

}  // namespace tablegate::core
