#include "ngx/served_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

#include "core/answer/json_writer.hpp"
#include "ngx/config.hpp"
#include "ngx/file.hpp"

namespace tablegate::ngx {
namespace {

// The master's process id, 0 where nobody knows it yet: a master that is to be a daemon forks only later.
// nginx's pid file holds it then.
ngx_pid_t master_pid(ngx_cycle_t* cycle) {
  const auto* core = reinterpret_cast<const ngx_core_conf_t*>(ngx_get_conf(cycle->conf_ctx, ngx_core_module));
  const bool forks_later = ngx_is_init_cycle(cycle->old_cycle) && !ngx_inherited && core->daemon != 0;
  return forks_later ? 0 : ngx_pid;
}

std::string pid_file(ngx_cycle_t* cycle) {
  const auto* core = reinterpret_cast<const ngx_core_conf_t*>(ngx_get_conf(cycle->conf_ctx, ngx_core_module));
  return std::string(view(core->pid));
}

// "pid:[4026531836]": a process id means something only to those in the same name space.
std::string pid_namespace() {
  char name[64];
  const ssize_t size = readlink("/proc/self/ns/pid", name, sizeof(name));
  return size > 0 ? std::string(name, static_cast<size_t>(size)) : std::string();
}

// On the clock that /proc tells the start of processes in: which workers are older than this cycle.
int64_t since_boot_ms() {
  struct timespec now {};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

std::string json_text(std::string_view text) {
  core::StringSink sink;
  core::write_json_string(text, sink);
  return sink.text;
}

// A member of the line that a master wrote (served_line() below); text without its quotes.
std::string_view member(std::string_view line, std::string_view name) {
  const std::string mark = "\"" + std::string(name) + "\":";
  const size_t at = line.find(mark);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + mark.size());
  if (line.empty() || line[0] != '"') return line.substr(0, line.find_first_of(",}"));
  return line.substr(1, line.find('"', 1) - 1);
}

long number(std::string_view digits) {
  return std::strtol(std::string(digits).c_str(), nullptr, 10);
}

bool is_master(long pid) {
  if (pid <= 0 || pid == ngx_pid) return false;
  const core::Result<std::string> title = read_file("/proc/" + std::to_string(pid) + "/cmdline");
  return title && title->rfind("nginx: master process", 0) == 0;
}

// The master of another nginx that reads the same manifest, or 0: a reload reaches only one of both. It has
// another pid file; a binary upgrade and a restart have the same.
long other_master(ngx_cycle_t* cycle, const std::string& file) {
  const core::Result<std::string> line = read_file(file);
  if (!line || member(*line, "pid_namespace") != pid_namespace()) return 0;
  long pid = number(member(*line, "other_master"));
  const std::string its_pid_file(member(*line, "pid_file"));
  if (its_pid_file != pid_file(cycle)) {
    pid = number(member(*line, "master_pid"));
    const core::Result<std::string> text = pid == 0 ? read_file(its_pid_file) : std::string();
    if (pid == 0 && text) pid = number(*text);
  }
  return is_master(pid) ? pid : 0;
}

std::string served_line(ngx_cycle_t* cycle, const core::Manifest& manifest, long other) {
  char time[32];
  const time_t now = ngx_time();
  struct tm utc {};
  gmtime_r(&now, &utc);
  const size_t size = strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return "{\"gateway\":" + json_text(manifest.gateway) +
         ",\"publication\":" + std::to_string(manifest.publication) + ",\"sha256\":\"" + manifest.sha256 +
         "\",\"credentials_sha256\":\"" + manifest.credentials_sha256 +
         "\",\"master_pid\":" + std::to_string(master_pid(cycle)) +
         ",\"pid_file\":" + json_text(pid_file(cycle)) + ",\"pid_namespace\":" + json_text(pid_namespace()) +
         (other == 0 ? "" : ",\"other_master\":" + std::to_string(other)) +
         ",\"since_boot_ms\":" + std::to_string(since_boot_ms()) + ",\"started_at\":\"" +
         std::string(time, size) + "\"}\n";
}

// Returns what failed, or null; errno says why. Only root and the master's user can write to the
// folder (sync checks it).
const char* replace_file(const std::string& name, const std::string& text) {
  const std::string temporary = name + ".new";
  unlink(temporary.c_str());  // of a master that died
  const int fd =
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);  // NOLINT
  if (fd < 0) return "open()";
  // Whatever the umask: people and monitoring may read it.
  const bool written =
      fchmod(fd, 0644) == 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int reason = ngx_errno;
  if (close(fd) != 0 || !written) {
    if (!written) ngx_set_errno(reason);
    unlink(temporary.c_str());
    return "write()";
  }
  if (rename(temporary.c_str(), name.c_str()) == 0) return nullptr;
  const int rename_reason = ngx_errno;
  unlink(temporary.c_str());
  ngx_set_errno(rename_reason);
  return "rename()";
}

}  // namespace

ngx_int_t write_served_file(ngx_cycle_t* cycle) noexcept try {
  if (ngx_test_config || ngx_process == NGX_PROCESS_SIGNALLER) return NGX_OK;
  const auto* config =
      static_cast<const MainConfig*>(ngx_http_cycle_get_module_main_conf(cycle, ngx_http_tablegate_module));
  if (config == nullptr || config->manifest_file.empty()) return NGX_OK;
  const std::string name = config->manifest_file + ".served";
  if (!config->manifest) {  // `optional`, and nothing is served
    unlink(name.c_str());
    return NGX_OK;
  }
  const long other = other_master(cycle, name);
  if (other != 0) {
    ngx_log_error(
        NGX_LOG_WARN, cycle->log, 0,
        "tablegate: another nginx (process %l) reads \"%s\" too, and a reload reaches only one of both: "
        "give each a folder of its own (tablegate sync --output DIR)",
        other, config->manifest_file.c_str());
  }
  if (const char* const failed = replace_file(name, served_line(cycle, *config->manifest, other))) {
    ngx_log_error(NGX_LOG_WARN, cycle->log, ngx_errno,
                  "tablegate: %s of \"%s.new\" failed: tablegate sync cannot tell what is served", failed,
                  name.c_str());
  }
  return NGX_OK;
} catch (...) {
  ngx_log_error(NGX_LOG_WARN, cycle->log, 0, "tablegate: no memory to tell what is served");
  return NGX_OK;
}

}  // namespace tablegate::ngx
