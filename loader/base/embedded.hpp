// The files of schema/ that the loader carries in itself, so that an installed
// `tablegate` needs no folder of the sources. build/obj/embedded.cpp, made by
// schema/embed.sh, defines the functions.
#pragma once

#include <string_view>
#include <vector>

namespace tablegate::loader {

struct EmbeddedFile {
  std::string_view name;     // without folder: "001_catalog.sql", "api.schema.json"
  std::string_view content;  // NUL-terminated, static
};

// Sorted by name; for migrations that is the order they run in.
const std::vector<EmbeddedFile>& embedded_migrations();         // of the catalog
const std::vector<EmbeddedFile>& embedded_mirror_migrations();  // of the mirror's database
// One file each: functions.sql.
const std::vector<EmbeddedFile>& embedded_functions();
const std::vector<EmbeddedFile>& embedded_mirror_functions();
const std::vector<EmbeddedFile>& embedded_schemas();

}  // namespace tablegate::loader
