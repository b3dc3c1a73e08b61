#include "node/watcher.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <random>
#include <string_view>

#include "catalog/lookup.hpp"
#include "node/service_notify.hpp"
#include "node/snapshot.hpp"
#include "node/stop_signal.hpp"

namespace tablegate::loader {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{30000};
// What nginx or a file has caused fails again until someone repairs it.
constexpr milliseconds kPauseAfterRefusal{60000};
constexpr milliseconds kLookAtWorkers{200};
// Certificates are renewed, and expire, without a change in the catalog.
constexpr milliseconds kLookAtCertificates{3600000};
// A starting master writes the served file before it is a daemon with a pid file.
constexpr milliseconds kMasterSettles{300};
constexpr milliseconds kGoodbye{2000};
constexpr int kGenerationsLeaving = 2;
// Between two status requests, whose answers are large.
constexpr milliseconds kAskWorkers{60000};

milliseconds grown(milliseconds pause) {
  return std::clamp(pause * 2, kFirstPause, kLongestPause);
}

// Nodes that lost the same catalog do not all return at the same moment.
milliseconds with_jitter(milliseconds pause) {
  static std::minstd_rand random{std::random_device{}()};
  return milliseconds(std::uniform_int_distribution<long long>(pause.count() / 2, pause.count())(random));
}

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

Watcher::Watcher(NodeWatchOptions options)
    : options_(std::move(options)), folder_events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

void Watcher::log(const std::string& text) const {
  fmt::print(stderr, "{:%Y-%m-%dT%H:%M:%SZ} gateway {}: {}\n", fmt::gmtime(std::time(nullptr)),
             options_.node.gateway, text);
}

void Watcher::run() {
  while (!StopSignal::requested()) {
    const Time wake = step();
    notify_service("READY=1");
    if (!StopSignal::requested()) wait_until(wake);
  }
  say_goodbye();
}

// One check of everything; returns the latest time of the next one.
Watcher::Time Watcher::step() {
  if (!catalog_ && !connect()) return reconnect_at_;
  try {
    const Time wake = follow();
    reconnect_pause_ = milliseconds(0);  // a catalog that accepts connections may fail again
    return wake;
  } catch (const Failure& failure) {
    if (!catalog_->usable()) {
      due_ = true;  // the catalog may have failed during a sync: try it again
      lose(failure.what());
      return reconnect_at_;
    }
    // Failures of the disk (and of a database that answers) are retried soon. All others need an operator.
    fail(failure, dynamic_cast<const SystemFailure*>(&failure) == nullptr);
    return *retry_at_;
  }
}

bool Watcher::connect() {
  if (now() < reconnect_at_) return false;
  try {
    catalog_.emplace(options_.open());
    if (!ever_connected_) {
      options_.node.gateway = find_gateway(*catalog_, options_.node.gateway);
      refuse_other_gateway(options_.node.folder, options_.node.gateway);
    }
    catalog_->query("LISTEN tablegate_publication");
    ever_connected_ = true;
  } catch (const Failure& failure) {
    // Errors at the start (no catalog there, no such gateway, another gateway's folder) end the program.
    if (!ever_connected_ && dynamic_cast<const SystemFailure*>(&failure) == nullptr) throw;
    lose(failure.what());
    return false;
  }
  if (lost_since_) log(fmt::format("the catalog is back after {:.0f} s", seconds(now() - *lost_since_)));
  lost_since_.reset();
  report_at_ = now();
  // Notifications of the meantime are lost; follow() checks.
  return true;
}

void Watcher::lose(const std::string& why) {
  catalog_.reset();
  if (!lost_since_) {
    lost_since_ = now();
    log(fmt::format("the catalog is lost, nginx continues with its present files: {}",
                    why.substr(0, why.find('\n'))));
  }
  reconnect_pause_ = grown(reconnect_pause_);
  reconnect_at_ = now() + with_jitter(reconnect_pause_);
}

Watcher::Time Watcher::follow() {
  drain_notifications();
  const uint64_t revision = current_revision(*catalog_);
  if (revision != seen_revision_) {
    seen_revision_ = revision;
    due_ = true;
    retry_pause_ = milliseconds(0);
  }
  if ((retry_at_ && now() >= *retry_at_) || now() >= look_at_) due_ = true;
  if (due_) {
    if (last_run_ && now() < *last_run_ + options_.min_interval) return *last_run_ + options_.min_interval;
    if (must_wait_for_workers()) return now() + kLookAtWorkers;
    sync();
  } else if (now() >= report_at_) {
    report();
  }
  return retry_at_ ? std::min(*retry_at_, report_at_) : report_at_;
}

// Each generation that is shutting down keeps its memory and connections: reloads must not accumulate them.
bool Watcher::must_wait_for_workers() {
  if (options_.node.commands.reload.empty()) return false;
  const std::optional<ServedManifest> served = read_served(options_.node.folder);
  if (!served || served->stopped) return false;
  if (!served->master_seen) {
    if (!told_invisible_)
      log("nginx's processes cannot be seen from here: reloads do not wait for its workers");
    told_invisible_ = true;
    return false;
  }
  const int leaving = leaving_generations(served->master_pid);
  if (leaving < kGenerationsLeaving) {
    told_waiting_ = false;
    return false;
  }
  if (!told_waiting_)
    log(fmt::format("{} older generations of workers are still shutting down: waiting", leaving));
  told_waiting_ = true;
  if (now() >= report_at_) report();
  return true;
}

void Watcher::sync() {
  const Time start = now();
  const std::optional<Time> run_before = last_run_;
  due_ = false;
  last_run_ = start;  // also if it fails
  retry_at_.reset();
  look_at_ = start + kLookAtCertificates;
  const NodeSync done = sync_node(*catalog_, options_.node);
  written_revision_ = done.revision;
  seen_revision_ = std::max(seen_revision_, done.revision);
  report_at_ = now() + options_.poll;
  retry_pause_ = milliseconds(0);
  look_for_new_master();
  const std::string problem = done.problem();
  const bool news = last_error_ != problem;
  last_error_ = problem;
  reported_ = done.reported_problem();
  // nginx gets another reload after a while if it missed this one; a certificate may have been renewed.
  if (!problem.empty()) retry_at_ = now() + kPauseAfterRefusal;
  last_run_ = done.written ? std::optional(now()) : run_before;
  if (!done.written) {
    if (news && !problem.empty()) log(problem);
    if (news && problem.empty() && !options_.quiet) log("all is well again");
    return;
  }
  if (options_.on_written) options_.on_written(done);
  for (const std::string& note : done.report.notes) log(note);
  if (options_.quiet && problem.empty()) return;
  log(fmt::format("publication {} (revision {}), {} API{}, {} consumer{}: {} after {:.2f} s{}",
                  done.publication, done.revision, done.apis, done.apis == 1 ? "" : "s", done.consumers,
                  done.consumers == 1 ? "" : "s", done.is_served ? "served" : "written",
                  seconds(now() - start), problem.empty() ? "" : "; " + problem));
}

void Watcher::report() {
  report_at_ = now() + options_.poll;
  NodeOptions node = options_.node;
  if (now() < ask_at_) node.status_url.clear();
  if (!node.status_url.empty()) ask_at_ = now() + kAskWorkers;
  report_served_state(*catalog_, node, written_revision_, reported_);
  look_for_new_master();
}

void Watcher::fail(const Failure& failure, bool for_long) {
  retry_pause_ = for_long ? kPauseAfterRefusal : grown(retry_pause_);
  retry_at_ = now() + retry_pause_;
  report_at_ = now() + options_.poll;
  if (last_error_ == failure.what()) return;  // reported already
  last_error_ = failure.what();
  reported_ = reported_text(failure);
  log(fmt::format("{}; again when the catalog changes, or in {:.0f} s", last_error_, seconds(retry_pause_)));
}

// The folder may have been replaced: its events are requested again each time.
void Watcher::look_for_new_master() {
  ::inotify_add_watch(folder_events_.number(), options_.node.folder.c_str(), IN_MOVED_TO | IN_ONLYDIR);
}

void Watcher::drain_notifications() {
  while (PGnotify* const notification = PQnotifies(catalog_->connection())) PQfreemem(notification);
}

void Watcher::wait_until(Time wake) {
  const StopSignal::Hold hold;  // a stop here leaves nothing incomplete
  const auto left = std::chrono::duration_cast<milliseconds>(wake - now()) + milliseconds(1);
  pollfd waits[3] = {{StopSignal::descriptor(), POLLIN, 0},
                     {folder_events_.number(), POLLIN, 0},
                     {catalog_ ? PQsocket(catalog_->connection()) : -1, POLLIN, 0}};
  ::poll(waits, 3, static_cast<int>(std::clamp<long long>(left.count(), 0, 3600000)));
  if (waits[2].revents != 0 && PQconsumeInput(catalog_->connection()) == 0)
    lose(PQerrorMessage(catalog_->connection()));
  if (waits[1].revents == 0) return;
  alignas(inotify_event) char events[4096];
  for (;;) {
    const ssize_t size = ::read(folder_events_.number(), events, sizeof(events));
    if (size <= 0) break;
    for (ssize_t at = 0; at < size;) {
      const auto* const event = reinterpret_cast<const inotify_event*>(events + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      if (event->len == 0 || std::string_view(event->name) != "manifest.json.served") continue;
      // nginx started or was reloaded: retry what failed because of it, and report what it serves.
      report_at_ = std::min(report_at_, now() + kMasterSettles);
      if (retry_at_) retry_at_ = std::min(*retry_at_, now() + kMasterSettles);
    }
  }
}

// The state of the last sync is kept, but the node no longer promises regular reports.
void Watcher::say_goodbye() {
  notify_service("STOPPING=1");
  if (!catalog_) return;
  try {
    catalog_->set_patience(kGoodbye);
    NodeOptions node = options_.node;
    node.watching = false;
    report_served_state(*catalog_, node, written_revision_, reported_);
  } catch (const Failure&) {
    return;
  }
}

}  // namespace tablegate::loader
