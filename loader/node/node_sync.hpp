// One sync of one node: writes the folder's files from the catalog, runs check
// and reload, waits until nginx has taken the files over, and reports to the
// catalog what the node serves. `tablegate sync` does this once, `sync --watch`
// repeatedly.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/refusal.hpp"
#include "catalog/nodes.hpp"
#include "node/served_manifest.hpp"
#include "node/sync.hpp"

namespace tablegate::loader {

struct NodeOptions {
  std::string gateway;
  std::string folder;
  std::string name;  // of the node
  SyncCommands commands;
  std::string status_url;  // of a location with tablegate_status; empty: none
  bool watching = false;
  int64_t poll_seconds = 10;
};

struct NodeSync {
  std::string gateway;
  bool written = false;  // false: the files were correct already
  uint64_t publication = 0, revision = 0;
  size_t apis = 0, consumers = 0;
  std::string manifest;  // its path
  std::optional<ServedManifest> served;
  bool is_served = false;  // nginx has taken over exactly what the folder holds
  bool overdue = false;    // a reload was run, and nginx has not taken it over in time
  std::string warning;     // one line for people, empty: none
  SyncReport report;       // what was left out, and certificates that end soon

  // What is wrong on this node, in one text; empty: nothing. For its own log.
  std::string problem() const;
  // The same for the catalog, which says nothing of the node's certificate files.
  std::string reported_problem() const;
};

// "host:/var/lib/tablegate".
std::string default_node_name(const std::string& folder);

// Throws as sync_folder() does, after reporting the failure to the catalog as the node's last error.
NodeSync sync_node(Database& catalog, const NodeOptions& options);

// Checks what nginx serves and reports it, without a sync.
NodeSync report_served_state(Database& catalog, const NodeOptions& options, uint64_t written_revision,
                             const std::string& last_error);

// The text of a failure for the catalog: without what it contains about certificate files.
std::string reported_text(const Failure& failure);

// Reports a failure. Errors of the report itself are dropped, so that they do not hide the failure.
void report_failure(Database& catalog, const NodeOptions& options, const std::string& error);

}  // namespace tablegate::loader
