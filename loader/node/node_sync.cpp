#include "node/node_sync.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <thread>

#include "node/snapshot.hpp"
#include "node/source_digest.hpp"
#include "node/status_page.hpp"
#include "node/stop_signal.hpp"
#include "node/usage.hpp"

namespace tablegate::loader {
namespace {

constexpr std::chrono::seconds kTakeOver{10};
constexpr std::chrono::milliseconds kLook{20};
// For a reload that another process has just requested.
constexpr std::chrono::seconds kSettles{1};
// The longest time until nginx's old workers notice a reload, where they cannot be seen.
constexpr std::chrono::milliseconds kOldWorkers{300};

// Waits until the condition holds, the time is up, or a stop is requested.
bool await(std::chrono::seconds time, const std::function<bool()>& is_so) {
  const auto end = std::chrono::steady_clock::now() + time;
  for (;;) {
    if (is_so()) return true;
    if (std::chrono::steady_clock::now() > end || StopSignal::requested()) return false;
    std::this_thread::sleep_for(kLook);
  }
}

// Waits until nginx has reported again that it serves the folder's files.
bool await_take_over(const std::string& folder, const ServedManifest& before) {
  return await(kTakeOver, [&] {
    const std::optional<ServedManifest> now = read_served(folder);
    if (!now || now->same_writing(before) || !is_served(folder, *now)) return false;
    if (!now->master_seen) std::this_thread::sleep_for(kOldWorkers);
    return true;
  });
}

// nginx runs and serves other files than the folder's: another sync ran no reload, or its reload did not
// arrive.
bool owes_reload(const std::string& folder) {
  return !await(kSettles, [&] {
    const std::optional<ServedManifest> now = read_served(folder);
    return !now || now->stopped || is_served(folder, *now);
  });
}

void look(const std::string& folder, NodeSync& sync) {
  sync.served = read_served(folder);
  sync.is_served = sync.served && is_served(folder, *sync.served);
}

NodeReport report_of(const NodeOptions& options, const NodeSync& sync) {
  NodeReport report;
  report.watching = options.watching;
  report.poll_seconds = options.poll_seconds;
  NodeReport::Served served;
  if (sync.served && !sync.served->stopped) {
    served.publication = sync.served->manifest.publication;
    served.sha256 = sync.served->manifest.sha256;
    served.master_pid = sync.served->master_pid;
    // Older than what is written: as reported when it was written.
    if (sync.is_served && sync.revision > 0) served.revision = sync.revision;
  } else {
    served.revision = 0;
  }
  report.served = std::move(served);
  return report;
}

// What the workers report, if the URL of a location for that is known: what they serve, and who called what.
// They are asked once per check; with several workers, any one of them answers. Returns what is wrong.
std::string ask_workers(Database& catalog, const NodeOptions& options, NodeSync& sync) {
  if (options.status_url.empty() || !sync.served || sync.served->stopped) return {};
  try {
    const std::string answer = fetch_status(options.status_url, "usage");
    const std::optional<ManifestIdentity> told = manifest_in_status(answer);
    if (!told) return fmt::format("{}: this is not an answer of tablegate_status", options.status_url);
    if (has_usage(answer)) collect_usage(catalog, options.gateway, options.name, answer);
    if (!sync.is_served || *told == sync.served->manifest) return {};
    sync.is_served = false;
    return fmt::format("{}: a worker serves publication {} of {}, not what nginx has taken over",
                       options.status_url, told->publication, told->gateway);
  } catch (const Failure& failure) {
    if (!catalog.usable()) throw;
    return failure.what();
  }
}

std::string not_taken_over(const NodeSync& sync) {
  const uint64_t still = sync.served ? sync.served->manifest.publication : 0;
  if (still == sync.publication)
    return fmt::format("nginx has not taken the new files of publication {} over", sync.publication);
  return fmt::format("nginx has not taken publication {} over (still {})", sync.publication, still);
}

// "" where one nginx reads the folder.
std::string shared_folder(const NodeSync& sync, const std::string& folder) {
  if (!sync.served || sync.served->other_master == 0) return {};
  return fmt::format(
      "two nginx read {}/manifest.json (processes {} and {}), and a reload reaches only one: give each a "
      "folder "
      "of its own with sync --output",
      folder, sync.served->master_pid, sync.served->other_master);
}

// Everything under the folder's lock.
NodeSync sync_files(Database& catalog, const NodeOptions& options) {
  // First the lock, then the snapshot: a sync that waited must not write what it had read before.
  const OutputFolder folder(options.folder);
  NodeSync sync;
  std::vector<std::string> faults;
  const FolderTexts before = read_texts(folder);
  ManifestContents contents = read_snapshot(catalog, options.gateway, folder,
                                            source_of(folder, before.manifest), faults, sync.report.next);
  for (const std::string& fault : faults) sync.report.add(fault);
  const StopSignal::Hold hold;
  const bool reload_owed = !options.commands.reload.empty() && owes_reload(folder.path());
  const std::optional<ServedManifest> served = read_served(folder.path());
  sync.written = sync_folder(folder, contents, before, options.commands, reload_owed, sync.report) ==
                 SyncResult::written;
  sync.gateway = contents.gateway;
  sync.publication = contents.publication;
  sync.revision = contents.revision;
  sync.apis = contents.api_count;
  sync.consumers = contents.consumers.size();
  sync.manifest = folder.path() + "/" + kManifestFile;
  const bool reloaded = sync.written && !options.commands.reload.empty();
  // An nginx that never ran, or that has ended, takes nothing over.
  if (reloaded && served && !served->stopped)
    sync.overdue = !await_take_over(folder.path(), *served) && !StopSignal::requested();
  look(folder.path(), sync);
  sync.warning = sync.overdue ? not_taken_over(sync) : ask_workers(catalog, options, sync);
  if (sync.warning.empty()) sync.warning = shared_folder(sync, folder.path());
  return sync;
}

std::string joined(std::string text, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

std::string last_error_of(const NodeSync& sync, const std::string& error) {
  if (!error.empty()) return error;
  return sync.served && sync.served->stopped ? "nginx is not running" : "";
}

}  // namespace

std::string NodeSync::problem() const {
  return joined(warning, report.faults);
}

std::string NodeSync::reported_problem() const {
  return joined(warning, report.reported);
}

std::string reported_text(const Failure& failure) {
  const auto* const with_files = dynamic_cast<const CertificateRefusal*>(&failure);
  return with_files != nullptr ? with_files->reported() : failure.what();
}

std::string default_node_name(const std::string& folder) {
  char host[256] = "";
  if (::gethostname(host, sizeof(host) - 1) != 0) host[0] = '\0';
  std::error_code failed;
  const std::filesystem::path path = std::filesystem::weakly_canonical(folder, failed);
  std::string text = failed ? folder : path.string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return fmt::format("{}:{}", host[0] == '\0' ? "localhost" : host, text);
}

void report_failure(Database& catalog, const NodeOptions& options, const std::string& error) {
  if (!catalog.usable()) return;
  try {
    NodeSync sync;
    look(options.folder, sync);
    sync.is_served = false;  // its revision is unknown here: the one reported before remains
    NodeReport report = report_of(options, sync);
    report.last_error = error;
    report_node(catalog, options.gateway, options.name, report);
  } catch (const Failure&) {
    return;
  }
}

NodeSync sync_node(Database& catalog, const NodeOptions& options) {
  NodeSync sync;
  try {
    sync = sync_files(catalog, options);
  } catch (const Failure& failure) {
    report_failure(catalog, options, reported_text(failure));
    throw;
  }
  NodeReport report = report_of(options, sync);
  report.written_publication = sync.publication;
  report.written_revision = sync.revision;
  report.last_error = last_error_of(sync, sync.reported_problem());
  try {
    report_node(catalog, options.gateway, options.name, report);
  } catch (const Failure& failure) {
    // The files matter most; `gateway status` shows an older report.
    if (sync.warning.empty())
      sync.warning = fmt::format("the state of this node could not be reported: {}", failure.what());
  }
  return sync;
}

NodeSync report_served_state(Database& catalog, const NodeOptions& options, uint64_t written_revision,
                             const std::string& last_error) {
  NodeSync sync;
  sync.revision = written_revision;
  look(options.folder, sync);
  std::string workers = ask_workers(catalog, options, sync);
  if (workers.empty()) workers = shared_folder(sync, options.folder);
  NodeReport report = report_of(options, sync);
  report.last_error = last_error_of(sync, last_error.empty() ? workers : last_error);
  report_node(catalog, options.gateway, options.name, report);
  return sync;
}

}  // namespace tablegate::loader
