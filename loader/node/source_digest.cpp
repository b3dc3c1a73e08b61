#include "node/source_digest.hpp"

#include "base/json_text.hpp"
#include "compile/manifest_line.hpp"
#include "core/manifest/manifest_reader.hpp"
#include "core/version.hpp"
#include "node/documents_writer.hpp"

namespace tablegate::loader {
namespace {

// To be raised with each change of what compile/ makes of the same rows.
constexpr int kForm = 1;
constexpr size_t kMostPending = size_t{1} << 20;

}  // namespace

void SourceDigest::add(std::string_view text) {
  pending_ += std::to_string(text.size());  // so that no two lists of texts are the same
  pending_ += ':';
  pending_ += text;
  if (pending_.size() > kMostPending) fold();
}

void SourceDigest::add(const Rows& rows) {
  const int columns = PQnfields(rows.get());
  for (int row = 0; row < rows.size(); ++row) {
    for (int column = 0; column < columns; ++column)
      add(rows.null(row, column) ? "\n" : rows.text(row, column));
  }
}

void SourceDigest::fold() {
  pending_ = digest_of_lines(pending_);
}

std::string SourceDigest::finish() {
  add(core::kVersion);
  add(std::to_string(core::kManifestFormat) + "." + std::to_string(kForm));
  fold();
  return pending_;
}

std::string source_of(const OutputFolder& folder, const std::string& manifest) {
  const size_t end = manifest.find('\n');
  JsonDocument header;
  if (end == std::string::npos) return {};
  if (!parse_json(std::string_view(manifest).substr(0, end), header).empty() || !header.IsObject()) return {};
  const std::string source = json_member(header, "source");
  if (source.empty() ||
      digest_of_lines(std::string_view(manifest).substr(end + 1)) != json_member(header, "sha256"))
    return {};
  const std::string documents = documents_file_of(manifest);
  return documents.empty() || folder.exists(documents) ? source : std::string();
}

}  // namespace tablegate::loader
