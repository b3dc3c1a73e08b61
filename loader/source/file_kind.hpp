// What a file is by its first bytes: packed, or of another program. Its name says
// nothing: gzip comes as .GZ or without an ending, an xlsx as .csv.
#pragma once

#include <cstddef>
#include <string_view>

namespace tablegate::loader {

struct FileKind {
  const char* name;  // "an xlsx workbook"; null: nothing that is known
  const char* way;   // to rows: a command with FILE in it, or empty
};

constexpr size_t kKindBytes = 4096;  // that decide most, fewer are enough at the end of a file

// Of gzip files `name` is "gzip" and there is no way: they are read.
FileKind file_kind(std::string_view begin);
bool is_gzip(std::string_view begin);

}  // namespace tablegate::loader
