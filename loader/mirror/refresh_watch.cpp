#include "mirror/refresh_watch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <ctime>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "base/refusal.hpp"
#include "model/schedule.hpp"

extern char** environ;

namespace tablegate::loader {
namespace {

constexpr int64_t kReadPause = 5;    // seconds between two reads of the definitions
constexpr int64_t kOutagePause = 2;  // between two attempts to connect
constexpr int64_t kRenewal = 60;     // another watch takes over what was not renewed for three minutes
constexpr int64_t kNever = INT64_MAX;

int64_t now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string iso(int64_t seconds) {
  const time_t at = seconds;
  std::tm fields{};
  gmtime_r(&at, &fields);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &fields);
  return text;
}

void say(const std::string& line) {
  // fmt::print() would throw when the log's reader has gone; SIGPIPE reports that.
  const std::string text = fmt::format("{} {}\n", iso(now()), line);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

struct Watched {
  std::string text, zone;  // of the schedule, to notice a change
  std::optional<Schedule> schedule;
  int64_t due = kNever;
  int64_t started = 0;
  pid_t pid = 0;      // 0: no load runs
  int failures = 0;   // in a row
  bool gone = false;  // no longer defined, or taken by another watcher
};

// A table that the catalog has noted as ours.
struct Held {
  int pid = 0;  // of the session that it is noted for
  int64_t renew_at = 0;
};

class Watch {
 public:
  Watch(const std::function<Database()>& open_catalog, const WatchOptions& options)
      : open_catalog_(open_catalog), options_(options) {
    sigemptyset(&signals_);
    for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGPIPE}) sigaddset(&signals_, number);
    sigprocmask(SIG_BLOCK, &signals_, &before_);
  }
  ~Watch() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Ends its loads on every way out.
  int run() {
    try {
      return follow();
    } catch (...) {
      signal_loads();
      await_loads();
      throw;
    }
  }

 private:
  int follow() {
    int64_t next_read = 0;
    for (;;) {
      reap();
      if (now() >= next_read) next_read = now() + (read_tables() ? kReadPause : kOutagePause);
      const bool waits = start_due();
      if (options_.once && connected() && !waits && running() == 0) return failed_;
      if (const int signal = wait(next_read); signal != 0) {
        stop(signal);
        return options_.once ? 1 : 0;
      }
    }
  }

  bool connected() const { return catalog_.has_value(); }
  int running() const {
    return static_cast<int>(std::count_if(tables_.begin(), tables_.end(),
                                          [](const auto& entry) { return entry.second.pid != 0; }));
  }

  // Reads what is defined now, and which of it is ours. False: the catalog is not available.
  bool read_tables() {
    try {
      if (!catalog_) {
        catalog_ = open_catalog_();
        if (lost_) say("the catalog is back");
        lost_ = false;
      }
      const Rows rows = catalog_->query(
          "SELECT name, refresh_schedule, refresh_time_zone, tablegate.acts_in(workspace_id)"
          " FROM tablegate.mirror_table"
          " WHERE refresh_schedule IS NOT NULL ORDER BY name");
      for (auto& [name, table] : tables_) table.gone = true;
      for (int row = 0; row < rows.size(); ++row) take(rows, row);
      for (auto& [name, table] : tables_) {
        if (table.gone) let_go(name, table);
      }
      for (auto at = tables_.begin(); at != tables_.end();)
        at = at->second.gone && at->second.pid == 0 ? tables_.erase(at) : std::next(at);
      return true;
    } catch (const SystemFailure& failure) {
      if (!lost_) say(fmt::format("the catalog is not available: {}", failure.what()));
      lost_ = true;
      catalog_.reset();  // its locks ended with it
      return false;
    }
  }

