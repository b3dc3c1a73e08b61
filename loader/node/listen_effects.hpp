// What the listen lines of generated blocks mean for the server blocks of
// others in the same nginx. Works on what nginx_config.hpp has read.
#pragma once

#include <string>
#include <vector>

#include "node/nginx_config.hpp"

namespace tablegate::loader {

struct ListenEffects {
  std::vector<std::string> notes;   // nothing changes for others, but somebody should know
  std::vector<std::string> faults;  // lines that would take something from others
};

// Effects of the listen lines in `ours` that `before` (what nginx has now) does not have yet. Blocks with
// tablegate_guest in `all` are generated ones, and are not looked at.
ListenEffects listen_effects(const std::vector<NginxServer>& ours, const std::vector<NginxServer>& before,
                             const std::vector<NginxServer>& all);

// Whether `ours` has a listen line that `before` has not.
bool has_new_listen(const std::vector<NginxServer>& ours, const std::vector<NginxServer>& before);

// Whether this node can listen on [::].
bool has_ipv6();

}  // namespace tablegate::loader
