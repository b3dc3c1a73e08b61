// The command line: what every noun shares. Each noun has one file here that
// adds its verbs to the root; a verb's callback does its work and throws a
// Failure when it cannot.
#pragma once

#include <chrono>
#include <string>

#include "base/database.hpp"
#include "cli/verb.hpp"
#include "core/version.hpp"

namespace tablegate::loader {

class CommandLine;

// The global options, filled before any verb's callback runs.
struct Settings {
  std::string catalog;    // --catalog, TABLEGATE_CATALOG; empty: libpq's defaults
  std::string mirror;     // --mirror, TABLEGATE_MIRROR; empty: the catalog's
  std::string workspace;  // --workspace, TABLEGATE_WORKSPACE; empty: the only one
  std::string gateway;    // --gateway, TABLEGATE_GATEWAY; empty: the only one
  bool json = false;      // -o json
  bool quiet = false;     // -q
  // --wait [--timeout 30s] of verbs that change what gateways serve (cli/served.hpp).
  bool wait = false;
  std::chrono::milliseconds wait_timeout{30000};
  std::string wait_timeout_text = "30s";

  const CommandLine* command = nullptr;  // the one that runs

  // Nothing for people to be printed: -o json or -q.
  bool silent() const { return json || quiet; }

  // Connects; throws SystemFailure. Refuses a catalog that is not initialised or newer than this loader.
  // `patience` as in Database::connect().
  Database open_catalog(std::chrono::milliseconds patience = std::chrono::milliseconds(0)) const;
  Database open_mirror() const;
  std::string mirror_dsn() const { return mirror.empty() ? catalog : mirror; }
};

using core::kVersion;

// Of what runs for ever (`sync --watch`, `table watch`): a catalog that is silent for longer counts as lost.
constexpr std::chrono::seconds kCatalogPatience{10};

void add_init(Verb& app, Settings& settings);
void add_workspace(Verb& app, Settings& settings);
void add_definitions(Verb& app, Settings& settings);  // apply, get, delete
void add_files(Verb& app, Settings& settings);        // diff, export
void add_table(Verb& app, Settings& settings);
void add_api(Verb& app, Settings& settings);
void add_consumer(Verb& app, Settings& settings);
void add_gateway(Verb& app, Settings& settings);
void add_sync(Verb& app, Settings& settings);
void add_usage(Verb& app, Settings& settings);
void add_audit(Verb& app, Settings& settings);
void add_doctor(Verb& app, Settings& settings);
void add_explain(Verb& app, Settings& settings);
void add_version(Verb& app, Settings& settings);

}  // namespace tablegate::loader
