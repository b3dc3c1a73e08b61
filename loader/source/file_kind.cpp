#include "source/file_kind.hpp"

namespace tablegate::loader {
namespace {

struct Magic {
  std::string_view bytes;
  bool binary_behind;  // words that a file of rows may begin with: no text follows
  FileKind kind;
};

constexpr Magic kMagics[] = {
    {{"\xfd"
      "7zXZ\0",
      6},
     false,
     {"an xz file", "xz -dc FILE"}},
    {"\x28\xb5\x2f\xfd", false, {"a zstd file", "zstd -dc FILE"}},
    {"BZh", false, {"a bzip2 file", "bzip2 -dc FILE"}},
    {"\x04\x22\x4d\x18", false, {"an lz4 file", "lz4 -dc FILE"}},
    {"\x1f\x9d", false, {"a compress file", "gzip -dc FILE"}},
    {{"\xff\x06\0\0sNaPpY", 10}, false, {"a snappy file", ""}},
    {"7z\xbc\xaf\x27\x1c", false, {"a 7z archive", "7z x -so FILE"}},
    {"Rar!\x1a\x07", false, {"a rar archive", "unrar p -inul FILE"}},
    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", false, {"an Excel workbook of the old form (xls)", ""}},
    {"PAR1", true, {"a Parquet file", ""}},
    {"ORC", true, {"an ORC file", ""}},
    {"Obj\x01", false, {"an Avro file", ""}},
    {"ARROW1", true, {"an Arrow file", ""}},
    {{"SQLite format 3\0", 16}, false, {"an SQLite database", ""}},
    {"PGDMP", true, {"a dump of pg_dump", ""}},
    {"%PDF-", false, {"a PDF document", ""}},
};

// Of a ZIP archive, by the names in its first entries.
FileKind zip_kind(std::string_view begin) {
  const auto holds = [begin](std::string_view name) { return begin.find(name) != std::string_view::npos; };
  if (holds("[Content_Types].xml") || holds("xl/") || holds("_rels/.rels"))
    return {"an xlsx workbook", "libreoffice --headless --convert-to csv FILE"};
  if (holds("mimetypeapplication/vnd.oasis.opendocument"))
    return {"an OpenDocument file", "libreoffice --headless --convert-to csv FILE"};
  return {"a zip archive", "unzip -p FILE"};
}

bool is_binary(std::string_view byte) {
  return !byte.empty() && static_cast<unsigned char>(byte[0]) < ' ' && byte[0] != '\t' && byte[0] != '\r' &&
         byte[0] != '\n';
}

bool is_bzip2(std::string_view begin) {
  return begin.size() >= 10 && begin.substr(0, 3) == "BZh" &&
         (begin.substr(4, 6) == "1AY&SY" || begin.substr(4, 6) == "\x17\x72\x45\x38\x50\x90");
}

}  // namespace

bool is_gzip(std::string_view begin) {
  return begin.substr(0, 3) == "\x1f\x8b\x08";
}

FileKind file_kind(std::string_view begin) {
  if (is_gzip(begin)) return {"gzip", ""};
  if (begin.substr(0, 4) == "PK\x03\x04" || begin.substr(0, 4) == "PK\x05\x06") return zip_kind(begin);
  for (const Magic& magic : kMagics) {
    if (begin.substr(0, magic.bytes.size()) != magic.bytes) continue;
    if (magic.bytes == "BZh" && !is_bzip2(begin)) continue;
    if (magic.binary_behind && !is_binary(begin.substr(magic.bytes.size(), 1))) continue;
    return magic.kind;
  }
  if (begin.size() > 262 && begin.substr(257, 5) == "ustar") return {"a tar archive", "tar -xOf FILE"};
  return {nullptr, ""};
}

}  // namespace tablegate::loader
