// The files of schema/, and loader/script/functions.txt, that are compiled into the loader, so that an
// installed `tablegate` needs no source folder. schema/embed.sh writes the functions' definitions to
// build/obj/embedded.cpp.
#pragma once

#include <string_view>
#include <vector>

namespace tablegate::loader {

struct EmbeddedFile {
  std::string_view name;     // without folder: "001_catalog.sql", "api.schema.json"
  std::string_view content;  // NUL-terminated, static
};

// Sorted by name, which is the order in which migrations run.
const std::vector<EmbeddedFile>& embedded_migrations();         // of the catalog
const std::vector<EmbeddedFile>& embedded_mirror_migrations();  // of the mirror's database
// One file each: functions.sql.
const std::vector<EmbeddedFile>& embedded_functions();
const std::vector<EmbeddedFile>& embedded_mirror_functions();
const std::vector<EmbeddedFile>& embedded_schemas();
// One file: functions.txt.
const std::vector<EmbeddedFile>& embedded_script_functions();

}  // namespace tablegate::loader
