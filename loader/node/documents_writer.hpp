// Writes the OpenAPI documents of a gateway into one file beside the manifest:
// documents-HASH.jsonl, a document a line. The manifest says where in it each
// document is, and nginx sends that part of the file. The name is made from the
// contents, so a file never changes, and the one before stays for an nginx that
// still serves from it. Documents are written one after the other: only one of
// them needs memory. A document that cannot be written never stops a sync.
#pragma once

#include <string>
#include <vector>

#include "model/manifest_entries.hpp"
#include "node/output_folder.hpp"
#include "node/sync_report.hpp"

namespace tablegate::loader {

// Where the documents of `contents` are. What cannot be written is left out and named in `report`.
std::vector<DocumentEntry> write_documents(const OutputFolder& folder, const ManifestContents& contents,
                                           SyncReport& report);

// The name of the file that a manifest's documents are in; empty: it has none.
std::string documents_file_of(const std::string& manifest);

// Removes the files that neither the manifest nor the previous one names.
void remove_old_documents(const OutputFolder& folder);

}  // namespace tablegate::loader
