#include "node/served_manifest.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <vector>

#include "base/json_text.hpp"
#include "node/output_folder.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kServed = "manifest.json.served";
// The workers of one reload are forked within milliseconds; two reloads are further apart (kLeastInterval of
// the watcher). In clock ticks of /proc, 100 per second.
constexpr long long kTicksBetweenGenerations = 10;
constexpr size_t kMaxText = 16384;
// A starting master writes the served file before it is a daemon with a pid file.
constexpr int64_t kBecomesDaemonMs = 1000;

// The start of a small file; "" if there is none, or its process ended meanwhile. Never follows a symlink.
std::string read_small(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  std::string text(kMaxText, '\0');
  const ssize_t got = file.number() < 0 ? -1 : ::read(file.number(), text.data(), text.size());
  text.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return text;
}

std::string title_of(int64_t pid) {
  return read_small("/proc/" + std::to_string(pid) + "/cmdline");
}

std::optional<long long> to_number(std::string_view digits) {
  long long number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end == digits.data()) return std::nullopt;
  return number;
}

struct Process {
  long long parent = 0;
  long long start = 0;  // clock ticks since boot
};

// proc(5), /proc/PID/stat: fields 4 and 22, counted after the name, which may hold any character.
std::optional<Process> process_of(const std::string& pid) {
  const std::string stat = read_small("/proc/" + pid + "/stat");
  size_t at = stat.rfind(") ");
  if (at == std::string::npos) return std::nullopt;
  at += 2;
  Process process;
  for (int field = 3; field <= 22 && at < stat.size(); ++field) {
    const size_t end = std::min(stat.find(' ', at), stat.size());
    const auto number = to_number(std::string_view(stat).substr(at, end - at));
    if (field == 4 && number) process.parent = *number;
    if (field == 22 && number) process.start = *number;
    at = end + 1;
  }
  return process;
}

struct Worker {
  long long start = 0;
  bool leaving = false;
};

std::vector<Worker> workers_of(int64_t master) {
  std::vector<Worker> workers;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry("/proc", failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const std::string pid = entry->path().filename().string();
    const auto number = to_number(pid);
    if (!number) continue;
    const std::optional<Process> process = process_of(pid);
    if (!process || process->parent != master) continue;
    const std::string title = title_of(*number);
    if (title.rfind("nginx: worker process", 0) != 0) continue;
    workers.push_back({process->start, title.find("is shutting down") != std::string::npos});
  }
  return workers;
}

bool has_number(const JsonDocument& document, const char* name) {
  const JsonValue* const value = json_find(document, name);
  return value != nullptr && value->IsUint64();
}

int64_t nanoseconds(const struct stat& about) {
  return static_cast<int64_t>(about.st_mtim.tv_sec) * 1000000000 + about.st_mtim.tv_nsec;
}

std::string first_line_of_file(const std::string& path) {
  const std::string text = read_small(path);
  return text.substr(0, text.find('\n'));
}

std::string own_pid_namespace() {
  std::error_code failed;
  return std::filesystem::read_symlink("/proc/self/ns/pid", failed).string();
}

// The process id in nginx's pid file. 0: there is none, because nginx removes the file when it ends, and
// `nginx -t` then leaves an empty one. nullopt: the file cannot be read.
std::optional<int64_t> pid_in(const std::string& path) {
  if (::access(path.c_str(), R_OK) != 0) return errno == ENOENT ? std::optional<int64_t>(0) : std::nullopt;
  const auto number = to_number(read_small(path));
  return number && *number > 0 ? *number : 0;
}

bool has_just_started(const JsonDocument& document) {
  struct timespec now {};
  if (!has_number(document, "since_boot_ms") || ::clock_gettime(CLOCK_BOOTTIME, &now) != 0) return false;
  const int64_t age = static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000 -
                      static_cast<int64_t>(json_find(document, "since_boot_ms")->GetUint64());
  return age >= 0 && age < kBecomesDaemonMs;  // negative: it was written before the machine was restarted
}

