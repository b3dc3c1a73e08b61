#include "node/documents_writer.hpp"

#include <fmt/format.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/json_text.hpp"
#include "base/refusal.hpp"
#include "compile/manifest_line.hpp"
#include "compile/openapi.hpp"
#include "node/served_manifest.hpp"

namespace tablegate::loader {
namespace {

constexpr std::string_view kPrefix = "documents-", kSuffix = ".jsonl";
constexpr size_t kNameDigits = 32;

std::string host_of(const std::vector<std::string>& domains) {
  return domains.empty() ? "hosts without a domain of their own" : "domain \"" + domains.front() + '"';
}

bool is_documents_file(std::string_view name) {
  return name.size() > kPrefix.size() + kSuffix.size() && name.substr(0, kPrefix.size()) == kPrefix &&
         name.substr(name.size() - kSuffix.size()) == kSuffix;
}

std::vector<DocumentEntry> write_each(const OutputFolder& folder, const ManifestContents& contents,
                                      SyncReport& report) {
  std::vector<std::string> faults;
  const OpenApiDocuments documents(contents, &faults);
  for (const std::string& fault : faults) report.add(fault);
  std::vector<DocumentEntry> entries;
  if (documents.size() == 0) return entries;
  OutputFolder::NewFile file(folder, "documents");
  std::string digests;
  int64_t offset = 0;
  for (size_t place = 0; place < documents.size(); ++place) {
    const std::vector<std::string>& domains = documents.domains(place);
    std::string text;
    try {
      text = documents.write(place);
    } catch (const Failure& failure) {
      report.add(fmt::format("{}: there is no OpenAPI document: {}", host_of(domains), failure.what()));
      continue;
    }
    const auto length = static_cast<int64_t>(text.size());
    entries.push_back({domains, {}, offset, length, digest_of_lines(text)});
    digests += entries.back().sha256;
    file.append(text);
    file.append("\n");
    offset += length + 1;
  }
  const std::string name =
      fmt::format("{}{}{}", kPrefix, digest_of_lines(digests).substr(0, kNameDigits), kSuffix);
  for (DocumentEntry& entry : entries) entry.file = name;
  if (!folder.exists(name)) file.finish(name);
  return entries;
}

}  // namespace

std::vector<DocumentEntry> write_documents(const OutputFolder& folder, const ManifestContents& contents,
                                           SyncReport& report) {
  try {
    return write_each(folder, contents, report);
  } catch (const Failure& failure) {
    report.add(fmt::format("the OpenAPI documents could not be written: {}", failure.what()));
    return {};
  }
}

std::string documents_file_of(const std::string& manifest) {
  constexpr std::string_view kLine = "\n{\"kind\":\"openapi\"";
  const size_t at = manifest.rfind(kLine);
  if (at == std::string::npos) return {};
  JsonDocument line;
  const std::string_view text =
      std::string_view(manifest).substr(at + 1, manifest.find('\n', at + 1) - at - 1);
  return parse_json(text, line).empty() && line.IsObject() ? json_member(line, "file") : std::string();
}

void remove_old_documents(const OutputFolder& folder) {
  std::set<std::string> named;
  const std::string manifest = kManifestFile;
  for (const std::string& file : {manifest, manifest + ".previous"})
    named.insert(documents_file_of(folder.read(file).value_or("")));
  for (const std::string& name : folder.names()) {
    if (is_documents_file(name) && named.count(name) == 0) folder.remove(name);
  }
}

}  // namespace tablegate::loader
