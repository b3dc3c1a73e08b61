// `tablegate sync`: what the catalog says, in the files that nginx reads.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/cli.hpp"
#include "cli/output.hpp"
#include "publish/output_folder.hpp"
#include "publish/snapshot.hpp"
#include "publish/sync.hpp"
#include "publish/usage.hpp"

namespace tablegate::loader {
namespace {

struct SyncOptions {
  std::string output;
  std::string status;  // URL; empty: no use is collected
  SyncCommands commands;
};

void report(const Settings& settings, const ManifestContents& contents, const std::string& manifest,
            bool written) {
  if (settings.json) {
    JsonOutput json;
    json.begin_object().key("gateway").text(contents.gateway);
    json.key("publication").number(static_cast<int64_t>(contents.publication));
    json.key("apis").number(static_cast<int64_t>(contents.apis.size()));
    json.key("consumers").number(static_cast<int64_t>(contents.consumers.size()));
    json.key("manifest").text(manifest).key("changed").boolean(written).end_object().print();
  } else if (settings.quiet) {
    return;
  } else if (!written) {
    print_line(fmt::format("gateway {}: publication {}, unchanged", contents.gateway, contents.publication));
  } else {
    print_line(fmt::format("gateway {}: publication {}, {}, {} written to {}", contents.gateway,
                           contents.publication, plural(contents.apis.size(), "API"),
                           plural(contents.consumers.size(), "consumer"), manifest));
  }
}

void sync(const Settings& settings, const SyncOptions& options) {
  Database catalog = settings.open_catalog();
  const std::string gateway = resolve_gateway(catalog, settings.gateway);
  // First the lock, then the snapshot: a sync that waited must not write what it had read before.
  const OutputFolder folder(options.output);
  const ManifestContents contents = read_snapshot(catalog, gateway);
  const SyncResult result = sync_folder(folder, contents, options.commands);
  report(settings, contents, folder.path() + "/manifest.json", result == SyncResult::written);
  if (!options.status.empty()) {
    collect_usage(catalog, gateway, node_name(), fetch_usage(options.status));
  }
}

}  // namespace

void add_sync(CLI::App& app, Settings& settings) {
  CLI::App* verb = app.add_subcommand("sync", "Write the manifest of a gateway, check it, reload nginx");
  auto options = std::make_shared<SyncOptions>();
  verb->add_option("--output", options->output, "folder of manifest.json and domains.conf")->required();
  verb->add_option("--check", options->commands.check, "command that proves the new files, by sh -c");
  verb->add_option("--reload", options->commands.reload, "command that makes nginx read them, by sh -c");
  verb->add_option("--status", options->status,
                   "this node's tablegate_status: what it counted of callers goes into the catalog")
      ->type_name("URL");
  add_later_flag(*verb, "--watch");
  add_later_option(*verb, "--min-interval");
  verb->footer(
      "Examples:\n"
      "  tablegate sync --output /var/lib/tablegate --check 'nginx -t' --reload 'nginx -s reload'\n"
      "  tablegate sync --output /var/lib/tablegate --status http://127.0.0.1:8080/status");
  verb->callback([&settings, options] { sync(settings, *options); });
}

}  // namespace tablegate::loader
