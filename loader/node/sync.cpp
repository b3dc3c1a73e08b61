#include "node/sync.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string_view>
#include <thread>

#include "base/refusal.hpp"
#include "base/trusted_folder.hpp"
#include "node/certificate_copies.hpp"
#include "node/documents_writer.hpp"
#include "node/listen_effects.hpp"
#include "node/nginx_version.hpp"
#include "node/served_manifest.hpp"
#include "node/shell_command.hpp"

namespace tablegate::loader {
namespace {

// Exists until the new files are checked and nginx reads them. Holds kChecked once the check has passed, or
// there is none, and the reload begins: from then on nginx may serve them.
constexpr const char* kPending = ".pending";
constexpr const char* kChecked = "checked\n";
// For a reload whose command failed after it had signalled nginx.
constexpr std::chrono::milliseconds kTakesOver{1000};

// `unread`: there are credentials that nginx may not have read yet. The mark stays, so that the next sync
// checks and reloads.
void put_back(const OutputFolder& folder, bool unread) {
  try {
    folder.write(kPending, "");  // one that dies here leaves files of two syncs
  } catch (const SystemFailure&) {
    // The mark of before is still there: they are looked at again.
  }
  folder.put_back(kManifestFile);
  folder.put_back(kDomainsFile);
  folder.sync();
  if (!unread) folder.remove(kPending);
}

bool files_were_taken_over(const OutputFolder& folder) {
  const std::optional<ServedManifest> served = read_served(folder.path());
  return served && was_taken_over(folder.path(), *served);
}

// Whether the files in the folder are those to keep: also of a sync that died, where it had passed the check
// or nginx has read it since. What it left as NAME.previous is older, and may hold keys that nginx no longer
// takes.
bool is_good(const OutputFolder& folder) {
  return !folder.exists(kPending) || folder.read(kPending) == kChecked || files_were_taken_over(folder);
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
std::string outcome_fault(const std::string& option, const ShellOutcome& outcome) {
  // nginx only warns of a second server block with the same name, and ignores it.
  if (option == "--check" && outcome.output.find("conflicting server name") != std::string::npos)
    return "warns of a conflicting server name";
  // With `tablegate_manifest FILE optional` nginx starts without it.
  if (option == "--check" && outcome.output.find("tablegate: no API is served") != std::string::npos)
    return "reports that no API would be served";
  return outcome.ok ? "" : "failed (" + outcome.how + ")";
}

[[noreturn]] void fail(const std::string& option, const ShellOutcome& outcome, const std::string& after,
                       Hint next = Hint::again()) {
  throw Refused(fmt::format("{} {}: {}. Its output:{}", option, outcome_fault(option, outcome), after,
                            outcome.output.empty() ? " nothing" : indented(outcome.output)),
                std::move(next));
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

// Its master reported so, or nginx -s: it has no pid file, an empty one, or that of a process that ended.
bool is_nginx_stopped(const OutputFolder& folder, const ShellOutcome& outcome) {
  const std::optional<ServedManifest> served = read_served(folder.path());
  if (served && served->stopped) return true;
  const auto says = [&](const char* text) { return outcome.output.find(text) != std::string::npos; };
  return says("invalid PID number") || says("failed (3: No such process)") ||
         (says(".pid\" failed (2:") && says("[error] open()"));
}

struct Change {
  bool credentials = false;
  bool others = false;  // the manifest or domains.conf
  bool unread = false;  // nginx may not have read the credentials yet, of this sync or of one before
};

std::string said_of(const Change& change) {
  return std::string("manifest.json and domains.conf are put back") +
         (change.credentials ? ", credentials.json stays, so that no revoked key is valid again" : "");
}

// Empty: no such command.
std::optional<ShellOutcome> outcome_of(const std::string& command, const SyncCommands& commands) {
  if (command.empty()) return std::nullopt;
  return run_shell(command, commands.limit);
}

bool has_failed(const std::string& option, const std::optional<ShellOutcome>& outcome) {
  return outcome && !outcome_fault(option, *outcome).empty();
}

void reload(const OutputFolder& folder, const SyncCommands& commands, const Change& change) {
  folder.write(kPending, kChecked);
  folder.sync();
  const std::optional<ShellOutcome> outcome = outcome_of(commands.reload, commands);
  if (!has_failed("--reload", outcome)) return;
  if (is_taken_over(folder)) {
    folder.remove(kPending);
    fail("--reload", *outcome, "the new files stay, for nginx has taken them over");
  }
  // It may do so yet. The next sync checks and reloads again.
  if (outcome->timed_out && !commands.check.empty())
    fail("--reload", *outcome, "the new files stay, for they passed --check");
  const bool stopped = is_nginx_stopped(folder, *outcome);
  const Hint next = stopped ? Hint::program(start_of(commands.check, commands.limit)) : Hint::again();
  if (stopped && !commands.check.empty()) {
    fail("--reload", *outcome,
         "nginx is not running; the new files stay, for they passed --check, and nginx reads them when it "
         "starts",
         next);
  }
  put_back(folder, change.unread);
  fail("--reload", *outcome, (stopped ? "nginx is not running; " : "") + said_of(change), next);
}

// After this the files stay or are put back, and the mark is removed or makes the next sync try again. When
// the check fails of the new manifest or domains.conf, the new credentials take effect with the old ones.
void prove(const OutputFolder& folder, const SyncCommands& commands, const Change& change) {
  const std::optional<ShellOutcome> outcome = outcome_of(commands.check, commands);
  if (!has_failed("--check", outcome)) return reload(folder, commands, change);
  put_back(folder, change.unread);
  const bool again = change.credentials && change.others && !outcome->timed_out;
  if (!again || has_failed("--check", outcome_of(commands.check, commands)))
    fail("--check", *outcome, said_of(change));
  reload(folder, commands, {true, false, true});
  folder.remove(kPending);
  fail("--check", *outcome,
       "manifest.json and domains.conf are put back, the keys and authorizations take effect");
}

void keep_good_files(const OutputFolder& folder) {
  if (!is_good(folder)) return;
  folder.keep_previous(kManifestFile);
  folder.keep_previous(kDomainsFile);
  folder.sync();
}

std::string absolute_path(const OutputFolder& folder) {
  return std::filesystem::canonical(folder.path()).string();
}

// A new listen line that would take something from other server blocks is not written: `text` is then what
// nginx has. Without --check, or with one that does not run nginx -t, nothing is known of others.
std::string beside_others(std::string text, const std::string& previous, const SyncCommands& commands,
                          SyncReport& report) {
  const std::vector<NginxServer> ours = parse_nginx_servers(text, kDomainsFile);
  const std::vector<NginxServer> before = parse_nginx_servers(previous, kDomainsFile);
  if (!has_new_listen(ours, before)) return text;
  const std::optional<NginxConfig> config = read_nginx_config(commands.check, commands.limit);
  if (!config) return text;
  ListenEffects effects = listen_effects(ours, before, config->servers);
  report.notes = std::move(effects.notes);
  if (effects.faults.empty()) return text;
  for (const std::string& fault : effects.faults) report.add(fault);
  return previous.empty() ? "# No server block can be written yet: `tablegate sync` says why.\n" : previous;
}

// `place.previous`: the domains.conf that nginx has; after a sync that died before its check had passed, the
// previous one.
DomainsPlace domains_place(const OutputFolder& folder, const SyncCommands& commands,
                           CertificateCopies& copies) {
  const std::string last =
      is_good(folder) ? std::string(kDomainsFile) : std::string(kDomainsFile) + ".previous";
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
  return place;
}

// Those that take rights away first. At each moment nginx can read the folder.
void write_changed(const OutputFolder& folder, const SyncTexts& texts, const FolderTexts& before) {
  if (!texts.credentials.empty()) {
    folder.write(kCredentialsFile, texts.credentials);
    folder.sync();
  }
  if (texts.manifest != before.manifest) folder.write(kManifestFile, texts.manifest);
  if (texts.domains != before.domains) folder.write(kDomainsFile, texts.domains);
  folder.sync();
}

void remove_unused(const OutputFolder& folder, const Change& change, CertificateCopies& copies,
                   SyncReport& report) {
  copies.keep(report.warnings);
  if (!change.others) return;
  try {
    remove_old_documents(folder);
  } catch (const SystemFailure& failure) {
    report.warnings.push_back(fmt::format("old OpenAPI documents stay: {}", failure.what()));
  }
}

// A block that was kept without a copy names files that nginx may no longer be able to read (its message has
// their paths in quotes): then nothing is changed.
[[noreturn]] void tell_of_kept(const Refused& refused, const SyncReport& report) {
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

SyncResult sync_folder(const OutputFolder& folder, ManifestContents& contents, const FolderTexts& before,
                       const SyncCommands& commands, bool reload_owed, SyncReport& report) {
  refuse_other_gateway(folder.path(), contents.gateway);
  check_trusted_files(folder.path() + "/domains.d");  // domains.conf includes files of it
  CertificateCopies copies(folder, absolute_path(folder));
  const DomainsPlace place = domains_place(folder, commands, copies);
  SyncTexts texts = make_texts(folder, contents, before, place, report);
  texts.domains = beside_others(std::move(texts.domains), place.previous, commands, report);
  const bool pending = folder.exists(kPending);
  const bool due = reload_owed || pending;
  const Change change = {!texts.credentials.empty(),
                         texts.manifest != before.manifest || texts.domains != before.domains,
                         !texts.credentials.empty() || pending};
  if (!due && !change.credentials && !change.others) {
    copies.keep(report.warnings);
    return SyncResult::unchanged;
  }
  keep_good_files(folder);
  folder.write(kPending, "");
  folder.sync();
  try {
    write_changed(folder, texts, before);
    prove(folder, commands, change);
  } catch (const Refused& refused) {  // of a command: what becomes of the files is done
    if (report.faults.empty()) throw;
    tell_of_kept(refused, report);
  } catch (...) {
    if (!files_were_taken_over(folder)) put_back(folder, change.unread);
    throw;
  }
  folder.remove(kPending);
  folder.sync();
  remove_unused(folder, change, copies, report);
  return SyncResult::written;
}

}  // namespace tablegate::loader
