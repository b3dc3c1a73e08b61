#include "node/sync_texts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_text.hpp"
#include "base/refusal.hpp"
#include "compile/credentials_writer.hpp"
#include "compile/manifest_writer.hpp"
#include "core/manifest/manifest_reader.hpp"
#include "node/credential_check.hpp"
#include "node/documents_writer.hpp"
#include "node/served_manifest.hpp"

namespace tablegate::loader {
namespace {

// Each one costs a reading of the whole manifest.
constexpr int kMostRejected = 20;

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

std::string_view lines_of(std::string_view text) {
  const size_t end = text.find('\n');
  return end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
}

// The digest in the header; empty: this is no manifest.
std::string digest_in(std::string_view manifest) {
  JsonDocument header;
  if (!parse_json(first_line(manifest), header).empty() || !header.IsObject()) return {};
  return json_member(header, "sha256");
}

// Removes the line that the parser's error names ("line 7") from `lines`, the manifest's without its header.
// False: it names none of them.
bool remove_rejected(std::string& lines, const core::Error& error, SyncReport& report) {
  constexpr std::string_view kLine = "line ";
  size_t number = 0;
  if (error.where.compare(0, kLine.size(), kLine) != 0) return false;
  std::from_chars(error.where.data() + kLine.size(), error.where.data() + error.where.size(), number);
  size_t from = 0;
  for (; number > 2 && from != std::string::npos; --number) {
    from = lines.find('\n', from);
    if (from != std::string::npos) ++from;
  }
  if (number != 2 || from == std::string::npos || from >= lines.size()) return false;
  const size_t end = lines.find('\n', from);
  JsonDocument line;
  if (!parse_json(std::string_view(lines).substr(from, end - from), line).empty() || !line.IsObject())
    return false;
  report.add(fmt::format("{} \"{}\" is left out, the gateway would reject it: {}", json_member(line, "kind"),
                         json_member(line, "name"), error.message));
  lines.erase(from, end + 1 - from);
  return true;
}

std::string make_manifest(const OutputFolder& folder, ManifestContents& contents, const FolderTexts& before,
                          SyncReport& report) {
  if (contents.is_known) return before.manifest;
  const size_t earlier = report.faults.size();
  std::vector<std::string> faults;
  std::string lines = write_whole_lines(contents, faults);
  for (const std::string& fault : faults) report.add(fault);
  contents.documents = write_documents(folder, contents, report);
  if (report.faults.size() > earlier) contents.source.clear();  // so that the next sync names them again
  std::string fault;
  for (int rejected = 0; rejected <= kMostRejected; ++rejected) {
    std::string text = with_manifest_header(contents, lines);
    if (text == before.manifest) return text;  // it was checked before it was written
    const auto read = core::read_manifest(text);
    if (read) return text;
    fault = read.error().text();
    contents.source.clear();
    if (!remove_rejected(lines, read.error(), report)) break;
  }
  if (!core::read_manifest(before.manifest))
    throw Refused("the gateway would reject this manifest; nothing was written: " + fault,
                  Hint::command({"doctor"}));
  report.add(
      "the gateway would reject this manifest, so the one before stays; keys and authorizations take "
      "effect: " +
      fault);
  return before.manifest;
}

// Whether the credentials in the folder have these lines and may be served with this manifest.
bool are_right(const std::string& credentials, const std::string& gateway, const std::string& lines,
               const std::string& manifest) {
  if (lines_of(credentials) != lines) return false;
  JsonDocument header;
  if (!parse_json(first_line(credentials), header).empty() || !header.IsObject()) return false;
  const JsonValue* const listed = json_find(header, "manifests");
  if (listed == nullptr || !listed->IsArray() || json_member(header, "gateway") != gateway) return false;
  return std::any_of(listed->Begin(), listed->End(), [&manifest](const JsonValue& one) {
    return one.IsString() && json_string(one) == manifest;
  });
}

// Also with the manifests that nginx may read until the new one is in its place, or when it is put back.
std::vector<std::string> manifests_of(const OutputFolder& folder, const std::string& manifest,
                                      const FolderTexts& before) {
  std::vector<std::string> all = {digest_in(manifest)};
  const std::string previous = folder.read(std::string(kManifestFile) + ".previous").value_or("");
  for (std::string digest : {digest_in(before.manifest), digest_in(previous)}) {
    if (!digest.empty() && std::find(all.begin(), all.end(), digest) == all.end())
      all.push_back(std::move(digest));
  }
  return all;
}

std::string make_credentials(const OutputFolder& folder, ManifestContents& contents,
                             const std::string& manifest, const FolderTexts& before, SyncReport& report) {
  const std::string known(lines_of(before.credentials));
  const std::string lines = checked_credentials(contents, known, report);
  if (are_right(before.credentials, contents.gateway, lines, digest_in(manifest))) return {};
  return write_credentials(contents.gateway, manifests_of(folder, manifest, before), lines);
}

std::string make_domains(const ManifestContents& contents, const DomainsPlace& place, SyncReport& report) {
  try {
    return write_domains(contents, place, report);
  } catch (const Refused& refused) {
    report.add(fmt::format("{}; domains.conf stays as it is", refused.what()));
  }
  if (!place.previous.empty()) return place.previous;
  return "# Written by tablegate sync. There is no server block: its log says why.\n";
}

}  // namespace

FolderTexts read_texts(const OutputFolder& folder) {
  return {folder.read(kManifestFile).value_or(""), folder.read(kCredentialsFile).value_or(""),
          folder.read(kDomainsFile).value_or("")};
}

SyncTexts make_texts(const OutputFolder& folder, ManifestContents& contents, const FolderTexts& before,
                     const DomainsPlace& place, SyncReport& report) {
  SyncTexts texts;
  texts.manifest = make_manifest(folder, contents, before, report);
  texts.credentials = make_credentials(folder, contents, texts.manifest, before, report);
  texts.domains = make_domains(contents, place, report);
  return texts;
}

}  // namespace tablegate::loader
