// What `tablegate doctor` checks on a node: the nginx of this machine, its
// connections to PostgreSQL, the nodes as they reported themselves, and the
// certificates of the domains in use. A check of something that does not exist
// here, or not yet, is skipped, not failed.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"
#include "base/hint.hpp"

namespace tablegate::loader {

struct NodeCheck {
  enum class State { good, bad, skipped };
  State state = State::good;
  std::string name, detail;
  Hint next;  // the command that helps, if bad
};

struct NginxHere {
  std::vector<NodeCheck> checks;
  bool serves = false;  // its configuration names a manifest
};

// `command` checks nginx's configuration, as for sync --check: "nginx -t". What nginx serves must be what the
// catalog's nodes have reported.
NginxHere check_nginx(Database& catalog, const std::string& command);

std::vector<NodeCheck> check_nodes(Database& catalog);

// Those of all HTTPS domains in use on the gateway. `forced`: files that are not there are failures;
// otherwise, if there is none of them, the domains are another machine's.
std::vector<NodeCheck> check_domain_certificates(Database& catalog, const std::string& gateway, bool forced);

}  // namespace tablegate::loader
