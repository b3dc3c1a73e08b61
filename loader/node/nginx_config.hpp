// What nginx is configured with, as far as the loader must know it: the server
// blocks and their listen lines, and the directives of this project's module.
// Read from the output of `nginx -T`, following the include directives in it,
// because nginx may see other files than this process does.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace tablegate::loader {

constexpr size_t kMostDump = 256U << 20;  // bytes of `nginx -T` that are read

struct NginxListen {
  std::string text;  // the first argument: "443", "[::]:443", "127.0.0.1:8080"
  bool ssl = false, http2 = false, default_server = false;
};

struct NginxServer {
  std::string file;
  int line = 0;
  std::vector<NginxListen> listens;
  std::vector<std::string> names;
  bool guest = false;  // tablegate_guest: a generated block
  bool http2 = false;  // by a directive of the block

  // "server corp.example (/etc/nginx/sites-enabled/corp:1)".
  std::string text() const;
};

// tablegate_service NAME { ... }
struct NginxService {
  std::string name, dsn, password_file;
};

struct NginxConfig {
  std::vector<NginxServer> servers;  // of the http block
  std::vector<NginxService> services;
  std::vector<std::string> manifests;  // of tablegate_manifest, absolute
  std::vector<std::string> files;      // all that nginx reads as configuration
  std::string main_file;               // the one that includes the others
  std::string user;                    // of the workers; empty: as nginx was built
};

// nullopt: this is not the output of `nginx -T`.
std::optional<NginxConfig> parse_nginx_dump(const std::string& output);
// The server blocks of one file that is read inside of the http block.
std::vector<NginxServer> parse_nginx_servers(const std::string& text, const std::string& file);

// The command with -T in place of nginx's -t ("nginx -t -q" -> "nginx -T -q"); nullopt: it does not run nginx
// -t.
std::optional<std::string> dump_command(const std::string& check);

// The command without nginx's -t, which starts that nginx; nullopt: it does not run nginx -t.
std::optional<std::string> start_command(const std::string& check);

// What starts the nginx that `check` checks: systemd for the distribution's own configuration, otherwise that
// nginx itself; "nginx" where that is not known.
std::string start_of(const NginxConfig& config, const std::string& check);
std::string start_of(const std::string& check, std::chrono::milliseconds limit);

// Runs `check` with -T. nullopt: it does not run nginx -t, or its nginx rejects the present configuration.
std::optional<NginxConfig> read_nginx_config(const std::string& check, std::chrono::milliseconds limit);

}  // namespace tablegate::loader