// Finds the master that the file names and checks whether it is alive.
void look_at_master(const JsonDocument& document, ServedManifest& served) {
  if (has_number(document, "since_boot_ms")) {
    served.taken_over_ticks = static_cast<int64_t>(json_find(document, "since_boot_ms")->GetUint64()) *
                              ::sysconf(_SC_CLK_TCK) / 1000;
  }
  if (has_number(document, "master_pid"))
    served.master_pid = static_cast<int64_t>(json_find(document, "master_pid")->GetUint64());
  const bool same_processes = json_member(document, "pid_namespace") == own_pid_namespace();
  if (!same_processes) return;  // a container: its process ids mean nothing here
  if (has_number(document, "other_master")) {
    const auto other = static_cast<int64_t>(json_find(document, "other_master")->GetUint64());
    if (title_of(other).rfind("nginx: master process", 0) == 0) served.other_master = other;
  }
  if (served.master_pid == 0) {
    const std::optional<int64_t> named = pid_in(json_member(document, "pid_file"));
    served.master_pid = named.value_or(0);
    if (served.master_pid == 0) {
      served.stopped = named && !has_just_started(document);
      return;
    }
  }
  const std::string title = title_of(served.master_pid);
  served.master_seen = title.rfind("nginx", 0) == 0;
  // EPERM without a title: /proc hides the processes of others.
  const bool exists = ::kill(static_cast<pid_t>(served.master_pid), 0) == 0 || errno != ESRCH;
  served.stopped = !served.master_seen && (!exists || !title.empty());
}

}  // namespace

std::optional<ManifestIdentity> identity_in(const JsonDocument& document) {
  if (!document.IsObject() || !has_number(document, "publication")) return std::nullopt;
  return ManifestIdentity{json_member(document, "gateway"), json_find(document, "publication")->GetUint64(),
                          json_member(document, "sha256"), json_member(document, "credentials_sha256")};
}

std::optional<ManifestIdentity> written_manifest(const std::string& folder) {
  const auto header = [&folder](const char* name, JsonDocument& document) {
    return parse_json(first_line_of_file(folder + "/" + name), document).empty() && document.IsObject();
  };
  JsonDocument manifest, credentials;
  if (!header(kManifestFile, manifest)) return std::nullopt;
  std::optional<ManifestIdentity> identity = identity_in(manifest);
  if (identity && header(kCredentialsFile, credentials))
    identity->credentials_sha256 = json_member(credentials, "sha256");
  return identity;
}

std::optional<ServedManifest> read_served(const std::string& folder) {
  const std::string path = folder + "/" + kServed;
  struct stat about {};
  // Read before the contents: if the file is written in between, the next call reads it again.
  if (::lstat(path.c_str(), &about) != 0) return std::nullopt;
  JsonDocument document;
  if (!parse_json(first_line_of_file(path), document).empty()) return std::nullopt;
  const std::optional<ManifestIdentity> identity = identity_in(document);
  if (!identity) return std::nullopt;
  ServedManifest served;
  served.manifest = *identity;
  served.inode = about.st_ino;
  served.written_ns = nanoseconds(about);
  look_at_master(document, served);
  return served;
}

bool was_taken_over(const std::string& folder, const ServedManifest& served) {
  const std::optional<ManifestIdentity> written = written_manifest(folder);
  if (!written || !(*written == served.manifest)) return false;
  // The manifest's header says nothing about domains.conf: the takeover must be later than that file.
  struct stat about {};
  if (::lstat((folder + "/domains.conf").c_str(), &about) == 0 && nanoseconds(about) > served.written_ns)
    return false;
  return true;
}

bool is_served(const std::string& folder, const ServedManifest& served) {
  if (served.stopped || !was_taken_over(folder, served)) return false;
  if (!served.master_seen) return true;
  // nginx starts its new workers first and stops the old ones 100 ms later.
  const std::vector<Worker> workers = workers_of(served.master_pid);
  return std::none_of(workers.begin(), workers.end(), [&](const Worker& worker) {
    return !worker.leaving && worker.start < served.taken_over_ticks;
  });
}

int leaving_generations(int64_t master) {
  std::vector<long long> starts;
  for (const Worker& worker : workers_of(master)) {
    if (worker.leaving) starts.push_back(worker.start);
  }
  std::sort(starts.begin(), starts.end());
  int generations = 0;
  for (size_t i = 0; i < starts.size(); ++i) {
    if (i == 0 || starts[i] - starts[i - 1] > kTicksBetweenGenerations) ++generations;
  }
  return generations;
}

}  // namespace tablegate::loader
