// Which nginx will read what sync writes: HTTP/2 is said in two ways. Asked of
// the nginx that the commands run, else of the one on PATH; never guessed from
// what this loader was built with.
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

// "1.25.1", or the output of `nginx -v`, OpenResty's too; nullopt: neither.
std::optional<NginxVersion> parse_nginx_version(const std::string& text);

// The words of a shell command that name a program called nginx, quotes taken off.
std::vector<std::string> nginx_programs(const std::string& command);

// `wanted` (an option or a variable) decides; empty: runs `NGINX -v` of the first program that the commands
// name, else of the PATH's or /usr/sbin's. nullopt: nothing tells. Throws WrongUsage when `wanted` is no
// version.
std::optional<NginxVersion> find_nginx_version(const std::string& wanted,
                                               const std::vector<std::string>& commands);

}  // namespace tablegate::loader