  void take(const Rows& rows, int row) {
    const std::string name = rows.string(row, 0);
    const auto& chosen = options_.tables;
    if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), name) == chosen.end()) return;
    if (!may_load(name, rows.boolean(row, 3)) || !hold(name)) return;
    const auto [entry, made] = tables_.try_emplace(name);
    Watched& table = entry->second;
    table.gone = false;
    if (!made && table.text == rows.text(row, 1) && table.zone == rows.text(row, 2)) return;
    table.text = rows.string(row, 1);
    table.zone = rows.string(row, 2);
    std::string fault;
    table.schedule = Schedule::parse(table.text, fault);
    if (!table.schedule) {
      table.due = kNever;
      return say(fmt::format("{}: refresh \"{}\" {}", name, table.text, fault));
    }
    if (fault = table.schedule->zone_fault(table.zone); !fault.empty()) {
      table.due = kNever;
      ++failed_;
      return say(
          fmt::format("{}: refresh \"{}\" {}: not loaded; install tzdata (apt-get install tzdata) and start "
                      "table watch again",
                      name, table.text, fault));
    }
    const std::optional<int64_t> last = last_load(name);
    const int64_t due = last ? std::max(now(), table.schedule->next_after(*last, table.zone)) : now();
    table.due = options_.once ? due : with_jitter(due);
    say(fmt::format("{}: refresh \"{}\" ({}), next at {}", name, table.text, table.zone, iso(table.due)));
  }

  // What its workspace keeps to its members is reported once.
  bool may_load(const std::string& name, bool member) {
    if (member) {
      foreign_.erase(name);
    } else if (foreign_.insert(name).second) {
      say(fmt::format("{}: not refreshed: your user is no member of its workspace (tablegate workspace list)",
                      name));
    }
    return member;
  }

  // Whether the table is ours: no other watch's, and renewed in time.
  bool hold(const std::string& name) {
    const int pid = PQbackendPID(catalog_->connection());
    const auto found = held_.find(name);
    if (found != held_.end() && found->second.pid == pid && now() < found->second.renew_at) return true;
    if (!catalog_->query("SELECT tablegate.watch_table($1)", {name}).boolean(0, 0)) {
      held_.erase(name);
      return false;
    }
    held_[name] = {pid, now() + kRenewal};
    return true;
  }

  // When the last completed load began; one that failed or died is to be repeated. Queried only for a table
  // that is new to us: there may be very many generations.
  std::optional<int64_t> last_load(const std::string& name) {
    const Rows rows = catalog_->query(
        "SELECT floor(extract(epoch FROM max(greatest(started_at, checked_at))))::bigint FROM"
        " tablegate.generation WHERE table_name = $1 AND status IN ('current', 'previous', 'pruned')",
        {name});
    return rows.null(0, 0) ? std::nullopt : std::optional<int64_t>(rows.integer(0, 0));
  }

  void let_go(const std::string& name, Watched& table) {
    table.due = kNever;
    if (table.pid == 0 && held_.erase(name) != 0) {
      catalog_->query("SELECT tablegate.unwatch_table($1)", {name});
    }
  }

  int64_t with_jitter(int64_t due) {
    const int64_t most = std::min(options_.jitter, (due - now()) / 10);
    return most <= 0 ? due : due + std::uniform_int_distribution<int64_t>(0, most)(random_);
  }

  // True when a due load has to wait.
  bool start_due() {
    if (!connected()) return true;
    for (auto& [name, table] : tables_) {
      if (table.pid != 0 || table.gone || table.due > now()) continue;
      if (running() >= options_.jobs) return true;
      start(name, table);
    }
    return false;
  }

  void start(const std::string& name, Watched& table) {
    std::vector<std::string> words = options_.command;
    table.started = now();
    try {
      const std::vector<std::string> allowed = options_.allowed();
      if (allowed.empty())
        return ended(name, table, "not loaded, no source is allowed (--allow-source)", false);
      for (const std::string& rule : allowed) words.push_back("--allow-source=" + rule);
    } catch (const Failure& failure) {
      return ended(name, table, fmt::format("not loaded, {}", failure.what()), false);
    }
    words.push_back(name);
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &before_);
    posix_spawnattr_setpgroup(&attributes, 0);  // Ctrl-C reaches it through us, once
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    pid_t pid = 0;
    const int error = posix_spawn(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return ended(name, table, std::strerror(error), false);
    table.pid = pid;
    say(fmt::format("{}: load started", name));
  }

  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      for (auto& [name, table] : tables_) {
        if (table.pid != pid) continue;
        table.pid = 0;
        ended(name, table,
              WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                  : fmt::format("exit status {}", WEXITSTATUS(status)),
              WIFEXITED(status) && WEXITSTATUS(status) == 0);
      }
    }
  }

  void ended(const std::string& name, Watched& table, const std::string& how, bool good) {
    const int64_t took = now() - table.started;
    const int64_t planned = std::max(now(), table.schedule->next_after(table.started, table.zone));
    table.failures = good ? 0 : table.failures + 1;
    if (!good) ++failed_;
    std::string next = fmt::format("next at {}", iso(planned));
    if (options_.once) {
      table.due = kNever;
      next = "done";
    } else if (good || table.failures > options_.retries) {
      table.due = with_jitter(planned);
      if (!good) table.failures = 0;
    } else {
      const int64_t retry = now() + (options_.retry_pause << std::min(table.failures - 1, 10));
      table.due = std::min(retry, std::max(planned, now() + 1));
      next = fmt::format("again at {} ({} of {})", iso(table.due), table.failures, options_.retries);
    }
    say(fmt::format("{}: {} after {} s, {}", name, how, took, next));
    if (table.gone && connected()) let_go(name, table);
  }

  // Sleeps until the next action; returns the signal that ends the watch, or 0.
  int wait(int64_t next_read) const {
    int64_t until = next_read;
    for (const auto& [name, table] : tables_) {
      if (table.pid == 0 && connected() && running() < options_.jobs) until = std::min(until, table.due);
    }
    const timespec timeout{std::max<int64_t>(until - now(), 0), 50'000'000};
    const int signal = sigtimedwait(&signals_, nullptr, &timeout);
    return signal > 0 && signal != SIGCHLD ? signal : 0;
  }

  void stop(int signal) {
    signal_loads();  // first, because the output may have no reader
    say(fmt::format("stopping ({})", strsignal(signal)));
    await_loads();
  }

  // Once: a second signal would end a load before it has undone its work.
  void signal_loads() const {
    for (const auto& [name, table] : tables_) {
      if (table.pid != 0) kill(table.pid, SIGTERM);
    }
  }

  void await_loads() {
    for (auto& [name, table] : tables_) {
      if (table.pid == 0) continue;
      int status = 0;
      while (waitpid(table.pid, &status, 0) < 0 && errno == EINTR) {
      }
      table.pid = 0;
      say(fmt::format("{}: load stopped", name));
    }
  }

  const std::function<Database()>& open_catalog_;
  const WatchOptions& options_;
  std::optional<Database> catalog_;
  std::map<std::string, Watched> tables_;
  std::map<std::string, Held> held_;  // tables that are ours
  std::set<std::string> foreign_;     // tables whose workspace keeps them to its members
  sigset_t signals_{}, before_{};
  std::minstd_rand random_{std::random_device{}()};
  bool lost_ = false;
  int failed_ = 0;
};

}  // namespace

int watch_tables(const std::function<Database()>& open_catalog, const WatchOptions& options) {
  return Watch(open_catalog, options).run();
}

}  // namespace tablegate::loader
