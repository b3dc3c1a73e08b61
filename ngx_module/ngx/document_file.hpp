// The file of the OpenAPI documents, beside the manifest (schema/README.md). The
// master opens it at start and reload; workers send parts of it through the same
// descriptor, so they open nothing. `tablegate sync` never changes a file that
// it has written: the bytes stay what the manifest says of them.
#pragma once

#include <string>
#include <vector>

#include "core/manifest/manifest.hpp"

namespace tablegate::ngx {

class DocumentFile {
 public:
  DocumentFile() = default;
  ~DocumentFile();
  DocumentFile(const DocumentFile&) = delete;
  DocumentFile& operator=(const DocumentFile&) = delete;

  // Returns what is wrong, in words that follow the file's name; empty: it is open and holds all of
  // `documents`.
  std::string open(const std::string& name, const std::vector<core::Document>& documents);

  // -1: it is not open.
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

}  // namespace tablegate::ngx
