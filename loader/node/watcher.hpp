// `tablegate sync --watch`: keeps a node up to date with the catalog. It
// LISTENs and polls, combines changes that come in bursts (one reload per
// interval, none while two generations of workers are still shutting down), and
// survives failures of the catalog, of the disk and of nginx's check: nginx
// continues with its present files.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "node/node_sync.hpp"
#include "node/output_folder.hpp"

namespace tablegate::loader {

struct NodeWatchOptions {
  NodeOptions node;
  std::chrono::milliseconds min_interval{5000};
  std::chrono::milliseconds poll{10000};
  bool quiet = false;                               // report failures only
  std::function<Database()> open;                   // throws a Failure if the catalog cannot be reached
  std::function<void(const NodeSync&)> on_written;  // after each publication; may be empty
};

// Reloads that are closer together than this cannot be told apart by the start times of workers.
constexpr std::chrono::milliseconds kLeastInterval{200};

class Watcher {
 public:
  explicit Watcher(NodeWatchOptions options);
  // Runs until SIGTERM or SIGINT.
  void run();

 private:
  using Time = std::chrono::steady_clock::time_point;

  Time step();
  bool connect();
  Time follow();
  bool must_wait_for_workers();
  void sync();
  void report();
  void lose(const std::string& why);
  void fail(const Failure& failure, bool for_long);
  void wait_until(Time wake);
  void drain_notifications();
  void look_for_new_master();
  void say_goodbye();
  void log(const std::string& text) const;
  Time now() const { return std::chrono::steady_clock::now(); }

  NodeWatchOptions options_;
  Descriptor folder_events_;
  std::optional<Database> catalog_;
  bool ever_connected_ = false;
  std::optional<Time> lost_since_;
  Time reconnect_at_{};
  std::chrono::milliseconds reconnect_pause_{0};

  uint64_t seen_revision_ = 0;     // of the last sync, tried or due
  uint64_t written_revision_ = 0;  // of the folder's files
  bool due_ = true;
  std::optional<Time> retry_at_;  // after a failure
  std::chrono::milliseconds retry_pause_{0};
  std::optional<Time> last_run_;  // the last one with check and reload
  bool told_waiting_ = false;
  bool told_invisible_ = false;
  Time report_at_{};
  Time ask_at_{};           // when to ask the workers again
  Time look_at_{};          // when to sync even without a change in the catalog
  std::string last_error_;  // as logged; "" once all is well
  std::string reported_;    // the same as reported to the catalog
};

}  // namespace tablegate::loader
