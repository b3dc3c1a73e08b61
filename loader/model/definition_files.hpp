// Files that a definition names and whose text becomes a member of it: the DDL of a
// Table, the script of an Api.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "model/definition.hpp"

namespace tablegate::loader {

// A relative path belongs to the folder of the definition's file.
std::filesystem::path beside_definition(const Definition& definition, const std::string& name);

// Why a path does not lead to a file below the definition's folder; empty: it does, symbolic links aside.
std::string bad_file_below(const std::string& name);

// Replaces the member `from`, the name of a file of at most `limit` bytes, by the member `into` with its
// text. Returns why the file is refused; empty: it was read. Throws SystemFailure when it cannot be read.
std::string fold_file(Definition& definition, const char* from, const char* into, size_t limit);

// Adds a member with this text.
void set_text(Definition& definition, const char* name, const std::string& text);

}  // namespace tablegate::loader
