// The nodes of gateways: what each has written and what its nginx serves, as it
// reported itself (schema/catalog/functions.sql), and the revision of the catalog
// that `--wait` waits for. A node writes through tablegate.report_node() only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"

namespace tablegate::loader {

// What is left out stays as it was reported before.
struct NodeReport {
  std::optional<bool> watching;
  std::optional<int64_t> poll_seconds;
  std::optional<uint64_t> written_publication, written_revision;
  // Of what nginx serves, reported together. No publication: it serves nothing, or that is not known.
  struct Served {
    std::optional<uint64_t> publication;
    std::string sha256;
    int64_t master_pid = 0;            // 0: not known
    std::optional<uint64_t> revision;  // 0: none; left out: an older one, as reported before
  };
  std::optional<Served> served;
  std::optional<std::string> last_error;  // "": all is well
};

void report_node(Database& catalog, const std::string& gateway, const std::string& node,
                 const NodeReport& report);

// The number of the catalog's state now; every committed change counts it up.
uint64_t current_revision(Database& catalog);

struct NodeState {
  std::string gateway, name;
  bool watching = false;
  // A watching one that was not heard of for two minutes and three of its polls, or one that was synced once,
  // an hour ago or more, and whose files no nginx has read.
  bool stale = false;
  long long age_seconds = 0;
  std::optional<long long> written_publication, served_publication, master_pid;
  uint64_t written_revision = 0, served_revision = 0;
  std::string sha256, loader_version, last_error, last_seen;  // last_seen: ISO 8601, UTC

  bool serves(uint64_t revision) const { return !stale && served_revision >= revision; }
};

// By name. `gateway` empty: of all gateways.
std::vector<NodeState> list_nodes(Database& catalog, const std::string& gateway);
std::vector<std::string> gateway_names(Database& catalog);

struct GatewayState {
  std::string name;
  long long publication = 0;
  size_t published_apis = 0;
};
// By name.
std::vector<GatewayState> list_gateways(Database& catalog);
// False: there was none of that name.
bool forget_node(Database& catalog, const std::string& gateway, const std::string& node);

}  // namespace tablegate::loader
