// The command line: what every noun shares. Each noun has one file here that
// adds its verbs to the CLI11 app; a verb's callback does its work and throws a
// Failure when it cannot.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "catalog/database.hpp"

namespace tablegate::loader {

// The global options, filled before any verb's callback runs.
struct Settings {
  std::string catalog;    // --catalog, TABLEGATE_CATALOG; empty: libpq's defaults
  std::string mirror;     // --mirror, TABLEGATE_MIRROR; empty: the catalog's
  std::string workspace;  // --workspace, TABLEGATE_WORKSPACE; empty: the only one
  std::string gateway;    // --gateway, TABLEGATE_GATEWAY; empty: the only one
  bool json = false;      // -o json
  bool quiet = false;     // -q

  // Connects; throws SystemFailure. Refuses a catalog that is not initialised or newer than this loader.
  Database open_catalog() const;
  Database open_mirror() const;
  std::string mirror_dsn() const { return mirror.empty() ? catalog : mirror; }
};

void add_init(CLI::App& app, Settings& settings);
void add_workspace(CLI::App& app, Settings& settings);
void add_definitions(CLI::App& app, Settings& settings);  // apply, get, delete
void add_table(CLI::App& app, Settings& settings);
void add_api(CLI::App& app, Settings& settings);
void add_consumer(CLI::App& app, Settings& settings);
void add_sync(CLI::App& app, Settings& settings);
void add_doctor(CLI::App& app, Settings& settings);

}  // namespace tablegate::loader
