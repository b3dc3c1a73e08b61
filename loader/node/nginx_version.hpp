// Which nginx will read what sync writes: the directive for HTTP/2 depends on
// the version. Taken from the nginx that the commands run, else from the one on
// PATH; never from what this loader was built with.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tablegate::loader {

struct NginxVersion {
  int major = 0, minor = 0, patch = 0;
  // "http2 on;" from 1.25.1, before it "listen ... http2".
  bool has_http2_directive() const;
};

// Parses "1.25.1", or the output of `nginx -v`, OpenResty's too; nullopt: neither.
std::optional<NginxVersion> parse_nginx_version(const std::string& text);

// The words of a shell command that name a program called nginx, without quotes.
std::vector<std::string> nginx_programs(const std::string& command);

// `wanted` (an option or a variable) has priority. If it is empty, runs `NGINX -v` with the first program
// that the commands name, else with that of PATH or /usr/sbin. nullopt: not known. Throws WrongUsage when
// `wanted` is not a version.
std::optional<NginxVersion> find_nginx_version(const std::string& wanted,
                                               const std::vector<std::string>& commands);

}  // namespace tablegate::loader
