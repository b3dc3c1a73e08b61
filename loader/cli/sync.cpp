// `tablegate sync`: what the catalog says, in the files that nginx reads; once, or
// again and again with --watch.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <memory>
#include <string>

#include "catalog/lookup.hpp"
#include "cli/cli.hpp"
#include "cli/duration.hpp"
#include "cli/output.hpp"
#include "node/nginx_config.hpp"
#include "node/node_sync.hpp"
#include "node/output_folder.hpp"
#include "node/snapshot.hpp"
#include "node/stop_signal.hpp"
#include "node/watcher.hpp"

namespace tablegate::loader {
namespace {

struct SyncOptions {
  NodeOptions node;
  bool watch = false;
  std::string min_interval = "5s", poll = "10s", hook_timeout = "60s";
};

void report(const Settings& settings, const NodeSync& done) {
  if (settings.json) {
    JsonOutput json;
    json.begin_object().key("gateway").text(done.gateway);
    json.key("publication").number(static_cast<int64_t>(done.publication));
    json.key("apis").number(static_cast<int64_t>(done.apis));
    json.key("consumers").number(static_cast<int64_t>(done.consumers));
    json.key("manifest").text(done.manifest).key("changed").boolean(done.written);
    json.key("warning").text_or_null(done.warning).end_object().print();
  } else if (settings.quiet) {
    return;
  } else if (!done.written) {
    print_line(fmt::format("gateway {}: publication {}, unchanged", done.gateway, done.publication));
  } else {
    print_line(fmt::format("gateway {}: publication {}, {}, {} written to {}", done.gateway, done.publication,
                           plural(done.apis, "API"), plural(done.consumers, "consumer"), done.manifest));
  }
}

// What could be written takes effect; anything that was left out is exit 1.
void tell_findings(const Settings& settings, const SyncReport& findings) {
  for (const std::string& note : findings.notes) {
    if (!settings.quiet) fmt::print(stderr, "note: {}\n", note);
  }
  for (const std::string& warning : findings.warnings) {
    if (!settings.quiet) fmt::print(stderr, "warning: {}\n", warning);
  }
  if (findings.faults.empty()) return;
  throw Refused(
      fmt::format("{}\neverything else is served as it was published", fmt::join(findings.faults, "\n")),
      findings.next.kind() == Hint::Kind::none ? Hint::again() : findings.next);
}

// Nobody may take "unchanged" for "served".
void warn_of_stopped(const NodeOptions& node, NodeSync& done) {
  const bool stopped = done.served && done.served->stopped;
  if (!stopped || !done.warning.empty() || node.commands.reload.empty()) return;
  done.warning = fmt::format("nginx is not running, so nothing is served; what starts it: {}",
                             start_of(node.commands.check, node.commands.limit));
}

void sync_once(const Settings& settings, NodeOptions node) {
  Database catalog = settings.open_catalog(kCatalogPatience);
  node.gateway = find_gateway(catalog, settings.gateway);
  refuse_other_gateway(node.folder, node.gateway);
  NodeSync done = sync_node(catalog, node);
  warn_of_stopped(node, done);
  report(settings, done);
  if (!done.warning.empty()) fmt::print(stderr, "warning: {}\n", done.warning);
  tell_findings(settings, done.report);
}

void watch(const Settings& settings, const SyncOptions& options) {
  NodeWatchOptions watching;
  watching.node = options.node;
  watching.node.watching = true;
  watching.node.gateway = settings.gateway;
  watching.min_interval = read_duration(options.min_interval, "--min-interval");
  watching.poll = read_duration(options.poll, "--poll");
  if (watching.min_interval < kLeastInterval) {
    throw WrongUsage(fmt::format("--min-interval must be at least {} ms", kLeastInterval.count()),
                     Hint::again().set("--min-interval", fmt::format("{}ms", kLeastInterval.count())));
  }
  if (watching.poll < std::chrono::seconds(1) || watching.poll > std::chrono::hours(24))
    throw WrongUsage("--poll must be between 1s and 1d", Hint::again().set("--poll", "10s"));
  watching.node.poll_seconds = watching.poll.count() / 1000;
  watching.quiet = settings.quiet;
  watching.open = [&settings] { return settings.open_catalog(kCatalogPatience); };
  if (settings.json) {
    watching.on_written = [&settings](const NodeSync& done) {
      report(settings, done);
      std::fflush(stdout);
    };
  }
  const Descriptor only = OutputFolder::lock_watcher(watching.node.folder);
  Watcher(std::move(watching)).run();
}

void sync(const Settings& settings, const SyncOptions& options) {
  SyncOptions given = options;
  if (given.watch) StopSignal::install();
  given.node.commands.limit = read_duration(options.hook_timeout, "--hook-timeout");
  if (given.node.commands.limit < std::chrono::seconds(1))
    throw WrongUsage("--hook-timeout is at least 1s", Hint::again().set("--hook-timeout", "60s"));
  // Faults of the folder are reported now, whatever the catalog does.
  given.node.folder = OutputFolder(options.node.folder).path();
  if (given.node.name.empty()) given.node.name = default_node_name(given.node.folder);
  if (given.node.name.size() > 512)
    throw WrongUsage("--node: at most 512 characters", Hint::again().set("--node", "NAME"));
  if (given.watch) return watch(settings, given);
  sync_once(settings, given.node);
}

}  // namespace

void add_sync(Verb& app, Settings& settings) {
  Verb* verb = app.add_subcommand("sync", "Write the manifest of a gateway, check it, reload nginx");
  auto options = std::make_shared<SyncOptions>();
  verb->add_option("--output", options->node.folder,
                   "folder for manifest.json, credentials.json and domains.conf")
      ->required();
  verb->add_option("--check", options->node.commands.check, "shell command that checks the new files");
  verb->add_option("--reload", options->node.commands.reload, "shell command that makes nginx read them");
  verb->add_option("--hook-timeout", options->hook_timeout,
                   "time limit of --check and of --reload (default: 60s)")
      ->type_name("TIME");
  verb->add_option("--nginx-version", options->node.commands.nginx_version,
                   "version of the nginx that reads the files (default: from nginx -v)")
      ->envname("TABLEGATE_NGINX_VERSION")
      ->type_name("X.Y.Z");
  verb->add_option("--node", options->node.name, "name of this node (default: host and folder)");
  verb->add_option(
          "--status", options->node.status_url,
          "URL of a location with tablegate_status: read what the workers serve, and who called what")
      ->type_name("URL");
  verb->add_flag("--watch", options->watch, "repeat whenever the catalog changes, until SIGTERM");
  verb->add_option("--min-interval", options->min_interval,
                   "with --watch: at most one reload in this time (default: 5s)")
      ->type_name("TIME");
  verb->add_option("--poll", options->poll,
                   "with --watch: check and report at least this often (default: 10s)")
      ->type_name("TIME");
  verb->footer(
      "Examples:\n"
      "  tablegate sync --output /var/lib/tablegate --check 'nginx -t' --reload 'nginx -s reload'\n"
      "  tablegate sync --output /var/lib/tablegate --check 'nginx -t' --reload 'nginx -s reload' --watch");
  verb->callback([&settings, options] { sync(settings, *options); });
}

}  // namespace tablegate::loader
