// Files that a definition names and whose text becomes a member of it: the DDL of a
// Table, the script of an Api.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "model/definition.hpp"

namespace tablegate::loader {

// A relative path belongs to the folder of the definition's file.
std::filesystem::path beside_definition(const Definition& definition, const std::string& name);

// Where the file that a definition names may be. `below`: in the definition's folder or in one of its
// folders; no symbolic link leads out.
enum class FilePlace : uint8_t { any, below };

// Replaces the member `from`, the name of a regular file of at most `limit` bytes, by the member `into` with
// its text. Returns why the file is rejected; empty: it was read. Throws SystemFailure when it cannot be
// read. Never waits: a pipe or a device is rejected.
std::string fold_file(Definition& definition, const char* from, const char* into, size_t limit,
                      FilePlace place);

// Adds a member with this text.
void set_text(Definition& definition, const char* name, const std::string& text);

}  // namespace tablegate::loader
