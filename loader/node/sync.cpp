#include "node/sync.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <functional>
#include <string_view>
#include <thread>

#include "base/refusal.hpp"
#include "base/trusted_folder.hpp"
#include "core/manifest/manifest_reader.hpp"
#include "node/certificate_copies.hpp"
#include "node/listen_effects.hpp"
#include "node/nginx_version.hpp"
#include "node/served_manifest.hpp"
#include "node/shell_command.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kManifest = "manifest.json";
constexpr const char* kDomains = "domains.conf";
// Exists until the new files are checked and nginx reads them. Holds kChecked once the check has passed, or
// there is none, and the reload begins: from then on nginx may serve them.
constexpr const char* kPending = ".pending";
constexpr const char* kChecked = "checked\n";
// For a reload whose command failed after it had signalled nginx.
constexpr std::chrono::milliseconds kTakesOver{1000};

void put_back(const OutputFolder& folder) {
  try {
    folder.write(kPending, "");  // one that dies here leaves files of two syncs
  } catch (const SystemFailure&) {
    // The mark of before is still there: they are looked at again.
  }
  folder.put_back(kManifest);
  folder.put_back(kDomains);
  folder.sync();
  folder.remove(kPending);
}

bool was_taken_over(const OutputFolder& folder) {
  const std::optional<ServedManifest> served = read_served(folder.path());
  return served && was_taken_over(folder.path(), *served);
}

// Whether what stands in the folder is what to keep: also of a sync that died, where it had passed the check
// or nginx has read it since. What it left as NAME.previous is older, and may hold keys that nginx no longer
// takes.
bool is_good(const OutputFolder& folder) {
  return !folder.exists(kPending) || folder.read(kPending) == kChecked || was_taken_over(folder);
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

// How a command failed, in words; empty: it did not.
std::string fault_of(const std::string& option, const ShellOutcome& outcome) {
  // nginx only warns of a second server block with the same name, and ignores it.
  if (option == "--check" && outcome.output.find("conflicting server name") != std::string::npos)
    return "warns of a conflicting server name";
  // With `tablegate_manifest FILE optional` nginx starts without it.
  if (option == "--check" && outcome.output.find("tablegate: no API is served") != std::string::npos)
    return "reports that no API would be served";
  return outcome.ok ? "" : "failed (" + outcome.how + ")";
}

// Throws Refused where it failed; `after` says what became of the files.
void run(const std::string& option, const std::string& command, std::chrono::milliseconds limit,
         const std::function<const char*(const ShellOutcome&)>& after) {
  if (command.empty()) return;
  const ShellOutcome outcome = run_shell(command, limit);
  const std::string fault = fault_of(option, outcome);
  if (fault.empty()) return;
  throw Refused(fmt::format("{} {}: {}. Its output:{}", option, fault, after(outcome),
                            outcome.output.empty() ? " nothing" : indented(outcome.output)),
                Hint::again());
}

// nginx runs, and takes over the files of the folder, at once or shortly.
bool is_taken_over(const OutputFolder& folder) {
  const auto end = std::chrono::steady_clock::now() + kTakesOver;
  for (;;) {
    const std::optional<ServedManifest> served = read_served(folder.path());
    if (!served || served->stopped) return false;
    if (was_taken_over(folder.path(), *served)) return true;
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// After this the files stay or are put back, and the mark is removed or makes the next sync try again.
void prove(const OutputFolder& folder, const SyncCommands& commands) {
  run("--check", commands.check, commands.limit, [&folder](const ShellOutcome&) {
    put_back(folder);
    return "both files are put back";
  });
  folder.write(kPending, kChecked);
  folder.sync();
  run("--reload", commands.reload, commands.limit, [&](const ShellOutcome& outcome) {
    if (is_taken_over(folder)) {
      folder.remove(kPending);
      return "the new files stay, for nginx has taken them over";
    }
    // It may do so yet. The next sync checks and reloads again.
    if (outcome.timed_out && !commands.check.empty()) return "the new files stay, for they passed --check";
    put_back(folder);
    return "both files are put back";
  });
}

void keep_good_files(const OutputFolder& folder) {
  if (!is_good(folder)) return;
  folder.keep_previous(kManifest);
  folder.keep_previous(kDomains);
  folder.sync();
}

std::string absolute_path(const OutputFolder& folder) {
  return std::filesystem::canonical(folder.path()).string();
}

// A new listen line that would take something from other server blocks is not written: `text` is then what
// nginx has. Without --check, or with one that does not run nginx -t, nothing is known of others.
std::string beside_others(std::string text, const std::string& previous, const SyncCommands& commands,
                          DomainReport& report) {
  const std::vector<NginxServer> ours = parse_nginx_servers(text, kDomains);
  const std::vector<NginxServer> before = parse_nginx_servers(previous, kDomains);
  if (!has_new_listen(ours, before)) return text;
  const std::optional<NginxConfig> config = read_nginx_config(commands.check, commands.limit);
  if (!config) return text;
  ListenEffects effects = listen_effects(ours, before, config->servers);
  report.notes = std::move(effects.notes);
  if (effects.faults.empty()) return text;
  for (const std::string& fault : effects.faults) {
    report.faults.push_back(fault);
    report.reported.push_back(fault);
  }
  return previous.empty() ? "# No server block can be written yet: `tablegate sync` says why.\n" : previous;
}

// The domains.conf that nginx has: after a sync that died before its check had passed, the previous one.
std::string domains_text(const OutputFolder& folder, const ManifestContents& contents,
                         const SyncCommands& commands, CertificateCopies& copies, DomainReport& report) {
  const std::string last = is_good(folder) ? std::string(kDomains) : std::string(kDomains) + ".previous";
  DomainsPlace place;
  place.folder = absolute_path(folder);
  place.copies = &copies;
  place.previous = folder.read(last).value_or("");
  place.now = static_cast<int64_t>(std::time(nullptr));
  place.http2_on = [&commands] {
    const auto version = find_nginx_version(commands.nginx_version, {commands.check, commands.reload});
    return version && version->has_http2_directive();
  };
  place.ipv6 = has_ipv6();
  return beside_others(write_domains(contents, place, report), place.previous, commands, report);
}

// A block that was kept without a copy names files that nginx may no longer be able to read (its message has
// their paths in quotes): then nothing is changed.
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
        "\na server block that was kept names the same files, and there is no copy of good ones yet: no "
        "change takes effect until they are corrected, or the API is published without that domain";
    text += why;
    reported += why;
  }
  throw CertificateRefusal(text, reported, refused.next());
}

}  // namespace

void refuse_other_gateway(const std::string& folder, const std::string& gateway) {
  const std::optional<ManifestIdentity> there = written_manifest(folder);
  if (!there || there->gateway == gateway) return;
  throw Refused(fmt::format("{0}: holds the files of gateway {1}, not of {2}; nothing was written; if {1} is "
                            "no longer served from "
                            "here, remove {0}/manifest.json",
                            folder, there->gateway, gateway),
                Hint::again().set("--output", "DIR"));
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
        fmt::format("the gateway would reject this manifest; nothing was written: {}", read.error().text()));
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
    prove(folder, commands);
  } catch (const Refused& refused) {  // of a command: what becomes of the files is done
    if (report.faults.empty()) throw;
    tell_of_kept(refused, report);
  } catch (...) {
    if (!was_taken_over(folder)) put_back(folder);
    throw;
  }
  folder.remove(kPending);
  folder.sync();
  copies.keep(report.warnings);
  return SyncResult::written;
}

}  // namespace tablegate::loader
