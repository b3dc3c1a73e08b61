#include "node/sync.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <string_view>

#include "base/refusal.hpp"
#include "base/trusted_folder.hpp"
#include "core/manifest/manifest_reader.hpp"
#include "node/certificate_copies.hpp"
#include "node/nginx_version.hpp"
#include "node/served_manifest.hpp"
#include "node/shell_command.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kManifest = "manifest.json";
constexpr const char* kDomains = "domains.conf";
constexpr const char* kPending = ".pending";  // exists while the files stand unproved

void put_back(const OutputFolder& folder) {
  folder.put_back(kManifest);
  folder.put_back(kDomains);
  folder.sync();
  folder.remove(kPending);
}

std::string indented(std::string_view output) {
  std::string text;
  while (!output.empty()) {
    const size_t end = output.find('\n');
    text += "\n  " + std::string(output.substr(0, end));
    output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
  }
  return text;
}

void run(const std::string& option, const std::string& command) {
  if (command.empty()) return;
  const ShellOutcome outcome = run_shell(command);
  // nginx only warns of a second server block of one name, and leaves it out.
  const bool conflict =
      option == "--check" && outcome.output.find("conflicting server name") != std::string::npos;
  if (outcome.ok && !conflict) return;
  throw Refused(fmt::format("{} {}: both files are put back. It said:{}", option,
                            conflict ? "warns of a conflicting server name" : "failed (" + outcome.how + ")",
                            outcome.output.empty() ? " nothing" : indented(outcome.output)),
                command);
}

// A mark that a sync left which died: the files were never proved, NAME.previous are the last good ones.
void keep_good_files(const OutputFolder& folder) {
  if (folder.exists(kPending)) return;
  folder.keep_previous(kManifest);
  folder.keep_previous(kDomains);
  folder.sync();
}

std::string absolute_path(const OutputFolder& folder) {
  return std::filesystem::canonical(folder.path()).string();
}

// The domains.conf that nginx has: of a sync that died, the one before.
std::string domains_text(const OutputFolder& folder, const ManifestContents& contents,
                         const SyncCommands& commands, CertificateCopies& copies, DomainReport& report) {
  const std::string last =
      folder.exists(kPending) ? std::string(kDomains) + ".previous" : std::string(kDomains);
  DomainsPlace place;
  place.folder = absolute_path(folder);
  place.copies = &copies;
  place.previous = folder.read(last).value_or("");
  place.now = static_cast<int64_t>(std::time(nullptr));
  place.http2_on = [&commands] {
    const auto version = find_nginx_version(commands.nginx_version, {commands.check, commands.reload});
    return version && version->has_http2_directive();
  };
  return write_domains(contents, place, report);
}

// A block that was kept without a copy names files which nginx may not read any more (it says so with their
// paths in quotes): then the whole of it stays as it was.
[[noreturn]] void tell_of_kept(const Refused& refused, const DomainReport& report) {
  std::string text = refused.what();
  const auto said = [&](const std::string& file) { return text.find('"' + file + '"') != std::string::npos; };
  const bool is_cause = std::any_of(report.kept_files.begin(), report.kept_files.end(), said);
  for (const std::string& fault : report.faults) text += "\n" + fault;
  // The command names what it stumbled over: where that is a certificate, its output is about that file.
  std::string reported =
      is_cause ? "nginx cannot read a certificate that a kept block names" : std::string(refused.what());
  for (const std::string& fault : report.reported) reported += "\n" + fault;
  if (is_cause) {
    const char* const why =
        "\na block that was kept names the same files, and there is no copy of good ones yet: nothing new "
        "goes through until they are right, or the API is published without that domain";
    text += why;
    reported += why;
  }
  throw CertificateRefusal(text, reported, refused.next());
}

}  // namespace

void refuse_other_gateway(const std::string& folder, const std::string& gateway) {
  const std::optional<ManifestIdentity> there = written_manifest(folder);
  if (!there || there->gateway == gateway) return;
  throw Refused(
      fmt::format("{}: holds the files of gateway {}, not of {}; nothing was written", folder, there->gateway,
                  gateway),
      fmt::format("tablegate sync --output ANOTHER-FOLDER --gateway {}, or, when {} is to be served "
                  "from here no longer: rm {}/manifest.json",
                  gateway, there->gateway, folder));
}

SyncResult sync_folder(const OutputFolder& folder, const ManifestContents& contents,
                       const SyncCommands& commands, bool reload_owed, DomainReport& report) {
  refuse_other_gateway(folder.path(), contents.gateway);
  check_trusted_files(folder.path() + "/domains.d");  // domains.conf includes files of it
  const std::string manifest = write_manifest(contents);
  CertificateCopies copies(folder, absolute_path(folder));
  const std::string domains = domains_text(folder, contents, commands, copies, report);
  if (const auto read = core::read_manifest(manifest); !read) {
    throw Refused(
        fmt::format("the gateway would refuse this manifest, nothing was written: {}", read.error().text()));
  }
  const bool due = reload_owed || folder.exists(kPending);
  if (!due && folder.read(kManifest) == manifest && folder.read(kDomains) == domains) {
    copies.keep(report.warnings);
    return SyncResult::unchanged;
  }
  keep_good_files(folder);
  folder.write(kPending, "");
  folder.sync();
  try {
    folder.write(kManifest, manifest);
    folder.write(kDomains, domains);
    folder.sync();
    run("--check", commands.check);
    run("--reload", commands.reload);
  } catch (const Refused& refused) {
    put_back(folder);
    if (report.faults.empty()) throw;
    tell_of_kept(refused, report);
  } catch (...) {
    put_back(folder);
    throw;
  }
  folder.remove(kPending);
  folder.sync();
  copies.keep(report.warnings);
  return SyncResult::written;
}

}  // namespace tablegate::loader
